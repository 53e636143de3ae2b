// The world of one run: the tables of streets and vehicles, who is where, and the questions that more than one rule asks.
// Must not: decide what a vehicle does.

import { impatienceSeconds, never } from './constants';
import {
  allocate,
  Body,
  bodyAt,
  Edge,
  furtherMost,
  Lane,
  LaneWay,
  Link,
  none,
  pointerAt,
  rowOf,
  some,
  Vehicle,
} from './records';
import { recordAt } from './ways';

export let now: f64 = 0;
export let steps: i32 = 0;
export let seed: i32 = 0;
/** How many vehicles stand at halts. */
export let haltedCount: i32 = 0;

export function setClock(seconds: f64, step: i32): void {
  now = seconds;
  steps = step;
}

export function setSeed(value: i32): void {
  seed = value;
}

export function countHalted(by: i32): void {
  haltedCount += by;
}

// Lanes in use.

let lanes: usize = 0;
let laneCount: i32 = 0;
/** One bit a lane: somebody is on it. */
let used: usize = 0;
let usedWords: i32 = 0;
/** Lanes that had vehicles at the last `tidy`, pointers in the order of the network. */
let active: usize = 0;
export let activeCount: i32 = 0;

export function setLanes(first: usize, count: i32): void {
  lanes = first;
  laneCount = count;
  usedWords = (count + 63) >> 6;
  used = allocate(<usize>usedWords << 3);
  active = allocate(<usize>count << 2);
  bodyLanes = allocate(<usize>count << 2);
}

// @ts-expect-error: decorator
@inline export function activeLane(i: i32): Lane {
  return pointerAt<Lane>(active, i);
}

/** Notes which lanes have vehicles. */
export function tidy(): void {
  let count = 0;
  for (let w = 0; w < usedWords; w++) {
    let bits = load<u64>(used + (<usize>w << 3));
    while (bits != 0) {
      const lane = rowOf<Lane>(lanes, (w << 6) + <i32>ctz(bits));
      bits &= bits - 1;
      store<usize>(active + (<usize>count << 2), changetype<usize>(lane));
      count += 1;
    }
  }
  activeCount = count;
}

function markUsed(lane: Lane, isUsed: bool): void {
  const at = used + (<usize>(lane.row >> 6) << 3);
  const bit: u64 = 1 << <u64>(lane.row & 63);
  store<u64>(at, isUsed ? load<u64>(at) | bit : load<u64>(at) & ~bit);
  if (lane.internal) occupy(lane);
}

/** Tells the junction of an internal lane whether anybody is on it or reaches back onto it. */
function occupy(lane: Lane): void {
  const junction = lane.junction;
  if (!some(junction)) return;
  junction.occupied = isFree(lane) ? junction.occupied & ~lane.bit : junction.occupied | lane.bit;
}

/** Puts `v` on the list of its lane, before `behind` (nobody: as the last one). */
export function chain(lane: Lane, v: Vehicle, behind: Vehicle): void {
  const ahead = some(behind) ? behind.ahead : lane.last;
  v.ahead = ahead;
  v.behind = behind;
  if (some(ahead)) ahead.behind = v;
  else lane.front = v;
  if (some(behind)) behind.ahead = v;
  else lane.last = v;
  lane.count += 1;
  if (lane.count == 1) markUsed(lane, true);
}

/** Puts vehicle v on the list of its lane, where its position belongs. */
export function enlist(v: Vehicle): void {
  const lane = v.lane;
  let ahead = lane.last;
  let behind = none<Vehicle>();
  while (some(ahead) && ahead.position < v.position) {
    behind = ahead;
    ahead = ahead.ahead;
  }
  chain(lane, v, behind);
  lane.brutto = lane.brutto + v.type.length + v.type.minGap;
}

/** Takes v off the list of lane `lane`. */
export function delist(lane: Lane, v: Vehicle): void {
  const ahead = v.ahead;
  const behind = v.behind;
  if (some(ahead)) ahead.behind = behind;
  else lane.front = behind;
  if (some(behind)) behind.ahead = ahead;
  else lane.last = ahead;
  lane.count -= 1;
  // Rounding must not leave a crumb on an empty lane.
  if (lane.count == 0) {
    lane.brutto = 0;
    markUsed(lane, false);
  } else lane.brutto = lane.brutto - v.type.length - v.type.minGap;
}

/** True where nobody is on the lane, nor reaches back onto it. */
// @ts-expect-error: decorator
@inline export function isFree(lane: Lane): bool {
  return lane.count == 0 && !some(lane.body);
}

// Questions.

/** What vehicle v would drive on a lane by its type and its view of the limit. */
// @ts-expect-error: decorator
@inline export function laneSpeed(lane: Lane, v: Vehicle): f64 {
  const wish = lane.limit * v.speedFactor;
  const most = v.type.maxSpeed;
  return wish < most ? wish : most;
}

export function impatience(v: Vehicle): f64 {
  const raw = v.type.impatience + v.waiting / impatienceSeconds;
  return raw < 0 ? 0 : raw > 1 ? 1 : raw;
}

/** Where the back of vehicle v is, in metres along lane l, which it is on or reaches back onto. */
// @ts-expect-error: decorator
@inline export function backOn(v: Vehicle, l: Lane): f64 {
  const back = v.position - v.type.length;
  return v.lane == l ? back : backOver(v, l, back);
}

