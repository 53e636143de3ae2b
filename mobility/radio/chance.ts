// Random variables of the radio, drawn from a stream with our own elementary functions, so that the same stream gives the
// same bits on any engine. Must not: keep state.

import { exp, ln, power } from '../../base/math.ts';
import type { Rng } from '../../base/rng.ts';

/** Standard normal, by Marsaglia's polar method. */
export function drawNormal(rng: Rng): number {
  for (;;) {
    const u = 2 * rng.uniform() - 1;
    const v = 2 * rng.uniform() - 1;
    const s = u * u + v * v;
    if (s > 0 && s < 1) return u * Math.sqrt((-2 * ln(s)) / s);
  }
}

/**
 * Gamma with this shape (> 0) and mean 1: the power of a Nakagami-m fading channel, shape m; of a Rayleigh one, m = 1.
 * Source: Marsaglia and Tsang, "A simple method for generating gamma variables", ACM TOMS 26 (2000); a shape below 1 is
 * boosted by U^(1/shape).
 */
export function drawGammaPower(shape: number, rng: Rng): number {
  const boosted = shape < 1 ? shape + 1 : shape;
  const d = boosted - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  let drawn = 0;
  for (;;) {
    const x = drawNormal(rng);
    const root = 1 + c * x;
    if (root <= 0) continue;
    const v = root * root * root;
    const u = 1 - rng.uniform();
    if (ln(u) >= 0.5 * x * x + d - d * v + d * ln(v)) continue;
    drawn = d * v;
    break;
  }
  if (shape < 1) drawn *= power(1 - rng.uniform(), 1 / shape);
  return drawn / shape;
}

/** Probability that a standard normal is at most x. Source: Abramowitz and Stegun 7.1.26; error below 1.5e-7. */
export function normalBelow(x: number): number {
  const z = Math.abs(x) / Math.SQRT2;
  const t = 1 / (1 + 0.3275911 * z);
  const poly =
    t * (0.254829592 + t * (-0.284496736 + t * (1.421413741 + t * (-1.453152027 + t * 1.061405429))));
  const error = 1 - poly * exp(-z * z);
  return x < 0 ? (1 - error) / 2 : (1 + error) / 2;
}
