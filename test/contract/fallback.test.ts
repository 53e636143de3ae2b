// What the choice between full, split and skip keeps to, for models with and without branches, with chances and without.

import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { modelCost } from '../../learning/cost/model-cost.ts';
import { closedCuts, cutFacts } from '../../learning/split/cuts.ts';
import { bestCut } from '../../roadside/cuts/best-cut.ts';
import { type Decision, decide } from '../../roadside/cuts/decide.ts';
import { estimate, type Outlook, type Prospect } from '../../roadside/cuts/estimate.ts';
import { splitCost } from '../../roadside/cuts/split-cost.ts';
import type { RoundConfig } from '../../roadside/round/types.ts';
import type { Candidate } from '../../roadside/selection/policy.ts';
import { candidateA, device, makeConfig } from '../support/round-world.ts';

const shape = { inputShape: [32, 32, 3], classes: 43 } as const;

function configOf(name: string, overrides: Record<string, object> = {}): RoundConfig {
  const model = { name, ...shape };
  const cost = modelCost(model);
  const fallback = { cut: 'best', safetyFactor: 1, ...overrides.fallback };
  return { ...makeConfig({ ...overrides, fallback }), model, cost, fullBytes: cost.parameters * 4 };
}

const configs = ['lenet5', 'mobilenet'].flatMap((name) => [
  configOf(name),
  configOf(name, { fallback: { confidence: 0.8, crossing: 'int8' } }),
]);

interface Case {
  readonly config: RoundConfig;
  readonly car: Candidate;
  readonly errors: readonly number[];
}

const cases = fc
  .record({
    config: fc.constantFrom(...configs),
    secondsLeft: fc.double({ min: 0, max: 200, noNaN: true }),
    bitsPerSecondPerHertz: fc.double({ min: 0.01, max: 12, noNaN: true }),
    flops: fc.constantFrom(1e7, 1.6e8, 2.4e9, 1e11),
    megabytes: fc.double({ min: 0.1, max: 60, noNaN: true }),
    samples: fc.constantFrom(1, 32, 50, 300),
    errors: fc.array(fc.double({ min: 0.2, max: 3, noNaN: true }), { maxLength: 40 }),
  })
  .map(({ config, flops, megabytes, errors, ...car }): Case => {
    const own = { ...device, trainingFlopsPerSecond: flops, memoryBytes: megabytes * 1e6 };
    return { config, errors, car: { ...candidateA, ...car, device: own } };
  });

const prospectOf = ({ config, car }: Case, outlook: Outlook = {}): Prospect =>
  estimate(config, car, 4e6, 4e6, outlook);
const decisionOf = (one: Case): Decision => decide(one.config, one.car, prospectOf(one), one.errors);
const worth = { skip: 0, split: 1, full: 2 } as const;

