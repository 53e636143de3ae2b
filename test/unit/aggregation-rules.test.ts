// Each aggregation rule against numbers worked out by hand from its paper's formula.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Aggregation } from '../../roadside/aggregation/aggregation.ts';
import type { AggregationInput, Aggregator, Update } from '../../roadside/aggregation/aggregator.ts';
import { aggregatorByName } from '../../roadside/aggregation/aggregators.ts';
import { accumulatedSteps } from '../../roadside/aggregation/fednova.ts';
import { makeConfig } from '../support/round-world.ts';

const { aggregation, training } = makeConfig({ training: { learningRate: 0.5, momentum: 0 } }).scenario;

/** One update a list entry; each may change weight, steps or loss. */
function inputOf(
  base: number[],
  models: number[][],
  changes: Partial<Update>[] = [],
  parameters: Record<string, number> = {},
): AggregationInput {
  const updates = models.map(
    (weights, k): Update => ({
      vehicle: `car-${k}` as VehicleId,
      weight: 1,
      steps: 1,
      trainLoss: 1,
      ...changes[k],
      weights: Float32Array.from(weights),
    }),
  );
  return {
    round: 1,
    base: Float32Array.from(base),
    updates,
    settings: { ...aggregation, parameters },
    training,
  };
}

function once(rule: Aggregator, input: AggregationInput): number[] {
  return [...rule.aggregate(rule.init(input.base.length), input).weights];
}

describe('fedavgm', () => {
  it('keeps a velocity: 1, then 0.9 + 1, then 0.9 x 1.9 + 1', () => {
    const rule = aggregatorByName('fedavgm');
    let state = rule.init(1);
    const path: number[] = [];
    for (const base of [0, 1, 2.9]) {
      const step = rule.aggregate(state, inputOf([base], [[base + 2], [base]]));
      state = step.state;
      path.push(step.weights[0]!);
    }
    expect(path.map((value) => Number(value.toFixed(5)))).toEqual([1, 2.9, 5.61]);
  });
});

describe('the adaptive rules', () => {
  const setting = { serverLearningRate: 0.1, adaptivity: 0.5 };

  it.each([
    // D = 2: v = 0.25 + 4 = 4.25, m = 2
    ['fedadagrad', 0.2 / (Math.sqrt(4.25) + 0.5)],
    // m = 0.1 x 2; v = 0.99 x 0.25 + 0.01 x 4 = 0.2875
    ['fedadam', 0.02 / (Math.sqrt(0.2875) + 0.5)],
    // v = 0.25 - 0.01 x 4 x sign(0.25 - 4) = 0.29
    ['fedyogi', 0.02 / (Math.sqrt(0.29) + 0.5)],
  ])('%s moves by %d in the first round', (name, expected) => {
    const [moved] = once(aggregatorByName(name), inputOf([0], [[2], [2]], [], setting));
    expect(moved).toBeCloseTo(expected, 7);
  });
});

describe('fednova', () => {
  it('counts steps with momentum as the accumulated velocity does', () => {
    expect(accumulatedSteps(4, 0)).toBe(4);
    // Velocities 1, 1.9, 2.71: their sum.
    expect(accumulatedSteps(3, 0.9)).toBeCloseTo(5.61, 12);
  });

  it('gives a client with four times the steps the same pull', () => {
    // Both have a change of 1 per step: d / a = (1, 1); tau_eff = 2.5; the plain mean would be the same here.
    const input = inputOf(
      [0, 0],
      [
        [4, 0],
        [0, 1],
      ],
      [{ steps: 4 }, { steps: 1 }],
    );
    expect(once(aggregatorByName('fednova'), input)).toEqual([1.25, 1.25]);
  });
});

describe('q-ffl', () => {
  it('is the plain mean at q = 0', () => {
    const input = inputOf([0], [[1], [3]], [{ trainLoss: 5 }, { trainLoss: 0.1 }], { fairness: 0 });
    expect(once(aggregatorByName('q-ffl'), input)[0]).toBeCloseTo(2, 6);
  });

  it('follows the formula at q = 1', () => {
    // L = 2. Numerator: 3 x 2 x 1 + 1 x 2 x 3 = 12. h: (2)^2 + 2 x 3 = 10 and 6^2 + 2 x 1 = 38.
    const input = inputOf([0], [[1], [3]], [{ trainLoss: 3 }, { trainLoss: 1 }], { fairness: 1 });
    expect(once(aggregatorByName('q-ffl'), input)[0]).toBeCloseTo(12 / 48, 6);
  });
});

describe('robust rules', () => {
  it('coordinate-median takes the middle, or the mean of the two in the middle', () => {
    const rule = aggregatorByName('coordinate-median');
    expect(
      once(
        rule,
        inputOf(
          [0, 0],
          [
            [1, 9],
            [5, 2],
            [3, 4],
          ],
        ),
      ),
    ).toEqual([3, 4]);
    expect(once(rule, inputOf([0], [[1], [2], [4], [100]]))).toEqual([3]);
  });

  it('trimmed-mean leaves one in five out at each end', () => {
    expect(once(aggregatorByName('trimmed-mean'), inputOf([0], [[-50], [1], [2], [3], [90]]))).toEqual([2]);
  });

  it('krum takes one update, multi-krum the mean of all but the loners, and both name the others', () => {
    const input = inputOf([0], [[1], [1.1], [1.2], [1.3], [7]]);
    const krum = aggregatorByName('krum').aggregate(null, input);
    // f = 1, two nearest: 0.05, 0.02, 0.02, 0.05: car-1 wins the tie with car-2 by float32's last bits or its id.
    expect([1.1, 1.2].some((value) => Math.abs(krum.weights[0]! - value) < 1e-6)).toBe(true);
    expect(krum.rejected).toHaveLength(4);
    const multi = aggregatorByName('multi-krum').aggregate(null, input);
    expect(multi.weights[0]).toBeCloseTo(1.15, 6);
    expect(multi.rejected).toEqual([{ vehicle: 'car-4', reason: 'far from the other updates' }]);
  });

  it('geometric-median of three points on a line is the middle one', () => {
    const input = inputOf([0], [[0], [1], [10]], [], { weiszfeldSteps: 200 });
    expect(once(aggregatorByName('geometric-median'), input)[0]).toBeCloseTo(1, 4);
  });

  it('norm-clipping shortens long changes to the bound, or to the median length', () => {
    const models = [
      [3, 4],
      [0, 1],
      [0, 2],
    ];
    const rule = aggregatorByName('norm-clipping');
    expect(
      once(rule, inputOf([0, 0], models, [], { normBound: 1 })).map((v) => Number(v.toFixed(6))),
    ).toEqual([0.2, Number(((0.8 + 1 + 1) / 3).toFixed(6))]);
    expect(once(rule, inputOf([0, 0], models))[0]).toBeCloseTo(1.2 / 3, 6);
  });
});

describe('the aggregation of a run', () => {
  it('remembers from round to round, and nothing of a round without updates', () => {
    const run = new Aggregation({ aggregation: { ...aggregation, rule: 'fedavgm' }, training } as never);
    const base = Float32Array.of(0);
    const { updates } = inputOf([0], [[1]]);
    expect([...run.next(1, base, updates).weights]).toEqual([1]);
    expect([...run.next(2, base, []).weights]).toEqual([0]);
    expect(run.next(3, base, updates).weights[0]).toBeCloseTo(1.9, 6);
  });

  it('names the nearest rule', () => {
    expect(() => aggregatorByName('fedadm')).toThrow('Did you mean "fedadam"?');
  });
});
