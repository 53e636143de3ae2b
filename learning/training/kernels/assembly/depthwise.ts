// Depthwise convolution of one image: each channel with a filter of its own. Patches are read in place from an image that
// lies between zeros. The input gradient is the same kernel over dy, spread by the stride, with the turned filters.
// Must not: multiply channels (depth multiplier above 1); the caller repeats them.

import { laneMask, lastFour, put } from './lanes';

@inline
function tap(sum: v128, at: usize, w: v128): v128 {
  return f32x4.add(sum, f32x4.mul(v128.load(at), w));
}

/** One row of outputs, four channels, filter 3x3: the nine weights stay in registers. */
@inline
function row3(
  source: usize, row: usize, right: usize, pixel: usize, w: usize, out: usize, outWidth: i32, channels: i32,
): void {
  const w0 = v128.load(w), w1 = v128.load(w + pixel), w2 = v128.load(w + 2 * pixel);
  w += 3 * pixel;
  const w3 = v128.load(w), w4 = v128.load(w + pixel), w5 = v128.load(w + 2 * pixel);
  w += 3 * pixel;
  const w6 = v128.load(w), w7 = v128.load(w + pixel), w8 = v128.load(w + 2 * pixel);
  for (let x = 0; x < outWidth; x++) {
    const s1 = source + row, s2 = s1 + row;
    let top = f32x4.mul(v128.load(source), w0);
    top = tap(tap(top, source + pixel, w1), source + 2 * pixel, w2);
    let middle = f32x4.mul(v128.load(s1), w3);
    middle = tap(tap(middle, s1 + pixel, w4), s1 + 2 * pixel, w5);
    let bottom = f32x4.mul(v128.load(s2), w6);
    bottom = tap(tap(bottom, s2 + pixel, w7), s2 + 2 * pixel, w8);
    put(out, f32x4.add(f32x4.add(top, middle), bottom), channels);
    source += right;
    out += pixel;
  }
}

/** The same for any filter. */
@inline
function rowAny(
  source: usize, row: usize, right: usize, pixel: usize, kernelHeight: i32, kernelWidth: i32, w: usize, out: usize,
  outWidth: i32, channels: i32,
): void {
  for (let x = 0; x < outWidth; x++) {
    let sum = f32x4.splat(0);
    let weight = w;
    for (let ky = 0; ky < kernelHeight; ky++) {
      let at = source + <usize>ky * row;
      for (let kx = 0; kx < kernelWidth; kx++) {
        sum = tap(sum, at, v128.load(weight));
        at += pixel;
        weight += pixel;
      }
    }
    put(out, sum, channels);
    source += right;
    out += pixel;
  }
}

/**
 * out[outHeight, outWidth, channels] = each channel of the patches at `source`, whose rows lie `row` bytes apart, times
 * w[kernelHeight, kernelWidth, channels]. Rows of the output lie `outRow` bytes apart.
 */
export function depthwiseImage(
  source: usize, row: usize, channels: i32, kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32,
  outHeight: i32, outWidth: i32, w: usize, out: usize, outRow: usize,
): void {
  const pixel = <usize>channels << 2;
  const right = pixel * <usize>strideWidth;
  const isUsual = kernelHeight == 3 && kernelWidth == 3;
  for (let y = 0; y < outHeight; y++) {
    for (let c: usize = 0; c < pixel; c += 16) {
      const f = lastFour(c, pixel);
      if (isUsual) row3(source + f, row, right, pixel, w + f, out + f, outWidth, channels);
      else rowAny(source + f, row, right, pixel, kernelHeight, kernelWidth, w + f, out + f, outWidth, channels);
    }
    source += row * <usize>strideHeight;
    out += outRow;
  }
}

@inline
function addMasked(to: usize, sum: v128, mask: v128): void {
  v128.store(to, f32x4.add(v128.load(to), v128.and(sum, mask)));
}

