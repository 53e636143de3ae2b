// Convolution and pooling of one image for the compiled step. Images lie where the next convolution wants them: in the
// middle of a buffer whose border is zero for ever, so padding costs nothing and a patch is read in place.
// Must not: write a border, or allocate. `work` begins with HEAD bytes (see product.ts) and one packed panel follows.

import { ACCUMULATE, copyEdge, HEAD, packRows, packTransposed, plainProduct, RECTIFY, STORE, ZEROS } from './product';

/** Pixels of `count` images as floats: 256 values of `table` by byte; rows of the output lie `outRow` bytes apart. */
export function scalePixels(bytes: usize, rows: i32, rowFloats: i32, out: usize, outRow: usize, table: usize): void {
  for (let r = 0; r < rows; r++) {
    let at = out;
    const end = bytes + <usize>rowFloats;
    for (; bytes + 4 <= end; bytes += 4) {
      const four = load<u32>(bytes);
      store<f32>(at, load<f32>(table + <usize>((four & 255) << 2)));
      store<f32>(at, load<f32>(table + <usize>((four >> 6) & 1020)), 4);
      store<f32>(at, load<f32>(table + <usize>((four >> 14) & 1020)), 8);
      store<f32>(at, load<f32>(table + <usize>((four >> 22) & 1020)), 12);
      at += 16;
    }
    for (; bytes < end; bytes++) {
      store<f32>(at, load<f32>(table + (<usize>load<u8>(bytes) << 2)));
      at += 4;
    }
    out += outRow;
  }
}

/** Packs filters [K, N] into panels of eight columns, each followed by its eight biases (zeros where `bias` is 0). */
export function packFilters(w: usize, bias: usize, K: i32, N: i32, packed: usize): void {
  for (let n = 0; n < N; n += 8) {
    packRows(w + (<usize>n << 2), <usize>N << 2, K, packed);
    packed += <usize>K << 5;
    for (let c = 0; c < 8; c++) {
      const known = bias != 0 && n + c < N;
      store<f32>(packed + (<usize>c << 2), known ? load<f32>(bias + (<usize>(n + c) << 2)) : 0);
    }
    packed += 32;
  }
}

/** Packs w[taps, channels, filters], turned by 180 degrees and transposed: (taps * filters) x channels, zero biases. */
export function packTurnedFilters(w: usize, taps: i32, channels: i32, filters: i32, packed: usize): void {
  const step = <usize>filters << 2;
  for (let c = 0; c < channels; c += 8) {
    const cols = min<i32>(8, channels - c);
    for (let t = taps - 1; t >= 0; t--) {
      packTransposed(w + <usize>(t * channels + c) * step, step, filters, cols, packed);
      packed += <usize>filters << 5;
    }
    memory.fill(packed, 0, 32);
    packed += 32;
  }
}

/**
 * out[images, outHeight * outWidth, N] = patches of the images * packed filters + bias, rectified if `rectify`.
 * source: the first patch; images lie `image` bytes apart and their rows `row`; a patch is kernelHeight runs of `patch`
 * floats. Every panel of filters is read once for all images.
 */
@inline
function convolveEnding(
  images: i32, source: usize, image: usize, row: usize, kernelHeight: i32, patch: i32, down: usize, right: usize,
  outHeight: i32, outWidth: i32, N: i32, packed: usize, out: usize, work: usize, end: i32,
): void {
  const pixels = outHeight * outWidth;
  const wrap = down - right * <usize>(outWidth - 1);
  const panel = <usize>(kernelHeight * patch) << 5;
  const step = <usize>N << 2;
  for (let n = 0; n < N; n += 8) {
    const cols = min<i32>(8, N - n);
    for (let i = 0; i < images; i++) {
      let at = source + <usize>i * image;
      let o = out + <usize>(i * pixels) * step + (<usize>n << 2);
      let column = 0;
      for (let p = 0; p < pixels; p += 4) {
        const left = min<i32>(4, pixels - p);
        const a0 = at;
        let a1 = a0, a2 = a0, a3 = a0;
        // Step to the next output pixel, over the end of the row where one ends.
        if (++column == outWidth) { at += wrap; column = 0; } else at += right;
        if (left > 1) { a1 = at; if (++column == outWidth) { at += wrap; column = 0; } else at += right; }
        if (left > 2) { a2 = at; if (++column == outWidth) { at += wrap; column = 0; } else at += right; }
        if (left > 3) { a3 = at; if (++column == outWidth) { at += wrap; column = 0; } else at += right; }
        const whole = cols == 8 && left == 4;
        const to = whole ? o : work;
        const toStep: usize = whole ? step : 32;
        plainProduct(
          a0, a1, a2, a3, kernelHeight, row, patch, 4, packed, packed + panel,
          to, to + toStep, to + 2 * toStep, to + 3 * toStep, end,
        );
        if (!whole) copyEdge(work, o, step, left, cols);
        o += step << 2;
      }
    }
    packed += panel + 32;
  }
}

