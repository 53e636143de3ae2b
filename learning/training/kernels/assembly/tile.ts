// The 4x8 register tile under every matrix product and convolution of roadbed: 8 accumulators of four float32 each,
// two vectors of B and one broadcast element of A, which fits the 16 vector registers of x64 and arm64.
// Must not: multiply and add but by `madd`, which rounds the same on every machine unless the other build is asked for.

import { madd } from './madd';

/** Columns of one packed panel of B, and of one tile. */
export const PANEL: i32 = 8;
/** Rows of one tile. */
export const ROWS: i32 = 4;

/** Stores, or adds, the first `cols` (1..8) of eight sums to the row at `c`. */
@inline
function storeRow(c: usize, low: v128, high: v128, cols: i32, accumulate: bool): void {
  if (cols == PANEL) {
    if (accumulate) {
      low = f32x4.add(low, v128.load(c));
      high = f32x4.add(high, v128.load(c, 16));
    }
    v128.store(c, low);
    v128.store(c, high, 16);
  } else {
    storePart(c, low, high, cols, accumulate);
  }
}

/** The edge of the matrix: fewer than eight columns are left. */
function storePart(c: usize, low: v128, high: v128, cols: i32, accumulate: bool): void {
  let rest = low;
  if (cols >= 4) {
    v128.store(c, accumulate ? f32x4.add(low, v128.load(c)) : low);
    rest = high;
    c += 16;
    cols -= 4;
  }
  if (cols > 0) store<f32>(c, f32x4.extract_lane(rest, 0) + (accumulate ? load<f32>(c) : 0));
  if (cols > 1) store<f32>(c, f32x4.extract_lane(rest, 1) + (accumulate ? load<f32>(c, 4) : 0), 4);
  if (cols > 2) store<f32>(c, f32x4.extract_lane(rest, 2) + (accumulate ? load<f32>(c, 8) : 0), 8);
}

/**
 * C[rows x cols] (+)= A[rows x K] * B[K x 8], K = outer * inner.
 * a0..a3: where each row of A begins (a missing row repeats a valid one and is not stored). Element k = (o, i) of a row
 * lies `o * outerStep + i * innerStep` bytes further, so a convolution's patch is read where it lies in the image.
 * b: a packed panel, 8 floats for each k. cStep: bytes between rows of C.
 */
export function tile(
  a0: usize, a1: usize, a2: usize, a3: usize,
  outer: i32, outerStep: usize, inner: i32, innerStep: usize,
  b: usize, c: usize, cStep: usize, rows: i32, cols: i32, accumulate: bool,
): void {
  let c00 = f32x4.splat(0), c01 = c00, c10 = c00, c11 = c00, c20 = c00, c21 = c00, c30 = c00, c31 = c00;
  for (let o = 0; o < outer; o++) {
    let offset: usize = <usize>o * outerStep;
    for (let i = 0; i < inner; i++) {
      const b0 = v128.load(b);
      const b1 = v128.load(b, 16);
      let x = v128.load32_splat(a0 + offset);
      c00 = madd(x, b0, c00);
      c01 = madd(x, b1, c01);
      x = v128.load32_splat(a1 + offset);
      c10 = madd(x, b0, c10);
      c11 = madd(x, b1, c11);
      x = v128.load32_splat(a2 + offset);
      c20 = madd(x, b0, c20);
      c21 = madd(x, b1, c21);
      x = v128.load32_splat(a3 + offset);
      c30 = madd(x, b0, c30);
      c31 = madd(x, b1, c31);
      offset += innerStep;
      b += 32;
    }
  }
  storeRow(c, c00, c01, cols, accumulate);
  if (rows > 1) storeRow(c + cStep, c10, c11, cols, accumulate);
  if (rows > 2) storeRow(c + 2 * cStep, c20, c21, cols, accumulate);
  if (rows > 3) storeRow(c + 3 * cStep, c30, c31, cols, accumulate);
}

/**
 * Packs `cols` columns (1..8) of a K-row matrix into one panel, filling missing columns with zeros.
 * rowStep, colStep: bytes between neighbours in the source; colStep 4 is the plain layout, rowStep 4 the transposed one.
 */
export function packPanel(source: usize, rowStep: usize, colStep: usize, count: i32, cols: i32, panel: usize): void {
  if (cols == PANEL && colStep == 4) {
    for (let k = 0; k < count; k++) {
      v128.store(panel, v128.load(source));
      v128.store(panel, v128.load(source, 16), 16);
      source += rowStep;
      panel += 32;
    }
    return;
  }
  for (let k = 0; k < count; k++) {
    let from = source;
    let j = 0;
    for (; j < cols; j++) {
      store<f32>(panel, load<f32>(from));
      from += colStep;
      panel += 4;
    }
    for (; j < PANEL; j++) {
      store<f32>(panel, 0);
      panel += 4;
    }
    source += rowStep;
  }
}
