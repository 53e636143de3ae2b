// Coming onto the road: whoever has departed by the clock waits until there is room on its first edge. SUMO 1.15's
// MSInsertionControl, MSEdge::insertVehicle and MSLane::isInsertionSuccess.
// Must not: change the demand; who cannot come in waits, one attempt a step.

import type { Demand, Departure } from '../demand/demand.ts';
import type { Approaches, Passage } from './approaches.ts';
import { passage } from './approaches.ts';
import { haltingSpeed, never, numericEpsilon, positionEpsilon } from './constants.ts';
import { type Neighbours, nobody } from './neighbours.ts';
import { drawUniform, purposes } from './random.ts';
import { hasPriority } from './signals.ts';
import type { World } from './world.ts';

/** Beyond so many metres of way all lanes are good enough to begin on. */
const bestLaneMeters = 3000;
const randomTries = 10;

/** Where and how fast somebody wants to begin. */
interface Start {
  lane: number;
  position: number;
  speed: number;
  /** True: a lower speed will do. */
  mayBeSlower: boolean;
}

export class Insertion {
  readonly #world: World;
  readonly #demand: Demand;
  readonly #neighbours: Neighbours;
  readonly #approaches: Approaches;
  readonly #passage: Passage = passage();
  readonly #follower = nobody();
  readonly #start: Start = { lane: 0, position: 0, speed: 0, mayBeSlower: false };
  /** Rows of departures that wait for room, in order, and the next that has not departed by the clock. */
  readonly #waiting: number[] = [];
  #next = 0;
  /** The step in which an insertion on edge e failed: the next ones wait too. */
  readonly #failed: Int32Array;
  readonly inserted: number[] = [];

  constructor(world: World, demand: Demand, parts: { neighbours: Neighbours; approaches: Approaches }) {
    this.#world = world;
    this.#demand = demand;
    this.#neighbours = parts.neighbours;
    this.#approaches = parts.approaches;
    this.#failed = new Int32Array(world.streets.network.edges.count).fill(-1);
    while (this.#next < demand.departures.length && demand.departures[this.#next]!.atSeconds < world.now)
      this.#next += 1;
    this.skipped = this.#next;
  }

  /** Departures before the run began: left out. */
  readonly skipped: number;

  get waitingCount(): number {
    return this.#waiting.length;
  }

  /** Lets in who has departed and finds room. */
  insertAll(): void {
    const { departures } = this.#demand;
    const { now, stepSeconds } = this.#world;
    this.inserted.length = 0;
    while (this.#next < departures.length && departures[this.#next]!.atSeconds < now + stepSeconds - 1e-9) {
      this.#waiting.push(this.#next);
      this.#next += 1;
    }
    let kept = 0;
    for (const row of this.#waiting) {
      if (this.#tryInsert(row)) this.inserted.push(row);
      else {
        this.#waiting[kept] = row;
        kept += 1;
      }
    }
    this.#waiting.length = kept;
  }

  #tryInsert(row: number): boolean {
    const departure = this.#demand.departures[row]!;
    const edge = this.#demand.routes[departure.route]![0]!;
    const { steps } = this.#world;
    if (this.#failed[edge] === steps) return false;
    const v = this.#add(row, departure);
    const done = this.#place(v, departure);
    if (done) return true;
    this.#world.vehicles.remove(v);
    this.#failed[edge] = steps;
    return false;
  }

  /** A row for a vehicle that is not on a lane yet. */
  #add(row: number, departure: Departure): number {
    const { vehicles, ways, streets } = this.#world;
    const v = vehicles.add();
    vehicles.departure[v] = row;
    vehicles.type[v] = departure.type;
    vehicles.speedFactor[v] = departure.speedFactor;
    vehicles.path[v] = this.#wayOf(row);
    vehicles.record[v] = -1;
    vehicles.haltIndex[v] = ways.haltIndex(vehicles.path[v]!);
    const edges = ways.edgesOf(vehicles.path[v]!);
    vehicles.lastIndex[v] = edges.length - 1;
    const length = streets.laneLength[streets.firstLane[edges.at(-1)!]!]!;
    const wanted = departure.arrivalMeters ?? length;
    vehicles.arrival[v] = Math.min(length, Math.max(0, wanted < 0 ? length + wanted : wanted));
    return v;
  }

  readonly #knownWays = new Map<number, number>();

  /** The way of a departure; one that waits keeps its own. */
  #wayOf(row: number): number {
    const known = this.#knownWays.get(row);
    if (known !== undefined) return known;
    const way = this.#world.ways.wayOf(row);
    if (this.#demand.departures[row]!.stops.length > 0) this.#knownWays.set(row, way);
    return way;
  }

  #place(v: number, departure: Departure): boolean {
    const lane = this.#chooseLane(v, departure);
    if (lane < 0) return false;
    const start = this.#start;
    start.lane = lane;
    this.#setSpeed(v, departure, start);
    const { position } = departure;
    const length = this.#world.streets.laneLength[lane]!;
    if (typeof position === 'number') start.position = position < 0 ? position + length : position;
    else if (position === 'free') return this.insertFreely(v, lane, start.speed, 0);
    else if (position === 'last') return this.#insertLast(v, start);
    else if (position === 'random' || position === 'random_free')
      return this.#insertRandomly(v, start, position);
    else start.position = this.#basePosition(v, lane);
    start.position = Math.min(start.position, length);
    return this.#tryAt(v, start);
  }

