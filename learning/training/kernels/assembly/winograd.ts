// Convolutions of 3x3 with stride 1 by Winograd's minimal filtering F(2x2, 3x3): 16 products where the direct form has 36
// (Lavin and Gray, "Fast algorithms for convolutional neural networks", CVPR 2016; their matrices A, B and G). Forward,
// and the input gradient with turned filters; the filter gradient is the same algorithm transposed.
// Must not: be used where channels or filters are no multiple of eight or sides of the output are odd.

import { ACCUMULATE, HEAD, packTransposed, product, plainProduct, STORE, ZEROS } from './product';

/** Tiles transformed at a time: 64 x 16 x 64 floats are 256 KiB and stay in the second-level cache. */
const BLOCK: i32 = 64;

/**
 * Bytes between planes, and between rows of what is transposed, beyond their length: a power of two apart they would
 * share one set of the first-level cache.
 */
const SKEW: usize = 64;

/** Row `r` (0..3) of G times three values. */
@inline
function timesG(r: i32, a: v128, b: v128, c: v128): v128 {
  if (r == 0) return a;
  if (r == 3) return c;
  const half = f32x4.splat(0.5);
  const ends = f32x4.add(a, c);
  return f32x4.mul(half, r == 1 ? f32x4.add(ends, b) : f32x4.sub(ends, b));
}

/**
 * U[16][K][N] = G g G^T of filters w[3][3][K][N], as panels of eight columns, SKEW bytes between the planes. `turned`: of
 * the filters turned by 180 degrees with channels and filters exchanged, U[16][N][K]; `plain` is room for as much again.
 */
export function winogradFilters(w: usize, K: i32, N: i32, turned: bool, plain: usize, packed: usize): void {
  const tap = <usize>(K * N) << 2;
  const plane = tap + SKEW;
  const step = <usize>N << 2;
  if (!turned) {
    for (let n: usize = 0; n < step; n += 32) {
      for (let k = 0; k < K; k++) {
        const at = w + <usize>k * step + n;
        filterTile(at, tap, false, packed, plane);
        filterTile(at + 16, tap, false, packed + 16, plane);
        packed += 32;
      }
    }
    return;
  }
  for (let i: usize = 0; i < tap; i += 16) filterTile(w + i, tap, true, plain + i, plane);
  for (let t = 0; t < 16; t++) {
    let to = packed;
    for (let k = 0; k < K; k += 8) {
      packTransposed(plain + <usize>k * step, step, N, 8, to);
      to += step << 3;
    }
    plain += plane;
    packed += plane;
  }
}

/** G g G^T of four filters. */
function filterTile(at: usize, tap: usize, turned: bool, to: usize, plane: usize): void {
  for (let r = 0; r < 4; r++) {
    // Turning reverses both directions.
    const last = turned ? <usize>8 * tap : 0;
    const step: usize = turned ? 0 - tap : tap;
    const first = at + last;
    const a = timesG(r, v128.load(first), v128.load(first + 3 * step), v128.load(first + 6 * step));
    const b = timesG(r, v128.load(first + step), v128.load(first + 4 * step), v128.load(first + 7 * step));
    const c = timesG(r, v128.load(first + 2 * step), v128.load(first + 5 * step), v128.load(first + 8 * step));
    for (let s = 0; s < 4; s++) v128.store(to + <usize>(r * 4 + s) * plane, timesG(s, a, b, c));
  }
}

/** B^T d B of one 4x4 tile, four channels: 16 values, `plane` bytes apart. */
@inline
function inputTile(d: usize, row: usize, pixel: usize, to: usize, plane: usize): void {
  const d1 = d + row, d2 = d1 + row, d3 = d2 + row;
  // Down the columns.
  let a = v128.load(d), b = v128.load(d1), c = v128.load(d2), e = v128.load(d3);
  const p00 = f32x4.sub(a, c), p10 = f32x4.add(b, c), p20 = f32x4.sub(c, b), p30 = f32x4.sub(b, e);
  a = v128.load(d + pixel); b = v128.load(d1 + pixel); c = v128.load(d2 + pixel); e = v128.load(d3 + pixel);
  const p01 = f32x4.sub(a, c), p11 = f32x4.add(b, c), p21 = f32x4.sub(c, b), p31 = f32x4.sub(b, e);
  const two = pixel << 1;
  a = v128.load(d + two); b = v128.load(d1 + two); c = v128.load(d2 + two); e = v128.load(d3 + two);
  const p02 = f32x4.sub(a, c), p12 = f32x4.add(b, c), p22 = f32x4.sub(c, b), p32 = f32x4.sub(b, e);
  const three = two + pixel;
  a = v128.load(d + three); b = v128.load(d1 + three); c = v128.load(d2 + three); e = v128.load(d3 + three);
  const p03 = f32x4.sub(a, c), p13 = f32x4.add(b, c), p23 = f32x4.sub(c, b), p33 = f32x4.sub(b, e);
  // Along the rows.
  inputRow(p00, p01, p02, p03, to, plane);
  inputRow(p10, p11, p12, p13, to + 4 * plane, plane);
  inputRow(p20, p21, p22, p23, to + 8 * plane, plane);
  inputRow(p30, p31, p32, p33, to + 12 * plane, plane);
}

