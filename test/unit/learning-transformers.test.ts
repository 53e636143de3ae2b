// Transformers and the optimisers of Adam's family on compiled steps: the numbers of the op-by-op path, finite differences,
// split halves; labels at every position. Must not: assert how fast anything is.

import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Dataset, Learner, ModelSpec, TrainingSettings, TrainRequest } from '../../learning/learner.ts';
import { labelsPerSample, placeBlocks } from '../../learning/models/blocks.ts';
import { layerParameters, leavesOf } from '../../learning/models/place.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { halvesOf } from '../support/split-training.ts';

const gpt: ModelSpec = { name: 'gpt', inputShape: [1, 11, 1], classes: 13 };
const classifier: ModelSpec = { name: 'text-transformer', inputShape: [1, 10, 1], classes: 4 };
const lenet: ModelSpec = { name: 'lenet5', inputShape: [12, 12, 1], classes: 3 };

function randomData(model: ModelSpec, count: number): Dataset {
  const stream = Rng.root(9).fork('tokens');
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  const values = model.name === 'gpt' ? model.classes : 256;
  const images = Uint8Array.from({ length: count * floats }, () => stream.integer(values));
  const labels = Uint8Array.from({ length: count * labelsPerSample(model) }, () =>
    stream.integer(model.classes),
  );
  return { inputShape: model.inputShape, classes: model.classes, images, labels };
}

const sgd: TrainingSettings = { epochs: 1, batchSize: 8, learningRate: 0.05, momentum: 0.9, seed: 5 };
const adam: TrainingSettings = { ...sgd, learningRate: 0.002, momentum: 0, optimiser: 'adam' };
const adamw: TrainingSettings = { ...adam, optimiser: 'adamw', weightDecay: 0.1 };

let compiled: Learner;
let opByOp: Learner;
beforeAll(async () => {
  compiled = await createTfjsLearner('wasm');
  opByOp = await createTfjsLearner('wasm', { reference: true });
});

function requestFor(model: ModelSpec, count: number, settings: TrainingSettings): TrainRequest {
  const weights = compiled.initialWeights(model, 2);
  const shard = Uint32Array.from({ length: count }, (_, i) => i);
  return { model, weights, data: randomData(model, count), shard, settings };
}

/** Largest difference over the largest magnitude of what is expected. */
function relativeError(found: Float32Array, expected: Float32Array): number {
  const scale = expected.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
  const worst = found.reduce((most, value, i) => Math.max(most, Math.abs(value - expected[i]!)), 0);
  return worst / scale;
}

const bytesOf = (x: Float32Array): Buffer => Buffer.from(x.buffer, x.byteOffset, x.byteLength);

