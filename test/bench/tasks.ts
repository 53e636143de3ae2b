// The tasks of the training benchmark (specs: MLP 784-128-10, LeNet 28x28x1, CNN 32x32x3, a GPT of 4 layers of width 128
// over 64 tokens), on made-up pixels and tokens: speed does not depend on what they show. Must not: change; numbers of different days are compared.

import { Rng } from '../../base/rng.ts';
import type { Dataset, Learner, ModelSpec, Optimiser } from '../../learning/learner.ts';
import { labelsPerSample } from '../../learning/models/blocks.ts';

export const SEED = 1;
export type TaskName = 'mlp' | 'lenet' | 'cnn' | 'gpt';

export interface Task {
  readonly name: TaskName;
  readonly model: ModelSpec;
  /** Samples of one call of `train`: long enough that calls cost nothing, short enough to stop in time. */
  readonly samples: number;
  readonly batches: readonly number[];
  readonly optimiser: Optimiser;
  readonly learningRate: number;
}

const images = { batches: [32, 10], optimiser: 'sgd', learningRate: 0.01 } as const;

export const tasks: readonly Task[] = [
  { name: 'mlp', model: { name: 'mlp', inputShape: [28, 28, 1], classes: 10 }, samples: 3200, ...images },
  { name: 'lenet', model: { name: 'lenet5', inputShape: [28, 28, 1], classes: 10 }, samples: 640, ...images },
  { name: 'cnn', model: { name: 'cnn', inputShape: [32, 32, 3], classes: 10 }, samples: 160, ...images },
  {
    name: 'gpt',
    model: { name: 'gpt', inputShape: [1, 64, 1], classes: 65 },
    samples: 40,
    batches: [8],
    optimiser: 'adam',
    learningRate: 0.001,
  },
];

export function madeUpData(model: ModelSpec, samples: number): Dataset {
  const stream = Rng.root(SEED).fork('bench');
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  const values = model.name === 'gpt' ? model.classes : 256;
  const images = Uint8Array.from({ length: samples * floats }, () => stream.integer(values));
  const labels = Uint8Array.from({ length: samples * labelsPerSample(model) }, () =>
    stream.integer(model.classes),
  );
  return { inputShape: model.inputShape, classes: model.classes, images, labels };
}

/** Something that trains a task for about `seconds` and says how many samples a second it managed. */
export type Runner = (batch: number, seconds: number) => Promise<number>;

/** The task's optimiser on a learner, one epoch after the other. */
export function learnerRunner(learner: Learner, task: Task): Runner {
  const { model, samples, optimiser, learningRate } = task;
  const data = madeUpData(model, samples);
  const weights = learner.initialWeights(model, SEED);
  const shard = Uint32Array.from({ length: samples }, (_, i) => i);
  return async (batch, seconds) => {
    const settings = { epochs: 1, batchSize: batch, learningRate, momentum: 0, seed: SEED, optimiser };
    const begin = performance.now();
    let trained = 0;
    for (;;) {
      await learner.train({ model, weights, data, shard, settings });
      trained += samples;
      const elapsed = (performance.now() - begin) / 1000;
      if (elapsed >= seconds) return trained / elapsed;
    }
  };
}

export function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
