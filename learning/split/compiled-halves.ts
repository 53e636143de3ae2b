// The two halves of a cut model on compiled steps: the same operators as whole training, each half a range of blocks of
// its own, so that split and whole training agree bit by bit.
// Must not: hold an arena. Open halves of many cars share one; each brings its weights when it works.

import { assert } from '../../base/assert.ts';
import { pickLabels } from '../data/dataset.ts';
import {
  type LowerHalf,
  type LowerHalfRequest,
  type ModelSpec,
  TrainingError,
  type TrainingSettings,
  type UpperHalf,
  type UpperHalfRequest,
} from '../learner.ts';
import { labelsPerSample, placeBlocks } from '../models/blocks.ts';
import { assertData, BatchOrder } from '../training/batches.ts';
import type { Executor } from '../training/compiled/executor.ts';
import type { Executors, Purpose } from '../training/compiled/executors.ts';
import { freshOwner, isPulled, ownedWeights } from '../training/compiled/owner.ts';
import { blocksOfCut } from './cuts.ts';

interface OpenRange {
  /** The range's executor, claimed, with room for `rows` samples. Refuses use after disposal. */
  executor(rows: number): Executor;
  weights(): Float32Array;
  dispose(): void;
}

function openRange(
  executors: Executors,
  request: { model: ModelSpec; from: number; to: number; weights: Float32Array; settings: TrainingSettings },
): OpenRange {
  const { model, from, to, weights, settings } = request;
  const { optimiser } = settings;
  const purpose: Purpose = { model, from, to, trains: true, optimiser, isPulled: isPulled({ settings }) };
  let capacity = settings.batchSize;
  // A half stays open for long: what the caller does with its array meanwhile is not its business.
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

/** Shape of `count` outputs as tfjs has it: one dimension for each sample where they are flat. */
function shapeOf(executor: Executor, count: number, isFlat: boolean): readonly number[] {
  const { shape } = executor.plan.output;
  return isFlat ? [count, shape[2]] : [count, ...shape];
}

/** Opens the blocks below the cut. */
export function openCompiledLower(executors: Executors, request: LowerHalfRequest): LowerHalf {
  const { model, lowerWeights, data, shard, settings } = request;
  assertData(model, data, shard);
  const blocks = placeBlocks(model);
  const cut = blocksOfCut(model, request.cut);
  const order = new BatchOrder(shard, settings);
  const lastKind = blocks[cut - 1]!.layers.at(-1)!.plan.kind;
  const isFlat = lastKind === 'dense' || lastKind === 'flatten';
  const range = openRange(executors, { model, from: 0, to: cut, weights: lowerWeights, settings });
  // Which pass made the activations in the arena, and for which step: backward runs forward again only if they are gone.
  let passed = { step: -1, passes: -1 };
  const forward = (step: number): { executor: Executor; indices: Uint32Array } => {
    const indices = order.at(step);
    const executor = range.executor(indices.length);
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
      const count = indices.length;
      return {
        smashed: executor.outputs(count),
        smashedShape: shapeOf(executor, count, isFlat),
        samples: count,
        labels: pickLabels(data, indices),
      };
    },
    backward(step, gradient) {
      const { executor, indices } = forward(step);
      const shape = shapeOf(executor, indices.length, isFlat);
      const expected = shape.reduce((product, side) => product * side, 1);
      if (gradient.length !== expected)
        throw new TrainingError(`${gradient.length} gradient floats (expected ${shape.join(' x ')})`);
      executor.readGradient(gradient);
      executor.backward(indices.length, settings);
    },
    weights: range.weights,
    dispose: range.dispose,
  };
}

/** Opens the blocks above the cut. */
export function openCompiledUpper(executors: Executors, request: UpperHalfRequest): UpperHalf {
  const { model, upperWeights, settings } = request;
  const blocks = placeBlocks(model);
  const cut = blocksOfCut(model, request.cut);
  const range = openRange(executors, {
    model,
    from: cut,
    to: blocks.length,
    weights: upperWeights,
    settings,
  });
  const positions = labelsPerSample(model);
  return {
    step(smashed, labels) {
      const count = labels.length / positions;
      const executor = range.executor(count);
      executor.readActivations(smashed, labels);
      const loss = executor.train(count, settings);
      return { loss, gradient: executor.inputGradient(count) };
    },
    weights: range.weights,
    dispose: range.dispose,
  };
}
