// What a model costs, block by block, computed from its plan alone.
// Must not: import tfjs, or know a device's speed. That is the planner's business.
// How operations are counted is said in `flops.ts`.

import type { ModelSpec } from '../learner.ts';
import { labelsPerSample, placeBlocks } from '../models/blocks.ts';
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

/** Two vectors of weights, one behind the other. */
export function joinWeights(first: Float32Array, second: Float32Array): Float32Array {
  const weights = new Float32Array(first.length + second.length);
  weights.set(first);
  weights.set(second, first.length);
  return weights;
}
