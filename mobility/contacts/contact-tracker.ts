// Turns movement into contact events at their exact instants. Inside a sub-step the engine moves a vehicle at constant
// speed (driving/car-following.ts), so the instant at which its front passes a border b is start + (b - from) / speed:
// exact, consistent with the position, and as many per sub-step as there are borders.
// Why not sampling: at 33 m/s and 1 s steps it would err by up to a second of dwell.
// Must not: move anybody.

import type { VehicleId } from '../../base/ids.ts';
import type { MobilityEvent } from '../types.ts';
import type { CoverageIndex } from './coverage-index.ts';

/** A stretch one vehicle drives on one road at constant speed. One record, written again for each stretch. */
export interface Travel {
  vehicle: VehicleId;
  road: number;
  /** Offsets, metres; `fromMeters` <= `toMeters`. */
  fromMeters: number;
  toMeters: number;
  /** When the vehicle was at `fromMeters`, and when the sub-step ends, seconds. */
  startsAt: number;
  endsAt: number;
  speedMps: number;
}

export class ContactTracker {
  readonly #index: CoverageIndex;
  #events: MobilityEvent[] = [];

  constructor(index: CoverageIndex) {
    this.#index = index;
  }

  /** The events noted since the last call, ascending in time, ties by vehicle id, then in the order they happened. */
  take(): MobilityEvent[] {
    const events = this.#events;
    this.#events = [];
    return events.sort((a, b) => a.at - b.at || compareIds(a.vehicle, b.vehicle));
  }

  /** A vehicle comes in at the start of `road`: it enters every disc there. */
  spawned(vehicle: VehicleId, road: number, at: number): void {
    this.#events.push({ kind: 'spawned', at, vehicle });
    this.#noteCell('entered', { vehicle, cell: this.#index.firstCell(road), but: -1 }, at);
  }

  /** A vehicle stands on `road` from the start of the run: it enters every disc there, and was never spawned. */
  standsThere(vehicle: VehicleId, place: { road: number; offsetMeters: number }, at: number): void {
    const cell = this.#index.cellAt(place.road, place.offsetMeters);
    this.#noteCell('entered', { vehicle, cell, but: -1 }, at);
  }

  /** A vehicle leaves the world at the end of `road`: it leaves every disc there. */
  arrived(vehicle: VehicleId, road: number, at: number): void {
    this.#noteCell('left', { vehicle, cell: this.#index.lastCell(road), but: -1 }, at);
    this.#events.push({ kind: 'arrived', at, vehicle });
  }

  /** A vehicle drives along a stretch of one road: notes every border in (from, to]. */
  drove(travel: Travel): void {
    const index = this.#index;
    const end = index.borderStart[travel.road + 1]!;
    let border = index.firstBorderAfter(travel.road, travel.fromMeters);
    for (; border < end && index.borderOffset[border]! <= travel.toMeters; border++) {
      const driven = (index.borderOffset[border]! - travel.fromMeters) / travel.speedMps;
      this.#events.push({
        kind: index.borderBegins[border] === 1 ? 'entered' : 'left',
        at: Math.min(travel.startsAt + driven, travel.endsAt),
        vehicle: travel.vehicle,
        rsu: index.rsus[index.borderRsu[border]!]!.id,
      });
    }
  }

  /** A vehicle passes from one road's end to another's start: discs that hold on one side only begin or end here. */
  changedRoad(vehicle: VehicleId, roads: { from: number; to: number }, at: number): void {
    const before = this.#index.lastCell(roads.from);
    const after = this.#index.firstCell(roads.to);
    this.#noteCell('left', { vehicle, cell: before, but: after }, at);
    this.#noteCell('entered', { vehicle, cell: after, but: before }, at);
  }

  /** Notes `kind` for every RSU of `cell` that does not cover the cell `but` (-1: none). */
  #noteCell(
    kind: 'entered' | 'left',
    where: { vehicle: VehicleId; cell: number; but: number },
    at: number,
  ): void {
    const { start, items } = this.#index.cells;
    for (let i = start[where.cell]!; i < start[where.cell + 1]!; i++) {
      const rsu = this.#index.rsuOf[items[i]!]!;
      if (where.but >= 0 && this.#index.covers(where.but, rsu)) continue;
      this.#events.push({ kind, at, vehicle: where.vehicle, rsu: this.#index.rsus[rsu]!.id });
    }
  }
}

function compareIds(a: VehicleId, b: VehicleId): number {
  if (a === b) return 0;
  return a < b ? -1 : 1;
}
