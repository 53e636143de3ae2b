// A dense layer of the compiled step: forward with bias and rectifier, input gradient, and the weight gradient that goes
// straight into the weights. Weights are row-major [K, N], as the flat vector of a model has them.
// Must not: allocate. `work` begins with HEAD bytes (see product.ts) and holds the packed panels behind them.

import { relu } from './elementwise';
import {
  ACCUMULATE, copyEdge, DESCEND, DESCEND_WITH_MOMENTUM, HEAD, INITIAL, packRows, packTransposed, plainProduct, product, RECTIFY,
  STORE, ZEROS,
} from './product';

/** Zeroes the zeros of a work area and copies `cols` initial values. */
@inline
function begin(work: usize, initial: usize, cols: i32): void {
  for (let c = 0; c < cols; c++) {
    const at = <usize>c << 2;
    store<f32>(work + INITIAL + at, load<f32>(initial + at));
  }
}

/** Copies what of a 4x8 block exists into the edge tile. */
function readEdge(from: usize, step: usize, rows: i32, cols: i32, edge: usize): void {
  for (let r = 0; r < rows; r++) {
    for (let c: usize = 0; c < <usize>cols << 2; c += 4) store<f32>(edge + c, load<f32>(from + c));
    edge += 32;
    from += step;
  }
}

/** out[rows, cols of N at `out`] = a[rows, K] * b + initial, or that more; rows of A lie `aStep` bytes apart. */
@inline
function rowsTimesPanel(
  a: usize, aStep: usize, b: usize, bStep: usize, out: usize, outStep: usize, rows: i32, K: i32, cols: i32,
  initial: usize, work: usize, end: i32,
): void {
  const none = f32x4.splat(0);
  for (let m = 0; m < rows; m += 4) {
    const left = min<i32>(4, rows - m);
    const a1 = left > 1 ? a + aStep : a;
    const a2 = left > 2 ? a1 + aStep : a;
    const a3 = left > 3 ? a2 + aStep : a;
    const whole = cols == 8 && left == 4;
    const o = whole ? out : work;
    const step: usize = whole ? outStep : 32;
    if (end == ACCUMULATE && !whole) readEdge(out, outStep, left, cols, work);
    product(
      a, a1, a2, a3, 1, 0, K, 4, b, bStep, initial, o, o + step, o + 2 * step, o + 3 * step, end, none, none, 0,
    );
    if (!whole) copyEdge(work, out, outStep, left, cols);
    a += aStep << 2;
    out += outStep << 2;
  }
}

/**
 * Two last rows times sixteen columns at a time: as many sums in registers as four rows of eight, and no row in vain.
 * o0, o1: the rows of the output; a0, a1: of A (the same row twice where only one is left).
 */
