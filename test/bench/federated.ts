// `npm run bench -- fl`: whole federated rounds, FedAvg in memory, at the two shapes other simulators publish: FLUTE's
// lr_mnist (1000 clients of 60 samples, 10 a round, batch 10, softmax regression) and pfl-research's CIFAR-10 (1000 users
// of 50 images, cohort 50, batch 10, a CNN of 1.63 million parameters). One thread trains; nothing is sent.
// Must not: run in the test suite (it asserts nothing and reads the clock).

import { Rng } from '../../base/rng.ts';
import type { Learner, ModelSpec, TrainingSettings } from '../../learning/learner.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { madeUpData, median, SEED } from './tasks.ts';

interface FederatedTask {
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

export interface FederatedRow {
  readonly task: string;
  readonly model: string;
  readonly threads: number;
  readonly rounds: number;
  /** Median over the rounds. */
  readonly clientUpdatesPerSecond: number;
  /** All rounds and evaluations. */
  readonly wholeSeconds: number;
}

const shapes: readonly FederatedTask[] = [
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
    rounds: 3,
    batch: 10,
    evaluateEvery: 10,
    evaluationSamples: 1000,
  },
];

/** One FedAvg round: every chosen client trains from the same weights, the mean replaces them. */
async function round(
  learner: Learner,
  task: FederatedTask,
  data: ReturnType<typeof madeUpData>,
  weights: Float32Array,
  chosen: readonly number[],
  settings: TrainingSettings,
): Promise<Float32Array> {
  const sum = new Float64Array(weights.length);
  for (const client of chosen) {
    const from = client * task.samplesPerClient;
    const shard = Uint32Array.from({ length: task.samplesPerClient }, (_, i) => from + i);
    const update = await learner.train({ model: task.model, weights, data, shard, settings });
    for (let i = 0; i < sum.length; i++) sum[i]! += update.weights[i]!;
  }
  return Float32Array.from(sum, (total) => total / chosen.length);
}

async function measure(learner: Learner, task: FederatedTask, rounds: number): Promise<FederatedRow> {
  const { model, clients, samplesPerClient, cohort } = task;
  const data = madeUpData(model, clients * samplesPerClient);
  const evaluation = madeUpData(model, task.evaluationSamples);
  const stream = Rng.root(SEED).fork('cohorts');
  const everyone = Uint32Array.from({ length: clients }, (_, i) => i);
  const rates: number[] = [];
  let weights = learner.initialWeights(model, SEED);
  const begin = performance.now();
  for (let index = 0; index < rounds; index++) {
    const chosen = [...stream.shuffle(everyone.slice()).subarray(0, cohort)];
    const settings = { epochs: 1, batchSize: task.batch, learningRate: 0.03, momentum: 0, seed: index };
    const started = performance.now();
    weights = await round(learner, task, data, weights, chosen, settings);
    rates.push((cohort * 1000) / (performance.now() - started));
    if ((index + 1) % task.evaluateEvery === 0) await learner.evaluate({ model, weights, data: evaluation });
  }
  return {
    task: task.name,
    model: model.name,
    threads: 1,
    rounds,
    clientUpdatesPerSecond: Number(median(rates).toFixed(1)),
    wholeSeconds: Number(((performance.now() - begin) / 1000).toFixed(2)),
  };
}

/** Both shapes, each warmed up with one round. */
export async function benchFederated(
  options: { readonly tasks: readonly string[] },
  progress: (row: FederatedRow) => void,
): Promise<{ rows: FederatedRow[]; versions: Record<string, string>; notes: string[] }> {
  const learner = await createTfjsLearner('wasm');
  const rows: FederatedRow[] = [];
  for (const task of shapes) {
    if (options.tasks.length > 0 && !options.tasks.includes(task.name)) continue;
    await measure(learner, task, 1);
    const row = await measure(learner, task, task.rounds);
    rows.push(row);
    progress(row);
  }
  const notes = [
    `seed ${SEED}; made-up pixels; one thread of ${learner.engine}`,
    'FedAvg in memory: no network, no virtual time, no selection beyond a uniform cohort; the others are measured so too',
    'wholeSeconds leaves out making the data and the first, warming round',
  ];
  return { rows, versions: { node: process.version }, notes };
}
