// The label mix depends on where a vehicle drives: what a camera sees on one stretch of road it hardly sees on another.
// Every stretch of `segmentMeters` has a mix of its own, drawn from a stream named after it, so vehicles of one stretch
// see alike and each still holds samples of its own. No partitioner of another framework is spatial; this one is ours.
// Must not: know the map. It is told the road and the offset.

import { RoadbedError } from '../../../base/errors.ts';
import { Rng } from '../../../base/rng.ts';
import { indicesByClass } from '../dataset.ts';
import { shardOfMix } from './dirichlet.ts';
import { labelMix, requirePositive } from './gamma.ts';
import type { Partition, PartitionInput, Place, Shard } from './types.ts';

type ByPlace = Extract<Partition, { kind: 'by-place' }>;

/** The name of the stretch that a place lies on, such as `ring 3`: road and number of the segment from its start. */
export function segmentOf(place: Place, segmentMeters: number): string {
  requirePositive('segmentMeters', segmentMeters);
  return `${place.road} ${Math.floor(place.offsetMeters / segmentMeters)}`;
}

/** `samples` indices, label mix from the place. Throws RoadbedError('data') where the vehicle's place is not known. */
export function placeShard(
  input: PartitionInput,
  partition: ByPlace,
  where: { readonly place: Place | undefined; readonly vehicle: string; readonly seed: number },
): Shard {
  if (where.place === undefined) {
    throw new RoadbedError(
      'data',
      `data.partition is by-place, and nobody told where ${where.vehicle} drives (expected a road and an offset when ` +
        'its shard is made). Take another partition for this way of running.',
    );
  }
  const byClass = indicesByClass(input.labels, input.classes);
  const segment = segmentOf(where.place, partition.segmentMeters);
  const mix = labelMix(byClass, partition.alpha, Rng.root(where.seed).fork('place').fork(segment));
  return shardOfMix(input, byClass, mix);
}
