// Elementary functions from + - * / and sqrt alone. Why: the standard leaves the last bit of Math.exp and its kin to the
// engine, and what the radio computes reaches the event log, whose hash must be the same everywhere.
// Must not: be replaced by Math.* where a value decides an instant of a run.
//
// Accuracy (test/unit/math.test.ts): within 2e-15 of Math.* relative to the larger of result and 1, over the ranges of use.

/** ln 2 in two parts: the first has 21 low bits zero, so its product with an exponent is exact. */
const ln2High = 0.6931471803691238;
const ln2Low = 1.9082149292705877e-10;
const { LN10: ln10 } = Math;

const scratch = new DataView(new ArrayBuffer(8));

/** 2^`exponent` for -1022..1023, built bit by bit. */
function powerOfTwo(exponent: number): number {
  scratch.setUint32(0, (exponent + 1023) << 20);
  scratch.setUint32(4, 0);
  return scratch.getFloat64(0);
}

/** e^x. 0 below -708, infinite above 709.7. */
export function exp(x: number): number {
  if (x > 709.78) return Number.POSITIVE_INFINITY;
  if (x < -708) return 0;
  // x = k ln 2 + r with |r| <= 0.35; the series of e^r ends where r^n/n! drops below 2^-60 (n = 16).
  const k = Math.floor(x / ln2High + 0.5);
  const r = x - k * ln2High - k * ln2Low;
  let sum = 1;
  for (let n = 16; n >= 1; n--) sum = 1 + (r / n) * sum;
  const half = k >> 1;
  return sum * powerOfTwo(half) * powerOfTwo(k - half);
}

/** Natural logarithm of a normal number > 0; -infinity at 0, NaN below. */
export function ln(x: number): number {
  if (!(x > 0)) return x === 0 ? Number.NEGATIVE_INFINITY : Number.NaN;
  if (x === Number.POSITIVE_INFINITY) return x;
  scratch.setFloat64(0, x);
  const high = scratch.getUint32(0);
  let exponent = ((high >>> 20) & 0x7ff) - 1023;
  scratch.setUint32(0, (high & 0x000fffff) | 0x3ff00000);
  let mantissa = scratch.getFloat64(0);
  if (mantissa > Math.SQRT2) {
    mantissa /= 2;
    exponent++;
  }
  // ln m = 2 artanh(s), s = (m - 1)/(m + 1), |s| <= 0.172: s^2 to the 11th is below 2^-55.
  const s = (mantissa - 1) / (mantissa + 1);
  const square = s * s;
  let sum = 0;
  for (let n = 23; n >= 3; n -= 2) sum = square * (1 / n + sum);
  return exponent * ln2High + (exponent * ln2Low + 2 * s * (1 + sum));
}

/** Logarithm to base 10 of x > 0. */
export const log10 = (x: number): number => ln(x) / ln10;
/** Logarithm to base 2 of x > 0. */
export const log2 = (x: number): number => ln(x) / Math.LN2;
/** 10^x. */
export const power10 = (x: number): number => exp(x * ln10);
/** base^exponent for base > 0. */
export const power = (base: number, exponent: number): number => exp(exponent * ln(base));

/** sin and cos of |r| <= pi/4 by their series (to r^17/17!, below 2^-60). */
function sineOf(r: number): number {
  let sum = 1;
  for (let n = 16; n >= 2; n -= 2) sum = 1 - ((r * r) / (n * (n + 1))) * sum;
  return r * sum;
}

function cosineOf(r: number): number {
  let sum = 1;
  for (let n = 17; n >= 1; n -= 2) sum = 1 - ((r * r) / (n * (n + 1))) * sum;
  return sum;
}

/**
 * sin(2 pi turns), and cosine a quarter turn on: phases are reduced as turns, where taking the fraction is exact.
 */
export function sinTurns(turns: number): number {
  const quarters = 4 * (turns - Math.floor(turns));
  const nearest = Math.floor(quarters + 0.5);
  const r = ((quarters - nearest) * Math.PI) / 2;
  const quadrant = nearest % 4;
  const value = quadrant % 2 === 0 ? sineOf(r) : cosineOf(r);
  return quadrant < 2 ? value : -value;
}

/** cos(2 pi turns). */
export const cosTurns = (turns: number): number => sinTurns(turns + 0.25);
