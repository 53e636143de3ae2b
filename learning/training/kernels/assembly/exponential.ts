// e^x and what is made of it, four floats at a time: relative error below 3e-7, the same bits on every machine.
// Must not: call a math library.

import { madd } from './madd';

/** Adding it to a small number leaves that number, rounded, in the last bits of the sum. */
const ROUNDER: f32 = 12582912;

/** e^x where that is a float32; for x below -86.5 and above 88 the value there. */
@inline
export function exp4(x: v128): v128 {
  const inside = f32x4.max(f32x4.min(x, f32x4.splat(88)), f32x4.splat(-86.5));
  // x = n ln 2 + r with |r| <= ln(2) / 2.
  const rounded = madd(inside, f32x4.splat(1.4426950408889634), f32x4.splat(ROUNDER));
  const n = f32x4.sub(rounded, f32x4.splat(ROUNDER));
  // ln 2 in two pieces, of which the first has so few digits that n times it is exact.
  let r = madd(n, f32x4.splat(-0.693359375), inside);
  r = madd(n, f32x4.splat(2.12194440e-4), r);
  // The polynomial of degree 5 whose largest relative error there is smallest: 8e-8.
  let sum = f32x4.splat(0.008297619396774654);
  sum = madd(sum, r, f32x4.splat(0.04191562924693288));
  sum = madd(sum, r, f32x4.splat(0.16667576542841725));
  sum = madd(sum, r, f32x4.splat(0.49998892661233274));
  sum = madd(sum, r, f32x4.splat(0.9999996910696323));
  sum = madd(sum, r, f32x4.splat(1.0000000718663784));
  // Times 2^n: n, the last bits of `rounded`, is added to the exponent.
  return i32x4.add(sum, i32x4.shl(rounded, 23));
}

/** 1 / (1 + e^-x). */
@inline
export function sigmoid4(x: v128): v128 {
  const one = f32x4.splat(1);
  return f32x4.div(one, f32x4.add(one, exp4(f32x4.neg(x))));
}
