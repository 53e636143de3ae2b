// The Learner that really trains. Op by op: tf.LayersModel on the chosen engine, with our own epoch loop; this is the
// readable reference. On wasm compiled steps stand in front of it, and it takes the models they do not know.
// Must not: keep state between calls, except built models (whose weights every call sets) and open split halves.

import * as tf from '@tensorflow/tfjs-core';
import { sampleCount } from '../data/dataset.ts';
import {
  type EvaluateRequest,
  type EvaluateResult,
  type Learner,
  TrainingError,
  type TrainingSettings,
  type TrainRequest,
  type TrainResult,
} from '../learner.ts';
import { glorotWeights } from '../models/initial-weights.ts';
import { openLowerHalf, openMiddleHalf, openUpperHalf } from '../split/halves.ts';
import { assertData, type Batch, BatchOrder, gather, stepRange } from './batches.ts';
import { Breath } from './breath.ts';
import { compiledLearner } from './compiled/compiled-learner.ts';
import { compiledRefusal } from './compiled/self-test.ts';
import { type Engine, openEngine } from './engine.ts';
import type { EnginePreference } from './engine-names.ts';
import { NetworkPool, Part } from './network.ts';

/** Samples in one forward pass of an evaluation: large enough to hide overheads, small enough for the caches. */
const EVALUATION_BATCH = 128;

/** Gives the event loop a turn where one is due; another backend may have become active meanwhile. */
async function breathe(engine: Engine, breath: Breath, samples: number): Promise<void> {
  if (!breath.due(samples)) return;
  await breath.take();
  await engine.activate();
}

/** One step; the loss before it. Waiting for a late engine, others of this thread may take their turn. */
async function stepOf(
  engine: Engine,
  part: Part,
  { pixels, labels }: Batch,
  settings: TrainingSettings,
): Promise<number> {
  if (!engine.isLate) return part.trainStep(pixels, labels, settings, false).loss;
  const loss = await part.trainStepLater(pixels, labels, settings);
  await engine.activate();
  return loss;
}

/** A half answers at once; an engine whose numbers come back late cannot. Known before a run: see prepare.ts. */
function assertSplits(engine: Engine): void {
  if (engine.isLate)
    throw new TrainingError(`the ${engine.name} engine trains whole models only (expected no split half)`);
}

/** Local training: epochs x mini-batches of SGD from the given weights. */
async function trainWith(engine: Engine, part: Part, request: TrainRequest): Promise<TrainResult> {
  const { settings, span, anchor = request.weights, correction } = request;
  const order = new BatchOrder(request.shard, settings);
  const { first, end } = stepRange(order, request);
  const breath = new Breath(request.model, 'training');
  part.setWeights(request.weights);
  if (span?.carried) part.resume(span.carried);
  if (correction || settings.proximal) part.pull(anchor, correction);
  let lossSum = 0;
  for (let step = first; step < end; step++) {
    const batch = gather(request.data, order.at(step));
    const loss = await stepOf(engine, part, batch, settings);
    if (step >= end - order.stepsPerEpoch) lossSum += loss;
    await breathe(engine, breath, batch.count);
  }
  const result = {
    weights: engine.isLate ? await part.weightsLater() : part.weights(),
    samples: request.shard.length,
    steps: end - first,
    trainLoss: lossSum / order.stepsPerEpoch,
  };
  return span ? { ...result, carried: await part.carried() } : result;
}

async function evaluateWith(engine: Engine, part: Part, request: EvaluateRequest): Promise<EvaluateResult> {
  const samples = sampleCount(request.data);
  const labelCount = request.data.labels.length;
  const breath = new Breath(request.model, 'evaluation');
  part.setWeights(request.weights);
  let lossSum = 0;
  let correct = 0;
  for (let from = 0; from < samples; from += EVALUATION_BATCH) {
    const count = Math.min(EVALUATION_BATCH, samples - from);
    const indices = Uint32Array.from({ length: count }, (_, i) => from + i);
    const { pixels, labels } = gather(request.data, indices);
    const scored = engine.isLate ? await part.scoreLater(pixels, labels) : part.score(pixels, labels);
    lossSum += scored.lossSum;
    correct += scored.correct;
    await breathe(engine, breath, count);
  }
  if (!Number.isFinite(lossSum))
    throw new TrainingError(`the evaluation loss became ${lossSum / labelCount}`);
  return { loss: lossSum / labelCount, accuracy: correct / labelCount, samples };
}

/** The op-by-op learner on an engine that is already open: every layer a tfjs op, every step a tape. */
export function opByOpLearner(engine: Engine): Learner {
  const pool = new NetworkPool();
  const withPart = async <T>(request: EvaluateRequest, work: (part: Part) => Promise<T>): Promise<T> => {
    await engine.activate();
    // Each call has a network of its own until it is done: two that take turns do not meet.
    const network = pool.take(request.model);
    const part = new Part(network, 0, network.built.placed.length);
    try {
      return await work(part);
    } finally {
      part.dispose();
      pool.give(network);
    }
  };
  return {
    engine: engine.description,
    initialWeights: glorotWeights,
    async train(request) {
      assertData(request.model, request.data, request.shard);
      return withPart(request, (part) => trainWith(engine, part, request));
    },
    async evaluate(request) {
      if (request.data.labels.length === 0)
        throw new TrainingError('the test set is empty (expected samples)');
      assertData(request.model, request.data, undefined);
      return withPart(request, (part) => evaluateWith(engine, part, request));
    },
    async openLower(request) {
      assertSplits(engine);
      await engine.activate();
      return openLowerHalf(engine, pool, request);
    },
    async openUpper(request) {
      assertSplits(engine);
      await engine.activate();
      return openUpperHalf(engine, pool, request);
    },
    async openMiddle(request) {
      assertSplits(engine);
      await engine.activate();
      return openMiddleHalf(engine, pool, request);
    },
  };
}

export interface LearnerOptions {
  /** Train op by op even where a compiled step would do: the reference to compare with. */
  readonly reference?: boolean;
}

/** A learner on an engine that is already open: on wasm with compiled steps, if they pass their self-test here. */
export function learnerOn(engine: Engine, { reference = false }: LearnerOptions = {}): Learner {
  const opByOp = opByOpLearner(engine);
  const { kernels } = engine;
  if (kernels === undefined || reference) return opByOp;
  const refusal = compiledRefusal(kernels);
  if (refusal !== undefined) return { ...opByOp, engine: `${engine.description} op by op (${refusal})` };
  return compiledLearner(engine.description, opByOp, kernels);
}

/** Opens the engine of `preference` and a learner on it. Throws RoadbedError('engine') where none works. */
export async function createTfjsLearner(
  preference: EnginePreference = 'auto',
  options: LearnerOptions = {},
): Promise<Learner> {
  return learnerOn(await openEngine(preference), options);
}

/** Number of live tensors of this thread: flat over rounds, or something leaks (tests and `doctor` look). */
export function liveTensors(): number {
  return tf.memory().numTensors;
}
