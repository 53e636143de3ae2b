// Gradients that scatter: of resized images, and of gathered rows. Every value of dy goes back to where it was read.
// Must not: read beyond dx; positions are clamped as in the forward pass.

/** Row or column of the input that output `o` of a nearest-neighbour resize reads. */
@inline
function nearest(o: i32, scale: f32, side: i32, alignCorners: bool, half: bool): i32 {
  const from: f32 = half ? scale * (<f32>o + 0.5) : scale * <f32>o;
  const index = <i32>(alignCorners ? floor<f32>(from + 0.5) : floor<f32>(from));
  return max<i32>(0, min<i32>(side - 1, index));
}

/** dx += dy * share, n floats. */
@inline
function addShare(dx: usize, dy: usize, n: i32, share: f32): void {
  for (let i: usize = 0; i < <usize>n << 2; i += 4) store<f32>(dx + i, load<f32>(dx + i) + load<f32>(dy + i) * share);
}

/** Input pixels per output pixel along one side. */
@inline
function scaleOf(side: i32, out: i32, alignCorners: bool): f32 {
  return alignCorners && out > 1 ? <f32>(side - 1) / <f32>(out - 1) : <f32>side / <f32>out;
}

/** dx[batch, height, width, channels] of a nearest-neighbour resize to outHeight x outWidth. */
export function resizeNearestGradient(
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32, alignCorners: bool, half: bool,
  dy: usize, dx: usize,
): void {
  const pixel = <usize>channels << 2;
  const down = scaleOf(height, outHeight, alignCorners);
  const right = scaleOf(width, outWidth, alignCorners);
  memory.fill(dx, 0, <usize>(batch * height * width) * pixel);
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < outHeight; y++) {
      const row = dx + <usize>((n * height + nearest(y, down, height, alignCorners, half)) * width) * pixel;
      for (let x = 0; x < outWidth; x++) {
        addShare(row + <usize>nearest(x, right, width, alignCorners, half) * pixel, dy, channels, 1);
        dy += pixel;
      }
    }
  }
}

/** dx[batch, height, width, channels] of a bilinear resize to outHeight x outWidth. */
export function resizeBilinearGradient(
  batch: i32, height: i32, width: i32, channels: i32, outHeight: i32, outWidth: i32, alignCorners: bool, half: bool,
  dy: usize, dx: usize,
): void {
  const pixel = <usize>channels << 2;
  const down = scaleOf(height, outHeight, alignCorners);
  const right = scaleOf(width, outWidth, alignCorners);
  memory.fill(dx, 0, <usize>(batch * height * width) * pixel);
  for (let n = 0; n < batch; n++) {
    for (let y = 0; y < outHeight; y++) {
      const fromY: f32 = half ? down * (<f32>y + 0.5) - 0.5 : down * <f32>y;
      const top = max<i32>(0, <i32>floor<f32>(fromY));
      const bottom = min<i32>(height - 1, <i32>ceil<f32>(fromY));
      const below: f32 = fromY - <f32>top;
      const topRow = dx + <usize>((n * height + top) * width) * pixel;
      const bottomRow = dx + <usize>((n * height + bottom) * width) * pixel;
      for (let x = 0; x < outWidth; x++) {
        const fromX: f32 = half ? right * (<f32>x + 0.5) - 0.5 : right * <f32>x;
        const left = max<i32>(0, <i32>floor<f32>(fromX));
        const after = <usize>min<i32>(width - 1, <i32>ceil<f32>(fromX)) * pixel;
        const beside: f32 = fromX - <f32>left;
        const before = <usize>left * pixel;
        addShare(topRow + before, dy, channels, (1 - below) * (1 - beside));
        addShare(topRow + after, dy, channels, (1 - below) * beside);
        addShare(bottomRow + before, dy, channels, below * (1 - beside));
        addShare(bottomRow + after, dy, channels, below * beside);
        dy += pixel;
      }
    }
  }
}

/** out[segments, columns] = sums of the rows of x[rows, columns] by their segment; rows of no segment are left out. */
export function segmentSum(x: usize, ids: usize, rows: i32, columns: i32, segments: i32, out: usize): void {
  const bytes = <usize>columns << 2;
  memory.fill(out, 0, <usize>segments * bytes);
  for (let r = 0; r < rows; r++) {
    const id = load<i32>(ids + (<usize>r << 2));
    if (id >= 0 && id < segments) addShare(out + <usize>id * bytes, x, columns, 1);
    x += bytes;
  }
}
