// How a driver who urgently must change lanes gets room, and how others give it: reserving space for a leader who must
// come the other way, falling back behind or passing the leader beside, asking the follower beside to brake or to pass.
// SUMO 1.15's informLeader, informFollower, slowDownForBlocked and MSLCHelper::saveBlockerLength.
// Must not: set a speed; it advises (vehicles.advise), and patch-speed.ts weighs.

import { positionEpsilon } from '../constants.ts';
import type { World } from '../world.ts';
import { change } from './change-state.ts';
import type { View } from './view.ts';

const helpOvertakeMps = 10 / 3.6;
const minFallBehindMps = 7 / 3.6;
const cutInLeftMps = 27;
const onRampMeters = 200;
const congestedMps = 60 / 3.6;
/** informLeader says this where the driver overtakes, so the follower beside need not be asked. */
const overtakes = -1;

export class Helping {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Whoever drives slowly behind a vehicle that must come over lets it in. */
  slowForBlocked(view: View): void {
    this.#slowFor(view.ego, view.lastBlocked);
    if (view.firstBlocked !== view.lastBlocked) this.#slowFor(view.ego, view.firstBlocked);
  }

  #slowFor(ego: number, blocked: number): void {
    if (blocked < 0) return;
    const { vehicles, types } = this.#world;
    const t = vehicles.type[ego]!;
    const back = vehicles.position[blocked]! - types.length[vehicles.type[blocked]!]!;
    const gap = back - vehicles.position[ego]! - types.minGap[t]!;
    if (gap <= positionEpsilon || vehicles.speed[ego]! >= types.deceleration[t]!) return;
    vehicles.advise(
      ego,
      this.#follow(ego, gap - positionEpsilon, vehicles.speed[blocked]!, blocked),
      types.stepSeconds,
    );
  }

  /** The speed `ego` may drive behind `leader`, if that drove `speed` and were `gap` ahead. */
  #follow(ego: number, gap: number, speed: number, leader: number): number {
    const { vehicles, types } = this.#world;
    const t = vehicles.type[ego]!;
    const brakes = types.deceleration[vehicles.type[leader]!]!;
    return Math.min(
      types.safeBehind(t, vehicles.speed[ego]!, gap, speed, brakes),
      types.fastestNext(t, vehicles.speed[ego]!),
    );
  }

  /** An urgent change: `left` metres and `remaining` seconds are left for it. */
  prepare(view: View, at: { left: number; remaining: number }): void {
    const { vehicles, ways, streets } = this.#world;
    const counter = view.direction < 0 ? change.left : change.right;
    const goesOn = ways.linkCount(view.record, streets.laneIndex[view.lane]!) > 0;
    let reserved = this.#reserve(view, view.besideLeader.vehicle, counter, goesOn);
    if (view.firstBlocked !== view.besideLeader.vehicle)
      reserved = this.#reserve(view, view.firstBlocked, counter, goesOn) && reserved;
    if (!reserved) vehicles.dontBrake[view.ego] = goesOn ? 1 : 0;
    const planned = this.#informLeader(view, at);
    if (planned >= 0) this.#informFollower(view, { ...at, planned });
  }

  /** Keeps room at the end of the lane for a leader beside who must come the other way. False: no room. */
  #reserve(view: View, blocker: number, counter: number, goesOn: boolean): boolean {
    const { vehicles, types } = this.#world;
    const { ego } = view;
    if (blocker < 0 || (vehicles.changeState[blocker]! & counter) === 0) return true;
    const needed = this.#room(blocker);
    const t = vehicles.type[ego]!;
    const potential =
      vehicles.leftSpace[ego]! - types.brakeGap(vehicles.speed[ego]!, types.deceleration[t]!, 0);
    if (needed <= potential) {
      vehicles.blockerLength[ego] = Math.max(needed, vehicles.blockerLength[ego]!);
      return true;
    }
    const done = this.#reserveThere(blocker, this.#room(ego), vehicles.leftSpace[ego]!);
    if (!done && !goesOn) vehicles.blockerLength[ego] = Math.max(needed, vehicles.blockerLength[ego]!);
    return done;
  }

  #reserveThere(blocker: number, length: number, foeLeft: number): boolean {
    const { vehicles, types, stepSeconds } = this.#world;
    const t = vehicles.type[blocker]!;
    const left = vehicles.leftSpace[blocker]!;
    const canReserve =
      left - types.brakeGap(vehicles.speed[blocker]!, types.deceleration[t]!, stepSeconds) >= length;
    if (!canReserve && left <= foeLeft) return false;
    vehicles.blockerLength[blocker] = Math.max(length, vehicles.blockerLength[blocker]!);
    return true;
  }

  #room(v: number): number {
    const { vehicles, types } = this.#world;
    const t = vehicles.type[v]!;
    return types.length[t]! + types.minGap[t]!;
  }

  #tell(v: number, direction: number, flag: number, speed: number): void {
    const { vehicles, stepSeconds } = this.#world;
    const side = direction < 0 ? change.informedRight : change.informedLeft;
    vehicles.changeState[v] = vehicles.changeState[v]! | flag | side;
    if (speed < 1e6) vehicles.advise(v, speed, stepSeconds);
  }

  /** Follows or overtakes the leader beside. Returns the speed the driver plans, or that it overtakes. */
  #informLeader(view: View, at: { left: number; remaining: number }): number {
    const { vehicles, types, stepSeconds } = this.#world;
    const { ego, besideLeader } = view;
    const t = vehicles.type[ego]!;
    const speed = vehicles.speed[ego]!;
    const room = vehicles.leftSpace[ego]! - vehicles.blockerLength[ego]!;
    const wish = this.#world.laneSpeed(vehicles.lane[ego]!, ego);
    let planned = Math.min(speed, types.stop(t, speed, room, types.deceleration[t]!, wish));
    for (let i = 0; i < vehicles.adviceCount[ego]!; i++) {
      const advice = vehicles.advices[ego + i]!;
      if (advice >= -types.deceleration[t]!) planned = Math.min(planned, speed + advice * stepSeconds);
    }
    const leader = besideLeader.vehicle;
    if (leader < 0) return planned;
    const leaderSpeed = vehicles.speed[leader]!;
    const leaderNext = leaderSpeed - Math.max(1, -vehicles.acceleration[leader]!) * stepSeconds;
    const gapNext = besideLeader.gap + (leaderNext - planned) * stepSeconds;
    const target = Math.max(
      types.slowestNext(t, speed),
      this.#follow(ego, gapNext, Math.max(0, leaderNext), leader),
    );
    if ((view.blocked & change.blockedByLeader) === 0) {
      vehicles.advise(ego, target, stepSeconds);
      return Math.min(target, planned);
    }
    const distance = this.#overtakeDistance(ego, leader, besideLeader.gap, speed, leaderSpeed);
    const faster = planned - leaderSpeed;
    const seconds = faster > 0 ? distance / faster : at.remaining + 1;
    const halts = vehicles.halted[leader] === 1;
    const rightForbidden = view.direction > 0 && speed >= congestedMps;
    const noRoom = room - types.brakeGap(speed, types.deceleration[t]!, types.tau[t]!) < distance;
    if (halts || !(faster < 0 || rightForbidden || noRoom || at.remaining < seconds)) {
      this.#tell(leader, view.direction, change.amBlockingLeader, leaderSpeed);
      return overtakes;
    }
    this.#tell(leader, view.direction, change.amBlockingLeader, Number.POSITIVE_INFINITY);
    if (target >= speed) {
      vehicles.advise(ego, target, stepSeconds);
      return planned;
    }
    const brakes = Math.min(
      types.deceleration[t]!,
      Math.max(minFallBehindMps, (speed - target) / at.remaining),
    );
    const next = Math.min(planned, Math.max(0, speed - brakes * stepSeconds));
    vehicles.advise(ego, next, stepSeconds);
    return next;
  }

  #overtakeDistance(
    follower: number,
    leader: number,
    gap: number,
    speed: number,
    leaderSpeed: number,
  ): number {
    const { vehicles, types } = this.#world;
    const t = vehicles.type[leader]!;
    const f = vehicles.type[follower]!;
    const secure = types.secureGap(t, leaderSpeed, speed, types.deceleration[f]!);
    return Math.max(0, gap + this.#room(leader) + types.length[f]! + secure);
  }

  /** Asks the follower beside to make room, or to pass. */
  #informFollower(view: View, at: { remaining: number; planned: number }): void {
    const { vehicles, types, streets, stepSeconds } = this.#world;
    const { ego, besideFollower, direction } = view;
    const follower = besideFollower.vehicle;
    if (follower < 0) return;
    const t = vehicles.type[follower]!;
    const egoBrakes = types.deceleration[vehicles.type[ego]!]!;
    const speed = vehicles.speed[follower]!;
    const planned = Math.max(at.planned, 0);
    if ((view.blocked & change.blockedByFollower) === 0) {
      if (view.blocked & change.blockedByLeader)
        this.#tell(follower, direction, 0, this.#letIn(ego, follower, besideFollower.gap, planned));
      return;
    }
    if (planned - speed >= helpOvertakeMps) {
      const needed = types.secureGap(t, speed, planned, egoBrakes);
      if ((needed - besideFollower.gap) / at.remaining < planned - speed) {
        this.#tell(follower, direction, change.amBlockingFollower, planned - helpOvertakeMps);
        return;
      }
    }
    const helpBrakes = types.deceleration[t]!;
    const next = Math.max(0, speed - helpBrakes * stepSeconds);
    const next1s = Math.max(0, speed - helpBrakes);
    const closing = planned - next1s;
    const gap = besideFollower.gap + closing;
    const secure = types.secureGap(t, next1s, planned, egoBrakes);
    if (gap > 0 && gap >= secure) {
      this.#tell(
        follower,
        direction,
        change.amBlockingFollower,
        Math.max(next, this.#letIn(ego, follower, besideFollower.gap, planned)),
      );
    } else if (closing > 0 && closing * at.remaining > secure - gap + positionEpsilon) {
      this.#tell(follower, direction, change.amBlockingFollower, next);
    } else if (direction < 0 && speed >= congestedMps) {
      this.#tell(follower, direction, change.amBlockingFollower, Math.max(next, helpOvertakeMps));
    } else {
      this.#letPass(view, {
        ...at,
        planned,
        next,
        helpBrakes,
        longLane: streets.laneLength[view.lane]! > onRampMeters,
      });
    }
  }

  /** The speed at which the follower leaves room for a driver who comes in at `planned`. */
  #letIn(ego: number, follower: number, gap: number, planned: number): number {
    const { stepSeconds } = this.#world;
    const first = this.#follow(follower, gap + planned * stepSeconds, planned, ego);
    return this.#follow(follower, gap + (planned - first) * stepSeconds, planned, ego);
  }

  /** The follower shall overtake; the driver slows down so that it can, unless its own lane is where it must slow. */
  #letPass(
    view: View,
    at: { remaining: number; planned: number; next: number; helpBrakes: number; longLane: boolean },
  ): void {
    const { vehicles, types, stepSeconds } = this.#world;
    const { ego, direction, besideFollower } = view;
    const follower = besideFollower.vehicle;
    const own = vehicles.speed[ego]!;
    const speed = vehicles.speed[follower]!;
    let help = Math.max(speed, own + helpOvertakeMps);
    const mayHold =
      (direction < 0 && vehicles.waiting[ego]! > -1) ||
      (direction > 0 && (at.planned > cutInLeftMps || at.longLane));
    if (speed > own && mayHold) {
      help = Math.max(at.next, own + helpOvertakeMps);
      if ((speed - own) / at.helpBrakes < at.remaining) {
        this.#tell(follower, direction, change.amBlockingFollower, help);
        return;
      }
    }
    this.#tell(follower, direction, change.amBlockingFollower, help);
    const distance = this.#overtakeDistance(follower, ego, besideFollower.gap, help, at.planned);
    const least = own - types.deceleration[vehicles.type[ego]!]! * stepSeconds;
    vehicles.advise(ego, Math.max(help - distance / at.remaining, least), stepSeconds);
  }
}
