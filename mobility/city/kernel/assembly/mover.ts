// Moving on: the speed a driver settles on when all plans are known, and where that takes the vehicle. SUMO 1.15's
// MSVehicle::executeMove (processLinkApproaches, finalizeSpeed, processLaneAdvances) for Euler steps.
// Must not: look at where others are now (some have moved already); their plans at the links are enough.

import { askAs, isOpen } from './approaches';
import { haltingSpeed, never, numericEpsilon, positionEpsilon } from './constants';
import {
  brakeGap,
  fastestNext,
  slowestNext,
  slowestNextEmergency,
  stepSeconds,
  stop,
} from './following';
import { beginHalt } from './halts';
import { leavingSpeed } from './items';
import { altersSpeed, keptState } from './lane-change/change-state';
import { patchSpeed } from './lane-change/patch-speed';
import { hasPriority, isRed, isYellow } from './letters';
import { lastWasMajor } from './planner';
import { dawdlePurpose, drawUniform } from './random';
import { Item, Lane, Link, none, rowOf, some, Vehicle } from './records';
import { activeCount, activeLane, clearReaching, delist, enlist, impatience, laneSpeed, layBody, noteReaching, now, seed, steps } from './world';
import { forgetWay } from './way-ahead';

const noSpeed: f64 = -Infinity;

/** Vehicles that have left their lane and wait to be put on their new one; at the end of their route: chains by `ahead`. */
let firstMoved: Vehicle = none<Vehicle>();
let lastMoved: Vehicle = none<Vehicle>();
let firstArrived: Vehicle = none<Vehicle>();
let lastArrived: Vehicle = none<Vehicle>();

// What the links ahead allow: the safe speed, and what must be driven at least.
let safe: f64 = 0;
let least: f64 = 0;
let leastDistance: f64 = 0;
let canBrakeBeforeLeast: bool = false;
let waits: bool = false;

/** Moves all vehicles of all lanes. Returns the first of those at the end of their route, a chain by `ahead`. */
export function moveAll(): Vehicle {
  firstMoved = none<Vehicle>();
  lastMoved = none<Vehicle>();
  firstArrived = none<Vehicle>();
  lastArrived = none<Vehicle>();
  clearReaching();
  for (let i = 0; i < activeCount; i++) moveLane(activeLane(i));
  for (let v = firstMoved; some(v); ) {
    const next = v.ahead;
    enlist(v);
    v = next;
  }
  return firstArrived;
}

function moveLane(lane: Lane): void {
  for (let v = lane.front; some(v); ) {
    const next = v.behind;
    moveVehicle(v);
    if (hasArrived(v)) {
      delist(lane, v);
      v.ahead = none<Vehicle>();
      if (some(lastArrived)) lastArrived.ahead = v;
      else firstArrived = v;
      lastArrived = v;
    } else if (v.lane != lane) {
      delist(lane, v);
      v.ahead = none<Vehicle>();
      if (some(lastMoved)) lastMoved.ahead = v;
      else firstMoved = v;
      lastMoved = v;
    }
    v = next;
  }
}

// @ts-expect-error: decorator
@inline function hasArrived(v: Vehicle): bool {
  return v.routeIndex == v.lastIndex && !v.lane.internal && v.position > v.arrival - positionEpsilon;
}

function moveVehicle(v: Vehicle): void {
  const t = v.type;
  v.willPass = v.asksToPass;
  const next = v.halted ? 0 : settle(v);
  const acceleration = (next - v.speed) / stepSeconds;
  v.speed = next;
  v.acceleration = acceleration;
  v.lastMove = next * stepSeconds;
  v.position = v.position + next * stepSeconds;
  if (next <= haltingSpeed && acceleration <= 0.5 * t.acceleration && !v.halted) {
    v.waiting = v.waiting + stepSeconds;
    v.accumulatedWaiting = v.accumulatedWaiting + stepSeconds;
  } else v.waiting = 0;
  if (v.position > v.lane.length) crossLinks(v);
  if (v.furtherCount > 0 || v.position < t.length) {
    layBody(v);
    if (v.furtherCount > 0) noteReaching(v);
  }
  // Wishes about lane changing are said anew each step; only the strategic direction is kept.
  if (v.changeState != 0) v.changeState = keptState(v.changeState);
  v.adviceCount = 0;
  v.dontBrake = false;
  if (v.blockerLength != 0) v.blockerLength = 0;
  if (v.leftSpace != 0) v.leftSpace = 0;
}

/** The speed for this step. */
function settle(v: Vehicle): f64 {
  const t = v.type;
  const speed = v.speed;
  askLinks(v);
  if (v.haltIndex == v.routeIndex) beginHalt(v, safe);
  const emergency = slowestNextEmergency(t, speed);
  const lowest = min(slowestNext(t, speed), max(safe, emergency));
  const limit = max(laneSpeed(v.lane, v), safe);
  let most = min(min(limit, fastestNext(t, speed)), safe);
  if (most < lowest) most = lowest;
  let next = dawdle(v, lowest, most);
  if ((v.changeState & altersSpeed) != 0 || v.adviceCount != 0 || v.blockerLength != 0)
    next = patchSpeed(v, lowest, next, most);
  if (next > 0 && next < least) next = least;
  if (Math.abs(next) < 0.1 * numericEpsilon * stepSeconds && v.stopDistance > positionEpsilon) next = 0;
  return next > 0 ? next : 0;
}

