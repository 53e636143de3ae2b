// Changing lanes: edge by edge, from the vehicle farthest along to the last, each may go one lane to the right or left if
// it wants to and the gaps there are safe. SUMO 1.15's MSLaneChanger.
// Must not: decide what a driver wants (wishes.ts does).

import { Edge, Lane, rowOf, some } from '../records';
import { forbidden, knowWay, staysAlways, thinks } from '../way-ahead';
import {
  activeCount,
  activeLane,
  chain,
  delist,
  haltedCount,
  laneWay,
  layBody,
  noteReaching,
  steps,
} from '../world';
import { isBlockedBits, leftBit, rightBit, saidBits, stayBit, strategicBit, urgentBit, wantsChange } from './change-state';
import {
  beginEdge,
  blockedFirst,
  blockedLast,
  done,
  next,
  noteBlocked,
  noteDone,
  setNext,
} from './edge-state';
import { hindrancesBeside } from './sight';
import { view } from './view';
import { ask, rememberSpeed } from './wishes';

/** It is open what hinders a driver on a side to which it does not want to go. */
const openBit: i32 = 1 << 30;

/** All edges with vehicles and more than one lane. */
export function changeAll(): void {
  for (let i = 0; i < activeCount; i++) {
    const lane = activeLane(i);
    const edge = lane.edge;
    if (edge.lanes < 2 || lane.internal || edge.changedIn == steps) continue;
    edge.changedIn = steps;
    changeEdge(edge);
  }
}

function changeEdge(edge: Edge): void {
  beginEdge(edge);
  for (;;) {
    const j = farthest(edge.lanes);
    if (j < 0) return;
    changeVehicle(rowOf<Lane>(changetype<usize>(edge.firstLane), j), edge.lanes);
  }
}

/** The lane number whose next vehicle is farthest along; -1: all are done. */
function farthest(lanes: i32): i32 {
  let best = -1;
  let bestPosition: f64 = -1;
  for (let j = 0; j < lanes; j++) {
    const v = next(j);
    if (!some(v) || v.position <= bestPosition) continue;
    best = j;
    bestPosition = v.position;
  }
  return best;
}

function changeVehicle(lane: Lane, lanes: i32): void {
  const j = lane.index;
  const ego = next(j);
  view.lane = lane;
  view.ego = ego;
  if (!ego.halted) {
    knowWay(ego);
    view.record = ego.record;
    view.knowsLeader = false;
    let right = j > 0 ? consider(j, -1) : 0;
    if (mayGo(right, rightBit)) return go(lane, -1);
    if (wantsUrgently(right, rightBit)) noteBlocked(j - 1, ego);
    let left = j + 1 < lanes ? consider(j, 1) : 0;
    if (mayGo(left, leftBit)) return go(lane, 1);
    if (wantsUrgently(left, leftBit)) noteBlocked(j + 1, ego);
    // Of a change that is wanted but hindered it counts too what hinders on the other side.
    if ((right | left) & wantsChange) {
      if (right & openBit) right |= hindrancesBeside(-1);
      if (left & openBit) left |= hindrancesBeside(1);
    }
    if (right & left & urgentBit) left = 0;
    ego.changeState = (ego.changeState & saidBits) | ((right | left) & ~openBit);
  }
  noteDone(j, ego);
}

function mayGo(state: i32, wanted: i32): bool {
  return (state & wanted) != 0 && (state & isBlockedBits) == 0;
}

function wantsUrgently(state: i32, wanted: i32): bool {
  return (state & wanted) != 0 && (state & urgentBit) != 0;
}

/** What the driver wants of the lane `direction` beside lane number `j`, and what hinders it. */
function consider(j: i32, direction: i32): i32 {
  const ego = view.ego;
  const stays = direction < 0 ? ego.staysRight : ego.staysLeft;
  if (stays == forbidden) return 0;
  if (stays != thinks && haltedCount == 0) {
    if (ego.speed >= ego.type.deceleration) {
      rememberSpeed(ego);
      return 0;
    }
    if (stays == staysAlways && ego.haltIndex != ego.routeIndex && !some(blockedLast(j))) {
      rememberSpeed(ego);
      return (ego.changeState & saidBits) | stayBit | strategicBit;
    }
  }
  view.direction = direction;
  view.beside = rowOf<Lane>(changetype<usize>(view.lane), direction);
  view.bestOffset = laneWay(view.record, j).offset;
  if (view.bestOffset == 0 && laneWay(view.record, j + direction).offset == 0) view.bestOffset = direction;
  view.firstBlocked = blockedFirst(j);
  view.lastBlocked = blockedLast(j);
  view.blocked = 0;
  view.knowsFollower = true;
  const wish = ask();
  return view.blocked | wish | (view.knowsFollower ? 0 : openBit);
}

/** Moves the vehicle one lane over. */
function go(lane: Lane, direction: i32): void {
  const ego = view.ego;
  const to = rowOf<Lane>(changetype<usize>(lane), direction);
  setNext(lane.index, ego.behind);
  delist(lane, ego);
  chain(to, ego, next(to.index));
  to.brutto = to.brutto + ego.type.room;
  done(to.index, ego);
  ego.lane = to;
  ego.changeState = 0;
  ego.speedGain = 0;
  ego.keepRight = 0;
  ego.lookAheadSpeed = 0;
  ego.adviceCount = 0;
  ego.dontBrake = false;
  if (laneWay(view.record, to.index).offset == 0) {
    ego.blockerLength = 0;
    ego.leftSpace = 0;
  }
  const reached = ego.furtherCount > 0;
  if (ego.type.length > ego.position) layBody(ego);
  else ego.furtherCount = 0;
  if (!reached && ego.furtherCount > 0) noteReaching(ego);
}