/** dw of a filter of 3x3 += one row of outputs, four channels: nine sums in registers. */
@inline
function gradientRow3(
  source: usize, row: usize, right: usize, pixel: usize, dy: usize, outWidth: i32, mask: v128, dw: usize,
): void {
  let d0 = f32x4.splat(0), d1 = d0, d2 = d0, d3 = d0, d4 = d0, d5 = d0, d6 = d0, d7 = d0, d8 = d0;
  for (let x = 0; x < outWidth; x++) {
    const flow = v128.load(dy);
    const s1 = source + row, s2 = s1 + row;
    d0 = tap(d0, source, flow);
    d1 = tap(d1, source + pixel, flow);
    d2 = tap(d2, source + 2 * pixel, flow);
    d3 = tap(d3, s1, flow);
    d4 = tap(d4, s1 + pixel, flow);
    d5 = tap(d5, s1 + 2 * pixel, flow);
    d6 = tap(d6, s2, flow);
    d7 = tap(d7, s2 + pixel, flow);
    d8 = tap(d8, s2 + 2 * pixel, flow);
    source += right;
    dy += pixel;
  }
  addMasked(dw, d0, mask);
  addMasked(dw + pixel, d1, mask);
  addMasked(dw + 2 * pixel, d2, mask);
  dw += 3 * pixel;
  addMasked(dw, d3, mask);
  addMasked(dw + pixel, d4, mask);
  addMasked(dw + 2 * pixel, d5, mask);
  dw += 3 * pixel;
  addMasked(dw, d6, mask);
  addMasked(dw + pixel, d7, mask);
  addMasked(dw + 2 * pixel, d8, mask);
}

@inline
function gradientRowAny(
  source: usize, row: usize, right: usize, pixel: usize, kernelHeight: i32, kernelWidth: i32, dy: usize,
  outWidth: i32, mask: v128, dw: usize,
): void {
  for (let ky = 0; ky < kernelHeight; ky++) {
    for (let kx = 0; kx < kernelWidth; kx++) {
      let sum = f32x4.splat(0);
      let at = source + <usize>ky * row + <usize>kx * pixel;
      let from = dy;
      for (let x = 0; x < outWidth; x++) {
        sum = tap(sum, at, v128.load(from));
        at += right;
        from += pixel;
      }
      addMasked(dw, sum, mask);
      dw += pixel;
    }
  }
}

/** dw[kernelHeight, kernelWidth, channels] += one image's patches times dy, whose rows lie `dyRow` bytes apart. */
export function depthwiseGradientImage(
  source: usize, row: usize, channels: i32, kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32,
  outHeight: i32, outWidth: i32, dy: usize, dyRow: usize, dw: usize,
): void {
  const pixel = <usize>channels << 2;
  const right = pixel * <usize>strideWidth;
  const isUsual = kernelHeight == 3 && kernelWidth == 3;
  for (let y = 0; y < outHeight; y++) {
    for (let c: usize = 0; c < pixel; c += 16) {
      const f = lastFour(c, pixel);
      const mask = laneMask(c, f, pixel);
      if (isUsual) gradientRow3(source + f, row, right, pixel, dy + f, outWidth, mask, dw + f);
      else gradientRowAny(source + f, row, right, pixel, kernelHeight, kernelWidth, dy + f, outWidth, mask, dw + f);
    }
    source += row * <usize>strideHeight;
    dy += dyRow;
  }
}

/** The filters w[taps, channels] turned by 180 degrees. */
export function turnTaps(w: usize, taps: i32, channels: i32, turned: usize): void {
  const bytes = <usize>channels << 2;
  for (let t = 0; t < taps; t++) memory.copy(turned + <usize>(taps - 1 - t) * bytes, w + <usize>t * bytes, bytes);
}

/** out[pixels, channels * times] = each channel of x[pixels, channels], `times` times in a row. */
export function repeatChannels(x: usize, floats: i32, times: i32, out: usize): void {
  for (let i = 0; i < floats; i++) {
    const value = load<f32>(x + (<usize>i << 2));
    for (let t = 0; t < times; t++) {
      store<f32>(out, value);
      out += 4;
    }
  }
}

/** out[floats] = the sum of each `times` values of x in a row. */
export function sumChannels(x: usize, floats: i32, times: i32, out: usize): void {
  for (let i = 0; i < floats; i++) {
    let sum: f32 = 0;
    for (let t = 0; t < times; t++) {
      sum += load<f32>(x);
      x += 4;
    }
    store<f32>(out + (<usize>i << 2), sum);
  }
}

/** Zeros. */
export function clear(at: usize, bytes: usize): void {
  memory.fill(at, 0, bytes);
}
