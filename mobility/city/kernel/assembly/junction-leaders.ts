// Vehicles inside a junction that a driver must not hit: those on foe paths that cross or join its own. SUMO 1.15's
// MSLink::getLeaderInfo, MSVehicle::isLeader and adaptToJunctionLeader.
// Must not: ask who approaches from outside (approaches.ts does).

import { haltingSpeed, junctionBlockageSeconds, positionEpsilon } from './constants';
import { brakeGap, follow, stepSeconds, stop } from './following';
import { hasPriority, isGreen, isRed, isYellow } from './letters';
import { limitToLeader, linkWait, planSpeed, setLinkWait, setPlanSpeed, withdraw } from './plan';
import {
  Body,
  Conflict,
  Lane,
  Link,
  pointerAt,
  rowOf,
  some,
  Vehicle,
} from './records';
import { backOn, isFree, laneSpeed } from './world';

/** Gap of a leader that blocks however far it is. */
const blockedGap: f64 = -Infinity;

/** True where anybody is on a path that crosses or joins internal lane `lane`. */
export function anyFoe(lane: Lane): bool {
  if (lane.masked) return (lane.junction.occupied & lane.foeMask) != 0;
  for (let c = 0; c < lane.conflictCount; c++)
    if (!isFree(rowOf<Conflict>(lane.conflicts, c).foeLane)) return true;
  return false;
}

// The foe lane being weighed: the link asked about, metres to the end of the own lane and to the conflict, whether
// foes may be ignored that wait at a green light, and the speed to wait before the link before.
let askedLink: Link = changetype<Link>(0);
let askedSeen: f64 = 0;
let askedDistance: f64 = 0;
let ignoreGreen: bool = false;
let askedWait: f64 = -1;

/**
 * Lowers the plan of `ego` for leaders around the internal lane that `link` leaves, whose end is `seen` metres ahead.
 * `waitBefore`: the speed to wait before the link before; -1: there is none.
 */
export function meetJunctionLeaders(ego: Vehicle, link: Link, seen: f64, waitBefore: f64): void {
  const lane = link.from;
  if (!lane.internal) return;
  for (let i = 0; i < lane.conflictCount; i++) {
    const conflict = rowOf<Conflict>(lane.conflicts, i);
    const foeLane = conflict.foeLane;
    if (isFree(foeLane)) continue;
    const distance = seen - conflict.behind;
    if (distance + conflict.width < 0 && !conflict.sameTarget) continue;
    ignoreGreen = conflict.foeWaits && bothGreen(lane, foeLane);
    askedLink = link;
    askedSeen = seen;
    askedDistance = distance;
    askedWait = waitBefore;
    for (let v = foeLane.last; some(v); v = v.ahead) weigh(ego, v, conflict);
    for (let e = foeLane.body; some(e); e = e.next) weigh(ego, e.vehicle, conflict);
  }
  if (planSpeed < linkWait) setLinkWait(planSpeed);
}

function bothGreen(lane: Lane, foeLane: Lane): bool {
  const entry = lane.entry;
  const foeEntry = foeLane.entry;
  return isGreen(entry.state) && isGreen(foeEntry.state) && entry.from != foeEntry.from;
}

function weigh(ego: Vehicle, leader: Vehicle, conflict: Conflict): void {
  if (leader == ego) return;
  const lane = askedLink.from;
  const foeLane = conflict.foeLane;
  const sameTarget = conflict.sameTarget;
  const sameSource = conflict.sameSource;
  const foeWaits = conflict.foeWaits;
  const foeWidth = conflict.foeWidth;
  const leaderLength = leader.type.length;
  const back = backOn(leader, foeLane);
  const backDistance = foeLane.length - conflict.foeBehind - back;
  const past = backDistance + foeWidth < 0;
  const entered = backDistance < leaderLength;
  const inTheWay =
    ((!past && askedDistance > 0) || (sameTarget && askedDistance > backDistance - leaderLength)) &&
    entered &&
    !foeLane.firstLink.internalJunction;
  if (!inTheWay && ignoreGreen) return;
  if (askedDistance < -positionEpsilon && !inTheWay) return;
  if (sameSource && isClearlyAhead(ego, lane, back + leaderLength)) return;
  const frontHere = leader.lane == foeLane;
  const willPass = frontHere ? leader.willPass : sameTarget;
  const mayIgnore = !(foeWaits || sameTarget || sameSource) || leader.halted || sameTarget;
  if (mayIgnore && !willPass && frontHere && !inTheWay) return;
  let gap = blockedGap;
  if (!foeWaits || sameSource) {
    if (past && !sameTarget) return;
    let back2 = backDistance;
    if (sameTarget && back2 < 0) back2 += max<f64>(0, conflict.foeBehind - conflict.behind);
    gap = askedDistance - ego.type.minGap - back2 - foeWidth;
  }
  if (!inTheWay && !goesFirst(ego, askedLink, leader, gap)) return;
  const stopNow = frontHere ? foeWaits || sameTarget || sameSource : sameTarget || sameSource;
  followLeader(ego, leader, gap, stopNow ? -1 : askedDistance);
  if (askedWait >= 0 && planSpeed < askedWait) setPlanSpeed(askedWait);
  withdrawBehind(ego, leader);
}

