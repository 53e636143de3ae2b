// What a cut means: its names, its canonical form, what crosses, both sides' weights and costs, and what is refused.
// Must not: train; test/unit/split-every-cut.test.ts does.

import { describe, expect, it } from 'vitest';
import { layerGraph, totalOf } from '../../learning/cost/graph.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { Cut, ModelSpec } from '../../learning/learner.ts';
import { modelEntries } from '../../learning/models/blocks.ts';
import {
  closedCuts,
  cutFacts,
  cutOfDeviceLayers,
  lowerWeights,
  upperWeights,
  wholeWeights,
} from '../../learning/split/cuts.ts';

function usual(name: string): ModelSpec {
  const { usual: shapes } = modelEntries.find((entry) => entry.name === name)!;
  return { name, ...shapes };
}

const text = usual('text-transformer');
const resnet = usual('resnet18');

describe('the closed cuts of a model', () => {
  it.each([
    ['softmax-regression', 0],
    ['mlp', 1],
    ['lenet5', 6],
    ['lenet12', 11],
    ['text-transformer', 39],
    ['mobilenet', 66],
    ['gpt', 74],
    ['resnet18', 96],
    ['resnet50', 237],
    ['googlenet', 8834],
    ['densenet121', 425],
  ])('of %s are %d', (name, count) => {
    const cuts = closedCuts(usual(name));
    expect(cuts.length).toBe(count);
    expect(new Set(cuts).size).toBe(count);
  });

  it('are canonical, close on their own frontier, and are found from their layers again', () => {
    for (const model of [text, resnet, usual('densenet121')]) {
      const { nodes } = layerGraph(model);
      for (const cut of closedCuts(model)) {
        const { cut: canonical, deviceLayers, frontier } = cutFacts(model, cut);
        expect(canonical).toBe(cut);
        expect(cutOfDeviceLayers(model, deviceLayers)).toBe(cut);
        const inCar = new Set(['input', ...deviceLayers]);
        const isIn = nodes.map(({ name }) => inCar.has(name));
        nodes.forEach(({ inputs }, index) => {
          if (isIn[index]) expect(inputs.every((input) => isIn[input])).toBe(true);
        });
        const crossing = nodes.filter(
          (_, index) =>
            isIn[index] && nodes.some(({ inputs }, reader) => !isIn[reader] && inputs.includes(index)),
        );
        expect(frontier).toEqual(crossing.map(({ name, outputFloats }) => ({ name, floats: outputFloats })));
      }
    }
  });

  it('of lenet5 come in the order of its layers', () => {
    expect(closedCuts(usual('lenet5'))).toEqual(['conv1/conv1', 1, 'conv2/conv1', 2, 3, 4]);
  });
});

describe('the facts of a cut', () => {
  it('of a number of blocks are the sums of these blocks', () => {
    for (const model of [usual('lenet5'), resnet]) {
      const cost = modelCost(model);
      for (let cut = 1; cut < cost.blocks.length; cut++) {
        const facts = cutFacts(model, cut);
        const lower = cost.blocks.slice(0, cut);
        const sum = (field: 'parameters' | 'forwardFlops' | 'backwardFlops'): number =>
          lower.reduce((total, block) => total + block[field], 0);
        expect(facts.cut).toBe(cut);
        expect(facts.crossingFloats).toBe(lower.at(-1)!.outputFloats);
        expect(facts.lowerParameters).toBe(sum('parameters'));
        expect(facts.lowerForwardFlops).toBe(sum('forwardFlops'));
        expect(facts.lowerBackwardFlops).toBe(sum('backwardFlops'));
        expect(facts.lowerParameters + facts.upperParameters).toBe(cost.parameters);
        expect(facts.lowerForwardFlops + facts.upperForwardFlops).toBe(cost.forwardFlops);
        expect(facts.lowerBackwardFlops + facts.upperBackwardFlops).toBe(cost.backwardFlops);
      }
    }
  });

  it('inside attention name every tensor that crosses once, skip connection included', () => {
    const facts = cutFacts(text, 'embedding/embedding1+layer1/layernorm1+layer1/dense1');
    const floats = 64 * 64;
    expect(facts.frontier).toEqual([
      { name: 'embedding/embedding1', floats },
      { name: 'layer1/layernorm1', floats },
      { name: 'layer1/dense1', floats },
    ]);
    expect(facts.crossingFloats).toBe(3 * floats);
    expect(facts.lowerActivationFloats).toBe(3 * floats);
    expect(facts.lowerParameters).toBe(256 * 64 + 64 * 64 + 128 + 64 * 65);
    const scores = cutFacts(text, 'embedding/embedding1+layer1/dense3+layer1/scores1');
    expect(scores.frontier.map((tensor) => tensor.floats)).toEqual([floats, floats, 4 * 64 * 64]);
  });

  it('are the same for any order of names, and a number written as text', () => {
    const names = 'layer1/dense1+embedding/embedding1+layer1/layernorm1';
    expect(cutFacts(text, names).cut).toBe('embedding/embedding1+layer1/layernorm1+layer1/dense1');
    // What crosses beside it follows from what it reads.
    expect(cutFacts(text, 'layer1/dense1').cut).toBe('embedding/embedding1+layer1/layernorm1+layer1/dense1');
    expect(cutFacts(text, '2').cut).toBe(2);
    expect(cutFacts(text, 'layer1/add2').cut).toBe(2);
  });
});

