// Sums of rows with few of them: out[i] = sum over j of factor[i, j] * source[j], where a factor of zero costs nothing.
// Behind a rectifier about half of all gradients are zero, so both gradients of a dense layer are half the arithmetic.
// Leaving out a product with zero changes no bit of a sum, so the result does not depend on what was left out.
// Must not: leave out a factor that is not a number; a broken run must stay broken. (NaN != 0, so it is listed.)

import { madd } from './madd';

/** What becomes of a sum: it is stored, or the output goes down along it. Constant where `combine` is called. */
export const STORE: i32 = 0;
export const DESCEND: i32 = 1;
export const DESCEND_WITH_MOMENTUM: i32 = 2;

/** Floats of a row worked on at a time: those of 32 rows are 24 KiB and stay in the first-level cache. */
const BLOCK: usize = 192 << 2;

/**
 * Two outputs share one list where most of what they need is the same, and have one each where not. Its head: whether
 * it is shared; where the first (or only) list ends and the second begins; where that ends.
 */
const HEADER: usize = 16;

/** Bytes of the list of every pair of outputs. */
@inline
function listBytes(count: i32): usize {
  return HEADER + (<usize>count << 4);
}

/** Bytes of the lists of `outputs` outputs from `count` rows. */
@inline
export function listsBytes(outputs: i32, count: i32): usize {
  return <usize>((outputs + 1) >> 1) * listBytes(count);
}

/** Entries (factor, place of its row) of one output at `at`; returns their end. */
@inline
function listOne(factors: usize, step: usize, count: i32, rowBytes: usize, at: usize): usize {
  let place: usize = 0;
  for (let j = 0; j < count; j++) {
    const factor = load<f32>(factors);
    store<f32>(at, factor);
    store<u32>(at, <u32>place, 4);
    at += <usize>(factor != 0) << 3;
    factors += step;
    place += rowBytes;
  }
  return at;
}

/** Entries (factor of the one, factor of the other, place) of a pair; returns how many the two alone would have. */
@inline
function listPair(
  factors: usize, apart: usize, step: usize, count: i32, rowBytes: usize, list: usize,
): i32 {
  let at = list + HEADER;
  let alone = 0;
  let place: usize = 0;
  for (let j = 0; j < count; j++) {
    const one = load<f32>(factors), other = load<f32>(factors + apart);
    const hasOne = <i32>(one != 0), hasOther = <i32>(other != 0);
    store<f32>(at, one);
    store<f32>(at, other, 4);
    store<u32>(at, <u32>place, 8);
    at += <usize>(hasOne | hasOther) << 4;
    alone += hasOne + hasOther;
    factors += step;
    place += rowBytes;
  }
  store<u32>(list, <u32>at, 4);
  return alone;
}

/**
 * Lists the factors that are not zero: factor[i, j] lies at factors + i * apart + j * step, row j of the source at j *
 * rowBytes. lists: listsBytes(outputs, count).
 */
export function listFactors(
  factors: usize, apart: usize, step: usize, outputs: i32, count: i32, rowBytes: usize, lists: usize,
): void {
  for (let i = 0; i < outputs; i += 2) {
    const hasTwo = i + 1 < outputs;
    let shared = false;
    if (hasTwo) {
      const alone = listPair(factors, apart, step, count, rowBytes, lists);
      const together = <i32>((<usize>load<u32>(lists, 4) - lists - HEADER) >> 4);
      // Two at a time take one and a half times as long for an entry as one does: loads are shared.
      shared = together * 3 < alone * 2;
    }
    store<u32>(lists, <u32>shared);
    if (!shared) {
      const end = listOne(factors, step, count, rowBytes, lists + HEADER);
      store<u32>(lists, <u32>end, 4);
      store<u32>(lists, <u32>(hasTwo ? listOne(factors + apart, step, count, rowBytes, end) : end), 8);
    }
    lists += listBytes(count);
    factors += apart << 1;
  }
}

/** Ends four sums: stores them, or goes down along them. `velocity`: bytes from a weight to its velocity. */
@inline
function finish(o: usize, sum: v128, end: i32, rate: v128, momentum: v128, velocity: usize): void {
  if (end == DESCEND_WITH_MOMENTUM) {
    sum = madd(momentum, v128.load(o + velocity), sum);
    v128.store(o + velocity, sum);
  }
  if (end == DESCEND || end == DESCEND_WITH_MOMENTUM) sum = f32x4.sub(v128.load(o), f32x4.mul(rate, sum));
  v128.store(o, sum);
}

/** Floats from..to (bytes, whole vectors) of one output. Six sums and what they read fill the registers. */
@inline
function combineOne(
  list: usize, last: usize, source: usize, out: usize, from: usize, to: usize,
  end: i32, rate: v128, momentum: v128, velocity: usize,
): void {
  let k = from;
  for (; k + 96 <= to; k += 96) {
    let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0;
    const begin = source + k;
    for (let at = list; at < last; at += 8) {
      const x = v128.load32_splat(at);
      const row = begin + <usize>load<u32>(at, 4);
      c0 = madd(x, v128.load(row), c0), c1 = madd(x, v128.load(row, 16), c1);
      c2 = madd(x, v128.load(row, 32), c2), c3 = madd(x, v128.load(row, 48), c3);
      c4 = madd(x, v128.load(row, 64), c4), c5 = madd(x, v128.load(row, 80), c5);
    }
    const o = out + k;
    finish(o, c0, end, rate, momentum, velocity), finish(o + 16, c1, end, rate, momentum, velocity);
    finish(o + 32, c2, end, rate, momentum, velocity), finish(o + 48, c3, end, rate, momentum, velocity);
    finish(o + 64, c4, end, rate, momentum, velocity), finish(o + 80, c5, end, rate, momentum, velocity);
  }
  for (; k < to; k += 16) {
    let c = f32x4.splat(0);
    for (let at = list; at < last; at += 8) {
      c = madd(v128.load32_splat(at), v128.load(source + k + <usize>load<u32>(at, 4)), c);
    }
    finish(out + k, c, end, rate, momentum, velocity);
  }
}

