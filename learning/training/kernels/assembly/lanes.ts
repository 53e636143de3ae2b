// How kernels walk over channels that are no multiple of four: the last vector begins early enough to end with the last
// channel, so its first lanes are done twice. Writing them twice is harmless; adding them twice is not (laneMask).
// Must not: be used where reading twelve bytes beyond an array may fault.

/** Byte offset of the vector that holds the channel at `c`: `c`, or less where fewer than four channels are left. */
@inline
export function lastFour(c: usize, pixel: usize): usize {
  return pixel < 16 ? 0 : min<usize>(c, pixel - 16);
}

/** All ones in the lanes of the vector at `from` whose channel exists and was not in the vector before the one at `c`. */
@inline
export function laneMask(c: usize, from: usize, pixel: usize): v128 {
  const lanes = i32x4(0, 4, 8, 12);
  const isNew = i32x4.ge_s(lanes, i32x4.splat(<i32>(c - from)));
  return v128.and(isNew, i32x4.lt_s(lanes, i32x4.splat(<i32>(pixel - from))));
}

/** Stores four values, or as many as there are channels. */
@inline
export function put(to: usize, values: v128, channels: i32): void {
  if (channels >= 4) {
    v128.store(to, values);
  } else {
    v128.store32_lane(to, values, 0);
    if (channels > 1) v128.store32_lane(to, values, 1, 4);
    if (channels > 2) v128.store32_lane(to, values, 2, 8);
  }
}
