// Finds the neighbours of a driver who thinks of changing lanes, and what they hinder; and the room that others take.
// Must not: decide what a driver wants.

import { secureGap, stepSeconds } from '../following';
import { findFollowerBefore, findLeaderBeyond, foundGap, foundVehicle } from '../neighbours';
import { Lane, Link, none, pointerAt, rowOf, some, Vehicle } from '../records';
import { laneWay } from '../world';
import { blockedByFollower, blockedByLeader } from './change-state';
import { lastDone, next, takenOn } from './edge-state';
import { view } from './view';

/** Fills in the leaders of the view. */
export function look(): void {
  if (!view.knowsLeader) {
    view.leader = leaderOn(view.lane);
    view.leaderGap = leaderGap;
    view.knowsLeader = true;
  }
  view.besideLeader = leaderOn(view.beside);
  view.besideLeaderGap = leaderGap;
  view.knowsFollower = false;
}

/** Fills in the follower beside, once leaders are known, and what all neighbours hinder. */
export function lookBack(): void {
  if (view.knowsFollower) return;
  view.knowsFollower = true;
  findFollower(view.beside);
  if (some(view.besideLeader) && view.besideLeader == view.besideFollower)
    view.besideFollower = none<Vehicle>();
  view.blocked = hindrances();
}

/** What neighbours on the lane `direction` beside hinder, of a driver that does not want to go there. */
export function hindrancesBeside(direction: i32): i32 {
  view.beside = rowOf<Lane>(changetype<usize>(view.lane), direction);
  look();
  lookBack();
  return view.blocked;
}

let leaderGap: f64 = 0;

/** The leader if the driver were on `lane`; sets leaderGap. */
function leaderOn(lane: Lane): Vehicle {
  const ego = view.ego;
  const leader = lastDone(lane.index);
  if (!some(leader)) {
    findLeaderBeyond(ego, lane);
    leaderGap = foundGap;
    return foundVehicle;
  }
  const back = leader.position - leader.type.length;
  leaderGap = back - ego.position - ego.type.minGap;
  return leader;
}

function findFollower(lane: Lane): void {
  const ego = view.ego;
  const t = ego.type;
  const back = ego.position - t.length;
  const follower = next(lane.index);
  if (!some(follower)) {
    findFollowerBefore(ego, lane, back, ego.speed, t.deceleration);
    view.besideFollower = foundVehicle;
    view.besideFollowerGap = foundGap;
    return;
  }
  view.besideFollower = follower;
  view.besideFollowerGap = back - follower.position - follower.type.minGap;
}

/** Gaps beside that are too small. */
function hindrances(): i32 {
  const ego = view.ego;
  const t = ego.type;
  const speed = ego.speed;
  let state = 0;
  const follower = view.besideFollower;
  if (some(follower)) {
    const f = follower.type;
    const reaction = max<f64>(0, f.tau - stepSeconds);
    const next = follower.speed + max<f64>(0, reaction * follower.acceleration);
    const own = speed + min<f64>(0, reaction * ego.acceleration);
    const gap = view.besideFollowerGap;
    if (gap < 0 || gap < secureGap(f, next, own, t.deceleration)) state |= blockedByFollower;
  }
  const leader = view.besideLeader;
  if (some(leader)) {
    const reaction = max<f64>(0, t.tau - stepSeconds);
    const own = speed + max<f64>(0, reaction * ego.acceleration);
    const next = leader.speed + min<f64>(0, reaction * leader.acceleration);
    const gap = view.besideLeaderGap;
    if (gap < 0 || gap < secureGap(t, own, next, leader.type.deceleration)) state |= blockedByLeader;
  }
  return state;
}

/** Room that vehicles ahead take on the lane `offset` beside and on the lanes it leads to, m. */
export function roomTaken(offset: i32): f64 {
  const i = view.lane.index + offset;
  const way = laneWay(view.record, i);
  let sum = takenOn(i);
  for (let k = 0; k < way.linkCount; k++) sum += pointerAt<Link>(way.links, k).to.brutto;
  return sum;
}
