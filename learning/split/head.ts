// The end of a model that runs in the car again (U-shaped split learning, Vepakomma et al., arXiv:1812.00564, configuration
// a), so that labels stay there: what it weighs, computes and reads.
// Must not: know devices, rates or a wire format.

import { assert } from '../../base/assert.ts';
import type { ModelCost } from '../cost/types.ts';
import type { CutFacts } from './cuts.ts';

/** FLOPs and floats are of one sample. */
export interface HeadFacts {
  readonly parameters: number;
  readonly forwardFlops: number;
  readonly backwardFlops: number;
  /** What it reads: the outputs of the part in the middle. */
  readonly inputFloats: number;
}

/** The blocks of a model from `head` on (1 to one less than all). */
export function headFacts({ model, blocks }: ModelCost, head: number): HeadFacts {
  const before = blocks[head - 1];
  assert(before && head < blocks.length, `${model} has no end from block ${head} on`);
  const own = blocks.slice(head);
  const sum = (field: 'parameters' | 'forwardFlops' | 'backwardFlops'): number =>
    own.reduce((total, block) => total + block[field], 0);
  return {
    parameters: sum('parameters'),
    forwardFlops: sum('forwardFlops'),
    backwardFlops: sum('backwardFlops'),
    inputFloats: before.outputFloats,
  };
}

/** What crosses in one mini-batch: at the cut, or (outputs and their gradient) before the end of the model. */
export type Crossed = 'smashed' | 'outputs' | 'output-gradient' | 'gradient';

/** Floats of each tensor that crosses for `samples` samples, as both ends of the wire lay them out. */
export function crossingTensors(
  crossed: Crossed,
  { frontier }: CutFacts,
  head: HeadFacts | undefined,
  samples: number,
): number[] {
  const isAtHead = crossed === 'outputs' || crossed === 'output-gradient';
  const floats = isAtHead && head ? [head.inputFloats] : frontier.map((tensor) => tensor.floats);
  return floats.map((count) => count * samples);
}
