// Uniform over all samples, without replacement until all are used. Must not: look at labels.

import { Pool } from './pool.ts';
import type { PartitionInput, Shard } from './types.ts';

/** `samples` indices in random order. */
export function iidShard({ labels, samples, rng }: PartitionInput): Shard {
  const all = Uint32Array.from(labels, (_, i) => i);
  const pool = new Pool(all, rng.fork('samples'));
  return Uint32Array.from({ length: samples }, () => pool.draw());
}
