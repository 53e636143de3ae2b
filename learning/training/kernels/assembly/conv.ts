// Two-dimensional convolution, channels last: forward, filter gradient, input gradient; any stride and padding, no
// dilation. All three are matrix products whose rows are read out of a zero-padded image in place: the kw * channels
// floats of one filter row are contiguous there, so no im2col matrix is ever written.
// Must not: allocate; the caller hands in `image` (one padded image) and `packed` (panels of B).

import { packPanel, PANEL, ROWS, tile } from './tile';

/**
 * One image's product: out[outH x outW x N] = patches(source) * packed filters.
 * source: an image whose rows are `rowFloats` long and whose patches never leave it; channels: its depth.
 */
function convolve(
  source: usize, rowFloats: i32, channels: i32, kernelHeight: i32, kernelWidth: i32, strideHeight: i32, strideWidth: i32,
  outHeight: i32, outWidth: i32, N: i32, packed: usize, out: usize,
): void {
  const pixels = outHeight * outWidth;
  const rowStep = <usize>rowFloats << 2;
  const patch = kernelWidth * channels;
  const down = rowStep * <usize>strideHeight;
  const right = <usize>(channels * strideWidth) << 2;
  const wrap = down - right * <usize>(outWidth - 1);
  const panelBytes = <usize>(kernelHeight * patch * PANEL) << 2;
  const outStep = <usize>N << 2;
  for (let n = 0; n < N; n += PANEL) {
    const cols = min<i32>(PANEL, N - n);
    let at = source;
    let column = 0;
    for (let p = 0; p < pixels; p += ROWS) {
      const rows = min<i32>(ROWS, pixels - p);
      const a0 = at;
      let a1 = a0, a2 = a0, a3 = a0;
      // Step to the next output pixel, over the end of the row where one ends.
      if (++column == outWidth) { at += wrap; column = 0; } else at += right;
      if (rows > 1) { a1 = at; if (++column == outWidth) { at += wrap; column = 0; } else at += right; }
      if (rows > 2) { a2 = at; if (++column == outWidth) { at += wrap; column = 0; } else at += right; }
      if (rows > 3) { a3 = at; if (++column == outWidth) { at += wrap; column = 0; } else at += right; }
      tile(
        a0, a1, a2, a3, kernelHeight, rowStep, patch, 4, packed,
        out + <usize>p * outStep + (<usize>n << 2), outStep, rows, cols, false,
      );
    }
    packed += panelBytes;
  }
}

/** Copies one image into the middle of a padded one whose border stays zero. Rows and columns beyond it are dropped. */
function pad(
  x: usize, height: i32, width: i32, channels: i32, top: i32, left: i32, paddedHeight: i32, paddedWidth: i32, image: usize,
): void {
  const rows = min<i32>(height, paddedHeight - top);
  const bytes = <usize>(min<i32>(width, paddedWidth - left) * channels) << 2;
  for (let y = 0; y < rows; y++) {
    memory.copy(
      image + (<usize>(((y + top) * paddedWidth + left) * channels) << 2),
      x + (<usize>(y * width * channels) << 2),
      bytes,
    );
  }
}

/** Packs a K x N row-major matrix into panels. */
function pack(b: usize, K: i32, N: i32, packed: usize): void {
  for (let n = 0; n < N; n += PANEL) {
    packPanel(b + (<usize>n << 2), <usize>N << 2, 4, K, min<i32>(PANEL, N - n), packed);
    packed += <usize>(K * PANEL) << 2;
  }
}

/**
 * out[batch, outHeight, outWidth, filters] = conv(x[batch, height, width, channels], w[kh, kw, channels, filters]).
 * image: (outHeight-1)*strideHeight+kh rows of (outWidth-1)*strideWidth+kw pixels; packed: kh*kw*channels panels.
 */
export function convForward(
  batch: i32, height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, filters: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
  x: usize, w: usize, out: usize, image: usize, packed: usize,
): void {
  const paddedHeight = (outHeight - 1) * strideHeight + kernelHeight;
  const paddedWidth = (outWidth - 1) * strideWidth + kernelWidth;
  const direct = top == 0 && left == 0 && paddedHeight <= height && paddedWidth <= width;
  if (!direct) memory.fill(image, 0, <usize>(paddedHeight * paddedWidth * channels) << 2);
  pack(w, kernelHeight * kernelWidth * channels, filters, packed);
  for (let n = 0; n < batch; n++) {
    if (!direct) pad(x, height, width, channels, top, left, paddedHeight, paddedWidth, image);
    convolve(
      direct ? x : image, (direct ? width : paddedWidth) * channels, channels, kernelHeight, kernelWidth,
      strideHeight, strideWidth, outHeight, outWidth, filters, packed, out,
    );
    x += <usize>(height * width * channels) << 2;
    out += <usize>(outHeight * outWidth * filters) << 2;
  }
}

/**
 * dw[kh, kw, channels, filters] = sum over images and output pixels of patch(x)^T * dy.
 * image: as in convForward; packed: outHeight*outWidth panels of dy.
 */