@inline
function inputRow(a: v128, b: v128, c: v128, d: v128, to: usize, plane: usize): void {
  v128.store(to, f32x4.sub(a, c));
  v128.store(to + plane, f32x4.add(b, c));
  v128.store(to + 2 * plane, f32x4.sub(c, b));
  v128.store(to + 3 * plane, f32x4.sub(b, d));
}

/**
 * Byte offset of tile `tile`, counted through all images of a group: its pixels lie 2 apart along rows `row` bytes long,
 * images of `perImage` tiles lie `image` bytes apart.
 */
@inline
function tileOffset(tile: i32, perImage: i32, tilesX: i32, image: usize, row: usize, pixel: usize): usize {
  const n = tile / perImage;
  const within = tile - n * perImage;
  const y = within / tilesX;
  return <usize>n * image + <usize>y * (row << 1) + <usize>(within - y * tilesX) * (pixel << 1);
}

/** Transforms tiles from..from+count-1 of a group of images with K channels into V[16][BLOCK][K], rows `step` bytes apart. */
function inputTiles(
  source: usize, image: usize, row: usize, K: i32, perImage: i32, tilesX: i32, from: i32, count: i32, V: usize, step: usize,
): void {
  const pixel = <usize>K << 2;
  const plane = <usize>BLOCK * step + SKEW;
  for (let i = 0; i < count; i++) {
    const d = source + tileOffset(from + i, perImage, tilesX, image, row, pixel);
    const to = V + <usize>i * step;
    for (let c: usize = 0; c < pixel; c += 16) inputTile(d + c, row, pixel, to + c, plane);
  }
}

/** A^T m A of one tile and four filters, plus bias, at least `floor`: 2x2 outputs. */
@inline
function outputTile(m: usize, plane: usize, bias: v128, floor: v128, out: usize, row: usize, pixel: usize): void {
  const four = plane << 2;
  let a = v128.load(m), b = v128.load(m + four), c = v128.load(m + 2 * four), d = v128.load(m + 3 * four);
  let bc = f32x4.add(b, c), cd = f32x4.sub(f32x4.sub(b, c), d);
  const t0 = f32x4.add(a, bc), u0 = cd;
  m += plane;
  a = v128.load(m); b = v128.load(m + four); c = v128.load(m + 2 * four); d = v128.load(m + 3 * four);
  bc = f32x4.add(b, c);
  const t1 = f32x4.add(a, bc), u1 = f32x4.sub(f32x4.sub(b, c), d);
  m += plane;
  a = v128.load(m); b = v128.load(m + four); c = v128.load(m + 2 * four); d = v128.load(m + 3 * four);
  bc = f32x4.add(b, c);
  const t2 = f32x4.add(a, bc), u2 = f32x4.sub(f32x4.sub(b, c), d);
  m += plane;
  a = v128.load(m); b = v128.load(m + four); c = v128.load(m + 2 * four); d = v128.load(m + 3 * four);
  bc = f32x4.add(b, c);
  const t3 = f32x4.add(a, bc), u3 = f32x4.sub(f32x4.sub(b, c), d);
  const y00 = f32x4.add(f32x4.add(t0, f32x4.add(t1, t2)), bias);
  const y01 = f32x4.add(f32x4.sub(f32x4.sub(t1, t2), t3), bias);
  const y10 = f32x4.add(f32x4.add(u0, f32x4.add(u1, u2)), bias);
  const y11 = f32x4.add(f32x4.sub(f32x4.sub(u1, u2), u3), bias);
  v128.store(out, f32x4.max(y00, floor));
  v128.store(out + pixel, f32x4.max(y01, floor));
  v128.store(out + row, f32x4.max(y10, floor));
  v128.store(out + row + pixel, f32x4.max(y11, floor));
}

