// Scaled dot-product attention of several heads (Vaswani et al. 2017, arXiv 1706.03762) and its gradient. Heads lie side
// by side in the rows of queries, keys and values, and are read there; the weights of attention are kept for the gradient.
// Must not: look behind a position where attention is causal: weights there are zero, and no exponential is computed.

import { exp4 } from './exponential';
import { madd } from './madd';
import {
  LEFT_OF_DIAGONAL_OF_A, multiplyTriangle, multiplyWork, RIGHT_OF_DIAGONAL, RIGHT_OF_DIAGONAL_OF_A,
} from './matrix';

/** Lanes that exist of four columns, of which `left` do. */
@inline
function maskOf(left: i32): v128 {
  return v128.gt<i32>(i32x4.splat(left), i32x4(0, 1, 2, 3));
}

@inline
function largestOf(x: v128): f32 {
  return max<f32>(
    max<f32>(f32x4.extract_lane(x, 0), f32x4.extract_lane(x, 1)),
    max<f32>(f32x4.extract_lane(x, 2), f32x4.extract_lane(x, 3)),
  );
}

@inline
function sumOf(x: v128): f32 {
  return f32x4.extract_lane(x, 0) + f32x4.extract_lane(x, 1) + (f32x4.extract_lane(x, 2) + f32x4.extract_lane(x, 3));
}

/** Floats of a row of attention weights: whole vectors. */
@inline
export function rowBytesOf(length: i32): usize {
  return <usize>((length + 3) & ~3) << 2;
}

/** Bytes of the attention weights of one head of one sample. */
export function attentionBytes(length: i32): i32 {
  return length * <i32>rowBytesOf(length);
}

/** Bytes of `work` that attention needs. */
export function attentionWork(length: i32, headWidth: i32): i32 {
  const widest = max<i32>(length, headWidth);
  return attentionBytes(length) + 64 + multiplyWork(widest, widest);
}

/** Turns the scores of one row into weights: softmax of scale * score over the first `seen` of `length` columns. */
@inline
export function softmaxRow(row: usize, seen: i32, rowBytes: usize, scale: f32): void {
  const bytes = <usize>((seen + 3) & ~3) << 2;
  const last = bytes - 16;
  const mask = maskOf(((seen - 1) & 3) + 1);
  let largest4 = v128.bitselect(v128.load(row + last), f32x4.splat(-Infinity), mask);
  for (let i: usize = 0; i < last; i += 16) largest4 = f32x4.max(largest4, v128.load(row + i));
  const scale4 = f32x4.splat(scale);
  const shift4 = f32x4.splat(-scale * largestOf(largest4));
  let sum4 = f32x4.splat(0);
  for (let i: usize = 0; i < last; i += 16) {
    const e = exp4(madd(v128.load(row + i), scale4, shift4));
    v128.store(row + i, e);
    sum4 = f32x4.add(sum4, e);
  }
  const e = v128.and(exp4(madd(v128.load(row + last), scale4, shift4)), mask);
  sum4 = f32x4.add(sum4, e);
  const inverse4 = f32x4.splat(1 / sumOf(sum4));
  for (let i: usize = 0; i < last; i += 16) v128.store(row + i, f32x4.mul(v128.load(row + i), inverse4));
  v128.store(row + last, f32x4.mul(e, inverse4));
  if (bytes < rowBytes) memory.fill(row + bytes, 0, rowBytes - bytes);
}

