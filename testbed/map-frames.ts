// Makes map frames from what the world and the RSU know: positions, states, who is chosen, how rounds ended.
// Must not: be read by anything that decides (it is for drawing only).

import type { VehicleId } from '../base/ids.ts';
import type { Fix } from '../mobility/types.ts';
import type { LoggedEvent } from '../protocol/events.ts';
import { type Box, encodeFrame, type FrameVehicle, type SignalColour } from '../protocol/frame.ts';
import type { VehicleState } from '../protocol/messages.ts';

/** What a car itself says of its work. */
export interface Activity {
  readonly state: VehicleState;
  readonly progress: number;
}

interface Mark {
  split: boolean;
  outcome: 'open' | 'committed' | 'lost';
  endedAt: number;
}

/** Asks what a vehicle is doing; undefined where nobody knows. */
export type ActivityOf = (vehicle: VehicleId) => Activity | undefined;

/** An outcome stays visible this long, seconds. */
const showOutcomeSeconds = 4;

export class FrameMaker {
  readonly #box: Box;
  readonly #indexOf = new Map<VehicleId, number>();
  readonly #marks = new Map<VehicleId, Mark>();
  #newIds: VehicleId[] = [];

  constructor(box: Box) {
    this.#box = box;
  }

  /** Learns from the log who was chosen and how it ended. */
  hear(events: readonly LoggedEvent[]): void {
    for (const { at, body } of events) {
      if (body.kind === 'vehicle-selected')
        this.#marks.set(body.vehicle, { split: body.plan === 'split', outcome: 'open', endedAt: at });
      else if (body.kind === 'vehicle-outcome') {
        const outcome = body.outcome === 'committed' ? 'committed' : 'lost';
        this.#marks.set(body.vehicle, { split: body.plan === 'split', outcome, endedAt: at });
      }
    }
  }

  /** The frame at `at`, encoded, and the ids of vehicles that appear for the first time, from index `firstNew` on. */
  make(
    at: number,
    fixes: readonly Fix[],
    activityOf: ActivityOf,
    signals?: readonly SignalColour[],
  ): { bytes: Uint8Array; newIds: VehicleId[]; firstNew: number } {
    const vehicles = fixes.map((fix) => this.#vehicle(at, fix, activityOf(fix.vehicle)));
    const newIds = this.#newIds;
    this.#newIds = [];
    const firstNew = this.#indexOf.size - newIds.length;
    return {
      bytes: encodeFrame(signals ? { at, vehicles, signals } : { at, vehicles }, this.#box),
      newIds,
      firstNew,
    };
  }

  #vehicle(at: number, fix: Fix, activity: Activity | undefined): FrameVehicle {
    const mark = this.#markOf(at, fix.vehicle);
    const inCoverage = fix.serving !== null;
    return {
      index: this.#index(fix.vehicle),
      x: fix.x,
      y: fix.y,
      headingRadians: fix.headingRadians,
      state: inCoverage ? (activity?.state ?? 'in-range') : 'idle',
      progress: activity?.progress ?? 0,
      inCoverage,
      selected: mark?.outcome === 'open',
      split: mark?.split ?? false,
      committed: mark?.outcome === 'committed',
      lost: mark?.outcome === 'lost',
      speedMps: fix.speedMps,
    };
  }

  #markOf(at: number, vehicle: VehicleId): Mark | undefined {
    const mark = this.#marks.get(vehicle);
    if (mark && mark.outcome !== 'open' && at - mark.endedAt > showOutcomeSeconds) {
      this.#marks.delete(vehicle);
      return undefined;
    }
    return mark;
  }

  #index(vehicle: VehicleId): number {
    const known = this.#indexOf.get(vehicle);
    if (known !== undefined) return known;
    const index = this.#indexOf.size;
    this.#indexOf.set(vehicle, index);
    this.#newIds.push(vehicle);
    return index;
  }
}