describe('the weights at a cut', () => {
  it('are taken apart and put together again, at every cut', () => {
    for (const model of [text, usual('lenet12'), usual('mobilenet')]) {
      const parameters = totalOf(layerGraph(model).nodes, 'parameters');
      const full = Float32Array.from({ length: parameters }, (_, index) => index);
      for (const cut of closedCuts(model)) {
        const [lower, upper] = [lowerWeights(model, cut, full), upperWeights(model, cut, full)];
        const { lowerParameters, upperParameters } = cutFacts(model, cut);
        expect([lower.length, upper.length]).toEqual([lowerParameters, upperParameters]);
        const whole = wholeWeights(model, cut, lower, upper);
        expect(Buffer.compare(Buffer.from(whole.buffer), Buffer.from(full.buffer))).toBe(0);
      }
    }
  });

  it('of a number of blocks are the begin and the end of the vector', () => {
    const model = usual('lenet5');
    const full = Float32Array.from({ length: modelCost(model).parameters }, (_, index) => index);
    const borders = [1, 2, 3, 4].map((cut) => cutFacts(model, cut).lowerParameters);
    expect(borders).toEqual([456, 2_872, 50_992, 61_156]);
    borders.forEach((border, index) => {
      expect(lowerWeights(model, index + 1, full)).toEqual(full.subarray(0, border));
      expect(upperWeights(model, index + 1, full)).toEqual(full.subarray(border));
    });
  });

  it('of another number are refused', () => {
    expect(() => lowerWeights(text, 1, new Float32Array(3))).toThrow(
      /text-transformer: 3 weights \(expected \d+\)/,
    );
    expect(() => wholeWeights(usual('mlp'), 1, new Float32Array(1), new Float32Array(2))).toThrow(
      'mlp: parts of 1 and 2 weights (expected 100480 and 1290)',
    );
  });
});

describe('what is no cut', () => {
  it.each<[Cut, string]>([
    [
      'conv1/conv',
      'it has no layer "conv1/conv" (`roadbed model show lenet5` lists its layers). Did you mean "conv1/conv1"?',
    ],
    [0, 'expected the number of blocks in the car, 1..4, or names of layers.'],
    ['5', 'expected the number of blocks in the car, 1..4, or names of layers.'],
    [1.5, 'expected the number of blocks in the car, 1..4, or names of layers.'],
    ['logits/dense1', 'logits/dense1 is its last layer, so nothing would be left to the server.'],
    ['input', 'the raw input would cross. Name a layer behind the first one.'],
    ['', 'it has no layer "" (`roadbed model show lenet5` lists its layers).'],
    [
      'conv1/conv1+conv1/maxpool1',
      'nothing outside the car reads conv1/conv1. These layers cross: conv1/maxpool1.',
    ],
  ])('%s of lenet5 is refused with a sentence', (cut, sentence) => {
    expect(() => cutFacts(usual('lenet5'), cut)).toThrow(
      expect.objectContaining({
        reason: 'scenario',
        message: `${JSON.stringify(cut)} is no cut of lenet5: ${sentence}`,
      }),
    );
  });

  it('is a set that is not closed, and the model of one block', () => {
    expect(() => cutOfDeviceLayers(text, ['embedding/embedding1', 'layer1/dense1'])).toThrow(
      'the set is not closed: layer1/dense1 reads layer1/layernorm1, which is not in it.',
    );
    expect(() => cutFacts(usual('softmax-regression'), 1)).toThrow(
      'it has one block only and cannot be split.',
    );
  });
});
