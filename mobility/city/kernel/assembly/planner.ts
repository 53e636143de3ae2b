// What a driver plans before anyone moves: how fast for the leader, and for every link ahead how fast if it may pass and
// how fast if it must wait. SUMO 1.15's MSVehicle::planMoveInternal, for Euler steps and one lane at a time.
// Must not: move anything; everybody plans from the same state of the road.
//
// The walk along the way ahead, lane by lane:
//   1. the leader on this lane                    4. signals and the place to stop at
//   2. a halt on this lane                        5. vehicles inside the junction
//   3. the end of the route, the end of the lane  6. how fast to arrive, and whether to ask for the right of way

import { nearestFoe } from './approaches';
import {
  never,
  noHalt,
  numericEpsilon,
  positionEpsilon,
  spaceLookAheadLengths,
  stopLineGap,
} from './constants';
import {
  approach,
  arrivalSeconds,
  brakeGap,
  brakeGapAtMost,
  fastestNext,
  followLeader,
  slowestArrival,
  slowestNext,
  speedAfter,
  speedAfterWithin,
  stepSeconds,
  stop,
  stopWithin,
} from './following';
import { stays } from './halts';
import { addItem, beginPlan, hasRoom, limitLeaving } from './items';
import { anyFoe, meetJunctionLeaders } from './junction-leaders';
import { keepJunctionsClear } from './keep-clear';
import { equalLetter, hasPriority, isYellow, isYellowOrRed } from './letters';
import {
  forgetLeaders,
  leaving,
  limitTo,
  linkPass,
  linkWait,
  planSpeed,
  request,
  setLinkPass,
  setLinkWait,
  setPlanSpeed,
  setRequest,
  withdrawBefore,
} from './plan';
import { deadlockPurpose, drawUniform } from './random';
import { registerPlan } from './registration';
import { Halt, Item, Lane, Link, none, rowOf, some, Vehicle } from './records';
import { backLane, backOn, bodyOn, laneSpeed, lastOn, linkAt, now, recordOf, seed, steps } from './world';
import { knowWay } from './way-ahead';

/** Circular yielding is looked for along so many links. */
const circleMost: i32 = 100;

// The walk's own registers: where it is, metres seen until that lane's end, the driver's wish there, the last item.
let lane: Lane = none<Lane>();
let seen: f64 = 0;
let limit: f64 = 0;
let lastItem: Item = none<Item>();
let view: i32 = 0;
let record: usize = 0;
let laneNumber: i32 = 0;
let slowedForMinor: bool = false;
/** What the driver would drive on the lane it is on. */
let wish: f64 = 0;

/** Plans for all vehicles of a lane, front to back. */
export function planLane(onLane: Lane): void {
  let leader = some(onLane.body) ? bodyOn(onLane, none<Vehicle>()) : none<Vehicle>();
  let lengthsAhead: f64 = 0;
  for (let v = onLane.front; some(v); v = v.behind) {
    if (v.halted && stays(v)) planNothing(v);
    else planVehicle(v, leader == v ? none<Vehicle>() : leader, lengthsAhead);
    lengthsAhead += v.type.room;
    leader = v;
  }
}

function planNothing(v: Vehicle): void {
  beginPlan(v);
  v.planSpeed = 0;
  v.planLight = false;
  v.asksToPass = false;
}

function planVehicle(v: Vehicle, firstLeader: Vehicle, lengthsAhead: f64): void {
  const t = v.type;
  const speed = v.speed;
  const fastest = fastestNext(t, speed);
  lane = v.lane;
  wish = laneSpeed(lane, v);
  limit = max(wish, slowestNext(t, speed));
  seen = lane.length - v.position;
  lastItem = none<Item>();
  v.stopDistance = never;
  slowedForMinor = false;
  setPlanSpeed(min(fastest, limit));
  beginPlan(v);
  knowWay(v);
  // IDM accelerates by what lies ahead, however far; it always looks.
  const looks = lane.internal || t.idm || v.haltIndex == v.routeIndex;
  if (!looks && seen > fastest * stepSeconds + brakeGapAtMost(t, fastest, t.tau)) {
    planFar(v, firstLeader);
    return;
  }
  const lookAhead = fastest * stepSeconds + brakeGap(fastest, t.deceleration, t.tau);
  if (!looks && seen > lookAhead) {
    planFar(v, firstLeader);
    return;
  }
  v.planLight = false;
  v.brakeGap = brakeGap(speed, t.deceleration, 0);
  view = 0;
  // Inside a junction the record is taken when its edge is reached.
  record = lane.internal ? 0 : v.record;
  laneNumber = lane.index;
  setLinkPass(speedAfterWithin(t, seen, planSpeed, limit));
  walk(v, firstLeader, lookAhead);
  v.planSpeed = planSpeed;
  keepJunctionsClear(v, lengthsAhead);
  registerPlan(v);
}

