// Both gradients of a convolution behind which is a max pooling: of each window only the largest element has a
// gradient, a quarter of all elements or fewer, and behind a rectifier not even each of those. So the elements with a
// gradient are listed filter by filter; their patches, read in place, are summed up with it, and the filter times it is
// added to the gradients of their patches.
// Must not: depend on how full the lists are for anything but time; leaving out a zero changes no bit of a sum.

import { madd } from './madd';

/** Vectors of a patch that are summed at a time: so many sums and what they read fill the registers. */
const TOGETHER: i32 = 6;

/** Moves the end of a list behind the entry just put there, if that has a gradient; if not, the next overwrites it. */
@inline
function close(list: usize, end: usize, counts: i32): void {
  store<u32>(list, <u32>end + (<u32>(counts & 1) << 3));
}

/** Puts the first or the second entry (gradient, place) of a vector at the end of a list. */
@inline
function appendFirst(list: usize, entries: v128, counts: i32): void {
  const end = <usize>load<u32>(list);
  v128.store64_lane(end, entries, 0);
  close(list, end, counts);
}

@inline
function appendSecond(list: usize, entries: v128, counts: i32): void {
  const end = <usize>load<u32>(list);
  v128.store64_lane(end, entries, 1);
  close(list, end, counts);
}

/**
 * Lists (gradient, place of its patch) of what the windows of one pixel and four filters let through; the first `known`
 * of the four are listed already. No branch depends on a pixel: which element is the largest cannot be foreseen.
 */
@inline
function listFour(
  y: usize, row: usize, pixel: usize, window: i32, floor: v128, dy: usize, place: u32, down: u32, right: u32,
  lists: usize, listStep: usize, known: i32,
): void {
  let best = v128.load(y);
  let at = i32x4.splat(place);
  for (let wy = 0; wy < window; wy++) {
    for (let wx = 0; wx < window; wx++) {
      const value = v128.load(y + <usize>wy * row + <usize>wx * pixel);
      const isLarger = f32x4.gt(value, best);
      best = v128.bitselect(value, best, isLarger);
      at = v128.bitselect(i32x4.splat(place + <u32>wy * down + <u32>wx * right), at, isLarger);
    }
  }
  const flow = v128.and(v128.load(dy), f32x4.gt(best, floor));
  v128.store(dy, flow);
  const counts = i32x4.bitmask(f32x4.ne(flow, f32x4.splat(0)));
  const low = v128.shuffle<f32>(flow, at, 0, 4, 1, 5), high = v128.shuffle<f32>(flow, at, 2, 6, 3, 7);
  if (known < 1) appendFirst(lists, low, counts);
  if (known < 2) appendSecond(lists + listStep, low, counts >> 1);
  if (known < 3) appendFirst(lists + 2 * listStep, high, counts >> 2);
  appendSecond(lists + 3 * listStep, high, counts >> 3);
}

/** Fewer than four filters: one by one. */
function listOne(
  y: usize, row: usize, pixel: usize, window: i32, floor: f32, dy: usize, place: u32, down: u32, right: u32, list: usize,
): void {
  let best = load<f32>(y);
  let at = place;
  for (let wy = 0; wy < window; wy++) {
    for (let wx = 0; wx < window; wx++) {
      const value = load<f32>(y + <usize>wy * row + <usize>wx * pixel);
      if (!(value > best)) continue;
      best = value;
      at = place + <u32>wy * down + <u32>wx * right;
    }
  }
  const flow: f32 = best > floor ? load<f32>(dy) : 0;
  store<f32>(dy, flow);
  if (flow == 0) return;
  const end = <usize>load<u32>(list);
  store<f32>(end, flow);
  store<u32>(end, at, 4);
  store<u32>(list, <u32>end + 8);
}

/** Lists one pixel's filters. */
@inline
function listPixel(
  y: usize, row: usize, pixel: usize, window: i32, floor: f32, dy: usize, place: u32, down: u32, right: u32,
  lists: usize, listStep: usize,
): void {
  if (pixel < 16) {
    for (let c: usize = 0; c < pixel; c += 4) {
      listOne(y + c, row, pixel, window, floor, dy + c, place, down, right, lists + (c >> 2) * listStep);
    }
    return;
  }
  const floor4 = f32x4.splat(floor);
  let c: usize = 0;
  for (; c + 16 <= pixel; c += 16) {
    listFour(y + c, row, pixel, window, floor4, dy + c, place, down, right, lists, listStep, 0);
    lists += listStep << 2;
  }
  if (c == pixel) return;
  const from = pixel - 16;
  const known = <i32>(c - from) >> 2;
  lists -= <usize>known * listStep;
  listFour(y + from, row, pixel, window, floor4, dy + from, place, down, right, lists, listStep, known);
}

