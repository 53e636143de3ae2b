// What a split of the scenario's model costs at a cut: operations on either side, what crosses, what travels and what the
// car must hold. Must not: know speeds or rates.

import type { BlockCost, ModelCost } from '../../learning/cost/types.ts';
import type { Cut } from '../../learning/learner.ts';
import { cutFacts } from '../../learning/split/cuts.ts';
import type { RoundConfig } from '../round/types.ts';

/** All of one sample, but parameters and memory. */
export interface SplitCost {
  readonly cut: Cut;
  /** Forward and backward. */
  readonly deviceFlops: number;
  readonly serverFlops: number;
  /** Floats of each tensor that crosses to the RSU, and whose gradient comes back. */
  readonly smashedFloats: readonly number[];
  /** The same where the model ends in the car (U-shape): to the car, and the gradient back; else none. */
  readonly answerFloats: readonly number[];
  /** Label bytes that travel. */
  readonly labelBytes: number;
  /** Of the car's part. */
  readonly deviceParameters: number;
  /** What the car holds to train its part. */
  readonly memoryBytes: number;
}

/** Floating-point operations of one training step on one sample. */
export function flopsOf(blocks: readonly BlockCost[]): number {
  return blocks.reduce((sum, block) => sum + block.forwardFlops + block.backwardFlops, 0);
}

const parametersOf = (blocks: readonly BlockCost[]): number =>
  blocks.reduce((sum, block) => sum + block.parameters, 0);

/** Weights, gradients and momentum, and one mini-batch of activations, all float32. */
export function heldBytes(parameters: number, activationFloats: number, batchSize: number): number {
  return parameters * 4 * 3 + activationFloats * batchSize * 4;
}

/** Bytes needed to train these blocks. */
export function trainingBytes(blocks: readonly BlockCost[], batchSize: number): number {
  const activations = blocks.reduce((sum, block) => sum + block.outputFloats, 0);
  return heldBytes(parametersOf(blocks), activations, batchSize);
}

function costAtBlock(cost: ModelCost, cut: number, head: number, batchSize: number): SplitCost {
  const { blocks } = cost;
  const own = [...blocks.slice(0, cut), ...blocks.slice(head)];
  const isUShaped = head < blocks.length;
  return {
    cut,
    deviceFlops: flopsOf(own),
    serverFlops: flopsOf(blocks.slice(cut, head)),
    smashedFloats: [blocks[cut - 1]?.outputFloats ?? 0],
    answerFloats: isUShaped ? [blocks[head - 1]!.outputFloats] : [],
    labelBytes: isUShaped ? 0 : cost.labelsPerSample,
    deviceParameters: parametersOf(own),
    memoryBytes: trainingBytes(own, batchSize),
  };
}

/**
 * The cost of a split at `cut`, a number of blocks or names of layers. Throws RoadbedError('scenario') for names that are
 * no cut of the model.
 */
export function splitCost({ cost, model, scenario }: RoundConfig, cut: Cut): SplitCost {
  const { batchSize } = scenario.training;
  const facts = typeof cut === 'string' && model ? cutFacts(model, cut) : undefined;
  const blocks = facts?.cut ?? cut;
  if (typeof blocks === 'number' || !facts)
    return costAtBlock(cost, Number(blocks), scenario.fallback.head ?? cost.blocks.length, batchSize);
  return {
    cut: blocks,
    deviceFlops: facts.lowerForwardFlops + facts.lowerBackwardFlops,
    serverFlops: facts.upperForwardFlops + facts.upperBackwardFlops,
    smashedFloats: facts.frontier.map(({ floats }) => floats),
    answerFloats: [],
    labelBytes: cost.labelsPerSample,
    deviceParameters: facts.lowerParameters,
    memoryBytes: heldBytes(facts.lowerParameters, facts.lowerActivationFloats, batchSize),
  };
}
