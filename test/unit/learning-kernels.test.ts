// Every kernel of ours against tfjs's cpu backend, values and gradients, on many shapes; and the checked-in bytes against
// the compiler. Must not: compare wasm with wasm.

import { readFileSync } from 'node:fs';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { openEngine } from '../../learning/training/engine.ts';
import { crossEntropy, sgdStep } from '../../learning/training/ops.ts';

const stream = Rng.root(3).fork('kernels');

interface Operand {
  readonly shape: number[];
  readonly values: Float32Array;
}

function random(shape: number[], low = -1, high = 1): Operand {
  const length = shape.reduce((product, side) => product * side, 1);
  return { shape, values: Float32Array.from({ length }, () => stream.between(low, high)) };
}

/** Runs `work` on one backend and returns all numbers it gives. */
async function on(backend: 'cpu' | 'wasm', work: () => tf.Tensor[]): Promise<Float32Array[]> {
  await tf.setBackend(backend);
  expect(tf.getBackend()).toBe(backend);
  return tf.tidy(() => work().map((tensor) => Float32Array.from(tensor.dataSync())));
}

/** Largest difference over the largest magnitude: the relative error that matters for training. */
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

async function expectSame(work: () => tf.Tensor[], limit = 1e-5): Promise<void> {
  const expected = await on('cpu', work);
  const found = await on('wasm', work);
  expect(found.length).toBe(expected.length);
  found.forEach((values, i) => {
    expect(relativeError(values, expected[i]!)).toBeLessThan(limit);
  });
}

/** Value and all gradients of `f`, with a gradient `dy` from above. */
function withGradients(
  f: (...x: tf.Tensor[]) => tf.Tensor,
  inputs: Operand[],
  dy: Operand,
): () => tf.Tensor[] {
  return () => {
    const x = inputs.map((input) => tf.tensor(input.values, input.shape));
    const { value, grads } = tf.valueAndGrads(f)(x, tf.tensor(dy.values, dy.shape));
    return [value, ...grads];
  };
}

beforeAll(async () => {
  await openEngine('cpu');
  await openEngine('wasm');
});

describe('the kernel module', () => {
  it.each([
    ['plain', 'kernels.generated.ts'],
    ['relaxed', 'kernels-relaxed.generated.ts'],
  ] as const)('with %s SIMD is what the compiler makes of assembly/', async (build, file) => {
    const { compileKernels, generatedSource } = await import('../../learning/training/kernels/build.mjs');
    const path = new URL(`../../learning/training/kernels/${file}`, import.meta.url);
    expect(readFileSync(path, 'utf8')).toBe(generatedSource(await compileKernels(build)));
  });
});

describe('matrix products', () => {
  const sizes = [
    [1, 1, 1],
    [3, 5, 7],
    [4, 8, 8],
    [32, 43, 84],
    [33, 17, 300],
    [130, 10, 5],
    [65, 9, 513],
  ] as const;
  for (const [m, n, k] of sizes) {
    it(`agree for ${m}x${k} times ${k}x${n}, every transpose`, async () => {
      for (const [tA, tB] of [
        [false, false],
        [true, false],
        [false, true],
        [true, true],
      ] as const) {
        const a = random(tA ? [k, m] : [m, k]);
        const b = random(tB ? [n, k] : [k, n]);
        await expectSame(() => [
          tf.matMul(
            tf.tensor2d(a.values, a.shape as [number, number]),
            tf.tensor2d(b.values, b.shape as [number, number]),
            tA,
            tB,
          ),
        ]);
      }
    });
  }

  it('agree for batches, and for one matrix against a batch', async () => {
    const a = random([3, 5, 300]);
    const b = random([3, 300, 6]);
    const one = random([1, 300, 6]);
    const product = (x: Operand, y: Operand) =>
      tf.matMul(tf.tensor(x.values, x.shape), tf.tensor(y.values, y.shape));
    await expectSame(() => [product(a, b), product(a, one)]);
  });

  it('add the bias once, whatever the transpose and the depth', async () => {
    const a = random([300, 5]);
    const b = random([9, 300]);
    const bias = random([9]);
    for (const activation of ['linear', 'relu'] as const) {
      await expectSame(() => [
        tf.fused.matMul({
          a: tf.tensor2d(a.values, [300, 5]),
          b: tf.tensor2d(b.values, [9, 300]),
          bias: tf.tensor1d(bias.values),
          transposeA: true,
          transposeB: true,
          activation,
        }),
      ]);
    }
  });
});

