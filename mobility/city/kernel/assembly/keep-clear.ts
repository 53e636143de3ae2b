// Not driving into a junction one could not leave: the free road behind each link ahead is added up, and requests that
// would end on the crossing are withdrawn. SUMO 1.15's MSVehicle::checkRewindLinkLanes.
// Must not: lower anybody's speed itself; a withdrawn request does.

import { askAs, isOpen } from './approaches';
import { haltingSpeed, positionEpsilon } from './constants';
import { brakeGap } from './following';
import { leavingSpeed } from './items';
import { hasPriority } from './letters';
import { Item, Lane, Link, rowOf, some, Vehicle } from './records';
import { impatience, isFree, lastOn } from './world';

let foundStopped: bool = false;

// @ts-expect-error: decorator
@inline function itemOf(v: Vehicle, i: i32): Item {
  return rowOf<Item>(changetype<usize>(v.plan), i);
}

/** Withdraws the requests of vehicle v that must not be made. `lengthsAhead`: room the vehicles before it on its lane need, m. */
export function keepJunctionsClear(v: Vehicle, lengthsAhead: f64): void {
  const count = v.planCount;
  if (v.lane.roundabout) return;
  if (count == 0 || (count == 1 && !some(v.plan.link))) return;
  addSpace(v, lengthsAhead, count);
  handBack(v, count);
  if (foundStopped) withdrawRequests(v, count);
}

/** Adds up the free road lane by lane, until somebody stands. */
function addSpace(v: Vehicle, lengthsAhead: f64, count: i32): void {
  let space = -lengthsAhead;
  foundStopped = false;
  for (let i = 0; i < count; i++) {
    const item = itemOf(v, i);
    const link = item.link;
    if (!some(link) || foundStopped) {
      item.space = foundStopped ? space : item.space + space;
      continue;
    }
    const lane = link.next;
    if (lane.internal) {
      if (mustKeepClear(v, link)) space -= lane.brutto;
      else space += roomUntilStanding(v, lane);
    } else if (isFree(lane)) {
      if (lane.length > v.type.length || mustKeepClear(v, link)) space += lane.length;
    } else {
      space += roomUntilStanding(v, lane);
      const last = lastOn(lane, v);
      if (some(last) && (last.haveToWait || last.halted)) foundStopped = true;
      if (foundStopped) item.stopped = true;
    }
    item.space = space;
  }
}

/** Free metres on a lane until somebody who stands; sets foundStopped where somebody does. */
function roomUntilStanding(v: Vehicle, lane: Lane): f64 {
  let lengths: f64 = 0;
  for (let other = lane.last; some(other); other = other.ahead) {
    if (other == v) continue;
    const t = other.type;
    const speed = other.speed;
    if (speed < haltingSpeed && !lane.roundabout) {
      foundStopped = true;
      return other.position - t.length + brakeGap(speed, t.deceleration, t.tau) - lengths;
    }
    lengths += t.room;
  }
  return lane.length - lengths;
}

function mustKeepClear(v: Vehicle, link: Link): bool {
  if (!link.keepClear) return false;
  const ignoreAfter = v.type.ignoreKeepClear;
  return ignoreAfter < 0 || v.accumulatedWaiting < ignoreAfter;
}

/** What is free behind an open link is free behind the link before it too. */
function handBack(v: Vehicle, count: i32): void {
  for (let i = count - 2; i >= 0; i--) {
    const item = itemOf(v, i);
    const next = itemOf(v, i + 1);
    const link = item.link;
    let open = false;
    if (some(link)) {
      const canLeave = !link.next.internal || !some(next.link) || next.request;
      open = canLeave && (hasPriority(link.state) || i == 0 || isOpenFor(v, item));
    }
    const goesOn = !some(link) || link.continuation || open;
    let carries = goesOn && !item.stopped;
    if (!open && some(link)) {
      foundStopped = true;
      if (i > 0) {
        const before = itemOf(v, i - 1).link;
        if (some(before) && before.continuation) carries = true;
      }
    }
    if (carries) item.space = next.space;
  }
}

function isOpenFor(v: Vehicle, item: Item): bool {
  askAs(v, item.arrivalTime, item.arrivalSpeed, leavingSpeed(item), impatience(v), v.waiting);
  return isOpen(item.link);
}

function withdrawRequests(v: Vehicle, count: i32): void {
  const t = v.type;
  let first = -1;
  for (let i = 0; i < count && first < 0; i++) {
    const item = itemOf(v, i);
    if (some(item.link) && item.space < t.room && mustKeepClear(v, item.link)) first = i;
  }
  if (first < 0 || (first == 0 && v.lane.internal)) return;
  const reach = v.brakeGap + positionEpsilon;
  for (let i = first; i < count; i++) {
    const item = itemOf(v, i);
    if (!some(item.link)) return;
    item.pass = item.wait;
    if (item.distance < reach) continue;
    // Who has asked to enter a junction always asks to leave it.
    if (!item.link.exit || i == 0 || !itemOf(v, i - 1).request) item.request = false;
  }
}