/** Goes along the way ahead lane by lane, as far as matters. */
function walk(v: Vehicle, firstLeader: Vehicle, lookAhead: f64): void {
  const t = v.type;
  const speed = v.speed;
  const gentle = slowestNext(t, speed);
  let leader = firstLeader;
  let seenInternal = lane.internal ? seen : 0;
  let seenNormal: f64 = 0;
  let passedExit = false;
  while (hasRoom(v)) {
    if (some(leader) && leader != v) adaptToLeader(v, leader);
    if (some(lastItem)) lastItem.wait = min(lastItem.wait, planSpeed);
    if (planHalt(v, gentle)) break;
    // Behind the junction there is road enough, and what follows is too far to matter.
    const enough = max(t.length * spaceLookAheadLengths, t.length + seenInternal);
    if (passedExit && seenNormal > enough && seen > lookAhead) {
      addItem(v, none<Link>(), planSpeed, planSpeed, seen).request = true;
      break;
    }
    const link = linkOut(v);
    if (!some(link)) {
      planEnd(v);
      break;
    }
    if (!planLink(v, link)) break;
    if (!link.next.internal) {
      passedExit = true;
      if (record != 0) view += 1;
    }
    if ((!request || planSpeed <= 0) && passedExit && seenNormal > enough) break;
    lane = link.next;
    limit = laneSpeed(lane, v);
    // Whoever approaches a speed never drives below it.
    if (limit < planSpeed || t.idm)
      setPlanSpeed(min(planSpeed, max(approach(t, speed, seen, limit, limit, false), gentle)));
    const length = lane.length;
    if (lane.internal) seenInternal += length;
    else seenNormal += length;
    leader = lastOn(lane, v);
    seen += length;
    setLinkPass(speedAfterWithin(t, length, planSpeed, limit));
  }
}

/** The end of the lane is farther than the driver must look: only who yields at the link must know of it. */
function planFar(v: Vehicle, leader: Vehicle): void {
  const link = v.next;
  const isWatched = some(link) && link.watched && !isYellowOrRed(link.state);
  if (isWatched) setLinkPass(speedAfterWithin(v.type, seen, planSpeed, limit));
  if (some(leader)) adaptToLeader(v, leader);
  v.planLight = true;
  v.planSpeed = planSpeed;
  v.asksToPass = false;
  const asks = planSpeed > slowest();
  if (!isWatched || (!asks && !link.equalWatched)) return;
  setRequest(asks);
  setLinkWait(planSpeed);
  planArrival(v, link, true);
  registerPlan(v);
}

/** Slower than this, m/s, nobody moves. */
// @ts-expect-error: decorator
@inline function slowest(): f64 {
  return 0.1 * numericEpsilon * stepSeconds;
}

// The way ahead.

function linkOut(v: Vehicle): Link {
  if (view == 0 && lane == v.lane) return v.next;
  if (lane.internal) return lane.firstLink;
  if (record == 0) {
    record = recordOf(v);
    laneNumber = lane.index;
    view = 0;
  }
  return linkAt(record, laneNumber, view);
}

function routeIndexHere(v: Vehicle): i32 {
  return v.routeIndex + view + (v.lane.internal && !lane.internal ? 1 : 0);
}

// 1. The leader on this lane.

function adaptToLeader(v: Vehicle, leader: Vehicle): void {
  const t = v.type;
  const speed = v.speed;
  const back = backOn(leader, lane);
  const gap = (some(lastItem) ? back + seen - lane.length : back - v.position) - t.minGap;
  let safe: f64;
  if (gap < 0 && some(lastItem) && !isBackOnWay(v, leader)) {
    let room = seen - lane.length - positionEpsilon;
    const link = lastItem.link;
    if (link.fromInternal) room -= link.from.length;
    safe = stop(t, speed, room, t.deceleration, wish);
  } else {
    safe = followLeader(t, speed, gap, leader.type, leader.speed, wish);
  }
  if (some(lastItem))
    limitLeaving(lastItem, followLeader(t, lastItem.leaveSpeed, gap, leader.type, leader.speed, wish));
  limitTo(safe);
}

/** True where the leader's back is on the driver's own way (and not on another that joins it). */
function isBackOnWay(v: Vehicle, leader: Vehicle): bool {
  const back = backLane(leader);
  if (back == lane || back == v.lane) return true;
  for (let i = 0; i < v.planCount; i++) {
    const next = rowOf<Item>(changetype<usize>(v.plan), i).link.next;
    if (next == back && !next.internal) return true;
  }
  return false;
}

// 2. A halt on this lane's edge. True: the walk ends there.

function planHalt(v: Vehicle, gentle: f64): bool {
  if (v.haltIndex == noHalt || lane.internal) return false;
  if (v.haltIndex != routeIndexHere(v) || v.way.haltCount == 0) return false;
  const t = v.type;
  const halt = changetype<Halt>(v.way.halts);
  v.stopDistance = seen + halt.end + numericEpsilon - lane.length;
  const safe = stop(t, v.speed, v.stopDistance, t.deceleration, wish);
  setPlanSpeed(min(planSpeed, max(safe, gentle)));
  addItem(v, none<Link>(), planSpeed, planSpeed, v.stopDistance);
  return true;
}

