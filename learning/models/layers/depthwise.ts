// Depthwise convolution with `same` padding that trains on every backend. Where a backend lacks the two gradient kernels
// (stock WebAssembly does), they are put together here from slices, products and sums, tap by tap.
// Must not: be the fast path. A backend with kernels of its own takes those.

import * as tf from '@tensorflow/tfjs-core';

interface Geometry {
  readonly stride: number;
  readonly kernel: number;
  /** Input and output of one image: height, width. */
  readonly inner: readonly [number, number];
  readonly outer: readonly [number, number];
  /** Zeros before the first row and column, and after the last. */
  readonly before: readonly [number, number];
  readonly after: readonly [number, number];
}

function geometryOf(x: tf.Tensor4D, kernel: number, stride: number): Geometry {
  const inner = [x.shape[1], x.shape[2]] as const;
  const out = (side: number): number => Math.ceil(side / stride);
  const padding = (side: number): number => Math.max((out(side) - 1) * stride + kernel - side, 0);
  const before = [Math.floor(padding(inner[0]) / 2), Math.floor(padding(inner[1]) / 2)] as const;
  const after = [padding(inner[0]) - before[0], padding(inner[1]) - before[1]] as const;
  return { stride, kernel, inner, outer: [out(inner[0]), out(inner[1])], before, after };
}

/** Rows and columns that outputs span when they lie `stride` apart. */
function span({ outer, stride }: Geometry): [number, number] {
  return [(outer[0] - 1) * stride + 1, (outer[1] - 1) * stride + 1];
}

/** Gradient of the filter [kernel, kernel, channels, 1]: for each tap, what it saw times what came of it. */
function filterGradient(x: tf.Tensor4D, dy: tf.Tensor4D, g: Geometry): tf.Tensor4D {
  const [count, , , channels] = x.shape;
  const padded = tf.pad(x, [
    [0, 0],
    [g.before[0], g.after[0]],
    [g.before[1], g.after[1]],
    [0, 0],
  ]);
  const [rows, columns] = span(g);
  const taps: tf.Tensor[] = [];
  for (let i = 0; i < g.kernel; i++) {
    for (let j = 0; j < g.kernel; j++) {
      const seen = tf.stridedSlice(
        padded,
        [0, i, j, 0],
        [count, i + rows, j + columns, channels],
        [1, g.stride, g.stride, 1],
      );
      taps.push(tf.sum(tf.mul(seen, dy), [0, 1, 2]));
    }
  }
  return tf.reshape(tf.stack(taps), [g.kernel, g.kernel, channels, 1]);
}

/** `dy` with stride - 1 zeros between its rows and columns. */
function spread(dy: tf.Tensor4D, g: Geometry): tf.Tensor4D {
  if (g.stride === 1) return dy;
  const [count, height, width, channels] = dy.shape;
  const between = (x: tf.Tensor, axis: number): tf.Tensor =>
    tf.stack([x, ...Array.from({ length: g.stride - 1 }, () => tf.zerosLike(x))], axis);
  const tall = tf.reshape(between(dy, 2), [count, height * g.stride, width, channels]);
  const wide = tf.reshape(between(tall, 3), [count, height * g.stride, width * g.stride, channels]);
  return tf.slice(wide as tf.Tensor4D, [0, 0, 0, 0], [count, ...span(g), channels]);
}

/** Gradient of the input: every tap sends what came of it back to where it looked. */
function inputGradient(filter: tf.Tensor4D, dy: tf.Tensor4D, g: Geometry): tf.Tensor4D {
  const [count, , , channels] = dy.shape;
  const wide = spread(dy, g);
  const [rows, columns] = span(g);
  const height = g.inner[0] + g.before[0] + g.after[0];
  const width = g.inner[1] + g.before[1] + g.after[1];
  const parts: tf.Tensor4D[] = [];
  for (let i = 0; i < g.kernel; i++) {
    for (let j = 0; j < g.kernel; j++) {
      const tap = tf.reshape(tf.slice(filter, [i, j, 0, 0], [1, 1, channels, 1]), [channels]);
      const sides: [number, number][] = [
        [0, 0],
        [i, height - i - rows],
        [j, width - j - columns],
        [0, 0],
      ];
      parts.push(tf.pad(tf.mul(wide, tap), sides));
    }
  }
  const from: [number, number, number, number] = [0, g.before[0], g.before[1], 0];
  return tf.slice(tf.addN(parts), from, [count, g.inner[0], g.inner[1], channels]);
}

function hasGradientKernels(): boolean {
  const names = ['DepthwiseConv2dNativeBackpropFilter', 'DepthwiseConv2dNativeBackpropInput'];
  return names.every((name) => tf.getKernel(name, tf.getBackend()) !== undefined);
}

/** x [count, height, width, channels], filter [kernel, kernel, channels, 1]; each channel is filtered on its own. */
export function depthwiseConvolution(x: tf.Tensor4D, filter: tf.Tensor4D, stride: number): tf.Tensor4D {
  if (hasGradientKernels()) return tf.depthwiseConv2d(x, filter, stride, 'same');
  const geometry = geometryOf(x, filter.shape[0], stride);
  const op = tf.customGrad((...inputs) => {
    const [image, taps, save] = inputs as unknown as [tf.Tensor4D, tf.Tensor4D, tf.GradSaveFunc];
    save([image, taps]);
    const gradFunc = (dy: tf.Tensor, saved: tf.Tensor[]): tf.Tensor[] => [
      inputGradient(saved[1] as tf.Tensor4D, dy as tf.Tensor4D, geometry),
      filterGradient(saved[0] as tf.Tensor4D, dy as tf.Tensor4D, geometry),
    ];
    return { value: tf.depthwiseConv2d(image, taps, stride, 'same'), gradFunc };
  });
  return op(x, filter) as tf.Tensor4D;
}
