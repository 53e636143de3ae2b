// The engines that must be asked for, against the one that is always there: the same training to float precision, the
// same failures, nothing left behind. Each runs where its packages, and for webgpu an adapter, are found; elsewhere it
// is skipped with the reason, under ROADBED_REQUIRE_SYSTEM=1 too: no system is complete only with these.
// Must not: install anything, or demand equal bytes of two engines.

import { beforeAll, describe, expect, it } from 'vitest';
import { messageOf } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import { joinWeights } from '../../learning/cost/model-cost.ts';
import { type Dataset, type Learner, type ModelSpec, TrainingError } from '../../learning/learner.ts';
import { openEngine } from '../../learning/training/engine.ts';
import { measureStep, reference } from '../../learning/training/self-test.ts';
import { learnerOn, liveTensors } from '../../learning/training/tfjs-learner.ts';
import { halvesOf } from '../support/split-training.ts';

const settings = { epochs: 2, batchSize: 5, learningRate: 0.05, momentum: 0.9, seed: 5 };
const shard = Uint32Array.from({ length: 12 }, (_, i) => (i * 5) % 12);

const models: readonly ModelSpec[] = [
  { name: 'softmax-regression', inputShape: [8, 8, 1], classes: 7 },
  { name: 'mlp', inputShape: [8, 8, 1], classes: 7 },
  { name: 'lenet5', inputShape: [28, 28, 1], classes: 7 },
  { name: 'cnn', inputShape: [12, 12, 2], classes: 7 },
];

function randomData(model: ModelSpec): Dataset {
  const stream = Rng.root(9).fork('images');
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  const images = Uint8Array.from({ length: 12 * floats }, () => stream.integer(256));
  const labels = Uint8Array.from({ length: 12 }, () => stream.integer(model.classes));
  return { inputShape: model.inputShape, classes: model.classes, images, labels };
}

/** The largest distance of two weights, over the largest change of one by the training. */
function relativeDistance(a: Float32Array, b: Float32Array, start: Float32Array): number {
  const most = (x: Float32Array, y: Float32Array): number =>
    x.reduce((largest, value, i) => Math.max(largest, Math.abs(value - y[i]!)), 0);
  return most(a, b) / most(b, start);
}

function requestFor(learner: Learner, model: ModelSpec) {
  return { model, weights: learner.initialWeights(model, 1), data: randomData(model), shard, settings };
}

/** Trains cut behind block 1, the gradients handed over as they come. */
async function trainSplit(learner: Learner, model: ModelSpec, start: Float32Array): Promise<Float32Array> {
  const { lower: lowerWeights, upper: upperWeights } = halvesOf(model, start, 1);
  const own = { model, cut: 1, settings };
  const lower = await learner.openLower({ ...own, lowerWeights, data: randomData(model), shard });
  const upper = await learner.openUpper({ ...own, upperWeights });
  for (let step = 0; step < lower.steps; step++) {
    const { smashed, labels } = lower.forward(step);
    lower.backward(step, upper.step(smashed, labels).gradient);
  }
  const weights = joinWeights(lower.weights(), upper.weights());
  lower.dispose();
  upper.dispose();
  return weights;
}

for (const name of ['tensorflow', 'webgpu'] as const) {
  const opened = await openEngine(name).catch((error: unknown) => messageOf(error));
  if (typeof opened === 'string') process.stderr.write(`skipped: ${opened}\n`);

  describe.skipIf(typeof opened === 'string')(`the engine ${name}`, () => {
    let learner: Learner;
    let wasm: Learner;
    beforeAll(async () => {
      wasm = learnerOn(await openEngine('wasm'));
      learner = learnerOn(await openEngine(name));
    });

    it('computes the known step within the tolerance of the self-test', async () => {
      const engine = await openEngine(name);
      const { loss, checksum } = await measureStep(engine.isLate);
      expect(Math.abs(loss / reference.loss - 1)).toBeLessThan(1e-4);
      expect(Math.abs(checksum / reference.checksum - 1)).toBeLessThan(1e-4);
    });

    it('is named with its device in manifests', () => {
      expect(learner.engine).toMatch(
        name === 'webgpu' ? /^webgpu \(tfjs 4\.22\.0, Dawn, adapter: .+/ : /^tensorflow \(tfjs-node 4\./,
      );
    });

    it.each(models)('trains and evaluates $name as wasm does', async (model) => {
      const request = requestFor(wasm, model);
      const expected = await wasm.train(request);
      const found = await learner.train(request);
      expect(found.trainLoss).toBeCloseTo(expected.trainLoss, 4);
      expect(relativeDistance(found.weights, expected.weights, request.weights)).toBeLessThan(1e-3);
      const scored = await learner.evaluate({ ...request, weights: expected.weights });
      expect(scored.loss).toBeCloseTo(
        (await wasm.evaluate({ ...request, weights: expected.weights })).loss,
        4,
      );
    });

    it('trains two halves to the weights of the whole, or says that it cannot', async () => {
      const model = models[2]!;
      const request = requestFor(wasm, model);
      const split = trainSplit(learner, model, request.weights);
      if (name === 'webgpu') return expect(split).rejects.toThrow(TrainingError);
      const whole = await learner.train(request);
      expect(relativeDistance(await split, whole.weights, request.weights)).toBeLessThan(1e-5);
    });

    it('fails cleanly where the loss is no number', async () => {
      const request = requestFor(wasm, models[1]!);
      const wild = { ...request, settings: { ...settings, learningRate: 1e30 } };
      await expect(learner.train(wild)).rejects.toThrow(TrainingError);
    });

    it('leaves no tensor behind, after a failure either', async () => {
      const request = requestFor(wasm, models[2]!);
      await learner.train(request);
      const before = liveTensors();
      await learner.train(request);
      await learner.evaluate(request);
      await learner
        .train({ ...request, settings: { ...settings, learningRate: 1e30 } })
        .catch(() => undefined);
      expect(liveTensors()).toBe(before);
    });
  });
}
