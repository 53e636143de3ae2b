// The operators of residual and mobile networks, alone and in chains whose slots have borders: values and all gradients
// against core ops on tfjs's cpu backend, and gradients against finite differences.
// Must not: compare wasm with wasm.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { normalise } from '../../learning/models/layers/simple.ts';
import { layerParameters, leavesOf, placeChain } from '../../learning/models/place.ts';
import {
  batchnorm,
  depthwise,
  globalAverage,
  type LayerPlan,
  linearConv,
  relu,
  residual,
  type Shape,
} from '../../learning/models/plan.ts';
import { compilePlan, type Plan } from '../../learning/training/compiled/plan.ts';
import { openEngine } from '../../learning/training/engine.ts';

const stream = Rng.root(11).fork('wide operators');

function random(count: number, low = -1, high = 1): Float32Array {
  return Float32Array.from({ length: count }, () => stream.between(low, high));
}

function floatsOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** What a chain makes of its input, and every gradient for a given one of its output. */
interface Result {
  readonly output: Float32Array;
  readonly input: Float32Array;
  readonly weights: Float32Array;
}

interface Given {
  readonly plans: readonly LayerPlan[];
  readonly shape: Shape;
  readonly rows: number;
  readonly x: Float32Array;
  readonly weights: Float32Array;
  readonly dy: Float32Array;
}

function given(plans: readonly LayerPlan[], shape: Shape, rows: number): Given {
  const layers = placeChain(plans, shape);
  const output = layers.at(-1)!.output;
  const parameters = layers.reduce((sum, layer) => sum + layerParameters(layer), 0);
  const x = random(rows * floatsOf(shape));
  return { plans, shape, rows, x, weights: random(parameters), dy: random(rows * floatsOf(output)) };
}

/** Rows of a slot, without their gaps. */
function eachRow(plan: Plan, rows: number, visit: (row: Float32Array, at: number) => void): void {
  const { address, rowBytes, imageBytes, shape } = plan.inputs[0]!.slot;
  const [height, width, channels] = shape;
  for (let n = 0; n < rows; n++) {
    for (let y = 0; y < height; y++) {
      const row = plan.arena.floats(address + n * imageBytes + y * rowBytes, width * channels);
      visit(row, (n * height + y) * width * channels);
    }
  }
}

/** On the compiled step, with room for one sample more than there is. */
function compiled({ plans, shape, rows, x, weights, dy }: Given): Result {
  const layers = placeChain(plans, shape);
  const blocks = [{ name: 'chain', layers, output: layers.at(-1)!.output }];
  const plan = compilePlan(blocks, {
    capacity: rows + 1,
    trains: true,
    wantsInputGradient: true,
    labelsPerSample: 1,
  });
  const { arena } = plan;
  arena.seal();
  eachRow(plan, rows, (row, at) => row.set(x.subarray(at, at + row.length)));
  const held = arena.floats(plan.weights, weights.length);
  held.set(weights);
  for (const operator of plan.operators) operator.forward(rows);
  const output = arena.floats(plan.outputs[0]!.slot.address, dy.length).slice();
  arena.floats(plan.outputs[0]!.gradient!, dy.length).set(dy);
  for (const operator of [...plan.operators].reverse()) {
    operator.backward(rows, { learningRate: 1, momentum: 0 });
  }
  const input = arena.floats(plan.inputs[0]!.gradient!, x.length).slice();
  return { output, input, weights: held.map((after, i) => weights[i]! - after) };
}

/** tfjs's own gradient of a mean counts padding as elements, which its value does not: here from sums and counts. */
function means(x: tf.Tensor4D, { window, stride }: { window: number; stride: number }): tf.Tensor4D {
  const ones = tf.ones([window, window, x.shape[3], 1]) as tf.Tensor4D;
  const sums = tf.depthwiseConv2d(x, ones, stride, 'same');
  return tf.div(sums, tf.depthwiseConv2d(tf.onesLike(x), ones, stride, 'same'));
}

