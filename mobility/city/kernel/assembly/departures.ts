// Who waits to come onto the road: departures in their order, each with the lane, place and speed it wishes to begin with.
// SUMO's departLane, departPos and departSpeed.
// Must not: judge whether there is room (insertion.ts does).

import { positionEpsilon } from './constants';
import { secureGap } from './following';
import { forgetHopeless, haltHere, hopeless, insertAt, insertFreely } from './insertion';
import { departLanePurpose, departPlacePurpose, departSpeedPurpose, drawUniform } from './random';
import { allocate, Edge, Lane, none, pointerAt, rowOf, some, Vehicle, Way } from './records';
import { haltIndexOf } from './ways';
import { giveUp, newVehicle } from './vehicles';
import { backOn, laneSpeed, laneWay, lastOn, recordOf, seed, steps } from './world';

// How a departure chooses its lane; 0 and above: that lane.
const firstLane: i32 = -1;
const freeLane: i32 = -2;
const allowedLane: i32 = -3;
const bestLane: i32 = -4;
const randomLane: i32 = -5;
// How it chooses its place and its speed.
const givenPlace: i32 = 0;
const basePlace: i32 = 1;
const freePlace: i32 = 2;
const lastPlace: i32 = 3;
const randomPlace: i32 = 4;
const randomFreePlace: i32 = 5;
const givenSpeed: i32 = 0;
const limitSpeed: i32 = 1;
const randomSpeed: i32 = 2;
const desiredSpeed: i32 = 3;
const maxSpeed: i32 = 4;
const lastSpeed: i32 = 5;

/** Beyond so many metres of way all lanes are good enough to begin on. */
const bestLaneMeters: f64 = 3000;
const randomTries: i32 = 10;

@unmanaged
class Departure {
  speedFactor: f64;
  /** Metres along the last edge at which it arrives. */
  arrival: f64;
  place: f64;
  speed: f64;
  way: Way;
  row: i32;
  laneChoice: i32;
  placeChoice: i32;
  speedChoice: i32;
  nextWaiting: Departure;
}

let firstWaiting: Departure = none<Departure>();
let lastWaiting: Departure = none<Departure>();
export let waitingCount: i32 = 0;
/** Records of departures that have come in, to be used again. */
let spare: Departure = none<Departure>();
/** Rows of those who came in, in this step. */
export let inserted: usize = 0;
export let insertedCount: i32 = 0;
let insertedRoom: i32 = 0;
/** Rows of those who gave up in this step: at their speed they could not come in at any time. */
export let skipped: usize = 0;
export let skippedCount: i32 = 0;
let skippedRoom: i32 = 0;

/** A departure that waits from now on, behind all others. */
export function newDeparture(): Departure {
  let departure = spare;
  if (some(departure)) spare = departure.nextWaiting;
  else departure = changetype<Departure>(allocate(offsetof<Departure>()));
  departure.nextWaiting = none<Departure>();
  if (some(lastWaiting)) lastWaiting.nextWaiting = departure;
  else firstWaiting = departure;
  lastWaiting = departure;
  waitingCount += 1;
  return departure;
}

/** Lets in who finds room, and sends away whom no room would help. */
export function insertWaiting(): void {
  insertedCount = 0;
  skippedCount = 0;
  let before = none<Departure>();
  for (let departure = firstWaiting; some(departure); ) {
    const next = departure.nextWaiting;
    forgetHopeless();
    if (tryInsert(departure)) noteInserted(departure.row);
    else if (hopeless) noteSkipped(departure.row);
    else {
      before = departure;
      departure = next;
      continue;
    }
    if (some(before)) before.nextWaiting = next;
    else firstWaiting = next;
    if (!some(next)) lastWaiting = before;
    departure.nextWaiting = spare;
    spare = departure;
    waitingCount -= 1;
    departure = next;
  }
}

function noteInserted(row: i32): void {
  if (insertedCount == insertedRoom) {
    insertedRoom = max<i32>(64, insertedRoom * 2);
    const grown = allocate(<usize>insertedRoom << 2);
    memory.copy(grown, inserted, <usize>insertedCount << 2);
    inserted = grown;
  }
  store<i32>(inserted + (<usize>insertedCount << 2), row);
  insertedCount += 1;
}

function noteSkipped(row: i32): void {
  if (skippedCount == skippedRoom) {
    skippedRoom = max<i32>(64, skippedRoom * 2);
    const grown = allocate(<usize>skippedRoom << 2);
    memory.copy(grown, skipped, <usize>skippedCount << 2);
    skipped = grown;
  }
  store<i32>(skipped + (<usize>skippedCount << 2), row);
  skippedCount += 1;
}

function tryInsert(departure: Departure): bool {
  const edge = pointerAt<Edge>(departure.way.edges, 0);
  if (edge.failedIn == steps) return false;
  const v = newVehicle();
  v.departure = departure.row;
  v.way = departure.way;
  v.type = departure.way.type;
  v.speedFactor = departure.speedFactor;
  v.haltIndex = haltIndexOf(departure.way);
  v.lastIndex = departure.way.count - 1;
  v.arrival = departure.arrival;
  if (place(v, departure, edge)) return true;
  giveUp(v);
  edge.failedIn = steps;
  return false;
}

