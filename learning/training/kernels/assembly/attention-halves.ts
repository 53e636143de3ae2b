// Attention in two halves, for a cut that falls between them: the scores, which cross it, and the softmax with the mix of
// values behind it. The same products in the same order as attention.ts, so the two give the same bits as the one.
// Must not: pad what crosses: a square of scores is length x length floats. Where attention is causal what is not seen is zero.

import { attentionBytes, rowBytesOf, softmaxGradientRow, softmaxRow } from './attention';
import { LEFT_OF_DIAGONAL_OF_A, multiplyTriangle, RIGHT_OF_DIAGONAL, RIGHT_OF_DIAGONAL_OF_A } from './matrix';

/** Bytes of the padded scores of a head, before which `work` holds them: whole cache lines. */
@inline
function paddedBytes(length: i32): usize {
  return (<usize>attentionBytes(length) + 63) & ~63;
}

/** Rows of `length` floats from one place to another whose rows may be further apart. */
@inline
function copySquare(from: usize, fromRow: usize, to: usize, toRow: usize, length: i32): void {
  for (let i = 0; i < length; i++) memory.copy(to + <usize>i * toRow, from + <usize>i * fromRow, <usize>length << 2);
}

/** scores[samples, heads, length, length] = q * k, not scaled. work: attentionWork bytes. */
export function attentionScores(
  q: usize, k: usize, scores: usize, samples: i32, heads: i32, length: i32, width: i32, causal: bool, work: usize,
): void {
  const headWidth = width / heads;
  const row = <usize>width << 2, scoreRow = <usize>length << 2;
  const unseen = causal ? RIGHT_OF_DIAGONAL : 0;
  for (let s: usize = 0; s < <usize>samples; s++) {
    for (let h: usize = 0; h < <usize>heads; h++) {
      const at = s * <usize>length * row + h * (<usize>headWidth << 2);
      multiplyTriangle(q + at, row, 4, k + at, 4, row, 0, scores, scoreRow, length, length, headWidth, work, unseen);
      for (let i = 0; i < length; i++) {
        const seen = <usize>(i + 1) << 2;
        if (causal) memory.fill(scores + <usize>i * scoreRow + seen, 0, scoreRow - seen);
      }
      scores += <usize>length * scoreRow;
    }
  }
}

/** dq and dk from the gradient of the scores. */
export function attentionScoresGradient(
  q: usize, k: usize, dScores: usize, dq: usize, dk: usize, samples: i32, heads: i32, length: i32, width: i32,
  causal: bool, work: usize,
): void {
  const headWidth = width / heads;
  const row = <usize>width << 2, scoreRow = <usize>length << 2, paddedRow = rowBytesOf(length);
  const none = causal ? RIGHT_OF_DIAGONAL_OF_A : 0, turned = causal ? LEFT_OF_DIAGONAL_OF_A : 0;
  const padded = work;
  work = work + paddedBytes(length);
  for (let s: usize = 0; s < <usize>samples; s++) {
    for (let h: usize = 0; h < <usize>heads; h++) {
      const at = s * <usize>length * row + h * (<usize>headWidth << 2);
      copySquare(dScores, scoreRow, padded, paddedRow, length);
      multiplyTriangle(padded, paddedRow, 4, k + at, row, 4, 0, dq + at, row, length, headWidth, length, work, none);
      multiplyTriangle(padded, 4, paddedRow, q + at, row, 4, 0, dk + at, row, length, headWidth, length, work, turned);
      dScores += <usize>length * scoreRow;
    }
  }
}

/** out[samples, length, width] from scores and values; `weights` as in `attention`. work: attentionWork bytes. */
export function attentionMix(
  scores: usize, v: usize, out: usize, weights: usize, samples: i32, heads: i32, length: i32, width: i32, causal: bool,
  work: usize,
): void {
  const headWidth = width / heads;
  const row = <usize>width << 2, scoreRow = <usize>length << 2, paddedRow = rowBytesOf(length);
  const scale: f32 = 1 / sqrt<f32>(<f32>headWidth);
  const none = causal ? RIGHT_OF_DIAGONAL_OF_A : 0;
  for (let s: usize = 0; s < <usize>samples; s++) {
    for (let h: usize = 0; h < <usize>heads; h++) {
      const at = s * <usize>length * row + h * (<usize>headWidth << 2);
      copySquare(scores, scoreRow, weights, paddedRow, length);
      for (let i = 0; i < length; i++) {
        softmaxRow(weights + <usize>i * paddedRow, causal ? i + 1 : length, paddedRow, scale);
      }
      multiplyTriangle(weights, paddedRow, 4, v + at, row, 4, 0, out + at, row, length, headWidth, length, work, none);
      scores += <usize>length * scoreRow;
      weights += <usize>length * paddedRow;
    }
  }
}

/** dScores and dv from the gradient `dy` of the output and what `attentionMix` left in `weights`. */
export function attentionMixGradient(
  v: usize, dy: usize, weights: usize, dScores: usize, dv: usize, samples: i32, heads: i32, length: i32, width: i32,
  causal: bool, work: usize,
): void {
  const headWidth = width / heads;
  const row = <usize>width << 2, scoreRow = <usize>length << 2, paddedRow = rowBytesOf(length);
  const scale: f32 = 1 / sqrt<f32>(<f32>headWidth);
  const unseen = causal ? RIGHT_OF_DIAGONAL : 0, turned = causal ? LEFT_OF_DIAGONAL_OF_A : 0;
  const padded = work;
  work = work + paddedBytes(length);
  for (let s: usize = 0; s < <usize>samples; s++) {
    for (let h: usize = 0; h < <usize>heads; h++) {
      const at = s * <usize>length * row + h * (<usize>headWidth << 2);
      multiplyTriangle(weights, 4, paddedRow, dy + at, row, 4, 0, dv + at, row, length, headWidth, length, work, turned);
      multiplyTriangle(dy + at, row, 4, v + at, 4, row, 0, padded, paddedRow, length, length, headWidth, work, unseen);
      for (let i = 0; i < length; i++) {
        const from = <usize>i * paddedRow;
        softmaxGradientRow(weights + from, padded + from, causal ? i + 1 : length, paddedRow, scale);
      }
      copySquare(padded, paddedRow, dScores, scoreRow, length);
      dScores += <usize>length * scoreRow;
      weights += <usize>length * paddedRow;
    }
  }
}