export function convFilterGradient(
  batch: i32, height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, filters: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
  x: usize, dy: usize, dw: usize, image: usize, packed: usize,
): void {
  const paddedHeight = (outHeight - 1) * strideHeight + kernelHeight;
  const paddedWidth = (outWidth - 1) * strideWidth + kernelWidth;
  const direct = top == 0 && left == 0 && paddedHeight <= height && paddedWidth <= width;
  if (!direct) memory.fill(image, 0, <usize>(paddedHeight * paddedWidth * channels) << 2);
  const rowStep = <usize>((direct ? width : paddedWidth) * channels) << 2;
  const pixels = outHeight * outWidth;
  for (let n = 0; n < batch; n++) {
    if (!direct) pad(x, height, width, channels, top, left, paddedHeight, paddedWidth, image);
    pack(dy, pixels, filters, packed);
    filterProduct(
      direct ? x : image, rowStep, kernelHeight, kernelWidth * channels, <usize>strideHeight * rowStep, outHeight,
      <usize>(strideWidth * channels) << 2, outWidth, filters, packed, dw, n > 0,
    );
    x += <usize>(height * width * channels) << 2;
    dy += <usize>(pixels * filters) << 2;
  }
}

/** One image's share of the filter gradient: row (ky, j) of dw sums image floats `j` of filter row ky over all pixels. */
function filterProduct(
  source: usize, rowStep: usize, kernelHeight: i32, patch: i32, down: usize, outHeight: i32, right: usize, outWidth: i32,
  filters: i32, packed: usize, dw: usize, accumulate: bool,
): void {
  const dwStep = <usize>filters << 2;
  for (let f = 0; f < filters; f += PANEL) {
    const cols = min<i32>(PANEL, filters - f);
    for (let ky = 0; ky < kernelHeight; ky++) {
      for (let j = 0; j < patch; j += ROWS) {
        const rows = min<i32>(ROWS, patch - j);
        const a0 = source + <usize>ky * rowStep + (<usize>j << 2);
        tile(
          a0, rows > 1 ? a0 + 4 : a0, rows > 2 ? a0 + 8 : a0, rows > 3 ? a0 + 12 : a0,
          outHeight, down, outWidth, right, packed,
          dw + <usize>(ky * patch + j) * dwStep + (<usize>f << 2), dwStep, rows, cols, accumulate,
        );
      }
    }
    packed += <usize>(outHeight * outWidth * PANEL) << 2;
  }
}

/** Packs w[kh, kw, channels, filters], turned by 180 degrees and transposed, as a (kh*kw*filters) x channels matrix. */
function packTurned(w: usize, taps: i32, channels: i32, filters: i32, packed: usize): void {
  const tapFloats = channels * filters;
  for (let c = 0; c < channels; c += PANEL) {
    const cols = min<i32>(PANEL, channels - c);
    for (let t = taps - 1; t >= 0; t--) {
      packPanel(w + (<usize>(t * tapFloats + c * filters) << 2), 4, <usize>filters << 2, filters, cols, packed);
      packed += <usize>(filters * PANEL) << 2;
    }
  }
}

/** Spreads one image of dy with stride-1 zeros between its pixels, shifted so that a plain convolution gives dx. */
function spread(
  dy: usize, outHeight: i32, outWidth: i32, filters: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
  spreadHeight: i32, spreadWidth: i32, image: usize,
): void {
  const bytes = <usize>filters << 2;
  for (let y = 0; y < outHeight; y++) {
    const row = y * strideHeight + top;
    if (row < 0 || row >= spreadHeight) continue;
    for (let x = 0; x < outWidth; x++) {
      const column = x * strideWidth + left;
      if (column < 0 || column >= spreadWidth) continue;
      memory.copy(
        image + (<usize>((row * spreadWidth + column) * filters) << 2),
        dy + (<usize>((y * outWidth + x) * filters) << 2),
        bytes,
      );
    }
  }
}

/**
 * dx[batch, height, width, channels]: a full convolution of dy, spread by the stride, with the turned filters.
 * image: (height+kh-1) x (width+kw-1) x filters floats; packed: kh*kw*filters panels over `channels` columns.
 */
export function convInputGradient(
  batch: i32, height: i32, width: i32, channels: i32, kernelHeight: i32, kernelWidth: i32,
  outHeight: i32, outWidth: i32, filters: i32, strideHeight: i32, strideWidth: i32, top: i32, left: i32,
  dy: usize, w: usize, dx: usize, image: usize, packed: usize,
): void {
  const spreadHeight = height + kernelHeight - 1;
  const spreadWidth = width + kernelWidth - 1;
  memory.fill(image, 0, <usize>(spreadHeight * spreadWidth * filters) << 2);
  packTurned(w, kernelHeight * kernelWidth, channels, filters, packed);
  for (let n = 0; n < batch; n++) {
    spread(
      dy, outHeight, outWidth, filters, strideHeight, strideWidth, kernelHeight - 1 - top, kernelWidth - 1 - left,
      spreadHeight, spreadWidth, image,
    );
    convolve(
      image, spreadWidth * filters, filters, kernelHeight, kernelWidth, 1, 1, height, width, channels, packed, dx,
    );
    dy += <usize>(outHeight * outWidth * filters) << 2;
    dx += <usize>(height * width * channels) << 2;
  }
}
