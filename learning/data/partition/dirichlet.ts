// A label mix of its own for every vehicle. Must not: draw the mixes of two vehicles together.
//
// Hsu, Qi and Brown 2019, "Measuring the effects of non-identical data distribution for federated visual classification"
// (arXiv 1909.06335), section 3.1: label mix q ~ Dir(alpha p), p the prior over classes. Here p is the share of each
// class in the set times the number of classes, so that a balanced set has concentration `alpha` per class, as other
// frameworks count it. Hsu's alpha is ours times the number of classes.

import { indicesByClass } from '../dataset.ts';
import { drawLabel, labelMix } from './gamma.ts';
import { classPools } from './pool.ts';
import type { PartitionInput, Shard } from './types.ts';

/** `samples` indices whose labels follow a cumulative mix, without replacement within a class until it is used up. */
export function shardOfMix(
  { samples, rng }: Pick<PartitionInput, 'samples' | 'rng'>,
  byClass: readonly (readonly number[])[],
  mix: Float64Array,
): Shard {
  const pools = classPools(byClass, rng);
  const choice = rng.fork('labels');
  return Uint32Array.from({ length: samples }, () => pools[drawLabel(mix, choice)]!.draw());
}

/** `samples` indices, label mix from the vehicle's stream. Throws RangeError at an alpha that is not positive. */
export function dirichletShard(input: PartitionInput, alpha: number): Shard {
  const byClass = indicesByClass(input.labels, input.classes);
  return shardOfMix(input, byClass, labelMix(byClass, alpha, input.rng.fork('mix')));
}
