// The inner product of convolutions in a compiled step: a 4x8 block of C from four rows of A and one panel of B, with the
// ways it may end (store, rectify, add to what is there) inlined where it is called.
// Must not: branch on rows or columns. A missing row or column goes to the `edge` tile and is dropped there.

import { madd } from './madd';

/** How a product ends. */
export const STORE: i32 = 0;
export const RECTIFY: i32 = 1;
export const ACCUMULATE: i32 = 2;

/** Bytes at the head of every work area: the edge tile (4 x 8 floats), eight initial values, eight zeros. */
export const HEAD: usize = 192;
export const INITIAL: usize = 128;
export const ZEROS: usize = 160;

/** One row of eight sums, ended as `end` says. */
@inline
function finish(o: usize, low: v128, high: v128, end: i32): void {
  if (end == RECTIFY) {
    low = f32x4.max(low, f32x4.splat(0));
    high = f32x4.max(high, f32x4.splat(0));
  } else if (end == ACCUMULATE) {
    low = f32x4.add(v128.load(o), low);
    high = f32x4.add(v128.load(o, 16), high);
  }
  v128.store(o, low);
  v128.store(o, high, 16);
}

/**
 * Rows o0..o3 (8 floats each) from rows a0..a3 of A and eight columns b of B, whose rows lie `bStep` bytes apart (32
 * where packed), beginning at the eight floats `initial`.
 * Element k = (o, i) of a row of A lies `o * outerStep + i * innerStep` bytes behind its begin; `end` must be constant.
 */
@inline
export function product(
  a0: usize, a1: usize, a2: usize, a3: usize, outer: i32, outerStep: usize, inner: i32, innerStep: usize,
  b: usize, bStep: usize, initial: usize, o0: usize, o1: usize, o2: usize, o3: usize, end: i32,
): void {
  let c00 = v128.load(initial), c01 = v128.load(initial, 16);
  let c10 = c00, c11 = c01, c20 = c00, c21 = c01, c30 = c00, c31 = c01;
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
      b += bStep;
    }
  }
  finish(o0, c00, c01, end);
  finish(o1, c10, c11, end);
  finish(o2, c20, c21, end);
  finish(o3, c30, c31, end);
}

/** `product` with a packed panel. */
@inline
export function plainProduct(
  a0: usize, a1: usize, a2: usize, a3: usize, outer: i32, outerStep: usize, inner: i32, innerStep: usize,
  b: usize, initial: usize, o0: usize, o1: usize, o2: usize, o3: usize, end: i32,
): void {
  product(a0, a1, a2, a3, outer, outerStep, inner, innerStep, b, 32, initial, o0, o1, o2, o3, end);
}

/** Copies the first `cols` (1..7) floats of a row of the edge tile. */
@inline
export function copyPart(from: usize, to: usize, cols: i32): void {
  let values = v128.load(from);
  if (cols >= 4) {
    v128.store(to, values);
    values = v128.load(from, 16);
    to += 16;
  }
  if (cols & 2) {
    v128.store64_lane(to, values, 0);
    values = i64x2.splat(i64x2.extract_lane(values, 1));
    to += 8;
  }
  if (cols & 1) v128.store32_lane(to, values, 0);
}

/** Copies the first `rows` rows and `cols` columns of the edge tile to `out`, whose rows lie `step` bytes apart. */
export function copyEdge(edge: usize, out: usize, step: usize, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++) {
    if (cols == 8) {
      v128.store(out, v128.load(edge));
      v128.store(out, v128.load(edge, 16), 16);
    } else copyPart(edge, out, cols);
    edge += 32;
    out += step;
  }
}

/**
 * Packs `count` rows of eight floats, `step` bytes apart, into a panel. Columns beyond the matrix take what follows in
 * memory: their sums land in the edge tile and are dropped. Reads up to 28 bytes beyond the last row.
 */
@inline
export function packRows(source: usize, step: usize, count: i32, panel: usize): void {
  for (let k = 0; k < count; k++) {
    v128.store(panel, v128.load(source));
    v128.store(panel, v128.load(source, 16), 16);
    source += step;
    panel += 32;
  }
}

/** Transposes four floats of four rows, `step` bytes apart, into the first or second half of four rows of a panel. */
@inline
function transposeBlock(source: usize, step: usize, panel: usize): void {
  const r0 = v128.load(source), r1 = v128.load(source + step);
  const r2 = v128.load(source + 2 * step), r3 = v128.load(source + 3 * step);
  const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
  const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
  v128.store(panel, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
  v128.store(panel, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7), 32);
  v128.store(panel, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5), 64);
  v128.store(panel, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7), 96);
}

/** Packs eight rows of `count` floats each, `step` bytes apart, transposed. Reads rows beyond `cols`, but no result. */
export function packTransposed(source: usize, step: usize, count: i32, cols: i32, panel: usize): void {
  let k = 0;
  if (cols == 8) {
    for (; k + 4 <= count; k += 4) {
      transposeBlock(source, step, panel);
      transposeBlock(source + 4 * step, step, panel + 16);
      source += 16;
      panel += 128;
    }
  }
  for (; k < count; k++) {
    for (let c = 0; c < cols; c++) store<f32>(panel + (<usize>c << 2), load<f32>(source + <usize>c * step));
    for (let c = cols; c < 8; c++) store<f32>(panel + (<usize>c << 2), 0);
    source += 4;
    panel += 32;
  }
}
