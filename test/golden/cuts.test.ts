// Best cuts of small graphs that can be checked by hand: every closed set of each is written out in our notes on splitting.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { blocksOf, contractBlocks } from '../../roadside/cuts/partition/block-wise.ts';
import { chain } from '../../roadside/cuts/partition/chain.ts';
import { exhaustiveSplit } from '../../roadside/cuts/partition/exhaustive.ts';
import { epochSeconds } from '../../roadside/cuts/partition/instance.ts';
import { MinimumCut } from '../../roadside/cuts/partition/minimum-cut.ts';
import { ReducedCut } from '../../roadside/cuts/partition/reduced-cut.ts';
import { layersOf, type Written, written, zooInstance } from '../support/cut-instances.ts';

const diamond: Written = {
  edges: [
    [0, 1],
    [1, 2],
    [1, 3],
    [2, 4],
    [3, 4],
  ],
  device: [0, 1, 4, 4, 4],
  server: [0, 1, 1, 1, 1],
  bits: [12, 5, 6, 6, 1],
};

const withParameters: Written = { ...diamond, parameters: [0, 4, 6, 6, 8], steps: 3 };

const heavyFirst: Written = {
  ...diamond,
  server: [0, 0.5, 0.5, 0.5, 0.5],
  parameters: [0, 40, 6, 6, 8],
};

/** A cut that ignored arcs against its direction would take {0, 1, 3, 4}, though 4 needs 2. */
const tempting: Written = {
  edges: [
    [0, 1],
    [0, 3],
    [1, 2],
    [3, 4],
    [2, 4],
    [4, 5],
  ],
  device: [0, 1, 20, 1, 1.1, 20],
  server: [0, 1, 1, 1, 1, 1],
  bits: [9.5, 1, 1, 9, 1, 1],
};

const rows = [
  ['a diamond: what two layers read is sent once', diamond, 2, 2, [0, 1], 9],
  ['parameters, three steps, unequal rates', withParameters, 2, 4, [0, 1], 26.25],
  ['heavy parameters, 1 step', { ...heavyFirst, steps: 1 }, 2, 4, [0], 11],
  ['heavy parameters, 2 steps', { ...heavyFirst, steps: 2 }, 2, 4, [0], 22],
  ['heavy parameters, 5 steps', { ...heavyFirst, steps: 5 }, 2, 4, [0], 55],
  ['heavy parameters paid off by 20 steps', { ...heavyFirst, steps: 20 }, 2, 4, [0, 1], 155],
  ['closure needs arcs backwards', tempting, 2, 2, [0], 14.5],
] as const;

describe.each([
  ['exhaustive search', exhaustiveSplit],
  ['the minimum cut', (...[instance, rates]) => new MinimumCut(instance).decide(rates)],
  ['the minimum cut of the reduced graph', (...[instance, rates]) => new ReducedCut(instance).decide(rates)],
] as [string, typeof exhaustiveSplit][])('%s', (_, decide) => {
  it.each(rows)('%s', (_title, from, up, down, layers, seconds) => {
    const split = decide(written(from), { up, down });
    expect(layersOf(split.onDevice)).toEqual(layers);
    expect(split.seconds).toBeCloseTo(seconds, 12);
  });
});

it('costs every closed set of the tempting graph as worked out by hand', () => {
  const instance = written(tempting);
  const sets: readonly (readonly [readonly number[], number])[] = [
    [[0], 14.5],
    [[0, 1], 15.5],
    [[0, 3], 23.5],
    [[0, 1, 3], 15],
    [[0, 1, 2], 34.5],
    [[0, 1, 2, 3], 34],
    [[0, 1, 2, 3, 4], 25.1],
    [[0, 1, 2, 3, 4, 5], 43.1],
  ];
  for (const [layers, seconds] of sets) {
    const onDevice = Uint8Array.from({ length: 6 }, (_, v) => +layers.includes(v));
    expect(epochSeconds(instance, onDevice, { up: 2, down: 2 })).toBeCloseTo(seconds, 12);
  }
});

// Our own counts, worked out by another program in another language: blocks between articulations, those that may be one
// vertex, vertices that are left. Not the paper's table.
describe('blocks that may be one vertex', () => {
  it.each([
    ['vgg16', 0, 0, 37],
    ['resnet18-imagenet', 8, 8, 23],
    ['resnet50', 16, 13, 69],
    ['googlenet', 9, 3, 139],
    ['densenet121', 4, 4, 25],
    ['gpt2', 24, 24, 28],
    ['vit-b16', 24, 24, 29],
  ])('of %s: %i blocks, %i of them, %i vertices left', (name, all, contractible, left) => {
    // Of a model without pins, as in that table.
    const instance = { ...zooInstance(name), pinnedToDevice: new Uint8Array(zooInstance(name).graph.count) };
    const blocks = blocksOf(instance);
    const kept = contractBlocks(instance, blocks).instance.graph.count;
    expect([blocks.length, blocks.filter((block) => block.contractible).length, kept]).toEqual([
      all,
      contractible,
      left,
    ]);
  });

  /** Settings out of 120 in which `decide` misses the best cut by more than rounding; the worst factor. */
  function misses(decide: (instance: ReturnType<typeof zooInstance>) => { decide: MinimumCut['decide'] }) {
    const rng = Rng.root(120);
    let [wrong, worst] = [0, 1];
    for (let i = 0; i < 120; i++) {
      const instance = zooInstance('googlenet', 10 ** (11 + 2 * rng.uniform()));
      const up = 10 ** (5 + 4 * rng.uniform());
      const rates = { up, down: up * (1 + 3 * rng.uniform()) };
      const ratio = decide(instance).decide(rates).seconds / new ReducedCut(instance).decide(rates).seconds;
      if (ratio > 1 + 1e-9) wrong++;
      worst = Math.max(worst, ratio);
    }
    return { wrong, worst };
  }

  it("need their test: joining all of GoogLeNet's modules misses better cuts, and so does a chain scan", () => {
    const blindly = misses((instance) => {
      const blocks = blocksOf(instance, { speed: true, tensors: false });
      return new MinimumCut(contractBlocks(instance, blocks).instance);
    });
    expect(blindly.wrong).toBeGreaterThan(0);
    expect(blindly.worst).toBeGreaterThan(1.01);
    expect(misses((instance) => chain.prepare(instance, [])).wrong).toBeGreaterThan(0);
    const tested = misses(
      (instance) => new MinimumCut(contractBlocks(instance, blocksOf(instance)).instance),
    );
    expect(tested).toEqual({ wrong: 0, worst: expect.closeTo(1, 9) });
  });

  it('need a car that is nowhere faster than the RSU', () => {
    // A diamond whose middle is quick in the car: the best cut lies inside, though no tensor there is smaller.
    const instance = written({
      edges: [
        [0, 1],
        [1, 2],
        [1, 3],
        [2, 4],
        [3, 4],
        [4, 5],
      ],
      device: [0, 0, 0, 5, 5, 5],
      server: [0, 5, 5, 0, 0, 0],
      bits: [2, 1, 1, 1, 2, 1],
    });
    const [rates, unguarded] = [{ up: 10, down: 10 }, blocksOf(instance, { speed: false, tensors: true })];
    const joined = new MinimumCut(contractBlocks(instance, unguarded).instance).decide(rates);
    const guarded = new MinimumCut(contractBlocks(instance, blocksOf(instance)).instance).decide(rates);
    expect(guarded.seconds).toBeCloseTo(exhaustiveSplit(instance, rates).seconds, 12);
    expect(joined.seconds).toBeGreaterThan(guarded.seconds + 1);
  });
});