describe('convolutions', () => {
  const cases = [
    { x: [2, 9, 8, 3], kernel: [5, 5], filters: 6, stride: 1, pad: 'valid' },
    { x: [3, 14, 14, 6], kernel: [5, 5], filters: 16, stride: 1, pad: 'valid' },
    { x: [2, 7, 7, 1], kernel: [5, 5], filters: 6, stride: 1, pad: 'same' },
    { x: [2, 8, 6, 4], kernel: [3, 3], filters: 9, stride: 1, pad: 'same' },
    { x: [2, 9, 9, 2], kernel: [3, 2], filters: 3, stride: 2, pad: 'same' },
    { x: [1, 8, 8, 2], kernel: [1, 3], filters: 5, stride: 2, pad: 'same' },
    { x: [2, 11, 10, 3], kernel: [4, 3], filters: 8, stride: 3, pad: 'valid' },
    { x: [2, 5, 5, 3], kernel: [1, 1], filters: 2, stride: 1, pad: 'valid' },
    { x: [1, 6, 6, 2], kernel: [3, 3], filters: 4, stride: 1, pad: 1 },
  ] as const;
  for (const { x, kernel, filters, stride, pad } of cases) {
    it(`agree with both gradients: ${x} by ${kernel}x${filters}, stride ${stride}, ${pad}`, async () => {
      const image = random([...x]);
      const filter = random([...kernel, x[3], filters]);
      const conv = (a: tf.Tensor, w: tf.Tensor) => tf.conv2d(a as tf.Tensor4D, w as tf.Tensor4D, stride, pad);
      const shape = tf.backend_util.computeConv2DInfo(
        [...x],
        [...kernel, x[3], filters],
        stride,
        1,
        pad,
      ).outShape;
      await expectSame(
        withGradients(conv as (...t: tf.Tensor[]) => tf.Tensor, [image, filter], random(shape)),
      );
    });
  }

  it('agree fused with bias and rectifier', async () => {
    const image = random([2, 6, 6, 3]);
    const filter = random([3, 3, 3, 6]);
    const bias = random([6]);
    await expectSame(() => [
      tf.fused.conv2d({
        x: tf.tensor4d(image.values, [2, 6, 6, 3]),
        filter: tf.tensor4d(filter.values, [3, 3, 3, 6]),
        strides: 1,
        pad: 'same',
        bias: tf.tensor1d(bias.values),
        activation: 'relu',
      }),
    ]);
  });
});

describe('max pooling', () => {
  const cases = [
    { x: [2, 8, 8, 6], window: 2, stride: 2, pad: 'valid' },
    { x: [2, 7, 9, 5], window: 3, stride: 2, pad: 'same' },
    { x: [1, 6, 6, 4], window: 3, stride: 1, pad: 'valid' },
  ] as const;
  for (const { x, window, stride, pad } of cases) {
    it(`agrees with its gradient where every maximum is below zero: ${x}, window ${window}, ${pad}`, async () => {
      const input = random([...x], -5, -1);
      const pool = (a: tf.Tensor) => tf.maxPool(a as tf.Tensor4D, window, stride, pad);
      const shape = tf.backend_util.computePool2DInfo([...x], [window, window], stride, 1, pad).outShape;
      await expectSame(withGradients(pool, [input], random(shape)));
    });
  }

  it('gives the gradient of equal elements to the first', async () => {
    const zeros = { shape: [1, 4, 4, 1], values: new Float32Array(16) };
    const dy = random([1, 2, 2, 1]);
    await expectSame(withGradients((a) => tf.maxPool(a as tf.Tensor4D, 2, 2, 'valid'), [zeros], dy));
  });
});

describe('element-wise kernels', () => {
  it('add a bias and give its gradient, for widths that are no multiple of four', async () => {
    for (const columns of [1, 3, 6, 16, 43]) {
      const inputs = [random([5, 3, columns]), random([columns])];
      const add = (a: tf.Tensor, b: tf.Tensor) => tf.add(a, b);
      await expectSame(
        withGradients(add as (...t: tf.Tensor[]) => tf.Tensor, inputs, random([5, 3, columns])),
      );
    }
  });

  it('sum long columns without losing digits', async () => {
    const x = random([20_000, 3], 0, 1);
    await expectSame(() => [tf.sum(tf.tensor2d(x.values, [20_000, 3]), 0)]);
  });

  it('rectify, with gradient zero at zero', async () => {
    const x = random([3, 7]);
    x.values[4] = 0;
    await expectSame(withGradients((a) => tf.relu(a), [x], random([3, 7])));
  });

  it('multiply, slice rows, and leave other broadcasts to the stock kernels', async () => {
    const x = random([5, 7]);
    const y = random([5, 7]);
    const column = random([5, 1]);
    const tensor = (o: Operand) => tf.tensor(o.values, o.shape);
    await expectSame(() => [
      tf.mul(tensor(x), tensor(y)),
      tf.mul(tensor(x), tensor(column)),
      tf.add(tensor(x), tensor(column)),
      tf.slice(tensor(x), [2, 0], [2, 7]),
      tf.slice(tensor(x), [1, 3], [3, 2]),
      tf.sum(tensor(x), 1),
      tf.add(tf.tensor([1, 2], [2], 'int32'), tf.tensor([3, 4], [2], 'int32')),
    ]);
  });

  it('take the same SGD step with momentum', async () => {
    const [w, g, v] = [random([4, 5]), random([4, 5]), random([4, 5])];
    const tensor = (o: Operand) => tf.tensor(o.values, o.shape);
    await expectSame(() => sgdStep(tensor(w), tensor(g), tensor(v), { learningRate: 0.1, momentum: 0.9 }));
  });

  it('give the same cross-entropy and gradient, also for large logits', async () => {
    for (const scale of [1, 50]) {
      const logits = random([6, 43], -scale, scale);
      const labels = Int32Array.from([0, 42, 7, 7, 13, 30]);
      const loss = (x: tf.Tensor) => crossEntropy(x as tf.Tensor2D, tf.tensor1d(labels, 'int32'));
      await expectSame(withGradients(loss, [logits], { shape: [6], values: new Float32Array(6).fill(1) }));
    }
  });

  it('let NaN through, so that a broken run is noticed', async () => {
    await tf.setBackend('wasm');
    const x = tf.tensor2d([Number.NaN, 1, 2, 3, 4, Number.NaN], [2, 3]);
    expect(Array.from(tf.relu(x).dataSync())).toEqual([Number.NaN, 1, 2, 3, 4, Number.NaN]);
    const losses = crossEntropy(x, tf.tensor1d([1, 1], 'int32')).dataSync();
    expect(Array.from(losses)).toEqual([Number.NaN, Number.NaN]);
  });
});
