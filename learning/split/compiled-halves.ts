// The parts of a cut model on compiled steps: the same operators as whole training, each part some layers of its own, so
// that split and whole training agree bit by bit where no cut falls inside an operator.
// Must not: hold an arena. Open parts of many cars share one; each brings its weights when it works.

import { assert } from '../../base/assert.ts';
import { pickLabels } from '../data/dataset.ts';
import type {
  Cut,
  LowerHalf,
  LowerHalfRequest,
  MiddleHalf,
  MiddleHalfRequest,
  ModelSpec,
  TrainingSettings,
  UpperHalf,
  UpperHalfRequest,
} from '../learner.ts';
import { labelsPerSample } from '../models/blocks.ts';
import { assertData, BatchOrder } from '../training/batches.ts';
import type { Executor } from '../training/compiled/executor.ts';
import type { Executors, Purpose } from '../training/compiled/executors.ts';
import { freshOwner, isPulled, ownedWeights } from '../training/compiled/owner.ts';
import { cutFacts } from './cuts.ts';
import { assertHead, blockCount, samplesIn } from './parts.ts';

interface OpenPart {
  /** The part's executor, claimed, with room for `rows` samples. Refuses use after disposal. */
  executor(rows: number): Executor;
  weights(): Float32Array;
  dispose(): void;
}

interface PartRequest {
  readonly model: ModelSpec;
  /** As in `Purpose`. */
  readonly from: Cut;
  readonly to: Cut;
  readonly weights: Float32Array;
  readonly settings: TrainingSettings;
}

function openPart(executors: Executors, { model, from, to, weights, settings }: PartRequest): OpenPart {
  const { optimiser } = settings;
  const purpose: Purpose = { model, from, to, trains: true, optimiser, isPulled: isPulled({ settings }) };
  let capacity = settings.batchSize;
  // A part stays open for long: what the caller does with its array meanwhile is not its business.
  const owner = freshOwner(model, weights.slice(), { settings }, executors.take(purpose, capacity));
  let open = true;
  const executor = (rows: number): Executor => {
    assert(open, 'this split half was disposed');
    capacity = Math.max(capacity, rows);
    const taken = executors.take(purpose, capacity);
    taken.claim(owner);
    return taken;
  };
  return {
    executor,
    weights: () => ownedWeights(executor(1), owner),
    dispose() {
      open = false;
      executors.drop(purpose, owner);
    },
  };
}

/** Opens the layers below the cut. */
export function openCompiledLower(executors: Executors, request: LowerHalfRequest): LowerHalf {
  const { model, lowerWeights, data, shard, settings } = request;
  assertData(model, data, shard);
  const { cut } = cutFacts(model, request.cut);
  const order = new BatchOrder(shard, settings);
  const part = openPart(executors, { model, from: 0, to: cut, weights: lowerWeights, settings });
  // Which pass made the activations in the arena, and for which step: backward runs forward again only if they are gone.
  let passed = { step: -1, passes: -1 };
  const forward = (step: number): { executor: Executor; indices: Uint32Array } => {
    const indices = order.at(step);
    const executor = part.executor(indices.length);
    if (passed.step === step && passed.passes === executor.passes) return { executor, indices };
    executor.readSamples(data, indices);
    executor.forward(indices.length);
    passed = { step, passes: executor.passes };
    return { executor, indices };
  };
  return {
    steps: order.steps,
    forward(step) {
      const { executor, indices } = forward(step);
      const samples = indices.length;
      return {
        smashed: executor.outputs(samples),
        samples,
        labels: pickLabels(data, indices),
      };
    },
    backward(step, gradient) {
      const { executor, indices } = forward(step);
      executor.readGradient(gradient, indices.length);
      executor.backward(indices.length, settings);
    },
    weights: part.weights,
    dispose: part.dispose,
  };
}

/** Opens the layers above the cut. */
export function openCompiledUpper(executors: Executors, request: UpperHalfRequest): UpperHalf {
  const { model, upperWeights, settings } = request;
  const { cut } = cutFacts(model, request.cut);
  const part = openPart(executors, {
    model,
    from: cut,
    to: blockCount(model),
    weights: upperWeights,
    settings,
  });
  const positions = labelsPerSample(model);
  return {
    step(smashed, labels) {
      const samples = labels.length / positions;
      const executor = part.executor(samples);
      executor.readActivations(smashed, samples);
      executor.readLabels(labels);
      const loss = executor.train(samples, settings);
      return { loss, gradient: executor.inputGradient(samples) };
    },
    weights: part.weights,
    dispose: part.dispose,
  };
}

/** Opens the layers between the cut and the head. */
export function openCompiledMiddle(executors: Executors, request: MiddleHalfRequest): MiddleHalf {
  const { model, head, middleWeights, settings } = request;
  const { cut, crossingFloats } = cutFacts(model, request.cut);
  assertHead(model, cut, head);
  const part = openPart(executors, { model, from: cut, to: head, weights: middleWeights, settings });
  /** Smashed data that are forward and not yet backward: the car asks for one step at a time. */
  let pending: { smashed: Float32Array; samples: number; passes: number } | undefined;
  return {
    forward(smashed) {
      const samples = samplesIn(smashed, crossingFloats);
      const executor = part.executor(samples);
      executor.readActivations(smashed, samples);
      executor.forward(samples);
      pending = { smashed: smashed.slice(), samples, passes: executor.passes };
      return executor.outputs(samples);
    },
    backward(gradient) {
      assert(pending, 'a gradient came before the smashed data it belongs to');
      const { smashed, samples, passes } = pending;
      const executor = part.executor(samples);
      if (executor.passes !== passes) {
        executor.readActivations(smashed, samples);
        executor.forward(samples);
      }
      executor.readGradient(gradient, samples);
      executor.backward(samples, settings);
      pending = undefined;
      return executor.inputGradient(samples);
    },
    weights: part.weights,
    dispose: part.dispose,
  };
}
