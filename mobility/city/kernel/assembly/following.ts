// The car-following rules that need nothing but a vehicle type: how far it takes to stop, how fast is safe. Krauss as
// SUMO 1.15 evaluates it for its Euler step: S. Krauss, "Microscopic modeling of traffic flow" (1998),
// https://sumo.dlr.de/docs/Car-Following-Models.html; IDM as in ../../../driving/idm.ts, in sub-steps of 0.25 s.
// Gaps in m, speeds in m/s. Must not: know of vehicles, lanes or links.

import { haltingSpeed, never, numericEpsilon } from './constants';
import { VehicleType } from './records';

/** SUMO's factor on the deceleration that an emergency needs. */
const emergencyAmplifier: f64 = 1.2;
/** Sub-steps of IDM last about so long, s. */
const idmSubStepSeconds: f64 = 0.25;

export let stepSeconds: f64 = 1;
let idmSteps: i32 = 1;

export function setStep(seconds: f64): void {
  stepSeconds = seconds;
  idmSteps = max<i32>(1, <i32>Math.floor(seconds / idmSubStepSeconds + 0.5));
}

/** x to the power y for x >= 0: the nearest whole power, by squaring. */
function power(x: f64, y: f64): f64 {
  let result: f64 = 1;
  let base = x;
  let rest = <i32>Math.floor(y + 0.5);
  while (rest > 0) {
    if (rest & 1) result *= base;
    base *= base;
    rest >>= 1;
  }
  return result;
}

/** How far a vehicle rolls that brakes with `deceleration` from `speed` after `headway` seconds. */
export function brakeGap(speed: f64, deceleration: f64, headway: f64): f64 {
  const reduction = deceleration * stepSeconds;
  if (speed < reduction) return speed * headway;
  const steps = Math.floor(speed / reduction);
  return stepSeconds * (steps * speed - reduction * steps * (steps + 1) * 0.5) + speed * headway;
}

/** The fastest speed from which a driver of reaction time `headway` can stop within `gap`. */
export function stopWithin(gap: f64, deceleration: f64, headway: f64): f64 {
  const g = gap - numericEpsilon;
  if (g < 0) return 0;
  const s = stepSeconds;
  const b = deceleration * s;
  const t = headway;
  // Less than one step of braking: no root is needed.
  if (g < surelyOneStep * b * t) return g / t;
  const root = Math.sqrt(s * s + 4 * (s * ((2 * g) / b - t) + t * t));
  const n = Math.floor(0.5 - (t - root * 0.5) / s);
  const covered = 0.5 * n * (n - 1) * b * s + n * b * t;
  return n * b + (g - covered) / (n * s + t);
}

/** Below this share of a step's braking way the formula of `stopWithin` has no whole step. */
const surelyOneStep: f64 = 0.999;
/** Bounds are wider than any rounding, m. */
const boundMargin: f64 = 0.01;

/**
 * A gap, m, with which a driver of `t` may surely drive `speed`: no less than `brakeGap(speed, t.deceleration, headway)`,
 * but without a division. With n + f = speed / deceleration the gap is short of the parabola by f (1 - f) / 2 of a
 * step's braking, so by an eighth at most.
 */
// @ts-expect-error: decorator
@inline export function brakeGapAtMost(t: VehicleType, speed: f64, headway: f64): f64 {
  return stepSeconds * (speed * (speed * t.halfInverse - 0.5) + t.decelerationStep * 0.125) + speed * headway + boundMargin;
}

/** A way, m, that a vehicle of `t` rolls at least while it brakes from `speed`. */
// @ts-expect-error: decorator
@inline function brakeGapAtLeast(t: VehicleType, speed: f64): f64 {
  return stepSeconds * speed * (speed * t.halfInverse - 0.5) - boundMargin;
}

/** What a driver could reach next, unhindered. */
// @ts-expect-error: decorator
@inline export function fastestNext(t: VehicleType, speed: f64): f64 {
  return min(speed + t.accelerationStep, t.maxSpeed);
}

/** As slow as a driver can be next, braking comfortably. */
// @ts-expect-error: decorator
@inline export function slowestNext(t: VehicleType, speed: f64): f64 {
  return max(speed - t.slowestStep, 0);
}

// @ts-expect-error: decorator
@inline export function slowestNextEmergency(t: VehicleType, speed: f64): f64 {
  return max(speed - t.emergencyStep, 0);
}

