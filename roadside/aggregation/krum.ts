// Krum and Multi-Krum: keep the updates that have the closest company. Source: Blanchard, El Mhamdi, Guerraoui and Stainer,
// "Machine Learning with Adversaries: Byzantine Tolerant Gradient Descent", NeurIPS 2017, Section 4: an update's score is the
// sum of its squared distances to its n - f - 2 nearest others; Krum takes the lowest, Multi-Krum the mean of the m lowest.
// Where a round is too small for the formula (n < f + 3), the nearest one counts. Ties: the smaller vehicle id.
// Must not: weigh.

import { type Parameter, settingOf } from '../parameters.ts';
import type { AggregationInput, Aggregator, Rejection, Update } from './aggregator.ts';
import { weightedMean } from './fedavg.ts';

const liars: Parameter = {
  name: 'liarShare',
  default: 0.2,
  minimum: 0,
  maximum: 0.49,
  describe: 'f / n: share of updates that may be false',
};

function squaredDistance(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i]! - b[i]!) ** 2;
  return sum;
}

/** The score of each update: low where it has close company. */
function scoresOf(updates: readonly Update[], f: number): number[] {
  const near = Math.max(1, updates.length - f - 2);
  const distances = updates.map((a) => updates.map((b) => squaredDistance(a.weights, b.weights)));
  return distances.map((row, k) => {
    const others = row.filter((_, other) => other !== k).sort((a, b) => a - b);
    return others.slice(0, near).reduce((sum, distance) => sum + distance, 0);
  });
}

/** The `keep` best updates, in order of their ids, and a line for each of the others. */
function closest(
  { updates, settings }: AggregationInput,
  keep: (n: number, f: number) => number,
): { kept: Update[]; rejected: Rejection[] } {
  const f = Math.floor(settingOf(liars, settings) * updates.length);
  const scores = scoresOf(updates, f);
  const order = updates.map((_, k) => k).sort((a, b) => scores[a]! - scores[b]! || a - b);
  const chosen = new Set(order.slice(0, keep(updates.length, f)));
  return {
    kept: updates.filter((_, k) => chosen.has(k)),
    rejected: updates.flatMap(({ vehicle }, k) =>
      chosen.has(k) ? [] : [{ vehicle, reason: 'far from the other updates' }],
    ),
  };
}

function krumOf(
  about: Pick<Aggregator, 'name' | 'describe'>,
  keep: (n: number, f: number) => number,
): Aggregator<null> {
  return {
    ...about,
    source: 'Blanchard, El Mhamdi, Guerraoui and Stainer, NeurIPS 2017 (arXiv 1703.02757), Section 4',
    parameters: [liars],
    init: () => null,
    aggregate: (state, input) => {
      const { kept, rejected } = closest(input, keep);
      const equal = kept.map((update) => ({ ...update, weight: 1 }));
      return { state, weights: weightedMean(input.base, equal), rejected };
    },
  };
}

export const krum = krumOf({ name: 'krum', describe: 'the one update with the closest company' }, () => 1);

/** m = n - f, the most the paper allows: all but as many as may be false. */
export const multiKrum = krumOf(
  { name: 'multi-krum', describe: 'the mean of the updates with the closest company' },
  (n, f) => Math.max(1, n - f),
);
