// How much memory a step takes, known without taking it: so that a run which cannot fit ends before its first round and
// not inside it. Must not: allocate what it counts.

import { layerGraph, totalOf } from '../cost/graph.ts';
import { modelCost } from '../cost/model-cost.ts';
import type { ModelSpec } from '../learner.ts';
import { labelsPerSample, placeBlocks } from '../models/blocks.ts';
import { whyNotCompiled } from './compiled/compiled-learner.ts';
import { compilePlan } from './compiled/plan.ts';

/** The most a 32-bit WebAssembly memory can hold. */
export const largestStepBytes = 2 ** 32;

/**
 * Bytes of one step of `rows` samples on one thread. Those of the arena where the step is compiled; op by op about as
 * much: every activation and its gradient, the weights, their gradients and momentum.
 */
export function stepBytes(model: ModelSpec, rows: number, trains: boolean): number {
  if (whyNotCompiled(model) === undefined) {
    const perSample = labelsPerSample(model);
    const options = { capacity: rows, trains, wantsInputGradient: false, labelsPerSample: perSample };
    return compilePlan(placeBlocks(model), options).arena.plannedBytes;
  }
  const activations = rows * totalOf(layerGraph(model).nodes, 'activationBytes');
  const weights = modelCost(model).parameters * 4;
  return trains ? 2 * activations + 3 * weights : activations + weights;
}
