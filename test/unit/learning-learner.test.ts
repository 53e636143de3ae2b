// The Learner on wasm: same seed same bytes, split equals whole, gradients right, failures named, nothing leaks.
// Must not: assert how fast anything is.

import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { joinWeights, modelCost } from '../../learning/cost/model-cost.ts';
import {
  type Dataset,
  type Learner,
  type ModelSpec,
  TrainingError,
  type TrainingSettings,
} from '../../learning/learner.ts';
import { layerParameters, placeBlocks } from '../../learning/models/blocks.ts';
import { createToyLearner } from '../../learning/toy-learner.ts';
import { createTfjsLearner, liveTensors } from '../../learning/training/tfjs-learner.ts';
import { halvesOf } from '../support/split-training.ts';

/** The models that take seconds, not minutes, at every cut; the larger ones have tests of their own. */
const chainNames = ['softmax-regression', 'mlp', 'lenet5', 'cnn'] as const;

const settings: TrainingSettings = { epochs: 2, batchSize: 8, learningRate: 0.05, momentum: 0.9, seed: 5 };
const shard = Uint32Array.from({ length: 21 }, (_, i) => (i * 5) % 24);

function randomData(model: ModelSpec, count = 24): Dataset {
  const stream = Rng.root(9).fork('images');
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  const images = Uint8Array.from({ length: count * floats }, () => stream.integer(256));
  const labels = Uint8Array.from({ length: count }, () => stream.integer(model.classes));
  return { inputShape: model.inputShape, classes: model.classes, images, labels };
}

function specOf(name: string): ModelSpec {
  return { name, inputShape: name === 'cnn' ? [12, 12, 2] : [28, 28, 1], classes: 7 };
}

/** Trains cut behind block `cut`, the gradients handed over as they come. */
async function trainSplit(
  learner: Learner,
  model: ModelSpec,
  start: Float32Array,
  cut: number,
): Promise<{ weights: Float32Array; losses: number[] }> {
  const halves = halvesOf(model, start, cut);
  const data = randomData(model);
  const lower = await learner.openLower({ model, cut, lowerWeights: halves.lower, data, shard, settings });
  const upper = await learner.openUpper({ model, cut, upperWeights: halves.upper, settings });
  const losses: number[] = [];
  for (let step = 0; step < lower.steps; step++) {
    const { smashed, samples, labels } = lower.forward(step);
    const crossing = modelCost(model).blocks[cut - 1]?.outputFloats ?? 0;
    expect(samples).toBe(labels.length);
    expect(smashed.length).toBe(samples * crossing);
    const answer = upper.step(smashed, labels);
    losses.push(answer.loss);
    lower.backward(step, answer.gradient);
  }
  const weights = joinWeights(lower.weights(), upper.weights());
  lower.dispose();
  upper.dispose();
  return { weights, losses };
}

/** Compares bytes: far quicker than toEqual on 60,000 numbers. */
function sameBytes(a: Float32Array, b: Float32Array): boolean {
  const bytes = (x: Float32Array) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}

let wasm: Learner;
beforeAll(async () => {
  wasm = await createTfjsLearner('wasm');
});

describe('every learner', () => {
  for (const kind of ['wasm', 'toy']) {
    const open = (): Learner => (kind === 'wasm' ? wasm : createToyLearner());

    it(`${kind}: the same request gives the same bytes, another seed gives others`, async () => {
      const learner = open();
      const model = specOf('lenet5');
      const data = randomData(model);
      const weights = learner.initialWeights(model, 1);
      const kept = weights.slice();
      const first = await learner.train({ model, weights, data, shard, settings });
      const second = await learner.train({ model, weights, data, shard, settings });
      const other = await learner.train({ model, weights, data, shard, settings: { ...settings, seed: 6 } });
      expect(sameBytes(second.weights, first.weights)).toBe(true);
      expect(second.trainLoss).toBe(first.trainLoss);
      expect(sameBytes(other.weights, first.weights)).toBe(false);
      expect([first.samples, first.steps]).toEqual([21, 6]);
      expect(sameBytes(weights, kept)).toBe(true);
    });

    it(`${kind}: split training equals whole training at every cut, bit by bit`, async () => {
      const learner = open();
      for (const model of chainNames.map(specOf)) {
        const start = learner.initialWeights(model, 2);
        const whole = await learner.train({
          model,
          weights: start,
          data: randomData(model),
          shard,
          settings,
        });
        for (let cut = 1; cut < placeBlocks(model).length; cut++) {
          const split = await trainSplit(learner, model, start, cut);
          expect(sameBytes(split.weights, whole.weights)).toBe(true);
          expect(split.losses.slice(3).reduce((a, b) => a + b) / 3).toBeCloseTo(whole.trainLoss, 6);
        }
      }
    });

    it(`${kind}: training lowers the loss`, async () => {
      const learner = open();
      const model = specOf('mlp');
      const data = randomData(model);
      const start = learner.initialWeights(model, 3);
      const before = await learner.evaluate({ model, weights: start, data });
      const longer = { ...settings, epochs: 6, learningRate: 0.02 };
      const { weights } = await learner.train({ model, weights: start, data, shard, settings: longer });
      const after = await learner.evaluate({ model, weights, data });
      expect(after.loss).toBeLessThan(before.loss);
      expect(after.accuracy).toBeGreaterThan(before.accuracy);
      expect(after.samples).toBe(24);
    });

    it(`${kind}: weights that are not finite are a TrainingError`, async () => {
      const learner = open();
      const model = specOf('mlp');
      const data = randomData(model);
      const weights = learner.initialWeights(model, 3);
      weights[5] = Number.NaN;
      await expect(learner.train({ model, weights, data, shard, settings })).rejects.toThrow(TrainingError);
      await expect(learner.evaluate({ model, weights, data })).rejects.toThrow(TrainingError);
    });
  }
});

