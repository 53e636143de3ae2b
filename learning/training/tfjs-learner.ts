// The Learner that really trains: tf.LayersModel on the chosen engine, with our own epoch loop. The work of a call is
// synchronous; hosts run learners in worker threads.
// Must not: keep state between calls, except built models (whose weights every call sets) and open split halves.

import * as tf from '@tensorflow/tfjs-core';
import {
  type EvaluateRequest,
  type EvaluateResult,
  type Learner,
  TrainingError,
  type TrainRequest,
  type TrainResult,
} from '../learner.ts';
import { glorotWeights } from '../models/initial-weights.ts';
import { openLowerHalf, openUpperHalf } from '../split/halves.ts';
import { assertData, BatchOrder, gather } from './batches.ts';
import { type Engine, type EnginePreference, openEngine } from './engine.ts';
import { NetworkPool, Part } from './network.ts';

/** Samples in one forward pass of an evaluation: large enough to hide overheads, small enough for the caches. */
const EVALUATION_BATCH = 128;

/** One round of local training: epochs x mini-batches of SGD from the given weights. */
function trainWith(part: Part, request: TrainRequest): TrainResult {
  const order = new BatchOrder(request.shard, request.settings);
  part.setWeights(request.weights);
  let lossSum = 0;
  for (let step = 0; step < order.steps; step++) {
    const { pixels, labels } = gather(request.data, order.at(step));
    const { loss } = part.trainStep(pixels, labels, request.settings, false);
    if (step >= order.steps - order.stepsPerEpoch) lossSum += loss;
  }
  return {
    weights: part.weights(),
    samples: request.shard.length,
    steps: order.steps,
    trainLoss: lossSum / order.stepsPerEpoch,
  };
}

function evaluateWith(part: Part, request: EvaluateRequest): EvaluateResult {
  const samples = request.data.labels.length;
  part.setWeights(request.weights);
  let lossSum = 0;
  let correct = 0;
  for (let from = 0; from < samples; from += EVALUATION_BATCH) {
    const count = Math.min(EVALUATION_BATCH, samples - from);
    const indices = Uint32Array.from({ length: count }, (_, i) => from + i);
    const { pixels, labels } = gather(request.data, indices);
    const scored = part.score(pixels, labels);
    lossSum += scored.lossSum;
    correct += scored.correct;
  }
  if (!Number.isFinite(lossSum)) throw new TrainingError(`the evaluation loss became ${lossSum / samples}`);
  return { loss: lossSum / samples, accuracy: correct / samples, samples };
}

/** A learner on an engine that is already open. */
export function learnerOn(engine: Engine): Learner {
  const pool = new NetworkPool();
  const withPart = async <T>(request: EvaluateRequest, work: (part: Part) => T): Promise<T> => {
    await engine.activate();
    const network = pool.take(request.model);
    const part = new Part(network, 0, network.placed.length);
    try {
      return work(part);
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
      return withPart(request, (part) => trainWith(part, request));
    },
    async evaluate(request) {
      if (request.data.labels.length === 0)
        throw new TrainingError('the test set is empty (expected samples)');
      assertData(request.model, request.data, undefined);
      return withPart(request, (part) => evaluateWith(part, request));
    },
    async openLower(request) {
      await engine.activate();
      return openLowerHalf(engine, pool, request);
    },
    async openUpper(request) {
      await engine.activate();
      return openUpperHalf(engine, pool, request);
    },
  };
}

/** Opens the engine of `preference` and a learner on it. Throws RoadbedError('engine') where none works. */
export async function createTfjsLearner(preference: EnginePreference = 'auto'): Promise<Learner> {
  return learnerOn(await openEngine(preference));
}

/** Number of live tensors of this thread: flat over rounds, or something leaks (tests and `doctor` look). */
export function liveTensors(): number {
  return tf.memory().numTensors;
}
