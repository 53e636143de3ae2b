// Vehicles that stand for too long are taken off the road and put back on a later edge where there is room, so that a
// deadlock does not hold a whole city. SUMO 1.15's --time-to-teleport and MSVehicleTransfer.
// Must not: hide that it happened; teleports are counted.

import { freest } from './departures';
import { insertFreely } from './insertion';
import { allocate, Edge, Lane, none, pointerAt, rowOf, some, Vehicle, vehicleBytes } from './records';
import { haltIndexOf } from './ways';
import { giveUp, newVehicle } from './vehicles';
import { activeCount, activeLane, delist, laneSpeed, now } from './world';

/** Slower than this, m/s, nobody travels through the air. */
const leastSpeed: f64 = 1;

/** A vehicle that is off the road; `before`: as it was there. */
@unmanaged
class Transfer {
  proceedAt: f64;
  before: Vehicle;
  routeIndex: i32;
  next: Transfer;
}

let first: Transfer = none<Transfer>();
let last: Transfer = none<Transfer>();

/** How many are off the road now, and have been. */
export let inAir: i32 = 0;
export let teleportCount: i32 = 0;
let afterSeconds: f64 = 0;
/** Rows of those who came past their last edge in this step. */
export let gone: usize = 0;
export let goneCount: i32 = 0;
let goneRoom: i32 = 0;

export function setTeleports(seconds: f64): void {
  afterSeconds = seconds;
}

/** Takes off the road the first moving vehicle of every lane if it has waited too long. */
export function liftAll(): void {
  if (afterSeconds <= 0) return;
  for (let i = 0; i < activeCount; i++) {
    const lane = activeLane(i);
    let v = lane.front;
    while (some(v) && v.halted) v = v.behind;
    if (!some(v) || v.waiting <= afterSeconds) continue;
    delist(lane, v);
    lift(v);
  }
}

function lift(v: Vehicle): void {
  const transfer = changetype<Transfer>(allocate(offsetof<Transfer>()));
  // A record of its own, which no other vehicle takes while it is off the road.
  const before = changetype<Vehicle>(allocate(vehicleBytes));
  before.departure = v.departure;
  before.type = v.type;
  before.speedFactor = v.speedFactor;
  before.way = v.way;
  before.lastIndex = v.lastIndex;
  before.arrival = v.arrival;
  transfer.before = before;
  transfer.routeIndex = v.routeIndex + 1;
  transfer.proceedAt = -1;
  if (some(last)) last.next = transfer;
  else first = transfer;
  last = transfer;
  teleportCount += 1;
  inAir += 1;
  giveUp(v);
}

/** Puts vehicles back where there is room; `gone` are those that came past their last edge. */
export function landAll(): void {
  goneCount = 0;
  let before = none<Transfer>();
  for (let one = first; some(one); one = one.next) {
    if (staysInAir(one)) {
      before = one;
      continue;
    }
    if (some(before)) before.next = one.next;
    else first = one.next;
    if (one == last) last = before;
    inAir -= 1;
  }
}

function noteGone(departure: i32): void {
  if (goneCount == goneRoom) {
    goneRoom = max<i32>(64, goneRoom * 2);
    const grown = allocate(<usize>goneRoom << 2);
    memory.copy(grown, gone, <usize>goneCount << 2);
    gone = grown;
  }
  store<i32>(gone + (<usize>goneCount << 2), departure);
  goneCount += 1;
}

function staysInAir(one: Transfer): bool {
  const before = one.before;
  if (one.routeIndex > before.lastIndex) {
    noteGone(before.departure);
    return false;
  }
  const v = newVehicle();
  v.departure = before.departure;
  v.type = before.type;
  v.speedFactor = before.speedFactor;
  v.way = before.way;
  v.lastIndex = before.lastIndex;
  v.arrival = before.arrival;
  v.routeIndex = one.routeIndex;
  v.haltIndex = haltIndexOf(before.way);
  if (land(v)) return false;
  giveUp(v);
  if (one.proceedAt < 0) one.proceedAt = now + travelSeconds(pointerAt<Edge>(before.way.edges, one.routeIndex));
  else if (one.proceedAt < now) {
    one.routeIndex += 1;
    one.proceedAt = -1;
  }
  return true;
}

function land(v: Vehicle): bool {
  const edge = pointerAt<Edge>(v.way.edges, v.routeIndex);
  v.lane = edge.firstLane;
  const lane = freest(edge, v, -1, v.routeIndex != v.lastIndex);
  if (!some(lane)) return false;
  return insertFreely(v, lane, laneSpeed(lane, v), min(lane.length, v.type.length));
}

/** How long an edge takes now, by the mean speed on it. */
function travelSeconds(edge: Edge): f64 {
  let sum: f64 = 0;
  let count = 0;
  for (let j = 0; j < edge.lanes; j++) {
    const lane = rowOf<Lane>(changetype<usize>(edge.firstLane), j);
    for (let v = lane.front; some(v); v = v.behind) sum += v.speed;
    count += lane.count;
  }
  const mean = count == 0 ? edge.firstLane.limit : sum / <f64>count;
  return edge.firstLane.length / max(leastSpeed, mean);
}
