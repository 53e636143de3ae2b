// Products of large matrices with both sides packed: the rows of a text's positions times the weights of a layer, and
// the products of attention. Four rows of A lie interleaved and eight columns of B side by side, so that the inner loop
// walks two pointers and nothing else. Order of loops after Goto and van de Geijn (ACM TOMS 2008), as in gemm.ts.
// Must not: allocate, or be used for few rows: packing must be worth its while.

import { madd } from './madd';
import { copyPart } from './product';

/** Depth of a block: a panel of B of 256 x 8 floats and one of A of 256 x 4 stay in the first-level cache. */
const DEPTH: i32 = 256;
/** Rows of A packed at a time: 64 x 256 floats stay in the second-level cache. */
const ROWS: i32 = 64;
/** Bytes at the head of the work area: a tile for edges, eight zeros, the bias of a panel. */
const HEAD: usize = 192;
const NONE: usize = 128;
const BIAS: usize = 160;

/** What of a product of triangles is known to be zero, or is not wanted. */
const NOTHING: i32 = 0;
/** C right of its diagonal: left as it is. */
export const RIGHT_OF_DIAGONAL: i32 = 1;
/** A right of its diagonal, or left of it. */
export const RIGHT_OF_DIAGONAL_OF_A: i32 = 2;
export const LEFT_OF_DIAGONAL_OF_A: i32 = 3;

/** Bytes of `work` that a product with so many columns and so deep needs. */
export function multiplyWork(columns: i32, depth: i32): i32 {
  const deep = min<i32>(depth, DEPTH);
  return <i32>HEAD + (((columns + 7) & ~7) + ROWS) * deep * 4;
}

/** Copies the first `columns` (1..8) of eight floats. */
@inline
function copyColumns(from: usize, to: usize, columns: i32): void {
  if (columns < 8) {
    copyPart(from, to, columns);
    return;
  }
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
}

/** Rows m..m+3 of A, `depth` elements each, interleaved. A row that is missing repeats the last. */
function packRows(a: usize, row: usize, step: usize, rows: i32, depth: i32, to: usize): void {
  if (row == 4 && rows == 4) {
    for (let k = 0; k < depth; k++) {
      v128.store(to, v128.load(a));
      a += step;
      to += 16;
    }
    return;
  }
  const a1 = rows > 1 ? a + row : a, a2 = rows > 2 ? a1 + row : a1, a3 = rows > 3 ? a2 + row : a2;
  const offset1 = a1 - a, offset2 = a2 - a, offset3 = a3 - a;
  let k = 0;
  if (step == 4) {
    for (; k + 4 <= depth; k += 4) {
      const r0 = v128.load(a), r1 = v128.load(a + offset1), r2 = v128.load(a + offset2), r3 = v128.load(a + offset3);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(to, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 16);
      v128.store(to, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 32);
      v128.store(to, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 48);
      a += 16;
      to += 64;
    }
  }
  for (; k < depth; k++) {
    store<f32>(to, load<f32>(a));
    store<f32>(to, load<f32>(a + offset1), 4);
    store<f32>(to, load<f32>(a + offset2), 8);
    store<f32>(to, load<f32>(a + offset3), 12);
    a += step;
    to += 16;
  }
}

