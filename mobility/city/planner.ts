// What a driver plans before anyone moves: how fast for the leader, and for every link ahead how fast if it may pass and
// how fast if it must wait. SUMO 1.15's MSVehicle::planMoveInternal, for Euler steps and one lane at a time.
// Must not: move anything; everybody plans from the same state of the road.
//
// The walk along the way ahead, lane by lane:
//   1. the leader on this lane                    4. signals and the place to stop at
//   2. a halt on this lane                        5. vehicles inside the junction
//   3. the end of the route, the end of the lane  6. how fast to arrive, and whether to ask for the right of way

import type { Approaches, Passage } from './approaches.ts';
import { isYellowOrRed, passage } from './approaches.ts';
import {
  never,
  numericEpsilon,
  positionEpsilon,
  spaceLookAheadLengths,
  stopLineGap,
  yellowDeceleration,
} from './constants.ts';
import type { Halts } from './halts.ts';
import { JunctionLeaders, type PlanRegisters } from './junction-leaders.ts';
import { KeepClear } from './keep-clear.ts';
import { noLink, type PlanItems } from './plan-items.ts';
import { drawUniform, purposes } from './random.ts';
import { hasPriority, isYellow, letters } from './signals.ts';
import { noHalt, recordWidth } from './vehicles.ts';
import type { World } from './world.ts';

/** Circular yielding is looked for along so many links. */
const circleMost = 100;

export interface PlannerParts {
  readonly world: World;
  readonly items: PlanItems;
  readonly approaches: Approaches;
  readonly halts: Halts;
}

