// Vehicles that stand for too long are taken off the road and put back on a later edge where there is room, so that a
// deadlock does not hold a whole city. SUMO 1.15's --time-to-teleport and MSVehicleTransfer.
// Must not: hide that it happened; teleports are counted.

import type { Insertion } from './insertion.ts';
import type { World } from './world.ts';

/** Slower than this, m/s, nobody travels through the air. */
const leastSpeed = 1;

/** A vehicle that is off the road. */
interface Transfer {
  readonly departure: number;
  readonly type: number;
  readonly speedFactor: number;
  readonly path: number;
  readonly lastIndex: number;
  readonly arrival: number;
  routeIndex: number;
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

  /** Takes off the road the first moving vehicle of every lane if it has waited too long. Returns their rows, to be removed. */
  liftAll(): number[] {
    const lifted: number[] = [];
    if (this.#afterSeconds <= 0) return lifted;
    const { lists, vehicles } = this.#world;
    for (let i = 0; i < lists.activeCount; i++) {
      const lane = lists.active[i]!;
      for (let place = 0; place < lists.count(lane); place++) {
        const v = lists.at(lane, place);
        if (vehicles.halted[v]) continue;
        if (vehicles.waiting[v]! > this.#afterSeconds) {
          this.#world.delist(lane, place);
          this.#lift(v);
          lifted.push(v);
        }
        break;
      }
    }
    return lifted;
  }

  #lift(v: number): void {
    const { vehicles } = this.#world;
    this.count += 1;
    this.#transfers.push({
      departure: vehicles.departure[v]!,
      type: vehicles.type[v]!,
      speedFactor: vehicles.speedFactor[v]!,
      path: vehicles.path[v]!,
      lastIndex: vehicles.lastIndex[v]!,
      arrival: vehicles.arrival[v]!,
      routeIndex: vehicles.routeIndex[v]! + 1,
      proceedAt: -1,
    });
  }

  /** Puts vehicles back where there is room. Returns the departures of those that came past their last edge. */
  landAll(): number[] {
    if (this.#transfers.length === 0) return [];
    const gone: number[] = [];
    this.#transfers = this.#transfers.filter((one) => this.#stays(one, gone));
    return gone;
  }

  #stays(one: Transfer, gone: number[]): boolean {
    const { now } = this.#world;
    if (one.routeIndex > one.lastIndex) {
      gone.push(one.departure);
      return false;
    }
    const v = this.#row(one);
    if (this.#land(v)) return false;
    this.#world.vehicles.remove(v);
    if (one.proceedAt < 0) one.proceedAt = now + this.#travelSeconds(one);
    else if (one.proceedAt < now) {
      one.routeIndex += 1;
      one.proceedAt = -1;
    }
    return true;
  }

  /** A row for a vehicle that may come back. */
  #row(one: Transfer): number {
    const { vehicles } = this.#world;
    const v = vehicles.add();
    vehicles.departure[v] = one.departure;
    vehicles.type[v] = one.type;
    vehicles.speedFactor[v] = one.speedFactor;
    vehicles.path[v] = one.path;
    vehicles.lastIndex[v] = one.lastIndex;
    vehicles.arrival[v] = one.arrival;
    vehicles.routeIndex[v] = one.routeIndex;
    vehicles.record[v] = -1;
    vehicles.haltIndex[v] = this.#world.ways.haltIndex(one.path);
    return v;
  }

  #edge(path: number, routeIndex: number): number {
    return this.#world.ways.edgesOf(path)[routeIndex]!;
  }

  #land(v: number): boolean {
    const { streets, types, vehicles, ways } = this.#world;
    const edge = this.#edge(vehicles.path[v]!, vehicles.routeIndex[v]!);
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
  #travelSeconds({ path, routeIndex }: Transfer): number {
    const { streets, lists, vehicles } = this.#world;
    const edge = this.#edge(path, routeIndex);
    let sum = 0;
    let count = 0;
    for (let l = streets.firstLane[edge]!; l < streets.firstLane[edge + 1]!; l++) {
      for (let place = 0; place < lists.count(l); place++) sum += vehicles.speed[lists.at(l, place)]!;
      count += lists.count(l);
    }
    const first = streets.firstLane[edge]!;
    const mean = count === 0 ? streets.laneLimit[first]! : sum / count;
    return streets.laneLength[first]! / Math.max(leastSpeed, mean);
  }
}
