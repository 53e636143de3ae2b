// Where the route leaves a driver free to choose its lane: to help somebody, to drive faster, to keep right. The second
// half of SUMO 1.15's MSLCM_LC2013::_wantsChange; its constants and their names.
// Must not: change anybody's lane.

import { haltingSpeed } from '../constants';
import {
  brakeGap,
  fastestNext,
  safeBehind,
  secureGap,
  slowestNext,
  stepSeconds,
  stopWithin,
} from '../following';
import { some, Vehicle } from '../records';
import { laneSpeed, laneWay } from '../world';
import {
  amBlockingFollower,
  cooperativeBit,
  informedLeft,
  informedRight,
  keepRightBit,
  leftBit,
  rightBit,
  speedGainBit,
  stayBit,
  strategicBit,
  urgentBit,
} from './change-state';
import { advise } from './helping';
import { view } from './view';

const speedGainRight: f64 = 0.1;
const gainFloorMps: f64 = 10;
const keepRightSeconds: f64 = 5;
const keepRightAcceptance: f64 = 7;
const gainSeconds: f64 = 20;
const slowerByMps: f64 = 5 / 3.6;
const highwayMps: f64 = 80 / 3.6;
const congestedMps: f64 = 60 / 3.6;
const helpOvertakeMps: f64 = 10 / 3.6;

// Of the driver who is asked: metres the own lane and the lane beside lead on.
let ownDistance: f64 = 0;
let besideDistance: f64 = 0;

export function avoidsRight(ego: Vehicle): bool {
  return ego.speed >= congestedMps;
}

/** The wish of a driver whose route demands nothing; `state`: what is known of it. */
export function tacticalWish(state: i32, own: f64, beside: f64, lookAhead: f64, toBest: bool): i32 {
  ownDistance = own;
  besideDistance = beside;
  const ego = view.ego;
  const t = ego.type;
  const right = view.direction < 0;
  const wanted = right ? rightBit : leftBit;
  const wish = laneSpeed(view.lane, ego);
  const besideWish = laneSpeed(view.beside, ego);
  const accelerating = isAccelerating(view.besideLeader) || isAccelerating(view.leader);
  const besideSpeed = min(
    besideWish,
    anticipate(view.besideLeader, view.besideLeaderGap, besideDistance, besideWish, accelerating),
  );
  let ownSpeed = overtakesLeftBeside(wish);
  ownSpeed = min(ownSpeed, anticipate(view.leader, view.leaderGap, ownDistance, wish, accelerating));
  if (right && view.bestOffset == 0 && view.lane.limit > highwayMps && ego.lookAheadSpeed > haltingSpeed)
    return stayBit | strategicBit;
  const thresholdLeft = 0.2 / t.speedGain;
  const thresholdRight = 0.2 / speedGainRight / t.speedGain;
  if (wouldHelp(state, lookAhead, toBest)) {
    const leaning = right ? ego.speedGain / thresholdRight : -ego.speedGain / thresholdLeft;
    const inconvenience = min<f64>(1, max(ownSpeed / besideSpeed - 1, leaning));
    if (inconvenience <= t.cooperative) return wanted | cooperativeBit | urgentBit;
  }
  const gain = (besideSpeed - ownSpeed) / max(besideSpeed, gainFloorMps);
  const bySpeed = right
    ? rightWish(ownSpeed, besideSpeed, gain, wish, thresholdRight)
    : leftWish(ownSpeed, besideSpeed, gain, thresholdLeft);
  if (bySpeed != 0) return bySpeed;
  const leansThere = right ? ego.speedGain < 0 : ego.speedGain > 0;
  const isTrueOffset = view.bestOffset == laneWay(view.record, view.lane.index).offset;
  return toBest && isTrueOffset && t.strategic >= 0 && gain >= 0 && leansThere ? wanted | strategicBit : 0;
}

function isAccelerating(v: Vehicle): bool {
  return some(v) && v.acceleration > 0;
}

/** On a fast road nobody is overtaken on the right: a slower one on the left lane makes the driver slow down. */
function overtakesLeftBeside(wish: f64): f64 {
  const ego = view.ego;
  const leader = view.besideLeader;
  if (view.direction < 0 || !some(leader) || !avoidsRight(ego)) return wish;
  const t = ego.type;
  const speed = ego.speed;
  const leaderSpeed = leader.speed;
  const slower = max(wish - laneSpeed(view.beside, leader), speed - leaderSpeed);
  if (slower <= 0) return wish;
  const brakes = leader.type.deceleration;
  const behind = safeBehind(t, speed, view.besideLeaderGap, leaderSpeed, brakes);
  const least = slowestNext(t, speed);
  let safe = behind >= least ? behind : max(least, leaderSpeed - helpOvertakeMps);
  if (ego.speedGain < 0.2 / t.speedGain) safe = max(safe, leaderSpeed);
  advise(ego, safe);
  if (safeBehind(t, speed, view.besideLeaderGap - slower * 8, leaderSpeed, brakes) < safe)
    ego.speedGain = ego.speedGain + (stepSeconds * slower) / max(wish, gainFloorMps);
  return min(wish, safe);
}

