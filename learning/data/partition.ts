// Which samples each vehicle holds. Every vehicle's shard comes from its own random stream, forked by its id, so that
// adding or removing a vehicle changes no other vehicle's data: runs with different fleets stay comparable.
// Must not: give two vehicles disjoint shards by a common draw; shards of two vehicles may share samples.

import { Rng } from '../../base/rng.ts';
import type { Shard } from '../learner.ts';
import { placeShard } from './partition/by-place.ts';
import { dirichletShard } from './partition/dirichlet.ts';
import { iidShard } from './partition/iid.ts';
import { pathologicalShard } from './partition/pathological.ts';
import { quantityShard } from './partition/quantity.ts';
import { piecesShard } from './partition/shards.ts';
import type { Partition, Place } from './partition/types.ts';

export type { Partition, Place } from './partition/types.ts';

export interface ShardOptions {
  /** One label for each sample of the whole training set (`sampleLabels`). */
  readonly labels: Uint8Array;
  readonly classes: number;
  /** The vehicle's id; the name of its random stream. */
  readonly vehicle: string;
  /** How many samples the vehicle holds; on average where the partition makes amounts unequal. */
  readonly samples: number;
  readonly partition: Partition;
  readonly seed: number;
  /** Where the vehicle drives; needed by `by-place`, unused by others. */
  readonly place?: Place;
}

/**
 * The shard of one vehicle: indices into the training set, in random order. How each kind draws is said in its file.
 *
 * Samples are drawn without replacement within the set or within a class; only when that is used up does it start again,
 * so that a shard never has fewer samples than asked for and the label mix holds.
 *
 * Throws RangeError at samples below 1, an empty set, a parameter out of its range, or a bad label; RoadbedError('data')
 * at a partition by place without a place.
 */
export function shardFor(options: ShardOptions): Shard {
  const { labels, classes, vehicle, samples, partition, seed, place } = options;
  if (!Number.isInteger(samples) || samples < 1)
    throw new RangeError(`invalid samples: ${samples} (expected >= 1)`);
  if (labels.length === 0) throw new RangeError('invalid labels: none (expected at least one)');
  const input = { labels, classes, samples, rng: Rng.root(seed).fork('shard').fork(vehicle) };
  switch (partition.kind) {
    case 'iid':
      return iidShard(input);
    case 'dirichlet':
      return dirichletShard(input, partition.alpha);
    case 'shards':
      return piecesShard(input, partition.perVehicle);
    case 'quantity':
      return quantityShard(input, partition.beta);
    case 'pathological':
      return pathologicalShard(input, partition.classesPerVehicle);
    case 'by-place':
      return placeShard(input, partition, { place, vehicle, seed });
  }
}
