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
        windowMaximum(x, width, pixel, y0, y1, x0, x1, out);
        out += pixel;
      }
    }
    x += <usize>(height * width) * pixel;
  }
}

/** Largest element of one window for every channel, four channels at a time. */
@inline
function windowMaximum(x: usize, width: i32, pixel: usize, y0: i32, y1: i32, x0: i32, x1: i32, out: usize): void {
  let c: usize = 0;
  for (; c + 16 <= pixel; c += 16) {
    let best = f32x4.splat(-Infinity);
    for (let y = y0; y < y1; y++) {
      let at = x + <usize>(y * width + x0) * pixel + c;
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
      let at = x + <usize>(y * width + x0) * pixel + c;
      for (let i = x0; i < x1; i++) {
        best = max<f32>(best, load<f32>(at));
        at += pixel;
      }
    }
    store<f32>(out + c, best);
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
        for (let c: usize = 0; c < pixel; c += 4) {
          let best: f32 = -Infinity;
          let where: usize = <usize>(y0 * width + x0) * pixel + c;
          for (let y = y0; y < y1; y++) {
            let at = <usize>(y * width + x0) * pixel + c;
            for (let i = x0; i < x1; i++) {
              const value = load<f32>(x + at);
              const larger = value > best;
              best = larger ? value : best;
              where = larger ? at : where;
              at += pixel;
            }
          }
          store<f32>(dx + where, load<f32>(dx + where) + load<f32>(dy + c));
        }
        dy += pixel;
      }
    }
    x += imageBytes;
    dx += imageBytes;
  }
}
