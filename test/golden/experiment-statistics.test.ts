// The statistics of sweeps against numbers of SciPy 1.17.1 (scipy.stats.ttest_rel, t.ppf, t.sf; scipy.special.betainc) and
// R's p.adjust(method = "holm") worked by hand from its definition.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import {
  bootstrapInterval,
  holm,
  incompleteBeta,
  meanInterval,
  pairedRatio,
  pairedTest,
  restrict,
  tQuantile,
  twoSidedP,
} from '../../testbed/experiments/statistics.ts';

/** Times to a target of five seeds, seconds. */
const first = [310.5, 402.25, 288, 351.75, 330];
const second = [275, 350.5, 290.25, 301, 298.5];

const near = (found: number | null | undefined, wanted: number, relative = 1e-10): void =>
  expect(Math.abs((found ?? Number.NaN) / wanted - 1)).toBeLessThan(relative);

describe('Student t', () => {
  it.each([
    [1, 12.706204736174694],
    [2, 4.302652729749462],
    [4, 2.7764451051977934],
    [29, 2.045229642132703],
    [100, 1.9839715185235518],
  ])('has the 97.5 % quantile of SciPy at %i degrees', (degrees, wanted) => {
    near(tQuantile(0.95, degrees), wanted, 1e-12);
  });

  it.each([
    [0.5, 1, 0.7048327646991335],
    [2, 4, 0.11611652351681556],
    [-3.3, 9, 0.009229908318547019],
    [12.5, 29, 3.339479901457511e-13],
    [40, 3, 3.4380680789158506e-5],
  ])('leaves the p of SciPy beyond t = %d at %i degrees', (t, degrees, wanted) => {
    near(twoSidedP(t, degrees), wanted);
  });

  it.each([
    [0.4, 2, 3, 0.5248],
    [0.01, 0.5, 5, 0.24284189089843747],
    [0.9, 14.5, 0.5, 0.08307466551442916],
  ])('rests on an incomplete beta function as SciPy has it: I_%d(%d, %d)', (x, a, b, wanted) => {
    near(incompleteBeta(x, a, b), wanted, 1e-12);
    expect(incompleteBeta(0, a, b)).toBe(0);
    expect(incompleteBeta(1, a, b)).toBe(1);
  });
});

describe('a paired comparison', () => {
  it('is the paired t test of SciPy', () => {
    const test = pairedTest(first, second);
    expect(test.pairs).toBe(5);
    near(test.meanDifference, -33.45);
    near(test.t, -3.4169362863513295);
    near(test.p, 0.026855631862746112);
    near(test.interval?.low, -60.62992990967848);
    near(test.interval?.high, -6.270070090321525);
    near(test.cohenDz, -1.5281003622134521);
    near(test.hedgesGz, -1.5281003622134521 * (1 - 3 / 15));
  });

  it('gives the ratio of times with its interval', () => {
    const ratio = pairedRatio(first, second);
    near(ratio?.ratio, 0.9034853542414986);
    near(ratio?.interval?.low, 0.8340285828049964);
    near(ratio?.interval?.high, 0.9787263915866794);
    expect(pairedRatio([1, 0], [1, 2])).toBeNull();
  });

  it('says nothing of spread from one pair, and no effect size where all differences are equal', () => {
    expect(pairedTest([1], [3])).toEqual({
      pairs: 1,
      meanDifference: 2,
      interval: null,
      t: null,
      p: null,
      cohenDz: null,
      hedgesGz: null,
    });
    expect(pairedTest([1, 2, 3], [1, 2, 3])).toMatchObject({
      p: 1,
      cohenDz: null,
      interval: { low: 0, high: 0 },
    });
    expect(pairedTest([1, 2, 3], [2, 3, 4])).toMatchObject({ p: 0, meanDifference: 1 });
    expect(meanInterval([4])).toBeNull();
    expect(() => pairedTest([1, 2], [1])).toThrow('pairs of unequal count: 2 and 1');
  });
});

describe("Holm's correction", () => {
  it('multiplies the smallest p by their count, the next by one less, and never falls', () => {
    expect(holm([0.01, 0.04, 0.03])).toEqual([0.03, 0.06, 0.06]);
    expect(holm([0.5, 0.9])).toEqual([1, 1]);
    expect(holm([])).toEqual([]);
  });

  it('does not count what has no p', () => {
    expect(holm([null, 0.02, null, 0.03])).toEqual([null, 0.04, null, 0.04]);
  });
});

describe('the bootstrap interval', () => {
  it('is the same for the same seed and holds the mean', () => {
    const values = second.map((value, index) => value - first[index]!);
    const once = bootstrapInterval(values, Rng.root(1));
    expect(bootstrapInterval(values, Rng.root(1))).toEqual(once);
    // Five values reach from -51.75 to 2.25; 10,000 resamples put 95 % of means inside, and tighter than t does.
    expect(once!.low).toBeGreaterThan(-51.75);
    expect(once!.low).toBeLessThan(-43);
    expect(once!.high).toBeGreaterThan(-24);
    expect(once!.high).toBeLessThan(2.25);
    expect(bootstrapInterval([1], Rng.root(1))).toBeNull();
  });
});

describe('censored times', () => {
  it('are restricted to the earliest end of a run that missed its target', () => {
    const seen = (seconds: number): { seconds: number; isCensored: boolean } => ({
      seconds,
      isCensored: false,
    });
    const cut = (seconds: number): { seconds: number; isCensored: boolean } => ({
      seconds,
      isCensored: true,
    });
    expect(restrict([seen(10), cut(40), seen(50), cut(60)])).toEqual({
      values: [10, 40, 40, 40],
      horizon: 40,
    });
    expect(restrict([seen(10), seen(50)])).toEqual({ values: [10, 50], horizon: null });
  });
});
