// The layers that residual, mobile and transformer models are made of: the same outputs and gradients on WebAssembly as on
// tfjs's reference, and whole models that learn. Must not: assert timing.

import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { Dataset, ModelSpec } from '../../learning/learner.ts';
import { filterChannels, normalise } from '../../learning/models/layers/simple.ts';
import { buildModel } from '../../learning/models/zoo.ts';
import { openEngine } from '../../learning/training/engine.ts';
import { createTfjsLearner, liveTensors } from '../../learning/training/tfjs-learner.ts';

function normals(shape: number[], name: string): tf.Tensor {
  const stream = Rng.root(3).fork(name);
  const size = shape.reduce((product, side) => product * side, 1);
  return tf.tensor(
    Float32Array.from({ length: size }, () => stream.normal()),
    shape,
  );
}

/** Runs `work` on both backends and returns the largest difference between any two of their results. */
async function largestDifference(work: () => tf.Tensor[]): Promise<number> {
  const results: Float32Array[][] = [];
  for (const name of ['cpu', 'wasm'] as const) {
    const engine = await openEngine(name);
    await engine.activate();
    results.push(tf.tidy(() => work().map((tensor) => tensor.dataSync() as Float32Array)));
  }
  const [expected, found] = results as [Float32Array[], Float32Array[]];
  const differences = expected.flatMap((values, i) =>
    Array.from(values, (value, j) => Math.abs(value - found[i]![j]!)),
  );
  return differences.reduce((largest, one) => Math.max(largest, one), 0);
}

/** Output and all gradients of `op`. */
function withGradients(op: (...x: tf.Tensor[]) => tf.Tensor, inputs: tf.Tensor[]): tf.Tensor[] {
  const output = op(...inputs);
  return [output, ...tf.grads(op)(inputs, normals(output.shape, 'dy'))];
}

/** Every class lies in a brightness of its own: easy to learn. */
function shades(inputShape: ModelSpec['inputShape'], count: number): Dataset {
  const stream = Rng.root(1).fork('shades');
  const floats = inputShape.reduce((product, side) => product * side, 1);
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 3);
  const images = Uint8Array.from(
    { length: count * floats },
    (_, i) => labels[Math.floor(i / floats)]! * 60 + stream.integer(60),
  );
  return { inputShape, classes: 3, images, labels };
}

describe('layers on WebAssembly', () => {
  it.each([
    [5, 5, 3, 1],
    [8, 8, 4, 2],
    [7, 9, 2, 2],
    [4, 4, 64, 3],
  ])(
    'filter channels of %ix%ix%i at stride %i as the reference does',
    async (height, width, channels, stride) => {
      const op = (x: tf.Tensor, filter: tf.Tensor): tf.Tensor =>
        filterChannels(stride)(x as tf.Tensor4D, [filter]);
      const difference = await largestDifference(() =>
        withGradients(op as never, [
          normals([2, height, width, channels], 'x'),
          normals([3, 3, channels, 1], 'filter'),
        ]),
      );
      expect(difference).toBeLessThan(1e-5);
    },
  );

  it('normalise over the mini-batch and over channels as the reference does', async () => {
    for (const axes of [[0, 1, 2], [3]]) {
      const op = (x: tf.Tensor, scale: tf.Tensor, shift: tf.Tensor): tf.Tensor =>
        normalise(x, axes, scale, shift);
      const difference = await largestDifference(() =>
        withGradients(op as never, [
          normals([3, 4, 4, 6], 'x'),
          normals([6], 'scale'),
          normals([6], 'shift'),
        ]),
      );
      expect(difference).toBeLessThan(1e-5);
    }
  });
});

describe('the wide models', () => {
  const specs: readonly ModelSpec[] = [
    { name: 'mobilenet', inputShape: [16, 16, 3], classes: 3 },
    { name: 'resnet18', inputShape: [8, 8, 3], classes: 3 },
    { name: 'text-transformer', inputShape: [1, 8, 1], classes: 3 },
  ];

  it.each(specs)(
    '$name learns on the wasm engine, the same bytes twice, and leaves no tensor behind',
    async (model) => {
      const learner = await createTfjsLearner('wasm');
      const data = shades(model.inputShape, 12);
      const weights = learner.initialWeights(model, 1);
      const shard = Uint32Array.from({ length: 12 }, (_, i) => i);
      const settings = { epochs: 4, batchSize: 6, learningRate: 0.01, momentum: 0.5, seed: 1 };
      const before = await learner.evaluate({ model, weights, data });
      const trained = await learner.train({ model, weights, data, shard, settings });
      const tensors = liveTensors();
      const again = await learner.train({ model, weights, data, shard, settings });
      const after = await learner.evaluate({ model, weights: trained.weights, data });
      expect(after.loss).toBeLessThan(before.loss);
      expect(Buffer.from(again.weights.buffer).equals(Buffer.from(trained.weights.buffer))).toBe(true);
      expect(liveTensors()).toBe(tensors);
    },
  );

  it('refuse to be built where they are here for their graph only', () => {
    const spec: ModelSpec = { name: 'gpt2', inputShape: [1, 64, 1], classes: 65 };
    expect(() => buildModel(spec)).toThrow(RoadbedError);
    expect(() => buildModel(spec)).toThrow(/gpt2 is in the zoo for its layer graph and costs only/);
  });

  it('refuse images where they read tokens', () => {
    const spec: ModelSpec = { name: 'text-transformer', inputShape: [32, 32, 3], classes: 3 };
    expect(() => buildModel(spec)).toThrow(/this model reads tokens, not images of 32x32x3/);
  });
});