/** The speed a lane will allow soon. */
function anticipate(leader: Vehicle, gap: f64, distance: f64, wish: f64, accelerating: bool): f64 {
  const ego = view.ego;
  const t = ego.type;
  const a = t.acceleration;
  const speed = accelerating ? ego.speed + a - a * stepSeconds : ego.speed;
  let safe = some(leader)
    ? safeBehind(t, speed, gap, leader.speed, leader.type.deceleration)
    : stopWithin(distance, t.deceleration, t.tau);
  if (accelerating) safe = min(safe, fastestNext(t, speed));
  return min(wish, safe);
}

/** Somebody has asked for room, and changing there would make it. */
function wouldHelp(state: i32, lookAhead: f64, toBest: bool): bool {
  if ((state & amBlockingFollower) == 0) return false;
  if ((state & (view.direction < 0 ? informedRight : informedLeft)) == 0) return false;
  return toBest || besideDistance / <f64>(abs<i32>(view.bestOffset) + 1) > lookAhead;
}

function rightWish(own: f64, beside: f64, gain: f64, wish: f64, threshold: f64): i32 {
  const ego = view.ego;
  if (own - slowerByMps > beside) {
    if (ego.speedGain < 0) ego.speedGain = ego.speedGain * halfPerSecond();
  } else {
    if (ego.speedGain < 0 || gain > 0) ego.speedGain = ego.speedGain - stepSeconds * gain;
    leanRight(wish, threshold);
    if (ego.keepRight * ego.type.keepRight < -threshold) return rightBit | keepRightBit;
  }
  const seconds = besideDistance / max<f64>(0.1, ego.speed);
  return ego.speedGain < -threshold && seconds > gainSeconds ? rightBit | speedGainBit : 0;
}

/** The longer the right lane is free at full speed, the stronger the duty to keep right. */
function leanRight(wish: f64, threshold: f64): void {
  const ego = view.ego;
  const t = ego.type;
  const speed = ego.speed;
  const roadFactor = wish / view.lane.limit;
  const acceptance = keepRightAcceptance * roadFactor * max<f64>(1, speed);
  let gap = max<f64>(0, besideDistance - brakeGap(wish, t.deceleration, t.tau));
  let seconds = min(acceptance, gap / wish);
  const besideLeader = view.besideLeader;
  if (some(besideLeader) && besideLeader.speed < wish) {
    const secure = secureGap(t, wish, besideLeader.speed, besideLeader.type.deceleration);
    gap = max<f64>(0, min(gap, view.besideLeaderGap - secure));
    seconds = min(seconds, gap / (wish - besideLeader.speed));
  }
  const leader = view.leader;
  if (avoidsRight(ego) && some(leader)) {
    const leaderWish = laneSpeed(leader.lane, leader);
    if (leaderWish < wish) {
      gap = min(gap, view.leaderGap);
      seconds = min(seconds, gap / max<f64>(0.001, wish - leader.speed));
      ego.speedGain = ego.speedGain + (stepSeconds * (wish - leaderWish)) / max(wish, gainFloorMps);
    }
  }
  const leaning = (threshold * (seconds / acceptance)) / keepRightSeconds;
  ego.keepRight = ego.keepRight - stepSeconds * leaning;
}

function leftWish(own: f64, beside: f64, gain: f64, threshold: f64): i32 {
  const ego = view.ego;
  const known = ego.speedGain;
  if (own > beside) {
    if (known > 0) ego.speedGain = known * halfPerSecond();
  } else if (own == beside) {
    if (known > 0) ego.speedGain = known * (1 - 0.2 * min<f64>(1, stepSeconds));
  } else ego.speedGain = known + stepSeconds * gain;
  const seconds = besideDistance / max<f64>(0.1, ego.speed);
  return ego.speedGain > threshold && gain > 0.001 && seconds > gainSeconds ? leftBit | speedGainBit : 0;
}

/** 0.5 to the power of the step; exact for 1 s, by its series to the fourth order for shorter steps. */
function halfPerSecond(): f64 {
  if (stepSeconds == 1) return 0.5;
  const x = -0.6931471805599453 * stepSeconds;
  return 1 + x * (1 + x * (0.5 + x * (1.0 / 6 + x / 24)));
}
