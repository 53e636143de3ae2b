// How fast this machine trains, measured layer by layer: the compiled step of a model is run on made-up data for about a
// second. Where the model cannot be trained here (it is in the zoo for its graph only, or from a file) the nearest one
// that can is measured, and each kind of layer scaled by its work.
// Must not: decide anything of a run; virtual runs know declared speeds only.

import { type LayerGraph, layerGraph, totalOf } from '../learning/cost/graph.ts';
import { type LayerTime, scaledTimes } from '../learning/cost/layer-times.ts';
import type { Dataset, ModelSpec } from '../learning/learner.ts';
import { labelsPerSample, modelEntry } from '../learning/models/blocks.ts';
import { measuredLayerTimes } from '../learning/training/compiled/layer-times.ts';
import { processSeconds } from './system.ts';

export interface MeasuredLayers {
  /** Of a mini-batch of `samples`, in the order of the graph. */
  readonly times: readonly LayerTime[];
  readonly samples: number;
  /** Operations per second over the whole step. */
  readonly flopsPerSecond: number;
  /** The model that was trained. */
  readonly trained: string;
  /** Whether another model than the one asked for was trained, and its times scaled. */
  readonly isScaled: boolean;
}

const samples = 8;
/** Steps for a small model and a large one. */
const [mostPasses, leastPasses] = [41, 3];
const enoughSeconds = 1;

function madeUpData(model: ModelSpec): Dataset {
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  return {
    inputShape: model.inputShape,
    classes: model.classes,
    // Token models know `classes` words, so that the values must stay below; speed does not depend on them.
    images: Uint8Array.from({ length: samples * floats }, (_, i) => (i * 7) % Math.min(model.classes, 256)),
    labels: Uint8Array.from({ length: samples * labelsPerSample(model) }, (_, i) => i % model.classes),
  };
}

/** What is trained in place of a model that cannot be. */
function standIn(graph: LayerGraph): string {
  return graph.nodes.some((node) => node.operation === 'mix') ? 'gpt' : 'resnet18';
}

/** Whole seconds of a step by its times. */
function stepSeconds(times: readonly LayerTime[]): number {
  return times.reduce(
    (sum, { forwardSeconds, backwardSeconds }) => sum + forwardSeconds + backwardSeconds,
    0,
  );
}

/** Median times of a second's steps, at least three. */
async function measured(model: ModelSpec): Promise<readonly LayerTime[]> {
  const timed = { data: madeUpData(model), samples, seconds: processSeconds };
  const once = await measuredLayerTimes(model, { ...timed, passes: 1 });
  const passes = Math.floor(enoughSeconds / Math.max(stepSeconds(once), 1e-9));
  return measuredLayerTimes(model, {
    ...timed,
    passes: Math.min(mostPasses, Math.max(leastPasses, passes)),
  });
}

/** The times of `graph`'s layers here; `spec` is its model where that is one of the zoo. */
export async function measuredLayers(
  graph: LayerGraph,
  spec: ModelSpec | undefined,
): Promise<MeasuredLayers> {
  const trains = spec !== undefined && modelEntry(spec.name).trains;
  const name = standIn(graph);
  const model = trains ? spec : { name, ...modelEntry(name).usual };
  const own = await measured(model);
  const trainedGraph = layerGraph(model);
  const flops = totalOf(trainedGraph.nodes, 'forwardFlops') + totalOf(trainedGraph.nodes, 'backwardFlops');
  return {
    times: trains ? own : scaledTimes(trainedGraph, own, graph),
    samples,
    flopsPerSecond: (samples * flops) / stepSeconds(own),
    trained: model.name,
    isScaled: !trains,
  };
}
