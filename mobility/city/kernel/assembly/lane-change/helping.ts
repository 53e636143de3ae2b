// How a driver who urgently must change lanes gets room, and how others give it: reserving space for a leader who must
// come the other way, falling back behind or passing the leader beside, asking the follower beside to brake or to pass.
// SUMO 1.15's informLeader, informFollower, slowDownForBlocked and MSLCHelper::saveBlockerLength.
// Must not: set a speed; it advises, and patch-speed.ts weighs.

import { positionEpsilon } from '../constants';
import {
  brakeGap,
  fastestNext,
  safeBehind,
  secureGap,
  slowestNext,
  stepSeconds,
  stop,
} from '../following';
import { adviceAt, advicesMost, setAdvice, some, Vehicle } from '../records';
import { laneSpeed, laneWay } from '../world';
import {
  amBlockingFollower,
  amBlockingLeader,
  blockedByFollower,
  blockedByLeader,
  informedLeft,
  informedRight,
  leftBit,
  rightBit,
} from './change-state';
import { view } from './view';

const helpOvertakeMps: f64 = 10 / 3.6;
const minFallBehindMps: f64 = 7 / 3.6;
const cutInLeftMps: f64 = 27;
const onRampMeters: f64 = 200;
const congestedMps: f64 = 60 / 3.6;
/** informLeader says this where the driver overtakes, so the follower beside need not be asked. */
const overtakes: f64 = -1;

/** Tells a driver that a neighbour would like it to drive `speed` next. */
export function advise(v: Vehicle, speed: f64): void {
  const used = v.adviceCount;
  if (used == advicesMost) return;
  setAdvice(v, used, (speed - v.speed) / stepSeconds);
  v.adviceCount = used + 1;
}

/** Whoever drives slowly behind a vehicle that must come over lets it in. */
export function slowForBlocked(): void {
  slowFor(view.ego, view.lastBlocked);
  if (view.firstBlocked != view.lastBlocked) slowFor(view.ego, view.firstBlocked);
}

function slowFor(ego: Vehicle, blocked: Vehicle): void {
  if (!some(blocked)) return;
  const t = ego.type;
  const back = blocked.position - blocked.type.length;
  const gap = back - ego.position - t.minGap;
  if (gap <= positionEpsilon || ego.speed >= t.deceleration) return;
  advise(ego, behindOf(ego, gap - positionEpsilon, blocked.speed, blocked));
}

/** The speed `ego` may drive behind `leader`, if that drove `speed` and were `gap` ahead. */
function behindOf(ego: Vehicle, gap: f64, speed: f64, leader: Vehicle): f64 {
  const t = ego.type;
  return min(safeBehind(t, ego.speed, gap, speed, leader.type.deceleration), fastestNext(t, ego.speed));
}

/** An urgent change: `remaining` seconds are left for it. */
export function prepareChange(remaining: f64): void {
  const counter = view.direction < 0 ? leftBit : rightBit;
  const goesOn = laneWay(view.record, view.lane.index).linkCount > 0;
  let reserved = reserve(view.besideLeader, counter, goesOn);
  if (view.firstBlocked != view.besideLeader)
    reserved = reserve(view.firstBlocked, counter, goesOn) && reserved;
  if (!reserved) view.ego.dontBrake = goesOn;
  const planned = informLeader(remaining);
  if (planned >= 0) informFollower(remaining, planned);
}

/** Keeps room at the end of the lane for a leader beside who must come the other way. False: no room. */
function reserve(blocker: Vehicle, counter: i32, goesOn: bool): bool {
  const ego = view.ego;
  if (!some(blocker) || (blocker.changeState & counter) == 0) return true;
  const needed = blocker.type.room;
  const potential = ego.leftSpace - brakeGap(ego.speed, ego.type.deceleration, 0);
  if (needed <= potential) {
    ego.blockerLength = max(needed, ego.blockerLength);
    return true;
  }
  const done = reserveThere(blocker, ego.type.room, ego.leftSpace);
  if (!done && !goesOn) ego.blockerLength = max(needed, ego.blockerLength);
  return done;
}

function reserveThere(blocker: Vehicle, length: f64, foeLeft: f64): bool {
  const left = blocker.leftSpace;
  const canReserve = left - brakeGap(blocker.speed, blocker.type.deceleration, stepSeconds) >= length;
  if (!canReserve && left <= foeLeft) return false;
  blocker.blockerLength = max(length, blocker.blockerLength);
  return true;
}

function tell(v: Vehicle, flag: i32, speed: f64): void {
  v.changeState = v.changeState | flag | (view.direction < 0 ? informedRight : informedLeft);
  if (speed < 1e6) advise(v, speed);
}

