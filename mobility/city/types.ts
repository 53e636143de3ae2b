// Vehicle types as columns, and the car-following rules that need nothing but a type: how far it takes to stop, how fast
// is safe. Krauss as SUMO 1.15 evaluates it for its Euler step: S. Krauss, "Microscopic modeling of traffic flow" (1998),
// https://sumo.dlr.de/docs/Car-Following-Models.html; IDM as in ../driving/idm.ts, in sub-steps of 0.25 s.
// Must not: know of vehicles, lanes or links.

import type { VehicleType } from '../demand/demand.ts';
import { haltingSpeed, never, numericEpsilon } from './constants.ts';

/** SUMO's factor on the deceleration that an emergency needs. */
const emergencyAmplifier = 1.2;
/** Sub-steps of IDM last about so long, s. */
const idmSubStepSeconds = 0.25;

function column(types: readonly VehicleType[], of: (type: VehicleType) => number): Float64Array {
  return Float64Array.from(types, of);
}

/** x to the power y for x >= 0: whole powers by squaring, others by ../arithmetic. */
function power(x: number, y: number): number {
  let result = 1;
  let base = x;
  let rest = Math.round(y);
  while (rest > 0) {
    if (rest & 1) result *= base;
    base *= base;
    rest >>= 1;
  }
  return result;
}

/** All types of a demand, and the rules of following. `t` is a row of the types; gaps in m, speeds in m/s. */
export class Types {
  readonly count: number;
  readonly stepSeconds: number;
  readonly length: Float64Array;
  readonly minGap: Float64Array;
  readonly maxSpeed: Float64Array;
  readonly acceleration: Float64Array;
  readonly deceleration: Float64Array;
  readonly emergency: Float64Array;
  readonly sigma: Float64Array;
  readonly tau: Float64Array;
  readonly delta: Float64Array;
  readonly impatience: Float64Array;
  readonly strategic: Float64Array;
  readonly cooperative: Float64Array;
  readonly speedGain: Float64Array;
  readonly keepRight: Float64Array;
  /** jmIgnoreKeepClearTime, s; -1: never ignored. */
  readonly ignoreKeepClear: Float64Array;
  /** jmTimegapMinor, s. */
  readonly timeGapMinor: Float64Array;
  readonly permission: Uint32Array;
  readonly idm: Uint8Array;
  readonly #idmSteps: number;
  readonly #idmRoot: Float64Array;

  constructor(types: readonly VehicleType[], stepSeconds: number) {
    this.count = types.length;
    this.stepSeconds = stepSeconds;
    this.length = column(types, (type) => type.lengthMeters);
    this.minGap = column(types, (type) => type.minGapMeters);
    this.maxSpeed = column(types, (type) => type.maxSpeedMps);
    this.acceleration = column(types, (type) => type.accelerationMps2);
    this.deceleration = column(types, (type) => type.decelerationMps2);
    this.emergency = column(types, (type) => Math.max(type.emergencyDecelerationMps2, type.decelerationMps2));
    this.sigma = column(types, (type) => (type.model === 'krauss' ? type.sigma : 0));
    this.tau = column(types, (type) => type.tauSeconds);
    this.delta = column(types, (type) => type.delta);
    this.impatience = column(types, (type) => type.impatience);
    this.strategic = column(types, (type) => type.laneChange.strategic);
    this.cooperative = column(types, (type) => type.laneChange.cooperative);
    this.speedGain = column(types, (type) => type.laneChange.speedGain);
    this.keepRight = column(types, (type) => type.laneChange.keepRight);
    this.ignoreKeepClear = column(types, (type) => type.junctionModel.jmIgnoreKeepClearTime ?? -1);
    this.timeGapMinor = column(types, (type) => type.junctionModel.jmTimegapMinor ?? 1);
    this.permission = Uint32Array.from(types, (type) => type.permissionBit);
    this.idm = Uint8Array.from(types, (type) => (type.model === 'idm' ? 1 : 0));
    this.#idmSteps = Math.max(1, Math.floor(stepSeconds / idmSubStepSeconds + 0.5));
    this.#idmRoot = column(types, (type) => 2 * Math.sqrt(type.accelerationMps2 * type.decelerationMps2));
  }

  /** How far a vehicle rolls that brakes with `deceleration` from `speed` after `headway` seconds. */
  brakeGap(speed: number, deceleration: number, headway: number): number {
    const reduction = deceleration * this.stepSeconds;
    const steps = Math.floor(speed / reduction);
    return this.stepSeconds * (steps * speed - (reduction * steps * (steps + 1)) / 2) + speed * headway;
  }

