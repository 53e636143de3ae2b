// Who approaches a link, when and how fast, and whether another driver may pass before or after them: gap acceptance
// as SUMO 1.15's MSLink (setApproaching, opened, blockedByFoe).
// Must not: know what a driver does with the answer.

import { haltingSpeed, never, numericEpsilon } from './constants';
import { stepSeconds } from './following';
import {
  allWayStopLetter,
  greenMajorLetter,
  hasPriority,
  isRed,
  stopLetter,
  zipperLetter,
} from './letters';
import { allocate, Item, Link, none, pointerAt, some, Vehicle } from './records';
import { now, steps } from './world';

/** What a driver asks about: arriving, leaving, speeds there, how pushy, how long waited. */
@unmanaged
class Passage {
  arrivalTime: f64;
  arrivalSpeed: f64;
  leaveSpeed: f64;
  length: f64;
  impatience: f64;
  deceleration: f64;
  waiting: f64;
  timeGap: f64;
  leave: f64;
  vehicle: Vehicle;
}

const asker = changetype<Passage>(allocate(offsetof<Passage>()));

/** Fills in who asks, for the questions below. */
export function askAs(
  v: Vehicle,
  arrivalTime: f64,
  arrivalSpeed: f64,
  leaveSpeed: f64,
  impatience: f64,
  waiting: f64,
): void {
  const t = v.type;
  asker.vehicle = v;
  asker.arrivalTime = arrivalTime;
  asker.arrivalSpeed = arrivalSpeed;
  asker.leaveSpeed = leaveSpeed;
  asker.length = t.length;
  asker.impatience = impatience;
  asker.deceleration = t.deceleration;
  asker.waiting = waiting;
  asker.timeGap = t.timeGapMinor;
}

/** Where in a link the head is that drivers add themselves to, and the one that is asked about; the step of its plans. */
let told: usize = offsetof<Link>('evenHead');
let asked: usize = offsetof<Link>('oddHead');
let askedStep: i32 = 0;

/** A new step: drivers say anew what they plan, and until all have, the plans of the step before are asked about. */
export function beginApproaches(): void {
  asked = told;
  askedStep = steps - 1;
  told = told == offsetof<Link>('oddHead') ? offsetof<Link>('evenHead') : offsetof<Link>('oddHead');
}

/** All have said what they plan: that is asked about from now on. */
export function endApproaches(): void {
  asked = told;
  askedStep = steps;
}

/**
 * The last one who told the link in the step that is asked about. Heads are never cleared: one of an older step is known
 * by its item, which is of another step or, where its memory has a new item, perhaps of another link.
 */
// @ts-expect-error: decorator
@inline function headOf(link: Link): Item {
  const head = changetype<Item>(load<usize>(changetype<usize>(link) + asked));
  return some(head) && head.toldIn == askedStep && head.link == link ? head : none<Item>();
}

/** Notes that a vehicle will arrive at the link of its plan's item. */
export function register(item: Item, v: Vehicle): void {
  const link = item.link;
  const head = changetype<Item>(load<usize>(changetype<usize>(link) + told));
  item.vehicle = v;
  item.waiting = v.waiting;
  if (item.leaveSpeed < 0) item.leaveSpeed = item.pass;
  item.leaveTime = leaveTime(link, item.arrivalTime, item.arrivalSpeed, item.leaveSpeed, v.type.length);
  item.nextAtLink = some(head) && head.toldIn == steps && head.link == link ? head : none<Item>();
  item.toldIn = steps;
  store<usize>(changetype<usize>(link) + told, changetype<usize>(item));
}

/** When the vehicle's back has left the path of the link. */
// @ts-expect-error: decorator
@inline function leaveTime(link: Link, arrival: f64, arrivalSpeed: f64, leaveSpeed: f64, length: f64): f64 {
  const mean = 0.5 * (arrivalSpeed + leaveSpeed);
  return arrival + (link.length + length) / max(mean, numericEpsilon);
}

/** True where the asker may pass `link` as planned. */
export function isOpen(link: Link): bool {
  const letter = link.state;
  if (isRed(letter)) return false;
  if (link.continuation) return true;
  const entryLetter: u8 = link.internalJunction ? link.entry.state : 0;
  if ((hasPriority(letter) || entryLetter == greenMajorLetter) && letter != zipperLetter) return true;
  if ((letter == stopLetter || letter == allWayStopLetter) && asker.waiting == 0) return false;
  return !meetsFoe(link, isRed(entryLetter));
}

/** True where somebody who will pass `link` is in the asker's way, whoever has the right of way. */
export function hasFoe(link: Link): bool {
  return meetsFoe(link, false);
}

