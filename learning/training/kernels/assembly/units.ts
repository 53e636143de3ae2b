// A dense layer of the compiled step with the weights of one unit side by side: [units, inputs], rows of whole vectors.
// Forward is then products of two rows that lie in memory as they are read, and both gradients are sums of rows in which
// zeros of the incoming gradient cost nothing (see sparse.ts). Nothing is packed or transposed in a step.
// Must not: allocate. The flat vector of a model has weights [inputs, units]: they are turned when they come and go.

import { madd } from './madd';
import { copyPart } from './product';
import { combine, DESCEND, DESCEND_WITH_MOMENTUM, listFactors, listsBytes, STORE } from './sparse';

/** Bytes from the weights of one unit to those of the next. */
@inline
function unitBytes(inputs: i32): usize {
  return <usize>((inputs + 3) & ~3) << 2;
}

/** Sums of the lanes of four vectors. */
@inline
function sumLanes(a: v128, b: v128, c: v128, d: v128): v128 {
  const ab = f32x4.add(v128.shuffle<f32>(a, b, 0, 4, 1, 5), v128.shuffle<f32>(a, b, 2, 6, 3, 7));
  const cd = f32x4.add(v128.shuffle<f32>(c, d, 0, 4, 1, 5), v128.shuffle<f32>(c, d, 2, 6, 3, 7));
  return f32x4.add(v128.shuffle<f32>(ab, cd, 0, 1, 4, 5), v128.shuffle<f32>(ab, cd, 2, 3, 6, 7));
}

/** Lanes that exist of the last, partial vector. */
@inline
function restMask(inputs: i32): v128 {
  return v128.gt<i32>(i32x4.splat(inputs & 3), i32x4(0, 1, 2, 3));
}

/**
 * out[rows, units] = x[rows, inputs] * w^T + bias[units], rectified if `rectify`. Two rows times four units at a time:
 * eight sums and the six vectors they are made from fill the registers.
 */
export function unitsForward(
  x: usize, w: usize, bias: usize, out: usize, rows: i32, inputs: i32, units: i32, rectify: bool, work: usize,
): void {
  const xStep = <usize>inputs << 2, wStep = unitBytes(inputs), outStep = <usize>units << 2;
  const whole = <usize>(inputs & ~3) << 2;
  const mask = restMask(inputs);
  const floor = f32x4.splat(rectify ? 0 : -Infinity);
  for (let n = 0; n < units; n += 4) {
    const left = min<i32>(4, units - n);
    const w0 = w + <usize>n * wStep;
    const w1 = left > 1 ? w0 + wStep : w0, w2 = left > 2 ? w1 + wStep : w0, w3 = left > 3 ? w2 + wStep : w0;
    copyPart(bias + (<usize>n << 2), work, left);
    const initial = v128.load(work);
    let o0 = out + (<usize>n << 2);
    let x0 = x;
    for (let r = 0; r < rows; r += 2) {
      const x1 = r + 1 < rows ? x0 + xStep : x0;
      const o1 = r + 1 < rows ? o0 + outStep : o0;
      let c00 = f32x4.splat(0), c01 = c00, c02 = c00, c03 = c00, c10 = c00, c11 = c00, c12 = c00, c13 = c00;
      for (let k: usize = 0; k < whole; k += 16) {
        const a0 = v128.load(x0 + k), a1 = v128.load(x1 + k);
        let b = v128.load(w0 + k);
        c00 = madd(a0, b, c00), c10 = madd(a1, b, c10);
        b = v128.load(w1 + k);
        c01 = madd(a0, b, c01), c11 = madd(a1, b, c11);
        b = v128.load(w2 + k);
        c02 = madd(a0, b, c02), c12 = madd(a1, b, c12);
        b = v128.load(w3 + k);
        c03 = madd(a0, b, c03), c13 = madd(a1, b, c13);
      }
      if (inputs & 3) {
        // What follows a row belongs to somebody else and may be anything. What follows a unit's weights is zero.
        const a0 = v128.and(v128.load(x0 + whole), mask), a1 = v128.and(v128.load(x1 + whole), mask);
        c00 = madd(a0, v128.load(w0 + whole), c00), c10 = madd(a1, v128.load(w0 + whole), c10);
        c01 = madd(a0, v128.load(w1 + whole), c01), c11 = madd(a1, v128.load(w1 + whole), c11);
        c02 = madd(a0, v128.load(w2 + whole), c02), c12 = madd(a1, v128.load(w2 + whole), c12);
        c03 = madd(a0, v128.load(w3 + whole), c03), c13 = madd(a1, v128.load(w3 + whole), c13);
      }
      const y0 = f32x4.max(f32x4.add(sumLanes(c00, c01, c02, c03), initial), floor);
      const y1 = f32x4.max(f32x4.add(sumLanes(c10, c11, c12, c13), initial), floor);
      if (left == 4) {
        v128.store(o1, y1);
        v128.store(o0, y0);
      } else {
        v128.store(work + 16, y1);
        v128.store(work + 32, y0);
        copyPart(work + 16, o1, left);
        copyPart(work + 32, o0, left);
      }
      x0 += xStep << 1;
      o0 += outStep << 1;
    }
  }
}