// 3. The end of the route or of the lane.

function planEnd(v: Vehicle): void {
  const t = v.type;
  const speed = v.speed;
  const isLast = routeIndexHere(v) >= v.lastIndex;
  let safe: f64;
  if (isLast) {
    const left = seen + v.arrival - lane.length - limit * stepSeconds;
    safe = max(numericEpsilon, approach(t, speed, left, limit, limit, false));
  } else {
    safe = stop(t, speed, seen, t.deceleration, wish);
  }
  if (some(lastItem)) limitLeaving(lastItem, safe);
  setPlanSpeed(min(planSpeed, safe));
  // Behind the end of a route the road counts as free.
  addItem(v, none<Link>(), planSpeed, planSpeed, seen).space = isLast ? 1000 : 0;
}

// 4.-6. A link. False: the walk ends before it.

function planLink(v: Vehicle, link: Link): bool {
  const t = v.type;
  const speed = v.speed;
  const closed = isYellowOrRed(link.state);
  const stopBrakes = closed ? t.closedBrakes : t.deceleration;
  const brakeDistance = stopBrakes == t.deceleration ? v.brakeGap : brakeGap(speed, stopBrakes, 0);
  const canBrake = seen >= brakeDistance;
  const leavingJunction = !some(lastItem) && v.lane.internal;
  setRequest((planSpeed > slowest() && !(slowedForMinor && !link.fromInternal)) || leavingJunction);
  const stopDistance = stopPlace(link, closed, canBrake ? seen - brakeDistance : never);
  setLinkWait(min(planSpeed, stop(t, speed, stopDistance, stopBrakes, wish)));
  if (link.fromInternal) meetLeaders(v, link);
  if (closed && canBrake) {
    lastItem = addItem(v, link, planSpeed, linkWait, seen);
    return false;
  }
  if (some(lastItem)) limitLeaving(lastItem, limit);
  planArrival(v, link, brakeDistance < seen);
  return true;
}

/** Metres to where the driver would wait before a link. */
function stopPlace(link: Link, closed: bool, spare: f64): f64 {
  let offset = closed ? stopLineGap : 0;
  if (!closed && hasPriority(link.state)) offset = min(link.visibility - positionEpsilon, stopLineGap);
  offset = max(positionEpsilon, min(offset, spare));
  return max<f64>(0, seen - offset);
}

function meetLeaders(v: Vehicle, link: Link): void {
  if (!anyFoe(link.from)) return;
  forgetLeaders();
  meetJunctionLeaders(v, link, seen, some(lastItem) ? lastItem.wait : -1);
  if (!some(lastItem)) return;
  if (leaving != never) limitLeaving(lastItem, leaving);
  if (withdrawBefore) lastItem.request = false;
}

function planArrival(v: Vehicle, link: Link, couldBrake: bool): void {
  const t = v.type;
  let arrivalSpeed = linkPass;
  const minor = !hasPriority(link.state) && couldBrake && !lastWasMajor(link);
  const visibility = link.visibility;
  if (minor && seen > visibility) {
    const stopping = stopWithin(visibility, t.deceleration, 0);
    arrivalSpeed = min(arrivalSpeed, speedAfter(t, visibility, stopping));
    slowedForMinor = true;
  } else if (link.state == equalLetter && v.waiting > 0 && yieldsInCircle(link)) {
    const threshold = link.straight ? 0.25 : 0.75;
    if (drawUniform(seed, v.departure, steps, deadlockPurpose) < threshold) setRequest(false);
  }
  if (minor && link.to.roundabout) slowedForMinor = true;
  const item = addItem(v, link, planSpeed, linkWait, seen);
  lastItem = item;
  item.request = request;
  item.arrivalSpeed = arrivalSpeed;
  item.arrivalTime = now - stepSeconds + arrivalSeconds(t, seen, planSpeed, arrivalSpeed);
  if (seen < brakeGapAtMost(t, planSpeed, t.tau) && seen < brakeGap(planSpeed, t.deceleration, t.tau))
    item.brakingSpeed = min(slowestArrival(t, seen, planSpeed), arrivalSpeed);
  item.leaveSpeed = speedAfterWithin(t, link.length, arrivalSpeed, laneSpeed(link.next, v));
}

/** A link out of a waiting place whose entry had the right of way, or has turned yellow. */
export function lastWasMajor(link: Link): bool {
  if (!link.internalJunction) return false;
  const letter = link.entry.state;
  return hasPriority(letter) || isYellow(letter);
}

function yieldsInCircle(link: Link): bool {
  let foe = nearestFoe(link, link);
  for (let i = 0; i < circleMost && some(foe) && foe != link; i++) foe = nearestFoe(foe, link);
  return foe == link;
}
