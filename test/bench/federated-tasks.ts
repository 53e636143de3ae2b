// The two federated tasks of the benchmark and what one client does in them.
// Must not: change; numbers of different days are compared.

import type { Learner, ModelSpec, TrainingSettings } from '../../learning/learner.ts';
import { madeUpData } from './tasks.ts';

export interface FederatedTask {
  readonly name: string;
  readonly model: ModelSpec;
  readonly clients: number;
  readonly samplesPerClient: number;
  readonly cohort: number;
  readonly rounds: number;
  readonly batch: number;
  /** Rounds between two evaluations on `evaluationSamples`. */
  readonly evaluateEvery: number;
  readonly evaluationSamples: number;
}

export const federatedTasks: readonly FederatedTask[] = [
  {
    name: 'flute-lr-mnist',
    model: { name: 'softmax-regression', inputShape: [28, 28, 1], classes: 10 },
    clients: 1000,
    samplesPerClient: 60,
    cohort: 10,
    rounds: 100,
    batch: 10,
    evaluateEvery: 20,
    evaluationSamples: 10_000,
  },
  {
    name: 'pfl-cifar10',
    model: { name: 'cnn-pfl', inputShape: [32, 32, 3], classes: 10 },
    clients: 1000,
    samplesPerClient: 50,
    cohort: 50,
    rounds: 4,
    batch: 10,
    evaluateEvery: 10,
    evaluationSamples: 1000,
  },
];

/** Trains some clients from the same weights and returns the SUM of their weights: what a thread hands back. */
export type ClientTrainer = (
  weights: Float32Array,
  clients: readonly number[],
  seed: number,
) => Promise<Float64Array>;

/** Clients one after the other on `learner`. */
export function clientTrainer(learner: Learner, task: FederatedTask): ClientTrainer {
  const { model, clients, samplesPerClient } = task;
  const data = madeUpData(model, clients * samplesPerClient);
  return async (weights, chosen, seed) => {
    const sum = new Float64Array(weights.length);
    const settings: TrainingSettings = {
      epochs: 1,
      batchSize: task.batch,
      learningRate: 0.03,
      momentum: 0,
      seed,
    };
    for (const client of chosen) {
      const from = client * samplesPerClient;
      const shard = Uint32Array.from({ length: samplesPerClient }, (_, i) => from + i);
      const update = await learner.train({ model, weights, data, shard, settings });
      for (let i = 0; i < sum.length; i++) sum[i]! += update.weights[i]!;
    }
    return sum;
  };
}