describe('a compiled step of a transformer', () => {
  for (const model of [gpt, classifier]) {
    it(`is taken for ${model.name}`, () => {
      expect(compiled.engineFor?.(model)).toMatch(/: compiled steps$/);
    });

    for (const count of [8, 3, 1, 19]) {
      it(`of ${model.name} has the numbers of the op-by-op path: ${count} samples`, async () => {
        const request = requestFor(model, count, sgd);
        const [expected, found] = [await opByOp.train(request), await compiled.train(request)];
        expect(Math.abs(found.trainLoss / expected.trainLoss - 1)).toBeLessThan(1e-6);
        expect(relativeError(found.weights, expected.weights)).toBeLessThan(1e-6);
        const change = (weights: Float32Array) => weights.map((w, i) => w - request.weights[i]!);
        expect(relativeError(change(found.weights), change(expected.weights))).toBeLessThan(1e-5);
      });
    }

    it(`of ${model.name} evaluates as the op-by-op path does, over all labels`, async () => {
      const weights = compiled.initialWeights(model, 3);
      const data = randomData(model, 131);
      const expected = await opByOp.evaluate({ model, weights, data });
      const found = await compiled.evaluate({ model, weights, data });
      expect(found.loss).toBeCloseTo(expected.loss, 6);
      expect([found.accuracy, found.samples]).toEqual([expected.accuracy, 131]);
    });

    it(`of ${model.name} descends along the slope that finite differences find, tensor by tensor`, async () => {
      const request = requestFor(model, 4, { ...sgd, learningRate: 1, momentum: 0 });
      const { weights, data } = request;
      const trained = await compiled.train(request);
      const gradient = weights.map((w, i) => w - trained.weights[i]!);
      const lossAt = async (at: Float32Array): Promise<number> =>
        (await compiled.evaluate({ model, weights: at, data })).loss;
      let from = 0;
      const tensors = placeBlocks(model)
        .flatMap((block) => block.layers)
        .flatMap(leavesOf)
        .filter((leaf) => layerParameters(leaf) > 0);
      for (const leaf of tensors) {
        const to = from + layerParameters(leaf);
        const norm = Math.hypot(...gradient.subarray(from, to));
        // Steep tensors are curved too: embeddings start small in front of a layer norm.
        const step = 0.02 / Math.max(1, 5 * norm);
        const moved = (way: number): Float32Array =>
          weights.map((w, i) => (i >= from && i < to ? w + (way * step * gradient[i]!) / norm : w));
        const slope = ((await lossAt(moved(1))) - (await lossAt(moved(-1)))) / (2 * step);
        expect(Math.abs(slope - norm), leaf.plan.kind).toBeLessThan(0.02 * norm + 2e-5);
        from = to;
      }
      expect(from).toBe(weights.length);
    });
  }

  it('lets no position see what comes behind it', async () => {
    const weights = compiled.initialWeights(gpt, 4);
    const data = randomData(gpt, 1);
    const changed = { ...data, images: data.images.map((token, i) => (i < 6 ? token : (token + 1) % 13)) };
    const cut = placeBlocks(gpt).length - 1;
    const { lower } = halvesOf(gpt, weights, cut);
    const shard = Uint32Array.of(0);
    const outputs = async (of: Dataset): Promise<Float32Array> => {
      const half = await compiled.openLower({
        model: gpt,
        cut,
        lowerWeights: lower,
        data: of,
        shard,
        settings: sgd,
      });
      const { smashed } = half.forward(0);
      half.dispose();
      return smashed;
    };
    const [before, after] = [await outputs(data), await outputs(changed)];
    const seen = 6 * 128;
    expect(bytesOf(after.slice(0, seen)).equals(bytesOf(before.slice(0, seen)))).toBe(true);
    expect(relativeError(after.slice(seen), before.slice(seen))).toBeGreaterThan(0.01);
  });
});

describe('Adam and AdamW', () => {
  for (const settings of [adam, adamw]) {
    it(`${settings.optimiser} takes the same steps compiled and op by op`, async () => {
      const request = requestFor(lenet, 24, settings);
      const [expected, found] = [await opByOp.train(request), await compiled.train(request)];
      expect(Math.abs(found.trainLoss / expected.trainLoss - 1)).toBeLessThan(1e-6);
      expect(relativeError(found.weights, expected.weights)).toBeLessThan(2e-5);
    });

    it(`${settings.optimiser} trains a transformer to the same loss compiled and op by op`, async () => {
      const request = requestFor(gpt, 24, settings);
      const [expected, found] = [await opByOp.train(request), await compiled.train(request)];
      expect(Math.abs(found.trainLoss / expected.trainLoss - 1)).toBeLessThan(1e-6);
    });
  }

  it('takes a first step of the learning rate along the sign of every gradient', async () => {
    const request = requestFor(lenet, 8, adam);
    const trained = await compiled.train(request);
    const plain = await compiled.train({ ...request, settings: { ...sgd, learningRate: 1, momentum: 0 } });
    trained.weights.forEach((w, i) => {
      const gradient = request.weights[i]! - plain.weights[i]!;
      // Below the epsilon of the paper a step is shorter.
      if (Math.abs(gradient) < 1e-5) return;
      expect((w - request.weights[i]!) * -Math.sign(gradient)).toBeCloseTo(0.002, 5);
    });
  });

  it('begins with no moments in every call', async () => {
    const request = requestFor(lenet, 16, adamw);
    const [first, second] = [await compiled.train(request), await compiled.train(request)];
    expect(bytesOf(second.weights).equals(bytesOf(first.weights))).toBe(true);
  });

  it('shrinks weights by the decay where the gradient is zero', async () => {
    const request = requestFor(lenet, 8, adamw);
    const weights = request.weights.map(() => 0);
    // The second bias of three logits starts apart from the others; weights of 0 feed nothing into the first kernel.
    weights[0] = 0.5;
    const trained = await compiled.train({ ...request, weights });
    expect(trained.weights[0]).toBeCloseTo(0.5 * (1 - 0.002 * 0.1), 7);
  });
});

