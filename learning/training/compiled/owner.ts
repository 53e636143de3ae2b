// The weights and momentum of one training, outside the arena. Must not: write to an array of the caller's.

import { assert } from '../../../base/assert.ts';
import { type Carried, type ModelSpec, TrainingError, type TrainingSettings } from '../../learner.ts';
import { isAdaptive } from '../adam.ts';
import type { Executor, Owner } from './executor.ts';

/** What an owner starts with beside its weights. */
export interface Start {
  readonly settings: Pick<TrainingSettings, 'momentum' | 'optimiser' | 'proximal'>;
  readonly carried?: Carried;
  readonly anchor?: Float32Array; // parameters
  readonly correction?: Float32Array; // parameters
}

/** Whether something is added to the gradients of a training. */
export function isPulled({ settings, correction }: Start): boolean {
  return (settings.proximal ?? 0) > 0 || correction !== undefined;
}

/**
 * An owner that starts from `weights` (which must not change before its first claim), without momentum unless some is
 * carried over. Asserts the number of weights.
 */
export function freshOwner(
  model: ModelSpec,
  weights: Float32Array,
  start: Start,
  executor: Pick<Executor, 'plan'>,
): Owner {
  const expected = executor.plan.parameters;
  const { settings, carried, anchor = weights, correction } = start;
  for (const [what, array] of Object.entries({ weights, anchor, correction }))
    assert(
      array === undefined || array.length === expected,
      `${model.name}: ${array?.length} ${what} (expected ${expected})`,
    );
  const moments = expected * (isAdaptive(settings) ? 2 : settings.momentum === 0 ? 0 : 1);
  const velocities = carried?.moments ?? new Float32Array(moments);
  assert(velocities.length === moments, `${velocities.length} moments carried over (expected ${moments})`);
  const owner = { weights, velocities, steps: carried?.steps ?? 0 };
  return isPulled(start) ? { ...owner, pull: { anchor, correction } } : owner;
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