@inline
function pairTimesPanels(
  a0: usize, a1: usize, b: usize, step: usize, initial: usize, o0: usize, o1: usize, K: i32, N: i32, adds: bool,
  floor: v128,
): void {
  for (let n = 0; n + 16 <= N; n += 16) {
    const at = <usize>n << 2;
    let c00 = v128.load(initial + at), c01 = v128.load(initial + at, 16);
    let c02 = v128.load(initial + at, 32), c03 = v128.load(initial + at, 48);
    let c10 = c00, c11 = c01, c12 = c02, c13 = c03;
    if (adds) {
      c00 = v128.load(o0 + at), c01 = v128.load(o0 + at, 16), c02 = v128.load(o0 + at, 32), c03 = v128.load(o0 + at, 48);
      c10 = v128.load(o1 + at), c11 = v128.load(o1 + at, 16), c12 = v128.load(o1 + at, 32), c13 = v128.load(o1 + at, 48);
    }
    let column = b + at;
    for (let k: usize = 0; k < <usize>K << 2; k += 4) {
      const b0 = v128.load(column), b1 = v128.load(column, 16);
      const b2 = v128.load(column, 32), b3 = v128.load(column, 48);
      let x = v128.load32_splat(a0 + k);
      c00 = f32x4.add(f32x4.mul(x, b0), c00);
      c01 = f32x4.add(f32x4.mul(x, b1), c01);
      c02 = f32x4.add(f32x4.mul(x, b2), c02);
      c03 = f32x4.add(f32x4.mul(x, b3), c03);
      x = v128.load32_splat(a1 + k);
      c10 = f32x4.add(f32x4.mul(x, b0), c10);
      c11 = f32x4.add(f32x4.mul(x, b1), c11);
      c12 = f32x4.add(f32x4.mul(x, b2), c12);
      c13 = f32x4.add(f32x4.mul(x, b3), c13);
      column += step;
    }
    v128.store(o1 + at, f32x4.max(c10, floor));
    v128.store(o1 + at, f32x4.max(c11, floor), 16);
    v128.store(o1 + at, f32x4.max(c12, floor), 32);
    v128.store(o1 + at, f32x4.max(c13, floor), 48);
    v128.store(o0 + at, f32x4.max(c00, floor));
    v128.store(o0 + at, f32x4.max(c01, floor), 16);
    v128.store(o0 + at, f32x4.max(c02, floor), 32);
    v128.store(o0 + at, f32x4.max(c03, floor), 48);
  }
}

/** Rows of w that are multiplied at a time where there are many: 512 x 128 floats stay in the second-level cache. */
const DEPTH: i32 = 512;

/**
 * out[rows, N] = x[rows, K] * w[K, N] + bias[N], rectified if `rectify`. w is read in place: packing it would cost more
 * than the strides do. work: HEAD bytes.
 */
export function denseForward(
  x: usize, w: usize, bias: usize, out: usize, rows: i32, K: i32, N: i32, rectify: bool, work: usize,
): void {
  memory.fill(work + ZEROS, 0, 32);
  const step = <usize>N << 2;
  const aStep = <usize>K << 2;
  const pair = rows & 3;
  // One or two rows beyond the fours take their own way through the columns that are whole pairs of panels.
  const fours = pair == 1 || pair == 2 ? rows - pair : rows;
  const pairColumns = fours < rows ? N & ~15 : 0;
  // Up to twice the depth is done in one go.
  for (let k = 0; k < K;) {
    const depth = K - k <= 2 * DEPTH ? K - k : DEPTH;
    const rectifies = rectify && k + depth == K;
    const b = w + <usize>k * step;
    const a = x + (<usize>k << 2);
    if (pairColumns > 0) {
      const a0 = a + <usize>fours * aStep;
      const o0 = out + <usize>fours * step;
      pairTimesPanels(
        a0, a0 + <usize>(pair - 1) * aStep, b, step, bias, o0, o0 + <usize>(pair - 1) * step, depth, N, k > 0,
        rectifies ? f32x4.splat(0) : f32x4.splat(-Infinity),
      );
    }
    for (let n = 0; n < N; n += 8) {
      const cols = min<i32>(8, N - n);
      const at = <usize>n << 2;
      const height = n < pairColumns ? fours : rows;
      if (k > 0) {
        rowsTimesPanel(a, aStep, b + at, step, out + at, step, height, depth, cols, work + ZEROS, work, ACCUMULATE);
        continue;
      }
      begin(work, bias + at, cols);
      if (rectifies) {
        rowsTimesPanel(a, aStep, b + at, step, out + at, step, height, depth, cols, work + INITIAL, work, RECTIFY);
      } else {
        rowsTimesPanel(a, aStep, b + at, step, out + at, step, height, depth, cols, work + INITIAL, work, STORE);
      }
    }
    if (rectifies && k > 0) relu(out, out, rows * N);
    k += depth;
  }
}

