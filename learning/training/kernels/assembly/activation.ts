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

@inline
function forward(x: usize, out: usize, n: i32, isGelu: bool): void {
  let at: usize = 0;
  for (let left = n; left > 0; left -= 4) {
    put(out + at, value(v128.load(x + at), isGelu), left);
    at += 16;
  }
}

@inline
function backward(x: usize, dy: usize, dx: usize, n: i32, isGelu: bool): void {
  let at: usize = 0;
  for (let left = n; left > 0; left -= 4) {
    put(dx + at, f32x4.mul(v128.load(dy + at), derivative(v128.load(x + at), isGelu)), left);
    at += 16;
  }
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
