// What a round does with settings and policies that ask for the impossible: more cars than there are, nobody for an hour, a
// policy that names strangers, an aggregation of nothing.

import { afterEach, describe, expect, it, vi } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Aggregation } from '../../roadside/aggregation/aggregation.ts';
import type { Update } from '../../roadside/aggregation/aggregator.ts';
import { aggregators } from '../../roadside/aggregation/aggregators.ts';
import { policyByName, policyNames } from '../../roadside/selection/policies.ts';
import type { Choice } from '../../roadside/selection/policy.ts';
import {
  beacon,
  carA,
  carB,
  carC,
  cars,
  effectsOf,
  hello,
  makeConfig,
  sha,
  World,
} from '../support/round-world.ts';

afterEach(() => vi.restoreAllMocks());

describe('K0 above the number of candidates', () => {
  // Two of the policies may want fewer than there are, and say so; nobody may want more.
  const mayWantFewer = ['fedcs', 'foresight'];

  it.each(policyNames)(
    '%s: each candidate is asked once, and the band is shared by those asked',
    (policy) => {
      const world = new World(makeConfig({ selection: { policy, perRound: 50 } }));
      const dispatches = effectsOf(world.openFirstRound(), 'dispatch');
      const asked = dispatches.map(({ vehicle }) => vehicle);
      if (mayWantFewer.includes(policy)) expect(asked.length).toBeGreaterThanOrEqual(1);
      else expect(asked).toEqual(cars);
      expect(new Set(asked).size).toBe(asked.length);
      for (const { uplinkBandwidthHz } of dispatches)
        expect(uplinkBandwidthHz).toBe(world.config.scenario.radio.uplinkBandwidthHz / asked.length);
    },
  );
});

describe('nobody in coverage for an hour', () => {
  it.each(policyNames)(
    '%s: tries again after each wait, uses up nothing, and then opens round 1',
    (policy) => {
      const world = new World(makeConfig({ selection: { policy, perRound: 2 } }));
      world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
      const before = structuredClone(world.state);
      for (let at = 0; at < 3600; at++)
        expect(world.tell({ kind: 'round-due', at })).toEqual([
          { kind: 'timer', name: 'round-due', round: 1, delaySeconds: 1 },
        ]);
      expect(structuredClone(world.state)).toEqual(before);
      for (const car of cars) world.tell(hello(car), { ...beacon(car), at: 3600 });
      world.tell({ kind: 'round-due', at: 3600 });
      expect(world.state.open).toMatchObject({ round: 1, openedAt: 3600 });
    },
  );
});

describe('a policy that ranks what it may not', () => {
  function openWith(ranking: readonly string[]): () => unknown {
    const choices = ranking.map(
      (vehicle): Choice => ({
        vehicle: vehicle as VehicleId,
        arm: vehicle,
        score: 0,
        terms: {},
        reason: 'x',
      }),
    );
    vi.spyOn(policyByName('random'), 'choose').mockReturnValue({ state: null, ranking: choices });
    return () => new World().openFirstRound();
  }

  it('is refused by name for a vehicle that nobody heard of', () => {
    expect(openWith([carA, 'car-z'])).toThrow(
      'selection.policy random ranked car-z (expected one of the 3 candidates). Choose another policy, or mend this one.',
    );
  });

  it('is refused by name for a vehicle it ranks twice', () => {
    expect(openWith([carA, carB, carA])).toThrow(
      'selection.policy random ranked car-a twice (expected each candidate once)',
    );
  });

  it('may rank fewer than are wanted', () => {
    expect(openWith([carC])).not.toThrow();
    expect(openWith([])).not.toThrow();
  });
});

describe('an aggregation of no update', () => {
  const { aggregation, training } = makeConfig().scenario;
  const base = Float32Array.from([0.1, -2, 3.5, Number.MIN_VALUE]);
  const update = (vehicle: string, change: number): Update => ({
    vehicle: vehicle as VehicleId,
    weight: 1,
    weights: base.map((value) => value + change),
    steps: 4,
    trainLoss: 0.5,
  });
  const updates = [update('car-a', 0.1), update('car-b', 0.3)];
  const trusted = base.map((value) => value + 0.2);

  it.each(aggregators.map((rule) => rule.name))('%s: a copy of the model, and nothing remembered', (rule) => {
    const settings = { aggregation: { ...aggregation, rule }, training };
    const [idle, fresh] = [new Aggregation(settings), new Aggregation(settings)];
    const { weights, rejected } = idle.next(1, base, []);
    expect(weights).toEqual(base);
    expect(weights).not.toBe(base);
    expect(rejected).toEqual([]);
    expect(idle.next(2, base, updates, { trusted })).toEqual(fresh.next(2, base, updates, { trusted }));
  });
});
