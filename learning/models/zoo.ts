// Turns the plan of a model into tfjs layers. Everything about shapes is in `blocks.ts` and `place.ts`; this file only
// spells it in tfjs, so that any tool for tf.LayersModel (summary, save, convert) works on our chains.
// Must not: draw initial weights. They come from outside, from our own random stream; here they start at zero.

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { ModelSpec } from '../learner.ts';
import { type PlacedBlock, placeBlocks, trainableModel } from './blocks.ts';
import { mergeLayer } from './layers/merge.ts';
import {
  embed,
  filterChannels,
  gelu,
  normalise,
  projectPositions,
  type SimpleLayer,
  silu,
  simpleLayer,
} from './layers/simple.ts';
import type { PlacedLayer } from './place.ts';
import type { ChainLayerPlan, LayerPlan, MergePlan, WideLayerPlan } from './plan.ts';

type Layer = layers.layers.Layer;

/** A model, its plan and the tfjs layer of each layer of that, those inside branches too. */
export interface BuiltModel {
  readonly model: layers.Sequential;
  readonly placed: readonly PlacedBlock[];
  readonly layerOf: ReadonlyMap<PlacedLayer, Layer>;
}

const initial = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;

type BuiltLayers = Map<PlacedLayer, Layer>;

function isChain(plan: LayerPlan): plan is ChainLayerPlan {
  return ['conv', 'maxpool', 'flatten', 'dense'].includes(plan.kind);
}

function buildChainLayer(plan: ChainLayerPlan, first: { inputShape?: number[] }): Layer {
  switch (plan.kind) {
    case 'flatten':
      return layers.layers.flatten(first);
    case 'maxpool':
      return layers.layers.maxPooling2d({ ...first, poolSize: plan.window });
    case 'dense':
      return layers.layers.dense({ ...first, ...initial, units: plan.units, activation: plan.activation });
    case 'conv':
      return layers.layers.conv2d({
        ...first,
        ...initial,
        filters: plan.filters,
        kernelSize: plan.kernel,
        padding: plan.padding,
        activation: 'relu',
      });
  }
}

const activations = { relu: (x: tf.Tensor) => tf.relu(x), gelu, silu } as const;

/** What the layers that are functions do with their input and weights. */
function functionOf(plan: Exclude<WideLayerPlan, MergePlan>): SimpleLayer['apply'] | undefined {
  switch (plan.kind) {
    case 'batchnorm':
      return (x, [scale, shift]) => normalise(x, [0, 1, 2], scale!, shift!);
    case 'layernorm':
      return (x, [scale, shift]) => normalise(x, [3], scale!, shift!);
    case 'activate':
      return activations[plan.how];
    case 'globalaverage':
      return (x) => tf.mean(x, [1, 2], true);
    case 'depthwise':
      return filterChannels(plan.stride);
    case 'project':
      return projectPositions;
    case 'embedding':
      return embed;
    default:
      return undefined;
  }
}

function buildWideLayer(placed: PlacedLayer, first: { inputShape?: number[] }, built: BuiltLayers): Layer {
  const plan = placed.plan as WideLayerPlan;
  if (plan.kind === 'merge') {
    return mergeLayer(
      plan,
      placed.branches.map((branch) => branch.map((layer) => buildLayer(layer, undefined, built))),
    );
  }
  if (plan.kind === 'linear-conv') {
    const { filters, kernel, stride, padding, bias } = plan;
    const shape = { filters, kernelSize: kernel, strides: stride, padding, useBias: bias };
    return layers.layers.conv2d({ ...first, ...initial, ...shape });
  }
  if (plan.kind === 'pool') {
    const config = { ...first, poolSize: plan.window, strides: plan.stride, padding: 'same' } as const;
    return plan.how === 'max' ? layers.layers.maxPooling2d(config) : layers.layers.averagePooling2d(config);
  }
  return simpleLayer({
    name: plan.kind,
    weights: placed.tensors.map((tensor) => tensor.shape),
    output: placed.output,
    inputShape: first.inputShape,
    apply: functionOf(plan)!,
  });
}

function buildLayer(placed: PlacedLayer, inputShape: number[] | undefined, built: BuiltLayers): Layer {
  const first = inputShape === undefined ? {} : { inputShape };
  const { plan } = placed;
  const layer = isChain(plan) ? buildChainLayer(plan, first) : buildWideLayer(placed, first, built);
  built.set(placed, layer);
  return layer;
}

/**
 * Builds `spec` with all weights zero; the last layer puts out logits. Throws RoadbedError('scenario') if the model is
 * unknown, or is in the zoo for its graph and costs only.
 */
export function buildModel(spec: ModelSpec): BuiltModel {
  trainableModel(spec.name);
  const model = layers.sequential();
  const layerOf: BuiltLayers = new Map();
  const placed = placeBlocks(spec);
  let inputShape: number[] | undefined = [...spec.inputShape];
  for (const layer of placed.flatMap((block) => block.layers)) {
    model.add(buildLayer(layer, inputShape, layerOf));
    inputShape = undefined;
  }
  return { model, placed, layerOf };
}
