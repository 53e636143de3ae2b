// What every engine asks about the parts of a cut model: how many blocks there are, how many samples cross, and
// whether the end of a U-shape lies behind its begin. Must not: know an engine.

import { RoadbedError } from '../../base/errors.ts';
import { type Cut, type ModelSpec, TrainingError } from '../learner.ts';
import { placeBlocks } from '../models/blocks.ts';
import { layersBetween } from './layer-sets.ts';

/** Blocks of a model: as a cut, its end. */
export function blockCount(model: ModelSpec): number {
  return placeBlocks(model).length;
}

/** Samples that smashed data hold. Throws TrainingError where they are no whole number. */
export function samplesIn(smashed: Float32Array, crossingFloats: number): number {
  const samples = smashed.length / crossingFloats;
  if (Number.isInteger(samples) && samples > 0) return samples;
  throw new TrainingError(`${smashed.length} input floats (expected samples x ${crossingFloats})`);
}

/**
 * Throws RoadbedError('scenario') unless `head` leaves at least one block to the car's end, and all layers of the car's
 * begin lie before it, with some between.
 */
export function assertHead(model: ModelSpec, cut: Cut, head: number): void {
  const most = blockCount(model) - 1;
  if (!Number.isInteger(head) || head < 1 || head > most)
    throw new RoadbedError(
      'scenario',
      `head is ${head} (expected the number of the block with which the car's end of ${model.name} begins, 1..${most}).`,
    );
  if (layersBetween(model, cut, head).some((isBetween) => isBetween)) return;
  throw new RoadbedError(
    'scenario',
    `nothing of ${model.name} lies between the cut ${cut} and head ${head}, so the server would have no layer. Take a ` +
      'smaller cut or a larger head.',
  );
}