/**
 * See convolveEnding; filters packed by packFilters or packTurnedFilters. `patches`: ten int32 that never change, the
 * bytes between rows of the image, kernelHeight, patch, down, right, outHeight, outWidth, N, whether to rectify, and the
 * bytes between images.
 */
export function convolveImages(
  patches: usize, images: i32, source: usize, packed: usize, out: usize, work: usize,
): void {
  const row = <usize>load<i32>(patches);
  const kernelHeight = load<i32>(patches, 4);
  const patch = load<i32>(patches, 8);
  const down = <usize>load<i32>(patches, 12);
  const right = <usize>load<i32>(patches, 16);
  const h = load<i32>(patches, 20);
  const w = load<i32>(patches, 24);
  const N = load<i32>(patches, 28);
  const image = <usize>load<i32>(patches, 36);
  if (load<i32>(patches, 32)) {
    convolveEnding(images, source, image, row, kernelHeight, patch, down, right, h, w, N, packed, out, work, RECTIFY);
  } else {
    convolveEnding(images, source, image, row, kernelHeight, patch, down, right, h, w, N, packed, out, work, STORE);
  }
}

/** Bytes from the first float of a patch to its float `r`, row by row of the patch. */
@inline
function patchOffset(r: i32, patch: i32, row: usize): usize {
  return <usize>(r / patch) * row + (<usize>(r % patch) << 2);
}

/**
 * dw[kernelHeight * patch, N] += the images' patches^T * dy. patches, source: as in convolveImages; rows of dy lie
 * `dyRow` bytes apart, its images `dyImage`. work: HEAD bytes, then images * outHeight * outWidth * 8 floats.
 */
export function filterGradientImages(
  patches: usize, images: i32, source: usize, dy: usize, dyRow: usize, dyImage: usize, dw: usize, work: usize,
): void {
  const row = <usize>load<i32>(patches);
  const kernelHeight = load<i32>(patches, 4);
  const patch = load<i32>(patches, 8);
  const down = <usize>load<i32>(patches, 12);
  const right = <usize>load<i32>(patches, 16);
  const outHeight = load<i32>(patches, 20);
  const outWidth = load<i32>(patches, 24);
  const N = load<i32>(patches, 28);
  const image = <usize>load<i32>(patches, 36);
  memory.fill(work + ZEROS, 0, 32);
  const zeros = work + ZEROS;
  const step = <usize>N << 2;
  const depth = kernelHeight * patch;
  const panelBytes = <usize>(outHeight * outWidth) << 5;
  for (let n = 0; n < N; n += 8) {
    const cols = min<i32>(8, N - n);
    let panel = work + HEAD;
    for (let i = 0; i < images; i++) {
      let from = dy + <usize>i * dyImage + (<usize>n << 2);
      for (let y = 0; y < outHeight; y++) {
        packRows(from, step, outWidth, panel);
        from += dyRow;
        panel += <usize>outWidth << 5;
      }
    }
    for (let r = 0; r < depth; r += 4) {
      const left = min<i32>(4, depth - r);
      let a0 = source + patchOffset(r, patch, row);
      let a1 = left > 1 ? source + patchOffset(r + 1, patch, row) : a0;
      let a2 = left > 2 ? source + patchOffset(r + 2, patch, row) : a0;
      let a3 = left > 3 ? source + patchOffset(r + 3, patch, row) : a0;
      const o = dw + <usize>r * step + (<usize>n << 2);
      panel = work + HEAD;
      for (let i = 0; i < images; i++) {
        if (cols == 8 && left == 4) {
          plainProduct(
            a0, a1, a2, a3, outHeight, down, outWidth, right, panel, zeros,
            o, o + step, o + 2 * step, o + 3 * step, ACCUMULATE,
          );
        } else {
          plainProduct(
            a0, a1, a2, a3, outHeight, down, outWidth, right, panel, zeros, work, work + 32, work + 64, work + 96,
            STORE,
          );
          addEdge(work, o, step, left, cols);
        }
        a0 += image;
        a1 += image;
        a2 += image;
        a3 += image;
        panel += panelBytes;
      }
    }
  }
}

