// Smooth activations and their gradients: SiLU x * s(x), and GELU in its tanh form, which is x * s(2u) with the logistic
// function s and u = sqrt(2 / pi) (x + 0.044715 x^3), for (1 + tanh u) / 2 = s(2u).
// Must not: keep anything between forward and backward. Computing s again costs less than fetching it.

import { sigmoid4 } from './exponential';
import { put } from './lanes';

/** 2 sqrt(2 / pi), and that times 0.044715. */
const LINEAR: f32 = 1.5957691216057308;
const CUBIC: f32 = 0.07135481627159628;

/** What of the argument of s is constant over x^2: 1 for SiLU; the value of 2u / x for GELU. */
@inline
function slope(square: v128, isGelu: bool): v128 {
  return isGelu ? f32x4.add(f32x4.splat(LINEAR), f32x4.mul(f32x4.splat(CUBIC), square)) : f32x4.splat(1);
}

@inline
function value(x: v128, isGelu: bool): v128 {
  return f32x4.mul(x, sigmoid4(f32x4.mul(x, slope(f32x4.mul(x, x), isGelu))));
}

/** d/dx of x s(a(x)) = s + x a' s (1 - s). */
@inline
function derivative(x: v128, isGelu: bool): v128 {
  const square = f32x4.mul(x, x);
  const s = sigmoid4(f32x4.mul(x, slope(square, isGelu)));
  const steep = isGelu ? f32x4.add(f32x4.splat(LINEAR), f32x4.mul(f32x4.splat(3 * CUBIC), square)) : f32x4.splat(1);
  const bend = f32x4.mul(f32x4.mul(x, steep), f32x4.mul(s, f32x4.sub(f32x4.splat(1), s)));
  return f32x4.add(s, bend);
}

// Four vectors at a time: a processor takes longer to get the constants of e^x than to compute with them.

@inline
function forward(x: usize, out: usize, n: i32, isGelu: bool): void {
  const end = <usize>n << 2;
  let at: usize = 0;
  for (; at + 64 <= end; at += 64) {
    const a = value(v128.load(x + at), isGelu), b = value(v128.load(x + at, 16), isGelu);
    const c = value(v128.load(x + at, 32), isGelu), d = value(v128.load(x + at, 48), isGelu);
    v128.store(out + at, a), v128.store(out + at, b, 16);
    v128.store(out + at, c, 32), v128.store(out + at, d, 48);
  }
  for (; at < end; at += 16) put(out + at, value(v128.load(x + at), isGelu), <i32>((end - at) >> 2));
}

@inline
function product(x: usize, dy: usize, isGelu: bool): v128 {
  return f32x4.mul(v128.load(dy), derivative(v128.load(x), isGelu));
}

@inline
function backward(x: usize, dy: usize, dx: usize, n: i32, isGelu: bool): void {
  const end = <usize>n << 2;
  let at: usize = 0;
  for (; at + 64 <= end; at += 64) {
    const a = product(x + at, dy + at, isGelu), b = product(x + at + 16, dy + at + 16, isGelu);
    const c = product(x + at + 32, dy + at + 32, isGelu), d = product(x + at + 48, dy + at + 48, isGelu);
    v128.store(dx + at, a), v128.store(dx + at, b, 16);
    v128.store(dx + at, c, 32), v128.store(dx + at, d, 48);
  }
  for (; at < end; at += 16) put(dx + at, product(x + at, dy + at, isGelu), <i32>((end - at) >> 2));
}

/** out = gelu(x), n floats. */
export function gelu(x: usize, out: usize, n: i32): void {
  forward(x, out, n, true);
}

/** dx = dy * gelu'(x), n floats. `dx` may be `dy`. */
export function geluGradient(x: usize, dy: usize, dx: usize, n: i32): void {
  backward(x, dy, dx, n, true);
}

/** out = x / (1 + e^-x), n floats. */
export function silu(x: usize, out: usize, n: i32): void {
  forward(x, out, n, false);
}

/** dx = dy * silu'(x), n floats. `dx` may be `dy`. */
export function siluGradient(x: usize, dy: usize, dx: usize, n: i32): void {
  backward(x, dy, dx, n, false);
}
