// Whether a driver wants to change to the lane beside: because its route goes on there, to help somebody, to drive
// faster, or to keep right. SUMO 1.15's lane-change model LC2013 (MSLCM_LC2013::_wantsChange); J. Erdmann, "Lane-changing
// model in SUMO", SUMO2014. Constants and their names are the model's.
// Must not: change anybody's lane, or judge gaps (lane-changer.ts does both).

import { haltingSpeed } from '../constants.ts';
import type { Neighbour } from '../neighbours.ts';
import type { World } from '../world.ts';
import { change } from './change-state.ts';
import type { Helping } from './helping.ts';
import type { View } from './view.ts';

const lookForwardSeconds = 10;
const lookAheadMemory = 0.9;
const lookAheadLeft = 2;
const speedGainRight = 0.1;
const reactToStoppedMeters = 100;
const turnLaneMeters = 200;
const gainFloorMps = 10;
const keepRightSeconds = 5;
const keepRightAcceptance = 7;
const gainSeconds = 20;
const slowerByMps = 5 / 3.6;
const highwayMps = 80 / 3.6;
const congestedMps = 60 / 3.6;
const helpOvertakeMps = 10 / 3.6;
const urgency = 2;
const unseenBlockerRight = 20;
const unseenBlockerLeft = 40;

/** Finds the neighbours of a view and what they hinder, once they are needed. */
export interface Sight {
  look(view: View): void;
  /** Room that vehicles ahead take on the lane `offset` beside and on the lanes it leads to, m. */
  roomTaken(view: View, offset: number): number;
}

export class Wishes {
  readonly #world: World;
  readonly #helping: Helping;
  // What the present question is about.
  #state = 0;
  #ownDistance = 0;
  #besideDistance = 0;
  #lookAhead = 0;
  #toBest = false;
  #urgentRoom = 0;

  readonly #sight: Sight;

  constructor(world: World, helping: Helping, sight: Sight) {
    this.#world = world;
    this.#helping = helping;
    this.#sight = sight;
  }

  /**
   * True where a driver on its best lane will not leave it for the lane beside, since that leads elsewhere soon: the
   * common case, told without looking at anybody.
   */
  staysSurely(ego: number, record: number, j: number, direction: number): boolean {
    const { ways, types, vehicles, haltedCount } = this.#world;
    if (haltedCount > 0 || ways.offsetOf(record, j) !== 0 || ways.offsetOf(record, j + direction) === 0)
      return false;
    if (ways.lengthOf(record, j + direction) >= turnLaneMeters) return false;
    if (vehicles.speed[ego]! < types.deceleration[vehicles.type[ego]!]!) return false;
    this.#rememberSpeed(ego);
    return true;
  }

  /** The driver's wish and what stands against it, as bits of change-state.ts. */
  ask(view: View): number {
    const { vehicles } = this.#world;
    this.#measure(view);
    this.#state = vehicles.changeState[view.ego]! & change.said;
    this.#helping.slowForBlocked(view);
    // Only vehicles that halt can keep a driver from staying where its route wants it: else nobody need be looked for.
    const anyHalts = this.#world.haltedCount > 0;
    if (!anyHalts) {
      const strategic = this.#strategic(view);
      if (strategic & change.stay) return strategic;
    }
    this.#sight.look(view);
    if (anyHalts) this.#lookAheadToHalted(view);
    const strategic = this.#strategic(view);
    if (strategic & change.stay) return strategic;
    if (strategic & change.urgent) {
      this.#helping.prepare(view, { left: this.#urgentRoom, remaining: this.#remainingSeconds(view) });
      return strategic;
    }
    return strategic | this.#tactical(view, strategic);
  }

  // Distances.

