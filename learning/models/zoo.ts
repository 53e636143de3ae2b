// Turns the plan of a model into tfjs layers. Everything about shapes is in `blocks.ts`; this file only spells it in
// tfjs, so that any tool for tf.LayersModel (summary, save, convert) works on our models.
// Must not: draw initial weights. They come from outside, from our own random stream; here they start at zero.

import * as layers from '@tensorflow/tfjs-layers';
import type { ModelSpec } from '../learner.ts';
import { type LayerPlan, placeBlocks } from './blocks.ts';

type Layer = layers.layers.Layer;

/** A model and its layers, block by block. */
export interface BuiltModel {
  readonly model: layers.Sequential;
  readonly blocks: readonly (readonly Layer[])[];
}

function buildLayer(plan: LayerPlan, inputShape: number[] | undefined): Layer {
  const first = inputShape === undefined ? {} : { inputShape };
  if (plan.kind === 'flatten') return layers.layers.flatten(first);
  if (plan.kind === 'maxpool') return layers.layers.maxPooling2d({ ...first, poolSize: plan.window });
  const initial = { kernelInitializer: 'zeros', biasInitializer: 'zeros' } as const;
  if (plan.kind === 'dense') {
    return layers.layers.dense({ ...first, ...initial, units: plan.units, activation: plan.activation });
  }
  return layers.layers.conv2d({
    ...first,
    ...initial,
    filters: plan.filters,
    kernelSize: plan.kernel,
    padding: plan.padding,
    activation: 'relu',
  });
}

/** Builds `spec` with all weights zero; the last layer puts out logits. Throws RoadbedError('scenario') if unknown. */
export function buildModel(spec: ModelSpec): BuiltModel {
  const model = layers.sequential();
  let inputShape: number[] | undefined = [...spec.inputShape];
  const blocks = placeBlocks(spec).map((block) =>
    block.layers.map(({ plan }) => {
      const layer = buildLayer(plan, inputShape);
      inputShape = undefined;
      model.add(layer);
      return layer;
    }),
  );
  return { model, blocks };
}
