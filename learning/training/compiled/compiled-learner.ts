// The Learner on compiled steps. What a model has that the compiler does not know goes to the learner beneath, which
// runs op by op; `opByOp` names those models, so a manifest can say so.
// Must not: keep state between calls, except arenas (whose weights every call sets) and open split halves.

import { sampleCount } from '../../data/dataset.ts';
import {
  type Carried,
  type EvaluateRequest,
  type EvaluateResult,
  type Learner,
  type ModelSpec,
  TrainingError,
  type TrainRequest,
  type TrainResult,
} from '../../learner.ts';
import { placeBlocks } from '../../models/blocks.ts';
import { openCompiledLower, openCompiledMiddle, openCompiledUpper } from '../../split/compiled-halves.ts';
import { assertData, BatchOrder, stepRange } from '../batches.ts';
import { Breath } from '../breath.ts';
import type { KernelBuild } from '../kernels/module.ts';
import type { Executor, Owner } from './executor.ts';
import { Executors } from './executors.ts';
import { refusalOf } from './graph.ts';
import { freshOwner, isPulled, ownedWeights } from './owner.ts';

/** Samples in one forward pass of an evaluation: large enough to hide overheads, small enough for the caches. */
const EVALUATION_BATCH = 128;

/** Why a model is not compiled, or undefined if it is. */
export function whyNotCompiled(model: ModelSpec): string | undefined {
  return refusalOf(placeBlocks(model));
}

/** Local training: epochs x mini-batches of SGD from the given weights. */
async function train(executors: Executors, request: TrainRequest): Promise<TrainResult> {
  const { model, data, shard, settings, span } = request;
  assertData(model, data, shard);
  const order = new BatchOrder(shard, settings);
  const { first, end } = stepRange(order, request);
  const { optimiser } = settings;
  const whole = { model, from: 0, to: placeBlocks(model).length, trains: true };
  const purpose = { ...whole, optimiser, isPulled: isPulled(request) };
  const rows = Math.min(settings.batchSize, shard.length);
  const start = { ...request, carried: span?.carried };
  const owner = freshOwner(model, request.weights, start, executors.take(purpose, rows));
  try {
    const trainLoss = await trainOwner(() => executors.claim(purpose, rows, owner), request, order);
    const executor = executors.take(purpose, rows);
    const weights = ownedWeights(executor, owner);
    const result = { weights, samples: shard.length, steps: end - first, trainLoss };
    return span ? { ...result, carried: carriedBy(executor, owner) } : result;
  } finally {
    executors.drop(purpose, owner);
  }
}

function carriedBy(executor: Executor, owner: Owner): Carried {
  executor.release(owner);
  return { moments: owner.velocities, steps: owner.steps };
}

/** The epoch loop: mean loss of the last epoch. `claim` is called again after every turn given to others. */
async function trainOwner(claim: () => Executor, request: TrainRequest, order: BatchOrder): Promise<number> {
  const { model, data, settings } = request;
  const { first, end } = stepRange(order, request);
  const breath = new Breath(model, 'training');
  let executor = claim();
  let lossSum = 0;
  for (let step = first; step < end; step++) {
    const indices = order.at(step);
    executor.readSamples(data, indices);
    const loss = executor.train(indices.length, settings);
    if (step >= end - order.stepsPerEpoch) lossSum += loss;
    if (!breath.due(indices.length)) continue;
    await breath.take();
    executor = claim();
  }
  return lossSum / order.stepsPerEpoch;
}

async function evaluate(executors: Executors, request: EvaluateRequest): Promise<EvaluateResult> {
  const { model, data, weights } = request;
  const samples = sampleCount(data);
  if (samples === 0) throw new TrainingError('the test set is empty (expected samples)');
  assertData(model, data, undefined);
  const labels = data.labels.length;
  const purpose = { model, from: 0, to: placeBlocks(model).length, trains: false };
  const rows = Math.min(EVALUATION_BATCH, samples);
  const owner = freshOwner(model, weights, { settings: { momentum: 0 } }, executors.take(purpose, rows));
  const breath = new Breath(model, 'evaluation');
  let lossSum = 0;
  let correct = 0;
  for (let from = 0; from < samples; from += rows) {
    const count = Math.min(rows, samples - from);
    const executor = executors.claim(purpose, rows, owner);
    executor.readSamples(
      data,
      Uint32Array.from({ length: count }, (_, i) => from + i),
    );
    executor.forward(count);
    lossSum += executor.lossSum(count);
    correct += executor.correct(count);
    if (breath.due(count)) await breath.take();
  }
  executors.drop(purpose, owner);
  if (!Number.isFinite(lossSum)) throw new TrainingError(`the evaluation loss became ${lossSum / labels}`);
  return { loss: lossSum / labels, accuracy: correct / labels, samples };
}

/** A learner that compiles what it can and hands the rest to `beneath`. */
export function compiledLearner(engine: string, beneath: Learner, kernels: KernelBuild): Learner {
  const executors = new Executors(kernels);
  const compiles = (model: ModelSpec): boolean => whyNotCompiled(model) === undefined;
  return {
    engine: `${engine}: compiled steps, models with layers it does not know op by op`,
    engineFor: (model) => {
      const refusal = whyNotCompiled(model);
      return refusal === undefined ? `${engine}: compiled steps` : `${engine}: op by op (${refusal})`;
    },
    initialWeights: beneath.initialWeights,
    train: async (request) => (compiles(request.model) ? train(executors, request) : beneath.train(request)),
    evaluate: async (request) =>
      compiles(request.model) ? evaluate(executors, request) : beneath.evaluate(request),
    openLower: async (request) =>
      compiles(request.model) ? openCompiledLower(executors, request) : beneath.openLower(request),
    openUpper: async (request) =>
      compiles(request.model) ? openCompiledUpper(executors, request) : beneath.openUpper(request),
    openMiddle: async (request) =>
      compiles(request.model) ? openCompiledMiddle(executors, request) : beneath.openMiddle(request),
  };
}
