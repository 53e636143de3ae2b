// Pooling of one image with windows that may overlap and hang over the border, maximum or mean, and its gradient; the
// rectifier between two layouts. A mean over the whole image is a window as large as it.
// Must not: count padding as elements. A window at the border has fewer.

import { lastFour, put } from './lanes';
import { windowGradient, windowMaximum } from './pool';

/** First and last + 1 pixel of window `o` along one side. */
@inline
function first(o: i32, stride: i32, before: i32): i32 {
  return max<i32>(0, o * stride - before);
}

@inline
function end(o: i32, stride: i32, before: i32, window: i32, side: i32): i32 {
  return min<i32>(side, o * stride - before + window);
}

/** Mean of one window for every channel. */
@inline
function windowMean(x: usize, row: usize, pixel: usize, y0: i32, y1: i32, x0: i32, x1: i32, out: usize): void {
  const share = f32x4.splat(<f32>(1.0 / <f64>((y1 - y0) * (x1 - x0))));
  for (let c: usize = 0; c < pixel; c += 16) {
    const from = lastFour(c, pixel);
    let sum = f32x4.splat(0);
    for (let y = y0; y < y1; y++) {
      let at = x + <usize>y * row + <usize>x0 * pixel + from;
      let line = f32x4.splat(0);
      for (let i = x0; i < x1; i++) {
        line = f32x4.add(line, v128.load(at));
        at += pixel;
      }
      sum = f32x4.add(sum, line);
    }
    put(out + from, f32x4.mul(sum, share), <i32>(pixel >> 2));
  }
}

/** Adds a share of dy to every pixel of one window of the dense dx. */
@inline
function spreadMean(dx: usize, row: usize, pixel: usize, y0: i32, y1: i32, x0: i32, x1: i32, dy: usize): void {
  const share: f32 = <f32>(1.0 / <f64>((y1 - y0) * (x1 - x0)));
  for (let y = y0; y < y1; y++) {
    for (let i = x0; i < x1; i++) {
      const at = dx + <usize>y * row + <usize>i * pixel;
      let c: usize = 0;
      for (; c + 16 <= pixel; c += 16) {
        const flow = f32x4.mul(v128.load(dy + c), f32x4.splat(share));
        v128.store(at + c, f32x4.add(v128.load(at + c), flow));
      }
      for (; c < pixel; c += 4) store<f32>(at + c, load<f32>(at + c) + load<f32>(dy + c) * share);
    }
  }
}

/** out[outHeight, outWidth, channels] = maximum or mean of each window of an image; rows of both may have gaps. */
export function stridePool(
  average: bool, x: usize, xRow: usize, height: i32, width: i32, channels: i32, windowHeight: i32, windowWidth: i32,
  strideHeight: i32, strideWidth: i32, top: i32, left: i32, out: usize, outRow: usize, outHeight: i32, outWidth: i32,
): void {
  const pixel = <usize>channels << 2;
  for (let oy = 0; oy < outHeight; oy++) {
    const y0 = first(oy, strideHeight, top);
    const y1 = end(oy, strideHeight, top, windowHeight, height);
    for (let ox = 0; ox < outWidth; ox++) {
      const x0 = first(ox, strideWidth, left);
      const x1 = end(ox, strideWidth, left, windowWidth, width);
      const to = out + <usize>oy * outRow + <usize>ox * pixel;
      if (average) windowMean(x, xRow, pixel, y0, y1, x0, x1, to);
      else windowMaximum(x, xRow, pixel, y0, y1, x0, x1, to);
    }
  }
}

/** dx[height, width, channels], dense, from a dense dy: shares of a mean, or all to the first largest of a window. */
export function stridePoolGradient(
  average: bool, x: usize, xRow: usize, height: i32, width: i32, channels: i32, windowHeight: i32, windowWidth: i32,
  strideHeight: i32, strideWidth: i32, top: i32, left: i32, dy: usize, dx: usize, outHeight: i32, outWidth: i32,
): void {
  const pixel = <usize>channels << 2;
  const dxRow = <usize>width * pixel;
  memory.fill(dx, 0, <usize>height * dxRow);
  for (let oy = 0; oy < outHeight; oy++) {
    const y0 = first(oy, strideHeight, top);
    const y1 = end(oy, strideHeight, top, windowHeight, height);
    for (let ox = 0; ox < outWidth; ox++) {
      const x0 = first(ox, strideWidth, left);
      const x1 = end(ox, strideWidth, left, windowWidth, width);
      if (average) spreadMean(dx, dxRow, pixel, y0, y1, x0, x1, dy);
      else windowGradient(x, xRow, pixel, y0, y1, x0, x1, dy, dx, dxRow);
      dy += pixel;
    }
  }
}

/** out = max(x, 0), `rows` rows of `bytes` bytes; NaN stays NaN. */
export function rectifyRows(x: usize, xRow: usize, out: usize, outRow: usize, rows: i32, bytes: usize): void {
  const zero = f32x4.splat(0);
  const whole = bytes & ~15;
  for (let r = 0; r < rows; r++) {
    for (let i: usize = 0; i < whole; i += 16) v128.store(out + i, f32x4.max(v128.load(x + i), zero));
    for (let i = whole; i < bytes; i += 4) store<f32>(out + i, max<f32>(load<f32>(x + i), 0));
    x += xRow;
    out += outRow;
  }
}

/** dx = dy where y > 0, else 0; rows of dx and dy follow each other, those of y lie `yRow` bytes apart. */
export function rectifyGradientRows(y: usize, yRow: usize, dy: usize, dx: usize, rows: i32, bytes: usize): void {
  const zero = f32x4.splat(0);
  const whole = bytes & ~15;
  for (let r = 0; r < rows; r++) {
    for (let i: usize = 0; i < whole; i += 16) {
      v128.store(dx + i, v128.and(v128.load(dy + i), f32x4.gt(v128.load(y + i), zero)));
    }
    for (let i = whole; i < bytes; i += 4) store<f32>(dx + i, load<f32>(y + i) > 0 ? load<f32>(dy + i) : 0);
    y += yRow;
    dy += bytes;
    dx += bytes;
  }
}
