// What a model costs, block by block, computed from its plan alone; and the flat weight vector taken apart at a cut.
// Must not: import tfjs, or know a device's speed. That is the planner's business.
//
// Counting: a multiply and an add are two FLOPs. Convolution 2*k*k*in*out for each output pixel, dense 2*in*out, max
// pooling k*k comparisons for each output element; biases and rectifiers are left out, as in the papers whose formulas
// read these numbers (adaptive split learning, arXiv:2403.05158). Backward is twice forward where there are weights
// (input gradient and weight gradient; papers count the input gradient of the first layer too), once for pooling.

import { assert } from '../../base/assert.ts';
import type { ModelSpec } from '../learner.ts';
import {
  assertCut,
  layerParameters,
  type PlacedBlock,
  type PlacedLayer,
  placeBlocks,
} from '../models/blocks.ts';
import type { BlockCost, ModelCost } from './types.ts';

function size(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Forward FLOPs of one layer for one sample. */
function forwardFlops(layer: PlacedLayer): number {
  const { plan, kernelShape, output } = layer;
  if (plan.kind === 'maxpool') return plan.window * plan.window * size(output);
  if (kernelShape === undefined) return 0;
  return 2 * size(kernelShape) * output[0] * output[1];
}

function blockCost(block: PlacedBlock): BlockCost {
  const cost = { name: block.name, forwardFlops: 0, backwardFlops: 0, parameters: 0 };
  for (const layer of block.layers) {
    const forward = forwardFlops(layer);
    cost.forwardFlops += forward;
    cost.backwardFlops += layer.kernelShape === undefined ? forward : 2 * forward;
    cost.parameters += layerParameters(layer);
  }
  return { ...cost, outputFloats: size(block.output) };
}

function total(blocks: readonly BlockCost[], field: 'forwardFlops' | 'backwardFlops' | 'parameters'): number {
  return blocks.reduce((sum, block) => sum + block[field], 0);
}

/** The cost of every block of `spec`, for one sample. Throws RoadbedError('scenario') for an unknown model. */
export function modelCost(spec: ModelSpec): ModelCost {
  const blocks = placeBlocks(spec).map(blockCost);
  return {
    model: spec.name,
    blocks,
    parameters: total(blocks, 'parameters'),
    forwardFlops: total(blocks, 'forwardFlops'),
    backwardFlops: total(blocks, 'backwardFlops'),
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