/** The same of two outputs, `outStep` bytes apart. */
@inline
function combineTwo(
  list: usize, last: usize, source: usize, out: usize, outStep: usize, from: usize, to: usize,
  end: i32, rate: v128, momentum: v128, velocity: usize,
): void {
  let k = from;
  for (; k + 64 <= to; k += 64) {
    let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, d0 = c0, d1 = c0, d2 = c0, d3 = c0;
    const begin = source + k;
    for (let at = list; at < last; at += 16) {
      const x = v128.load32_splat(at), y = v128.load32_splat(at, 4);
      const row = begin + <usize>load<u32>(at, 8);
      const s0 = v128.load(row), s1 = v128.load(row, 16), s2 = v128.load(row, 32), s3 = v128.load(row, 48);
      c0 = madd(x, s0, c0), c1 = madd(x, s1, c1), c2 = madd(x, s2, c2), c3 = madd(x, s3, c3);
      d0 = madd(y, s0, d0), d1 = madd(y, s1, d1), d2 = madd(y, s2, d2), d3 = madd(y, s3, d3);
    }
    const o = out + k, p = o + outStep;
    finish(o, c0, end, rate, momentum, velocity), finish(o + 16, c1, end, rate, momentum, velocity);
    finish(o + 32, c2, end, rate, momentum, velocity), finish(o + 48, c3, end, rate, momentum, velocity);
    finish(p, d0, end, rate, momentum, velocity), finish(p + 16, d1, end, rate, momentum, velocity);
    finish(p + 32, d2, end, rate, momentum, velocity), finish(p + 48, d3, end, rate, momentum, velocity);
  }
  for (; k < to; k += 16) {
    let c = f32x4.splat(0), d = c;
    for (let at = list; at < last; at += 16) {
      const s = v128.load(source + k + <usize>load<u32>(at, 8));
      c = madd(v128.load32_splat(at), s, c);
      d = madd(v128.load32_splat(at, 4), s, d);
    }
    finish(out + k, c, end, rate, momentum, velocity), finish(out + k + outStep, d, end, rate, momentum, velocity);
  }
}

/** The last one to three floats of an output: nothing beyond them is read or written. */
function combineRest(
  list: usize, last: usize, entry: usize, factor: usize, source: usize, out: usize, floats: i32,
  end: i32, rate: f32, momentum: f32, velocity: usize,
): void {
  for (let f = floats & ~3; f < floats; f++) {
    const k = <usize>f << 2;
    let sum: f32 = 0;
    for (let at = list; at < last; at += entry) {
      sum += load<f32>(at + factor) * load<f32>(source + k + <usize>load<u32>(at + (entry >> 1)));
    }
    if (end == DESCEND_WITH_MOMENTUM) {
      sum += momentum * load<f32>(out + k + velocity);
      store<f32>(out + k + velocity, sum);
    }
    store<f32>(out + k, end == STORE ? sum : load<f32>(out + k) - rate * sum);
  }
}

/** combineRest of every output. */
function combineRests(
  lists: usize, outputs: i32, count: i32, source: usize, out: usize, outStep: usize, floats: i32,
  end: i32, rate: f32, momentum: f32, velocity: usize,
): void {
  for (let i = 0; i < outputs; i += 2) {
    const middle = <usize>load<u32>(lists, 4);
    const entries = lists + HEADER;
    const shared = load<u32>(lists) != 0;
    combineRest(entries, middle, shared ? 16 : 8, 0, source, out, floats, end, rate, momentum, velocity);
    if (i + 1 < outputs) {
      const other = shared ? entries : middle;
      const last = shared ? middle : <usize>load<u32>(lists, 8);
      combineRest(
        other, last, shared ? 16 : 8, shared ? 4 : 0, source, out + outStep, floats, end, rate, momentum, velocity,
      );
    }
    lists += listBytes(count);
    out += outStep << 1;
  }
}

/**
 * out[i, 0..floats) ends as `end` (constant) says, from the lists of listFactors. Rows of the output lie `outStep` bytes
 * apart.
 */
@inline
export function combine(
  lists: usize, outputs: i32, count: i32, source: usize, out: usize, outStep: usize, floats: i32,
  end: i32, rate: f32, momentum: f32, velocity: usize,
): void {
  const bytes = <usize>(floats & ~3) << 2;
  const rate4 = f32x4.splat(rate), momentum4 = f32x4.splat(momentum);
  for (let from: usize = 0; from < bytes; from += BLOCK) {
    const to = min<usize>(bytes, from + BLOCK);
    let list = lists;
    let o = out;
    for (let i = 0; i < outputs; i += 2) {
      const middle = <usize>load<u32>(list, 4);
      const entries = list + HEADER;
      if (load<u32>(list) != 0) {
        combineTwo(entries, middle, source, o, outStep, from, to, end, rate4, momentum4, velocity);
      } else {
        const last = <usize>load<u32>(list, 8);
        combineOne(entries, middle, source, o, from, to, end, rate4, momentum4, velocity);
        if (i + 1 < outputs) combineOne(middle, last, source, o + outStep, from, to, end, rate4, momentum4, velocity);
      }
      list += listBytes(count);
      o += outStep << 1;
    }
  }
  if (floats & 3) combineRests(lists, outputs, count, source, out, outStep, floats, end, rate, momentum, velocity);
}