function place(v: Vehicle, departure: Departure, edge: Edge): bool {
  const lane = chooseLane(v, departure, edge);
  if (!some(lane)) return false;
  const speed = chooseSpeed(v, departure, lane);
  const choice = departure.speedChoice;
  const slower = choice == randomSpeed || choice == maxSpeed || choice == lastSpeed;
  switch (departure.placeChoice) {
    case freePlace:
      return insertFreely(v, lane, speed, 0);
    case lastPlace:
      return insertLast(v, lane, speed, slower);
    case randomPlace:
    case randomFreePlace:
      return insertRandomly(v, lane, speed, slower, departure.placeChoice == randomFreePlace);
    case givenPlace: {
      const at = departure.place < 0 ? departure.place + lane.length : departure.place;
      return insertAt(v, lane, min(at, lane.length), speed, slower);
    }
    default:
      return insertAt(v, lane, min(basePosition(v, lane), lane.length), speed, slower);
  }
}

function basePosition(v: Vehicle, lane: Lane): f64 {
  const base = min(v.type.length + positionEpsilon, lane.length);
  const halt = haltHere(v);
  return some(halt) ? min(base, max<f64>(0, halt.end)) : base;
}

function insertLast(v: Vehicle, lane: Lane, speed: f64, slower: bool): bool {
  const last = lastOn(lane, none<Vehicle>());
  const base = basePosition(v, lane);
  if (!some(last)) return insertAt(v, lane, base, speed, slower);
  const needed = secureGap(v.type, speed, last.speed, last.type.deceleration) + v.type.minGap;
  const position = backOn(last, lane) - needed;
  return position >= base && insertAt(v, lane, position, speed, slower);
}

/** Every attempt draws a place of its own, also one of a later step: who drew one without room must not wait there. */
function insertRandomly(v: Vehicle, lane: Lane, speed: f64, slower: bool, orFree: bool): bool {
  const tries = orFree ? randomTries : 1;
  for (let i = 0; i < tries; i++) {
    const drawn = drawUniform(seed + i, v.departure, steps, departPlacePurpose);
    if (insertAt(v, lane, drawn * lane.length, speed, slower)) return true;
  }
  return orFree && insertFreely(v, lane, speed, 0);
}

function chooseSpeed(v: Vehicle, departure: Departure, lane: Lane): f64 {
  const wish = laneSpeed(lane, v);
  switch (departure.speedChoice) {
    case givenSpeed:
      return departure.speed;
    case limitSpeed:
      return lane.limit;
    case randomSpeed:
      return drawUniform(seed, v.departure, steps, departSpeedPurpose) * wish;
    case lastSpeed: {
      const last = lastOn(lane, none<Vehicle>());
      return some(last) ? min(wish, last.speed) : wish;
    }
    default:
      return wish;
  }
}

// The lane to begin on; nothing: none is allowed.

function chooseLane(v: Vehicle, departure: Departure, edge: Edge): Lane {
  const choice = departure.laneChoice;
  const lanes = edge.lanes;
  if (choice >= 0) return choice < lanes ? laneOf(edge, choice) : none<Lane>();
  const bit = v.type.permission;
  let allowed = 0;
  let first = none<Lane>();
  for (let j = 0; j < lanes; j++) {
    if ((laneOf(edge, j).permissions & bit) == 0) continue;
    if (allowed == 0) first = laneOf(edge, j);
    allowed += 1;
  }
  if (choice == firstLane || allowed < 2) return first;
  if (choice == randomLane) {
    const drawn = drawUniform(seed, v.departure, steps, departLanePurpose);
    return allowedAt(edge, bit, <i32>Math.floor(drawn * <f64>allowed));
  }
  if (choice == freeLane) return freest(edge, v, -1, false);
  v.lane = first;
  const record = recordOf(v);
  if (choice == allowedLane) {
    const leads = v.way.count == 1;
    const leading = freest(edge, v, -1, !leads);
    return some(leading) ? leading : freest(edge, v, -1, false);
  }
  let longest: f64 = -1;
  for (let j = 0; j < lanes; j++)
    if (laneOf(edge, j).permissions & bit) longest = max(longest, laneWay(record, j).length);
  return freest(edge, v, min(bestLaneMeters, longest), false);
}

// @ts-expect-error: decorator
@inline function laneOf(edge: Edge, j: i32): Lane {
  return rowOf<Lane>(changetype<usize>(edge.firstLane), j);
}

/** The `n`-th lane of an edge that the permission allows. */
function allowedAt(edge: Edge, bit: u32, n: i32): Lane {
  let left = n;
  for (let j = 0; j < edge.lanes; j++) {
    if ((laneOf(edge, j).permissions & bit) == 0) continue;
    if (left == 0) return laneOf(edge, j);
    left -= 1;
  }
  return none<Lane>();
}

/**
 * The allowed lane with the largest room at its beginning, of those whose way is at least `meters` long and, where
 * `onlyLeading`, leads on along the route; nothing: there is none.
 */
export function freest(edge: Edge, v: Vehicle, meters: f64, onlyLeading: bool): Lane {
  let best = none<Lane>();
  let first = none<Lane>();
  let bestGap: f64 = 0;
  for (let j = 0; j < edge.lanes; j++) {
    const lane = laneOf(edge, j);
    if ((lane.permissions & v.type.permission) == 0) continue;
    if (meters >= 0 && laneWay(recordOf(v), j).length < meters) continue;
    if (onlyLeading && laneWay(recordOf(v), j).linkCount == 0) continue;
    if (!some(first)) first = lane;
    const gap = some(lane.last) ? lane.last.position : lane.length;
    if (gap <= bestGap) continue;
    best = lane;
    bestGap = gap;
  }
  return some(best) ? best : first;
}
