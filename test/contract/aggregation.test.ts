// What every aggregation rule must honour, whatever it is. A new rule is under this suite as soon as it is registered.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import type { AggregationInput, Update } from '../../roadside/aggregation/aggregator.ts';
import { aggregators } from '../../roadside/aggregation/aggregators.ts';
import { makeConfig } from '../support/round-world.ts';

const { aggregation: settings, training } = makeConfig().scenario;
const parameters = 40;

function floats(rng: Rng, scale: number, around?: Float32Array): Float32Array {
  return Float32Array.from({ length: parameters }, (_, i) => (around?.[i] ?? 0) + scale * rng.normal());
}

/** With what the RSU would have trained itself: half the mean change. */
function withTrusted(input: AggregationInput): AggregationInput {
  const { base, updates } = input;
  const mean = (i: number) => updates.reduce((sum, one) => sum + one.weights[i]! / updates.length, 0);
  return { ...input, trusted: base.map((value, i) => value + (mean(i) - value) / 2) };
}

function inputOf(count: number, seed = 3): AggregationInput {
  const rng = Rng.root(seed);
  const base = floats(rng, 1);
  const updates = Array.from(
    { length: count },
    (_, k): Update => ({
      vehicle: `car-${k}` as VehicleId,
      weight: 1,
      weights: floats(rng, 0.1, base),
      steps: 8,
      trainLoss: 0.7,
    }),
  );
  return withTrusted({ round: 1, base, updates, settings, training, population: count });
}

describe.each(aggregators.map((rule) => rule.name))('rule %s', (name) => {
  const rule = aggregators.find((one) => one.name === name)!;

  it('says what it is and where it comes from, and bounds its parameters around their defaults', () => {
    expect(rule.source.length).toBeGreaterThan(3);
    expect(rule.describe.length).toBeGreaterThan(3);
    for (const { default: value, minimum, maximum } of rule.parameters ?? []) {
      expect(value).toBeGreaterThanOrEqual(minimum);
      expect(value).toBeLessThanOrEqual(maximum);
    }
  });

  it.each([1, 2, 5, 9])('gives finite weights of the same number from %i updates', (count) => {
    let state = rule.init(parameters);
    for (let round = 1; round <= 3; round++) {
      const step = rule.aggregate(state, { ...inputOf(count, round), round });
      state = step.state;
      expect(step.weights).toHaveLength(parameters);
      expect(step.weights.every(Number.isFinite)).toBe(true);
    }
  });

  it('moves nothing where no update changed anything', () => {
    const input = inputOf(4);
    const still = input.updates.map((update) => ({ ...update, weights: input.base.slice() }));
    expect([
      ...rule.aggregate(rule.init(parameters), withTrusted({ ...input, updates: still })).weights,
    ]).toEqual([...input.base]);
  });

  it('asks of cars only what it bounds, and sends them as many numbers as the model has', () => {
    const { proximal = 0 } = rule.client?.(settings) ?? {};
    expect(proximal).toBeGreaterThanOrEqual(0);
    const state = rule.aggregate(rule.init(parameters), inputOf(4)).state;
    const companion = rule.companion?.(state) ?? new Float32Array(parameters);
    expect(companion).toHaveLength(parameters);
    expect(companion.every(Number.isFinite)).toBe(true);
  });

  it('leaves its arguments as they were, and gives the same bytes again', () => {
    const input = inputOf(5);
    const first = rule.aggregate(rule.init(parameters), input);
    const state = structuredClone(first.state);
    const before = structuredClone(input);
    const second = rule.aggregate(first.state, input);
    expect(input).toEqual(before);
    expect(first.state).toEqual(state);
    expect(second.weights).toEqual(rule.aggregate(state, before).weights);
    expect(second.weights.buffer).not.toBe(input.base.buffer);
  });

  it('moves along a change that all updates agree on, never against it', () => {
    const input = inputOf(5);
    const agreed = input.updates.map((update) => ({
      ...update,
      weights: input.base.map((value) => value + 0.5),
    }));
    const { weights } = rule.aggregate(rule.init(parameters), withTrusted({ ...input, updates: agreed }));
    expect(weights.every((value, i) => value > input.base[i]!)).toBe(true);
  });
});

describe('robust rules', () => {
  it.each(['coordinate-median', 'trimmed-mean', 'krum', 'multi-krum'])(
    '%s stays within the honest updates although one in five sends nonsense',
    (name) => {
      const rule = aggregators.find((one) => one.name === name)!;
      const input = inputOf(5);
      const [liar, ...honest] = input.updates as [Update, ...Update[]];
      const lies = { ...liar, weights: input.base.map(() => 1e6) };
      const { weights } = rule.aggregate(rule.init(parameters), { ...input, updates: [lies, ...honest] });
      for (let i = 0; i < parameters; i++) {
        const column = honest.map((update) => update.weights[i]!);
        expect(weights[i]).toBeGreaterThanOrEqual(Math.min(...column) - 1e-6);
        expect(weights[i]).toBeLessThanOrEqual(Math.max(...column) + 1e-6);
      }
    },
  );

  it('geometric-median stays as near to the honest mean as its theory promises', () => {
    const rule = aggregators.find((one) => one.name === 'geometric-median')!;
    const input = inputOf(5);
    const [liar, ...honest] = input.updates as [Update, ...Update[]];
    const lies = { ...liar, weights: input.base.map(() => 1e6) };
    const { weights } = rule.aggregate(null, { ...input, updates: [lies, ...honest] });
    const mean = weights.map((_, i) => honest.reduce((sum, one) => sum + one.weights[i]! / 4, 0));
    const far = (from: Float32Array) => Math.hypot(...from.map((value, i) => value - mean[i]!));
    // 2 (1 - a) / (1 - 2 a) times the farthest honest one, with a share a = 1 / 5 of liars.
    expect(far(weights)).toBeLessThan((1.6 / 0.6) * Math.max(...honest.map((one) => far(one.weights))));
  });

  it('fedavg does not: the same lie moves it by a fifth of a million', () => {
    const rule = aggregators.find((one) => one.name === 'fedavg')!;
    const input = inputOf(5);
    const lies = { ...input.updates[0]!, weights: input.base.map(() => 1e6) };
    const { weights } = rule.aggregate(null, { ...input, updates: [lies, ...input.updates.slice(1)] });
    expect(weights[0]).toBeGreaterThan(1.9e5);
  });
});
