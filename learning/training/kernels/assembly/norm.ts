// Batch normalisation of the compiled step (Ioffe and Szegedy, "Batch normalization", ICML 2015), image by image: what
// statistics of an image need is read twice while it lies in the cache, and images are joined afterwards (Chan, Golub and
// LeVeque, "Updating formulae and a pairwise algorithm for computing sample variances", 1979). A rectifier behind it is
// part of the same pass.
// Must not: subtract squares of sums. A variance is a sum of squares about a mean.

import { laneMask, lastFour, put } from './lanes';

/** What is summed over a row of pixels: x, or (x - mean)^2. */
const PLAIN: i32 = 0;
const SQUARES: i32 = 1;

/** `total` += the sums over a row of `pixels` pixels, for every channel; four vectors of channels at a time. */
@inline
function addRow(x: usize, pixels: i32, pixel: usize, mean: usize, inverse: v128, total: usize, kind: i32): void {
  let c: usize = 0;
  for (; c + 64 <= pixel; c += 64) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    let m0 = s0, m1 = s0, m2 = s0, m3 = s0;
    if (kind == SQUARES) {
      m0 = f32x4.mul(v128.load(mean + c), inverse);
      m1 = f32x4.mul(v128.load(mean + c, 16), inverse);
      m2 = f32x4.mul(v128.load(mean + c, 32), inverse);
      m3 = f32x4.mul(v128.load(mean + c, 48), inverse);
    }
    let at = x + c;
    for (let p = 0; p < pixels; p++) {
      s0 = f32x4.add(s0, term(at, m0, kind));
      s1 = f32x4.add(s1, term(at + 16, m1, kind));
      s2 = f32x4.add(s2, term(at + 32, m2, kind));
      s3 = f32x4.add(s3, term(at + 48, m3, kind));
      at += pixel;
    }
    const to = total + c;
    addTo(to, s0);
    addTo(to + 16, s1);
    addTo(to + 32, s2);
    addTo(to + 48, s3);
  }
  for (; c < pixel; c += 16) {
    const from = lastFour(c, pixel);
    let sum = f32x4.splat(0);
    let m = sum;
    if (kind == SQUARES) m = f32x4.mul(v128.load(mean + from), inverse);
    let at = x + from;
    for (let p = 0; p < pixels; p++) {
      sum = f32x4.add(sum, term(at, m, kind));
      at += pixel;
    }
    addTo(total + from, v128.and(sum, laneMask(c, from, pixel)));
  }
}

@inline
function addTo(to: usize, values: v128): void {
  v128.store(to, f32x4.add(v128.load(to), values));
}

@inline
function term(at: usize, mean: v128, kind: i32): v128 {
  const x = v128.load(at);
  if (kind == PLAIN) return x;
  const centred = f32x4.sub(x, mean);
  return f32x4.mul(centred, centred);
}

/**
 * sums[channels] = the sum of each channel of one image; squares[channels] = the sum of squares about the image's mean.
 * xRow: bytes between rows. Both arrays have room for three more floats.
 */
export function normImage(
  x: usize, xRow: usize, rows: i32, pixels: i32, channels: i32, sums: usize, squares: usize,
): void {
  const pixel = <usize>channels << 2;
  memory.fill(sums, 0, pixel);
  memory.fill(squares, 0, pixel);
  const inverse = f32x4.splat(<f32>(1.0 / <f64>(rows * pixels)));
  for (let y = 0; y < rows; y++) addRow(x + <usize>y * xRow, pixels, pixel, 0, inverse, sums, PLAIN);
  for (let y = 0; y < rows; y++) addRow(x + <usize>y * xRow, pixels, pixel, sums, inverse, squares, SQUARES);
}

/**
 * Joins `images` pairs of arrays of normImage, `step` bytes apart, of `count` pixels each. inverse[channels] = 1 /
 * deviation, factor[channels] = scale / deviation, whose deviation is the root of variance + epsilon.
 */
export function normStatistics(
  sums: usize, squares: usize, step: usize, images: i32, count: i32, channels: i32, epsilon: f32, scale: usize,
  mean: usize, inverse: usize, factor: usize,
): void {
  const pixels = f32x4.splat(<f32>count);
  const share = f32x4.splat(<f32>(1.0 / <f64>count));
  const all = f32x4.splat(<f32>(1.0 / (<f64>count * <f64>images)));
  const pixel = <usize>channels << 2;
  for (let c: usize = 0; c < pixel; c += 16) {
    const from = lastFour(c, pixel);
    let sum = f32x4.splat(0);
    for (let i = 0; i < images; i++) sum = f32x4.add(sum, v128.load(sums + <usize>i * step + from));
    const m = f32x4.mul(sum, all);
    let square = f32x4.splat(0);
    for (let i = 0; i < images; i++) {
      const apart = f32x4.sub(f32x4.mul(v128.load(sums + <usize>i * step + from), share), m);
      const between = f32x4.mul(pixels, f32x4.mul(apart, apart));
      square = f32x4.add(square, f32x4.add(v128.load(squares + <usize>i * step + from), between));
    }
    const variance = f32x4.mul(square, all);
    const one = f32x4.div(f32x4.splat(1), f32x4.sqrt(f32x4.add(variance, f32x4.splat(epsilon))));
    put(mean + from, m, channels);
    put(inverse + from, one, channels);
    put(factor + from, f32x4.mul(one, v128.load(scale + from)), channels);
  }
}

