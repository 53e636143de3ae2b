// A few classes per vehicle and nothing of the others: the pathological non-IID split that McMahan et al. (AISTATS 2017)
// had in mind with two pieces per client, here exact. Must not: give a class that the set lacks.

import { indicesByClass } from '../dataset.ts';
import { classPools } from './pool.ts';
import type { PartitionInput, Shard } from './types.ts';

/**
 * `samples` indices in random order, of `classesPerVehicle` classes (all where the set has fewer), each as often as the
 * others to within one. Throws RangeError at classesPerVehicle below 1.
 */
export function pathologicalShard(input: PartitionInput, classesPerVehicle: number): Shard {
  const { labels, classes, samples, rng } = input;
  if (!Number.isInteger(classesPerVehicle) || classesPerVehicle < 1)
    throw new RangeError(`invalid classesPerVehicle: ${classesPerVehicle} (expected >= 1)`);
  const byClass = indicesByClass(labels, classes);
  const present = byClass.flatMap((list, label) => (list.length > 0 ? [label] : []));
  const own = rng.fork('classes').shuffle(present).slice(0, classesPerVehicle);
  const pools = classPools(byClass, rng);
  const held = Uint32Array.from({ length: samples }, (_, i) => pools[own[i % own.length]!]!.draw());
  return rng.fork('order').shuffle(held);
}
