// The world of one run: streets, signals, vehicles and who is where, with the questions that more than one rule asks.
// Must not: move a vehicle, or decide what it does.

import type { ConflictTable } from './conflicts.ts';
import { never } from './constants.ts';
import { LaneLists } from './lane-lists.ts';
import type { Signals } from './signals.ts';
import type { Streets } from './streets.ts';
import type { Types } from './types.ts';
import { furtherMost, recordWidth, Vehicles, vehicleAt } from './vehicles.ts';
import type { Ways } from './ways.ts';

export interface WorldParts {
  readonly streets: Streets;
  readonly conflicts: ConflictTable;
  readonly types: Types;
  readonly ways: Ways;
  readonly signals: Signals;
  readonly seed: number;
}

export class World {
  readonly streets: Streets;
  readonly conflicts: ConflictTable;
  readonly types: Types;
  readonly ways: Ways;
  readonly signals: Signals;
  readonly seed: number;
  readonly vehicles = new Vehicles(256);
  readonly lists: LaneLists;
  readonly stepSeconds: number;
  /** Lengths with gaps of the vehicles whose front is on lane l, m. */
  readonly brutto: Float64Array;
  readonly #bodyLanes: Int32Array;
  #bodyLaneCount = 0;
  now: number;
  steps = 0;
  /** How many vehicles stand at halts. */
  haltedCount = 0;

  constructor(parts: WorldParts, beginSeconds: number) {
    this.streets = parts.streets;
    this.conflicts = parts.conflicts;
    this.types = parts.types;
    this.ways = parts.ways;
    this.signals = parts.signals;
    this.seed = parts.seed;
    this.stepSeconds = parts.types.stepSeconds;
    this.now = beginSeconds - this.stepSeconds;
    this.lists = new LaneLists(this.streets.lanes, this.streets.laneLength);
    this.brutto = new Float64Array(this.streets.lanes);
    this.#bodyLanes = new Int32Array(this.streets.lanes);
  }

  /** What vehicle v would drive on lane l by its type and its view of the limit. */
  laneSpeed(l: number, v: number): number {
    const wish = this.streets.laneLimit[l]! * this.vehicles.speedFactor[v]!;
    const most = this.types.maxSpeed[this.vehicles.type[v]!]!;
    return wish < most ? wish : most;
  }

  impatience(v: number): number {
    const raw = this.types.impatience[this.vehicles.type[v]!]! + this.vehicles.waiting[v]! / 180;
    return raw < 0 ? 0 : raw > 1 ? 1 : raw;
  }

  /** Where the back of vehicle v is, in metres along lane l, which it is on or reaches back onto. */
  backOn(v: number, l: number): number {
    const { lane, position, type, further, furtherCount } = this.vehicles;
    let back = position[v]! - this.types.length[type[v]!]!;
    if (lane[v] === l) return back;
    const { laneLength } = this.streets;
    for (let i = v; i < v + furtherCount[v]!; i++) {
      const over = further[i]!;
      back += laneLength[over]!;
      if (over === l) return back;
    }
    return back;
  }

  /** The lane the back of vehicle v is on. */
  backLane(v: number): number {
    const { lane, further, furtherCount } = this.vehicles;
    const count = furtherCount[v]!;
    return count === 0 ? lane[v]! : further[v + count - 1]!;
  }

  /** The last vehicle on lane l or, if none is, the one whose body reaches back farthest over it; -1: none. Not `self`. */
  lastOn(l: number, self: number): number {
    const last = this.lists.last(l);
    return last >= 0 ? last : this.bodyOn(l, self);
  }

  /** The vehicle whose body reaches back farthest onto lane l; -1: none. Not `self`. */
  bodyOn(l: number, self: number): number {
    let best = -1;
    let bestBack = never;
    for (let entry = this.lists.body(l); entry >= 0; entry = this.vehicles.nextBody[entry]!) {
      const v = vehicleAt(entry);
      if (v === self) continue;
      const back = this.backOn(v, l);
      if (back < bestBack) {
        bestBack = back;
        best = v;
      }
    }
    return best;
  }

  nextBody(entry: number): number {
    return this.vehicles.nextBody[entry]!;
  }