/** out = (x - mean) * factor + shift, rectified if `rectify`; one image. */
export function normApply(
  x: usize, xRow: usize, out: usize, outRow: usize, rows: i32, pixels: i32, channels: i32,
  mean: usize, factor: usize, shift: usize, rectify: bool,
): void {
  const pixel = <usize>channels << 2;
  const floor = f32x4.splat(rectify ? 0 : -Infinity);
  for (let y = 0; y < rows; y++) {
    for (let c: usize = 0; c < pixel; c += 16) {
      const from = lastFour(c, pixel);
      const m = v128.load(mean + from), f = v128.load(factor + from), s = v128.load(shift + from);
      let at = x + from;
      let to = out + from;
      for (let p = 0; p < pixels; p++) {
        const value = f32x4.add(f32x4.mul(f32x4.sub(v128.load(at), m), f), s);
        put(to, f32x4.max(value, floor), channels);
        at += pixel;
        to += pixel;
      }
    }
    x += xRow;
    out += outRow;
  }
}

/** Four values of dy, zero where the rectified output at `y` is not positive (0: none), written back in that case. */
@inline
function flowAt(dy: usize, y: usize, at: usize, channels: i32): v128 {
  let flow = v128.load(dy + at);
  if (y) {
    flow = v128.and(flow, f32x4.gt(v128.load(y + at), f32x4.splat(0)));
    put(dy + at, flow, channels);
  }
  return flow;
}

/**
 * dShift[channels] += the sum of dy over one image; dScale[channels] += that of dy times the normalised x. dy is dense.
 * y: the rectified output, whose rows lie yRow bytes apart: dy is set to zero first where it is not positive; 0: none.
 * Even and odd pixels are summed apart, so that no sum waits for the one before.
 */
export function normGradientImage(
  x: usize, xRow: usize, y: usize, yRow: usize, dy: usize, rows: i32, pixels: i32, channels: i32,
  mean: usize, inverse: usize, dShift: usize, dScale: usize, work: usize,
): void {
  const pixel = <usize>channels << 2;
  const sums = work;
  const products = work + pixel + 16;
  memory.fill(work, 0, 2 * (pixel + 16));
  for (let r = 0; r < rows; r++) {
    for (let c: usize = 0; c < pixel; c += 16) {
      const from = lastFour(c, pixel);
      const m = v128.load(mean + from);
      let sum = f32x4.splat(0), product = sum, oddSum = sum, oddProduct = sum;
      let at = from;
      for (let p = 1; p < pixels; p += 2) {
        const even = flowAt(dy, y, at, channels);
        const odd = flowAt(dy, y, at + pixel, channels);
        sum = f32x4.add(sum, even);
        oddSum = f32x4.add(oddSum, odd);
        product = f32x4.add(product, f32x4.mul(even, f32x4.sub(v128.load(x + at), m)));
        oddProduct = f32x4.add(oddProduct, f32x4.mul(odd, f32x4.sub(v128.load(x + at + pixel), m)));
        at += 2 * pixel;
      }
      if (pixels & 1) {
        const last = flowAt(dy, y, at, channels);
        sum = f32x4.add(sum, last);
        product = f32x4.add(product, f32x4.mul(last, f32x4.sub(v128.load(x + at), m)));
      }
      const mask = laneMask(c, from, pixel);
      addTo(sums + from, v128.and(f32x4.add(sum, oddSum), mask));
      addTo(products + from, v128.and(f32x4.add(product, oddProduct), mask));
    }
    x += xRow;
    if (y) y += yRow;
    dy += <usize>pixels * pixel;
  }
  for (let c: usize = 0; c < pixel; c += 4) {
    store<f32>(dShift + c, load<f32>(dShift + c) + load<f32>(sums + c));
    store<f32>(dScale + c, load<f32>(dScale + c) + load<f32>(products + c) * load<f32>(inverse + c));
  }
}

/** dx = factor * (dy - dShift / all - normalised x * dScale / all); one image; dy and dx dense; all: pixels of the batch. */
export function normInputGradient(
  x: usize, xRow: usize, dy: usize, dx: usize, rows: i32, pixels: i32, channels: i32, all: i32,
  mean: usize, inverse: usize, factor: usize, dShift: usize, dScale: usize,
): void {
  const pixel = <usize>channels << 2;
  const share = f32x4.splat(<f32>(1.0 / <f64>all));
  for (let r = 0; r < rows; r++) {
    for (let c: usize = 0; c < pixel; c += 16) {
      const from = lastFour(c, pixel);
      const m = v128.load(mean + from), f = v128.load(factor + from);
      const level = f32x4.mul(v128.load(dShift + from), share);
      const slope = f32x4.mul(f32x4.mul(v128.load(dScale + from), share), v128.load(inverse + from));
      let at = from;
      for (let p = 0; p < pixels; p++) {
        const lean = f32x4.mul(f32x4.sub(v128.load(x + at), m), slope);
        put(dx + at, f32x4.mul(f, f32x4.sub(f32x4.sub(v128.load(dy + at), level), lean)), channels);
        at += pixel;
      }
    }
    x += xRow;
    dy += <usize>pixels * pixel;
    dx += <usize>pixels * pixel;
  }
}