/** Adds the rows and columns of the edge tile that exist. */
function addEdge(edge: usize, out: usize, step: usize, rows: i32, cols: i32): void {
  for (let r = 0; r < rows; r++) {
    for (let c: usize = 0; c < <usize>cols << 2; c += 4) store<f32>(out + c, load<f32>(out + c) + load<f32>(edge + c));
    edge += 32;
    out += step;
  }
}

/** Copies `rows` rows of `bytes` bytes between two layouts. */
export function copyRows(from: usize, fromRow: usize, to: usize, toRow: usize, rows: i32, bytes: usize): void {
  for (let r = 0; r < rows; r++) {
    memory.copy(to, from, bytes);
    from += fromRow;
    to += toRow;
  }
}

/** Copies pixels of `bytes` bytes, `right` and `down` bytes apart in the output: dy spread by the stride. */
export function spreadPixels(
  from: usize, fromRow: usize, height: i32, width: i32, bytes: usize, to: usize, down: usize, right: usize,
): void {
  for (let y = 0; y < height; y++) {
    for (let x = 0; x < width; x++) {
      memory.copy(to + <usize>y * down + <usize>x * right, from + <usize>y * fromRow + <usize>x * bytes, bytes);
    }
  }
}

/** Largest of the four floats at `at` of each element of a window. */
@inline
function largest4(at: usize, window: i32, row: usize, pixel: usize): v128 {
  let best = v128.load(at);
  for (let y = 0; y < window; y++) {
    let from = at + <usize>y * row;
    for (let x = 0; x < window; x++) {
      best = f32x4.max(best, v128.load(from));
      from += pixel;
    }
  }
  return best;
}

/** largest4 of the usual window of 2x2. */
@inline
function largestOfPairs(at: usize, row: usize, pixel: usize): v128 {
  const below = at + row;
  return f32x4.max(
    f32x4.max(v128.load(at), v128.load(at + pixel)),
    f32x4.max(v128.load(below), v128.load(below + pixel)),
  );
}

@inline
function largest1(at: usize, window: i32, row: usize, pixel: usize): f32 {
  let best = load<f32>(at);
  for (let y = 0; y < window; y++) {
    for (let x = 0; x < window; x++) best = max<f32>(best, load<f32>(at + <usize>y * row + <usize>x * pixel));
  }
  return best;
}

/**
 * Max pooling of one image with windows that do not overlap. `windows`: six int32 that never change, the bytes between
 * rows of x, channels, window, outHeight, outWidth, and whether x went through a rectifier. Rows of the output lie
 * `outRow` bytes apart. Where channels are no multiple of four, the last four are done again: the same numbers, no
 * scalar loop.
 */
export function maxPoolImage(windows: usize, x: usize, out: usize, outRow: usize): void {
  const row = <usize>load<i32>(windows);
  const channels = load<i32>(windows, 4);
  const window = load<i32>(windows, 8);
  const outHeight = load<i32>(windows, 12);
  const outWidth = load<i32>(windows, 16);
  const pixel = <usize>channels << 2;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      const at = x + <usize>(oy * window) * row + <usize>(ox * window) * pixel;
      const to = out + <usize>oy * outRow + <usize>ox * pixel;
      if (channels < 4) {
        for (let c: usize = 0; c < pixel; c += 4) store<f32>(to + c, largest1(at + c, window, row, pixel));
        continue;
      }
      for (let c: usize = 0; c < pixel; c += 16) {
        const from = min<usize>(c, pixel - 16);
        const best = window == 2 ? largestOfPairs(at + from, row, pixel) : largest4(at + from, window, row, pixel);
        v128.store(to + from, best);
      }
    }
  }
}

