// What `foresight` believes of cars: the chance that one finishes its task in the time it has, and how its time differs
// from the estimate. Both begin with physics and learn what it leaves over. docs/foresight.md has the maths.
//
//   logit P(commit) = a + b ln(seconds available / seconds needed) + v(car)     a, b, v Gaussian, one Newton step an outcome
//   ln(seconds needed / estimate) = g + d(car)                                  shrunken means
//
// Must not: choose anything, or draw.

import type { VehicleId } from '../../base/ids.ts';

/** Gaussian belief over (a, b): means and the three numbers of their covariance. */
export interface SuccessBelief {
  readonly level: number;
  readonly slope: number;
  readonly levelVariance: number;
  readonly covariance: number;
  readonly slopeVariance: number;
}

/** A sum of observations and their number. */
interface Tally {
  readonly count: number;
  readonly sum: number;
}

/** What is believed of one car beyond what holds of all. */
export interface CarBelief {
  readonly offset: number;
  readonly offsetVariance: number;
  /** Deviations of ln(time / estimate) from the fleet's. */
  readonly time: Tally;
  /** Updates of its that were committed: how often its data were used. */
  readonly uses: number;
  readonly tries: number;
}

export interface Belief {
  readonly success: SuccessBelief;
  readonly fleetTime: Tally;
  readonly cars: ReadonlyMap<VehicleId, CarBelief>;
}

/** One outcome: seconds are those of the chosen car's task, `neededSeconds` by the estimate before any correction. */
export interface Observation {
  readonly vehicle: VehicleId;
  readonly committed: boolean;
  readonly seconds: number;
  readonly availableSeconds: number;
  readonly neededSeconds: number;
}

/**
 * The prior, all ours. The slope: stays and times are each known to some 20 %, so the logarithm of their ratio is off by
 * about 0.3, and a logistic curve of that deviation has the slope pi / (0.3 sqrt 3) = 6.
 */
const priorSuccess: SuccessBelief = {
  level: 0,
  slope: 6,
  levelVariance: 1,
  covariance: 0,
  slopeVariance: 4,
};
const strangerVariance = 1;
const stranger: CarBelief = {
  offset: 0,
  offsetVariance: strangerVariance,
  time: { count: 0, sum: 0 },
  uses: 0,
  tries: 0,
};
/** The fleet's time counts as if so many cars had been exactly on time, a car's deviation as if so many rounds had. */
const priorTimes = 3;
/** The chance never falls with more time. */
const leastSlope = 0.5;
/** Share of outcomes that time does not explain, such as a car heard on the border, which seems to have no time left. */
const lapses = 0.05;
/** Cars remembered; those that came longest ago are forgotten first. */
const rememberedCars = 20_000;

export const firstBelief: Belief = {
  success: priorSuccess,
  fleetTime: { count: 0, sum: 0 },
  cars: new Map(),
};

const shrunken = ({ count, sum }: Tally): number => sum / (count + priorTimes);

export const carOf = (belief: Belief, vehicle: VehicleId): CarBelief => belief.cars.get(vehicle) ?? stranger;

/** How many times the estimate a task of this car takes. */
export function timeFactor(belief: Belief, car: CarBelief): number {
  const log = shrunken(belief.fleetTime) + shrunken(car.time);
  return log === 0 ? 1 : Math.exp(log);
}

/** ln(available / needed), bounded: beyond a factor of 20 more time changes nothing. */
function spareOf(availableSeconds: number, neededSeconds: number): number {
  const ratio = Math.max(availableSeconds, 1e-3) / Math.max(neededSeconds, 1e-3);
  return Math.min(3, Math.max(-3, Math.log(ratio)));
}

const logistic = (value: number): number => 1 / (1 + Math.exp(-value));

/**
 * The chance that a car commits. What is uncertain moves it towards one half, by MacKay's approximation of the integral
 * of a logistic curve over a Gaussian (Neural Computation 4, 1992).
 */
export function successChance(
  { success }: Belief,
  car: CarBelief,
  availableSeconds: number,
  neededSeconds: number,
): number {
  const spare = spareOf(availableSeconds, neededSeconds);
  const mean = success.level + success.slope * spare + car.offset;
  const variance = spread(success, spare) + car.offsetVariance;
  return logistic(mean / Math.sqrt(1 + (Math.PI / 8) * variance));
}

