// Max pooling, channels last, forward and gradient. The gradient goes to the first largest element of a window, as in
// tfjs's cpu backend. Correct for windows without a positive element, which the stock wasm kernel is not.
// Must not: treat padding as an element; a window's maximum is over real pixels only.

/** out[batch, outHeight, outWidth, channels] = the largest element of each window of x. */
export function maxPool(
  batch: i32, height: i32, width: i32, channels: i32, windowHeight: i32, windowWidth: i32,
  outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32, x: usize, out: usize,
): void {
  const pixel = <usize>channels << 2;
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const y0 = max<i32>(0, oy * strideHeight - top);
      const y1 = min<i32>(height, oy * strideHeight - top + windowHeight);
      for (let ox = 0; ox < outWidth; ox++) {
        const x0 = max<i32>(0, ox * strideWidth - left);
        const x1 = min<i32>(width, ox * strideWidth - left + windowWidth);
        windowMaximum(x, <usize>width * pixel, pixel, y0, y1, x0, x1, out);
        out += pixel;
      }
    }
    x += <usize>(height * width) * pixel;
  }
}

/** Largest element of one window for every channel, four channels at a time. Rows of x lie `row` bytes apart. */
@inline
export function windowMaximum(x: usize, row: usize, pixel: usize, y0: i32, y1: i32, x0: i32, x1: i32, out: usize): void {
  let c: usize = 0;
  for (; c + 16 <= pixel; c += 16) {
    let best = f32x4.splat(-Infinity);
    for (let y = y0; y < y1; y++) {
      let at = x + <usize>y * row + <usize>x0 * pixel + c;
      for (let i = x0; i < x1; i++) {
        best = f32x4.max(best, v128.load(at));
        at += pixel;
      }
    }
    v128.store(out + c, best);
  }
  for (; c < pixel; c += 4) {
    let best: f32 = -Infinity;
    for (let y = y0; y < y1; y++) {
      let at = x + <usize>y * row + <usize>x0 * pixel + c;
      for (let i = x0; i < x1; i++) {
        best = max<f32>(best, load<f32>(at));
        at += pixel;
      }
    }
    store<f32>(out + c, best);
  }
}

/** Adds one dy to the element of dx at `where`. */
@inline
function addAt(dx: usize, where: i32, value: f32): void {
  const at = dx + <usize>where;
  store<f32>(at, load<f32>(at) + value);
}

/**
 * Gives one window's dy, for every channel, to its first largest element; four channels at a time. Rows of x lie `row`
 * bytes apart, those of dx `dxRow`.
 */
@inline
export function windowGradient(
  x: usize, row: usize, pixel: usize, y0: i32, y1: i32, x0: i32, x1: i32, dy: usize, dx: usize, dxRow: usize,
): void {
  const corner = <usize>y0 * dxRow + <usize>x0 * pixel;
  let c: usize = 0;
  for (; c + 16 <= pixel; c += 16) {
    let best = f32x4.splat(-Infinity);
    let where = i32x4.splat(<i32>(corner + c));
    for (let y = y0; y < y1; y++) {
      let at = x + <usize>y * row + <usize>x0 * pixel + c;
      let to = <usize>y * dxRow + <usize>x0 * pixel + c;
      for (let i = x0; i < x1; i++) {
        const values = v128.load(at);
        const larger = f32x4.gt(values, best);
        best = v128.bitselect(values, best, larger);
        where = v128.bitselect(i32x4.splat(<i32>to), where, larger);
        at += pixel;
        to += pixel;
      }
    }
    addAt(dx, i32x4.extract_lane(where, 0), load<f32>(dy + c));
    addAt(dx + 4, i32x4.extract_lane(where, 1), load<f32>(dy + c, 4));
    addAt(dx + 8, i32x4.extract_lane(where, 2), load<f32>(dy + c, 8));
    addAt(dx + 12, i32x4.extract_lane(where, 3), load<f32>(dy + c, 12));
  }
  for (; c < pixel; c += 4) {
    let best: f32 = -Infinity;
    let where = <i32>(corner + c);
    for (let y = y0; y < y1; y++) {
      let at = x + <usize>y * row + <usize>x0 * pixel + c;
      let to = <usize>y * dxRow + <usize>x0 * pixel + c;
      for (let i = x0; i < x1; i++) {
        const value = load<f32>(at);
        const larger = value > best;
        best = larger ? value : best;
        where = larger ? <i32>to : where;
        at += pixel;
        to += pixel;
      }
    }
    addAt(dx, where, load<f32>(dy + c));
  }
}

/** dx[batch, height, width, channels]: each dy goes to the first largest element of its window; windows may overlap. */
export function maxPoolGradient(
  batch: i32, height: i32, width: i32, channels: i32, windowHeight: i32, windowWidth: i32,
  outHeight: i32, outWidth: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32, x: usize, dy: usize, dx: usize,
): void {
  const pixel = <usize>channels << 2;
  const imageBytes = <usize>(height * width) * pixel;
  memory.fill(dx, 0, <usize>batch * imageBytes);
  for (let n = 0; n < batch; n++) {
    for (let oy = 0; oy < outHeight; oy++) {
      const y0 = max<i32>(0, oy * strideHeight - top);
      const y1 = min<i32>(height, oy * strideHeight - top + windowHeight);
      for (let ox = 0; ox < outWidth; ox++) {
        const x0 = max<i32>(0, ox * strideWidth - left);
        const x1 = min<i32>(width, ox * strideWidth - left + windowWidth);
        windowGradient(x, <usize>width * pixel, pixel, y0, y1, x0, x1, dy, dx, <usize>width * pixel);
        dy += pixel;
      }
    }
    x += imageBytes;
    dx += imageBytes;
  }
}
