// The hot loop of the city engine: a whole step over records in the memory of this module, and what TypeScript needs to
// fill it and to read it. AssemblyScript, built by ../build.mjs into ../kernel.generated.ts; compiled since the same rules
// in JavaScript box a double for each call and check each index.
// Must not: know of files, texts, or who watches.
//
// A step, for the instant `now` it leads to (signals have changed already, departures wait already):
//   1. everybody plans from the same state of the road    planner.ts, junction-leaders.ts, keep-clear.ts
//   2. everybody tells the links ahead what it plans      registration.ts, approaches.ts
//   3. everybody moves                                    mover.ts, halts.ts
//   4. who has stood too long is lifted                   teleports.ts
//   5. lanes are changed                                  lane-change/
//   6. new vehicles come in, lifted ones come back        departures.ts, insertion.ts, teleports.ts

import { beginApproaches, endApproaches } from './approaches';
import { insertWaiting, newDeparture } from './departures';
import { watchDetectors } from './detectors';
import { setStep } from './following';
import { turnItems } from './items';
import { changeAll } from './lane-change/lane-changer';
import { moveAll } from './mover';
import { planLane } from './planner';
import { allocate, some, Vehicle, Way } from './records';
import { landAll, liftAll, setTeleports } from './teleports';
import { freeGivenUp, giveUp, orderVehicles, vehicleCount } from './vehicles';
import { forgetWay } from './way-ahead';
import { trimRecords } from './ways';
import {
  activeCount,
  activeLane,
  noteBodies,
  setClock,
  setSeed,
  tidy,
} from './world';

export {
  makeHalts,
  makeTables,
  maskFoes,
  newList,
  newWay,
  referEdges,
  referLinks,
  setConflict,
  setEdge,
  setHalt,
  setJunction,
  setLane,
  setLaneLists,
  setLanePath,
  setLetter,
  setLink,
  setLinkFoes,
  setType,
  setTypeHabits,
} from './tables';
export { newDetector, lastSeenOn } from './detectors';
export { inserted, insertedCount, skipped, skippedCount, waitingCount } from './departures';
export { gone, goneCount, inAir, teleportCount } from './teleports';
export { expectVehicles, vehicleCount } from './vehicles';

/** Rows of departures that arrived in the last step. */
export let arrived: usize = 0;
export let arrivedCount: i32 = 0;
let arrivedRoom: i32 = 0;

/** To be called first. */
export function begin(stepSeconds: f64, seed: i32, teleportAfterSeconds: f64): void {
  setStep(stepSeconds);
  setSeed(seed);
  setTeleports(teleportAfterSeconds);
}

/** Somebody waits to come onto the road from now on; choices as departures.ts numbers them. */
export function depart(
  row: i32,
  way: Way,
  speedFactor: f64,
  arrival: f64,
  laneChoice: i32,
  placeChoice: i32,
  place: f64,
  speedChoice: i32,
  speed: f64,
): void {
  const departure = newDeparture();
  departure.row = row;
  departure.way = way;
  departure.speedFactor = speedFactor;
  departure.arrival = arrival;
  departure.laneChoice = laneChoice;
  departure.placeChoice = placeChoice;
  departure.place = place;
  departure.speedChoice = speedChoice;
  departure.speed = speed;
}

/** Vehicles are put in the order of the lanes in memory every so many steps. */
const orderSteps: i32 = 8;

/** One step, number `steps`, to the instant `seconds`. */
export function step(seconds: f64, steps: i32): void {
  setClock(seconds, steps);
  if (trimRecords()) forgetRecords();
  if (steps % orderSteps == 0) orderVehicles();
  turnItems();
  beginApproaches();
  for (let i = 0; i < activeCount; i++) planLane(activeLane(i));
  endApproaches();
  freeGivenUp();
  takeOut(moveAll());
  liftAll();
  tidy();
  noteBodies();
  changeAll();
  noteBodies();
  insertWaiting();
  landAll();
  tidy();
  watchDetectors();
  show();
}

/** All records of ways were forgotten: nobody may go on holding one. */
function forgetRecords(): void {
  for (let i = 0; i < activeCount; i++) for (let v = activeLane(i).front; some(v); v = v.behind) forgetWay(v);
}

/** Gives up those who have arrived, a chain, and notes their departures. */
function takeOut(first: Vehicle): void {
  arrivedCount = 0;
  for (let v = first; some(v); ) {
    const next = v.ahead;
    if (arrivedCount == arrivedRoom) {
      arrivedRoom = max<i32>(64, arrivedRoom * 2);
      const grown = allocate(<usize>arrivedRoom << 2);
      memory.copy(grown, arrived, <usize>arrivedCount << 2);
      arrived = grown;
    }
    store<i32>(arrived + (<usize>arrivedCount << 2), v.departure);
    arrivedCount += 1;
    giveUp(v);
    v = next;
  }
}

// What is shown of the vehicles: columns, row i being one vehicle.
export let shownDeparture: usize = 0;
export let shownLane: usize = 0;
export let shownPosition: usize = 0;
export let shownSpeed: usize = 0;
export let shownIndex: usize = 0;
export let shownCount: i32 = 0;
export let shownRoom: i32 = 0;

function growShown(): void {
  shownRoom = max<i32>(256, vehicleCount * 2);
  const room = <usize>shownRoom;
  shownDeparture = allocate(room << 2);
  shownLane = allocate(room << 2);
  shownIndex = allocate(room << 2);
  shownPosition = allocate(room << 3);
  shownSpeed = allocate(room << 3);
}

function show(): void {
  if (vehicleCount > shownRoom) growShown();
  let count: usize = 0;
  for (let i = 0; i < activeCount; i++) {
    const lane = activeLane(i);
    for (let v = lane.front; some(v); v = v.behind) {
      store<i32>(shownDeparture + (count << 2), v.departure);
      store<i32>(shownLane + (count << 2), lane.row);
      store<i32>(shownIndex + (count << 2), v.routeIndex);
      store<f64>(shownPosition + (count << 3), v.position);
      store<f64>(shownSpeed + (count << 3), v.speed);
      count += 1;
    }
  }
  shownCount = <i32>count;
}
