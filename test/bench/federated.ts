// `npm run bench -- fl`: whole federated rounds, FedAvg in memory, at the two shapes other simulators publish: FLUTE's
// lr_mnist (1000 clients of 60 samples, 10 a round, batch 10, softmax regression) and pfl-research's CIFAR-10 (1000 users
// of 50 images, cohort 50, batch 10, a CNN of 1.63 million parameters). On one thread, and on one for each of two cores.
// Must not: run in the test suite (it asserts nothing and reads the clock).

import { Rng } from '../../base/rng.ts';
import type { Learner } from '../../learning/learner.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { openFederatedCrew } from './federated-crew.ts';
import { type ClientTrainer, clientTrainer, type FederatedTask, federatedTasks } from './federated-tasks.ts';
import { madeUpData, median, SEED } from './tasks.ts';

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

/** One FedAvg round: the cohort is dealt out to the trainers, the mean of all updates replaces the weights. */
async function round(
  trainers: readonly ClientTrainer[],
  weights: Float32Array,
  chosen: readonly number[],
  seed: number,
): Promise<Float32Array> {
  const share = (at: number): number[] => chosen.filter((_, i) => i % trainers.length === at);
  const sums = await Promise.all(trainers.map((train, at) => train(weights, share(at), seed)));
  return weights.map((_, i) => sums.reduce((total, sum) => total + sum[i]!, 0) / chosen.length);
}

/** `learner` makes the first weights and evaluates; `trainers` train. */
async function measure(
  learner: Learner,
  trainers: readonly ClientTrainer[],
  task: FederatedTask,
  rounds: number,
): Promise<FederatedRow> {
  const { model, clients, cohort } = task;
  const evaluation = madeUpData(model, task.evaluationSamples);
  const stream = Rng.root(SEED).fork('cohorts');
  const everyone = Uint32Array.from({ length: clients }, (_, i) => i);
  const rates: number[] = [];
  let weights = learner.initialWeights(model, SEED);
  const begin = performance.now();
  for (let index = 0; index < rounds; index++) {
    const chosen = [...stream.shuffle(everyone.slice()).subarray(0, cohort)];
    const started = performance.now();
    weights = await round(trainers, weights, chosen, index);
    rates.push((cohort * 1000) / (performance.now() - started));
    if ((index + 1) % task.evaluateEvery === 0) await learner.evaluate({ model, weights, data: evaluation });
  }
  return {
    task: task.name,
    model: model.name,
    threads: trainers.length,
    rounds,
    clientUpdatesPerSecond: Number(median(rates).toFixed(1)),
    wholeSeconds: Number(((performance.now() - begin) / 1000).toFixed(2)),
  };
}

/** Both shapes on one thread and on two, each warmed up with one round. */
export async function benchFederated(
  options: { readonly tasks: readonly string[] },
  progress: (row: FederatedRow) => void,
): Promise<{ rows: FederatedRow[]; versions: Record<string, string>; notes: string[] }> {
  const learner = await createTfjsLearner('wasm');
  const rows: FederatedRow[] = [];
  for (const task of federatedTasks) {
    if (options.tasks.length > 0 && !options.tasks.includes(task.name)) continue;
    const crew = await openFederatedCrew(2, task.name);
    for (const trainers of [[clientTrainer(learner, task)], crew.trainers]) {
      await measure(learner, trainers, task, 1);
      const row = await measure(learner, trainers, task, task.rounds);
      rows.push(row);
      progress(row);
    }
    await crew.close();
  }
  const notes = [
    `seed ${SEED}; made-up pixels; ${learner.engine}`,
    'FedAvg in memory: no network, no virtual time, no selection beyond a uniform cohort; the others are measured so too',
    'with two threads the sum over a cohort is associated otherwise, so its last bits differ from those of one',
    'wholeSeconds leaves out making the data and the first, warming round',
  ];
  return { rows, versions: { node: process.version }, notes };
}
