// Contacts of vehicles on the lanes of a city, from where each was and is: inside a step a vehicle drives its way at
// constant speed (so the engine's Euler step has it), and passes a border at its exact instant.
// Why columns: ten thousand vehicles a step are compared with one number each; only who passes a border or changes lanes
// costs more. Must not: move anybody, or look at coordinates.

import type { LaneCoverage } from './lane-coverage.ts';
import type { LanePaths } from './lane-paths.ts';

/** A disc entered or left. `vehicle` is the row the caller numbers vehicles by. */
export interface CityContact {
  readonly kind: 'entered' | 'left';
  readonly at: number;
  readonly vehicle: number;
  readonly rsu: number;
}

const nowhere = -1;

export class CityContacts {
  readonly #coverage: LaneCoverage;
  readonly #paths: LanePaths;
  readonly #lengthMeters: ArrayLike<number>;
  /** Per vehicle; rooms grow with the highest row. */
  #lane = new Int32Array(0);
  #position = new Float64Array(0);
  /** The first border ahead on the vehicle's lane. */
  #border = new Int32Array(0);
  /** Where that border lies, metres; infinite where there is none: the one number most steps look at. */
  #borderAt = new Float64Array(0);
  #contacts: CityContact[] = [];

  constructor(network: {
    readonly coverage: LaneCoverage;
    readonly paths: LanePaths;
    readonly lengthMeters: ArrayLike<number>;
  }) {
    this.#coverage = network.coverage;
    this.#paths = network.paths;
    this.#lengthMeters = network.lengthMeters;
  }

