// e^x and what is made of it, four floats at a time: relative error below 2e-7, the same bits on every machine.
// Must not: call a math library.

import { madd } from './madd';

/** e^x; 0.. for x below -87, where float32 ends, and e^88 above 88. */
@inline
export function exp4(x: v128): v128 {
  const inside = f32x4.max(f32x4.min(x, f32x4.splat(88)), f32x4.splat(-87));
  const n = f32x4.nearest(f32x4.mul(inside, f32x4.splat(1.4426950408889634)));
  // ln 2 in two pieces, of which the first has so few digits that n times it is exact.
  let r = madd(n, f32x4.splat(-0.693359375), inside);
  r = madd(n, f32x4.splat(2.12194440e-4), r);
  // The series of e^r for |r| <= ln(2) / 2: the term behind the last one is below 6e-9.
  let sum = f32x4.splat(1.0 / 5040.0);
  sum = madd(sum, r, f32x4.splat(1.0 / 720.0));
  sum = madd(sum, r, f32x4.splat(1.0 / 120.0));
  sum = madd(sum, r, f32x4.splat(1.0 / 24.0));
  sum = madd(sum, r, f32x4.splat(1.0 / 6.0));
  sum = madd(sum, r, f32x4.splat(0.5));
  sum = madd(sum, r, f32x4.splat(1));
  sum = madd(sum, r, f32x4.splat(1));
  const power = i32x4.shl(i32x4.add(i32x4.trunc_sat_f32x4_s(n), i32x4.splat(127)), 23);
  return f32x4.mul(sum, power);
}

/** 1 / (1 + e^-x). */
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}
