// Statistics of paired experiments: means, intervals, effect sizes, p values. Pure: numbers in, numbers out.
// Must not: know what the numbers measure, or draw chance that is not handed in.
//
// Sources: Student, "The Probable Error of a Mean", Biometrika 6 (1908), the paired t test; Holm, "A Simple Sequentially
// Rejective Multiple Test Procedure", Scand. J. Statist. 6 (1979); Cohen, "Statistical Power Analysis for the Behavioral
// Sciences" (1988), d for dependent samples; Hedges, J. Educ. Stat. 6 (1981), its bias correction; Efron, Ann. Statist. 7
// (1979), the bootstrap; Lentz's continued fraction of the incomplete beta function (DLMF 8.17.22, https://dlmf.nist.gov/8.17).

import type { Rng } from '../../base/rng.ts';

export interface Interval {
  readonly low: number;
  readonly high: number;
}

export const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

/** Sample standard deviation, n - 1 below; NaN for fewer than two values. */
export function deviationOf(values: readonly number[]): number {
  const mean = meanOf(values);
  const squares = values.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return Math.sqrt(squares / (values.length - 1));
}

/** ln Gamma(x) for x > 0, by Stirling's series above 10 and the recurrence below: relative error under 1e-14. */
function logGamma(x: number): number {
  let [at, shift] = [x, 0];
  for (; at < 10; at += 1) shift += Math.log(at);
  const inverse = 1 / (at * at);
  // B_2k / (2k (2k - 1)) for k = 1..7.
  const series = [1 / 12, -1 / 360, 1 / 1260, -1 / 1680, 1 / 1188, -691 / 360360, 1 / 156];
  const tail = series.reduceRight((sum, term) => sum * inverse + term, 0) / at;
  return (at - 0.5) * Math.log(at) - at + Math.log(2 * Math.PI) / 2 + tail - shift;
}

/** The continued fraction of I_x(a, b), which converges fast for x < (a + 1) / (a + b + 2). */
function betaFraction(x: number, a: number, b: number): number {
  const tiny = 1e-300;
  const away = (value: number): number => (Math.abs(value) < tiny ? tiny : value);
  let c = 1;
  let d = 1 / away(1 - ((a + b) * x) / (a + 1));
  let fraction = d;
  for (let m = 1; m <= 500; m++) {
    const even = (m * (b - m) * x) / ((a + 2 * m - 1) * (a + 2 * m));
    const odd = (-(a + m) * (a + b + m) * x) / ((a + 2 * m) * (a + 2 * m + 1));
    let factor = 1;
    for (const term of [even, odd]) {
      d = 1 / away(1 + term * d);
      c = away(1 + term / c);
      factor = d * c;
      fraction *= factor;
    }
    if (Math.abs(factor - 1) < 1e-15) break;
  }
  return fraction;
}

/** The regularized incomplete beta function I_x(a, b), x in 0..1. */
export function incompleteBeta(x: number, a: number, b: number): number {
  if (x <= 0) return 0;
  if (x >= 1) return 1;
  if (x > (a + 1) / (a + b + 2)) return 1 - incompleteBeta(1 - x, b, a);
  const front = Math.exp(
    a * Math.log(x) + b * Math.log1p(-x) + logGamma(a + b) - logGamma(a) - logGamma(b) - Math.log(a),
  );
  return front * betaFraction(x, a, b);
}

/** P(|T| >= |t|) of Student's t distribution. */
export const twoSidedP = (t: number, degrees: number): number =>
  incompleteBeta(degrees / (degrees + t * t), degrees / 2, 0.5);

/** The t that |T| exceeds with probability 1 - `level`; by halving, to the last bits. */
export function tQuantile(level: number, degrees: number): number {
  let [low, high] = [0, 1];
  while (twoSidedP(high, degrees) > 1 - level) high *= 2;
  for (let step = 0; step < 100; step++) {
    const middle = (low + high) / 2;
    if (twoSidedP(middle, degrees) > 1 - level) low = middle;
    else high = middle;
  }
  return (low + high) / 2;
}

/** The mean's interval by Student's t; null for fewer than two values, of which nothing can be said. */
export function meanInterval(values: readonly number[], level = 0.95): Interval | null {
  if (values.length < 2) return null;
  const degrees = values.length - 1;
  const half = (tQuantile(level, degrees) * deviationOf(values)) / Math.sqrt(values.length);
  return { low: meanOf(values) - half, high: meanOf(values) + half };
}

