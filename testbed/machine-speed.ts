// How fast this machine trains, measured: a model is trained on made-up data for about a second. Where the model cannot be
// trained here (it is in the zoo for its graph only) the nearest one that can stands for it.
// Must not: decide anything of a run; virtual runs know declared speeds only.

import { layerGraph, totalOf } from '../learning/cost/graph.ts';
import type { Dataset, ModelSpec } from '../learning/learner.ts';
import { labelsPerSample, modelEntry } from '../learning/models/blocks.ts';
import { openLearner } from '../learning/training/open-learner.ts';
import { processSeconds } from './system.ts';

export interface MeasuredSpeed {
  readonly flopsPerSecond: number;
  /** The model that was trained. */
  readonly model: string;
  readonly engine: string;
}

const batchSize = 8;
const leastSeconds = 1;

function madeUpData(model: ModelSpec): Dataset {
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  return {
    inputShape: model.inputShape,
    classes: model.classes,
    // Token models know `classes` words, so that the values must stay below; speed does not depend on them.
    images: Uint8Array.from({ length: batchSize * floats }, (_, i) => (i * 7) % Math.min(model.classes, 256)),
    labels: Uint8Array.from({ length: batchSize * labelsPerSample(model) }, (_, i) => i % model.classes),
  };
}

/** The model itself, or what is trained in its place. */
function standIn(name: string): string {
  if (modelEntry(name).trains) return name;
  return layerGraph({ name, ...modelEntry(name).usual }).nodes.some((node) => node.operation === 'mix')
    ? 'gpt'
    : 'resnet18';
}

/** Operations per second that training of `name` reaches here. */
export async function measuredSpeed(name: string): Promise<MeasuredSpeed> {
  const model: ModelSpec = { name: standIn(name), ...modelEntry(standIn(name)).usual };
  const { learner } = await openLearner();
  const { nodes } = layerGraph(model);
  const flops = batchSize * (totalOf(nodes, 'forwardFlops') + totalOf(nodes, 'backwardFlops'));
  const request = {
    model,
    weights: learner.initialWeights(model, 1),
    data: madeUpData(model),
    shard: Uint32Array.from({ length: batchSize }, (_, i) => i),
    settings: { epochs: 1, batchSize, learningRate: 1e-4, momentum: 0, seed: 1 },
  };
  // The first call also compiles.
  await learner.train(request);
  const start = processSeconds();
  let steps = 0;
  for (; processSeconds() - start < leastSeconds; steps++) await learner.train(request);
  return {
    flopsPerSecond: (steps * flops) / (processSeconds() - start),
    model: model.name,
    engine: learner.engine,
  };
}
