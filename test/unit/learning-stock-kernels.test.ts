// Every kernel of the stock WebAssembly backend that we do not replace, against tfjs's cpu backend on random shapes, and
// what ours hand back to stock. The shapes include those known to be wrong in stock 4.22 (all zeros of some 'same'
// convolutions, a bias added once for each block, the gradient of resizing, of means at a border, of maxima below zero).
// Must not: let a kernel through that nobody has looked at. A new one fails until it is checked, or listed with a reason.

import * as tf from '@tensorflow/tfjs-core';
import '@tensorflow/tfjs-backend-wasm';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../learning/training/engine.ts';
import { type Check, checks, drawing, five, four } from './learning-stock-setup.ts';

/** Forward kernels whose function is linear: <f(x), dy> must be <x, gradient>. tfjs's cpu backend has them wrong, too. */
const adjoints: Readonly<Record<string, readonly ((x: tf.Tensor4D) => tf.Tensor)[]>> = {
  AvgPoolGrad: [
    (x) => tf.avgPool(x, 3, 2, 'same'),
    (x) => tf.avgPool(x, [2, 3], [1, 2], 'same'),
    (x) => tf.avgPool(x, 3, 2, 'valid'),
  ],
  ResizeNearestNeighborGrad: [
    (x) => tf.image.resizeNearestNeighbor(x, [14, 16]),
    (x) => tf.image.resizeNearestNeighbor(x, [14, 16], true),
    (x) => tf.image.resizeNearestNeighbor(x, [14, 24], false, true),
    (x) => tf.image.resizeNearestNeighbor(x, [3, 5]),
  ],
  ResizeBilinearGrad: [
    (x) => tf.image.resizeBilinear(x, [14, 16]),
    (x) => tf.image.resizeBilinear(x, [9, 13], true),
    (x) => tf.image.resizeBilinear(x, [14, 24], false, true),
    (x) => tf.image.resizeBilinear(x, [3, 5]),
  ],
};

/** Refused by name, because stock has them wrong and we have none. */
const refused: Readonly<Record<string, (x: tf.Tensor) => tf.Tensor>> = {
  AvgPool3DGrad: (x) => tf.grad((y) => tf.avgPool3d(five(y), 2, 2, 'same'))(five(x)),
  Conv3DBackpropFilterV2: (x) =>
    tf.grad((w) => tf.conv3d(five(x), five(w), 1, 'same'))(tf.ones([1, 1, 1, 5, 4])),
  Conv3DBackpropInputV2: (x) =>
    tf.grad((y) => tf.conv3d(five(y), tf.ones([1, 1, 1, 5, 4]), 1, 'same'))(five(x)),
  MaxPool3D: (x) => tf.maxPool3d(five(x), 2, 2, 'same'),
  MaxPool3DGrad: (x) => tf.engine().runKernel('MaxPool3DGrad', { dy: x, input: x }),
  Dilation2D: (x) => tf.dilation2d(four(x), tf.ones([3, 3, 5]), 1, 'same'),
  Dilation2DBackpropFilter: (x) => tf.engine().runKernel('Dilation2DBackpropFilter', { x, filter: x, dy: x }),
  Dilation2DBackpropInput: (x) => tf.engine().runKernel('Dilation2DBackpropInput', { x, filter: x, dy: x }),
};

const noLayer = 'no layer of tfjs-layers has it';
const preprocessing = 'only layers that prepare data have it; no gradient passes';
const text = 'of texts, not of numbers';

/** Kernels nobody compares here, and why. */
const unchecked: Readonly<Record<string, string>> = {
  Bincount: preprocessing,
  BitwiseAnd: noLayer,
  BroadcastArgs: noLayer,
  DenseBincount: preprocessing,
  IsFinite: noLayer,
  IsInf: noLayer,
  IsNan: noLayer,
  LinSpace: noLayer,
  LogicalXor: 'tfjs puts it together from other kernels',
  LRNGrad: 'compared with LRN',
  MaxPoolWithArgmax: noLayer,
  Multinomial: 'draws random numbers, which no two backends draw alike',
  NonMaxSuppressionV3: noLayer,
  NonMaxSuppressionV4: noLayer,
  NonMaxSuppressionV5: noLayer,
  RotateWithOffset: noLayer,
  SearchSorted: noLayer,
  SparseFillEmptyRows: noLayer,
  SparseReshape: noLayer,
  SparseSegmentMean: noLayer,
  SparseSegmentSum: noLayer,
  SparseToDense: noLayer,
  StringNGrams: text,
  StringSplit: text,
  StringToHashBucketFast: text,
  TensorScatterUpdate: noLayer,
  Transform: preprocessing,
  Unique: noLayer,
};