  #basePosition(v: number, lane: number): number {
    const { vehicles, types, streets, ways } = this.#world;
    const base = Math.min(types.length[vehicles.type[v]!]! + positionEpsilon, streets.laneLength[lane]!);
    const halt = vehicles.haltIndex[v] === 0 ? ways.nextStop(vehicles.path[v]!) : undefined;
    return halt === undefined ? base : Math.min(base, Math.max(0, halt.endMeters));
  }

  #insertRandomly(v: number, start: Start, how: 'random' | 'random_free'): boolean {
    const { seed, steps, vehicles, streets } = this.#world;
    const tries = how === 'random' ? 1 : randomTries;
    const speed = start.speed;
    for (let i = 0; i < tries; i++) {
      const drawn = drawUniform(
        seed + i,
        vehicles.departure[v]!,
        how === 'random' ? 0 : steps,
        purposes.departure,
      );
      start.position = drawn * streets.laneLength[start.lane]!;
      start.speed = speed;
      if (this.#tryAt(v, start)) return true;
    }
    return how === 'random_free' && this.insertFreely(v, start.lane, speed, 0);
  }

  #setSpeed(v: number, departure: Departure, start: Start): void {
    const { streets, seed, vehicles } = this.#world;
    const wish = this.#world.laneSpeed(start.lane, v);
    start.mayBeSlower = false;
    if (typeof departure.speed === 'number') start.speed = departure.speed;
    else if (departure.speed === 'speedLimit') start.speed = streets.laneLimit[start.lane]!;
    else if (departure.speed === 'random') {
      start.speed = drawUniform(seed, vehicles.departure[v]!, 0, purposes.departure) * wish;
      start.mayBeSlower = true;
    } else {
      start.speed = wish;
      start.mayBeSlower = departure.speed !== 'desired';
    }
    if (departure.speed === 'last' || departure.speed === 'avg') {
      const last = this.#world.lastOn(start.lane, -1);
      if (last >= 0) start.speed = Math.min(start.speed, vehicles.speed[last]!);
    }
  }

  // The lane to begin on; -1: none is allowed.

  #chooseLane(v: number, departure: Departure): number {
    const { streets, ways, vehicles, seed, types } = this.#world;
    const edges = ways.edgesOf(vehicles.path[v]!);
    const first = streets.firstLane[edges[0]!]!;
    const lanes = streets.firstLane[edges[0]! + 1]! - first;
    if (typeof departure.lane === 'number') return departure.lane < lanes ? first + departure.lane : -1;
    const bit = types.permission[vehicles.type[v]!]!;
    const allowed: number[] = [];
    for (let l = first; l < first + lanes; l++) if (streets.permissions[l]! & bit) allowed.push(l);
    if (departure.lane === 'first' || allowed.length < 2) return allowed[0] ?? -1;
    if (departure.lane === 'random') {
      const drawn = drawUniform(seed + 1, vehicles.departure[v]!, 0, purposes.departure);
      return allowed[Math.floor(drawn * allowed.length)]!;
    }
    if (departure.lane === 'free') return this.freest(allowed);
    const record = ways.record(vehicles.path[v]!, 0);
    if (departure.lane === 'allowed') {
      const leading = allowed.filter((l) => edges.length === 1 || ways.linkCount(record, l - first) > 0);
      return this.freest(leading.length > 0 ? leading : allowed);
    }
    const length = (l: number): number => ways.lengthOf(record, l - first);
    const enough = Math.min(bestLaneMeters, Math.max(...allowed.map(length)));
    return this.freest(allowed.filter((l) => length(l) >= enough));
  }

  /** The lane with the largest room at its beginning. */
  freest(lanes: readonly number[]): number {
    const { lists, vehicles, streets } = this.#world;
    let best = -1;
    let bestGap = 0;
    for (const lane of lanes) {
      const last = lists.last(lane);
      const gap = last < 0 ? streets.laneLength[lane]! : vehicles.position[last]!;
      if (gap <= bestGap) continue;
      best = lane;
      bestGap = gap;
    }
    return best < 0 ? (lanes[0] ?? -1) : best;
  }

  // Whether there is room.

  /** Tries places along a lane: behind its last vehicle, then in its gaps. `least`: the first place to try, m. */
  insertFreely(v: number, lane: number, wanted: number, least: number): boolean {
    const { lists, vehicles, types } = this.#world;
    const start = this.#start;
    const t = vehicles.type[v]!;
    const own = types.deceleration[t]!;
    const at = (position: number, speed: number): boolean => {
      start.lane = lane;
      start.position = position;
      start.speed = speed;
      start.mayBeSlower = true;
      return this.#tryAt(v, start);
    };
    if (at(least, wanted)) return true;
    for (let place = lists.count(lane) - 1; place >= 0; place--) {
      const follower = lists.at(lane, place);
      const f = vehicles.type[follower]!;
      const leader = place > 0 ? lists.at(lane, place - 1) : -1;
      let speed = wanted;
      let front = this.#world.streets.laneLength[lane]!;
      if (leader >= 0) {
        const brakes = types.deceleration[vehicles.type[leader]!]!;
        speed = Math.min(speed, vehicles.speed[leader]!);
        front =
          this.#world.backOn(leader, lane) -
          types.minGap[t]! -
          types.secureGap(t, speed, vehicles.speed[leader]!, brakes);
      }
      const needed = types.secureGap(f, vehicles.speed[follower]!, speed, own);
      const back = vehicles.position[follower]! + types.minGap[f]! + needed + types.length[t]!;
      if (front > least && back + positionEpsilon < front && at(back + positionEpsilon, speed)) return true;
    }
    return false;
  }

  #insertLast(v: number, start: Start): boolean {
    const { types, vehicles } = this.#world;
    const last = this.#world.lastOn(start.lane, -1);
    const base = this.#basePosition(v, start.lane);
    if (last < 0) start.position = base;
    else {
      const t = vehicles.type[v]!;
      const brakes = types.deceleration[vehicles.type[last]!]!;
      const needed = types.secureGap(t, start.speed, vehicles.speed[last]!, brakes) + types.minGap[t]!;
      start.position = this.#world.backOn(last, start.lane) - needed;
      if (start.position < base) return false;
    }
    return this.#tryAt(v, start);
  }

  /** Puts the vehicle there if nobody would have to brake hard, not itself, not the one behind. */
  #tryAt(v: number, start: Start): boolean {
    const { vehicles, types } = this.#world;
    vehicles.lane[v] = start.lane;
    vehicles.position[v] = start.position;
    vehicles.speed[v] = 0;
    if (!this.#fitsAhead(v, start)) return false;
    this.#aheadLane = start.lane;
    if (!this.#fitsLeader(v, start, this.#leaderOn(start.lane, start.position), -start.position))
      return false;
    if (!this.#fitsFollower(v, start)) return false;
    vehicles.speed[v] = start.speed;
    vehicles.acceleration[v] = 0;
    this.#world.enlist(v);
    vehicles.furtherCount[v] = 0;
    if (start.position < types.length[vehicles.type[v]!]!) {
      this.#world.layBody(v);
      this.#world.noteBody(v);
    }
    return true;
  }

  #leaderOn(lane: number, position: number): number {
    const { lists, vehicles } = this.#world;
    for (let place = lists.count(lane) - 1; place >= 0; place--) {
      const other = lists.at(lane, place);
      if (vehicles.position[other]! >= position) return other;
    }
    return this.#world.bodyOn(lane, -1);
  }

  /** True where the speed may be at most `most`; lowers it where it may be lower. */
  #mayDrive(start: Start, most: number): boolean {
    if (most >= start.speed) return true;
    if (start.mayBeSlower) start.speed = Math.max(0, most);
    return start.mayBeSlower || start.speed === 0;
  }

  #fitsLeader(v: number, start: Start, leader: number, seen: number): boolean {
    if (leader < 0) return true;
    const { vehicles, types } = this.#world;
    const t = vehicles.type[v]!;
    const gap = this.#world.backOn(leader, this.#aheadLane) + seen - types.minGap[t]!;
    if (gap < 0) return false;
    const brakes = types.deceleration[vehicles.type[leader]!]!;
    return this.#mayDrive(start, types.safeBehind(t, start.speed, gap, vehicles.speed[leader]!, brakes));
  }

  /** The lane on which a leader is judged; `seen`: metres from the start to its beginning. */
  #aheadLane = 0;

  /** Looks along the way as far as the vehicle would need to brake. */
  #fitsAhead(v: number, start: Start): boolean {
    const { vehicles, types, streets, ways, signals, now } = this.#world;
    const t = vehicles.type[v]!;
    const own = types.deceleration[t]!;
    const wish = this.#world.laneSpeed(start.lane, v);
    const halt =
      vehicles.haltIndex[v] === vehicles.routeIndex[v] ? ways.nextStop(vehicles.path[v]!) : undefined;
    const reach = (): number => types.brakeGap(start.speed, own, types.tau[t]!) + types.minGap[t]!;
    const stopAt = (gap: number): number => types.stop(t, start.speed, gap, own, wish);
    if (halt?.lane === start.lane && !this.#mayDrive(start, stopAt(halt.endMeters - start.position)))
      return false;
    const record = this.#world.recordOf(v);
    const index = streets.laneIndex[start.lane]!;
    let seen = streets.laneLength[start.lane]! - start.position;
    let time = now + seen / Math.max(start.speed, haltingSpeed);
    let view = 0;
    for (let lane = start.lane; seen < reach(); ) {
      const link = streets.laneInternal[lane] ? streets.firstLink[lane]! : ways.linkAt(record, index, view);
      if (link < 0) {
        const isLast = vehicles.routeIndex[v]! + view >= vehicles.lastIndex[v]!;
        return isLast || this.#mayDrive(start, stopAt(seen));
      }
      if (
        !hasPriority(signals.state[link]!) ||
        !this.#approaches.isOpen(link, this.#asPassage(v, start, time))
      )
        return this.#mayDrive(start, stopAt(seen));
      lane = streets.linkNext[link]!;
      this.#aheadLane = lane;
      if (!this.#fitsLeader(v, start, this.#world.lastOn(lane, v), seen)) return false;
      const limit = this.#world.laneSpeed(lane, v);
      if (!this.#mayDrive(start, types.approach(t, start.speed, seen, limit, limit, true))) return false;
      if (
        this.#approaches.hasFoe(link, this.#asPassage(v, start, time)) &&
        !this.#mayDrive(start, stopAt(seen))
      )
        return false;
      time += streets.laneLength[lane]! / Math.max(start.speed, numericEpsilon);
      seen += streets.laneLength[lane]!;
      if (!streets.laneInternal[lane]) view += 1;
    }
    return true;
  }

  #asPassage(v: number, start: Start, time: number): Passage {
    const { vehicles, types } = this.#world;
    const t = vehicles.type[v]!;
    const asker = this.#passage;
    asker.vehicle = v;
    asker.arrivalTime = time;
    asker.arrivalSpeed = start.speed;
    asker.leaveSpeed = start.speed;
    asker.length = types.length[t]!;
    asker.impatience = types.impatience[t]!;
    asker.deceleration = types.deceleration[t]!;
    asker.timeGap = types.timeGapMinor[t]!;
    return asker;
  }

  #fitsFollower(v: number, start: Start): boolean {
    const { vehicles, types, lists } = this.#world;
    const t = vehicles.type[v]!;
    const own = types.deceleration[t]!;
    const back = start.position - types.length[t]!;
    const found = this.#follower;
    found.vehicle = -1;
    found.gap = never;
    for (let place = 0; place < lists.count(start.lane); place++) {
      const other = lists.at(start.lane, place);
      if (vehicles.position[other]! >= start.position) continue;
      found.vehicle = other;
      found.gap = back - vehicles.position[other]! - types.minGap[vehicles.type[other]!]!;
      break;
    }
    if (found.vehicle < 0) {
      const front = { back, speed: start.speed, deceleration: own };
      this.#neighbours.followerBefore(v, start.lane, front, found);
    }
    if (found.vehicle < 0) return true;
    const f = vehicles.type[found.vehicle]!;
    return found.gap >= types.secureGap(f, vehicles.speed[found.vehicle]!, start.speed, own);
  }
}
