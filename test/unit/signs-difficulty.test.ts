// How hard the drawn signs are: a model that sees only pixels one by one must stay well below one that sees shapes.
// If not, an algorithm that loses what the network learned would still look good on this set. Trains for real.

import { beforeAll, describe, expect, it } from 'vitest';
import { generateSigns } from '../../learning/data/signs.ts';
import type { Dataset, Learner, ModelSpec } from '../../learning/learner.ts';
import { openLearner } from '../../learning/training/open-learner.ts';

const trainCount = 8600; // 43 classes x 200
const testCount = 2150; // 43 classes x 50
const minutesMost = 4;

let learner: Learner;
let train: Dataset;
let test: Dataset;

beforeAll(async () => {
  // By name: on another engine the exact numbers would differ.
  ({ learner } = await openLearner('wasm'));
  train = generateSigns({ count: trainCount, seed: 101 });
  test = generateSigns({ count: testCount, seed: 202 });
}, minutesMost * 60_000);

/** Test accuracy after central training on the whole training set. */
async function accuracyOf(name: string, epochs: number, learningRate: number): Promise<number> {
  const model: ModelSpec = { name, inputShape: [32, 32, 3], classes: 43 };
  const { weights } = await learner.train({
    model,
    weights: learner.initialWeights(model, 1),
    data: train,
    shard: Uint32Array.from({ length: trainCount }, (_, i) => i),
    settings: { epochs, batchSize: 32, learningRate, momentum: 0.9, seed: 1 },
  });
  const { accuracy } = await learner.evaluate({ model, weights, data: test });
  console.log(`${name}: ${accuracy.toFixed(3)} after ${epochs} epochs of ${trainCount} images`);
  return accuracy;
}

describe('the drawn sign set', () => {
  it(
    'keeps a linear model below 70 %',
    async () => {
      const accuracy = await accuracyOf('softmax-regression', 20, 0.003);
      expect(accuracy).toBeGreaterThan(0.4);
      expect(accuracy).toBeLessThan(0.7);
    },
    minutesMost * 60_000,
  );

  it(
    'lets LeNet-5 pass 90 %',
    async () => {
      expect(await accuracyOf('lenet5', 14, 0.01)).toBeGreaterThan(0.9);
    },
    minutesMost * 60_000,
  );
});
