// Vehicles that stand for too long are taken off the road and put back on a later edge where there is room, so that a
// deadlock does not hold a whole city. SUMO 1.15's --time-to-teleport and MSVehicleTransfer.
// Must not: hide that it happened; teleports are counted.

import type { Insertion } from './insertion.ts';
import type { World } from './world.ts';

/** Slower than this, m/s, nobody travels through the air. */
const leastSpeed = 1;

interface Transfer {
  readonly v: number;
  proceedAt: number;
}

export class Teleports {
  readonly #world: World;
  readonly #insertion: Insertion;
  readonly #afterSeconds: number;
  #transfers: Transfer[] = [];
  count = 0;

  constructor(world: World, insertion: Insertion, afterSeconds: number) {
    this.#world = world;
    this.#insertion = insertion;
    this.#afterSeconds = afterSeconds;
  }

  get inAir(): number {
    return this.#transfers.length;
  }

  /** The row of a vehicle in the air changed. */
  rename(from: number, to: number): void {
    this.#transfers = this.#transfers.map((one) => (one.v === from ? { ...one, v: to } : one));
  }

  /** Takes off the road the first moving vehicle of every lane if it has waited too long. */
  liftAll(): void {
    if (this.#afterSeconds <= 0) return;
    const { lists, vehicles } = this.#world;
    for (let i = 0; i < lists.activeCount; i++) {
      const lane = lists.active[i]!;
      for (let place = 0; place < lists.count[lane]!; place++) {
        const v = lists.at(lane, place);
        if (vehicles.halted[v]) continue;
        if (vehicles.waiting[v]! > this.#afterSeconds) this.#lift(v, lane, place);
        break;
      }
    }
  }

  #lift(v: number, lane: number, place: number): void {
    const { vehicles } = this.#world;
    this.#world.delist(lane, place);
    vehicles.furtherCount[v] = 0;
    vehicles.waiting[v] = 0;
    vehicles.speed[v] = 0;
    vehicles.planCount[v] = 0;
    vehicles.willPass[v] = 0;
    vehicles.lane[v] = -1;
    vehicles.routeIndex[v] = vehicles.routeIndex[v]! + 1;
    this.count += 1;
    this.#transfers.push({ v, proceedAt: -1 });
  }

  /** Puts vehicles back where there is room. Returns the rows of those that came past their last edge. */
  landAll(): number[] {
    if (this.#transfers.length === 0) return [];
    const gone: number[] = [];
    this.#transfers = this.#transfers.filter((one) => this.#stays(one, gone));
    return gone;
  }

  #stays(one: Transfer, gone: number[]): boolean {
    const { vehicles, now } = this.#world;
    if (vehicles.routeIndex[one.v]! > vehicles.lastIndex[one.v]!) {
      gone.push(one.v);
      return false;
    }
    if (this.#land(one.v)) return false;
    vehicles.lane[one.v] = -1;
    if (one.proceedAt < 0) one.proceedAt = now + this.#travelSeconds(one.v);
    else if (one.proceedAt < now) {
      vehicles.routeIndex[one.v] = vehicles.routeIndex[one.v]! + 1;
      one.proceedAt = -1;
    }
    return true;
  }

  #edge(v: number): number {
    const { vehicles, ways } = this.#world;
    return ways.edgesOf(vehicles.path[v]!)[vehicles.routeIndex[v]!]!;
  }

  #land(v: number): boolean {
    const { streets, types, vehicles, ways } = this.#world;
    const edge = this.#edge(v);
    const bit = types.permission[vehicles.type[v]!]!;
    const record = ways.record(vehicles.path[v]!, vehicles.routeIndex[v]!);
    const isLast = vehicles.routeIndex[v] === vehicles.lastIndex[v];
    const lanes: number[] = [];
    for (let l = streets.firstLane[edge]!; l < streets.firstLane[edge + 1]!; l++) {
      if ((streets.permissions[l]! & bit) === 0) continue;
      if (isLast || ways.linkCount(record, streets.laneIndex[l]!) > 0) lanes.push(l);
    }
    const lane = this.#insertion.freest(lanes);
    if (lane < 0) return false;
    const length = Math.min(streets.laneLength[lane]!, types.length[vehicles.type[v]!]!);
    return this.#insertion.insertFreely(v, lane, this.#world.laneSpeed(lane, v), length);
  }

  /** How long the edge takes now, by the mean speed on it. */
  #travelSeconds(v: number): number {
    const { streets, lists, vehicles } = this.#world;
    const edge = this.#edge(v);
    let sum = 0;
    let count = 0;
    for (let l = streets.firstLane[edge]!; l < streets.firstLane[edge + 1]!; l++) {
      for (let place = 0; place < lists.count[l]!; place++) sum += vehicles.speed[lists.at(l, place)]!;
      count += lists.count[l]!;
    }
    const first = streets.firstLane[edge]!;
    const mean = count === 0 ? streets.laneLimit[first]! : sum / count;
    return streets.laneLength[first]! / Math.max(leastSpeed, mean);
  }
}
