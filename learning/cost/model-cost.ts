// What a model costs, block by block, computed from its plan alone; and the flat weight vector taken apart at a cut.
// Must not: import tfjs, or know a device's speed. That is the planner's business.
// How operations are counted is said in `flops.ts`.

import { assert } from '../../base/assert.ts';
import type { ModelSpec } from '../learner.ts';
import { assertCut, labelsPerSample, placeBlocks } from '../models/blocks.ts';
import { sizeOf } from './flops.ts';
import { graphOfBlocks, totalOf } from './graph.ts';
import type { BlockCost, ModelCost } from './types.ts';

function total(blocks: readonly BlockCost[], field: 'forwardFlops' | 'backwardFlops' | 'parameters'): number {
  return blocks.reduce((sum, block) => sum + block[field], 0);
}

/** The cost of every block of `spec`, for one sample. Throws RoadbedError('scenario') for an unknown model. */
export function modelCost(spec: ModelSpec): ModelCost {
  const placed = placeBlocks(spec);
  const { nodes } = graphOfBlocks(spec.name, placed);
  const blocks = placed.map((block, index): BlockCost => {
    const own = nodes.filter((node) => node.block === index);
    return {
      name: block.name,
      forwardFlops: totalOf(own, 'forwardFlops'),
      backwardFlops: totalOf(own, 'backwardFlops'),
      parameters: totalOf(own, 'parameters'),
      outputFloats: sizeOf(block.output),
    };
  });
  return {
    model: spec.name,
    blocks,
    parameters: total(blocks, 'parameters'),
    forwardFlops: total(blocks, 'forwardFlops'),
    backwardFlops: total(blocks, 'backwardFlops'),
    labelsPerSample: labelsPerSample(spec),
  };
}

/** Number of parameters in blocks 0..cut-1, the car's half. `cut` may be 0 (nothing) up to all blocks. */
export function parametersBelow(cost: ModelCost, cut: number): number {
  const legal = Number.isInteger(cut) && cut >= 0 && cut <= cost.blocks.length;
  assert(legal, `invalid cut: ${cut} (expected 0..${cost.blocks.length})`);
  return total(cost.blocks.slice(0, cut), 'parameters');
}

/** Copies of the two halves of a flat weight vector at `cut` (1..blocks-1). */
export function splitWeights(
  spec: ModelSpec,
  weights: Float32Array,
  cut: number,
): { lower: Float32Array; upper: Float32Array } {
  assertCut(placeBlocks(spec), cut);
  const cost = modelCost(spec);
  const expected = cost.parameters;
  assert(weights.length === expected, `${spec.name}: ${weights.length} weights (expected ${expected})`);
  const border = parametersBelow(cost, cut);
  return { lower: weights.slice(0, border), upper: weights.slice(border) };
}

/** The whole flat weight vector from its two halves: the inverse of splitWeights, at any cut. */
export function joinWeights(lower: Float32Array, upper: Float32Array): Float32Array {
  const weights = new Float32Array(lower.length + upper.length);
  weights.set(lower);
  weights.set(upper, lower.length);
  return weights;
}