/** listPixel for every window of some images. */
function listImages(
  windows: usize, places: usize, images: i32, y: usize, yImage: usize, dy: usize, lists: usize, listStep: usize,
): void {
  const row = <usize>load<i32>(windows), channels = load<i32>(windows, 4), window = load<i32>(windows, 8);
  const outHeight = load<i32>(windows, 12), outWidth = load<i32>(windows, 16);
  const floor: f32 = load<i32>(windows, 20) != 0 ? 0 : -Infinity;
  const down = load<u32>(places), right = load<u32>(places, 4), imageBytes = load<u32>(places, 8);
  const pixel = <usize>channels << 2;
  for (let f = 0; f < channels; f++) {
    const list = lists + <usize>f * listStep;
    store<u32>(list, <u32>(list + 8));
  }
  for (let n = 0; n < images; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      for (let ox = 0; ox < outWidth; ox++) {
        const at = y + <usize>(oy * window) * row + <usize>(ox * window) * pixel;
        const place = <u32>n * imageBytes + <u32>(oy * window) * down + <u32>(ox * window) * right;
        if (window == 2) listPixel(at, row, pixel, 2, floor, dy, place, down, right, lists, listStep);
        else listPixel(at, row, pixel, window, floor, dy, place, down, right, lists, listStep);
        dy += pixel;
      }
    }
    y += yImage;
  }
}

/** Adds gradient times patch, over the entries of a list, to six vectors of a filter's sums. */
@inline
function addPatches(list: usize, source: usize, offsets: usize, sums: usize): void {
  const last = <usize>load<u32>(list);
  const o0 = source + <usize>load<u32>(offsets), o1 = source + <usize>load<u32>(offsets, 4);
  const o2 = source + <usize>load<u32>(offsets, 8), o3 = source + <usize>load<u32>(offsets, 12);
  const o4 = source + <usize>load<u32>(offsets, 16), o5 = source + <usize>load<u32>(offsets, 20);
  let c0 = f32x4.splat(0), c1 = c0, c2 = c0, c3 = c0, c4 = c0, c5 = c0;
  for (let at = list + 8; at < last; at += 8) {
    const g = v128.load32_splat(at);
    const place = <usize>load<u32>(at, 4);
    c0 = madd(g, v128.load(o0 + place), c0), c1 = madd(g, v128.load(o1 + place), c1);
    c2 = madd(g, v128.load(o2 + place), c2), c3 = madd(g, v128.load(o3 + place), c3);
    c4 = madd(g, v128.load(o4 + place), c4), c5 = madd(g, v128.load(o5 + place), c5);
  }
  v128.store(sums, f32x4.add(v128.load(sums), c0));
  v128.store(sums, f32x4.add(v128.load(sums, 16), c1), 16);
  v128.store(sums, f32x4.add(v128.load(sums, 32), c2), 32);
  v128.store(sums, f32x4.add(v128.load(sums, 48), c3), 48);
  v128.store(sums, f32x4.add(v128.load(sums, 64), c4), 64);
  v128.store(sums, f32x4.add(v128.load(sums, 80), c5), 80);
}

/**
 * sums[filters, vectors] += the filter gradient of some images; vector v of a patch lies `offsets[v]` bytes behind its
 * begin, and `vectors` is a multiple of six. windows: as of maxPoolImage. places (int32): bytes from a patch to the one
 * below and to the right, between images, vectors, bytes of a list, offsets. y: what was pooled. dy, dense: set to zero,
 * in place, where the maximum is not positive, as the bias gradient wants it. lists: one for each filter.
 */
export function pooledFilterGradient(
  windows: usize, places: usize, images: i32, y: usize, yImage: usize, dy: usize, source: usize, sums: usize, lists: usize,
): void {
  const filters = load<i32>(windows, 4);
  const vectors = load<i32>(places, 12);
  const listStep = <usize>load<i32>(places, 16);
  const offsets = places + 20;
  listImages(windows, places, images, y, yImage, dy, lists, listStep);
  for (let v = 0; v < vectors; v += TOGETHER) {
    for (let f = 0; f < filters; f++) {
      const at = sums + (<usize>(f * vectors + v) << 4);
      addPatches(lists + <usize>f * listStep, source, offsets + (<usize>v << 2), at);
    }
  }
}

/**
 * dx += filter times gradient where each patch lies, over the lists that pooledFilterGradient left. Patches lie in dx as
 * they lie in the source. blocks (int32): number, then the place of each in a patch, four vectors long. filters: of each
 * filter its blocks, with zeros behind the end of a row: what they are added to does not change.
 */
export function pooledInputGradient(
  windows: usize, places: usize, blocks: usize, filters: usize, dx: usize, lists: usize,
): void {
  const count = load<i32>(windows, 4);
  const listStep = <usize>load<i32>(places, 16);
  const end = <usize>load<i32>(blocks) << 2;
  const offsets = blocks + 4;
  for (let f = 0; f < count; f++) {
    const last = <usize>load<u32>(lists);
    for (let at = lists + 8; at < last; at += 8) {
      const g = v128.load32_splat(at);
      const patch = dx + <usize>load<u32>(at, 4);
      let w = filters;
      for (let b: usize = 0; b < end; b += 4) {
        const to = patch + <usize>load<u32>(offsets + b);
        const s0 = madd(g, v128.load(w), v128.load(to)), s1 = madd(g, v128.load(w, 16), v128.load(to, 16));
        const s2 = madd(g, v128.load(w, 32), v128.load(to, 32)), s3 = madd(g, v128.load(w, 48), v128.load(to, 48));
        v128.store(to, s0);
        v128.store(to, s1, 16);
        v128.store(to, s2, 32);
        v128.store(to, s3, 48);
        w += 64;
      }
    }
    filters += end << 4;
    lists += listStep;
  }
}
