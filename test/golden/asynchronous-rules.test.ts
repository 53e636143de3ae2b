// FedAsync and FedBuff against numbers worked out by hand: staleness weights, one mix, one buffer.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import type { AggregationInput, Update } from '../../roadside/aggregation/aggregator.ts';
import { aggregatorByName, checkMode } from '../../roadside/aggregation/aggregators.ts';
import { stalenessWeight } from '../../roadside/aggregation/staleness.ts';
import { makeConfig } from '../support/round-world.ts';

const { training } = makeConfig().scenario;

const settingsOf = (aggregation: object): AggregationInput['settings'] =>
  makeConfig({ aggregation }).scenario.aggregation;

/** An update of one or more numbers, `staleness` models old, which began from `start`. */
function update(name: string, weights: number[], flight: { staleness: number; start: number[] }): Update {
  const { staleness, start } = flight;
  return {
    vehicle: name as VehicleId,
    weight: 1,
    weights: Float32Array.from(weights),
    steps: 4,
    trainLoss: 1,
    flight: { task: 1, staleness, start: Float32Array.from(start) },
  };
}

function once(rule: string, base: number[], updates: Update[], aggregation: object = {}): number[] {
  const settings = settingsOf({ rule, ...aggregation });
  const input = { round: 1, base: Float32Array.from(base), updates, settings, training, population: 9 };
  return [...aggregatorByName(rule).aggregate(null, input).weights];
}

describe('staleness weights', () => {
  const at = (tau: number, aggregation: object = {}): number =>
    stalenessWeight(settingsOf(aggregation), update('a', [0], { staleness: tau, start: [0] }));

  it('of the polynomial are 1, 1/2, 1/3 at 0, 3 and 8 models, with the exponent of both papers', () => {
    expect([at(0), at(3), at(8)]).toEqual([1, 0.5, 1 / 3]);
    expect(at(3, { parameters: { stalenessExponent: 1 } })).toBe(0.25);
  });

  it('of the hinge are 1 up to its start and fall as 1 / (a (tau - b) + 1) behind it', () => {
    const hinge = { staleness: 'hinge' };
    expect([at(0, hinge), at(4, hinge), at(5, hinge), at(7, hinge)]).toEqual([1, 1, 1 / 11, 1 / 31]);
    expect(at(3, { ...hinge, parameters: { hingeStart: 1, hingeSlope: 0.5 } })).toBe(0.5);
  });

  it('of the constant are 1, however old', () => {
    expect([at(0, { staleness: 'constant' }), at(1000, { staleness: 'constant' })]).toEqual([1, 1]);
  });

  it('are 1 for an update of a synchronous run', () => {
    const { flight, ...plain } = update('a', [0], { staleness: 5, start: [0] });
    expect(flight?.staleness).toBe(5);
    expect(stalenessWeight(settingsOf({}), plain)).toBe(1);
  });
});

describe('fedasync', () => {
  it('mixes 0.6 of a fresh update into the model, and 0.3 of one that is three models old', () => {
    expect(once('fedasync', [1], [update('a', [11], { staleness: 0, start: [1] })])[0]).toBeCloseTo(7, 6);
    expect(once('fedasync', [1], [update('a', [11], { staleness: 3, start: [-5] })])[0]).toBeCloseTo(4, 6);
  });

  it('mixes those that came together one after the other', () => {
    // 0 -> 0.5 x 8 = 4 -> 4 + 0.5 x (0 - 4) = 2
    const both = [
      update('a', [8], { staleness: 0, start: [0] }),
      update('b', [0], { staleness: 0, start: [0] }),
    ];
    expect(once('fedasync', [0], both, { parameters: { mixing: 0.5 } })).toEqual([2]);
  });

  it('asks the cars for the proximal term of its paper, which may be off', () => {
    const rule = aggregatorByName('fedasync');
    expect(rule.client?.(settingsOf({}))).toEqual({ proximal: 0.005 });
    expect(rule.client?.(settingsOf({ parameters: { mu: 0 } }))).toEqual({ proximal: 0 });
    expect(rule.bufferSize?.(settingsOf({}))).toBe(1);
  });
});

describe('fedbuff', () => {
  it('moves along the mean of changes from where each began, the stale one at half', () => {
    // 10 + 1/2 x [1 x (16 - 10) + 1/2 x (12 - 4)] = 10 + 1/2 x (6 + 4) = 15
    const buffer = [
      update('a', [16], { staleness: 0, start: [10] }),
      update('b', [12], { staleness: 3, start: [4] }),
    ];
    expect(once('fedbuff', [10], buffer)).toEqual([15]);
    expect(once('fedbuff', [10], buffer, { parameters: { serverLearningRate: 0.5 } })).toEqual([12.5]);
  });

  it('does not make up for staleness: a buffer of old updates moves the model less', () => {
    const old = [
      update('a', [6], { staleness: 8, start: [0] }),
      update('b', [6], { staleness: 8, start: [0] }),
    ];
    expect(once('fedbuff', [0], old)[0]).toBeCloseTo(2, 6);
  });

  it('divides by samples where the scenario weighs by them', () => {
    // 3/4 x 4 + 1/4 x 8 = 5
    const [a, b] = [
      update('a', [4], { staleness: 0, start: [0] }),
      update('b', [8], { staleness: 0, start: [0] }),
    ];
    expect(
      once(
        'fedbuff',
        [0],
        [
          { ...a!, weight: 30 },
          { ...b!, weight: 10 },
        ],
      ),
    ).toEqual([5]);
  });

  it('waits for ten updates, or as many as the scenario says', () => {
    const rule = aggregatorByName('fedbuff');
    expect(rule.bufferSize?.(settingsOf({}))).toBe(10);
    expect(rule.bufferSize?.(settingsOf({ parameters: { bufferSize: 3 } }))).toBe(3);
  });
});

describe('the mode of a rule', () => {
  const check =
    (aggregation: object, fallback: object = {}) =>
    (): void =>
      checkMode(makeConfig({ aggregation, fallback }).scenario);

  it("may be said where it is the rule's own, and is refused by name where it is not", () => {
    expect(check({ rule: 'fedbuff', mode: 'asynchronous' })).not.toThrow();
    expect(check({ rule: 'fedprox', mode: 'synchronous' })).not.toThrow();
    expect(check({ rule: 'scaffold', mode: 'asynchronous' })).toThrow(
      'aggregation.rule scaffold is synchronous, but aggregation.mode is asynchronous (expected one of fedasync, fedbuff)',
    );
    expect(check({ rule: 'fedasync', mode: 'synchronous' })).toThrow(
      /fedasync is asynchronous, but .*fedavg/,
    );
  });

  it('refuses staleness where no update is stale', () => {
    expect(check({ rule: 'fedavg', staleness: 'hinge' })).toThrow(/no update is stale/);
    expect(check({ rule: 'fedasync', staleness: 'hinge' })).not.toThrow();
  });

  it('refuses what needs a round of cars', () => {
    expect(check({ rule: 'fedbuff' }, { schedule: 'sequential' })).toThrow(/fallback.schedule is sequential/);
    expect(check({ rule: 'fedbuff' }, { server: 'shared' })).toThrow(/fallback.server is shared/);
  });
});
