// Each aggregation rule against numbers worked out by hand from its paper's formula.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { accumulatedSteps } from '../../learning/accumulated-steps.ts';
import { Aggregation } from '../../roadside/aggregation/aggregation.ts';
import type { AggregationInput, Aggregator, Update } from '../../roadside/aggregation/aggregator.ts';
import { aggregatorByName, checkClientPart, rootSamplesOf } from '../../roadside/aggregation/aggregators.ts';
import { ControlBook, type Trained } from '../../vehicle-agent/control.ts';
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
    population: models.length,
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

describe('fedprox', () => {
  it('is the mean at the RSU; mu goes to the cars', () => {
    const rule = aggregatorByName('fedprox');
    const input = inputOf([0], [[2], [4]], [], { mu: 0.3 });
    expect(once(rule, input)).toEqual([3]);
    expect(rule.client?.(input.settings)).toEqual({ proximal: 0.3 });
    expect(rule.client?.({ ...input.settings, parameters: {} })).toEqual({ proximal: 0.01 });
  });
});

describe('feddyn', () => {
  it('adds what all past changes left over, a share in N each: h = -alpha/N sum d, w = mean - h/alpha', () => {
    const rule = aggregatorByName('feddyn');
    const first = rule.aggregate(rule.init(1), { ...inputOf([0], [[2], [4]]), population: 4 });
    // The mean is 3; h / alpha = -(2 + 4) / 4 = -1.5.
    expect([...first.weights]).toEqual([4.5]);
    const second = rule.aggregate(first.state, { ...inputOf([4.5], [[4.5], [3.5]]), population: 4 });
    // The mean is 4; h / alpha = -1.5 - (-1) / 4 = -1.25.
    expect([...second.weights]).toEqual([5.25]);
    expect(rule.client?.(inputOf([0], []).settings)).toEqual({ proximal: 0.01, control: 'feddyn' });
  });
});

describe('scaffold', () => {
  const rule = aggregatorByName('scaffold');

  it('moves by the mean change, and c by the mean gradient of the cars over N', () => {
    const steps = [{ steps: 4 }, { steps: 2 }];
    const first = rule.aggregate(rule.init(1), { ...inputOf([1], [[0], [2]], steps), population: 4 });
    expect([...first.weights]).toEqual([1]);
    // (w - w_k) / (K eta) with eta 0.5: 1 / 2 and -1 / 1; c = (0.5 - 1) / 4.
    expect([...rule.companion!(first.state)]).toEqual([-0.125]);
    const second = rule.aggregate(first.state, { ...inputOf([1], [[0]], [{ steps: 4 }]), population: 4 });
    // c + (-c + 0.5) / 4 = -0.125 + (0.125 + 0.5) / 4.
    expect([...rule.companion!(second.state)]).toEqual([0.03125]);
  });

  it('keeps c the mean of what the cars keep, where all of them take part in every round', () => {
    const books = [new ControlBook(), new ControlBook()];
    let state = rule.init(2);
    let base = Float32Array.of(1, -1);
    for (let round = 1; round <= 4; round++) {
      const companion = rule.companion!(state);
      const models = books.map((book, k) => {
        const correction = book.correction('scaffold', 2, companion);
        // One step of each along a gradient of its own.
        const weights = base.map((w, i) => w - 0.5 * (w - k + i + correction[i]!));
        const way = { base, weights, companion, steps: 1, settings: { learningRate: 0.5, momentum: 0 } };
        book.propose(`${round}`, 'scaffold', way);
        book.settle(`${round}`, 'committed');
        return [...weights];
      });
      const step = rule.aggregate(state, { ...inputOf([...base], models), population: 2 });
      state = step.state;
      base = Float32Array.from(step.weights);
      const kept = books.map((book) => book.correction('scaffold', 2, undefined));
      const c = rule.companion!(state);
      for (let i = 0; i < 2; i++) expect(c[i]).toBeCloseTo(-(kept[0]![i]! + kept[1]![i]!) / 2, 5);
    }
  });
});

