// Training in spans of epochs, and what is added to gradients: a proximal term and a correction. Compiled and op by op
// are held against each other and against the formula by hand. Must not: assert how fast anything is.

import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Learner, ModelSpec, Optimiser, TrainRequest, TrainResult } from '../../learning/learner.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { halvesOf } from '../support/split-training.ts';

const models: readonly ModelSpec[] = [
  { name: 'softmax-regression', inputShape: [5, 3, 1], classes: 3 },
  { name: 'lenet5', inputShape: [28, 28, 1], classes: 10 },
];
const [linear, lenet] = models as [ModelSpec, ModelSpec];

let compiled: Learner;
let opByOp: Learner;
beforeAll(async () => {
  compiled = await createTfjsLearner('wasm');
  opByOp = await createTfjsLearner('wasm', { reference: true });
});

function requestFor(model: ModelSpec, changes: Partial<TrainRequest['settings']> = {}): TrainRequest {
  const stream = Rng.root(9).fork('images');
  const count = 20;
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  const images = Uint8Array.from({ length: count * floats }, () => stream.integer(256));
  const labels = Uint8Array.from({ length: count }, () => stream.integer(model.classes));
  return {
    model,
    weights: compiled.initialWeights(model, 2),
    data: { inputShape: model.inputShape, classes: model.classes, images, labels },
    shard: Uint32Array.from({ length: count }, (_, i) => i),
    settings: { epochs: 3, batchSize: 8, learningRate: 0.05, momentum: 0.9, seed: 5, ...changes },
  };
}

function correctionFor({ weights }: TrainRequest): Float32Array {
  const stream = Rng.root(4).fork('correction');
  return Float32Array.from(weights, () => 0.02 * stream.normal());
}

const largest = (values: Float32Array): number =>
  values.reduce((most, one) => Math.max(most, Math.abs(one)), 0);

function distance(a: Float32Array, b: Float32Array): number {
  return largest(a.map((value, i) => value - b[i]!));
}

async function inSpans(learner: Learner, request: TrainRequest): Promise<TrainResult> {
  const { epochs } = request.settings;
  const anchor = request.weights;
  let last: TrainResult | undefined;
  for (let epoch = 0; epoch < epochs; epoch++) {
    const span = { from: epoch, to: epoch + 1, carried: last?.carried };
    last = await learner.train({ ...request, anchor, weights: last?.weights ?? anchor, span });
    expect(last.steps).toBe(3);
  }
  return last!;
}

const optimisers: readonly (Optimiser | undefined)[] = [undefined, 'adam'];

describe.each([
  ['compiled', () => compiled],
  ['op by op', () => opByOp],
])('%s training', (_, learner) => {
  it.each(optimisers)('one epoch after the other gives the bytes of all at once (%s)', async (optimiser) => {
    const request = { ...requestFor(lenet, { optimiser, proximal: 0.1 }) };
    const whole = await learner().train(request);
    const parts = await inSpans(learner(), request);
    expect(distance(parts.weights, whole.weights)).toBe(0);
    expect(parts.trainLoss).toBe(whole.trainLoss);
    expect(whole.steps).toBe(9);
    expect(whole.carried).toBeUndefined();
  });

  it('without momentum carries nothing but the number of steps', async () => {
    const request = requestFor(linear, { momentum: 0 });
    const { carried } = await learner().train({ ...request, span: { from: 0, to: 2 } });
    expect(carried).toEqual({ moments: new Float32Array(0), steps: 6 });
  });

  it('refuses a span that is none of its epochs', async () => {
    const request = requestFor(linear);
    await expect(learner().train({ ...request, span: { from: 1, to: 4 } })).rejects.toThrow('epochs 1..4');
    await expect(learner().train({ ...request, span: { from: 2, to: 2 } })).rejects.toThrow('epochs 2..2');
  });

  it('adds the correction to the gradient: one step moves by the rate times it more', async () => {
    const request = requestFor(lenet, { epochs: 1, batchSize: 20, momentum: 0 });
    const correction = correctionFor(request);
    const plain = await learner().train(request);
    const moved = await learner().train({ ...request, correction });
    const expected = plain.weights.map((weight, i) => weight - 0.05 * correction[i]!);
    expect(distance(moved.weights, expected)).toBeLessThan(1e-7);
  });

  it('pulls towards the anchor: one step moves by the rate times mu times the distance more', async () => {
    const request = requestFor(lenet, { epochs: 1, batchSize: 20, momentum: 0 });
    const anchor = request.weights.map((weight) => weight + 0.5);
    const plain = await learner().train(request);
    const settings = { ...request.settings, proximal: 0.4 };
    const pulled = await learner().train({ ...request, settings, anchor });
    const expected = plain.weights.map((weight) => weight + 0.05 * 0.4 * 0.5);
    expect(distance(pulled.weights, expected)).toBeLessThan(1e-7);
  });

  it('with mu 0 and no correction gives the bytes it always gave', async () => {
    const request = requestFor(lenet);
    const settings = { ...request.settings, proximal: 0 };
    const plain = await learner().train(request);
    expect(distance((await learner().train({ ...request, settings })).weights, plain.weights)).toBe(0);
  });

  it('keeps clients nearer to where they started, the more so the larger mu', async () => {
    const request = requestFor(lenet, { epochs: 8 });
    const far: number[] = [];
    for (const proximal of [0, 1, 5]) {
      const settings = { ...request.settings, proximal };
      const { weights } = await learner().train({ ...request, settings });
      far.push(Math.hypot(...weights.map((weight, i) => weight - request.weights[i]!)));
    }
    expect(far[1]).toBeLessThan(far[0]!);
    expect(far[2]).toBeLessThan(far[1]!);
  });
});

describe.each(models)('$name', (model) => {
  it.each(optimisers)('compiled and op by op agree on pulled gradients to 1e-6 (%s)', async (optimiser) => {
    const request = requestFor(model, { optimiser, proximal: 0.3, learningRate: 0.01 });
    const correction = correctionFor(request);
    const a = await compiled.train({ ...request, correction });
    const b = await opByOp.train({ ...request, correction });
    // Adam divides by the size of a gradient: rounding of small ones shows more.
    const bound = optimiser === 'adam' ? 1e-4 : 1e-6;
    expect(distance(a.weights, b.weights)).toBeLessThan(bound * largest(b.weights));
    expect(Math.abs(a.trainLoss - b.trainLoss)).toBeLessThan(1e-5);
  });
});

describe('split halves', () => {
  it.each([
    ['compiled', () => compiled],
    ['op by op', () => opByOp],
  ])('%s: with a proximal term they end where whole training does', async (_, learner) => {
    const request = requestFor(lenet, { proximal: 0.5 });
    const { model, data, shard, settings } = request;
    const cut = 1;
    const { lower, upper } = halvesOf(model, request.weights, cut);
    const low = await learner().openLower({ model, cut, lowerWeights: lower, data, shard, settings });
    const high = await learner().openUpper({ model, cut, upperWeights: upper, settings });
    for (let step = 0; step < low.steps; step++) {
      const { smashed, labels } = low.forward(step);
      low.backward(step, high.step(smashed, labels).gradient);
    }
    const joined = Float32Array.of(...low.weights(), ...high.weights());
    low.dispose();
    high.dispose();
    const whole = await learner().train(request);
    expect(distance(joined, whole.weights)).toBe(0);
  });
});
