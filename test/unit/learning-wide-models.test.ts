// Residual and mobile networks on compiled steps: the numbers of the op-by-op path, split halves, determinism.
// Must not: expect a gradient to be near another where a rectifier may open in one and stay shut in the other.

import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Dataset, Learner, ModelSpec, TrainRequest } from '../../learning/learner.ts';
import { modelEntries, placeBlocks } from '../../learning/models/blocks.ts';
import { leavesOf } from '../../learning/models/place.ts';
import { whyNotCompiled } from '../../learning/training/compiled/compiled-learner.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { halvesOf } from '../support/split-training.ts';

function randomData(model: ModelSpec, count: number): Dataset {
  const stream = Rng.root(21).fork('images');
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  const images = Uint8Array.from({ length: count * floats }, () => stream.integer(256));
  const labels = Uint8Array.from({ length: count }, () => stream.integer(model.classes));
  return { inputShape: model.inputShape, classes: model.classes, images, labels };
}

function bytesOf({ buffer, byteOffset, byteLength }: Float32Array): Buffer {
  return Buffer.from(buffer, byteOffset, byteLength);
}

interface Steps {
  readonly samples: number;
  readonly batchSize: number;
  readonly epochs: number;
}

function requestFor(model: ModelSpec, weights: Float32Array, steps: Steps): TrainRequest {
  const { samples, batchSize, epochs } = steps;
  const settings = { epochs, batchSize, learningRate: 0.05, momentum: 0.9, seed: 5 };
  const shard = Uint32Array.from({ length: samples }, (_, i) => i);
  return { model, weights, data: randomData(model, samples), shard, settings };
}

/** Length of the difference over the length of what is expected. */
function relativeError(found: Float32Array, expected: Float32Array): number {
  let [difference, length] = [0, 0];
  found.forEach((value, i) => {
    difference += (value - expected[i]!) ** 2;
    length += expected[i]! ** 2;
  });
  return Math.sqrt(difference / length);
}

/**
 * The weights with every shift of a batch normalisation at 6: what reaches a rectifier is positive by far, so that no
 * last bit decides whether a gradient passes.
 */
function withOpenRectifiers(model: ModelSpec, weights: Float32Array): Float32Array {
  const opened = weights.slice();
  let at = 0;
  const leaves = placeBlocks(model).flatMap((block) => block.layers.flatMap(leavesOf));
  for (const { plan, tensors } of leaves) {
    for (const [index, { shape }] of tensors.entries()) {
      const floats = shape.reduce((product, side) => product * side, 1);
      if (plan.kind === 'batchnorm' && index === 1) opened.fill(6, at, at + floats);
      at += floats;
    }
  }
  return opened;
}

const models: readonly ModelSpec[] = [
  { name: 'mobilenet', inputShape: [16, 16, 3], classes: 5 },
  { name: 'mobilenet', inputShape: [11, 14, 1], classes: 3 },
  { name: 'resnet18', inputShape: [16, 16, 3], classes: 4 },
];

let compiled: Learner;
let opByOp: Learner;
beforeAll(async () => {
  compiled = await createTfjsLearner('wasm');
  opByOp = await createTfjsLearner('wasm', { reference: true });
});

describe('a compiled residual or mobile network', () => {
  for (const model of models) {
    const title = `${model.name} ${model.inputShape.join('x')}`;

    it(`${title} takes the steps of the op-by-op path`, async () => {
      expect(whyNotCompiled(model)).toBeUndefined();
      const weights = withOpenRectifiers(model, compiled.initialWeights(model, 2));
      const request = requestFor(model, weights, { samples: 16, batchSize: 8, epochs: 1 });
      const expected = await opByOp.train(request);
      const found = await compiled.train(request);
      expect(Math.abs(found.trainLoss / expected.trainLoss - 1)).toBeLessThan(1e-5);
      expect(relativeError(found.weights, expected.weights)).toBeLessThan(1e-5);
    });

    it(`${title} has the loss of the op-by-op path from its own start`, async () => {
      const weights = compiled.initialWeights(model, 2);
      const request = requestFor(model, weights, { samples: 8, batchSize: 8, epochs: 1 });
      const [expected, found] = [await opByOp.train(request), await compiled.train(request)];
      expect(Math.abs(found.trainLoss / expected.trainLoss - 1)).toBeLessThan(5e-6);
      // Rectifiers at their kink: one of some ten thousand lets a gradient pass on one path only.
      expect(relativeError(found.weights, expected.weights)).toBeLessThan(1e-3);
    });

    it(`${title} evaluates as the op-by-op path does, mini-batch by mini-batch`, async () => {
      const weights = compiled.initialWeights(model, 3);
      const data = randomData(model, 131);
      const expected = await opByOp.evaluate({ model, weights, data });
      const found = await compiled.evaluate({ model, weights, data });
      expect(Math.abs(found.loss / expected.loss - 1)).toBeLessThan(2e-6);
      expect([found.accuracy, found.samples]).toEqual([expected.accuracy, 131]);
    });
  }

  it('trains in halves at every cut as it does whole, bit by bit', async () => {
    for (const model of [models[0]!, { ...models[2]!, inputShape: [8, 8, 3] as const }]) {
      const weights = compiled.initialWeights(model, 7);
      const request = requestFor(model, weights, { samples: 7, batchSize: 4, epochs: 1 });
      const { data, shard, settings } = request;
      const whole = await compiled.train(request);
      for (let cut = 1; cut < placeBlocks(model).length; cut++) {
        const halves = halvesOf(model, weights, cut);
        const lower = await compiled.openLower({
          model,
          cut,
          lowerWeights: halves.lower,
          data,
          shard,
          settings,
        });
        const upper = await compiled.openUpper({ model, cut, upperWeights: halves.upper, settings });
        for (let step = 0; step < lower.steps; step++) {
          const { smashed, labels } = lower.forward(step);
          lower.backward(step, upper.step(smashed, labels).gradient);
        }
        const joined = Buffer.concat([lower.weights(), upper.weights()].map(bytesOf));
        expect(Buffer.compare(joined, bytesOf(whole.weights))).toBe(0);
        lower.dispose();
        upper.dispose();
      }
    }
  }, 60_000);

  it('gives the same bytes with room for more samples', async () => {
    const model = models[0]!;
    const weights = compiled.initialWeights(model, 7);
    const request = requestFor(model, weights, { samples: 6, batchSize: 6, epochs: 2 });
    const first = await (await createTfjsLearner('wasm')).train(request);
    const roomy = await createTfjsLearner('wasm');
    await roomy.train(requestFor(model, weights, { samples: 40, batchSize: 40, epochs: 1 }));
    const second = await roomy.train(request);
    expect(second.weights).toEqual(first.weights);
  });

  it('is every model of the zoo that a car can train on images', () => {
    const ofImages = modelEntries.filter(({ trains, usual }) => trains && usual.inputShape[0] > 1);
    for (const { name, usual } of ofImages) expect(whyNotCompiled({ name, ...usual })).toBeUndefined();
    expect(ofImages.length).toBeGreaterThanOrEqual(8);
  });
});
