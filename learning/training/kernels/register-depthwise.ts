// Depthwise convolution with both gradients on our kernels. Stock tfjs 4.22 has no gradients on WebAssembly, and its
// forward pass gives zeros for some strides with `same` padding. Channels last; a dilated forward pass stays stock.
// Must not: decide shapes itself; tfjs's computeConv2DInfo does.

import * as tf from '@tensorflow/tfjs-core';
import { type Info, type KernelHost, size } from './host.ts';
import { finish } from './register-products.ts';

type Conv2DInfo = tf.backend_util.Conv2DInfo;
type FourSides = [number, number, number, number];
type Padding = Parameters<typeof tf.backend_util.computeConv2DInfo>[4];
type Rounding = Parameters<typeof tf.backend_util.computeConv2DInfo>[5];

interface DepthwiseAttributes {
  readonly strides: [number, number] | number;
  readonly pad: Padding;
  readonly dilations?: [number, number] | number;
  readonly dataFormat?: string;
  readonly dimRoundingMode?: Rounding;
}

function infoOf(
  x: readonly number[],
  filter: readonly number[],
  attributes: unknown,
): Conv2DInfo | undefined {
  const { strides, pad, dilations, dataFormat, dimRoundingMode } = attributes as DepthwiseAttributes;
  if (dataFormat === 'NCHW') return undefined;
  const info = tf.backend_util.computeConv2DInfo(
    x as FourSides,
    filter as FourSides,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    true,
  );
  const { dilationHeight, dilationWidth, padInfo } = info;
  return dilationHeight === 1 && dilationWidth === 1 && padInfo.top >= 0 && padInfo.left >= 0
    ? info
    : undefined;
}

/** Filters for each channel of the input. */
function timesOf(c: Conv2DInfo): number {
  return c.outChannels / c.inChannels;
}

/** One padded image: its sides, and the bytes of a pixel with channels repeated for their filters. */
interface Padded {
  readonly height: number;
  readonly width: number;
  readonly pixelBytes: number;
  readonly bytes: number;
}

function padded(height: number, width: number, channels: number): Padded {
  const pixelBytes = channels * 4;
  return { height, width, pixelBytes, bytes: Math.ceil((height * width * pixelBytes) / 64) * 64 + 64 };
}

/** The padded input of `c`. */
function paddedInput(c: Conv2DInfo): Padded {
  const height = (c.outHeight - 1) * c.strideHeight + c.filterHeight;
  const width = (c.outWidth - 1) * c.strideWidth + c.filterWidth;
  return padded(height, width, c.outChannels);
}

/** Copies the image at `x` into the middle of the zeros at `to`; `repeated` is room for it with channels repeated. */
function padImage(
  host: KernelHost,
  c: Conv2DInfo,
  { height, width, pixelBytes }: Padded,
  at: { readonly x: number; readonly to: number; readonly repeated: number },
): void {
  const times = timesOf(c);
  const { kernels } = host;
  if (times > 1) kernels.repeatChannels(at.x, c.inHeight * c.inWidth * c.inChannels, times, at.repeated);
  const { top, left } = c.padInfo;
  const rows = Math.min(c.inHeight, height - top);
  const bytes = Math.min(c.inWidth, width - left) * pixelBytes;
  const from = times > 1 ? at.repeated : at.x;
  const to = at.to + (top * width + left) * pixelBytes;
  kernels.copyRows(from, c.inWidth * pixelBytes, to, width * pixelBytes, rows, bytes);
}

type Shape = [number, number, number, number, number, number, number];

function shapeOf(c: Conv2DInfo): Shape {
  const { outChannels, filterHeight, filterWidth, strideHeight, strideWidth, outHeight, outWidth } = c;
  return [outChannels, filterHeight, filterWidth, strideHeight, strideWidth, outHeight, outWidth];
}

/** `visit` for each image of x, padded. */
function eachPadded(
  host: KernelHost,
  c: Conv2DInfo,
  x: Info,
  visit: (image: number, at: number, rowBytes: number) => void,
): void {
  const room = paddedInput(c);
  const imageBytes = c.inHeight * c.inWidth * room.pixelBytes;
  const to = host.scratch(room.bytes + imageBytes);
  const repeated = to + room.bytes;
  host.kernels.clear(to, room.bytes);
  for (let n = 0; n < c.batchSize; n++) {
    const image = host.address(x) + (n * imageBytes) / timesOf(c);
    padImage(host, c, room, { x: image, to, repeated });
    visit(n, to, room.width * room.pixelBytes);
  }
}

