// Split training at every closed cut of every trainable model against training it whole: equal to the byte where no cut
// falls inside an operator. Of ResNet-18, whose 96 cuts take half a minute, those of the stem, of a stage with a plain
// shortcut and of one with a convolution in it; `npm run bench -- halves` takes them all.
// Must not: compare with anything but the same learner's whole training.

import { beforeAll, describe, expect, it } from 'vitest';
import type { Cut, Learner, LowerHalf } from '../../learning/learner.ts';
import { openCompiledLower } from '../../learning/split/compiled-halves.ts';
import { closedCuts, cutFacts, lowerWeights } from '../../learning/split/cuts.ts';
import { createToyLearner } from '../../learning/toy-learner.ts';
import { Executors } from '../../learning/training/compiled/executors.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import {
  differenceOf,
  smallModel,
  smallModels,
  splitCase,
  trainSplit,
  trainWhole,
} from '../support/split-training.ts';

const seconds = 1000;

/**
 * Where the halves need not do the same arithmetic. A convolution whose pool runs elsewhere sums its gradient in another
 * order than the operator of both; and of three readers' gradients the server sums two before the car adds the third, where
 * only queries or only keys are made in the car.
 */
const otherOrder: Readonly<Record<string, RegExp>> = {
  lenet5: /^conv\d\/conv1$/,
  cnn: /^conv\d\/conv1$/,
  'cnn-pfl': /^conv2\/conv1$/,
  'text-transformer': /layernorm1\+layer\d\/dense[12]$/,
  gpt: /layernorm1\+layer\d\/dense[12]$/,
};

const isFew: Readonly<Record<string, RegExp>> = {
  resnet18: /^(1|stem\/\w+|stage1\.1\/\w+|stem\/relu1\+stage1\.1\/\w+|stage2\.1\/\w+(\+stage2\.1\/\w+)?)$/,
};

function cutsOf(name: string): readonly Cut[] {
  return closedCuts(smallModel(name)).filter((cut) => isFew[name]?.test(String(cut)) ?? true);
}

/** Cuts at which the halves come to other bytes, and the largest difference of all. */
async function differences(learner: Learner, name: string, cuts: readonly Cut[], optimiser: 'sgd' | 'adamw') {
  const given = splitCase(learner, smallModel(name), optimiser);
  const whole = await trainWhole(learner, given);
  const others: Cut[] = [];
  let worst = 0;
  for (const cut of cuts) {
    const split = await trainSplit(learner, given, cut);
    expect(split.floats).toBe(cutFacts(given.model, cut).crossingFloats);
    const difference = differenceOf(split, whole);
    if (difference > 0) others.push(cut);
    worst = Math.max(worst, difference);
  }
  return { others, worst };
}

let compiled: Learner;
let reference: Learner;
beforeAll(async () => {
  compiled = await createTfjsLearner('wasm');
  reference = await createTfjsLearner('wasm', { reference: true });
});

describe('training in halves on compiled steps', () => {
  it.each(smallModels.map(({ name }) => [name, cutsOf(name).length] as const))(
    'comes to what training %s whole does, at each of %d closed cuts',
    async (name) => {
      const cuts = cutsOf(name);
      const { others, worst } = await differences(compiled, name, cuts, 'sgd');
      expect(others).toEqual(cuts.filter((cut) => otherOrder[name]?.test(String(cut))));
      expect(worst).toBeLessThan(1e-5);
    },
    120 * seconds,
  );

  it.each(['lenet5', 'mobilenet', 'text-transformer'])(
    'keeps the moments of Adam in each half of %s',
    async (name) => {
      // Adam divides a gradient by its own size: one that is zero but for rounding moves a weight by a whole step.
      const cuts = cutsOf(name).filter((cut) => !otherOrder[name]?.test(String(cut)));
      const few = cuts.filter((_, index) => index % 3 === 0);
      expect((await differences(compiled, name, few, 'adamw')).others).toEqual([]);
    },
    60 * seconds,
  );
});

describe('training in halves op by op', () => {
  it.each([
    ['lenet5', 1],
    ['cnn-pfl', 1],
    ['text-transformer', 2],
    ['mobilenet', 8],
  ] as const)(
    'comes to what training %s whole does',
    async (name, every) => {
      const cuts = cutsOf(name).filter((_, index) => index % every === 0);
      expect((await differences(reference, name, cuts, 'sgd')).worst).toBeLessThan(1e-5);
    },
    60 * seconds,
  );
});

describe('the toy learner', () => {
  it.each(['lenet12', 'text-transformer'])('is exact at every closed cut of %s', async (name) => {
    const { others } = await differences(createToyLearner(), name, closedCuts(smallModel(name)), 'sgd');
    expect(others).toEqual([]);
  });
});

describe('cars that are split at one cut', () => {
  it('share one arena, however many tensors cross, and do not disturb each other', () => {
    const { model, data, shard, settings, start } = splitCase(compiled, smallModel('text-transformer'));
    const cut = 'embedding/embedding1+layer1/dense3+layer1/scores1';
    const executors = new Executors();
    const open = (factor: number) => {
      const weights = lowerWeights(model, cut, start).map((weight) => weight * factor);
      return openCompiledLower(executors, { model, cut, lowerWeights: weights, data, shard, settings });
    };
    const work = (car: LowerHalf, step: number): void => {
      car.backward(
        step,
        car.forward(step).smashed.map((value) => value / 8),
      );
    };
    const [alone, first, second] = [open(1), open(1), open(0.5)];
    work(alone, 0);
    const bytes = executors.byteLength;
    first.forward(0);
    work(second, 0);
    work(first, 0);
    expect(first.weights()).toEqual(alone.weights());
    expect(second.weights()).not.toEqual(alone.weights());
    expect(executors.byteLength).toBe(bytes);
  });
});