/** Gives `flow` to the first element of a window that equals `best`, zero to the others; four channels. */
@inline
function route4(at: usize, row: usize, pixel: usize, window: i32, best: v128, flow: v128, to: usize, toRow: usize): void {
  let open = i32x4.splat(-1);
  for (let y = 0; y < window; y++) {
    for (let x = 0; x < window; x++) {
      const here = v128.and(open, f32x4.eq(v128.load(at + <usize>y * row + <usize>x * pixel), best));
      v128.store(to + <usize>y * toRow + <usize>x * pixel, v128.and(here, flow));
      open = v128.andnot(open, here);
    }
  }
}

/** The whole gradient of a window of 2x2 for four channels. */
@inline
function routePairs(at: usize, row: usize, pixel: usize, floor: v128, dy: usize, to: usize, toRow: usize): void {
  const a = v128.load(at), b = v128.load(at + pixel);
  const c = v128.load(at + row), d = v128.load(at + row + pixel);
  const best = f32x4.max(f32x4.max(a, b), f32x4.max(c, d));
  let flow = v128.and(v128.load(dy), f32x4.gt(best, floor));
  v128.store(dy, flow);
  let here = f32x4.eq(a, best);
  v128.store(to, v128.and(flow, here));
  flow = v128.andnot(flow, here);
  here = f32x4.eq(b, best);
  v128.store(to + pixel, v128.and(flow, here));
  flow = v128.andnot(flow, here);
  here = f32x4.eq(c, best);
  v128.store(to + toRow, v128.and(flow, here));
  flow = v128.andnot(flow, here);
  v128.store(to + toRow + pixel, v128.and(flow, f32x4.eq(d, best)));
}

@inline
function route1(at: usize, row: usize, pixel: usize, window: i32, best: f32, flow: f32, to: usize, toRow: usize): void {
  let open = true;
  for (let y = 0; y < window; y++) {
    for (let x = 0; x < window; x++) {
      const here = open && load<f32>(at + <usize>y * row + <usize>x * pixel) == best;
      store<f32>(to + <usize>y * toRow + <usize>x * pixel, here ? flow : 0);
      open = open && !here;
    }
  }
}

/**
 * Gradient of maxPoolImage: dy goes to the first largest element of each window. If x was rectified, dy is set to zero
 * first where the maximum is not positive, in place (the bias gradient reads it).
 * Rows of dx lie `dxRow` bytes apart; elements outside all windows are not written.
 */
export function maxPoolGradientImage(windows: usize, x: usize, dy: usize, dx: usize, dxRow: usize): void {
  const row = <usize>load<i32>(windows);
  const channels = load<i32>(windows, 4);
  const window = load<i32>(windows, 8);
  const outHeight = load<i32>(windows, 12);
  const outWidth = load<i32>(windows, 16);
  const rectified = load<i32>(windows, 20) != 0;
  const pixel = <usize>channels << 2;
  const floor = rectified ? f32x4.splat(0) : f32x4.splat(-Infinity);
  const floor1: f32 = rectified ? 0 : -Infinity;
  for (let oy = 0; oy < outHeight; oy++) {
    for (let ox = 0; ox < outWidth; ox++) {
      const at = x + <usize>(oy * window) * row + <usize>(ox * window) * pixel;
      const to = dx + <usize>(oy * window) * dxRow + <usize>(ox * window) * pixel;
      if (channels < 4) {
        for (let c: usize = 0; c < pixel; c += 4) {
          const best = largest1(at + c, window, row, pixel);
          const flow: f32 = best > floor1 ? load<f32>(dy + c) : 0;
          store<f32>(dy + c, flow);
          route1(at + c, row, pixel, window, best, flow, to + c, dxRow);
        }
      } else {
        for (let c: usize = 0; c < pixel; c += 16) {
          const from = min<usize>(c, pixel - 16);
          if (window == 2) {
            routePairs(at + from, row, pixel, floor, dy + from, to + from, dxRow);
            continue;
          }
          const best = largest4(at + from, window, row, pixel);
          const flow = v128.and(v128.load(dy + from), f32x4.gt(best, floor));
          v128.store(dy + from, flow);
          route4(at + from, row, pixel, window, best, flow, to + from, dxRow);
        }
      }
      dy += pixel;
    }
  }
}

