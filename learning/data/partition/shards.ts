// Pieces of the set sorted by label: McMahan et al., "Communication-efficient learning of deep networks from
// decentralized data" (AISTATS 2017), section 3, whose 200 pieces of 300 are handed out two to a client.
// Must not: deal pieces out by a common draw. Each vehicle draws its own, so two vehicles may hold the same piece.

import { indicesByClass } from '../dataset.ts';
import { Pool } from './pool.ts';
import type { PartitionInput, Shard } from './types.ts';

/**
 * `samples` indices in random order, from `perVehicle` pieces of equal size. A vehicle holds a piece twice only where
 * the set has fewer pieces than it should hold. Throws RangeError at perVehicle below 1.
 */
export function piecesShard(input: PartitionInput, perVehicle: number): Shard {
  const { labels, classes, samples, rng } = input;
  if (!Number.isInteger(perVehicle) || perVehicle < 1)
    throw new RangeError(`invalid perVehicle: ${perVehicle} (expected >= 1)`);
  const sorted = indicesByClass(labels, classes).flat();
  const pieceSize = Math.min(Math.ceil(samples / perVehicle), sorted.length);
  const pieces = Math.floor(sorted.length / pieceSize);
  const pool = new Pool(
    Uint32Array.from({ length: pieces }, (_, i) => i),
    rng.fork('pieces'),
  );
  const held: number[] = [];
  while (held.length < samples) {
    const from = pool.draw() * pieceSize;
    held.push(...sorted.slice(from, from + pieceSize));
  }
  return rng.fork('order').shuffle(Uint32Array.from(held.slice(0, samples)));
}