describe('a transformer cut behind any block', () => {
  for (const [name, settings] of [
    ['sgd with momentum', sgd],
    ['adam', adam],
  ] as const) {
    it(`trains to the same bytes as the whole: ${name}`, async () => {
      const request = requestFor(gpt, 19, settings);
      const { model, weights, data, shard } = request;
      const whole = await compiled.train(request);
      for (let cut = 1; cut < placeBlocks(gpt).length; cut++) {
        const { lower, upper } = halvesOf(model, weights, cut);
        const car = await compiled.openLower({ model, cut, lowerWeights: lower, data, shard, settings });
        const rsu = await compiled.openUpper({ model, cut, upperWeights: upper, settings });
        for (let step = 0; step < car.steps; step++) {
          const { smashed, samples, labels } = car.forward(step);
          expect(labels.length).toBe(samples * 11);
          car.backward(step, rsu.step(smashed, labels).gradient);
        }
        const joined = Buffer.concat([bytesOf(car.weights()), bytesOf(rsu.weights())]);
        expect(joined.equals(bytesOf(whole.weights)), `cut ${cut}`).toBe(true);
        car.dispose();
        rsu.dispose();
      }
    });
  }

  it('op by op agrees with the compiled halves', async () => {
    const { model, weights, data, shard, settings } = requestFor(gpt, 6, sgd);
    const { lower, upper } = halvesOf(model, weights, 3);
    const stepOn = async (learner: Learner): Promise<Float32Array> => {
      const car = await learner.openLower({ model, cut: 3, lowerWeights: lower, data, shard, settings });
      const { smashed, labels } = car.forward(0);
      const rsu = await learner.openUpper({ model, cut: 3, upperWeights: upper, settings });
      const { gradient } = rsu.step(smashed, labels);
      car.dispose();
      rsu.dispose();
      return gradient;
    };
    expect(relativeError(await stepOn(compiled), await stepOn(opByOp))).toBeLessThan(1e-5);
  });
});

describe('labels at every position', () => {
  it('are refused where there are too few, with the number that is wanted', async () => {
    const request = requestFor(gpt, 4, sgd);
    const data = { ...request.data, labels: request.data.labels.slice(0, 4) };
    for (const learner of [compiled, opByOp])
      await expect(learner.train({ ...request, data })).rejects.toThrow(
        'data set: 4 labels for 44 bytes of images (expected 11 for each sample of 11 bytes, as gpt wants them)',
      );
  });

  it('beyond the classes are refused by an upper half', async () => {
    const { upper } = halvesOf(gpt, compiled.initialWeights(gpt, 1), 1);
    for (const learner of [compiled, opByOp]) {
      const rsu = await learner.openUpper({ model: gpt, cut: 1, upperWeights: upper, settings: sgd });
      const labels = new Uint8Array(11).fill(12);
      labels[7] = 13;
      expect(() => rsu.step(new Float32Array(11 * 128), labels)).toThrow('label 13 (expected 0..12)');
      rsu.dispose();
    }
  });
});
