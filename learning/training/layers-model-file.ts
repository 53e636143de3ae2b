// A tf.LayersModel from its saved description (model.json, or what toJSON gives): the graph of a model that users bring.
// Weights are not read. Must not: be imported by what does not need tfjs.

import * as layers from '@tensorflow/tfjs-layers';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { LayerGraph } from '../cost/graph.ts';
import { graphOfLayersModel } from '../models/layers-model-graph.ts';
import { openEngine } from './engine.ts';

/** Its layer graph. Throws RoadbedError('data') where tfjs cannot build it or it cannot be split. */
export async function layersModelGraph(written: object, file: string): Promise<LayerGraph> {
  // Building a model allocates its weights, which takes a backend.
  await openEngine('auto');
  const topology = 'modelTopology' in written ? written : { modelTopology: written };
  let model: layers.LayersModel;
  try {
    model = await layers.models.modelFromJSON(topology as Parameters<typeof layers.models.modelFromJSON>[0]);
  } catch (error) {
    throw new RoadbedError('data', `${file} is no model that TensorFlow.js can build: ${messageOf(error)}`, {
      cause: error,
    });
  }
  try {
    return graphOfLayersModel(model);
  } finally {
    model.dispose();
  }
}
