// What a partitioner is given and what a scenario may ask for. Must not: draw anything.

import type { Rng } from '../../../base/rng.ts';

export type { Shard } from '../../learner.ts';

/** How a vehicle's data relate to the whole set. One file for each kind. */
export type Partition =
  /** Uniform over all samples. */
  | { readonly kind: 'iid' }
  /** The vehicle's label mix is drawn from a Dirichlet distribution; small `alpha` means few labels per vehicle. */
  | { readonly kind: 'dirichlet'; readonly alpha: number }
  /** The set sorted by label is cut into pieces; a vehicle holds so many of them. */
  | { readonly kind: 'shards'; readonly perVehicle: number }
  /** Uniform over all samples, but vehicles hold more or fewer; small `beta` means very unequal. */
  | { readonly kind: 'quantity'; readonly beta: number }
  /** So many classes per vehicle, each as often as the others. */
  | { readonly kind: 'pathological'; readonly classesPerVehicle: number }
  /** Every stretch of road has a label mix of its own, drawn as in `dirichlet`; a vehicle has that of its stretch. */
  | { readonly kind: 'by-place'; readonly alpha: number; readonly segmentMeters: number };

/** Where a vehicle drives, for partitions by place. */
export interface Place {
  readonly road: string;
  /** Metres from the start of the road. */
  readonly offsetMeters: number;
}

/** What a partitioner may know of one vehicle. */
export interface PartitionInput {
  /** One label for each sample of the whole training set. */
  readonly labels: Uint8Array;
  readonly classes: number;
  /** How many samples the vehicle should hold. */
  readonly samples: number;
  /** The vehicle's own stream. */
  readonly rng: Rng;
}