describe('the tfjs learner', () => {
  it('names its engine', () => {
    expect(wasm.engine).toMatch(
      /^wasm \(tfjs 4\.22\.0, roadbed kernels, SIMD\): compiled steps, models with/,
    );
    expect(wasm.engineFor?.(specOf('lenet5'))).toBe(
      'wasm (tfjs 4.22.0, roadbed kernels, SIMD): compiled steps',
    );
  });

  it('computes the gradient that finite differences of the loss give', async () => {
    const model = specOf('cnn');
    const data = randomData(model, 6);
    const all = Uint32Array.from([0, 1, 2, 3, 4, 5]);
    const weights = wasm.initialWeights(model, 4);
    const plain = { epochs: 1, batchSize: 6, learningRate: 1, momentum: 0, seed: 1 };
    const { weights: stepped } = await wasm.train({ model, weights, data, shard: all, settings: plain });
    const gradient = weights.map((weight, i) => weight - stepped[i]!);
    // Along its own direction the gradient of each tensor must have the slope of the loss, which is its length.
    const sizes = placeBlocks(model)
      .flatMap((block) => block.layers)
      .flatMap((layer) =>
        layer.kernelShape
          ? [layerParameters(layer) - layer.kernelShape.at(-1)!, layer.kernelShape.at(-1)!]
          : [],
      );
    let from = 0;
    for (const size of sizes) {
      const part = gradient.map((g, i) => (i >= from && i < from + size ? g : 0));
      const length = Math.hypot(...part.subarray(from, from + size));
      const lossAt = async (shift: number): Promise<number> => {
        const moved = weights.map((weight, i) => weight + (shift * part[i]!) / length);
        return (await wasm.evaluate({ model, weights: moved, data })).loss;
      };
      const slope = ((await lossAt(0.0005)) - (await lossAt(-0.0005))) / 0.001;
      // A step this short crosses no kink of a rectifier or pool here; what is left is float32 rounding of the loss.
      expect(Math.abs(slope / length - 1)).toBeLessThan(0.001);
      from += size;
    }
    expect(sizes.length).toBe(8);
  });

  it('agrees with the cpu backend over a round of training', async () => {
    const model: ModelSpec = { name: 'cnn', inputShape: [8, 8, 1], classes: 3 };
    const data = randomData(model);
    const request = {
      model,
      weights: wasm.initialWeights(model, 1),
      data,
      shard: shard.subarray(0, 8),
      settings,
    };
    const cpu = await createTfjsLearner('cpu');
    const expected = await cpu.train(request);
    const found = await wasm.train(request);
    expect(found.trainLoss).toBeCloseTo(expected.trainLoss, 5);
    const differences = found.weights.map((weight, i) => Math.abs(weight - expected.weights[i]!));
    expect(differences.reduce((worst, difference) => Math.max(worst, difference))).toBeLessThan(1e-5);
  });

  it('counts as right the samples whose largest logit is the label', async () => {
    const model: ModelSpec = { name: 'softmax-regression', inputShape: [1, 1, 1], classes: 2 };
    const data: Dataset = {
      inputShape: [1, 1, 1],
      classes: 2,
      images: Uint8Array.from([0, 255, 255]),
      labels: Uint8Array.from([0, 1, 0]),
    };
    // Logits are [-x, x] with x = -0.5, 0.5, 0.5.
    const weights = Float32Array.from([-1, 1, 0, 0]);
    const { loss, accuracy, samples } = await wasm.evaluate({ model, weights, data });
    expect({ accuracy, samples }).toEqual({ accuracy: 2 / 3, samples: 3 });
    const right = Math.log(1 + Math.exp(-1));
    expect(loss).toBeCloseTo((2 * right + (right + 1)) / 3, 6);
  });

  it('calls training that diverges a TrainingError, and trains on afterwards', async () => {
    const model = specOf('mlp');
    const data = randomData(model);
    const weights = wasm.initialWeights(model, 1);
    const wild = { ...settings, epochs: 20, learningRate: 1e30 };
    await expect(wasm.train({ model, weights, data, shard, settings: wild })).rejects.toThrow(TrainingError);
    const again = await wasm.train({ model, weights, data, shard, settings });
    expect(Number.isFinite(again.trainLoss)).toBe(true);
  });

  it('calls an empty shard a TrainingError, and refuses labels outside the classes', async () => {
    const model = specOf('mlp');
    const data = randomData(model);
    const weights = wasm.initialWeights(model, 1);
    const empty = { model, weights, data, shard: new Uint32Array(0), settings };
    await expect(wasm.train(empty)).rejects.toThrow('the shard is empty');
    const labels = data.labels.slice();
    labels[5] = 7;
    const broken = { ...data, labels };
    await expect(wasm.train({ model, weights, data: broken, shard, settings })).rejects.toThrow(
      'label 7 of sample 5 (expected 0..6)',
    );
  });

  it('leaves no tensor behind, whether a round succeeds or fails', async () => {
    const model = specOf('lenet5');
    const data = randomData(model);
    const weights = wasm.initialWeights(model, 1);
    const broken = weights.slice().fill(Number.NaN);
    const round = async (): Promise<void> => {
      await wasm.train({ model, weights, data, shard, settings });
      await wasm.evaluate({ model, weights, data });
      await wasm.train({ model, weights: broken, data, shard, settings }).catch(() => undefined);
      await trainSplit(wasm, model, weights, 2);
    };
    await round();
    const before = liveTensors();
    const bytes = tf.memory().numBytes;
    for (let i = 0; i < 3; i++) await round();
    expect(liveTensors()).toBe(before);
    expect(tf.memory().numBytes).toBe(bytes);
  });

  it('refuses smashed data, labels and gradients of a wrong shape, and trains on afterwards', async () => {
    const model = specOf('mlp');
    const { lower, upper } = halvesOf(model, wasm.initialWeights(model, 1), 1);
    const data = randomData(model);
    const above = await wasm.openUpper({ model, cut: 1, upperWeights: upper, settings });
    const below = await wasm.openLower({ model, cut: 1, lowerWeights: lower, data, shard, settings });
    const smashed = new Float32Array(2 * 128);
    expect(() => above.step(smashed, Uint8Array.of(1, 7))).toThrow(
      new TrainingError('label 7 (expected 0..6)'),
    );
    expect(() => above.step(smashed.subarray(1), Uint8Array.of(1, 2))).toThrow(
      '255 input floats (expected 2 x 128)',
    );
    expect(() => above.step(smashed.fill(Number.NaN), Uint8Array.of(1, 2))).toThrow(TrainingError);
    expect(() => below.backward(0, smashed)).toThrow('256 gradient floats (expected 8 x 128)');
    expect(sameBytes(above.weights(), upper)).toBe(true);
    expect(sameBytes(below.weights(), lower)).toBe(true);
    expect(above.step(smashed.fill(0), Uint8Array.of(1, 2)).loss).toBeCloseTo(Math.log(7), 6);
    above.dispose();
    below.dispose();
  });

  it('refuses data of another shape than the model is built for', async () => {
    const model = specOf('mlp');
    const data = randomData({ ...model, inputShape: [28, 14, 2] });
    const weights = wasm.initialWeights(model, 1);
    await expect(wasm.train({ model, weights, data, shard, settings })).rejects.toThrow(
      'data set of 28x14x2 and 7 classes (expected 28x28x1 and 7 classes, for which mlp is built)',
    );
  });

  it('refuses a disposed half', async () => {
    const model = specOf('mlp');
    const { upper } = halvesOf(model, wasm.initialWeights(model, 1), 1);
    const half = await wasm.openUpper({ model, cut: 1, upperWeights: upper, settings });
    half.dispose();
    half.dispose();
    expect(() => half.weights()).toThrow('this split half was disposed');
  });

  it('keeps two open cars apart', async () => {
    const model = specOf('mlp');
    const data = randomData(model);
    const open = (seed: number) => {
      const { lower } = halvesOf(model, wasm.initialWeights(model, seed), 1);
      return wasm.openLower({ model, cut: 1, lowerWeights: lower, data, shard, settings });
    };
    const [first, second] = [await open(1), await open(2)];
    const startOf = (seed: number) => halvesOf(model, wasm.initialWeights(model, seed), 1).lower;
    expect(sameBytes(first.weights(), startOf(1))).toBe(true);
    expect(sameBytes(second.weights(), startOf(2))).toBe(true);
    first.dispose();
    second.dispose();
  });
});
