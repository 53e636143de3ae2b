// The weights and momentum of one training, outside the arena. Must not: write to an array of the caller's.

import { assert } from '../../../base/assert.ts';
import { type ModelSpec, TrainingError, type TrainingSettings } from '../../learner.ts';
import { isAdaptive } from '../adam.ts';
import type { Executor, Owner } from './executor.ts';

/** An owner that starts from `weights` (which must not change before its first claim), without momentum yet. Asserts the number of weights. */
export function freshOwner(
  model: ModelSpec,
  weights: Float32Array,
  settings: Pick<TrainingSettings, 'momentum' | 'optimiser'>,
  executor: Executor,
): Owner {
  const expected = executor.plan.parameters;
  assert(weights.length === expected, `${model.name}: ${weights.length} weights (expected ${expected})`);
  const moments = isAdaptive(settings) ? 2 : settings.momentum === 0 ? 0 : 1;
  return { weights, velocities: new Float32Array(moments * expected), steps: 0 };
}

/** The weights of `owner` now, a copy. Throws TrainingError if one of them is not finite. */
export function ownedWeights(executor: Executor, owner: Owner): Float32Array {
  const flat = executor.weightsOf(owner);
  // A sum is finite only if every term is; the search for the culprit is for the message.
  let sum = 0;
  for (let i = 0; i < flat.length; i++) sum += Math.abs(flat[i]!);
  if (Number.isFinite(sum)) return flat;
  const broken = flat.findIndex((weight) => !Number.isFinite(weight));
  throw new TrainingError(`weight ${broken} became ${flat[broken]} (expected a finite number)`);
}