  /** The fastest speed from which a driver of reaction time `headway` can stop within `gap`. */
  stopWithin(gap: number, deceleration: number, headway: number): number {
    const g = gap - numericEpsilon;
    if (g < 0) return 0;
    const s = this.stepSeconds;
    const b = deceleration * s;
    const t = headway;
    const root = Math.sqrt(s * s + 4 * (s * ((2 * g) / b - t) + t * t));
    const n = Math.floor(0.5 - (t - root / 2) / s);
    const covered = 0.5 * n * (n - 1) * b * s + n * b * t;
    return n * b + (g - covered) / (n * s + t);
  }

  /** What a driver could reach next, unhindered. */
  fastestNext(t: number, speed: number): number {
    return Math.min(speed + this.acceleration[t]! * this.stepSeconds, this.maxSpeed[t]!);
  }

  /** As slow as a driver can be next, braking comfortably. */
  slowestNext(t: number, speed: number): number {
    const deceleration = this.idm[t]
      ? Math.max(this.deceleration[t]!, Math.min(this.emergency[t]!, 1.5))
      : this.deceleration[t]!;
    return Math.max(speed - deceleration * this.stepSeconds, 0);
  }

  slowestNextEmergency(t: number, speed: number): number {
    return Math.max(speed - this.emergency[t]! * this.stepSeconds, 0);
  }

  /** The gap a follower needs who drives `speed` behind a leader of `leaderSpeed`. */
  secureGap(t: number, speed: number, leaderSpeed: number, leaderDeceleration: number): number {
    if (this.idm[t]) {
      const closing = speed - leaderSpeed;
      return Math.max(0, speed * this.tau[t]! + (speed * closing) / this.#idmRoot[t]!);
    }
    const own = this.deceleration[t]!;
    const leaderBrakes = this.brakeGap(leaderSpeed, Math.max(own, leaderDeceleration), 0);
    return Math.max(0, this.brakeGap(speed, own, this.tau[t]!) - leaderBrakes);
  }

  /**
   * The next speed that is safe behind a leader `gap` metres ahead (minGap already taken off). `limit` is the speed the
   * driver wishes on this lane; only IDM needs it.
   */
  follow(
    t: number,
    speed: number,
    gap: number,
    leaderSpeed: number,
    leaderDeceleration: number,
    limit: number,
  ): number {
    if (this.idm[t]) return this.#idmSpeed(t, gap, speed, leaderSpeed, limit, true);
    const own = this.deceleration[t]!;
    let safe: number;
    if (gap >= 0) {
      const leaderBrakes = this.brakeGap(leaderSpeed, leaderDeceleration > own ? leaderDeceleration : own, 0);
      safe = this.stopWithin(gap + leaderBrakes, own, this.tau[t]!);
    } else {
      safe = this.slowestNextEmergency(t, speed);
    }
    if (own !== this.emergency[t])
      safe = this.#relieved(t, safe, speed, gap, leaderSpeed, leaderDeceleration);
    const fastest = this.fastestNext(t, speed);
    return safe < fastest ? safe : fastest;
  }

  /** As `follow`, without the rules for emergencies and acceleration: for questions, not for driving. */
  safeBehind(t: number, speed: number, gap: number, leaderSpeed: number, leaderDeceleration: number): number {
    const own = this.deceleration[t]!;
    const leaderBrakes = this.brakeGap(leaderSpeed, Math.max(own, leaderDeceleration), 0);
    if (this.idm[t] && gap < this.secureGap(t, speed, leaderSpeed, leaderDeceleration)) {
      return Math.min(speed, this.stopWithin(gap + leaderBrakes, own, this.tau[t]!));
    }
    return this.stopWithin(gap + leaderBrakes, own, this.tau[t]!);
  }

  /** The next speed to stop within `gap`, braking with `deceleration` at most. */
  stop(t: number, speed: number, gap: number, deceleration: number, limit: number): number {
    if (this.idm[t]) return this.#idmStop(t, speed, gap, deceleration, limit);
    const safe = this.stopWithin(gap, deceleration, this.stepSeconds);
    const fastest = this.fastestNext(t, speed);
    return safe < fastest ? safe : fastest;
  }

  /** The next speed so that after `distance` the vehicle drives `target`. */
  approach(
    t: number,
    speed: number,
    distance: number,
    target: number,
    limit: number,
    onInsertion: boolean,
  ): number {
    if (this.idm[t]) return this.#idmApproach(t, speed, distance, target, limit);
    const s = this.stepSeconds;
    const v = target * s;
    if (distance < v) return target;
    const b = this.deceleration[t]! * s * s;
    const y = Math.max(0, ((Math.sqrt((b + 2 * v) * (b + 2 * v) + 8 * b * distance) - b) * 0.5 - v) / b);
    const whole = Math.floor(y);
    const exact = (whole * whole + whole) * 0.5 * b + whole * v + (y > whole ? v : 0);
    const gain = (whole + (onInsertion ? 1 : 0)) * this.deceleration[t]! * s;
    return Math.max(0, distance - exact) / (whole + 1) / s + gain + target;
  }

  /** An upper bound of the speed after `distance`. */
  speedAfter(t: number, distance: number, speed: number): number {
    const reached = Math.sqrt(2 * distance * this.acceleration[t]! + speed * speed);
    return reached < this.maxSpeed[t]! ? reached : this.maxSpeed[t]!;
  }

  /** Seconds until a vehicle of `speed` has gone `distance`, where it will drive `arrivalSpeed`. */
  arrivalSeconds(t: number, distance: number, speed: number, arrivalSpeed: number): number {
    const a = arrivalSpeed >= speed ? this.acceleration[t]! : -this.deceleration[t]!;
    const changing = (arrivalSpeed - speed) / a;
    const way = changing * (arrivalSpeed + speed) * 0.5;
    if (distance >= way) return changing + (distance - way) / Math.max(speed, arrivalSpeed, haltingSpeed);
    return (Math.sqrt(Math.max(0, speed * speed + 2 * a * distance)) - speed) / a;
  }

  /** The lowest speed a vehicle of `speed` can have after `distance`; `never`: it cannot brake before. */
  slowestArrival(t: number, distance: number, speed: number): number {
    if (distance < speed) return never;
    const b = this.deceleration[t]!;
    const square = speed * speed - 2 * (distance - speed * this.tau[t]!) * b;
    return square >= 0 ? Math.min(this.maxSpeed[t]!, Math.sqrt(square)) : b;
  }

  #relieved(
    t: number,
    safe: number,
    speed: number,
    gap: number,
    leaderSpeed: number,
    leaderDeceleration: number,
  ): number {
    const dt = this.stepSeconds;
    const wanted = (speed - safe) / dt;
    const own = this.deceleration[t]!;
    if (wanted <= own + numericEpsilon) return safe;
    const needed = emergencyAmplifier * this.#emergencyNeeded(t, gap, speed, leaderSpeed, leaderDeceleration);
    return Math.max(0, speed - Math.min(Math.max(needed, own), wanted) * dt);
  }

