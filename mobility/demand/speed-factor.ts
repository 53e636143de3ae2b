// The speed factor of a driver: what it makes of a speed limit. SUMO writes its law as a number, as norm(mean, deviation)
// or as normc(mean, deviation, least, most), the last cut by drawing again.
// Must not: know of types or files.

import type { Rng } from '../../base/rng.ts';

/** A normal law between two bounds; a deviation of 0 is a constant. */
export interface SpeedFactorLaw {
  readonly mean: number;
  readonly deviation: number;
  readonly least: number;
  readonly most: number;
}

/** SUMO draws no factor below this, so that nobody drives for ever. */
const leastFactor = 0.2;
/** SUMO's upper bound where a type names none. */
const mostFactor = 2;

/** The law of a type that states nothing. */
export function defaultLaw(deviation: number): SpeedFactorLaw {
  return { mean: 1, deviation, least: leastFactor, most: mostFactor };
}

/**
 * The law of SUMO's attribute: `1.2` changes the mean of `fallback` only; `norm(1,0.1)` and `normc(1,0.1,0.2,2)` change
 * all of it. Undefined where the text is none of these.
 */
export function parseSpeedFactor(text: string, fallback: SpeedFactorLaw): SpeedFactorLaw | undefined {
  const call = /^\s*(normc?)\s*\(([^)]*)\)\s*$/.exec(text);
  if (call === null) {
    const mean = text.trim() === '' ? Number.NaN : Number(text);
    return mean > 0 && Number.isFinite(mean) ? { ...fallback, mean } : undefined;
  }
  const numbers = call[2]!.split(',').map(Number);
  const [mean, deviation, least, most] = numbers as [number, number, number, number];
  if (numbers.length !== (call[1] === 'norm' ? 2 : 4) || !numbers.every(Number.isFinite)) return undefined;
  if (mean <= 0 || deviation < 0) return undefined;
  if (call[1] === 'norm') return { mean, deviation, least: leastFactor, most: Number.POSITIVE_INFINITY };
  return most >= least ? { mean, deviation, least, most } : undefined;
}

/** Bound of redrawing: reached only by a law whose bounds its normal almost never meets. */
const drawsMost = 1000;

/** One driver's factor. A law that keeps missing its bounds gives the nearest bound. */
export function drawSpeedFactor(law: SpeedFactorLaw, rng: Rng): number {
  if (law.deviation <= 0) return law.mean;
  let factor = law.mean;
  for (let i = 0; i < drawsMost; i++) {
    factor = law.mean + law.deviation * rng.normal();
    if (factor >= law.least && factor <= law.most) break;
  }
  // SUMO's floor, which a type of slow drivers lowers to its own mean.
  return Math.max(Math.min(law.most, Math.max(law.least, factor)), Math.min(leastFactor, law.mean));
}