/** One of the 16 products of a block: M[count, N] = V[count, K] * U. Rows up to the next multiple of four are written. */
@inline
function blockProduct(V: usize, U: usize, M: usize, count: i32, K: i32, N: i32, zeros: usize): void {
  const aStep = <usize>K << 2;
  const oStep = <usize>N << 2;
  for (let n = 0; n < N; n += 8) {
    let a = V;
    let o = M + (<usize>n << 2);
    for (let m = 0; m < count; m += 4) {
      plainProduct(
        a, a + aStep, a + 2 * aStep, a + 3 * aStep, 1, 0, K, 4, U, zeros,
        o, o + oStep, o + 2 * oStep, o + 3 * oStep, STORE,
      );
      a += aStep << 2;
      o += oStep << 2;
    }
    U += aStep << 3;
  }
}

/**
 * out[images, 2 * tilesY, 2 * tilesX, N] dense = the convolution with filters packed by winogradFilters, plus bias
 * (0: none), rectified or not. `tiles`: seven int32 that never change, the bytes between rows of an image, K, N, tilesY,
 * tilesX, whether to rectify, and the bytes between images. source: the first tile. work: HEAD bytes, then
 * 16 * (64 * (K + N + 32) + 32) floats. Tiles of several images share a block, so small images read the filters once.
 */
export function winogradImages(
  tiles: usize, images: i32, source: usize, packed: usize, bias: usize, out: usize, work: usize,
): void {
  memory.fill(work + ZEROS, 0, 32);
  const row = <usize>load<i32>(tiles);
  const K = load<i32>(tiles, 4);
  const N = load<i32>(tiles, 8);
  const tilesX = load<i32>(tiles, 16);
  const perImage = load<i32>(tiles, 12) * tilesX;
  const total = images * perImage;
  const image = <usize>load<i32>(tiles, 24);
  const floor = load<i32>(tiles, 20) ? f32x4.splat(0) : f32x4.splat(-Infinity);
  const V = work + HEAD;
  const vPlane = (<usize>(BLOCK * K) << 2) + SKEW;
  const M = V + (vPlane << 4);
  const pixel = <usize>N << 2;
  const mPlane = <usize>BLOCK * pixel + SKEW;
  const outRow = <usize>(2 * tilesX) * pixel;
  const outImage = <usize>(4 * perImage) * pixel;
  for (let from = 0; from < total; from += BLOCK) {
    const count = min<i32>(BLOCK, total - from);
    inputTiles(source, image, row, K, perImage, tilesX, from, count, V, <usize>K << 2);
    for (let t: usize = 0; t < 16; t++) {
      blockProduct(V + t * vPlane, packed + t * ((<usize>K << 2) * <usize>N + SKEW), M + t * mPlane, count, K, N, work + ZEROS);
    }
    for (let i = 0; i < count; i++) {
      const to = out + tileOffset(from + i, perImage, tilesX, outImage, outRow, pixel);
      const m = M + <usize>i * pixel;
      for (let c: usize = 0; c < pixel; c += 16) {
        const b = bias ? v128.load(bias + c) : f32x4.splat(0);
        outputTile(m + c, mPlane, b, floor, to + c, outRow, pixel);
      }
    }
  }
}

/** A y A^T of one 2x2 tile of dy, four filters: 16 values, `plane` bytes apart. */
@inline
function gradientTile(y: usize, row: usize, pixel: usize, to: usize, plane: usize): void {
  const y00 = v128.load(y), y01 = v128.load(y + pixel);
  const y10 = v128.load(y + row), y11 = v128.load(y + row + pixel);
  gradientRow(y00, y01, to, plane);
  gradientRow(f32x4.add(y00, y10), f32x4.add(y01, y11), to + 4 * plane, plane);
  gradientRow(f32x4.sub(y00, y10), f32x4.sub(y01, y11), to + 8 * plane, plane);
  gradientRow(f32x4.neg(y10), f32x4.neg(y11), to + 12 * plane, plane);
}

@inline
function gradientRow(a: v128, b: v128, to: usize, plane: usize): void {
  v128.store(to, a);
  v128.store(to + plane, f32x4.add(a, b));
  v128.store(to + 2 * plane, f32x4.sub(a, b));
  v128.store(to + 3 * plane, f32x4.neg(b));
}