export class Planner {
  readonly #world: World;
  readonly #halts: Halts;
  readonly #items: PlanItems;
  readonly #approaches: Approaches;
  readonly #leaders: JunctionLeaders;
  readonly #keepClear: KeepClear;
  readonly #plan: PlanRegisters = {
    speed: 0,
    linkPass: 0,
    linkWait: 0,
    request: false,
    leaving: never,
    withdrawBefore: false,
  };
  readonly #passage: Passage = passage();
  readonly #slowest: number;
  // The walk's own registers.
  #lane = 0;
  #seen = 0;
  #limit = 0;
  #lastItem = -1;
  #view = 0;
  #record = -1;
  #laneNumber = 0;
  #stopDistance = never;
  #slowedForMinor = false;

  constructor({ world, items, approaches, halts }: PlannerParts) {
    this.#world = world;
    this.#items = items;
    this.#approaches = approaches;
    this.#halts = halts;
    this.#leaders = new JunctionLeaders(world);
    this.#keepClear = new KeepClear(world, items, approaches);
    this.#slowest = 0.1 * numericEpsilon * world.stepSeconds;
  }

  /** Plans for all vehicles of a lane, front to back. */
  planLane(lane: number): void {
    const { lists, vehicles, types } = this.#world;
    let leader = this.#world.bodyOn(lane, -1);
    let lengthsAhead = 0;
    const count = lists.count(lane);
    for (let place = 0; place < count; place++) {
      const v = lists.at(lane, place);
      if (vehicles.halted[v] && this.#halts.stays(v)) this.#planNothing(v);
      else this.#planVehicle(v, leader === v ? -1 : leader, lengthsAhead);
      const t = vehicles.type[v]!;
      lengthsAhead += types.length[t]! + types.minGap[t]!;
      leader = v;
    }
  }

  #planNothing(v: number): void {
    const { vehicles } = this.#world;
    vehicles.planStart[v] = this.#items.count;
    vehicles.planCount[v] = 0;
    vehicles.planSpeed[v] = 0;
    vehicles.planLight[v] = 0;
  }

  #planVehicle(v: number, firstLeader: number, lengthsAhead: number): void {
    const { vehicles, types, streets } = this.#world;
    const items = this.#items;
    const plan = this.#plan;
    const t = vehicles.type[v]!;
    const speed = vehicles.speed[v]!;
    const own = types.deceleration[t]!;
    const fastest = types.fastestNext(t, speed);
    const gentle = types.slowestNext(t, speed);
    this.#lane = vehicles.lane[v]!;
    this.#limit = Math.max(this.#world.laneSpeed(this.#lane, v), gentle);
    this.#seen = streets.laneLength[this.#lane]! - vehicles.position[v]!;
    this.#lastItem = -1;
    this.#stopDistance = never;
    this.#slowedForMinor = false;
    plan.speed = Math.min(fastest, this.#limit);
    plan.linkPass = Math.min(types.speedAfter(t, this.#seen, plan.speed), this.#limit);
    const lookAhead = fastest * types.stepSeconds + types.brakeGap(fastest, own, types.tau[t]!);
    vehicles.planStart[v] = items.count;
    this.#startWay(v);
    vehicles.planLight[v] = 0;
    const inside = streets.laneInternal[this.#lane] === 1;
    // IDM accelerates by what lies ahead, however far; it always looks.
    const near = this.#seen <= lookAhead || inside || types.idm[t] === 1;
    if (!near && vehicles.haltIndex[v] !== vehicles.routeIndex[v]) {
      if (firstLeader >= 0) this.#adaptToLeader(v, firstLeader);
      this.#planFarLink(v);
      return;
    }
    this.#walk(v, firstLeader, lookAhead);
    vehicles.planCount[v] = items.count - vehicles.planStart[v]!;
    vehicles.planSpeed[v] = plan.speed;
    vehicles.stopDistance[v] = this.#stopDistance;
    this.#keepClear.check(v, lengthsAhead);
  }

  /** Goes along the way ahead lane by lane, as far as matters. */
  #walk(v: number, firstLeader: number, lookAhead: number): void {
    const { vehicles, types, streets } = this.#world;
    const items = this.#items;
    const plan = this.#plan;
    const t = vehicles.type[v]!;
    const speed = vehicles.speed[v]!;
    const gentle = types.slowestNext(t, speed);
    let leader = firstLeader;
    let seenInternal = streets.laneInternal[this.#lane] ? this.#seen : 0;
    let seenNormal = 0;
    let passedExit = false;
    for (;;) {
      if (leader >= 0 && leader !== v) this.#adaptToLeader(v, leader);
      if (this.#lastItem >= 0) items.wait[this.#lastItem] = Math.min(items.wait[this.#lastItem]!, plan.speed);
      if (this.#planHalt(v, gentle)) break;
      // Behind the junction there is road enough, and what follows is too far to matter.
      const enough = Math.max(types.length[t]! * spaceLookAheadLengths, types.length[t]! + seenInternal);
      if (passedExit && seenNormal > enough && this.#seen > lookAhead) {
        const item = items.add(noLink, plan.speed, plan.speed, this.#seen);
        items.request[item] = 1;
        break;
      }
      const link = this.#nextLink(v);
      if (link === noLink) {
        this.#planEnd(v);
        break;
      }
      if (!this.#planLink(v, link)) break;
      if (!streets.laneInternal[streets.linkNext[link]!]) {
        passedExit = true;
        if (this.#record >= 0) this.#view += 1;
      }
      if ((!plan.request || plan.speed <= 0) && passedExit && seenNormal > enough) break;
      this.#lane = streets.linkNext[link]!;
      this.#limit = this.#world.laneSpeed(this.#lane, v);
      const toLimit = types.approach(t, speed, this.#seen, this.#limit, this.#limit, false);
      plan.speed = Math.min(plan.speed, Math.max(toLimit, gentle));
      const length = streets.laneLength[this.#lane]!;
      if (streets.laneInternal[this.#lane]) seenInternal += length;
      else seenNormal += length;
      leader = this.#world.lastOn(this.#lane, v);
      this.#seen += length;
      plan.linkPass = Math.min(types.speedAfter(t, length, plan.speed), this.#limit);
      this.#lastItem = items.count - 1;
    }
  }

  /** The end of the lane is farther than the driver must look: only who yields at the link must know of it. */
  #planFarLink(v: number): void {
    const { vehicles, streets, signals } = this.#world;
    const plan = this.#plan;
    vehicles.planLight[v] = 1;
    vehicles.planSpeed[v] = plan.speed;
    vehicles.stopDistance[v] = never;
    const link = this.#nextLink(v);
    if (link >= 0 && streets.linkWatched[link] && !isYellowOrRed(signals.state[link]!)) {
      plan.request = plan.speed > this.#slowest;
      plan.linkWait = plan.speed;
      this.#planArrival(v, link, true);
    }
    vehicles.planCount[v] = this.#items.count - vehicles.planStart[v]!;
  }

  // The way ahead.

  #startWay(v: number): void {
    const { streets } = this.#world;
    this.#view = 0;
    // Inside a junction the record is taken when its edge is reached.
    this.#record = streets.laneInternal[this.#lane] ? -1 : this.#world.recordOf(v);
    this.#laneNumber = streets.laneIndex[this.#lane]!;
  }

  #nextLink(v: number): number {
    const { streets, ways } = this.#world;
    if (streets.laneInternal[this.#lane]) return streets.firstLink[this.#lane]!;
    if (this.#record < 0) {
      this.#record = this.#world.recordOf(v);
      this.#laneNumber = streets.laneIndex[this.#lane]!;
      this.#view = 0;
    }
    return ways.linkAt(this.#record, this.#laneNumber, this.#view);
  }

  #routeIndexHere(v: number): number {
    const { vehicles, streets } = this.#world;
    const fromInternal = streets.laneInternal[vehicles.lane[v]!]!;
    return vehicles.routeIndex[v]! + this.#view + (fromInternal && !streets.laneInternal[this.#lane] ? 1 : 0);
  }

  // 1. The leader on this lane.

  #adaptToLeader(v: number, leader: number): void {
    const { vehicles, types, streets } = this.#world;
    const plan = this.#plan;
    const t = vehicles.type[v]!;
    const speed = vehicles.speed[v]!;
    const back = this.#world.backOn(leader, this.#lane);
    const last = this.#lastItem;
    const gap =
      (last < 0 ? back - vehicles.position[v]! : back + this.#seen - streets.laneLength[this.#lane]!) -
      types.minGap[t]!;
    const leaderSpeed = vehicles.speed[leader]!;
    const leaderBrakes = types.deceleration[vehicles.type[leader]!]!;
    const wish = this.#world.laneSpeed(vehicles.lane[v]!, v);
    let safe: number;
    if (gap < 0 && last >= 0 && !this.#isBackOnWay(v, leader)) {
      let room = this.#seen - streets.laneLength[this.#lane]! - positionEpsilon;
      const link = this.#items.link[last]!;
      if (streets.linkFromInternal[link]) room -= streets.laneLength[streets.linkFrom[link]!]!;
      safe = types.stop(t, speed, room, types.deceleration[t]!, wish);
    } else {
      safe = types.follow(t, speed, gap, leaderSpeed, leaderBrakes, wish);
    }
    if (last >= 0) {
      const leaving = this.#items.leaveSpeed[last]!;
      this.#items.limitLeaving(last, types.follow(t, leaving, gap, leaderSpeed, leaderBrakes, wish));
    }
    if (safe < plan.speed) plan.speed = safe;
    if (safe < plan.linkPass) plan.linkPass = safe;
  }

  /** True where the leader's back is on the driver's own way (and not on another that joins it). */
  #isBackOnWay(v: number, leader: number): boolean {
    const { streets, vehicles } = this.#world;
    const back = this.#world.backLane(leader);
    if (back === this.#lane || back === vehicles.lane[v]) return true;
    for (let i = vehicles.planStart[v]!; i < this.#items.count; i++) {
      const lane = streets.linkNext[this.#items.link[i]!]!;
      if (lane === back && !streets.laneInternal[lane]) return true;
    }
    return false;
  }

  // 2. A halt on this lane's edge. True: the walk ends there.

  #planHalt(v: number, gentle: number): boolean {
    const { vehicles, ways, streets, types } = this.#world;
    if (vehicles.haltIndex[v] === noHalt || streets.laneInternal[this.#lane]) return false;
    const halt =
      vehicles.haltIndex[v] === this.#routeIndexHere(v) ? ways.nextStop(vehicles.path[v]!) : undefined;
    if (halt === undefined) return false;
    const t = vehicles.type[v]!;
    this.#stopDistance = this.#seen + halt.endMeters + numericEpsilon - streets.laneLength[this.#lane]!;
    const wish = this.#world.laneSpeed(vehicles.lane[v]!, v);
    const stop = types.stop(t, vehicles.speed[v]!, this.#stopDistance, types.deceleration[t]!, wish);
    const plan = this.#plan;
    plan.speed = Math.min(plan.speed, Math.max(stop, gentle));
    this.#items.add(noLink, plan.speed, plan.speed, this.#stopDistance);
    return true;
  }

  // 3. The end of the route or of the lane.

  #planEnd(v: number): void {
    const { vehicles, types, streets } = this.#world;
    const plan = this.#plan;
    const t = vehicles.type[v]!;
    const speed = vehicles.speed[v]!;
    const isLast = this.#routeIndexHere(v) >= vehicles.lastIndex[v]!;
    let safe: number;
    if (isLast) {
      const left =
        this.#seen + vehicles.arrival[v]! - streets.laneLength[this.#lane]! - this.#limit * types.stepSeconds;
      safe = Math.max(numericEpsilon, types.approach(t, speed, left, this.#limit, this.#limit, false));
    } else {
      const wish = this.#world.laneSpeed(vehicles.lane[v]!, v);
      safe = types.stop(t, speed, this.#seen, types.deceleration[t]!, wish);
    }
    if (this.#lastItem >= 0) this.#items.limitLeaving(this.#lastItem, safe);
    plan.speed = Math.min(plan.speed, safe);
    const item = this.#items.add(noLink, plan.speed, plan.speed, this.#seen);
    // Behind the end of a route the road counts as free.
    this.#items.space[item] = isLast ? 1000 : 0;
  }

  // 4.-6. A link. False: the walk ends before it.

  #planLink(v: number, link: number): boolean {
    const { vehicles, types, streets, signals } = this.#world;
    const items = this.#items;
    const plan = this.#plan;
    const t = vehicles.type[v]!;
    const speed = vehicles.speed[v]!;
    const letter = signals.state[link]!;
    const closed = isYellowOrRed(letter);
    const own = types.deceleration[t]!;
    const stopBrakes = closed ? Math.max(Math.min(yellowDeceleration, types.emergency[t]!), own) : own;
    const brakeDistance = types.brakeGap(speed, stopBrakes, 0);
    const canBrake = this.#seen >= brakeDistance;
    const fromInternal = streets.linkFromInternal[link] === 1;
    const leaving = this.#lastItem < 0 && streets.laneInternal[vehicles.lane[v]!] === 1;
    plan.request = (plan.speed > this.#slowest && !(this.#slowedForMinor && !fromInternal)) || leaving;
    const wish = this.#world.laneSpeed(vehicles.lane[v]!, v);
    const stopDistance = this.#stopPlace(link, closed, canBrake ? this.#seen - brakeDistance : never);
    plan.linkWait = Math.min(plan.speed, types.stop(t, speed, stopDistance, stopBrakes, wish));
    if (closed && canBrake) {
      if (fromInternal) this.#meetLeaders(v, link);
      items.add(link, plan.speed, plan.linkWait, this.#seen);
      return false;
    }
    if (fromInternal) this.#meetLeaders(v, link);
    if (this.#lastItem >= 0) items.limitLeaving(this.#lastItem, this.#limit);
    this.#planArrival(v, link, brakeDistance < this.#seen);
    return true;
  }

  /** Metres to where the driver would wait before a link. */
  #stopPlace(link: number, closed: boolean, spare: number): number {
    const letter = this.#world.signals.state[link]!;
    let offset = closed ? stopLineGap : 0;
    if (!closed && hasPriority(letter))
      offset = Math.min(this.#world.streets.linkVisibility[link]! - positionEpsilon, stopLineGap);
    offset = Math.max(positionEpsilon, Math.min(offset, spare));
    return Math.max(0, this.#seen - offset);
  }

  #meetLeaders(v: number, link: number): void {
    const plan = this.#plan;
    const { streets } = this.#world;
    if (!this.#leaders.anyFoe(streets.linkFrom[link]!)) return;
    const last = this.#lastItem;
    plan.leaving = never;
    plan.withdrawBefore = false;
    this.#leaders.adapt(v, link, this.#seen, last >= 0 ? this.#items.wait[last]! : -1, plan);
    if (last < 0) return;
    if (plan.leaving !== never) this.#items.limitLeaving(last, plan.leaving);
    if (plan.withdrawBefore) this.#items.request[last] = 0;
  }

  #planArrival(v: number, link: number, couldBrake: boolean): void {
    const { vehicles, types, streets, signals } = this.#world;
    const items = this.#items;
    const plan = this.#plan;
    const t = vehicles.type[v]!;
    let arrivalSpeed = plan.linkPass;
    const letter = signals.state[link]!;
    const minor = !hasPriority(letter) && couldBrake && !this.lastWasMajor(link);
    const visibility = streets.linkVisibility[link]!;
    if (minor && this.#seen > visibility) {
      const stopping = types.stopWithin(visibility, types.deceleration[t]!, 0);
      arrivalSpeed = Math.min(arrivalSpeed, types.speedAfter(t, visibility, stopping));
      this.#slowedForMinor = true;
    } else if (letter === letters.equal && vehicles.waiting[v]! > 0 && this.#yieldsInCircle(link)) {
      const threshold = streets.linkStraight[link] ? 0.25 : 0.75;
      const { seed, steps } = this.#world;
      if (drawUniform(seed, vehicles.departure[v]!, steps, purposes.deadlock) < threshold)
        plan.request = false;
    }
    if (minor && streets.laneRoundabout[streets.linkTo[link]!]) this.#slowedForMinor = true;
    const item = items.add(link, plan.speed, plan.linkWait, this.#seen);
    items.request[item] = plan.request ? 1 : 0;
    items.arrivalSpeed[item] = arrivalSpeed;
    const seconds = types.arrivalSeconds(t, this.#seen, plan.speed, arrivalSpeed);
    items.arrivalTime[item] = this.#world.now - types.stepSeconds + seconds;
    if (this.#seen < types.brakeGap(plan.speed, types.deceleration[t]!, types.tau[t]!))
      items.brakingSpeed[item] = Math.min(types.slowestArrival(t, this.#seen, plan.speed), arrivalSpeed);
    const pathSpeed = this.#world.laneSpeed(streets.linkNext[link]!, v);
    items.leaveSpeed[item] = Math.min(
      pathSpeed,
      types.speedAfter(t, streets.linkLength[link]!, arrivalSpeed),
    );
  }

  /** A link out of a waiting place whose entry had the right of way, or has turned yellow. */
  lastWasMajor(link: number): boolean {
    const { streets, signals } = this.#world;
    if (!streets.linkInternalJunction[link]) return false;
    const letter = signals.state[streets.linkEntry[link]!]!;
    return hasPriority(letter) || isYellow(letter);
  }

  #yieldsInCircle(link: number): boolean {
    let foe = this.#approaches.nearestFoe(link, link);
    for (let i = 0; i < circleMost && foe >= 0 && foe !== link; i++)
      foe = this.#approaches.nearestFoe(foe, link);
    return foe === link;
  }

  /** All plans are made: drivers tell at the links what they plan, and within a junction whether they leave it. */
  registerAll(): void {
    const { vehicles, types, streets, signals, seed, steps } = this.#world;
    const items = this.#items;
    const asker = this.#passage;
    this.#approaches.clear();
    for (let v = 0; v < vehicles.end; v += recordWidth) {
      const start = vehicles.planStart[v]!;
      const end = start + vehicles.planCount[v]!;
      vehicles.willPass[v] = start < end && items.link[start] !== noLink ? items.request[start]! : 0;
      for (let i = start; i < end; i++) {
        const link = items.link[i]!;
        if (link === noLink || !streets.linkWatched[link]) continue;
        if (signals.state[link] === letters.allWayStop)
          items.arrivalTime[i]! +=
            drawUniform(seed, vehicles.departure[v]!, steps, purposes.tie) < 0.5 ? 0 : 0.001;
        asker.vehicle = v;
        asker.arrivalTime = items.arrivalTime[i]!;
        asker.arrivalSpeed = items.arrivalSpeed[i]!;
        asker.leaveSpeed = items.leavingSpeed(i);
        asker.length = types.length[vehicles.type[v]!]!;
        asker.waiting = vehicles.waiting[v]!;
        this.#approaches.register(
          link,
          asker,
          items.request[i] === 1,
          items.brakingSpeed[i]!,
          items.distance[i]!,
        );
      }
    }
  }
}