/** dx[rows, K] = dy[rows, N] * w[K, N]^T. work: HEAD bytes and N * 8 floats. */
export function denseInputGradient(dy: usize, w: usize, dx: usize, rows: i32, K: i32, N: i32, work: usize): void {
  memory.fill(work + ZEROS, 0, 32);
  const step = <usize>N << 2;
  for (let k = 0; k < K; k += 8) {
    const cols = min<i32>(8, K - k);
    packTransposed(w + <usize>k * step, step, N, cols, work + HEAD);
    rowsTimesPanel(dy, step, work + HEAD, 32, dx + (<usize>k << 2), <usize>K << 2, rows, N, cols, work + ZEROS, work, STORE);
  }
}

/** One weight of the edge: SGD by hand. */
@inline
function descend(w: usize, v: usize, gradient: f32, rate: f32, momentum: f32, moving: bool): void {
  if (moving) {
    gradient = momentum * load<f32>(v) + gradient;
    store<f32>(v, gradient);
  }
  store<f32>(w, load<f32>(w) - rate * gradient);
}

/** The rows and columns of the edge tile that exist. */
function descendEdge(
  edge: usize, w: usize, velocity: usize, step: usize, rows: i32, cols: i32, rate: f32, momentum: f32, moving: bool,
): void {
  for (let r = 0; r < rows; r++) {
    for (let c = 0; c < cols; c++) {
      const at = w + (<usize>c << 2);
      descend(at, at + velocity, load<f32>(edge + (<usize>c << 2)), rate, momentum, moving);
    }
    edge += 32;
    w += step;
  }
}

/**
 * One SGD step of w[K, N] along x[rows, K]^T * dy[rows, N]: velocity' = momentum * velocity + gradient, w' = w - rate *
 * velocity'. `v` 0 means no momentum and no velocity. work: HEAD bytes and rows * N (rounded up to 8) floats.
 */
export function denseDescend(
  x: usize, dy: usize, w: usize, v: usize, rows: i32, K: i32, N: i32, rate: f32, momentum: f32, work: usize,
): void {
  memory.fill(work + ZEROS, 0, 32);
  const moving = v != 0;
  const velocity = moving ? v - w : 0;
  const step = <usize>N << 2;
  const panelBytes = <usize>rows << 5;
  for (let n = 0; n < N; n += 8) {
    packRows(dy + (<usize>n << 2), step, rows, work + HEAD + <usize>(n >> 3) * panelBytes);
  }
  const rate4 = f32x4.splat(rate);
  const momentum4 = f32x4.splat(momentum);
  const zeros = work + ZEROS;
  const depth = <usize>K << 2;
  for (let k = 0; k < K; k += 4) {
    const left = min<i32>(4, K - k);
    const a0 = x + (<usize>k << 2);
    const a1 = left > 1 ? a0 + 4 : a0;
    const a2 = left > 2 ? a0 + 8 : a0;
    const a3 = left > 3 ? a0 + 12 : a0;
    let panel = work + HEAD;
    for (let n = 0; n < N; n += 8) {
      const cols = min<i32>(8, N - n);
      const o = w + <usize>k * step + (<usize>n << 2);
      if (cols < 8 || left < 4) {
        plainProduct(a0, a1, a2, a3, 1, 0, rows, depth, panel, zeros, work, work + 32, work + 64, work + 96, STORE);
        descendEdge(work, o, velocity, step, left, cols, rate, momentum, moving);
      } else if (moving) {
        product(
          a0, a1, a2, a3, 1, 0, rows, depth, panel, 32, zeros, o, o + step, o + 2 * step, o + 3 * step,
          DESCEND_WITH_MOMENTUM, rate4, momentum4, velocity,
        );
      } else {
        product(
          a0, a1, a2, a3, 1, 0, rows, depth, panel, 32, zeros, o, o + step, o + 2 * step, o + 3 * step,
          DESCEND, rate4, momentum4, velocity,
        );
      }
      panel += panelBytes;
    }
  }
}