function dawdle(v: Vehicle, lowest: f64, most: f64): f64 {
  const t = v.type;
  if (t.sigma == 0) return most;
  const drawn = drawUniform(seed, v.departure, steps, dawdlePurpose);
  const scale = most < t.acceleration ? most : t.acceleration;
  const slower = most - stepSeconds * t.sigma * scale * drawn;
  return slower > lowest ? slower : lowest;
}

/** Goes through the planned links until one is closed; sets the safe speed and what must be driven at least. */
function askLinks(v: Vehicle): void {
  safe = v.planSpeed;
  least = noSpeed;
  if (v.planLight) {
    v.haveToWait = false;
    return;
  }
  leastDistance = 0;
  canBrakeBeforeLeast = false;
  waits = false;
  const count = v.planCount;
  for (let i = 0; i < count; i++) if (!askLink(v, rowOf<Item>(changetype<usize>(v.plan), i))) break;
  checkLeast(v);
  v.haveToWait = waits && !v.lane.roundabout;
}

/** One item of the plan. False: the driver goes no further than before it. */
function askLink(v: Vehicle, item: Item): bool {
  const t = v.type;
  const speed = v.speed;
  const link = item.link;
  if (!item.request) {
    holdBack(v, link, item);
    return false;
  }
  if (!some(link)) {
    safe = item.pass;
    return false;
  }
  const letter = link.state;
  const distance = item.distance;
  const canBrake = distance > v.brakeGap || speed < t.decelerationStep;
  const yellow = isYellow(letter);
  if (yellow && canBrake) return wait(item);
  const open = yellow || isOpenFor(v, item, canBrake);
  if (!open) {
    if (canBrake || link.signalised || distance >= brakeGap(speed, t.emergency, 0)) return wait(item);
    safe = item.pass;
    return true;
  }
  if (mustLook(link)) {
    if (distance > link.visibility && (canBrake || !yellow)) return wait(item);
    leastDistance = distance;
    least = min(min((distance + positionEpsilon) / stepSeconds, item.pass), fastestNext(t, speed));
    canBrakeBeforeLeast = canBrake;
  }
  safe = item.pass;
  const crawls = safe < t.deceleration && safe <= item.wait;
  if (crawls && safe < fastestNext(t, speed)) waits = true;
  return true;
}

/** No link, or one whose driver does not ask to pass. */
function holdBack(v: Vehicle, link: Link, item: Item): void {
  if (some(link) && link.fromInternal && v.lane.internal && link.entry.foes.junction == v.lane.entry.foes.junction) {
    v.junctionEntry = never;
    v.conflictEntry = never;
  }
  safe = item.wait;
  if (safe < v.speed || safe < haltingSpeed) waits = true;
}

function wait(item: Item): bool {
  safe = item.wait;
  waits = true;
  return false;
}

function mustLook(link: Link): bool {
  return !hasPriority(link.state) && !link.continuation && !lastWasMajor(link);
}

/** A driver committed to a minor link must be fast enough to make it; one who cannot be must stop before. */
function checkLeast(v: Vehicle): void {
  if (safe + numericEpsilon >= least) return;
  if (!canBrakeBeforeLeast || safe >= v.speed) {
    least = safe;
    return;
  }
  const t = v.type;
  const halt = stop(t, v.speed, leastDistance, t.deceleration, laneSpeed(v.lane, v));
  safe = min(safe, max(slowestNext(t, v.speed), halt));
  least = 0;
  waits = true;
}

function isOpenFor(v: Vehicle, item: Item, canBrake: bool): bool {
  const link = item.link;
  if (link.exit && hasPriority(link.state)) return true;
  const pushes = canBrake ? impatience(v) : 1;
  askAs(v, item.arrivalTime, item.arrivalSpeed, leavingSpeed(item), pushes, v.waiting);
  return isOpen(link);
}

/** The front has passed the end of its lane: takes it over the links planned. */
function crossLinks(v: Vehicle): void {
  for (let i = 0; i < v.planCount; i++) {
    const lane = v.lane;
    const beyond = v.position - lane.length;
    if (beyond <= 0) return;
    const link = rowOf<Item>(changetype<usize>(v.plan), i).link;
    if (!some(link) || isRed(link.state)) break;
    v.position = beyond;
    v.lane = link.next;
    if (!link.next.internal) {
      v.routeIndex = v.routeIndex + 1;
      // Without internal lanes the record was the old edge's; else it is the new one's already.
      if (!link.fromInternal) forgetWay(v);
    } else if (!link.fromInternal) forgetWay(v);
    noteEntry(v, link);
    if (hasArrived(v)) return;
  }
  const length = v.lane.length;
  if (v.position <= length || (v.routeIndex == v.lastIndex && !v.lane.internal)) return;
  // No way on: an emergency stop at the end of the lane.
  v.position = length;
  v.speed = 0;
  v.acceleration = 0;
}

/** Remembers when the vehicle came into the junction; who was there first goes first. */
function noteEntry(v: Vehicle, link: Link): void {
  const internal = link.next.internal;
  if (internal && !link.fromInternal) {
    v.junctionEntry = now;
    v.junctionEntryNeverYield = now;
  }
  if (internal && (link.fromInternal || !link.continuation)) {
    v.conflictEntry = now;
    v.junctionEntry = v.junctionEntryNeverYield;
  }
  if (link.exit) {
    v.junctionEntry = never;
    v.junctionEntryNeverYield = never;
    v.conflictEntry = never;
  }
}