function spread({ levelVariance, covariance, slopeVariance }: SuccessBelief, spare: number): number {
  return levelVariance + 2 * spare * covariance + spare * spare * slopeVariance;
}

/** Lets the past fade, so that traffic may change; never beyond what was believed at first. */
function faded(success: SuccessBelief, keep: number): SuccessBelief {
  return {
    ...success,
    levelVariance: Math.min(priorSuccess.levelVariance, success.levelVariance / keep),
    slopeVariance: Math.min(priorSuccess.slopeVariance, success.slopeVariance / keep),
  };
}

/**
 * One Newton step on the outcome, on what holds of all cars and on what holds of this one, weighted by how likely it is
 * that the outcome has to do with the time at all: an outcome that the belief all but excludes changes almost nothing.
 */
function learnOutcome(
  success: SuccessBelief,
  car: CarBelief,
  { committed, spare }: { readonly committed: boolean; readonly spare: number },
): { success: SuccessBelief; car: CarBelief } {
  const chance = logistic(success.level + success.slope * spare + car.offset);
  const certainty = chance * (1 - chance);
  const variance = spread(success, spare) + car.offsetVariance;
  const damping = 1 + certainty * variance;
  const meant = (1 - lapses) * (committed ? chance : 1 - chance);
  const weight = meant / (meant + lapses / 2);
  const step = (weight * ((committed ? 1 : 0) - chance)) / damping;
  const shrink = (weight * certainty) / damping;
  const levelGain = success.levelVariance + spare * success.covariance;
  const slopeGain = success.covariance + spare * success.slopeVariance;
  return {
    success: {
      level: success.level + levelGain * step,
      slope: Math.max(leastSlope, success.slope + slopeGain * step),
      levelVariance: success.levelVariance - levelGain * levelGain * shrink,
      covariance: success.covariance - levelGain * slopeGain * shrink,
      slopeVariance: success.slopeVariance - slopeGain * slopeGain * shrink,
    },
    car: {
      ...car,
      offset: car.offset + car.offsetVariance * step,
      offsetVariance: car.offsetVariance - car.offsetVariance ** 2 * shrink,
    },
  };
}

/**
 * ln(time / estimate) where the outcome tells it: a committed update tells the time, a car that was lost later than it
 * should have finished tells that it takes longer than that.
 */
function lateness(seen: Observation, factor: number): number | null {
  const isLate = seen.seconds > seen.neededSeconds * factor;
  if (!seen.committed && !isLate) return null;
  if (!(seen.neededSeconds > 0) || !(seen.seconds > 0)) return null;
  return Math.min(3, Math.max(-3, Math.log(seen.seconds / seen.neededSeconds)));
}

const withValue = ({ count, sum }: Tally, value: number): Tally => ({ count: count + 1, sum: sum + value });

/** The belief after one outcome; `cars` is the caller's own copy and is changed. */
function learnOne(belief: Belief, seen: Observation, cars: Map<VehicleId, CarBelief>): Belief {
  const before = carOf({ ...belief, cars }, seen.vehicle);
  const factor = timeFactor(belief, before);
  const spare = spareOf(seen.availableSeconds, seen.neededSeconds * factor);
  const { success, car } = learnOutcome(belief.success, before, { committed: seen.committed, spare });
  const late = lateness(seen, factor);
  const fleet = shrunken(belief.fleetTime);
  cars.delete(seen.vehicle);
  cars.set(seen.vehicle, {
    ...car,
    time: late === null ? car.time : withValue(car.time, late - fleet),
    uses: car.uses + (seen.committed ? 1 : 0),
    tries: car.tries + 1,
  });
  const fleetTime = late === null ? belief.fleetTime : withValue(belief.fleetTime, late);
  return { success, fleetTime, cars };
}

/** The belief after a round. `keep`: the share of certainty that is left of the round before. */
export function learnRound(belief: Belief, seen: readonly Observation[], keep: number): Belief {
  const cars = new Map(belief.cars);
  let after: Belief = { ...belief, success: faded(belief.success, keep), cars };
  for (const one of seen) after = learnOne(after, one, cars);
  for (const vehicle of cars.keys()) {
    if (cars.size <= rememberedCars) break;
    cars.delete(vehicle);
  }
  return after;
}