/** Bytes of `work` that the gradients of a layer need. */
export function unitsWork(rows: i32, units: i32): i32 {
  return <i32>max<usize>(listsBytes(units, rows), listsBytes(rows, units));
}

/** dx[rows, inputs] = dy[rows, units] * w. */
export function unitsInputGradient(
  dy: usize, w: usize, dx: usize, rows: i32, inputs: i32, units: i32, work: usize,
): void {
  listFactors(dy, <usize>units << 2, 4, rows, units, <i32>unitBytes(inputs), work);
  combine(work, rows, units, w, dx, <usize>inputs << 2, inputs, STORE, 0, 0, 0);
}

/**
 * One SGD step of the weights along dy[rows, units]^T * x[rows, inputs]: velocity' = momentum * velocity + gradient,
 * w' = w - rate * velocity'. `v` 0 means no momentum and no velocity.
 */
export function unitsDescend(
  x: usize, dy: usize, w: usize, v: usize, rows: i32, inputs: i32, units: i32, rate: f32, momentum: f32, work: usize,
): void {
  const step = unitBytes(inputs);
  listFactors(dy, 4, <usize>units << 2, units, rows, inputs << 2, work);
  if (v == 0) combine(work, units, rows, x, w, step, inputs, DESCEND, rate, 0, 0);
  else combine(work, units, rows, x, w, step, inputs, DESCEND_WITH_MOMENTUM, rate, momentum, v - w);
}

/** Columns turned at a time: a cache line of the source, and few enough lines of the target to stay in the cache. */
const COLUMNS: i32 = 16;

/** Turns four rows and some columns, whole fours. */
@inline
function turnFour(from: usize, fromStep: usize, columns: i32, to: usize, toStep: usize): void {
  for (let c = 0; c < columns; c += 4) {
    const r0 = v128.load(from), r1 = v128.load(from + fromStep);
    const r2 = v128.load(from + 2 * fromStep), r3 = v128.load(from + 3 * fromStep);
    const low01 = v128.shuffle<f32>(r0, r1, 0, 4, 1, 5), high01 = v128.shuffle<f32>(r0, r1, 2, 6, 3, 7);
    const low23 = v128.shuffle<f32>(r2, r3, 0, 4, 1, 5), high23 = v128.shuffle<f32>(r2, r3, 2, 6, 3, 7);
    v128.store(to, v128.shuffle<f32>(low01, low23, 0, 1, 4, 5));
    v128.store(to + toStep, v128.shuffle<f32>(low01, low23, 2, 3, 6, 7));
    v128.store(to + 2 * toStep, v128.shuffle<f32>(high01, high23, 0, 1, 4, 5));
    v128.store(to + 3 * toStep, v128.shuffle<f32>(high01, high23, 2, 3, 6, 7));
    from += 16;
    to += toStep << 2;
  }
}

/** to[columns, rows] = from[rows, columns] transposed; rows of each lie so many bytes apart. */
export function turn(from: usize, fromStep: usize, rows: i32, columns: i32, to: usize, toStep: usize): void {
  const wholeColumns = columns & ~3, wholeRows = rows & ~3;
  for (let c = 0; c < wholeColumns; c += COLUMNS) {
    const width = min<i32>(COLUMNS, wholeColumns - c);
    const source = from + (<usize>c << 2), target = to + <usize>c * toStep;
    for (let r = 0; r < wholeRows; r += 4) {
      turnFour(source + <usize>r * fromStep, fromStep, width, target + (<usize>r << 2), toStep);
    }
  }
  for (let r = 0; r < rows; r++) {
    for (let c = r < wholeRows ? wholeColumns : 0; c < columns; c++) {
      store<f32>(to + <usize>c * toStep + (<usize>r << 2), load<f32>(from + <usize>r * fromStep + (<usize>c << 2)));
    }
  }
}