function isClearlyAhead(ego: Vehicle, lane: Lane, leaderFront: f64): bool {
  if (ego.lane.edge != lane.edge) return false;
  return leaderFront < ego.position - ego.type.length;
}

/** Lowers the plan so far that ego stays behind the leader; `crossing`: metres it may drive up to; -1: none. */
function followLeader(ego: Vehicle, leader: Vehicle, gap: f64, crossing: f64): void {
  const t = ego.type;
  const speed = ego.speed;
  const leaderSpeed = leader.speed;
  const wish = laneSpeed(ego.lane, ego);
  const before = askedSeen - askedLink.from.length - positionEpsilon;
  let safe =
    gap >= 0
      ? follow(t, speed, gap, leaderSpeed, leader.type.deceleration, wish)
      : stop(t, speed, before, t.deceleration, wish);
  if (crossing >= 0) {
    const room = crossing - t.minGap;
    const halt = stop(t, speed, room, t.deceleration, wish);
    if (gap == blockedGap) {
      safe = max(safe, halt);
    } else {
      const pastSeconds = (crossing - gap) / max(leaderSpeed, haltingSpeed);
      const final = max(speed, (2 * room) / pastSeconds - speed);
      const next = speed + (stepSeconds * (final - speed)) / pastSeconds;
      safe = max(safe, min(next, halt));
    }
  }
  limitToLeader(safe);
}

/** Whoever is stopped by a leader from its own lane, or by one that stands, gives the way free for others. */
function withdrawBehind(ego: Vehicle, leader: Vehicle): void {
  if (planSpeed >= haltingSpeed) return;
  const own = ego.lane;
  const before = leader.lane.before;
  const sameBefore = some(before) && before == own.before;
  const stands = leader.halted || leader.waiting > junctionBlockageSeconds;
  if (!sameBefore && before != own && !stands) return;
  withdraw(before == own);
}

/** True where `leader` goes first. */
function goesFirst(ego: Vehicle, link: Link, leader: Vehicle, gap: f64): bool {
  const own = ego.lane;
  const junction = link.entry.foes.junction;
  if (!own.internal || own.entry.foes.junction != junction) return true;
  const foeLane = leader.lane;
  if (!foeLane.internal) return true;
  if (foeLane.entry.foes.junction != junction) return true;
  let egoTime = ego.conflictEntry;
  let foeTime = leader.junctionEntry;
  if (foeLane.normalBefore == link.from.normalBefore) {
    egoTime = ego.junctionEntryNeverYield;
    foeTime = leader.junctionEntryNeverYield;
  } else {
    const response = responds(ego, leader, link, gap);
    if (!response) {
      foeTime = leader.conflictEntry;
      egoTime = ego.junctionEntry;
    } else if (foeResponds) {
      foeTime = leader.conflictEntry;
      egoTime = ego.conflictEntry;
    }
  }
  if (egoTime != foeTime) return egoTime > foeTime;
  if (ego.speed != leader.speed) return ego.speed < leader.speed;
  return ego.departure < leader.departure;
}

let foeResponds: bool = false;

/** True where ego must give way to the leader; foeResponds: the leader to ego. */
function responds(ego: Vehicle, leader: Vehicle, link: Link, gap: f64): bool {
  const entry = link.entry;
  const foeEntry = leader.lane.entry;
  const letter = entry.state;
  const foeLetter = foeEntry.state;
  if (isRed(letter) || isRed(foeLetter)) {
    if (!isRed(foeLetter) && leader.speed > haltingSpeed && gap < 0) {
      const t = leader.type;
      const foeGap = -gap - t.length;
      const yieldsNow = foeGap < brakeGap(leader.speed, t.deceleration, t.tau);
      foeResponds = !yieldsNow;
      return yieldsNow;
    }
    foeResponds = isRed(letter);
    return isRed(foeLetter);
  }
  if (hasPriority(letter) != hasPriority(foeLetter)) {
    foeResponds = !hasPriority(foeLetter);
    return !hasPriority(letter);
  }
  if (isYellow(letter) && isYellow(foeLetter)) {
    foeResponds = ego.speed >= leader.speed;
    return leader.speed >= ego.speed;
  }
  foeResponds = respondsTo(foeEntry, entry);
  return respondsTo(entry, foeEntry);
}

/** True where `link` must give way to the entry link `foe`. */
function respondsTo(link: Link, foe: Link): bool {
  for (let i = 0; i < link.foes.count; i++)
    if (pointerAt<Link>(link.foes.links, i) == foe) return load<u8>(link.foes.yields + <usize>i) == 1;
  return false;
}