function applyPlan(plan: LayerPlan, x: tf.Tensor4D, take: () => tf.Tensor): tf.Tensor4D {
  switch (plan.kind) {
    case 'linear-conv': {
      const y = tf.conv2d(x, take() as tf.Tensor4D, plan.stride, plan.padding);
      return plan.bias ? tf.add(y, take()) : y;
    }
    case 'depthwise':
      return tf.depthwiseConv2d(x, take() as tf.Tensor4D, plan.stride, 'same');
    case 'batchnorm':
      return normalise(x, [0, 1, 2], take(), take()) as tf.Tensor4D;
    case 'activate':
      return tf.relu(x);
    case 'pool':
      return plan.how === 'max' ? tf.maxPool(x, plan.window, plan.stride, 'same') : means(x, plan);
    case 'globalaverage':
      return tf.mean(x, [1, 2], true);
    case 'merge': {
      const branches = plan.branches.map((branch) =>
        branch.reduce((y, layer) => applyPlan(layer, y, take), x),
      );
      return plan.how === 'add' ? tf.addN(branches) : tf.concat4d(branches, 3);
    }
    default:
      throw new Error(`no reference for ${plan.kind}`);
  }
}

/** By core ops on the cpu backend. */
async function reference({ plans, shape, rows, x, weights, dy }: Given): Promise<Result> {
  await tf.setBackend('cpu');
  const layers = placeChain(plans, shape);
  const shapes = layers.flatMap(leavesOf).flatMap(({ tensors }) => tensors.map((tensor) => tensor.shape));
  const output = layers.at(-1)!.output;
  let at = 0;
  const tensors = shapes.map((each) => {
    at += floatsOf(each);
    return tf.tensor(weights.slice(at - floatsOf(each), at), [...each]);
  });
  const run = (...inputs: tf.Tensor[]): tf.Tensor => {
    const left = inputs.slice(1);
    return plans.reduce((y, plan) => applyPlan(plan, y, () => left.shift()!), inputs[0] as tf.Tensor4D);
  };
  const image = tf.tensor(x, [rows, ...shape]);
  const { value, grads } = tf.valueAndGrads(run)([image, ...tensors], tf.tensor(dy, [rows, ...output]));
  const [input, ...others] = grads.map((gradient) => [...gradient.dataSync()]);
  return {
    output: Float32Array.from(value.dataSync()),
    input: Float32Array.from(input!),
    weights: Float32Array.from(others.flat()),
  };
}

/** Largest difference over the largest magnitude of what is expected. */
function relativeError(found: Float32Array, expected: Float32Array): number {
  expect(found.length).toBe(expected.length);
  let scale = 1e-30;
  let worst = 0;
  for (const value of expected) scale = Math.max(scale, Math.abs(value));
  found.forEach((value, i) => {
    const difference = Math.abs(value - expected[i]!);
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
  });
  return worst / scale;
}

const pool = (how: 'max' | 'average', window: number, stride: number): LayerPlan => ({
  kind: 'pool',
  how,
  window,
  stride,
});
const validConv = (filters: number, kernel: number, stride: number): LayerPlan => ({
  kind: 'linear-conv',
  filters,
  kernel,
  stride,
  padding: 'valid',
  bias: true,
});

const cases: readonly (readonly [what: string, plans: readonly LayerPlan[], shape: Shape])[] = [
  ['a 3x3 convolution by minimal filtering', [linearConv(8, 3)], [6, 4, 8]],
  ['a 3x3 convolution of odd sides', [linearConv(5, 3)], [7, 5, 3]],
  ['a 3x3 convolution with stride 2', [linearConv(8, 3, 2)], [8, 6, 4]],
  ['a 3x3 convolution with stride 2 and odd sides', [linearConv(9, 3, 2)], [7, 9, 3]],
  ['a 7x7 convolution with stride 2', [linearConv(4, 7, 2)], [12, 11, 3]],
  ['a convolution with bias, stride 3 and rows left over', [validConv(6, 2, 3)], [9, 8, 5]],
  ['a 1x1 convolution', [linearConv(12, 1)], [5, 6, 10]],
  ['a 1x1 convolution with stride 2', [linearConv(8, 1, 2)], [6, 7, 8]],
  ['a convolution and its rectifier', [validConv(8, 3, 1), relu], [7, 7, 4]],
  ['batch normalisation', [batchnorm], [5, 4, 24]],
  ['batch normalisation of few channels', [batchnorm], [3, 5, 2]],
  ['batch normalisation of channels that are no multiple of four', [batchnorm], [4, 4, 19]],
  ['batch normalisation and its rectifier', [batchnorm, relu], [6, 4, 70]],
  ['depthwise filters', [depthwise(3, 1)], [6, 5, 8]],
  ['depthwise filters with stride 2', [depthwise(3, 2)], [8, 7, 10]],
  ['depthwise filters of few channels', [depthwise(3, 1)], [4, 5, 3]],
  ['depthwise filters of 5x5 with stride 2', [depthwise(5, 2)], [9, 8, 6]],
  ['depthwise filters of 2x2', [depthwise(2, 1)], [5, 5, 4]],
  ['a rectifier alone', [relu], [5, 3, 7]],
  ['overlapping maxima', [pool('max', 3, 2)], [7, 8, 5]],
  ['overlapping maxima with stride 1', [pool('max', 3, 1)], [5, 6, 8]],
  ['overlapping means', [pool('average', 3, 2)], [7, 6, 6]],
  ['the mean of each channel', [globalAverage], [5, 7, 9]],
  [
    'a chain whose slots have borders',
    [batchnorm, relu, linearConv(8, 3), batchnorm, relu, depthwise(3, 2)],
    [8, 8, 6],
  ],
  [
    'pools and rectifiers between borders',
    [depthwise(3, 1), pool('max', 3, 1), depthwise(3, 1), relu, linearConv(4, 3)],
    [6, 6, 4],
  ],
  ['two convolutions between borders', [linearConv(6, 3), linearConv(8, 5), depthwise(3, 1)], [6, 8, 3]],
  [
    'a residual block whose shortcut has a stride',
    [
      residual([linearConv(8, 3, 2), batchnorm, relu, linearConv(8, 3)], [linearConv(8, 1, 2), batchnorm]),
      relu,
    ],
    [8, 6, 4],
  ],
  [
    'a branch by strides that scatters into a slot with a border of others',
    [
      relu,
      residual([linearConv(4, 3)], [validConv(4, 1, 1)]),
      residual([linearConv(6, 1, 2)], [linearConv(6, 3, 2)]),
    ],
    [6, 6, 4],
  ],
];