  #makeRoom(vehicle: number): void {
    const before = this.#lane.length;
    if (vehicle < before) return;
    const size = Math.max(1024, 2 * before, vehicle + 1);
    const lane = new Int32Array(size).fill(nowhere);
    const position = new Float64Array(size);
    const border = new Int32Array(size);
    const borderAt = new Float64Array(size);
    lane.set(this.#lane);
    position.set(this.#position);
    border.set(this.#border);
    borderAt.set(this.#borderAt);
    this.#lane = lane;
    this.#position = position;
    this.#border = border;
    this.#borderAt = borderAt;
  }

  /** The contacts noted since the last call, in the order they were noted. */
  take(): CityContact[] {
    const contacts = this.#contacts;
    this.#contacts = [];
    return contacts;
  }

  /** A vehicle is gone from `at` on, and leaves every disc it stood in. */
  vanish(vehicle: number, at: number): void {
    if ((this.#lane[vehicle] ?? nowhere) === nowhere) return;
    this.#noteCell('left', vehicle, this.#cellOf(vehicle), nowhere, at);
    this.#lane[vehicle] = nowhere;
  }

  /**
   * A vehicle has driven on, from its last place to this one, during [from, to]. One that was nowhere is there from `to`
   * on, and enters every disc it stands in.
   */
  drive(vehicle: number, lane: number, position: number, from: number, to: number): void {
    if (lane !== this.#lane[vehicle]) return this.#changeLane(vehicle, lane, position, from, to);
    if (this.#borderAt[vehicle]! <= position) {
      const meters = position - this.#position[vehicle]!;
      this.#pass(vehicle, position, from, (to - from) / Math.max(meters, 1e-9));
    } else this.#position[vehicle] = position;
  }

  /** RSUs that cover the vehicle now, ascending. */
  covering(vehicle: number): Int32Array {
    const { cellStart, cellRsus } = this.#coverage;
    const cell = this.#cellOf(vehicle);
    return cellRsus.subarray(cellStart[cell]!, cellStart[cell + 1]!);
  }

  /** Notes the borders of the vehicle's lane from its next one up to `end`, driven at `perMeter` seconds a metre. */
  #pass(vehicle: number, end: number, startsAt: number, perMeter: number): void {
    const { borderStart, borderOffset, borderRsu, borderBegins } = this.#coverage;
    const last = borderStart[this.#lane[vehicle]! + 1]!;
    const start = this.#position[vehicle]!;
    let border = this.#border[vehicle]!;
    for (; border < last && borderOffset[border]! <= end; border++) {
      const at = startsAt + Math.max(0, borderOffset[border]! - start) * perMeter;
      const kind = borderBegins[border] === 1 ? 'entered' : 'left';
      this.#contacts.push({ kind, at, vehicle, rsu: borderRsu[border]! });
    }
    this.#aim(vehicle, border);
    this.#position[vehicle] = end;
  }

  #changeLane(vehicle: number, lane: number, position: number, from: number, to: number): void {
    const before = this.#lane[vehicle] ?? nowhere;
    if (before === nowhere) {
      this.#makeRoom(vehicle);
      this.#stand(vehicle, lane, position);
      return this.#noteCell('entered', vehicle, this.#cellOf(vehicle), nowhere, to);
    }
    if (this.#paths.follows(before, lane)) {
      const end = this.#lengthMeters[before]!;
      const left = Math.max(0, end - this.#position[vehicle]!);
      const perMeter = (to - from) / Math.max(left + position, 1e-9);
      this.#pass(vehicle, end, from, perMeter);
      const at = from + left * perMeter;
      this.#enterLane(vehicle, lane, 0, at);
      return this.#pass(vehicle, position, at, perMeter);
    }
    const path = this.#paths.areBeside(before, lane) ? null : this.#paths.between(before, lane);
    if (path) this.#drivePath(vehicle, path, position, from, to);
    // Beside it, or set elsewhere: the discs that differ begin or end when it is there.
    else this.#enterLane(vehicle, lane, position, to);
  }

  #drivePath(vehicle: number, path: Int32Array, position: number, from: number, to: number): void {
    const start = Math.min(this.#position[vehicle]!, this.#lengthMeters[path[0]!]!);
    let meters = position - start;
    for (let i = 0; i < path.length - 1; i++) meters += this.#lengthMeters[path[i]!]!;
    const perMeter = (to - from) / Math.max(meters, 1e-9);
    let at = from;
    for (let i = 0; i < path.length; i++) {
      const lane = path[i]!;
      const begin = i === 0 ? start : 0;
      if (lane !== this.#lane[vehicle]) this.#enterLane(vehicle, lane, begin, at);
      const end = i === path.length - 1 ? position : this.#lengthMeters[lane]!;
      this.#pass(vehicle, end, at, perMeter);
      at += (end - begin) * perMeter;
    }
  }

  #enterLane(vehicle: number, lane: number, position: number, at: number): void {
    const before = this.#cellOf(vehicle);
    this.#stand(vehicle, lane, position);
    const after = this.#cellOf(vehicle);
    const { cellStart } = this.#coverage;
    // Most of a city lies in no disc, and most lanes begin where the one before ended: nothing to compare.
    if (cellStart[before] === cellStart[before + 1] && cellStart[after] === cellStart[after + 1]) return;
    this.#noteCell('left', vehicle, before, after, at);
    this.#noteCell('entered', vehicle, after, before, at);
  }

  #stand(vehicle: number, lane: number, position: number): void {
    this.#lane[vehicle] = lane;
    this.#position[vehicle] = position;
    this.#aim(vehicle, this.#coverage.firstBorderAfter(lane, position));
  }

  /** `border` is the next one on the vehicle's lane. */
  #aim(vehicle: number, border: number): void {
    const { borderStart, borderOffset } = this.#coverage;
    const isThere = border < borderStart[this.#lane[vehicle]! + 1]!;
    this.#border[vehicle] = border;
    this.#borderAt[vehicle] = isThere ? borderOffset[border]! : Number.POSITIVE_INFINITY;
  }

  #cellOf(vehicle: number): number {
    return this.#coverage.cellBefore(this.#lane[vehicle]!, this.#border[vehicle]!);
  }

  /** Notes `kind` for every RSU of `cell` that does not cover the cell `but` (-1: none). */
  #noteCell(kind: 'entered' | 'left', vehicle: number, cell: number, but: number, at: number): void {
    const { cellStart, cellRsus } = this.#coverage;
    for (let i = cellStart[cell]!; i < cellStart[cell + 1]!; i++) {
      const rsu = cellRsus[i]!;
      if (but !== nowhere && this.#coverage.covers(but, rsu)) continue;
      this.#contacts.push({ kind, at, vehicle, rsu });
    }
  }
}