  /** Notes anew whose bodies reach back over which lanes. */
  noteBodies(): void {
    const { vehicles, lists } = this;
    for (let i = 0; i < this.#bodyLaneCount; i++) lists.setBody(this.#bodyLanes[i]!, -1);
    this.#bodyLaneCount = 0;
    const { furtherCount, end } = vehicles;
    for (let v = 0; v < end; v += recordWidth) if (furtherCount[v]! > 0) this.noteBody(v);
  }

  noteBody(v: number): void {
    const { further, furtherCount, nextBody } = this.vehicles;
    for (let i = v; i < v + furtherCount[v]!; i++) {
      const lane = further[i]!;
      const first = this.lists.body(lane);
      if (first === -1) {
        this.#bodyLanes[this.#bodyLaneCount] = lane;
        this.#bodyLaneCount += 1;
      }
      nextBody[i] = first;
      this.lists.setBody(lane, i);
    }
  }

  /** Works out over which lanes the body of v reaches back, following the lanes before along its way. */
  layBody(v: number): void {
    const { vehicles, streets } = this;
    let rest = this.types.length[vehicles.type[v]!]! - vehicles.position[v]!;
    let count = 0;
    let lane = vehicles.lane[v]!;
    let index = vehicles.routeIndex[v]!;
    const edges = this.ways.edgesOf(vehicles.path[v]!);
    while (rest > 0 && count < furtherMost) {
      const before = streets.laneInternal[lane]
        ? streets.laneBefore[lane]!
        : this.#laneBefore(lane, edges, index);
      if (before < 0) break;
      if (!streets.laneInternal[lane]) index -= 1;
      vehicles.further[v + count] = before;
      count += 1;
      rest -= streets.laneLength[before]!;
      lane = before;
    }
    vehicles.furtherCount[v] = count;
  }

  /** The lane before normal lane `lane` that comes from the edge before in the route, or from straight ahead; -1: none. */
  #laneBefore(lane: number, edges: Int32Array, index: number): number {
    const { incoming, linkFrom, laneNormalBefore, laneEdge, linkStraight, linkEntry } = this.streets;
    for (let i = incoming.start[lane]!; i < incoming.start[lane + 1]!; i++) {
      const from = linkFrom[incoming.rows[i]!]!;
      if (index > 0 && laneEdge[laneNormalBefore[from]!] === edges[index - 1]) return from;
      // Who begins at the start of an edge has come from straight ahead.
      if (index <= 0 && linkStraight[linkEntry[incoming.rows[i]!]!]) return from;
    }
    return -1;
  }

  /** Puts vehicle v on the list of its lane, where its position belongs. */
  enlist(v: number): void {
    const { vehicles, lists } = this;
    const lane = vehicles.lane[v]!;
    const position = vehicles.position[v]!;
    let place = lists.count(lane);
    while (place > 0 && vehicles.position[lists.at(lane, place - 1)]! < position) place -= 1;
    lists.insert(lane, place, v);
    const t = vehicles.type[v]!;
    this.brutto[lane] = this.brutto[lane]! + this.types.length[t]! + this.types.minGap[t]!;
  }

  /** Takes the vehicle at `place` off the list of lane `lane`. */
  delist(lane: number, place: number): void {
    const t = this.vehicles.type[this.lists.at(lane, place)]!;
    this.lists.removeAt(lane, place);
    const left = this.brutto[lane]! - this.types.length[t]! - this.types.minGap[t]!;
    // Rounding must not leave a crumb on an empty lane.
    this.brutto[lane] = this.lists.count(lane) === 0 ? 0 : left;
  }

  /** The record of the way of vehicle v for its edge, or inside a junction for the next one. */
  recordOf(v: number): number {
    const { record, path, routeIndex, lane } = this.vehicles;
    const known = record[v]!;
    if (known >= 0) return known;
    const found = this.ways.record(path[v]!, routeIndex[v]! + this.streets.laneInternal[lane[v]!]!);
    record[v] = found;
    return found;
  }

  /** The link vehicle v will take at the end of its lane; -1: its route or lane ends. */
  nextLink(v: number): number {
    const l = this.vehicles.lane[v]!;
    if (this.streets.laneInternal[l]) return this.streets.firstLink[l]!;
    return this.ways.linkAt(this.recordOf(v), this.streets.laneIndex[l]!, 0);
  }
}
