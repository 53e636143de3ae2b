// Models as data: parameter counts, costs, cuts, initial weights. No engine is loaded.
// Must not: import tfjs; that these numbers need none is part of what is tested.

import { describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { ModelSpec } from '../../learning/learner.ts';
import { modelNames, placeBlocks } from '../../learning/models/blocks.ts';
import { glorotWeights } from '../../learning/models/initial-weights.ts';

const gtsrb: ModelSpec = { name: 'lenet5', inputShape: [32, 32, 3], classes: 43 };
const mnist = (name: string): ModelSpec => ({ name, inputShape: [28, 28, 1], classes: 10 });

describe('the zoo', () => {
  it('has a lenet5 of exactly 64,811 parameters for 32x32x3 and 43 classes', () => {
    expect(modelCost(gtsrb).parameters).toBe(64_811);
  });

  it('has the textbook sizes for 28x28x1 and 10 classes', () => {
    const names = ['softmax-regression', 'mlp', 'lenet5', 'cnn', 'lenet12', 'cnn-pfl'];
    const sizes = names.map((name) => [name, modelCost(mnist(name)).parameters]);
    expect(modelNames.slice(0, names.length)).toEqual(names);
    expect(Object.fromEntries(sizes)).toEqual({
      'softmax-regression': 7_850,
      mlp: 101_770,
      lenet5: 61_706,
      cnn: 220_234,
      lenet12: 805_034,
      'cnn-pfl': 1_199_882,
    });
  });

  it('refuses an unknown name and says the nearest legal ones', () => {
    expect(() => modelCost(mnist('lenet'))).toThrow(RoadbedError);
    expect(() => modelCost(mnist('lenet'))).toThrow(/unknown model: lenet \(nearest: lenet5, /);
    expect(() => modelCost(mnist('constructor'))).toThrow(/unknown model: constructor/);
  });

  it('refuses images too small for the model', () => {
    const spec: ModelSpec = { name: 'lenet5', inputShape: [8, 8, 1], classes: 10 };
    expect(() => placeBlocks(spec)).toThrow(/images of 8x8x1 are too small for lenet5/);
  });
});

describe('the cost model', () => {
  it('counts lenet5 as worked out by hand', () => {
    // conv1: 28*28 pixels * 2*5*5*3*6 FLOPs, pool 14*14*6 windows of 4; conv2: 10*10 * 2*5*5*6*16, pool 5*5*16 of 4.
    expect(modelCost(gtsrb)).toEqual({
      model: 'lenet5',
      labelsPerSample: 1,
      blocks: [
        {
          name: 'conv1',
          forwardFlops: 710_304,
          backwardFlops: 1_415_904,
          parameters: 456,
          outputFloats: 1_176,
        },
        {
          name: 'conv2',
          forwardFlops: 481_600,
          backwardFlops: 961_600,
          parameters: 2_416,
          outputFloats: 400,
        },
        {
          name: 'dense1',
          forwardFlops: 96_000,
          backwardFlops: 192_000,
          parameters: 48_120,
          outputFloats: 120,
        },
        { name: 'dense2', forwardFlops: 20_160, backwardFlops: 40_320, parameters: 10_164, outputFloats: 84 },
        { name: 'logits', forwardFlops: 7_224, backwardFlops: 14_448, parameters: 3_655, outputFloats: 43 },
      ],
      parameters: 64_811,
      forwardFlops: 1_315_288,
      backwardFlops: 2_624_272,
    });
  });
});

describe('initial weights', () => {
  it('are the same for the same seed and others for another', () => {
    expect(glorotWeights(gtsrb, 1)).toEqual(glorotWeights(gtsrb, 1));
    expect(glorotWeights(gtsrb, 1)).not.toEqual(glorotWeights(gtsrb, 2));
  });

  it('stay inside the Glorot limit, with zero biases', () => {
    const weights = glorotWeights(gtsrb, 1);
    const limit = Math.sqrt(6 / (75 + 150));
    const conv1 = weights.subarray(0, 450);
    expect(Math.max(...conv1.map(Math.abs))).toBeLessThanOrEqual(limit);
    expect(Math.max(...conv1.map(Math.abs))).toBeGreaterThan(0.9 * limit);
    expect(Array.from(weights.subarray(450, 456))).toEqual([0, 0, 0, 0, 0, 0]);
  });
});