function backOver(v: Vehicle, l: Lane, front: f64): f64 {
  let back = front;
  for (let i = 0; i < v.furtherCount; i++) {
    const over = bodyAt(v, i).lane;
    back += over.length;
    if (over == l) return back;
  }
  return back;
}

/** The lane the back of vehicle v is on. */
export function backLane(v: Vehicle): Lane {
  return v.furtherCount == 0 ? v.lane : bodyAt(v, v.furtherCount - 1).lane;
}

/** The last vehicle on lane l or, if none is, the one whose body reaches back farthest over it. Not `self`. */
// @ts-expect-error: decorator
@inline export function lastOn(l: Lane, self: Vehicle): Vehicle {
  return some(l.last) ? l.last : some(l.body) ? bodyOn(l, self) : none<Vehicle>();
}

/** The vehicle whose body reaches back farthest onto lane l. Not `self`. */
export function bodyOn(l: Lane, self: Vehicle): Vehicle {
  let best = none<Vehicle>();
  let bestBack = never;
  for (let entry = l.body; some(entry); entry = entry.next) {
    if (entry.vehicle == self) continue;
    const back = backOn(entry.vehicle, l);
    if (back < bestBack) {
      bestBack = back;
      best = entry.vehicle;
    }
  }
  return best;
}

// Bodies that reach back over lanes.

/** Lanes that bodies reach back onto. */
let bodyLanes: usize = 0;
let bodyLaneCount: i32 = 0;

/** Forgets whose bodies reach back where. */
export function forgetBodies(): void {
  for (let i = 0; i < bodyLaneCount; i++) {
    const lane = pointerAt<Lane>(bodyLanes, i);
    lane.body = none<Body>();
    if (lane.internal) occupy(lane);
  }
  bodyLaneCount = 0;
}

/** Vehicles whose bodies reach back, by the last move or lane change. */
let reaching: usize = 0;
let reachingCount: i32 = 0;
let reachingRoom: i32 = 0;

/** Nobody reaches back until it is said of them. */
export function clearReaching(): void {
  reachingCount = 0;
}

/** The body of v reaches back over a lane since this step. */
export function noteReaching(v: Vehicle): void {
  if (reachingCount == reachingRoom) {
    reachingRoom = max<i32>(256, reachingRoom * 2);
    const grown = allocate(<usize>reachingRoom << 2);
    memory.copy(grown, reaching, <usize>reachingCount << 2);
    reaching = grown;
  }
  store<usize>(reaching + (<usize>reachingCount << 2), changetype<usize>(v));
  reachingCount += 1;
}

/** Notes anew whose bodies reach back over which lanes. */
export function noteBodies(): void {
  forgetBodies();
  for (let i = 0; i < reachingCount; i++) noteBody(pointerAt<Vehicle>(reaching, i));
}

export function noteBody(v: Vehicle): void {
  for (let i = 0; i < v.furtherCount; i++) {
    const entry = bodyAt(v, i);
    const lane = entry.lane;
    if (!some(lane.body)) {
      store<usize>(bodyLanes + (<usize>bodyLaneCount << 2), changetype<usize>(lane));
      bodyLaneCount += 1;
    }
    entry.vehicle = v;
    entry.next = lane.body;
    lane.body = entry;
    if (lane.internal) occupy(lane);
  }
}

/** Works out over which lanes the body of v reaches back, following the lanes before along its way. */
export function layBody(v: Vehicle): void {
  let rest = v.type.length - v.position;
  let count = 0;
  let lane = v.lane;
  let index = v.routeIndex;
  while (rest > 0 && count < furtherMost) {
    const before = lane.internal ? lane.before : laneBefore(lane, v, index);
    if (!some(before)) break;
    if (!lane.internal) index -= 1;
    bodyAt(v, count).lane = before;
    count += 1;
    rest -= before.length;
    lane = before;
  }
  v.furtherCount = count;
}

/** The lane before normal lane `lane` that comes from the edge before in the route, or from straight ahead. */
function laneBefore(lane: Lane, v: Vehicle, index: i32): Lane {
  for (let i = 0; i < lane.incomingCount; i++) {
    const link = pointerAt<Link>(lane.incoming, i);
    const from = link.from;
    if (index > 0 && from.normalBefore.edge == pointerAt<Edge>(v.way.edges, index - 1)) return from;
    // Who begins at the start of an edge has come from straight ahead.
    if (index <= 0 && link.entry.straight) return from;
  }
  return none<Lane>();
}

// The way ahead.

/** The record of the way of vehicle v for its edge, or inside a junction for the next one. */
// @ts-expect-error: decorator
@inline export function recordOf(v: Vehicle): usize {
  if (v.record == 0) v.record = recordAt(v.way, v.routeIndex + (v.lane.internal ? 1 : 0));
  return v.record;
}

/** What lane number `j` leads to, of the edge whose record is `record`. */
// @ts-expect-error: decorator
@inline export function laneWay(record: usize, j: i32): LaneWay {
  return rowOf<LaneWay>(record, j);
}

/** The link behind the `view`-th edge from here; nothing: the lane leads no further along the route. */
// @ts-expect-error: decorator
@inline export function linkAt(record: usize, j: i32, view: i32): Link {
  const way = laneWay(record, j);
  return view < way.linkCount ? pointerAt<Link>(way.links, view) : none<Link>();
}