/** The mean's percentile bootstrap interval. Too narrow for a handful of values, where the t interval is the better one. */
export function bootstrapInterval(
  values: readonly number[],
  rng: Rng,
  { level = 0.95, resamples = 10_000 }: { readonly level?: number; readonly resamples?: number } = {},
): Interval | null {
  if (values.length < 2) return null;
  const means = new Float64Array(resamples);
  for (let i = 0; i < resamples; i++) {
    let sum = 0;
    for (let k = 0; k < values.length; k++) sum += values[rng.integer(values.length)]!;
    means[i] = sum / values.length;
  }
  means.sort();
  const tail = (1 - level) / 2;
  const at = (share: number): number => means[Math.min(resamples - 1, Math.floor(share * resamples))]!;
  return { low: at(tail), high: at(1 - tail) };
}

/** What a paired comparison says of the differences second - first. */
export interface PairedTest {
  readonly pairs: number;
  readonly meanDifference: number;
  /** null for fewer than two pairs. */
  readonly interval: Interval | null;
  readonly t: number | null;
  readonly p: number | null;
  /** Cohen's d_z: mean difference over its standard deviation. */
  readonly cohenDz: number | null;
  /** The same with Hedges' correction for few pairs; null for two, where the correction leaves nothing. */
  readonly hedgesGz: number | null;
}

const finite = (value: number): number | null => (Number.isFinite(value) ? value : null);

/**
 * The paired t test of `second` against `first`, which lie in the order of their pairs. Where all differences are equal, the
 * interval has no width, p is 1 (they are 0) or 0, and effect sizes are null: they have no scale.
 */
export function pairedTest(first: readonly number[], second: readonly number[], level = 0.95): PairedTest {
  if (first.length !== second.length)
    throw new RangeError(`pairs of unequal count: ${first.length} and ${second.length}`);
  const differences = second.map((value, index) => value - first[index]!);
  const pairs = differences.length;
  const meanDifference = meanOf(differences);
  if (pairs < 2)
    return { pairs, meanDifference, interval: null, t: null, p: null, cohenDz: null, hedgesGz: null };
  const degrees = pairs - 1;
  const deviation = deviationOf(differences);
  const dz = finite(meanDifference / deviation);
  const t = dz === null ? null : dz * Math.sqrt(pairs);
  const same = meanDifference === 0 ? 1 : 0;
  return {
    pairs,
    meanDifference,
    interval: meanInterval(differences, level),
    t,
    p: t === null ? same : twoSidedP(t, degrees),
    cohenDz: dz,
    hedgesGz: dz === null || degrees < 2 ? null : dz * (1 - 3 / (4 * degrees - 1)),
  };
}

/** The geometric mean of second / first with its interval (t on the logarithms); null where a value is not above 0. */
export function pairedRatio(
  first: readonly number[],
  second: readonly number[],
  level = 0.95,
): { readonly ratio: number; readonly interval: Interval | null } | null {
  if (first.length === 0 || [...first, ...second].some((value) => !(value > 0))) return null;
  const logs = second.map((value, index) => Math.log(value / first[index]!));
  const interval = meanInterval(logs, level);
  return {
    ratio: Math.exp(meanOf(logs)),
    interval: interval && { low: Math.exp(interval.low), high: Math.exp(interval.high) },
  };
}

/** Holm's step-down correction: p values that may be read together, in the order given. null stays null and counts for none. */
export function holm(ps: readonly (number | null)[]): (number | null)[] {
  const known = ps.flatMap((p, index) => (p === null ? [] : [{ p, index }])).sort((a, b) => a.p - b.p);
  const corrected: (number | null)[] = ps.map(() => null);
  let most = 0;
  for (const [rank, { p, index }] of known.entries()) {
    most = Math.max(most, Math.min(1, (known.length - rank) * p));
    corrected[index] = most;
  }
  return corrected;
}

/** A time that was seen (`seconds`), or that is known only to be longer. */
export interface MaybeCensored {
  readonly seconds: number;
  readonly isCensored: boolean;
}

/**
 * Restricts times to the earliest instant at which one of them was censored: min(T, horizon) is then known of every one
 * without any assumption, and its mean is the restricted mean survival time (Royston & Parmar, Statist. Med. 30, 2011).
 * Without a censored time nothing is restricted and the horizon is null.
 */
export function restrict(times: readonly MaybeCensored[]): {
  readonly values: number[];
  readonly horizon: number | null;
} {
  const ends = times.filter(({ isCensored }) => isCensored).map(({ seconds }) => seconds);
  if (ends.length === 0) return { values: times.map(({ seconds }) => seconds), horizon: null };
  const horizon = ends.reduce((least, end) => Math.min(least, end));
  return { values: times.map(({ seconds }) => Math.min(seconds, horizon)), horizon };
}