beforeAll(async () => {
  await openEngine('cpu');
});

describe('an operator', () => {
  for (const [what, plans, shape] of cases) {
    it(`for ${what} has the values and gradients of the cpu backend`, async () => {
      for (const rows of [1, 5]) {
        const task = given(plans, shape, rows);
        const found = compiled(task);
        const expected = await reference(task);
        expect(relativeError(found.output, expected.output)).toBeLessThan(2e-6);
        expect(relativeError(found.input, expected.input)).toBeLessThan(1e-5);
        if (task.weights.length > 0) {
          expect(relativeError(found.weights, expected.weights)).toBeLessThan(1e-5);
        }
      }
    });
  }

  it('gives gradients that finite differences of its output confirm', () => {
    const smooth = [linearConv(8, 3, 2), batchnorm, depthwise(3, 1), pool('average', 3, 2), linearConv(6, 1)];
    const task = given(smooth, [9, 8, 4], 6);
    const gradients = compiled(task);
    const valueAt = (key: 'x' | 'weights', direction: Float32Array, shift: number): number => {
      const moved = task[key].map((value, i) => value + shift * direction[i]!);
      const { output } = compiled({ ...task, [key]: moved });
      return output.reduce((sum, value, i) => sum + value * task.dy[i]!, 0);
    };
    for (const [key, gradient] of [
      ['x', gradients.input],
      ['weights', gradients.weights],
    ] as const) {
      const length = Math.hypot(...gradient);
      const direction = gradient.map((value) => value / length);
      const slope = (valueAt(key, direction, 0.01) - valueAt(key, direction, -0.01)) / 0.02;
      expect(Math.abs(slope / length - 1)).toBeLessThan(2e-4);
    }
  });

  it('of batch normalisation keeps its digits where the mean is a thousand deviations', async () => {
    const task = given([batchnorm], [8, 8, 8], 4);
    const shifted = { ...task, x: task.x.map((value, i) => value + 256 * ((i % 8) - 3)) };
    const exact = { ...task, x: shifted.x.map((value, i) => value - 256 * ((i % 8) - 3)) };
    const found = compiled(shifted);
    const expected = compiled(exact);
    expect(relativeError(found.output, expected.output)).toBeLessThan(1e-4);
    expect(relativeError(found.input, expected.input)).toBeLessThan(1e-4);
  });

  it('of a max pool gives the gradient of equal elements to the first', async () => {
    const task = given([pool('max', 3, 2)], [6, 6, 5], 2);
    const level = { ...task, x: task.x.map(() => -2) };
    const [found, expected] = [compiled(level), await reference(level)];
    expect([...found.input]).toEqual([...expected.input]);
  });

  it('puts out what its own samples say, whatever the room for others', () => {
    const task = given([linearConv(16, 3), batchnorm, relu, depthwise(3, 1)], [4, 4, 8], 20);
    const alone = compiled(task);
    const again = compiled({ ...task, x: task.x.slice(), weights: task.weights.slice() });
    expect(again).toEqual(alone);
  });
});