describe('what a car keeps for a rule', () => {
  const trained = (weights: number[], changes: Partial<Trained> = {}): Trained => ({
    base: Float32Array.of(1),
    weights: Float32Array.from(weights),
    companion: undefined,
    steps: 4,
    settings: { learningRate: 0.5, momentum: 0, proximal: 0.25 },
    ...changes,
  });

  it('is c_k - c + (w - w_k) / (K eta) under scaffold, and corrects by c - c_k', () => {
    const book = new ControlBook();
    const companion = Float32Array.of(0.5);
    expect([...book.correction('scaffold', 1, companion)]).toEqual([0.5]);
    book.propose('1/v1/update', 'scaffold', trained([0], { companion }));
    book.settle('1/v1/update', 'committed');
    // 0 - 0.5 + 1 / 2 = 0.
    expect([...book.correction('scaffold', 1, companion)]).toEqual([0.5]);
    book.propose('2/v1/update', 'scaffold', trained([-1], { companion }));
    book.settle('2/v1/update', 'committed');
    // 0 - 0.5 + 2 / 2 = 0.5.
    expect([...book.correction('scaffold', 1, companion)]).toEqual([0]);
  });

  it('is g_k - alpha (w_k - w) under feddyn, and corrects by -g_k', () => {
    const book = new ControlBook();
    book.propose('1/v1/update', 'feddyn', trained([3]));
    book.settle('1/v1/update', 'committed');
    expect([...book.correction('feddyn', 1, undefined)]).toEqual([0.5]);
  });

  it.each(['late', 'refused'] as const)('stays as it was where the update is %s', (result) => {
    const book = new ControlBook();
    book.propose('1/v1/update', 'feddyn', trained([3]));
    expect(book.correction('feddyn', 1, undefined)[0]).toBeCloseTo(0, 9);
    book.settle('1/v1/update', result);
    book.settle('1/v1/update', 'committed');
    expect(book.correction('feddyn', 1, undefined)[0]).toBeCloseTo(0, 9);
  });

  it('begins at zero with another rule, or a model of another size', () => {
    const book = new ControlBook();
    book.propose('1/v1/update', 'feddyn', trained([3]));
    book.settle('1/v1/update', 'committed');
    expect(book.correction('scaffold', 1, Float32Array.of(2))[0]).toBe(2);
    expect(book.correction('feddyn', 2, undefined)).toHaveLength(2);
  });
});

describe('rules whose cars keep a vector', () => {
  const check =
    (aggregationRule: string, sections: Record<string, object> = {}) =>
    () =>
      checkClientPart(makeConfig({ aggregation: { rule: aggregationRule }, ...sections }).scenario);

  it('want whole models, and scaffold wants sgd', () => {
    const whole = { fallback: { mode: 'full-only' } };
    expect(check('scaffold')).toThrow('expected full-only: add --set fallback.mode=full-only');
    expect(check('feddyn')).toThrow('fallback.mode is adaptive');
    expect(check('scaffold', whole)).not.toThrow();
    expect(check('scaffold', { ...whole, training: { optimiser: 'adam' } })).toThrow('expected sgd');
    expect(check('feddyn', { ...whole, training: { optimiser: 'adam' } })).not.toThrow();
    expect(check('fedprox')).not.toThrow();
  });
});

describe('fltrust', () => {
  const rule = aggregatorByName('fltrust');
  const trusted = Float32Array.of(3, 4);

  it('weighs by the cosine to what the RSU learned itself, at its length, and drops what points away', () => {
    const input = inputOf(
      [0, 0],
      [
        [6, 8],
        [10, 0],
        [-3, -4],
      ],
    );
    const { weights, rejected } = rule.aggregate(null, { ...input, trusted });
    // Scores 1, 0.6 and 0; the first two scaled to length 5: (1 (3, 4) + 0.6 (5, 0)) / 1.6.
    expect(weights[0]).toBeCloseTo(6 / 1.6, 6);
    expect(weights[1]).toBeCloseTo(4 / 1.6, 6);
    expect(rejected).toEqual([
      { vehicle: 'car-2', reason: 'does not point the way of what the RSU learned itself' },
    ]);
  });

  it('is moved by a lie of a million no further than by the RSU itself', () => {
    const { weights } = rule.aggregate(null, { ...inputOf([0, 0], [[1e6, 1e6]]), trusted });
    expect(Math.hypot(...weights)).toBeCloseTo(5, 5);
  });

  it('leaves the model where it is when nobody is trusted', () => {
    const { weights, rejected } = rule.aggregate(null, { ...inputOf([1, 1], [[-2, -3]]), trusted: trusted });
    expect([...weights]).toEqual([1, 1]);
    expect(rejected).toHaveLength(1);
  });

  it('wants 100 samples of the RSU where nothing else is said', () => {
    expect(rootSamplesOf({ ...aggregation, rule: 'fltrust' })).toBe(100);
    expect(rootSamplesOf({ ...aggregation, rule: 'fltrust', parameters: { rootSamples: 7 } })).toBe(7);
    expect(rootSamplesOf(aggregation)).toBe(0);
  });
});
