// The records of vehicles: new ones, those given up, and putting all in the order of the lanes, so that neighbours on the
// road are neighbours in memory.
// Must not: hold rules of driving.

import { never, noHalt } from './constants';
import { allocate, Item, Lane, none, rowOf, some, Vehicle, vehicleBytes } from './records';
import { activeCount, activeLane, forgetBodies, noteBody } from './world';

/** How many vehicles are on the road. */
export let vehicleCount: i32 = 0;

/** Free records, a chain by `ahead`; those given up in this step may still be asked about at the links. */
let free: Vehicle = none<Vehicle>();
let givenUp: Vehicle = none<Vehicle>();
const vehiclesAtOnce: i32 = 256;

/** Records that have not been used yet: the next, and their end. */
let unused: usize = 0;
let unusedEnd: usize = 0;

/** A new vehicle, all zero but what has not happened yet. */
export function newVehicle(): Vehicle {
  let v = free;
  if (some(v)) free = v.ahead;
  else {
    if (unused == unusedEnd) {
      unused = allocate(vehicleBytes * vehiclesAtOnce);
      unusedEnd = unused + vehicleBytes * vehiclesAtOnce;
    }
    v = changetype<Vehicle>(unused);
    unused += vehicleBytes;
  }
  memory.fill(changetype<usize>(v), 0, vehicleBytes);
  v.junctionEntry = never;
  v.junctionEntryNeverYield = never;
  v.conflictEntry = never;
  v.haltIndex = noHalt;
  vehicleCount += 1;
  return v;
}

/** Gives up the record of a vehicle that is on no lane. */
export function giveUp(v: Vehicle): void {
  v.lane = none<Lane>();
  v.furtherCount = 0;
  v.ahead = givenUp;
  givenUp = v;
  vehicleCount -= 1;
}

/** Nobody asks any more about vehicles given up until now. */
export function freeGivenUp(): void {
  while (some(givenUp)) {
    const v = givenUp;
    givenUp = v.ahead;
    v.ahead = free;
    free = v;
  }
}

/** Before the first vehicle: so many are expected at once. Memory that is never used costs nothing. */
export function expectVehicles(count: i32): void {
  blockRoom = count;
  block = allocate(vehicleBytes * count);
  unused = block;
  unusedEnd = block + vehicleBytes * count;
}

/** Fewer vehicles lie near each other anyway. */
const worthOrdering: i32 = 1000;
/** The block that holds the records in order, and the one they are copied to next; records each holds. */
let block: usize = 0;
let blockRoom: i32 = 0;
let spare: usize = 0;
let spareRoom: i32 = 0;

/**
 * Puts the records in the order of the lanes. To be called between two steps: those given up stay readable where they
 * were, since nothing is written there before the next time.
 */
export function orderVehicles(): void {
  if (vehicleCount < worthOrdering) return;
  if (spareRoom < vehicleCount + vehiclesAtOnce) {
    spareRoom = vehicleCount + (vehicleCount >> 2) + vehiclesAtOnce;
    spare = allocate(vehicleBytes * spareRoom);
  }
  let at = spare;
  for (let i = 0; i < activeCount; i++) at = copyLane(activeLane(i), at);
  forgetBodies();
  for (let place = spare; place < at; place += vehicleBytes) {
    const v = changetype<Vehicle>(place);
    if (v.furtherCount > 0) noteBody(v);
    for (let i = 0; i < v.planCount; i++) rowOf<Item>(changetype<usize>(v.plan), i).vehicle = v;
  }
  free = none<Vehicle>();
  givenUp = none<Vehicle>();
  unused = at;
  unusedEnd = spare + vehicleBytes * spareRoom;
  const used = spare;
  const usedRoom = spareRoom;
  spare = block;
  spareRoom = blockRoom;
  block = used;
  blockRoom = usedRoom;
}

/** Copies the vehicles of a lane to `at`. Returns the place behind them. */
function copyLane(lane: Lane, at: usize): usize {
  let last = none<Vehicle>();
  for (let v = lane.front; some(v); ) {
    const behind = v.behind;
    memory.copy(at, changetype<usize>(v), vehicleBytes);
    const copy = changetype<Vehicle>(at);
    copy.ahead = last;
    if (some(last)) last.behind = copy;
    else lane.front = copy;
    last = copy;
    v = behind;
    at += vehicleBytes;
  }
  last.behind = none<Vehicle>();
  lane.last = last;
  return at;
}
