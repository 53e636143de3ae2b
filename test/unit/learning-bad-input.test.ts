// Layers that no engine can train are refused by name at the first step, not trained wrong. Foreign to our zoo, whose
// layers all train: for whoever registers a tf.LayersModel of their own on the wasm engine.

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import { beforeAll, describe, expect, it } from 'vitest';
import { openEngine } from '../../learning/training/engine.ts';

beforeAll(async () => void (await openEngine('wasm')));

function modelWith(dilationRate: number): layers.Sequential {
  const model = layers.sequential();
  model.add(
    layers.layers.conv2d({ inputShape: [8, 8, 1], filters: 2, kernelSize: 3, padding: 'same', dilationRate }),
  );
  model.add(layers.layers.flatten());
  model.add(layers.layers.dense({ units: 2, activation: 'softmax' }));
  model.compile({ optimizer: 'sgd', loss: 'categoricalCrossentropy' });
  return model;
}

describe('a tf.LayersModel from elsewhere', () => {
  const x = (): tf.Tensor => tf.zeros([2, 8, 8, 1]);
  const y = (): tf.Tensor => tf.oneHot(tf.tensor1d([0, 1], 'int32'), 2);

  it('trains when it has only layers that can be trained', async () => {
    expect(await modelWith(1).trainOnBatch(x(), y())).toBeCloseTo(Math.log(2), 5);
  });

  it('is refused by the name of the op where a convolution is dilated', async () => {
    await expect(modelWith(2).trainOnBatch(x(), y())).rejects.toThrow(
      /gradient of fused conv2D: dilation rates greater than 1 are not yet supported .+ '2,2'/,
    );
  });
});
