// Coming onto the road: whoever has departed by the clock waits until there is room on its first edge. SUMO 1.15's
// MSInsertionControl, MSEdge::insertVehicle and MSLane::isInsertionSuccess.
// Must not: choose the lane of a departure (departures.ts does); who cannot come in waits, one attempt a step, unless it
// is what never changes that is in the way of its speed.

import { askAs, hasFoe, isOpen } from './approaches';
import { haltingSpeed, numericEpsilon, positionEpsilon } from './constants';
import { approach, brakeGap, safeBehind, secureGap, stop } from './following';
import { allWayStopLetter, equalLetter, hasPriority, minorLetter, stopLetter } from './letters';
import { findFollowerBefore, foundGap, foundVehicle } from './neighbours';
import { Halt, Lane, none, some, Vehicle } from './records';
import {
  backOn,
  bodyOn,
  enlist,
  laneSpeed,
  lastOn,
  layBody,
  linkAt,
  noteBody,
  now,
  recordOf,
} from './world';

// Where and how fast somebody tries to begin, and whether a lower speed will do.
let startSpeed: f64 = 0;
let mayBeSlower: bool = false;
/** True where the last attempts failed at what never changes: a place to stop that is too near for the speed given. */
export let hopeless: bool = false;

export function forgetHopeless(): void {
  hopeless = false;
}

/** The halt of v on the edge it is on. */
export function haltHere(v: Vehicle): Halt {
  return v.haltIndex == v.routeIndex && v.way.haltCount > 0 ? changetype<Halt>(v.way.halts) : none<Halt>();
}

/** Tries places along a lane: behind its last vehicle, then in its gaps. `least`: the first place to try, m. */
export function insertFreely(v: Vehicle, lane: Lane, wanted: f64, least: f64): bool {
  const t = v.type;
  if (insertAt(v, lane, least, wanted, true)) return true;
  for (let follower = lane.last; some(follower); follower = follower.ahead) {
    const f = follower.type;
    const leader = follower.ahead;
    let speed = wanted;
    let front = lane.length;
    if (some(leader)) {
      speed = min(speed, leader.speed);
      front = backOn(leader, lane) - t.minGap - secureGap(t, speed, leader.speed, leader.type.deceleration);
    }
    const needed = secureGap(f, follower.speed, speed, t.deceleration);
    const back = follower.position + f.minGap + needed + t.length;
    if (
      front > least &&
      back + positionEpsilon < front &&
      insertAt(v, lane, back + positionEpsilon, speed, true)
    )
      return true;
  }
  return false;
}

/** Puts the vehicle there if nobody would have to brake hard, not itself, not the one behind. */
export function insertAt(v: Vehicle, lane: Lane, position: f64, speed: f64, slower: bool): bool {
  startSpeed = speed;
  mayBeSlower = slower;
  v.lane = lane;
  v.position = position;
  v.speed = 0;
  if (!fitsAhead(v, lane)) return false;
  if (!fitsLeader(v, leaderOn(lane, position), lane, -position)) return false;
  if (!fitsFollower(v, lane)) return false;
  v.speed = startSpeed;
  v.acceleration = 0;
  enlist(v);
  v.furtherCount = 0;
  if (v.type.length > position) {
    layBody(v);
    noteBody(v);
  }
  return true;
}

function leaderOn(lane: Lane, position: f64): Vehicle {
  for (let other = lane.last; some(other); other = other.ahead) if (other.position >= position) return other;
  return bodyOn(lane, none<Vehicle>());
}

/** True where the speed may be at most `most`; lowers it where it may be lower. */
function mayDrive(most: f64): bool {
  if (most >= startSpeed) return true;
  if (mayBeSlower) startSpeed = max<f64>(0, most);
  return mayBeSlower || startSpeed == 0;
}

/** `seen`: metres from the start to the beginning of the leader's lane. */
function fitsLeader(v: Vehicle, leader: Vehicle, lane: Lane, seen: f64): bool {
  if (!some(leader)) return true;
  const gap = backOn(leader, lane) + seen - v.type.minGap;
  if (gap < 0) return false;
  return mayDrive(safeBehind(v.type, startSpeed, gap, leader.speed, leader.type.deceleration));
}

function mayStop(v: Vehicle, wish: f64, gap: f64): bool {
  return mayDrive(stop(v.type, startSpeed, gap, v.type.deceleration, wish));
}

/** As `mayStop`, for a place where it will always have to. */
function mayAlwaysStop(v: Vehicle, wish: f64, gap: f64): bool {
  return unlessHopeless(mayStop(v, wish, gap));
}

function unlessHopeless(may: bool): bool {
  if (!may) hopeless = true;
  return may;
}

/** A link that never has the right of way, whatever its signal shows. */
function isMinor(letter: u8): bool {
  return letter == minorLetter || letter == equalLetter || letter == stopLetter || letter == allWayStopLetter;
}

/** Looks along the way as far as the vehicle would need to brake. */
function fitsAhead(v: Vehicle, startLane: Lane): bool {
  const t = v.type;
  const wish = laneSpeed(startLane, v);
  const halt = haltHere(v);
  if (some(halt) && halt.lane == startLane && !mayAlwaysStop(v, wish, halt.end - v.position)) return false;
  const record = recordOf(v);
  let seen = startLane.length - v.position;
  let time = now + seen / max(startSpeed, haltingSpeed);
  let view = 0;
  for (let lane = startLane; seen < brakeGap(startSpeed, t.deceleration, t.tau) + t.minGap; ) {
    const link = lane.internal ? lane.firstLink : linkAt(record, startLane.index, view);
    if (!some(link)) return v.routeIndex + view >= v.lastIndex || mayAlwaysStop(v, wish, seen);
    if (isMinor(link.state)) return mayAlwaysStop(v, wish, seen);
    if (!hasPriority(link.state)) return mayStop(v, wish, seen);
    ask(v, time);
    if (!isOpen(link)) return mayStop(v, wish, seen);
    lane = link.next;
    if (!fitsLeader(v, lastOn(lane, v), lane, seen)) return false;
    const limit = laneSpeed(lane, v);
    if (!unlessHopeless(mayDrive(approach(t, startSpeed, seen, limit, limit, true)))) return false;
    ask(v, time);
    if (hasFoe(link) && !mayStop(v, wish, seen)) return false;
    time += lane.length / max(startSpeed, numericEpsilon);
    seen += lane.length;
    if (!lane.internal) view += 1;
  }
  return true;
}

function ask(v: Vehicle, time: f64): void {
  askAs(v, time, startSpeed, startSpeed, v.type.impatience, 0);
}

function fitsFollower(v: Vehicle, lane: Lane): bool {
  const own = v.type.deceleration;
  const back = v.position - v.type.length;
  let follower = lane.front;
  while (some(follower) && follower.position >= v.position) follower = follower.behind;
  let gap: f64 = 0;
  if (some(follower)) gap = back - follower.position - follower.type.minGap;
  else {
    findFollowerBefore(v, lane, back, startSpeed, own);
    follower = foundVehicle;
    gap = foundGap;
  }
  return !some(follower) || gap >= secureGap(follower.type, follower.speed, startSpeed, own);
}