/**
 * dU[16][K][N], SKEW bytes between planes, += the transformed filter gradient of some images. tiles, source, work: as in winogradImages;
 * dy: rows of 2 * tilesX * N floats, `dyRow` bytes apart, and images `dyImage` bytes apart.
 */
export function winogradGradientImages(
  tiles: usize, images: i32, source: usize, dy: usize, dyRow: usize, dyImage: usize, dU: usize, work: usize,
): void {
  memory.fill(work + ZEROS, 0, 32);
  const row = <usize>load<i32>(tiles);
  const K = load<i32>(tiles, 4);
  const N = load<i32>(tiles, 8);
  const tilesX = load<i32>(tiles, 16);
  const perImage = load<i32>(tiles, 12) * tilesX;
  const total = images * perImage;
  const image = <usize>load<i32>(tiles, 24);
  const V = work + HEAD;
  const vStep = (<usize>K << 2) + SKEW;
  const vPlane = <usize>BLOCK * vStep + SKEW;
  const M = V + (vPlane << 4);
  const pixel = <usize>N << 2;
  const mStep = pixel + SKEW;
  const mPlane = <usize>BLOCK * mStep + SKEW;
  const plane = <usize>K * pixel + SKEW;
  for (let from = 0; from < total; from += BLOCK) {
    const count = min<i32>(BLOCK, total - from);
    inputTiles(source, image, row, K, perImage, tilesX, from, count, V, vStep);
    for (let i = 0; i < count; i++) {
      const y = dy + tileOffset(from + i, perImage, tilesX, dyImage, dyRow, pixel);
      const to = M + <usize>i * mStep;
      for (let c: usize = 0; c < pixel; c += 16) gradientTile(y + c, dyRow, pixel, to + c, mPlane);
    }
    for (let t: usize = 0; t < 16; t++) {
      gradientProduct(V + t * vPlane, vStep, M + t * mPlane, mStep, dU + t * plane, count, K, N, work + ZEROS);
    }
  }
}

/** dU[K, N] += V[count, K]^T * M[count, N], whose rows lie `vStep` and `mStep` bytes apart. */
@inline
function gradientProduct(
  V: usize, vStep: usize, M: usize, mStep: usize, dU: usize, count: i32, K: i32, N: i32, zeros: usize,
): void {
  const step = <usize>N << 2;
  for (let k = 0; k < K; k += 4) {
    const a = V + (<usize>k << 2);
    for (let n = 0; n < N; n += 8) {
      const o = dU + <usize>k * step + (<usize>n << 2);
      product(
        a, a + 4, a + 8, a + 12, 1, 0, count, vStep, M + (<usize>n << 2), mStep, zeros,
        o, o + step, o + 2 * step, o + 3 * step, ACCUMULATE,
      );
    }
  }
}

/** dw[3][3][K][N] = G^T dU G, planes of dU SKEW bytes apart; `floats` is K * N, a multiple of four. */
export function winogradGradient(dU: usize, floats: i32, dw: usize): void {
  const tap = <usize>floats << 2;
  const plane = tap + SKEW;
  for (let i: usize = 0; i < tap; i += 16) {
    const u = dU + i;
    const w = dw + i;
    for (let s: usize = 0; s < 3; s++) {
      const a = timesGTransposed(s, u, 4 * plane);
      const b = timesGTransposed(s, u + plane, 4 * plane);
      const c = timesGTransposed(s, u + 2 * plane, 4 * plane);
      const d = timesGTransposed(s, u + 3 * plane, 4 * plane);
      const half = f32x4.splat(0.5);
      const sum = f32x4.mul(half, f32x4.add(b, c));
      v128.store(w + (3 * s) * tap, f32x4.add(a, sum));
      v128.store(w + (3 * s + 1) * tap, f32x4.mul(half, f32x4.sub(b, c)));
      v128.store(w + (3 * s + 2) * tap, f32x4.add(sum, d));
    }
  }
}

/** Row `s` (0..2) of G^T times the four values at `u`, `step` bytes apart. */
@inline
function timesGTransposed(s: usize, u: usize, step: usize): v128 {
  const half = f32x4.splat(0.5);
  const b = v128.load(u + step), c = v128.load(u + 2 * step);
  if (s == 1) return f32x4.mul(half, f32x4.sub(b, c));
  const sum = f32x4.mul(half, f32x4.add(b, c));
  return s == 0 ? f32x4.add(v128.load(u), sum) : f32x4.add(sum, v128.load(u + 3 * step));
}