let stock: ReadonlyMap<string, unknown>;
beforeAll(async () => {
  stock = new Map(tf.getKernelsForBackend('wasm').map((kernel) => [kernel.kernelName, kernel.kernelFunc]));
  await openEngine('cpu');
  await openEngine('wasm');
});

async function on(backend: 'cpu' | 'wasm', name: string, check: Check): Promise<[string[], tf.TypedArray[]]> {
  await tf.setBackend(backend);
  expect(tf.getBackend()).toBe(backend);
  const values: tf.TypedArray[] = [];
  const profile = await tf.profile(() => {
    tf.tidy(() => {
      const result = check(drawing(name));
      for (const tensor of Array.isArray(result) ? result : [result]) values.push(tensor.dataSync().slice());
    });
    return tf.scalar(0);
  });
  return [profile.kernelNames, values];
}

function relativeError(found: tf.TypedArray, expected: tf.TypedArray): number {
  if (found.length !== expected.length) return Number.POSITIVE_INFINITY;
  let scale = 1e-30;
  let worst = 0;
  for (const value of expected) scale = Math.max(scale, Math.abs(value));
  found.forEach((value, i) => {
    const difference = Math.abs(value - expected[i]!);
    worst = Number.isNaN(difference) ? Number.POSITIVE_INFINITY : Math.max(worst, difference);
  });
  return worst / scale;
}

describe('kernels of the wasm backend', () => {
  for (const [name, check] of Object.entries(checks)) {
    it(`${name} gives the numbers of the cpu backend`, async () => {
      const [, expected] = await on('cpu', name, check);
      const [names, found] = await on('wasm', name, check);
      expect(names).toContain(name);
      const errors = found.map((values, i) => relativeError(values, expected[i]!));
      expect(errors.filter((error) => !(error < 1e-5))).toEqual([]);
    });
  }

  for (const [name, functions] of Object.entries(adjoints)) {
    it(`${name} is the adjoint of its forward kernel`, async () => {
      await tf.setBackend('wasm');
      const random = drawing(name);
      for (const f of functions) {
        // Positive numbers: their sum keeps its digits.
        const x = random([2, 7, 8, 5], 0.5, 1);
        const dy = random(f(four(x)).shape, 0.5, 1);
        const forward = tf.sum(tf.mul(f(four(x)), dy)).dataSync()[0]!;
        const backward = tf.sum(tf.mul(x, tf.grad((y) => f(four(y)))(x, dy))).dataSync()[0]!;
        expect(Math.abs(backward / forward - 1)).toBeLessThan(1e-5);
      }
    });
  }

  for (const [name, use] of Object.entries(refused)) {
    it(`${name} is refused by its name`, async () => {
      await tf.setBackend('wasm');
      expect(() => use(tf.ones([2, 6, 6, 5]))).toThrow(`${name} is refused`);
    });
  }

  it('of stock are all checked here, or listed with a reason', () => {
    const replaced = (name: string, kernelFunc: unknown): boolean => stock.get(name) !== kernelFunc;
    const unknown = tf
      .getKernelsForBackend('wasm')
      .filter(({ kernelName, kernelFunc }) => !replaced(kernelName, kernelFunc))
      .map(({ kernelName }) => kernelName)
      .filter((name) => !(name in checks || name in adjoints || name in unchecked));
    expect(unknown).toEqual([]);
    expect(stock.size).toBeGreaterThan(100);
    const gone = Object.keys(unchecked).filter(
      (name) => stock.get(name) !== tf.getKernel(name, 'wasm')?.kernelFunc,
    );
    expect(gone).toEqual([]);
  });
});