function forward(host: KernelHost, c: Conv2DInfo, x: Info, filter: Info): Info {
  const out = host.output(c.outShape);
  const rowBytes = c.outWidth * c.outChannels * 4;
  eachPadded(host, c, x, (n, at, row) => {
    const to = host.address(out) + n * c.outHeight * rowBytes;
    host.kernels.depthwiseImage(at, row, ...shapeOf(c), host.address(filter), to, rowBytes);
  });
  return out;
}

function filterGradient(host: KernelHost, c: Conv2DInfo, x: Info, dy: Info): Info {
  const out = host.output(c.filterShape);
  host.kernels.clear(host.address(out), size(out.shape) * 4);
  const rowBytes = c.outWidth * c.outChannels * 4;
  eachPadded(host, c, x, (n, at, row) => {
    const from = host.address(dy) + n * c.outHeight * rowBytes;
    host.kernels.depthwiseGradientImage(at, row, ...shapeOf(c), from, rowBytes, host.address(out));
  });
  return out;
}

/** The input gradient: turned filters over dy between zeros, then sums over the filters of one channel. */
function inputGradient(host: KernelHost, c: Conv2DInfo, dy: Info, filter: Info): Info {
  const out = host.output(c.inShape);
  const { kernels } = host;
  const room = padded(c.inHeight + c.filterHeight - 1, c.inWidth + c.filterWidth - 1, c.outChannels);
  const { pixelBytes, width } = room;
  const filterBytes = Math.ceil((size(filter.shape) * 4) / 64) * 64 + 64;
  const imageBytes = c.inHeight * c.inWidth * pixelBytes;
  const spread = host.scratch(room.bytes + filterBytes + imageBytes);
  const turned = spread + room.bytes;
  const repeated = turned + filterBytes;
  kernels.clear(spread, room.bytes);
  kernels.turnTaps(host.address(filter), c.filterHeight * c.filterWidth, c.outChannels, turned);
  const [top, left] = [c.filterHeight - 1 - c.padInfo.top, c.filterWidth - 1 - c.padInfo.left];
  const first = spread + (top * width + left) * pixelBytes;
  const [down, right] = [c.strideHeight * width * pixelBytes, c.strideWidth * pixelBytes];
  const rowBytes = c.outWidth * pixelBytes;
  const times = timesOf(c);
  const floats = c.inHeight * c.inWidth * c.inChannels;
  for (let n = 0; n < c.batchSize; n++) {
    const from = host.address(dy) + n * c.outHeight * rowBytes;
    kernels.spreadPixels(from, rowBytes, c.outHeight, c.outWidth, pixelBytes, first, down, right);
    const dx = host.address(out) + n * floats * 4;
    const shape: Shape = [c.outChannels, c.filterHeight, c.filterWidth, 1, 1, c.inHeight, c.inWidth];
    const to = times > 1 ? repeated : dx;
    kernels.depthwiseImage(spread, width * pixelBytes, ...shape, turned, to, c.inWidth * pixelBytes);
    if (times > 1) kernels.sumChannels(repeated, floats, times, dx);
  }
  return out;
}

/** Whether no output pixel sees padding only: then the gradient of dy fits between the zeros of a full convolution. */
function hasTightPadding({ padInfo, filterHeight, filterWidth }: Conv2DInfo): boolean {
  const { top, bottom, left, right } = padInfo;
  return Math.max(top, bottom) < filterHeight && Math.max(left, right) < filterWidth;
}

export function registerDepthwise(host: KernelHost): void {
  host.register('DepthwiseConv2dNative', ({ inputs, attrs }) => {
    const { x, filter } = inputs as { x: Info; filter: Info };
    const c = infoOf(x.shape, filter.shape, attrs);
    return c && forward(host, c, x, filter);
  });
  host.register('FusedDepthwiseConv2D', (call) => {
    const { x, filter } = call.inputs as { x: Info; filter: Info };
    const c = infoOf(x.shape, filter.shape, call.attrs);
    return c && finish(host, forward(host, c, x, filter), call);
  });
  host.register('DepthwiseConv2dNativeBackpropFilter', ({ inputs, attrs }) => {
    const { x, dy } = inputs as { x: Info; dy: Info };
    const c = infoOf(x.shape, attrs.filterShape as number[], attrs);
    return c && filterGradient(host, c, x, dy);
  });
  host.register('DepthwiseConv2dNativeBackpropInput', ({ inputs, attrs }) => {
    const { dy, filter } = inputs as { dy: Info; filter: Info };
    const c = infoOf(attrs.inputShape as number[], filter.shape, attrs);
    return c && hasTightPadding(c) ? inputGradient(host, c, dy, filter) : undefined;
  });
}
