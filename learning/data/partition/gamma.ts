// Gamma and Dirichlet numbers in logarithms, because with a small shape they are too small for a float.
// Must not: know what is partitioned.

import type { Rng } from '../../../base/rng.ts';

/**
 * The logarithm of a Gamma(shape, 1) number. Marsaglia and Tsang 2000, "A simple method for generating gamma
 * variables" (ACM TOMS 26(3), doi 10.1145/358407.358414); a shape below 1 by their boost Gamma(shape + 1) U^(1/shape),
 * which is why we stay in logarithms.
 */
export function logGamma(shape: number, rng: Rng): number {
  const boost = shape < 1 ? Math.log(1 - rng.uniform()) / shape : 0;
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) * (1 + c * x) * (1 + c * x);
    if (v <= 0) continue;
    if (Math.log(1 - rng.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v))
      return Math.log(d * v) + boost;
  }
}

/** Throws RangeError unless `value` is a positive finite number. */
export function requirePositive(name: string, value: number): void {
  if (!(value > 0 && Number.isFinite(value)))
    throw new RangeError(`invalid ${name}: ${value} (expected a positive finite number)`);
}

/** One draw of the Dirichlet distribution, as the cumulative probability of every class. Absent classes get none. */
export function labelMix(byClass: readonly (readonly number[])[], alpha: number, rng: Rng): Float64Array {
  requirePositive('alpha', alpha);
  const total = byClass.reduce((sum, list) => sum + list.length, 0);
  const logs = byClass.map(({ length }, label) =>
    length === 0
      ? -Infinity
      : logGamma((alpha * byClass.length * length) / total, rng.fork(`class ${label}`)),
  );
  // Gammas relative to the largest: with a small alpha all of them may be too small for a float.
  const largest = Math.max(...logs);
  const cumulative = new Float64Array(logs.length);
  let sum = 0;
  for (let label = 0; label < logs.length; label++) {
    sum += Math.exp(logs[label]! - largest);
    cumulative[label] = sum;
  }
  return cumulative.map((value) => value / sum);
}

/** The label of the first class whose cumulative probability exceeds a uniform number; never an absent class. */
export function drawLabel(cumulative: Float64Array, rng: Rng): number {
  const u = rng.uniform();
  for (let label = 0; label < cumulative.length; label++) {
    if (u < cumulative[label]!) return label;
  }
  throw new RangeError(`invalid label mix: ends at ${cumulative.at(-1)} (expected 1)`);
}
