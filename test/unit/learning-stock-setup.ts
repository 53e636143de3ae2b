// The table of learning-stock-kernels.test.ts: for each kernel a use of it on random numbers, with gradients where there
// are some. The shapes include those known to be wrong in stock tfjs 4.22.
// Must not: draw from anything but the stream it is given; both backends must see the same numbers.

import * as tf from '@tensorflow/tfjs-core';
import { Rng } from '../../base/rng.ts';

export type Check = (random: Draw) => tf.Tensor | tf.Tensor[];
type Draw = (shape: number[], low?: number, high?: number) => tf.Tensor;

/** Draws the same numbers on both backends. */
export function drawing(name: string): Draw {
  const stream = Rng.root(17).fork(name);
  return (shape, low = -1, high = 1) => {
    const length = shape.reduce((product, side) => product * side, 1);
    return tf.tensor(
      Float32Array.from({ length }, () => stream.between(low, high)),
      shape,
    );
  };
}

/** Value of `f` at `x` and the gradients for a random one of the value. */
function withGradients(random: Draw, f: (...x: never[]) => tf.Tensor, x: tf.Tensor[]): tf.Tensor[] {
  const run = f as unknown as (...inputs: tf.Tensor[]) => tf.Tensor;
  const { value, grads } = tf.valueAndGrads(run)(x, random(tf.tidy(() => run(...x)).shape.slice()));
  return [value, ...grads];
}

const ints = (x: tf.Tensor): tf.Tensor => tf.cast(x, 'int32');
const bools = (x: tf.Tensor): tf.Tensor => tf.greater(x, 0);

/** A function of one tensor, with its gradient where it has one. */
const unary =
  (f: (x: tf.Tensor) => tf.Tensor, low = -2, high = 2): Check =>
  (random) =>
    withGradients(random, f, [random([5, 7], low, high)]);
const flat =
  (f: (x: tf.Tensor) => tf.Tensor, low = -2, high = 2): Check =>
  (random) =>
    f(random([5, 7], low, high));
/** A function of two tensors: equal shapes and broadcasts, with gradients. */
const binary =
  (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor, low = -2, high = 2): Check =>
  (random) =>
    [
      [
        [5, 7],
        [5, 7],
      ],
      [
        [4, 5, 7],
        [5, 1],
      ],
      [[3, 6], [1]],
      [[7], [2, 3, 7]],
    ].flatMap(([a, b]) => withGradients(random, f, [random(a!, low, high), random(b!, low, high)]));