/** Turns the gradient of the weights of one row into that of its scores: scale * p * (d - sum(p * d)). */
@inline
export function softmaxGradientRow(p: usize, d: usize, seen: i32, rowBytes: usize, scale: f32): void {
  const bytes = <usize>((seen + 3) & ~3) << 2;
  let sum4 = f32x4.splat(0);
  // Weights that are not seen are zero, but what they would multiply need not be a number.
  const mask = maskOf(((seen - 1) & 3) + 1);
  const last = bytes - 16;
  v128.store(d + last, v128.and(v128.load(d + last), mask));
  for (let i: usize = 0; i < bytes; i += 16) sum4 = madd(v128.load(p + i), v128.load(d + i), sum4);
  const mean4 = f32x4.splat(sumOf(sum4));
  const scale4 = f32x4.splat(scale);
  for (let i: usize = 0; i < bytes; i += 16) {
    const change = f32x4.sub(v128.load(d + i), mean4);
    v128.store(d + i, f32x4.mul(f32x4.mul(scale4, v128.load(p + i)), change));
  }
  if (bytes < rowBytes) memory.fill(d + bytes, 0, rowBytes - bytes);
}

/**
 * out[samples, length, width] from q, k, v of the same shape; `weights`: attentionBytes(length) bytes for each sample and
 * head. work: attentionWork bytes.
 */
export function attention(
  q: usize, k: usize, v: usize, out: usize, weights: usize, samples: i32, heads: i32, length: i32, width: i32,
  causal: bool, work: usize,
): void {
  const headWidth = width / heads;
  const row = <usize>width << 2;
  const scoreRow = rowBytesOf(length);
  const scale: f32 = 1 / sqrt<f32>(<f32>headWidth);
  const unseen = causal ? RIGHT_OF_DIAGONAL : 0, none = causal ? RIGHT_OF_DIAGONAL_OF_A : 0;
  for (let s: usize = 0; s < <usize>samples; s++) {
    for (let h: usize = 0; h < <usize>heads; h++) {
      const at = s * <usize>length * row + h * (<usize>headWidth << 2);
      multiplyTriangle(q + at, row, 4, k + at, 4, row, 0, weights, scoreRow, length, length, headWidth, work, unseen);
      for (let i = 0; i < length; i++) {
        softmaxRow(weights + <usize>i * scoreRow, causal ? i + 1 : length, scoreRow, scale);
      }
      multiplyTriangle(weights, scoreRow, 4, v + at, row, 4, 0, out + at, row, length, headWidth, length, work, none);
      weights += <usize>length * scoreRow;
    }
  }
}

/** dq, dk, dv from the gradient `dy` of the output and what `attention` left in `weights`. */
export function attentionGradient(
  q: usize, k: usize, v: usize, dy: usize, weights: usize, dq: usize, dk: usize, dv: usize, samples: i32, heads: i32,
  length: i32, width: i32, causal: bool, work: usize,
): void {
  const headWidth = width / heads;
  const row = <usize>width << 2;
  const scoreRow = rowBytesOf(length);
  const scale: f32 = 1 / sqrt<f32>(<f32>headWidth);
  const unseen = causal ? RIGHT_OF_DIAGONAL : 0, none = causal ? RIGHT_OF_DIAGONAL_OF_A : 0;
  const turned = causal ? LEFT_OF_DIAGONAL_OF_A : 0;
  const scores = work;
  work = work + ((<usize>length * scoreRow + 63) & ~63);
  for (let s: usize = 0; s < <usize>samples; s++) {
    for (let h: usize = 0; h < <usize>heads; h++) {
      const at = s * <usize>length * row + h * (<usize>headWidth << 2);
      multiplyTriangle(weights, 4, scoreRow, dy + at, row, 4, 0, dv + at, row, length, headWidth, length, work, turned);
      multiplyTriangle(dy + at, row, 4, v + at, 4, row, 0, scores, scoreRow, length, length, headWidth, work, unseen);
      for (let i = 0; i < length; i++) {
        const from = <usize>i * scoreRow;
        softmaxGradientRow(weights + from, scores + from, causal ? i + 1 : length, scoreRow, scale);
      }
      multiplyTriangle(scores, scoreRow, 4, k + at, row, 4, 0, dq + at, row, length, headWidth, length, work, none);
      multiplyTriangle(scores, 4, scoreRow, q + at, row, 4, 0, dk + at, row, length, headWidth, length, work, turned);
      weights += <usize>length * scoreRow;
    }
  }
}
