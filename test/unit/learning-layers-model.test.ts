// Any tf.LayersModel trains on the wasm engine: kinds of layers that no model of the zoo has take the same steps there as
// on tfjs's cpu backend. Must not: use a layer whose gradient the cpu backend itself has wrong (means and resizes).

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { openEngine } from '../../learning/training/engine.ts';

const l = layers.layers;
type Chain = () => layers.layers.Layer[];

const chains: Readonly<Record<string, readonly [Chain, number[]]>> = {
  'separable convolutions with two filters a channel': [
    () => [
      l.separableConv2d({
        inputShape: [8, 9, 3],
        filters: 5,
        kernelSize: 3,
        depthMultiplier: 2,
        activation: 'elu',
      }),
      l.flatten(),
    ],
    [8, 9, 3],
  ],
  'depthwise filters with strides, batch normalisation': [
    () => [
      l.depthwiseConv2d({ inputShape: [8, 9, 3], kernelSize: 3, strides: 2, padding: 'same' }),
      l.batchNormalization(),
      l.reLU(),
      l.globalAveragePooling2d({}),
    ],
    [8, 9, 3],
  ],
  'pools of signed numbers': [
    () => [
      l.conv2d({
        inputShape: [8, 9, 3],
        filters: 4,
        kernelSize: 3,
        strides: 2,
        padding: 'same',
        activation: 'tanh',
      }),
      l.maxPooling2d({ poolSize: 3, strides: 1, padding: 'same' }),
      l.averagePooling2d({ poolSize: 2 }),
      l.flatten(),
    ],
    [8, 9, 3],
  ],
  'one-dimensional and transposed convolutions': [
    () => [
      l.conv1d({ inputShape: [12, 3], filters: 6, kernelSize: 3, strides: 2, activation: 'sigmoid' }),
      l.reshape({ targetShape: [5, 1, 6] }),
      l.conv2dTranspose({ filters: 3, kernelSize: 2, strides: 2 }),
      l.flatten(),
    ],
    [12, 3],
  ],
  'layer normalisation, dense layers with all activations': [
    () => [
      l.dense({ inputShape: [60], units: 12, activation: 'softplus' }),
      l.layerNormalization(),
      l.dense({ units: 70, activation: 'relu6' }),
      l.dense({ units: 9, activation: 'selu' }),
      l.leakyReLU({ alpha: 0.2 }),
    ],
    [60],
  ],
};

interface Steps {
  readonly losses: number[];
  readonly weights: number[][];
}

/** Three steps of SGD from weights of our own, and the output behind them. */
async function steps(chain: Chain, shape: number[]): Promise<Steps> {
  const stream = Rng.root(31).fork('layers model');
  const draw = (sides: number[]): tf.Tensor =>
    tf.tensor(
      Float32Array.from({ length: sides.reduce((a, b) => a * b, 1) }, () => stream.between(-1, 1)),
      sides,
    );
  const model = layers.sequential({ layers: [...chain(), l.dense({ units: 3 })] });
  const variables = model.trainableWeights.map((weight) => weight.read() as tf.Variable);
  for (const variable of variables) variable.assign(tf.add(tf.mul(draw(variable.shape), 0.2), 0.05));
  const [x, y] = [draw([6, ...shape]), draw([6, 3])];
  const optimiser = tf.train.sgd(0.01);
  const losses: number[] = [];
  for (let step = 0; step < 3; step++) {
    const loss = optimiser.minimize(
      () => tf.mean(tf.square(tf.sub(model.apply(x, { training: true }) as tf.Tensor, y))) as tf.Scalar,
      true,
      variables,
    );
    losses.push(loss!.dataSync()[0]!);
  }
  const weights = [...variables, model.predict(x) as tf.Tensor].map((tensor) => [...tensor.dataSync()]);
  model.dispose();
  return { losses, weights };
}

function relativeError(found: readonly number[], expected: readonly number[]): number {
  const scale = Math.max(...expected.map(Math.abs), 1e-3);
  return Math.max(...found.map((value, i) => Math.abs(value - expected[i]!))) / scale;
}

beforeAll(async () => {
  await openEngine('cpu');
  await openEngine('wasm');
});

describe('a tf.LayersModel on the wasm engine', () => {
  for (const [what, [chain, shape]] of Object.entries(chains)) {
    it(`with ${what} takes the steps of the cpu backend`, async () => {
      const results: Steps[] = [];
      for (const backend of ['cpu', 'wasm']) {
        await tf.setBackend(backend);
        expect(tf.getBackend()).toBe(backend);
        results.push(await steps(chain, shape));
      }
      const [expected, found] = results as [Steps, Steps];
      expect(relativeError(found.losses, expected.losses)).toBeLessThan(1e-5);
      expected.weights.forEach((weights, i) => {
        expect(relativeError(found.weights[i]!, weights)).toBeLessThan(1e-4);
      });
      expect(found.losses[2]).toBeLessThan(found.losses[0]!);
    });
  }
});