/** True where a foe is in the way; `stuckFoesPass`: those who stand are not. */
function meetsFoe(link: Link, stuckFoesPass: bool): bool {
  asker.leave = leaveTime(link, asker.arrivalTime, asker.arrivalSpeed, asker.leaveSpeed, asker.length);
  for (let i = 0; i < <i32>link.yieldsToCount; i++) {
    const foe = pointerAt<Link>(link.yieldsTo, i);
    if (some(headOf(foe)) && isBlocked(foe, link.to == foe.to, stuckFoesPass)) return true;
  }
  return false;
}

/** The foe of `link` that is nearest and will pass: its link; `around` if it comes from the same lane. */
export function nearestFoe(link: Link, around: Link): Link {
  let nearest = never;
  let result = none<Link>();
  for (let i = 0; i < <i32>link.yieldsToCount; i++) {
    const foe = pointerAt<Link>(link.yieldsTo, i);
    const front = frontOf(foe);
    if (!some(front)) continue;
    if (foe.from == around.from) return around;
    if (front.distance >= nearest) continue;
    nearest = front.distance;
    if (front.request) result = foe;
  }
  return result;
}

/** The one nearest to `link`: those behind it cannot be a way round one that does not ask to pass. */
function frontOf(link: Link): Item {
  let front = headOf(link);
  if (!some(front)) return front;
  for (let e = front.nextAtLink; some(e); e = e.nextAtLink) if (e.distance < front.distance) front = e;
  return front;
}

/** True where one who approaches foe link `foe` is in the way. */
function isBlocked(foe: Link, sameTarget: bool, stuckFoesPass: bool): bool {
  for (let e = headOf(foe); some(e); e = e.nextAtLink) {
    if (e.vehicle == asker.vehicle || !e.request) continue;
    if (stuckFoesPass && e.vehicle.speed <= haltingSpeed) continue;
    if (blocks(foe, e, sameTarget)) return true;
  }
  return false;
}

function blocks(foe: Link, e: Item, sameTarget: bool): bool {
  const arrival = asker.arrivalTime;
  if (foe.state == allWayStopLetter) {
    if (asker.waiting > e.waiting) return false;
    if (asker.waiting == e.waiting && arrival < e.arrivalTime) return false;
  }
  const foeDeceleration = e.vehicle.type.deceleration;
  let foeArrival = e.arrivalTime;
  let brakingSpeed = e.brakingSpeed;
  if (asker.impatience > 0 && arrival < foeArrival) {
    brakeFor(e, foeDeceleration);
    brakingSpeed = pushedSpeed;
    foeArrival = (1 - asker.impatience) * foeArrival + asker.impatience * pushedTime;
  }
  if (e.leaveTime < arrival) {
    if (!sameTarget) return false;
    return (
      arrival - e.leaveTime < asker.timeGap ||
      unsafeMerge(e.leaveSpeed, asker.arrivalSpeed, foeDeceleration, asker.deceleration)
    );
  }
  if (foeArrival > asker.leave + asker.timeGap)
    return sameTarget && unsafeMerge(asker.leaveSpeed, brakingSpeed, asker.deceleration, foeDeceleration);
  return true;
}

let pushedTime: f64 = 0;
let pushedSpeed: f64 = 0;

/** When and how fast a foe would arrive that brakes for an impatient driver. */
function brakeFor(e: Item, foeDeceleration: f64): void {
  const arrival = asker.arrivalTime;
  const foeArrival = e.arrivalTime;
  pushedTime = foeArrival;
  pushedSpeed = e.brakingSpeed;
  if (Math.floor(arrival / stepSeconds) == Math.floor(foeArrival / stepSeconds)) return;
  const m = foeDeceleration * asker.impatience;
  const dt = foeArrival - arrival;
  const d = dt * m;
  const a = (dt * d) * 0.5;
  const v = e.distance / (foeArrival - now + stepSeconds);
  const left = e.distance - v * (arrival - now);
  if ((0.5 * v * v) / m <= left) {
    pushedTime = foeArrival + 30;
    pushedSpeed = 0;
    return;
  }
  const x = (Math.sqrt(max<f64>(0, 4 * (v - d) * (v - d) - 8 * m * a)) * -0.5 - d + v) / m;
  pushedTime = foeArrival + x;
  pushedSpeed = v - (dt + x) * m;
}

/** True where a follower could not brake behind a leader who merges in front. */
function unsafeMerge(leaderSpeed: f64, followerSpeed: f64, leaderBrakes: f64, followerBrakes: f64): bool {
  return (leaderSpeed * leaderSpeed) / leaderBrakes <= (followerSpeed * followerSpeed) / followerBrakes;
}