/** The gap a follower needs who drives `speed` behind a leader of `leaderSpeed`. */
export function secureGap(t: VehicleType, speed: f64, leaderSpeed: f64, leaderDeceleration: f64): f64 {
  if (t.idm) return max<f64>(0, speed * t.tau + (speed * (speed - leaderSpeed)) / t.idmRoot);
  const leaderBrakes = brakeGap(leaderSpeed, max(t.deceleration, leaderDeceleration), 0);
  return max<f64>(0, brakeGap(speed, t.deceleration, t.tau) - leaderBrakes);
}

/**
 * The next speed that is safe behind a leader `gap` metres ahead (minGap already taken off). `limit` is the speed the
 * driver wishes on this lane; only IDM needs it.
 */
export function follow(
  t: VehicleType,
  speed: f64,
  gap: f64,
  leaderSpeed: f64,
  leaderDeceleration: f64,
  limit: f64,
): f64 {
  if (t.idm) return idmSpeed(t, gap, speed, leaderSpeed, limit, true);
  const own = t.deceleration;
  let safe: f64;
  if (gap >= 0) {
    const leaderBrakes = brakeGap(leaderSpeed, leaderDeceleration > own ? leaderDeceleration : own, 0);
    safe = stopWithin(gap + leaderBrakes, own, t.tau);
  } else {
    safe = slowestNextEmergency(t, speed);
  }
  if (own != t.emergency) safe = relieved(t, safe, speed, gap, leaderSpeed, leaderDeceleration);
  const fastest = fastestNext(t, speed);
  return safe < fastest ? safe : fastest;
}

/** As `follow`, for a leader of type `l`; told without arithmetic where there is room enough for any speed. */
export function followLeader(t: VehicleType, speed: f64, gap: f64, l: VehicleType, leaderSpeed: f64, limit: f64): f64 {
  if (gap >= 0 && !t.idm) {
    const fastest = fastestNext(t, speed);
    const rolls = brakeGapAtLeast(l.deceleration > t.deceleration ? l : t, leaderSpeed);
    if (gap + max(rolls, 0) > brakeGapAtMost(t, fastest, t.tau)) return fastest;
  }
  return follow(t, speed, gap, leaderSpeed, l.deceleration, limit);
}

/** As `follow`, without the rules for emergencies and acceleration: for questions, not for driving. */
export function safeBehind(t: VehicleType, speed: f64, gap: f64, leaderSpeed: f64, leaderDeceleration: f64): f64 {
  const own = t.deceleration;
  const leaderBrakes = brakeGap(leaderSpeed, max(own, leaderDeceleration), 0);
  const safe = stopWithin(gap + leaderBrakes, own, t.tau);
  if (t.idm && gap < secureGap(t, speed, leaderSpeed, leaderDeceleration)) return min(speed, safe);
  return safe;
}

/** The next speed to stop within `gap`, braking with `deceleration` at most. */
export function stop(t: VehicleType, speed: f64, gap: f64, deceleration: f64, limit: f64): f64 {
  if (t.idm) return idmStop(t, speed, gap, deceleration, limit);
  const fastest = fastestNext(t, speed);
  if (deceleration == t.deceleration && gap > brakeGapAtMost(t, fastest, stepSeconds)) return fastest;
  const safe = stopWithin(gap, deceleration, stepSeconds);
  return safe < fastest ? safe : fastest;
}

/** The next speed so that after `distance` the vehicle drives `target`. */
export function approach(
  t: VehicleType,
  speed: f64,
  distance: f64,
  target: f64,
  limit: f64,
  onInsertion: bool,
): f64 {
  if (t.idm) return idmApproach(t, speed, distance, target, limit);
  const s = stepSeconds;
  const v = target * s;
  if (distance < v) return target;
  const b = t.deceleration * s * s;
  const y = max<f64>(0, ((Math.sqrt((b + 2 * v) * (b + 2 * v) + 8 * b * distance) - b) * 0.5 - v) / b);
  const whole = Math.floor(y);
  const exact = (whole * whole + whole) * 0.5 * b + whole * v + (y > whole ? v : 0);
  const gain = (whole + (onInsertion ? 1.0 : 0.0)) * t.deceleration * s;
  return max<f64>(0, distance - exact) / (whole + 1) / s + gain + target;
}

/** An upper bound of the speed after `distance`. */
// @ts-expect-error: decorator
@inline export function speedAfter(t: VehicleType, distance: f64, speed: f64): f64 {
  const reached = Math.sqrt(2 * distance * t.acceleration + speed * speed);
  return reached < t.maxSpeed ? reached : t.maxSpeed;
}

