// Convolution and max pooling with their gradients on our kernels. Channels last, no dilation; the rest stays stock.
// Must not: decide shapes itself. tfjs's own computeConv2DInfo does, so that shapes are those of every backend.

import * as tf from '@tensorflow/tfjs-core';
import type { Geometry, Placement } from './attach.ts';
import { type Info, type KernelHost, size } from './host.ts';
import { finish } from './register-products.ts';

type Conv2DInfo = tf.backend_util.Conv2DInfo;
type Pair = [number, number] | number;
type Padding = 'valid' | 'same' | number;
type Rounding = 'floor' | 'round' | 'ceil';
type FourSides = [number, number, number, number];

interface ConvAttributes {
  readonly strides: Pair;
  readonly pad: Padding;
  readonly dilations?: Pair;
  readonly dataFormat?: 'NHWC' | 'NCHW';
  readonly dimRoundingMode?: Rounding;
}

function convInfo(xShape: readonly number[], filterShape: readonly number[], attrs: unknown): Conv2DInfo {
  const { strides, pad, dilations, dataFormat, dimRoundingMode } = attrs as ConvAttributes;
  return tf.backend_util.computeConv2DInfo(
    xShape as FourSides,
    filterShape as FourSides,
    strides,
    dilations ?? 1,
    pad,
    dimRoundingMode,
    false,
    tf.backend_util.convertConv2DDataFormat(dataFormat ?? 'NHWC'),
  );
}

function poolInfo(shape: readonly number[], attrs: unknown): Conv2DInfo {
  const { filterSize, strides, pad, dimRoundingMode } = attrs as ConvAttributes & { filterSize: Pair };
  return tf.backend_util.computePool2DInfo(
    shape as FourSides,
    filterSize as [number, number],
    strides,
    1,
    pad,
    dimRoundingMode,
  );
}

function geometry(c: Conv2DInfo): Geometry {
  return [
    c.batchSize,
    c.inHeight,
    c.inWidth,
    c.inChannels,
    c.filterHeight,
    c.filterWidth,
    c.outHeight,
    c.outWidth,
  ];
}

function placement(c: Conv2DInfo): Placement {
  return [c.strideHeight, c.strideWidth, c.padInfo.top, c.padInfo.left];
}

function ours(c: Conv2DInfo): boolean {
  const plain = c.dilationHeight === 1 && c.dilationWidth === 1 && c.dataFormat === 'channelsLast';
  return plain && c.padInfo.top >= 0 && c.padInfo.left >= 0;
}

/** Runs one of the three convolution kernels; `imageFloats` and `packedFloats` are the scratch it asks for. */
function run(
  host: KernelHost,
  kernel: 'convForward' | 'convFilterGradient' | 'convInputGradient',
  c: Conv2DInfo,
  scratch: { imageFloats: number; packedFloats: number },
  tensors: { first: Info; second: Info; out: Info },
): Info {
  const imageBytes = Math.ceil(scratch.imageFloats / 16) * 64;
  const image = host.scratch(imageBytes + scratch.packedFloats * 4);
  host.kernels[kernel](
    ...geometry(c),
    c.outChannels,
    ...placement(c),
    host.address(tensors.first),
    host.address(tensors.second),
    host.address(tensors.out),
    image,
    image + imageBytes,
  );
  return tensors.out;
}

/** Columns rounded up to whole panels of eight. */
function panels(columns: number): number {
  return Math.ceil(columns / 8) * 8;
}

/** Floats of one zero-padded input image. */
function paddedFloats(c: Conv2DInfo): number {
  const height = (c.outHeight - 1) * c.strideHeight + c.filterHeight;
  const width = (c.outWidth - 1) * c.strideWidth + c.filterWidth;
  return height * width * c.inChannels;
}

function forward(host: KernelHost, c: Conv2DInfo, x: Info, filter: Info): Info {
  const packedFloats = c.filterHeight * c.filterWidth * c.inChannels * panels(c.outChannels);
  const out = host.output(c.outShape);
  return run(
    host,
    'convForward',
    c,
    { imageFloats: paddedFloats(c), packedFloats },
    { first: x, second: filter, out },
  );
}

function filterGradient(host: KernelHost, c: Conv2DInfo, x: Info, dy: Info): Info {
  const packedFloats = c.outHeight * c.outWidth * panels(c.outChannels);
  const out = host.output(c.filterShape);
  return run(
    host,
    'convFilterGradient',
    c,
    { imageFloats: paddedFloats(c), packedFloats },
    { first: x, second: dy, out },
  );
}

function inputGradient(host: KernelHost, c: Conv2DInfo, dy: Info, filter: Info): Info {
  const imageFloats = (c.inHeight + c.filterHeight - 1) * (c.inWidth + c.filterWidth - 1) * c.outChannels;
  const packedFloats = c.filterHeight * c.filterWidth * c.outChannels * panels(c.inChannels);
  const out = host.output(c.inShape);
  return run(host, 'convInputGradient', c, { imageFloats, packedFloats }, { first: dy, second: filter, out });
}

function registerConv(host: KernelHost): void {
  host.register('Conv2D', ({ inputs, attrs }) => {
    const { x, filter } = inputs as { x: Info; filter: Info };
    const c = convInfo(x.shape, filter.shape, attrs);
    return ours(c) ? forward(host, c, x, filter) : undefined;
  });
  host.register('FusedConv2D', (call) => {
    const { x, filter } = call.inputs as { x: Info; filter: Info };
    const c = convInfo(x.shape, filter.shape, call.attrs);
    return ours(c) ? finish(host, forward(host, c, x, filter), call) : undefined;
  });
  host.register('Conv2DBackpropFilter', ({ inputs, attrs }) => {
    const { x, dy } = inputs as { x: Info; dy: Info };
    const c = convInfo(x.shape, attrs.filterShape as number[], attrs);
    return ours(c) ? filterGradient(host, c, x, dy) : undefined;
  });
  host.register('Conv2DBackpropInput', ({ inputs, attrs }) => {
    const { dy, filter } = inputs as { dy: Info; filter: Info };
    const c = convInfo(attrs.inputShape as number[], filter.shape, attrs);
    return ours(c) ? inputGradient(host, c, dy, filter) : undefined;
  });
}

function registerPool(host: KernelHost): void {
  host.register('MaxPool', ({ inputs, attrs }) => {
    const x = inputs.x as Info;
    const c = poolInfo(x.shape, attrs);
    if (!ours(c) || x.dtype !== 'float32' || size(c.outShape) === 0) return undefined;
    const out = host.output(c.outShape);
    host.kernels.maxPool(...geometry(c), ...placement(c), host.address(x), host.address(out));
    return out;
  });
  host.register('MaxPoolGrad', ({ inputs, attrs }) => {
    const { dy, input } = inputs as { dy: Info; input: Info };
    const c = poolInfo(input.shape, attrs);
    if (!ours(c)) return undefined;
    const out = host.output(input.shape);
    host.kernels.maxPoolGradient(
      ...geometry(c),
      ...placement(c),
      host.address(input),
      host.address(dy),
      host.address(out),
    );
    return out;
  });
}

export function registerConvolutions(host: KernelHost): void {
  registerConv(host);
  registerPool(host);
}
