// One cut for all rates. What an epoch takes is linear in 1 / up and 1 / down, so the cut with the least mean time over a
// trace is the best cut at the harmonic means of its rates: the best that any cut can do without adapting. `static-mean`
// decides at the arithmetic means instead, as somebody would who knows only the average rate.
// Must not: see rates beyond those it is given.

import { RoadbedError } from '../../../base/errors.ts';
import type { CutAlgorithm, CutDecider } from './algorithm.ts';
import { CutList } from './cut-list.ts';
import { checkRates, type LinkRates, type SplitInstance } from './instance.ts';
import { ReducedCut } from './reduced-cut.ts';

type Direction = keyof LinkRates;

function checkTrace(expected: readonly LinkRates[]): void {
  if (expected.length === 0)
    throw new RoadbedError('data', 'a static cut needs the rates to be met: expected at least one pair.');
  for (const rates of expected) checkRates(rates);
}

function harmonicMean(expected: readonly LinkRates[], direction: Direction): number {
  return expected.length / expected.reduce((sum, rates) => sum + 1 / rates[direction], 0);
}

function mean(expected: readonly LinkRates[], direction: Direction): number {
  return expected.reduce((sum, rates) => sum + rates[direction], 0) / expected.length;
}

function decidedAt(instance: SplitInstance, rates: LinkRates): CutDecider {
  return new CutList(instance, [new ReducedCut(instance).decide(rates).onDevice]);
}

export const staticCut: CutAlgorithm = {
  name: 'static',
  about: 'one cut for all rates: the one with the least mean time over those expected',
  isExact: false,
  prepare(instance, expected) {
    checkTrace(expected);
    return decidedAt(instance, { up: harmonicMean(expected, 'up'), down: harmonicMean(expected, 'down') });
  },
};

export const staticAtMean: CutAlgorithm = {
  name: 'static-mean',
  about: 'one cut for all rates: the best at the means of those expected',
  isExact: false,
  prepare(instance, expected) {
    checkTrace(expected);
    return decidedAt(instance, { up: mean(expected, 'up'), down: mean(expected, 'down') });
  },
};