/** The lower of `limit` and an upper bound of the speed after `distance`. */
// @ts-expect-error: decorator
@inline export function speedAfterWithin(t: VehicleType, distance: f64, speed: f64, limit: f64): f64 {
  const square = 2 * distance * t.acceleration + speed * speed;
  // Surely fast enough: no root is needed.
  if (square > limit * limit + boundMargin && limit <= t.maxSpeed) return limit;
  const reached = Math.sqrt(square);
  return min(reached < t.maxSpeed ? reached : t.maxSpeed, limit);
}

/** Seconds until a vehicle of `speed` has gone `distance`, where it will drive `arrivalSpeed`. */
export function arrivalSeconds(t: VehicleType, distance: f64, speed: f64, arrivalSpeed: f64): f64 {
  if (arrivalSpeed == speed) return distance / max(speed, haltingSpeed);
  const a = arrivalSpeed >= speed ? t.acceleration : -t.deceleration;
  const changing = (arrivalSpeed - speed) / a;
  const way = changing * (arrivalSpeed + speed) * 0.5;
  if (distance >= way) return changing + (distance - way) / max(max(speed, arrivalSpeed), haltingSpeed);
  return (Math.sqrt(max<f64>(0, speed * speed + 2 * a * distance)) - speed) / a;
}

/** The lowest speed a vehicle of `speed` can have after `distance`; `never`: it cannot brake before. */
export function slowestArrival(t: VehicleType, distance: f64, speed: f64): f64 {
  if (distance < speed) return never;
  const b = t.deceleration;
  const square = speed * speed - 2 * (distance - speed * t.tau) * b;
  return square >= 0 ? min(t.maxSpeed, Math.sqrt(square)) : b;
}

function relieved(
  t: VehicleType,
  safe: f64,
  speed: f64,
  gap: f64,
  leaderSpeed: f64,
  leaderDeceleration: f64,
): f64 {
  if (safe >= speed) return safe;
  const wanted = (speed - safe) / stepSeconds;
  const own = t.deceleration;
  if (wanted <= own + numericEpsilon) return safe;
  const needed = emergencyAmplifier * emergencyNeeded(t, gap, speed, leaderSpeed, leaderDeceleration);
  return max<f64>(0, speed - min(max(needed, own), wanted) * stepSeconds);
}

function emergencyNeeded(t: VehicleType, gap: f64, speed: f64, leaderSpeed: f64, leaderDeceleration: f64): f64 {
  if (gap <= 0) return t.emergency;
  const gentle = (0.5 * speed * speed) / (gap + (0.5 * leaderSpeed * leaderSpeed) / leaderDeceleration);
  if (gentle <= leaderDeceleration) return gentle;
  return (0.5 * (speed * speed - leaderSpeed * leaderSpeed)) / gap;
}

function idmSpeed(t: VehicleType, gap2pred: f64, speed: f64, leaderSpeed: f64, limit: f64, respectGap: bool): f64 {
  const a = t.acceleration;
  const minGap: f64 = respectGap ? t.minGap : 0;
  const share = stepSeconds / <f64>idmSteps;
  const wish = max(numericEpsilon, limit);
  let gap = gap2pred + minGap;
  let v = speed;
  for (let i = 0; i < idmSteps; i++) {
    const wanted = minGap + max<f64>(0, v * t.tau + (v * (v - leaderSpeed)) / t.idmRoot);
    gap = max(numericEpsilon, gap);
    const acceleration = a * (1 - power(v / wish, t.delta) - (wanted * wanted) / (gap * gap));
    v = max<f64>(0, v + acceleration * share);
    gap -= max<f64>(0, (v - leaderSpeed) * share);
  }
  return max<f64>(0, v);
}

function idmStop(t: VehicleType, speed: f64, gap: f64, deceleration: f64, limit: f64): f64 {
  if (gap < 0.01) return 0;
  const v = idmSpeed(t, gap, speed, 0, limit, false);
  if (speed < numericEpsilon && v < numericEpsilon) return stopWithin(gap, deceleration, stepSeconds);
  return v;
}

function idmApproach(t: VehicleType, speed: f64, distance: f64, target: f64, limit: f64): f64 {
  const secure = secureGap(t, target, 0, t.deceleration);
  const safe =
    speed <= target
      ? idmSpeed(t, 1e6, speed, target, limit, false)
      : idmSpeed(t, max(distance, secure), speed, 0, limit, false);
  return distance < secure ? min(safe, target) : safe;
}