/** Packs filters [kernelHeight * patch, N] transposed, filter row by filter row: N x patch each, zero columns at the end. */
export function packScatteredFilters(w: usize, kernelHeight: i32, patch: i32, N: i32, packed: usize): void {
  const step = <usize>N << 2;
  for (let ky = 0; ky < kernelHeight; ky++) {
    for (let j = 0; j < patch; j += 8) {
      packTransposed(w + <usize>(ky * patch + j) * step, step, N, min<i32>(8, patch - j), packed);
      packed += <usize>N << 5;
    }
  }
}

/** Bytes of scattered filters that stay in the first-level cache while all pixels pass by. */
const RESIDENT: i32 = 16384;

/**
 * dx += the input gradient of images whose convolution has no border, or whose border is part of dx: each pixel of dy
 * gives its share to the patch it was made of. patches: as in convolveImages; dx: the first float of the first patch,
 * images `dxImage` bytes apart; dy: dense. The four pixels of a tile lie far apart, so that their patches seldom meet.
 * Adds zeros to up to seven floats beyond a patch.
 */
export function scatterImages(
  patches: usize, images: i32, dy: usize, packed: usize, dx: usize, dxImage: usize, work: usize,
): void {
  memory.fill(work + ZEROS, 0, 32);
  const row = <usize>load<i32>(patches);
  const kernelHeight = load<i32>(patches, 4);
  const patch = load<i32>(patches, 8);
  const down = <usize>load<i32>(patches, 12);
  const right = <usize>load<i32>(patches, 16);
  const outHeight = load<i32>(patches, 20);
  const outWidth = load<i32>(patches, 24);
  const N = load<i32>(patches, 28);
  const step = <usize>N << 2;
  const across = (patch + 7) >> 3;
  const total = kernelHeight * across;
  const resident = max<i32>(1, RESIDENT / (N << 5));
  for (let q = 0; q < total; q += resident) {
    const panels = min<i32>(resident, total - q);
    for (let i = 0; i < images; i++) {
      scatterPanels(
        dy + <usize>(i * outHeight * outWidth) * step, outHeight, outWidth, N, down, right, packed + <usize>q * (step << 3),
        panels, q / across, q % across, across, dx + <usize>i * dxImage, row, work,
      );
    }
  }
}

/** Some panels of filters, beginning with number `j` of filter row `ky`, on all pixels of one image. */
function scatterPanels(
  dy: usize, outHeight: i32, outWidth: i32, N: i32, down: usize, right: usize, packed: usize, panels: i32, ky: i32,
  j: i32, across: i32, dx: usize, row: usize, work: usize,
): void {
  const pixels = outHeight * outWidth;
  const quarter = (pixels + 3) >> 2;
  const step = <usize>N << 2;
  for (let p = 0; p < quarter; p++) {
    const p1 = p + quarter, p2 = p1 + quarter, p3 = p2 + quarter;
    const a0 = dy + <usize>p * step;
    const a1 = p1 < pixels ? dy + <usize>p1 * step : a0;
    const a2 = p2 < pixels ? dy + <usize>p2 * step : a0;
    const a3 = p3 < pixels ? dy + <usize>p3 * step : a0;
    const o0 = <usize>(p / outWidth) * down + <usize>(p % outWidth) * right;
    const o1 = <usize>(p1 / outWidth) * down + <usize>(p1 % outWidth) * right;
    const o2 = <usize>(p2 / outWidth) * down + <usize>(p2 % outWidth) * right;
    const o3 = <usize>(p3 / outWidth) * down + <usize>(p3 % outWidth) * right;
    let panel = packed;
    let line = dx + <usize>ky * row;
    let column = j;
    for (let k = 0; k < panels; k++) {
      const o = line + (<usize>column << 5);
      plainProduct(
        a0, a1, a2, a3, 1, 0, N, 4, panel, work + ZEROS,
        o + o0, p1 < pixels ? o + o1 : work, p2 < pixels ? o + o2 : work + 32, p3 < pixels ? o + o3 : work + 64,
        ACCUMULATE,
      );
      panel += step << 3;
      if (++column == across) { column = 0; line += row; }
    }
  }
}
