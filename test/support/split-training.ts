// Trains a model whole and in parts on the same few samples, step by step, and says how far the two are apart. Tests of cuts
// and the bench that takes every cut of every model use it. Must not: know which cuts are expected to agree to the byte.

import { Rng } from '../../base/rng.ts';
import type {
  Cut,
  Dataset,
  Learner,
  ModelSpec,
  Optimiser,
  Shard,
  TrainingSettings,
} from '../../learning/learner.ts';
import { labelsPerSample } from '../../learning/models/blocks.ts';
import { lowerWeights, upperWeights, wholeWeights } from '../../learning/split/cuts.ts';

const samples = 5;
const classes = 7;

/** Every trainable model that can be cut, as small as its layers allow. */
export const smallModels: readonly ModelSpec[] = (
  [
    ['mlp', [5, 5, 1]],
    ['lenet5', [12, 12, 1]],
    ['cnn', [8, 8, 2]],
    ['lenet12', [9, 9, 1]],
    ['cnn-pfl', [10, 10, 1]],
    ['text-transformer', [1, 6, 1]],
    ['gpt', [1, 6, 1]],
    ['mobilenet', [8, 8, 1]],
    ['resnet18', [4, 4, 1]],
  ] as const
).map(([name, inputShape]) => ({ name, inputShape, classes }));

/** A small model by its name. */
export function smallModel(name: string): ModelSpec {
  const found = smallModels.find((model) => model.name === name);
  if (!found) throw new Error(`no small ${name}`);
  return found;
}

/** What whole and split training start from: two epochs of a mini-batch of 3 and one of 2. */
export interface SplitCase {
  readonly model: ModelSpec;
  readonly data: Dataset;
  readonly shard: Shard;
  readonly settings: TrainingSettings;
  readonly start: Float32Array;
}

/** Random samples for `model`; tokens are below the classes. */
export function splitCase(learner: Learner, model: ModelSpec, optimiser: Optimiser = 'sgd'): SplitCase {
  const stream = Rng.root(3).fork(`split case ${model.name}`);
  const [height, width, channels] = model.inputShape;
  const values = model.name === 'gpt' ? classes : 256;
  const images = Uint8Array.from({ length: samples * height * width * channels }, () =>
    stream.integer(values),
  );
  const labels = Uint8Array.from({ length: samples * labelsPerSample(model) }, () => stream.integer(classes));
  const learningRate = optimiser === 'sgd' ? 0.01 : 0.001;
  return {
    model,
    data: { inputShape: model.inputShape, classes, images, labels },
    shard: Uint32Array.from({ length: samples }, (_, index) => index),
    settings: { epochs: 2, batchSize: 3, learningRate, momentum: 0.9, optimiser, seed: 4 },
    start: learner.initialWeights(model, 1),
  };
}

/** Both parts of a whole weight vector at a cut. */
export function halvesOf(
  model: ModelSpec,
  weights: Float32Array,
  cut: Cut,
): { lower: Float32Array; upper: Float32Array } {
  return { lower: lowerWeights(model, cut, weights), upper: upperWeights(model, cut, weights) };
}

/** What a training came to. */
export interface Trained {
  /** Mean loss of each epoch. */
  readonly losses: readonly number[];
  readonly weights: Float32Array;
}

export async function trainWhole(learner: Learner, { start, ...request }: SplitCase): Promise<Trained> {
  const losses: number[] = [];
  let weights = start;
  let carried: Awaited<ReturnType<Learner['train']>>['carried'];
  for (let epoch = 0; epoch < request.settings.epochs; epoch++) {
    const span = { from: epoch, to: epoch + 1, ...(carried ? { carried } : {}) };
    const result = await learner.train({ ...request, weights, span });
    losses.push(result.trainLoss);
    ({ weights, carried } = result);
  }
  return { losses, weights };
}

function means(losses: readonly number[], epochs: number): readonly number[] {
  const each = losses.length / epochs;
  return Array.from({ length: epochs }, (_, epoch) => {
    const own = losses.slice(epoch * each, (epoch + 1) * each);
    return own.reduce((sum, loss) => sum + loss, 0) / each;
  });
}

/** The same in two halves at `cut`; every crossing is as long as `floats` a sample. */
export async function trainSplit(
  learner: Learner,
  { model, data, shard, settings, start }: SplitCase,
  cut: Cut,
): Promise<Trained & { readonly floats: number }> {
  const below = lowerWeights(model, cut, start);
  const lower = await learner.openLower({ model, cut, lowerWeights: below, data, shard, settings });
  const above = upperWeights(model, cut, start);
  const upper = await learner.openUpper({ model, cut, upperWeights: above, settings });
  const losses: number[] = [];
  const floats = new Set<number>();
  for (let step = 0; step < lower.steps; step++) {
    const { smashed, samples: count, labels } = lower.forward(step);
    const { loss, gradient } = upper.step(smashed, labels);
    losses.push(loss);
    floats.add(smashed.length / count).add(gradient.length / count);
    lower.backward(step, gradient);
  }
  const weights = wholeWeights(model, cut, lower.weights(), upper.weights());
  lower.dispose();
  upper.dispose();
  if (floats.size !== 1) throw new Error(`crossings of ${[...floats].join(' and ')} floats a sample`);
  return { losses: means(losses, settings.epochs), weights, floats: [...floats][0]! };
}

/** Largest difference of a loss or a weight, over 1 or the weight, whichever is more; 0 where all bytes are the same. */
export function differenceOf(found: Trained, expected: Trained): number {
  const between = (a: number, b: number): number => Math.abs(a - b) / Math.max(1, Math.abs(b));
  let worst = 0;
  found.losses.forEach((loss, epoch) => {
    worst = Math.max(worst, between(loss, expected.losses[epoch]!));
  });
  found.weights.forEach((weight, index) => {
    worst = Math.max(worst, between(weight, expected.weights[index]!));
  });
  return worst;
}