  #emergencyNeeded(
    t: number,
    gap: number,
    speed: number,
    leaderSpeed: number,
    leaderDeceleration: number,
  ): number {
    if (gap <= 0) return this.emergency[t]!;
    const gentle = (0.5 * speed * speed) / (gap + (0.5 * leaderSpeed * leaderSpeed) / leaderDeceleration);
    if (gentle <= leaderDeceleration) return gentle;
    return (0.5 * (speed * speed - leaderSpeed * leaderSpeed)) / gap;
  }

  #idmSpeed(
    t: number,
    gap2pred: number,
    speed: number,
    leaderSpeed: number,
    limit: number,
    respectGap: boolean,
  ): number {
    const a = this.acceleration[t]!;
    const minGap = respectGap ? this.minGap[t]! : 0;
    const share = this.stepSeconds / this.#idmSteps;
    const wish = Math.max(numericEpsilon, limit);
    let gap = gap2pred + minGap;
    let v = speed;
    for (let i = 0; i < this.#idmSteps; i++) {
      const wanted = minGap + Math.max(0, v * this.tau[t]! + (v * (v - leaderSpeed)) / this.#idmRoot[t]!);
      gap = Math.max(numericEpsilon, gap);
      const acceleration = a * (1 - power(v / wish, this.delta[t]!) - (wanted * wanted) / (gap * gap));
      v = Math.max(0, v + acceleration * share);
      gap -= Math.max(0, (v - leaderSpeed) * share);
    }
    return Math.max(0, v);
  }

  #idmStop(t: number, speed: number, gap: number, deceleration: number, limit: number): number {
    if (gap < 0.01) return 0;
    const v = this.#idmSpeed(t, gap, speed, 0, limit, false);
    if (speed < numericEpsilon && v < numericEpsilon)
      return this.stopWithin(gap, deceleration, this.stepSeconds);
    return v;
  }

  #idmApproach(t: number, speed: number, distance: number, target: number, limit: number): number {
    const secure = this.secureGap(t, target, 0, this.deceleration[t]!);
    const safe =
      speed <= target
        ? this.#idmSpeed(t, 1e6, speed, target, limit, false)
        : this.#idmSpeed(t, Math.max(distance, secure), speed, 0, limit, false);
    return distance < secure ? Math.min(safe, target) : safe;
  }
}
