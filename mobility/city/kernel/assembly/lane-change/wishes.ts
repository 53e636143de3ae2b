// Whether a driver wants to change to the lane beside: because its route goes on there, to help somebody, to drive
// faster, or to keep right. SUMO 1.15's lane-change model LC2013 (MSLCM_LC2013::_wantsChange); J. Erdmann, "Lane-changing
// model in SUMO", SUMO2014. Constants and their names are the model's. Here what the route demands; tactical.ts has the
// rest.
// Must not: change anybody's lane, or judge gaps (lane-changer.ts does both).

import { stepSeconds } from '../following';
import { some, Vehicle } from '../records';
import { endsInLinks, turnLaneMeters } from '../way-ahead';
import { haltedCount, laneWay } from '../world';
import { leftBit, rightBit, saidBits, stayBit, strategicBit, urgentBit, wantsChange } from './change-state';
import { prepareChange, slowForBlocked } from './helping';
import { look, lookBack, roomTaken } from './sight';
import { avoidsRight, tacticalWish } from './tactical';
import { view } from './view';

const lookForwardSeconds: f64 = 10;
const lookAheadMemory: f64 = 0.9;
const lookAheadLeft: f64 = 2;
const reactToStoppedMeters: f64 = 100;
const urgency: f64 = 2;
const unseenBlockerRight: f64 = 20;
const unseenBlockerLeft: f64 = 40;

// What the present question is about.
let said: i32 = 0;
let ownDistance: f64 = 0;
let besideDistance: f64 = 0;
let lookAhead: f64 = 0;
let toBest: bool = false;
let urgentRoom: f64 = 0;

/** The driver's wish and what stands against it, as bits of change-state.ts. */
export function ask(): i32 {
  measure();
  said = view.ego.changeState & saidBits;
  slowForBlocked();
  // Only vehicles that halt can keep a driver from staying where its route wants it: else nobody need be looked for.
  const anyHalts = haltedCount > 0;
  if (!anyHalts) {
    const strategic = strategicWish();
    if (strategic & stayBit) return strategic;
  }
  look();
  if (anyHalts) lookAheadToHalted();
  const strategic = strategicWish();
  if (strategic & stayBit) return strategic;
  if (strategic & urgentBit) {
    lookBack();
    prepareChange(remainingSeconds());
    return strategic;
  }
  const wish = strategic | tacticalWish(strategic, ownDistance, besideDistance, lookAhead, toBest);
  // Who does not want to go need not know who hinders; lane-changer.ts asks again where that may matter.
  if (wish & wantsChange) lookBack();
  return wish;
}

// Distances.

function measure(): void {
  const ego = view.ego;
  const t = ego.type;
  ownDistance = laneWay(view.record, view.lane.index).length;
  besideDistance = laneWay(view.record, view.beside.index).length;
  if (ego.haltIndex == ego.routeIndex) {
    const place = ego.position + ego.stopDistance - ego.lastMove;
    if (place < 1e9) {
      ownDistance = max(ownDistance, place);
      besideDistance = max(besideDistance, place);
    }
  }
  toBest = view.direction < 0 ? view.bestOffset < 0 : view.bestOffset > 0;
  rememberSpeed(ego);
  const forward = ego.lookAheadSpeed * lookForwardSeconds * t.strategic;
  lookAhead = forward * (view.direction < 0 ? 1 : lookAheadLeft) + 2 * t.room;
  if (t.strategic < 0) lookAhead = -1000;
}

/** Slower driving shortens the look ahead only gradually. */
export function rememberSpeed(ego: Vehicle): void {
  const speed = ego.speed;
  const known = ego.lookAheadSpeed;
  const kept = 1 - (1 - lookAheadMemory) * stepSeconds;
  ego.lookAheadSpeed = speed > known ? speed : max<f64>(0, kept * known + (1 - kept) * speed);
}

function lookAheadToHalted(): void {
  const left = ownDistance - view.ego.position;
  if (view.bestOffset == 0 && haltsWithin(view.leader, view.leaderGap, left)) {
    lookAhead = 0.5 * (view.ego.type.room + view.leader.type.room + view.leaderGap);
  } else if (
    view.bestOffset == view.direction &&
    haltsWithin(view.besideLeader, view.besideLeaderGap, left)
  ) {
    lookAhead = view.ego.type.room + view.besideLeader.type.room + view.besideLeaderGap;
  }
}

function haltsWithin(v: Vehicle, gap: f64, meters: f64): bool {
  return some(v) && v.halted && gap < meters;
}

function remainingSeconds(): f64 {
  const lanes = <f64>max<i32>(1, abs<i32>(view.bestOffset));
  const speed = max<f64>(view.ego.lookAheadSpeed, 0.001);
  return max(stepSeconds, urgentRoom / speed / lanes / urgency);
}

// Where the route demands something.

function strategicWish(): i32 {
  const ego = view.ego;
  const wanted = view.direction < 0 ? rightBit : leftBit;
  urgentRoom = ownDistance - ego.position;
  if (mustChangeSoon()) return urgently(said | wanted | strategicBit | urgentBit);
  if (mustOvertakeHalted()) {
    urgentRoom = view.leaderGap;
    return urgently(said | wanted | strategicBit | urgentBit);
  }
  const stay = said | stayBit | strategicBit;
  const leaderHalts = haltedCount > 0 && some(view.leader) && view.leader.halted;
  if (
    view.bestOffset == 0 &&
    !leaderHalts &&
    besideDistance < turnLaneMeters &&
    ego.type.strategic >= 0 &&
    endsInLinks(view.beside, laneWay(view.record, view.beside.index))
  )
    return stay;
  return couldNotReturn() ? stay : said;
}

/** The way to the lane of the route is nearly used up; jams on the best lane count as used. */
function mustChangeSoon(): bool {
  const bestOffset = view.bestOffset;
  if (!toBest || bestOffset != laneWay(view.record, view.lane.index).offset) return false;
  const needed = lookAhead * <f64>abs<i32>(bestOffset);
  return urgentRoom < needed || urgentRoom - roomTaken(bestOffset) < needed;
}

/** On the lane beside there would be too little way to come back in time. */
function couldNotReturn(): bool {
  let needed = view.bestOffset == 0 ? lookAhead * 0.5 : 0;
  if (!toBest) needed = max(needed, lookAhead * <f64>(abs<i32>(view.bestOffset) + 2));
  if (needed == 0) return false;
  const place = besideDistance - view.ego.position;
  if (place < needed) return true;
  return max<f64>(0, place - roomTaken(view.direction)) < needed || max<f64>(0, place - roomTaken(0)) < needed;
}

function urgently(state: i32): i32 {
  if (toBest && abs<i32>(view.bestOffset) > 1) {
    const unseen = view.direction < 0 ? unseenBlockerRight : unseenBlockerLeft;
    view.ego.blockerLength = max(unseen, view.ego.blockerLength);
  }
  view.ego.leftSpace = urgentRoom;
  return state;
}

function mustOvertakeHalted(): bool {
  const leader = view.leader;
  if (haltedCount == 0 || !some(leader) || !leader.halted || view.leaderGap >= reactToStoppedMeters)
    return false;
  const ego = view.ego;
  const needed = view.leaderGap + ego.type.length + leader.type.room;
  const left = min(besideDistance, ownDistance) - ego.position;
  if (left <= needed || (view.direction < 0 && avoidsRight(ego))) return false;
  return !some(view.besideLeader) || !view.besideLeader.halted || view.besideLeaderGap > needed;
}