/** The same where tfjs's own gradients do not sum over a broadcast, on any backend. */
const binaryAlike =
  (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Check =>
  (random) => [
    ...withGradients(random, f, [random([5, 7]), random([5, 7])]),
    f(random([4, 5, 7]), random([5, 1])),
    f(random([7]), random([2, 3, 7])),
  ];
const compare =
  (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Check =>
  (random) => [
    f(tf.round(random([6, 5], -3, 3)), tf.round(random([6, 5], -3, 3))),
    f(random([6, 5]), random([5])),
  ];
const logical =
  (f: (a: tf.Tensor, b: tf.Tensor) => tf.Tensor): Check =>
  (random) =>
    f(bools(random([6, 5])), bools(random([6, 5])));
const reduce =
  (f: (x: tf.Tensor, axis?: number | number[], keep?: boolean) => tf.Tensor): Check =>
  (random) =>
    [undefined, 0, -1, [1, 2], [0, 2]].flatMap((axis) =>
      withGradients(random, (x: tf.Tensor) => f(x, axis, axis === 0), [random([3, 4, 5, 6])]),
    );
export const five = (x: tf.Tensor): tf.Tensor5D => (x.rank === 5 ? x : tf.expandDims(x, 1)) as tf.Tensor5D;
export const four = (x: tf.Tensor): tf.Tensor4D => x as tf.Tensor4D;

/** Images, filters and strides of depthwise convolutions: every padding, uneven filters and strides larger than one. */
const depthwiseShapes = [8, 9].flatMap((side) =>
  [
    [3, 3],
    [1, 3],
    [3, 1],
    [5, 5],
    [2, 2],
  ].flatMap((kernel) =>
    [1, 2, 3].flatMap((stride) => [1, 2].map((times) => ({ side, kernel, stride, times }))),
  ),
);

const depthwiseGradients: Check = (random) =>
  depthwiseShapes.flatMap(({ side, kernel, stride, times }) =>
    withGradients(
      random,
      (x: tf.Tensor4D, filter: tf.Tensor4D) => tf.depthwiseConv2d(x, filter, stride, 'same'),
      [random([2, side, 7, 5]), random([...kernel, 5, times])],
    ),
  );

export const checks: Readonly<Record<string, Check>> = {
  Abs: unary(tf.abs),
  Acos: unary(tf.acos, -0.9, 0.9),
  Acosh: unary(tf.acosh, 1.5, 3),
  Add: binary(tf.add),
  AddN: (random) => tf.addN([random([3, 4]), random([3, 4]), random([3, 4])]),
  All: (random) => [tf.all(bools(random([4, 5], -0.1, 1)), 1), tf.all(bools(random([3, 5], -0.1)), 0)],
  Any: (random) => [tf.any(bools(random([4, 5], -1, 0.1)), 1), tf.any(bools(random([3, 5], -1, 0.1)), 0)],
  ArgMax: (random) => [tf.argMax(random([4, 5]), 1), tf.argMax(random([4, 5, 3]), 0)],
  ArgMin: (random) => [tf.argMin(random([4, 5]), 1), tf.argMin(random([4, 5, 3]), 0)],
  Asin: unary(tf.asin, -0.9, 0.9),
  Asinh: unary(tf.asinh),
  Atan: unary(tf.atan),
  Atan2: binary(tf.atan2, 0.5),
  Atanh: unary(tf.atanh, -0.9, 0.9),
  AvgPool: (random) =>
    [
      [2, 2, 'valid'],
      [3, 2, 'same'],
      [3, 1, 'same'],
      [2, 3, 'same'],
    ].map(([window, stride, pad]) =>
      tf.avgPool(four(random([2, 7, 8, 5])), window as number, stride as number, pad as 'same'),
    ),
  AvgPool3D: (random) =>
    (['same', 'valid'] as const).map((pad) =>
      tf.avgPool3d(random([2, 5, 6, 4, 3]) as tf.Tensor5D, 2, 2, pad),
    ),
  BatchMatMul: (random) =>
    withGradients(random, (a: tf.Tensor, b: tf.Tensor) => tf.matMul(a, b), [
      random([6, 60, 5]),
      random([6, 5, 7]),
    ]),
  BatchToSpaceND: (random) =>
    tf.batchToSpaceND(
      random([4, 2, 3, 2]),
      [2, 2],
      [
        [0, 1],
        [1, 0],
      ],
    ),
  Cast: (random) => [ints(random([5], -9, 9)), tf.cast(bools(random([5])), 'float32')],
  Ceil: flat(tf.ceil),
  ClipByValue: unary((x) => tf.clipByValue(x, -0.5, 0.7)),
  Concat: (random) =>
    [0, 1, 2, -1].flatMap((axis) =>
      withGradients(random, (a: tf.Tensor, b: tf.Tensor) => tf.concat([a, b], axis), [
        random([3, 4, 5]),
        random([3, 4, 5]),
      ]),
    ),
  Conv3D: (random) =>
    (['same', 'valid'] as const).flatMap((pad) =>
      [1, 2].map((stride) =>
        tf.conv3d(
          random([2, 5, 6, 4, 3]) as tf.Tensor5D,
          random([2, 3, 3, 3, 4]) as tf.Tensor5D,
          stride,
          pad,
        ),
      ),
    ),
  Conv2D: (random) => [
    tf.conv2d(four(random([2, 9, 9, 3])), four(random([3, 3, 3, 4])), 1, 'same', 'NHWC', 2),
    tf.conv2d(four(random([2, 9, 8, 3])), four(random([3, 2, 3, 4])), 1, 'valid', 'NHWC', [2, 3]),
    tf.conv2d(four(random([1, 8, 8, 2])), four(random([1, 3, 2, 5])), 2, 'same'),
    tf.conv2d(four(random([1, 8, 8, 2])), four(random([3, 1, 2, 5])), 2, 'same'),
  ],
  Cos: unary(tf.cos),
  Cosh: unary(tf.cosh),
  Cumprod: (random) => tf.cumprod(random([4, 6]), 1, true, false),
  Cumsum: (random) => [tf.cumsum(random([4, 6]), 1, false, true), tf.cumsum(random([4, 6]), 0)],
  DepthToSpace: (random) => tf.depthToSpace(four(random([2, 3, 4, 8])), 2),
  DepthwiseConv2dNative: (random) =>
    depthwiseShapes.flatMap(({ side, kernel, stride, times }) =>
      (['same', 'valid'] as const).map((pad) =>
        tf.depthwiseConv2d(four(random([2, side, 7, 5])), four(random([...kernel, 5, times])), stride, pad),
      ),
    ),
  Elu: unary(tf.elu),
  EluGrad: unary(tf.elu),
  Equal: compare(tf.equal),
  Erf: unary(tf.erf),
  Exp: unary(tf.exp),
  ExpandDims: unary((x) => tf.expandDims(x, 1)),
  Expm1: unary(tf.expm1),
  Fill: () => tf.fill([3, 4], 2.5),
  FlipLeftRight: (random) => tf.image.flipLeftRight(four(random([2, 4, 5, 3]))),
  Floor: flat(tf.floor),
  FloorDiv: (random) => tf.floorDiv(random([5, 6], -9, 9), random([6], 1, 4)),
  FusedBatchNorm: (random) =>
    withGradients(
      random,
      (x: tf.Tensor, mean: tf.Tensor, variance: tf.Tensor, shift: tf.Tensor, scale: tf.Tensor) =>
        tf.batchNorm(
          x,
          mean as tf.Tensor1D,
          variance as tf.Tensor1D,
          shift as tf.Tensor1D,
          scale as tf.Tensor1D,
          1e-3,
        ),
      [random([3, 4, 5, 6]), random([6]), random([6], 0.1, 2), random([6]), random([6])],
    ),
  FusedConv2D: (random) =>
    (['relu', 'relu6', 'linear', 'elu', 'sigmoid'] as const).flatMap((activation) =>
      (['same', 'valid'] as const).map((pad) =>
        tf.fused.conv2d({
          x: four(random([2, 8, 8, 3])),
          filter: four(random([3, 3, 3, 50])),
          strides: 2,
          pad,
          bias: random([50]),
          activation,
        }),
      ),
    ),
  FusedDepthwiseConv2D: (random) =>
    depthwiseShapes.map(({ side, kernel, stride, times }) =>
      tf.fused.depthwiseConv2d({
        x: four(random([2, side, 7, 5])),
        filter: four(random([...kernel, 5, times])),
        strides: stride,
        pad: 'same',
        bias: random([5 * times]),
        activation: 'relu',
      }),
    ),
  GatherNd: (random) => tf.gatherND(random([4, 5, 3]), tf.tensor2d([1, 2, 3, 4, 0, 0], [3, 2], 'int32')),
  GatherV2: (random) => [
    tf.gather(random([6, 5]), tf.tensor1d([4, 0, 5, 0], 'int32')),
    tf.gather(random([3, 6, 5]), tf.tensor1d([4, 0, 5, 0], 'int32'), 1),
  ],
  Greater: compare(tf.greater),
  GreaterEqual: compare(tf.greaterEqual),
  Identity: unary(tf.clone),
  LeakyRelu: unary((x) => tf.leakyRelu(x, 0.3)),
  Less: compare(tf.less),
  LessEqual: compare(tf.lessEqual),
  Log: unary(tf.log, 0.1),
  Log1p: unary(tf.log1p, -0.5),
  LogicalAnd: logical(tf.logicalAnd),
  LogicalNot: (random) => tf.logicalNot(bools(random([6, 5]))),
  LogicalOr: logical(tf.logicalOr),
  Max: reduce(tf.max),
  Maximum: binaryAlike(tf.maximum),
  Mean: reduce(tf.mean),
  Min: reduce(tf.min),
  Minimum: binaryAlike(tf.minimum),
  MirrorPad: (random) => [
    tf.mirrorPad(
      random([4, 5]),
      [
        [1, 2],
        [2, 1],
      ],
      'reflect',
    ),
    tf.mirrorPad(
      random([4, 5]),
      [
        [1, 2],
        [2, 1],
      ],
      'symmetric',
    ),
  ],
  Mod: (random) => tf.mod(random([5, 6], -9, 9), random([6], 1, 4)),
  Multiply: binary(tf.mul),
  Neg: unary(tf.neg),
  NotEqual: compare(tf.notEqual),
  OneHot: () => tf.oneHot(tf.tensor1d([0, 3, 2, 3], 'int32'), 5, 0.9, 0.1),
  OnesLike: flat(tf.onesLike),
  Pack: (random) =>
    [0, 1, 2].flatMap((axis) =>
      withGradients(random, (a: tf.Tensor, b: tf.Tensor) => tf.stack([a, b], axis), [
        random([3, 4]),
        random([3, 4]),
      ]),
    ),
  PadV2: (random) =>
    withGradients(
      random,
      (x: tf.Tensor) =>
        tf.pad(
          x,
          [
            [0, 0],
            [1, 2],
            [0, 3],
            [2, 0],
          ],
          0.5,
        ),
      [random([2, 3, 4, 5])],
    ),
  Pow: binary(tf.pow, 0.2),
  Prelu: (random) => withGradients(random, tf.prelu as never, [random([3, 4, 5]), random([4, 5])]),
  Prod: (random) => [tf.prod(random([3, 4, 5]), 1), tf.prod(random([3, 4, 5]), [0, 2])],
  RealDiv: binary(tf.div, 0.5),
  Range: () => tf.range(1, 20, 3, 'int32'),
  Reciprocal: unary(tf.reciprocal, 0.3),
  Relu6: unary(tf.relu6, -3, 9),
  Reshape: unary((x) => tf.reshape(x, [7, 5])),
  ResizeBilinear: (random) =>
    [false, true].map((align) => tf.image.resizeBilinear(four(random([2, 5, 6, 3])), [9, 8], align, !align)),
  ResizeNearestNeighbor: (random) =>
    [false, true].map((align) =>
      tf.image.resizeNearestNeighbor(four(random([2, 5, 6, 3])), [10, 12], align, !align),
    ),
  Reverse: unary((x) => tf.reverse(x, 1)),
  Round: flat(tf.round),
  Rsqrt: unary(tf.rsqrt, 0.2),
  Select: (random) => {
    const mask = bools(random([4, 5]));
    return withGradients(random, (a: tf.Tensor, b: tf.Tensor) => tf.where(mask, a, b), [
      random([4, 5]),
      random([4, 5]),
    ]);
  },
  Selu: unary(tf.selu),
  Sigmoid: unary(tf.sigmoid),
  Sign: flat(tf.sign),
  Sin: unary(tf.sin),
  Sinh: unary(tf.sinh),
  Slice: (random) =>
    withGradients(random, (x: tf.Tensor) => tf.slice(x, [1, 0, 2], [2, 4, 3]), [random([4, 5, 6])]),
  Softmax: unary((x) => tf.softmax(x)),
  Softplus: unary(tf.softplus, -30, 30),
  SpaceToBatchND: (random) =>
    tf.spaceToBatchND(
      random([2, 4, 6, 3]),
      [2, 2],
      [
        [0, 0],
        [1, 1],
      ],
    ),
  SplitV: (random) =>
    withGradients(random, (x: tf.Tensor) => tf.mul(...(tf.split(x, 2, 1) as [tf.Tensor, tf.Tensor])), [
      random([3, 8, 2]),
    ]),
  Sqrt: unary(tf.sqrt, 0.2),
  Square: unary(tf.square),
  SquaredDifference: binaryAlike(tf.squaredDifference),
  Step: flat((x) => tf.step(x, 0.2)),
  StridedSlice: (random) => [
    tf.stridedSlice(random([5, 6, 4]), [0, 1, 0], [5, 6, 4], [2, 2, 1]),
    tf.stridedSlice(random([5, 6]), [4, 5], [0, 0], [-2, -1]),
  ],
  Sub: binary(tf.sub),
  Sum: reduce(tf.sum),
  Tan: unary(tf.tan, -1, 1),
  Tanh: unary(tf.tanh),
  Tile: (random) => withGradients(random, (x: tf.Tensor) => tf.tile(x, [2, 1, 3]), [random([2, 3, 4])]),
  TopK: (random) => {
    const { values, indices } = tf.topk(random([4, 9]), 3);
    return [values, indices];
  },
  Transpose: (random) =>
    [
      [1, 0, 2],
      [2, 1, 0],
      [0, 2, 1],
      [1, 2, 0],
    ].map((order) => tf.transpose(random([3, 4, 5]), order)),
  Unpack: (random) => tf.unstack(random([3, 4, 5]), 1),
  LRN: (random) =>
    withGradients(random, ((x: tf.Tensor4D) => tf.localResponseNormalization(x)) as never, [
      random([2, 5, 6, 9]),
    ]),
  CropAndResize: (random) =>
    tf.image.cropAndResize(
      four(random([2, 5, 6, 3])),
      tf.tensor2d([0, 0, 0.5, 0.7], [1, 4]),
      tf.tensor1d([1], 'int32'),
      [4, 5],
    ),
  ScatterNd: (random) => tf.scatterND(tf.tensor2d([1, 3], [2, 1], 'int32'), random([2, 4]), [5, 4]),
  DepthwiseConv2dNativeBackpropFilter: depthwiseGradients,
  DepthwiseConv2dNativeBackpropInput: depthwiseGradients,
  Diag: (random) => tf.diag(random([4])),
  UnsortedSegmentSum: (random) =>
    [0, 1].flatMap((axis) =>
      withGradients(random, (x: tf.Tensor) => tf.gather(x, tf.tensor1d([4, 0, 3, 0], 'int32'), axis), [
        random([5, 6, 3]),
      ]),
    ),
  ZerosLike: flat(tf.zerosLike),
  _FusedMatMul: (random) =>
    (['relu', 'relu6', 'elu', 'sigmoid'] as const).flatMap((activation) =>
      [false, true].map((transposeB) =>
        tf.fused.matMul({
          a: random([9, 100]) as tf.Tensor2D,
          b: random(transposeB ? [11, 100] : [100, 11]) as tf.Tensor2D,
          bias: random([11]),
          transposeB,
          activation,
        }),
      ),
    ),
};
