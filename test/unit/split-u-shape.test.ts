// A U-shape: begin and end of a model in the car, the middle at the RSU, labels never leaving the car. Against whole
// training, byte by byte. Must not: know a wire.

import { beforeAll, describe, expect, it } from 'vitest';
import type { Cut, Learner } from '../../learning/learner.ts';
import { cutFacts, lowerWeights, upperWeights } from '../../learning/split/cuts.ts';
import { createToyLearner } from '../../learning/toy-learner.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { differenceOf, smallModel, splitCase, type Trained, trainWhole } from '../support/split-training.ts';

const cases: readonly (readonly [name: string, cut: Cut, head: number])[] = [
  ['lenet5', 1, 4],
  ['lenet12', 2, 11],
  ['cnn', 1, 2],
  ['mobilenet', 3, 9],
  ['mobilenet', 'mobile1/batchnorm3+mobile2/relu1', 8],
  ['text-transformer', 1, 2],
  ['gpt', 'layer1/add1+layer1/gelu1', 5],
];

/** Weights between the cut and the head. */
function middleOf(learner: Learner, name: string, cut: Cut, head: number) {
  const given = splitCase(learner, smallModel(name));
  const above = upperWeights(given.model, cut, given.start);
  const end = upperWeights(given.model, head, given.start);
  return { given, middleWeights: above.subarray(0, above.length - end.length), end };
}

/** Whole training and a U-shape; the weights of both in the order of lower, middle and end. */
async function bothWays(learner: Learner, name: string, cut: Cut, head: number) {
  const { given, middleWeights, end } = middleOf(learner, name, cut, head);
  const { model, data, shard, settings, start } = given;
  const whole = await trainWhole(learner, given);
  const below = lowerWeights(model, cut, start);
  const lower = await learner.openLower({ model, cut, lowerWeights: below, data, shard, settings });
  const middle = await learner.openMiddle({ model, cut, head, middleWeights, settings });
  const upper = await learner.openUpper({ model, cut: head, upperWeights: end, settings });
  const losses: number[] = [];
  for (let step = 0; step < lower.steps; step++) {
    const { smashed, samples, labels } = lower.forward(step);
    const outputs = middle.forward(smashed);
    expect(outputs.length).toBe(samples * cutFacts(model, head).crossingFloats);
    const { loss, gradient } = upper.step(outputs, labels);
    losses.push(loss);
    lower.backward(step, middle.backward(gradient));
  }
  const found: Trained = {
    losses: [0, 1].map((epoch) => (losses[2 * epoch]! + losses[2 * epoch + 1]!) / 2),
    weights: Float32Array.from([...lower.weights(), ...middle.weights(), ...upper.weights()]),
  };
  for (const part of [lower, middle, upper]) part.dispose();
  const parts = [lowerWeights(model, cut, whole.weights), upperWeights(model, cut, whole.weights)];
  return {
    found,
    expected: { losses: whole.losses, weights: Float32Array.from(parts.flatMap((part) => [...part])) },
  };
}

let compiled: Learner;
let reference: Learner;
beforeAll(async () => {
  compiled = await createTfjsLearner('wasm');
  reference = await createTfjsLearner('wasm', { reference: true });
});

describe('a U-shape', () => {
  it.each(cases)(
    'of %s from %s to %d trains as the whole model does, bit by bit',
    async (name, cut, head) => {
      for (const learner of [compiled, createToyLearner()]) {
        const { found, expected } = await bothWays(learner, name, cut, head);
        expect(differenceOf(found, expected)).toBe(0);
      }
    },
  );

  it('trains op by op too', async () => {
    for (const [name, cut, head] of [cases[0]!, cases[5]!]) {
      const { found, expected } = await bothWays(reference, name, cut, head);
      expect(differenceOf(found, expected)).toBeLessThan(1e-5);
    }
  });

  it('whose middle is asked by several cars in turn keeps them apart', async () => {
    const { given, middleWeights } = middleOf(compiled, 'lenet5', 1, 4);
    const { model, settings } = given;
    const open = () => compiled.openMiddle({ model, cut: 1, head: 4, middleWeights, settings });
    const [alone, first, second] = [await open(), await open(), await open()];
    const floats = 3 * cutFacts(model, 1).crossingFloats;
    const of = (value: number): Float32Array => new Float32Array(floats).map((_, i) => value * Math.sin(i));
    const outputs = alone.forward(of(1));
    const gradient = outputs.map((value) => value / 10);
    const expected = alone.backward(gradient);
    expect(first.forward(of(1))).toEqual(outputs);
    // The other's pass takes the place of the first one's in the arena.
    second.backward(second.forward(of(2)));
    expect(first.backward(gradient)).toEqual(expected);
    expect(first.weights()).toEqual(alone.weights());
    expect(first.weights()).not.toEqual(second.weights());
  });

  it('is refused where nothing is left to the RSU, or to the end', async () => {
    const { given } = middleOf(compiled, 'lenet5', 1, 4);
    const { model, settings } = given;
    const openAt = (cut: Cut, head: number) =>
      compiled.openMiddle({ model, cut, head, middleWeights: new Float32Array(0), settings });
    await expect(openAt(2, 2)).rejects.toThrow('nothing of lenet5 lies between the cut 2 and head 2');
    await expect(openAt(1, 5)).rejects.toThrow(
      "head is 5 (expected the number of the block with which the car's end of lenet5 begins, 1..4).",
    );
    await expect(openAt(3, 2)).rejects.toThrow(
      '2 is no cut of lenet5: dense1/dense1 lies behind it and before the cut 3.',
    );
  });

  it('takes a gradient only behind smashed data, and smashed data only of whole samples', async () => {
    const { given, middleWeights } = middleOf(compiled, 'lenet5', 1, 4);
    const { model, settings } = given;
    for (const learner of [compiled, reference]) {
      const middle = await learner.openMiddle({ model, cut: 1, head: 4, middleWeights, settings });
      const floats = cutFacts(model, 1).crossingFloats;
      expect(() => middle.backward(new Float32Array(1))).toThrow('a gradient came before the smashed data');
      expect(() => middle.forward(new Float32Array(floats + 1))).toThrow(
        `${floats + 1} input floats (expected samples x ${floats})`,
      );
      middle.dispose();
    }
  });
});
