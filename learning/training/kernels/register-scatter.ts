// Gradients that send values back to where they were read: of resized images, of means over windows, of gathered rows.
// Stock tfjs 4.22 has them wrong on WebAssembly (both resizes), wrong everywhere (means over windows that hang over the
// border: padding is no element, but its gradient counts it), or not at all (gathered rows).
// Must not: round positions otherwise than the stock forward kernels do.

import * as tf from '@tensorflow/tfjs-core';
import { type Info, type KernelHost, size } from './host.ts';

type FourSides = [number, number, number, number];

function registerResize(host: KernelHost): void {
  for (const [name, kernel] of [
    ['ResizeNearestNeighborGrad', 'resizeNearestGradient'],
    ['ResizeBilinearGrad', 'resizeBilinearGradient'],
  ] as const) {
    host.register(name, ({ inputs, attrs }) => {
      const { images, dy } = inputs as { images: Info; dy: Info };
      const [batch, height, width, channels] = images.shape as FourSides;
      const out = host.output(images.shape);
      host.kernels[kernel](
        batch,
        height,
        width,
        channels,
        dy.shape[1]!,
        dy.shape[2]!,
        attrs.alignCorners === true,
        attrs.halfPixelCenters === true,
        host.address(dy),
        host.address(out),
      );
      return out;
    });
  }
}

function registerMeans(host: KernelHost): void {
  host.register('AvgPoolGrad', ({ inputs, attrs }) => {
    const { dy, input } = inputs as { dy: Info; input: Info };
    const c = tf.backend_util.computePool2DInfo(
      input.shape as FourSides,
      attrs.filterSize as [number, number],
      attrs.strides as [number, number],
      1,
      attrs.pad as 'same',
    );
    const [, height, width, channels] = input.shape as FourSides;
    const out = host.output(input.shape);
    const window = [c.filterHeight, c.filterWidth, c.strideHeight, c.strideWidth] as const;
    const imageBytes = height * width * channels * 4;
    const outBytes = c.outHeight * c.outWidth * channels * 4;
    for (let n = 0; n < c.batchSize; n++) {
      host.kernels.stridePoolGradient(
        true,
        0,
        0,
        height,
        width,
        channels,
        ...window,
        c.padInfo.top,
        c.padInfo.left,
        host.address(dy) + n * outBytes,
        host.address(out) + n * imageBytes,
        c.outHeight,
        c.outWidth,
      );
    }
    return out;
  });
}

function registerSegments(host: KernelHost): void {
  host.register('UnsortedSegmentSum', ({ inputs, attrs }) => {
    const { x, segmentIds } = inputs as { x: Info; segmentIds: Info };
    if (x.dtype !== 'float32' || segmentIds.shape.length !== 1) return undefined;
    const segments = attrs.numSegments as number;
    const out = host.output([segments, ...x.shape.slice(1)]);
    const rows = x.shape[0]!;
    const columns = size(x.shape.slice(1));
    const ids = host.address(segmentIds);
    host.kernels.segmentSum(host.address(x), ids, rows, columns, segments, host.address(out));
    return out;
  });
}

export function registerScatter(host: KernelHost): void {
  registerResize(host);
  registerMeans(host);
  registerSegments(host);
}