  #measure(view: View): void {
    const { vehicles, types, ways, streets } = this.#world;
    const { ego, record } = view;
    const t = vehicles.type[ego]!;
    this.#ownDistance = ways.lengthOf(record, streets.laneIndex[view.lane]!);
    this.#besideDistance = ways.lengthOf(record, streets.laneIndex[view.beside]!);
    if (vehicles.haltIndex[ego] === vehicles.routeIndex[ego]) {
      const place = vehicles.position[ego]! + vehicles.stopDistance[ego]! - vehicles.lastMove[ego]!;
      if (place < 1e9) {
        this.#ownDistance = Math.max(this.#ownDistance, place);
        this.#besideDistance = Math.max(this.#besideDistance, place);
      }
    }
    this.#toBest = view.direction < 0 ? view.bestOffset < 0 : view.bestOffset > 0;
    this.#rememberSpeed(ego);
    const forward = vehicles.lookAheadSpeed[ego]! * lookForwardSeconds * types.strategic[t]!;
    this.#lookAhead = forward * (view.direction < 0 ? 1 : lookAheadLeft) + 2 * this.#room(ego);
    if (types.strategic[t]! < 0) this.#lookAhead = -1000;
  }

  /** Slower driving shortens the look ahead only gradually. */
  #rememberSpeed(ego: number): void {
    const { vehicles, stepSeconds } = this.#world;
    const speed = vehicles.speed[ego]!;
    const known = vehicles.lookAheadSpeed[ego]!;
    const kept = 1 - (1 - lookAheadMemory) * stepSeconds;
    vehicles.lookAheadSpeed[ego] = speed > known ? speed : Math.max(0, kept * known + (1 - kept) * speed);
  }

  #lookAheadToHalted(view: View): void {
    const { vehicles } = this.#world;
    const left = this.#ownDistance - vehicles.position[view.ego]!;
    if (view.bestOffset === 0 && this.#haltsWithin(view.leader, left)) {
      this.#lookAhead = 0.5 * (this.#room(view.ego) + this.#room(view.leader.vehicle) + view.leader.gap);
    } else if (view.bestOffset === view.direction && this.#haltsWithin(view.besideLeader, left)) {
      this.#lookAhead = this.#room(view.ego) + this.#room(view.besideLeader.vehicle) + view.besideLeader.gap;
    }
  }

  #haltsWithin({ vehicle, gap }: Neighbour, meters: number): boolean {
    return vehicle >= 0 && this.#world.vehicles.halted[vehicle] === 1 && gap < meters;
  }

  #room(v: number): number {
    const { vehicles, types } = this.#world;
    const t = vehicles.type[v]!;
    return types.length[t]! + types.minGap[t]!;
  }

  #remainingSeconds(view: View): number {
    const { vehicles, stepSeconds } = this.#world;
    const lanes = Math.max(1, Math.abs(view.bestOffset));
    const speed = Math.max(vehicles.lookAheadSpeed[view.ego]!, 0.001);
    return Math.max(stepSeconds, this.#urgentRoom / speed / lanes / urgency);
  }

  // Where the route demands something.

  #strategic(view: View): number {
    const { vehicles, types } = this.#world;
    const { ego, bestOffset } = view;
    const position = vehicles.position[ego]!;
    const wanted = view.direction < 0 ? change.right : change.left;
    this.#urgentRoom = this.#ownDistance - position;
    if (this.#mustChangeSoon(view)) {
      return this.#urgently(view, this.#state | wanted | change.strategic | change.urgent);
    }
    if (this.#mustOvertakeHalted(view)) {
      this.#urgentRoom = view.leader.gap;
      return this.#urgently(view, this.#state | wanted | change.strategic | change.urgent);
    }
    const stay = this.#state | change.stay | change.strategic;
    const leaderHalts =
      this.#world.haltedCount > 0 && view.leader.vehicle >= 0 && vehicles.halted[view.leader.vehicle] === 1;
    const leadsElsewhere = bestOffset === 0 && !leaderHalts && this.#endsInLinks(view);
    const strategic = types.strategic[vehicles.type[ego]!]! >= 0;
    if (leadsElsewhere && strategic && this.#besideDistance < turnLaneMeters) return stay;
    return this.#couldNotReturn(view) ? stay : this.#state;
  }

  /** The way to the lane of the route is nearly used up; jams on the best lane count as used. */
  #mustChangeSoon(view: View): boolean {
    const { bestOffset } = view;
    if (!this.#toBest || bestOffset !== this.#offsetOf(view, view.lane)) return false;
    const needed = this.#lookAhead * Math.abs(bestOffset);
    return this.#urgentRoom < needed || this.#urgentRoom - this.#sight.roomTaken(view, bestOffset) < needed;
  }

  /** On the lane beside there would be too little way to come back in time. */
  #couldNotReturn(view: View): boolean {
    const { bestOffset } = view;
    let needed = bestOffset === 0 ? this.#lookAhead / 2 : 0;
    if (!this.#toBest) needed = Math.max(needed, this.#lookAhead * (Math.abs(bestOffset) + 2));
    const place = this.#besideDistance - this.#world.vehicles.position[view.ego]!;
    if (needed === 0) return false;
    if (place < needed) return true;
    const jam = Math.max(this.#sight.roomTaken(view, view.direction), this.#sight.roomTaken(view, 0));
    return Math.max(0, place - jam) < needed;
  }

  #urgently(view: View, state: number): number {
    const { vehicles } = this.#world;
    if (this.#toBest && Math.abs(view.bestOffset) > 1) {
      const unseen = view.direction < 0 ? unseenBlockerRight : unseenBlockerLeft;
      vehicles.blockerLength[view.ego] = Math.max(unseen, vehicles.blockerLength[view.ego]!);
    }
    vehicles.leftSpace[view.ego] = this.#urgentRoom;
    return state;
  }

  #offsetOf(view: View, lane: number): number {
    return this.#world.ways.offsetOf(view.record, this.#world.streets.laneIndex[lane]!);
  }

  #mustOvertakeHalted(view: View): boolean {
    const { vehicles, types } = this.#world;
    const { leader, besideLeader, ego } = view;
    if (
      this.#world.haltedCount === 0 ||
      leader.vehicle < 0 ||
      !vehicles.halted[leader.vehicle] ||
      leader.gap >= reactToStoppedMeters
    )
      return false;
    const needed = leader.gap + types.length[vehicles.type[ego]!]! + this.#room(leader.vehicle);
    const left = Math.min(this.#besideDistance, this.#ownDistance) - vehicles.position[ego]!;
    if (left <= needed || (view.direction < 0 && this.#avoidsRight(ego))) return false;
    return besideLeader.vehicle < 0 || !vehicles.halted[besideLeader.vehicle] || besideLeader.gap > needed;
  }

  /** True where the lane beside goes on after its way along the route ends. */
  #endsInLinks(view: View): boolean {
    const { ways, streets } = this.#world;
    const j = streets.laneIndex[view.beside]!;
    const links = ways.linkCount(view.record, j);
    const end = links === 0 ? view.beside : streets.linkTo[ways.linkAt(view.record, j, links - 1)]!;
    return streets.firstLink[end + 1]! > streets.firstLink[end]!;
  }

  #avoidsRight(ego: number): boolean {
    return this.#world.vehicles.speed[ego]! >= congestedMps;
  }

  // Where the driver is free to choose.

  #tactical(view: View, state: number): number {
    const { vehicles, types, streets } = this.#world;
    const { ego, direction } = view;
    const t = vehicles.type[ego]!;
    const right = direction < 0;
    const wanted = right ? change.right : change.left;
    const wish = this.#world.laneSpeed(view.lane, ego);
    const besideWish = this.#world.laneSpeed(view.beside, ego);
    const accelerating = this.#isAccelerating(view.besideLeader) || this.#isAccelerating(view.leader);
    const beside = Math.min(
      besideWish,
      this.#anticipate(ego, view.besideLeader, this.#besideDistance, besideWish, accelerating),
    );
    let own = this.#overtakesLeftBeside(view, wish);
    own = Math.min(own, this.#anticipate(ego, view.leader, this.#ownDistance, wish, accelerating));
    if (
      right &&
      view.bestOffset === 0 &&
      streets.laneLimit[view.lane]! > highwayMps &&
      vehicles.lookAheadSpeed[ego]! > haltingSpeed
    )
      return change.stay | change.strategic;
    const thresholdLeft = 0.2 / types.speedGain[t]!;
    const thresholdRight = 0.2 / speedGainRight / types.speedGain[t]!;
    const leaning = right
      ? vehicles.speedGain[ego]! / thresholdRight
      : -vehicles.speedGain[ego]! / thresholdLeft;
    const inconvenience = Math.min(1, Math.max(own / beside - 1, leaning));
    if (this.#wouldHelp(view, state) && inconvenience <= types.cooperative[t]!)
      return wanted | change.cooperative | change.urgent;
    const gain = (beside - own) / Math.max(beside, gainFloorMps);
    const bySpeed = right
      ? this.#rightWish(view, { own, beside, gain, wish, thresholdRight })
      : this.#leftWish(view, { own, beside, gain, thresholdLeft });
    if (bySpeed !== 0) return bySpeed;
    const leansThere = right ? vehicles.speedGain[ego]! < 0 : vehicles.speedGain[ego]! > 0;
    const isTrueOffset = view.bestOffset === this.#offsetOf(view, view.lane);
    return this.#toBest && isTrueOffset && types.strategic[t]! >= 0 && gain >= 0 && leansThere
      ? wanted | change.strategic
      : 0;
  }

  #isAccelerating(n: Neighbour): boolean {
    return n.vehicle >= 0 && this.#world.vehicles.acceleration[n.vehicle]! > 0;
  }

  /** On a fast road nobody is overtaken on the right: a slower one on the left lane makes the driver slow down. */
  #overtakesLeftBeside(view: View, wish: number): number {
    const { vehicles, types } = this.#world;
    const { ego, besideLeader } = view;
    if (view.direction < 0 || besideLeader.vehicle < 0 || !this.#avoidsRight(ego)) return wish;
    const t = vehicles.type[ego]!;
    const speed = vehicles.speed[ego]!;
    const leaderSpeed = vehicles.speed[besideLeader.vehicle]!;
    const slower = Math.max(
      wish - this.#world.laneSpeed(view.beside, besideLeader.vehicle),
      speed - leaderSpeed,
    );
    if (slower <= 0) return wish;
    const brakes = types.deceleration[vehicles.type[besideLeader.vehicle]!]!;
    const follow = types.safeBehind(t, speed, besideLeader.gap, leaderSpeed, brakes);
    const least = types.slowestNext(t, speed);
    let safe = follow >= least ? follow : Math.max(least, leaderSpeed - helpOvertakeMps);
    if (vehicles.speedGain[ego]! < 0.2 / types.speedGain[t]!) safe = Math.max(safe, leaderSpeed);
    vehicles.advise(ego, safe, types.stepSeconds);
    if (types.safeBehind(t, speed, besideLeader.gap - slower * 8, leaderSpeed, brakes) < safe)
      vehicles.speedGain[ego] =
        vehicles.speedGain[ego]! + (types.stepSeconds * slower) / Math.max(wish, gainFloorMps);
    return Math.min(wish, safe);
  }

  /** The speed a lane will allow soon. */
  #anticipate(ego: number, leader: Neighbour, distance: number, wish: number, accelerating: boolean): number {
    const { vehicles, types } = this.#world;
    const t = vehicles.type[ego]!;
    const a = types.acceleration[t]!;
    const speed = accelerating ? vehicles.speed[ego]! + a - a * types.stepSeconds : vehicles.speed[ego]!;
    let safe: number;
    if (leader.vehicle < 0) safe = types.stopWithin(distance, types.deceleration[t]!, types.tau[t]!);
    else {
      const brakes = types.deceleration[vehicles.type[leader.vehicle]!]!;
      safe = types.safeBehind(t, speed, leader.gap, vehicles.speed[leader.vehicle]!, brakes);
    }
    if (accelerating) safe = Math.min(safe, types.fastestNext(t, speed));
    return Math.min(wish, safe);
  }

  /** Somebody has asked for room, and changing there would make it. */
  #wouldHelp(view: View, state: number): boolean {
    if ((state & change.amBlockingFollower) === 0) return false;
    if ((state & (view.direction < 0 ? change.informedRight : change.informedLeft)) === 0) return false;
    return this.#toBest || this.#besideDistance / (Math.abs(view.bestOffset) + 1) > this.#lookAhead;
  }

  #rightWish(
    view: View,
    at: { own: number; beside: number; gain: number; wish: number; thresholdRight: number },
  ): number {
    const { vehicles, types, stepSeconds } = this.#world;
    const { ego } = view;
    if (at.own - slowerByMps > at.beside) {
      if (vehicles.speedGain[ego]! < 0)
        vehicles.speedGain[ego] = vehicles.speedGain[ego]! * halfPerSecond(stepSeconds);
    } else {
      if (vehicles.speedGain[ego]! < 0 || at.gain > 0)
        vehicles.speedGain[ego] = vehicles.speedGain[ego]! - stepSeconds * at.gain;
      this.#leanRight(view, at.wish, at.thresholdRight);
      if (vehicles.keepRight[ego]! * types.keepRight[vehicles.type[ego]!]! < -at.thresholdRight)
        return change.right | change.keepRight;
    }
    const seconds = this.#besideDistance / Math.max(0.1, vehicles.speed[ego]!);
    return vehicles.speedGain[ego]! < -at.thresholdRight && seconds > gainSeconds
      ? change.right | change.speedGain
      : 0;
  }

  /** The longer the right lane is free at full speed, the stronger the duty to keep right. */
  #leanRight(view: View, wish: number, threshold: number): void {
    const { vehicles, types, streets, stepSeconds } = this.#world;
    const { ego, besideLeader } = view;
    const t = vehicles.type[ego]!;
    const speed = vehicles.speed[ego]!;
    const roadFactor = wish / streets.laneLimit[view.lane]!;
    const acceptance = keepRightAcceptance * roadFactor * Math.max(1, speed);
    let gap = Math.max(0, this.#besideDistance - types.brakeGap(wish, types.deceleration[t]!, types.tau[t]!));
    let seconds = Math.min(acceptance, gap / wish);
    if (besideLeader.vehicle >= 0 && vehicles.speed[besideLeader.vehicle]! < wish) {
      const leaderSpeed = vehicles.speed[besideLeader.vehicle]!;
      const brakes = types.deceleration[vehicles.type[besideLeader.vehicle]!]!;
      gap = Math.max(0, Math.min(gap, besideLeader.gap - types.secureGap(t, wish, leaderSpeed, brakes)));
      seconds = Math.min(seconds, gap / (wish - leaderSpeed));
    }
    if (this.#avoidsRight(ego) && view.leader.vehicle >= 0) {
      const leaderWish = this.#world.laneSpeed(vehicles.lane[view.leader.vehicle]!, view.leader.vehicle);
      if (leaderWish < wish) {
        gap = Math.min(gap, view.leader.gap);
        seconds = Math.min(seconds, gap / Math.max(0.001, wish - vehicles.speed[view.leader.vehicle]!));
        vehicles.speedGain[ego] =
          vehicles.speedGain[ego]! + (stepSeconds * (wish - leaderWish)) / Math.max(wish, gainFloorMps);
      }
    }
    const leaning = (threshold * (seconds / acceptance)) / keepRightSeconds;
    vehicles.keepRight[ego] = vehicles.keepRight[ego]! - stepSeconds * leaning;
  }

  #leftWish(view: View, at: { own: number; beside: number; gain: number; thresholdLeft: number }): number {
    const { vehicles, stepSeconds } = this.#world;
    const { ego } = view;
    const known = vehicles.speedGain[ego]!;
    if (at.own > at.beside) {
      if (known > 0) vehicles.speedGain[ego] = known * halfPerSecond(stepSeconds);
    } else if (at.own === at.beside) {
      if (known > 0) vehicles.speedGain[ego] = known * (1 - 0.2 * Math.min(1, stepSeconds));
    } else vehicles.speedGain[ego] = known + stepSeconds * at.gain;
    const seconds = this.#besideDistance / Math.max(0.1, vehicles.speed[ego]!);
    const worth = vehicles.speedGain[ego]! > at.thresholdLeft && at.gain > 0.001 && seconds > gainSeconds;
    return worth ? change.left | change.speedGain : 0;
  }
}

/** 0.5 to the power of the step; exact for 1 s, by its series to the fourth order for shorter steps. */
function halfPerSecond(stepSeconds: number): number {
  if (stepSeconds === 1) return 0.5;
  const x = -Math.LN2 * stepSeconds;
  return 1 + x * (1 + x * (0.5 + x * (1 / 6 + x / 24)));
}