/** Follows or overtakes the leader beside. Returns the speed the driver plans, or that it overtakes. */
function informLeader(remaining: f64): f64 {
  const ego = view.ego;
  const t = ego.type;
  const speed = ego.speed;
  const room = ego.leftSpace - ego.blockerLength;
  const wish = laneSpeed(ego.lane, ego);
  let planned = min(speed, stop(t, speed, room, t.deceleration, wish));
  for (let i = 0; i < ego.adviceCount; i++) {
    const advice = adviceAt(ego, i);
    if (advice >= -t.deceleration) planned = min(planned, speed + advice * stepSeconds);
  }
  const leader = view.besideLeader;
  if (!some(leader)) return planned;
  const leaderSpeed = leader.speed;
  const leaderNext = leaderSpeed - max<f64>(1, -leader.acceleration) * stepSeconds;
  const gapNext = view.besideLeaderGap + (leaderNext - planned) * stepSeconds;
  const target = max(slowestNext(t, speed), behindOf(ego, gapNext, max<f64>(0, leaderNext), leader));
  if ((view.blocked & blockedByLeader) == 0) {
    advise(ego, target);
    return min(target, planned);
  }
  const distance = overtakeDistance(ego, leader, view.besideLeaderGap, speed, leaderSpeed);
  const faster = planned - leaderSpeed;
  const seconds = faster > 0 ? distance / faster : remaining + 1;
  const rightForbidden = view.direction > 0 && speed >= congestedMps;
  const noRoom = room - brakeGap(speed, t.deceleration, t.tau) < distance;
  if (leader.halted || !(faster < 0 || rightForbidden || noRoom || remaining < seconds)) {
    tell(leader, amBlockingLeader, leaderSpeed);
    return overtakes;
  }
  tell(leader, amBlockingLeader, Infinity);
  if (target >= speed) {
    advise(ego, target);
    return planned;
  }
  const brakes = min(t.deceleration, max(minFallBehindMps, (speed - target) / remaining));
  const next = min(planned, max<f64>(0, speed - brakes * stepSeconds));
  advise(ego, next);
  return next;
}

function overtakeDistance(follower: Vehicle, leader: Vehicle, gap: f64, speed: f64, leaderSpeed: f64): f64 {
  const t = leader.type;
  const f = follower.type;
  const secure = secureGap(t, leaderSpeed, speed, f.deceleration);
  return max<f64>(0, gap + t.room + f.length + secure);
}

/** Asks the follower beside to make room, or to pass. */
function informFollower(remaining: f64, plannedSpeed: f64): void {
  const ego = view.ego;
  const follower = view.besideFollower;
  const direction = view.direction;
  if (!some(follower)) return;
  const t = follower.type;
  const egoBrakes = ego.type.deceleration;
  const speed = follower.speed;
  const planned = max<f64>(plannedSpeed, 0);
  const gapNow = view.besideFollowerGap;
  if ((view.blocked & blockedByFollower) == 0) {
    if (view.blocked & blockedByLeader) tell(follower, 0, letIn(ego, follower, gapNow, planned));
    return;
  }
  if (planned - speed >= helpOvertakeMps) {
    const needed = secureGap(t, speed, planned, egoBrakes);
    if ((needed - gapNow) / remaining < planned - speed) {
      tell(follower, amBlockingFollower, planned - helpOvertakeMps);
      return;
    }
  }
  const next = max<f64>(0, speed - t.deceleration * stepSeconds);
  const next1s = max<f64>(0, speed - t.deceleration);
  const closing = planned - next1s;
  const gap = gapNow + closing;
  const secure = secureGap(t, next1s, planned, egoBrakes);
  if (gap > 0 && gap >= secure) {
    tell(follower, amBlockingFollower, max(next, letIn(ego, follower, gapNow, planned)));
  } else if (closing > 0 && closing * remaining > secure - gap + positionEpsilon) {
    tell(follower, amBlockingFollower, next);
  } else if (direction < 0 && speed >= congestedMps) {
    tell(follower, amBlockingFollower, max(next, helpOvertakeMps));
  } else {
    letPass(remaining, planned, next);
  }
}

/** The speed at which the follower leaves room for a driver who comes in at `planned`. */
function letIn(ego: Vehicle, follower: Vehicle, gap: f64, planned: f64): f64 {
  const first = behindOf(follower, gap + planned * stepSeconds, planned, ego);
  return behindOf(follower, gap + (planned - first) * stepSeconds, planned, ego);
}

/** The follower shall overtake; the driver slows down so that it can, unless its own lane is where it must slow. */
function letPass(remaining: f64, planned: f64, next: f64): void {
  const ego = view.ego;
  const follower = view.besideFollower;
  const own = ego.speed;
  const speed = follower.speed;
  const longLane = view.lane.length > onRampMeters;
  let help = max(speed, own + helpOvertakeMps);
  const mayHold = view.direction < 0 || planned > cutInLeftMps || longLane;
  if (speed > own && mayHold) {
    help = max(next, own + helpOvertakeMps);
    if ((speed - own) / follower.type.deceleration < remaining) {
      tell(follower, amBlockingFollower, help);
      return;
    }
  }
  tell(follower, amBlockingFollower, help);
  const distance = overtakeDistance(follower, ego, view.besideFollowerGap, help, planned);
  const least = own - ego.type.deceleration * stepSeconds;
  advise(ego, max(help - distance / remaining, least));
}