/** Columns n..n+7 of B, `depth` elements each. Of columns that are missing anything may be read, and nothing is used. */
function packColumns(b: usize, row: usize, column: usize, columns: i32, depth: i32, to: usize): void {
  if (column == 4) {
    for (let k = 0; k < depth; k++) {
      v128.store(to, v128.load(b));
      v128.store(to, v128.load(b, 16), 16);
      b += row;
      to += 32;
    }
    return;
  }
  for (let half: usize = 0; half < 8; half += 4) {
    const left = columns - <i32>half;
    const b0 = left > 0 ? b + half * column : b;
    const b1 = left > 1 ? b0 + column : b0, b2 = left > 2 ? b1 + column : b1, b3 = left > 3 ? b2 + column : b2;
    let at: usize = 0, panel = to + (half << 2);
    for (let k = 0; k + 4 <= depth; k += 4) {
      const r0 = v128.load(b0 + at), r1 = v128.load(b1 + at), r2 = v128.load(b2 + at), r3 = v128.load(b3 + at);
      const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
      const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
      v128.store(panel, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
      v128.store(panel, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
      v128.store(panel, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
      v128.store(panel, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
      at += 16;
      panel += 128;
    }
    for (let k = depth & ~3; k < depth; k++) {
      store<f32>(panel, load<f32>(b0 + at));
      store<f32>(panel, load<f32>(b1 + at), 4);
      store<f32>(panel, load<f32>(b2 + at), 8);
      store<f32>(panel, load<f32>(b3 + at), 12);
      at += 4;
      panel += 32;
    }
  }
}

/** Four rows of eight sums from packed A and B; sum r begins with the eight floats at `i`r and ends at `o`r. */
@inline
function tile(
  packedA: usize, packedB: usize, depth: i32, i0: usize, i1: usize, i2: usize, i3: usize, o0: usize, o1: usize, o2: usize, o3: usize,
): void {
  let c00 = v128.load(i0), c01 = v128.load(i0, 16), c10 = v128.load(i1), c11 = v128.load(i1, 16);
  let c20 = v128.load(i2), c21 = v128.load(i2, 16), c30 = v128.load(i3), c31 = v128.load(i3, 16);
  let b = packedB;
  const end = packedA + (<usize>depth << 4);
  for (let a = packedA; a < end; a += 16) {
    const b0 = v128.load(b), b1 = v128.load(b, 16);
    let x = v128.load32_splat(a);
    c00 = madd(x, b0, c00), c01 = madd(x, b1, c01);
    x = v128.load32_splat(a, 4);
    c10 = madd(x, b0, c10), c11 = madd(x, b1, c11);
    x = v128.load32_splat(a, 8);
    c20 = madd(x, b0, c20), c21 = madd(x, b1, c21);
    x = v128.load32_splat(a, 12);
    c30 = madd(x, b0, c30), c31 = madd(x, b1, c31);
    b += 32;
  }
  v128.store(o0, c00), v128.store(o0, c01, 16);
  v128.store(o1, c10), v128.store(o1, c11, 16);
  v128.store(o2, c20), v128.store(o2, c21, 16);
  v128.store(o3, c30), v128.store(o3, c31, 16);
}

/** The tile at the edge of C: by way of the work area's head. */
function edgeTile(
  a: usize, b: usize, depth: i32, initial: usize, c: usize, cRow: usize, rows: i32, columns: i32, adds: bool, work: usize,
): void {
  for (let r: usize = 0; r < 4; r++) {
    const from = adds ? c + r * cRow : initial;
    if (!adds || <i32>r < rows) copyColumns(from, work + (r << 5), columns);
  }
  tile(a, b, depth, work, work + 32, work + 64, work + 96, work, work + 32, work + 64, work + 96);
  for (let r: usize = 0; <i32>r < rows; r++) copyColumns(work + (r << 5), c + r * cRow, columns);
}

/**
 * Up to 64 packed rows of A, of which the first has the number `first` - `k` counted from where their depth begins, times
 * the panel of B with the columns from `n` - `k` on.
 */
function rowsTimesPanel(
  a: usize, b: usize, depth: i32, initial: usize, c: usize, cRow: usize, rows: i32, columns: i32, adds: bool, work: usize,
  zeros: i32, first: i32, n: i32,
): void {
  for (let m = 0; m < rows; m += 4) {
    const row = first + m;
    if (zeros != RIGHT_OF_DIAGONAL || n < row + 4) {
      const begin = zeros == LEFT_OF_DIAGONAL_OF_A ? max<i32>(0, min<i32>(row, depth)) : 0;
      const end = zeros == RIGHT_OF_DIAGONAL_OF_A ? max<i32>(0, min<i32>(row + 4, depth)) : depth;
      const from = a + (<usize>begin << 4), panel = b + (<usize>begin << 5);
      if (columns == 8 && m + 4 <= rows) {
        const c1 = c + cRow, c2 = c1 + cRow, c3 = c2 + cRow;
        if (adds) tile(from, panel, end - begin, c, c1, c2, c3, c, c1, c2, c3);
        else tile(from, panel, end - begin, initial, initial, initial, initial, c, c1, c2, c3);
      } else {
        edgeTile(from, panel, end - begin, initial, c, cRow, min<i32>(4, rows - m), columns, adds, work);
      }
    }
    a += <usize>depth << 4;
    c += cRow << 2;
  }
}

/**
 * C[M, N] = A[M, K] * B[K, N] + bias[N], or without where `bias` is 0. Rows of A lie `aRow` bytes apart and the elements
 * of a row `aDepth` (one of the two is 4); rows of B `bRow`, its columns `bColumn` (one is 4); rows of C `cRow`.
 * work: multiplyWork(N, K) bytes. zeros: what need not be computed, see above.
 */
export function multiplyTriangle(
  a: usize, aRow: usize, aDepth: usize, b: usize, bRow: usize, bColumn: usize, bias: usize, c: usize, cRow: usize,
  M: i32, N: i32, K: i32, work: usize, zeros: i32,
): void {
  const packedB = work + HEAD;
  memory.fill(work + NONE, 0, 32);
  for (let k = 0; k < K; k += DEPTH) {
    const depth = min<i32>(DEPTH, K - k);
    const panelBytes = <usize>depth << 5;
    const packedA = packedB + <usize>((N + 7) >> 3) * panelBytes;
    let panel = packedB;
    for (let n = 0; n < N; n += 8) {
      packColumns(b + <usize>k * bRow + <usize>n * bColumn, bRow, bColumn, N - n, depth, panel);
      panel += panelBytes;
    }
    for (let m = 0; m < M; m += ROWS) {
      const rows = min<i32>(ROWS, M - m);
      const first = a + <usize>m * aRow + <usize>k * aDepth;
      for (let r = 0; r < rows; r += 4) {
        packRows(first + <usize>r * aRow, aRow, aDepth, min<i32>(4, rows - r), depth, packedA + <usize>r * (<usize>depth << 2));
      }
      panel = packedB;
      for (let n = 0; n < N; n += 8) {
        const columns = min<i32>(8, N - n);
        let initial = work + NONE;
        if (bias != 0 && k == 0) {
          initial = work + BIAS;
          copyColumns(bias + (<usize>n << 2), initial, columns);
        }
        rowsTimesPanel(
          packedA, panel, depth, initial, c + <usize>m * cRow + (<usize>n << 2), cRow, rows, columns, k > 0, work,
          zeros, m - k, n - k,
        );
        panel += panelBytes;
      }
    }
  }
}

/** The same where nothing is known of A and all of C is wanted. */
export function multiply(
  a: usize, aRow: usize, aDepth: usize, b: usize, bRow: usize, bColumn: usize, bias: usize, c: usize, cRow: usize,
  M: i32, N: i32, K: i32, work: usize,
): void {
  multiplyTriangle(a, aRow, aDepth, b, bRow, bColumn, bias, c, cRow, M, N, K, work, NOTHING);
}