describe('the choice of a plan', () => {
  it('never gives a car more than its memory holds', () => {
    fc.assert(
      fc.property(cases, (one) => {
        const decision = decisionOf(one);
        if (decision.plan !== 'split') return;
        const { memoryBytes } = splitCost(one.config, decision.cut);
        expect(memoryBytes).toBeLessThanOrEqual(one.car.device.memoryBytes);
      }),
      { numRuns: 300, seed: 1 },
    );
  });

  it('is the same whenever it is asked', () => {
    fc.assert(
      fc.property(cases, (one) => {
        expect(decisionOf(one)).toEqual(decisionOf(one));
      }),
      { numRuns: 100, seed: 2 },
    );
  });

  it('never takes away with more seconds left: neither a chance nor a plan', () => {
    fc.assert(
      fc.property(cases, fc.double({ min: 0, max: 100, noNaN: true }), (one, more) => {
        const longer = { ...one, car: { ...one.car, secondsLeft: one.car.secondsLeft + more } };
        const [before, after] = [decisionOf(one), decisionOf(longer)];
        expect(worth[after.plan]).toBeGreaterThanOrEqual(worth[before.plan]);
        expect(after.chances?.full ?? 0).toBeGreaterThanOrEqual(before.chances?.full ?? 0);
        expect(after.chances?.split ?? 0).toBeGreaterThanOrEqual(before.chances?.split ?? 0);
      }),
      { numRuns: 300, seed: 3 },
    );
  });

  it('never makes a split longer with a faster channel', () => {
    const roomy = cases.map((one) => ({
      ...one,
      car: { ...one.car, device: { ...one.car.device, memoryBytes: 1e9 } },
    }));
    fc.assert(
      fc.property(roomy, fc.double({ min: 1, max: 4, noNaN: true }), (one, factor) => {
        const bitsPerSecondPerHertz = one.car.bitsPerSecondPerHertz * factor;
        const faster = prospectOf({ ...one, car: { ...one.car, bitsPerSecondPerHertz } });
        const slower = prospectOf(one);
        const room = 1 + 1e-9;
        expect(faster.split?.path.totalSeconds).toBeLessThanOrEqual(slower.split!.path.totalSeconds * room);
        expect(faster.full.totalSeconds).toBeLessThanOrEqual(slower.full.totalSeconds * room);
      }),
      { numRuns: 200, seed: 4 },
    );
  });

  it('says why it skips', () => {
    const config = configOf('lenet5');
    const decision = (changes: Partial<Candidate>): Decision =>
      decisionOf({ config, errors: [], car: { ...candidateA, ...changes } });
    expect(decision({ samples: 0 })).toEqual({ plan: 'skip', reason: 'holds no samples' });
    expect(decision({ device: { ...device, memoryBytes: 1000 } })).toEqual({
      plan: 'skip',
      reason: 'not enough memory for either path',
    });
    expect(decision({ secondsLeft: 0.001 })).toEqual({
      plan: 'skip',
      reason: 'neither path ends in the time left',
    });
  });

  it('takes the path that ends first where the scenario prefers that', () => {
    const config = configOf('lenet5', { fallback: { prefer: 'fastest' } });
    const slow = { ...device, trainingFlopsPerSecond: 1e8 };
    const one: Case = { config, errors: [], car: { ...candidateA, device: slow } };
    const { full, split } = prospectOf(one);
    expect(split!.path.totalSeconds).toBeLessThan(full.totalSeconds);
    expect(full.totalSeconds).toBeLessThan(50);
    expect(decisionOf(one).plan).toBe('split');
    expect(decisionOf({ ...one, config: configOf('lenet5') }).plan).toBe('full');
  });
});

describe('the best cut', () => {
  it('ends no later than any other closed cut that leaves the raw data in the car', () => {
    const rates = [1e5, 1e6, 1e7, 1e8];
    for (const name of ['lenet5', 'mobilenet', 'resnet18'])
      for (const up of rates) {
        const config = configOf(name);
        const car = { ...candidateA, device: { ...device, memoryBytes: 1e12, trainingFlopsPerSecond: 3e8 } };
        const seconds = (cut: number | string): number => {
          const fixed = {
            ...config,
            scenario: { ...config.scenario, fallback: { ...config.scenario.fallback, cut } },
          };
          return estimate(fixed, { ...car, bitsPerSecondPerHertz: up / 1e6 }, 1e6, 1e6).split!.path
            .totalSeconds;
        };
        const cuts = closedCuts(config.model!).filter(
          (cut) => cutFacts(config.model!, cut).lowerParameters > 0,
        );
        const best = bestCut(config, car, { up, down: up });
        const least = Math.min(...cuts.map(seconds));
        expect(seconds(best!) / least, `${name} at ${up} bit/s: ${best}`).toBeLessThanOrEqual(1 + 1e-9);
      }
  });

  it('is none where no bit passes', () => {
    expect(bestCut(configOf('lenet5'), candidateA, { up: 0, down: 1e6 })).toBeNull();
  });
});
