// The layer graph of a tf.LayersModel that users bring: vertices, edges, parameters and operations.

import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { graphOfLayersModel } from '../../learning/models/layers-model-graph.ts';
import { openEngine } from '../../learning/training/engine.ts';
import { layersModelGraph } from '../../learning/training/layers-model-file.ts';
import { isLayersModel } from '../../testbed/cut-file.ts';

const l = layers.layers;

function branching(): layers.LayersModel {
  const input = layers.input({ shape: [32, 32, 3] });
  const apply = (layer: layers.layers.Layer, on: layers.SymbolicTensor | layers.SymbolicTensor[]) =>
    layer.apply(on) as layers.SymbolicTensor;
  const conv = apply(
    l.conv2d({ name: 'conv', filters: 8, kernelSize: 3, padding: 'same', strides: 2 }),
    input,
  );
  const norm = apply(l.batchNormalization({ name: 'norm' }), conv);
  const wise = apply(
    l.depthwiseConv2d({ name: 'wise', kernelSize: 3, padding: 'same', useBias: false }),
    norm,
  );
  const sum = apply(l.add({ name: 'sum' }), [norm, wise]);
  const side = apply(l.concatenate({ name: 'side' }), [sum, norm]);
  const pool = apply(l.maxPooling2d({ name: 'pool', poolSize: 2 }), side);
  const flat = apply(l.flatten(), apply(l.dropout({ rate: 0.5 }), pool));
  return layers.model({ inputs: input, outputs: apply(l.dense({ name: 'dense', units: 10 }), flat) });
}

describe('the graph of a tf.LayersModel', () => {
  beforeAll(async () => {
    await openEngine('auto');
  });

  it('has a vertex for each layer but reshaping ones, with its operations and parameters', () => {
    const { nodes, edges } = graphOfLayersModel(branching());
    const rows = nodes.map((node) => [
      node.operation,
      node.output.join('x'),
      node.parameters,
      node.forwardFlops,
    ]);
    expect(rows).toEqual([
      ['inputlayer', '32x32x3', 0, 0],
      ['conv2d', '16x16x8', 224, 2 * 27 * 8 * 256],
      ['batchnormalization', '16x16x8', 32, 7 * 2048],
      ['depthwiseconv2d', '16x16x8', 72, 2 * 72 * 256],
      ['add', '16x16x8', 0, 2048],
      ['concatenate', '16x16x16', 0, 0],
      ['maxpooling2d', '8x8x16', 0, 4 * 1024],
      ['dense', '1x1x10', 10_250, 2 * 10_240],
    ]);
    expect(edges.map(String)).toEqual(['0,1', '1,2', '2,3', '2,4', '3,4', '2,5', '4,5', '5,6', '6,7']);
  });

  it('is the same from its saved description, whole or topology alone', async () => {
    const model = branching();
    const written = model.toJSON(null, false) as object;
    const { nodes } = graphOfLayersModel(model);
    for (const form of [written, { modelTopology: written }]) {
      expect(isLayersModel(form)).toBe(true);
      expect((await layersModelGraph(form, 'model.json')).nodes).toEqual(nodes);
    }
    expect(isLayersModel({ layers: [] })).toBe(false);
  });

  it('counts a model inside a model as one vertex', () => {
    const inner = layers.sequential();
    inner.add(l.dense({ units: 4, inputShape: [3] }));
    inner.add(l.dense({ units: 2 }));
    const outer = layers.sequential();
    outer.add(inner);
    outer.add(l.dense({ units: 5 }));
    const { nodes } = graphOfLayersModel(outer);
    expect(nodes.at(-1)!.forwardFlops).toBe(2 * 2 * 5);
    expect(nodes.reduce((sum, node) => sum + node.parameters, 0)).toBe(16 + 10 + 15);
  });

  it('refuses two inputs, two outputs, sizes left open, and what is no model', async () => {
    const [a, b] = [layers.input({ shape: [4] }), layers.input({ shape: [4] })];
    const sum = l.add().apply([a, b]) as layers.SymbolicTensor;
    expect(() => graphOfLayersModel(layers.model({ inputs: [a, b], outputs: sum }))).toThrow(
      'a second input',
    );
    const two = layers.model({
      inputs: a,
      outputs: [l.dense({ units: 1 }).apply(a) as layers.SymbolicTensor, a],
    });
    expect(() => graphOfLayersModel(two)).toThrow('2 outputs');
    const open = layers.sequential();
    open.add(l.conv2d({ filters: 1, kernelSize: 1, inputShape: [null, 4, 1] }));
    expect(() => graphOfLayersModel(open)).toThrow('a size for every axis');
    await expect(layersModelGraph({ class_name: 'Nothing', config: {} }, 'x.json')).rejects.toThrow(
      'x.json is no model that TensorFlow.js can build',
    );
  });
});
