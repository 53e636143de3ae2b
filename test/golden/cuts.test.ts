// Best cuts of small graphs that can be checked by hand: every closed set of each is written out in our notes on splitting.

import { describe, expect, it } from 'vitest';
import { exhaustiveSplit } from '../../roadside/cuts/partition/exhaustive.ts';
import { epochSeconds } from '../../roadside/cuts/partition/instance.ts';
import { MinimumCut } from '../../roadside/cuts/partition/minimum-cut.ts';
import { ReducedCut } from '../../roadside/cuts/partition/reduced-cut.ts';
import { layersOf, type Written, written } from '../support/cut-instances.ts';

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
