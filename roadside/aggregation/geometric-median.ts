// RFA: the point with the least sum of distances to all updates. Source: Pillutla, Kakade and Harchaoui, "Robust
// Aggregation for Federated Learning", IEEE TSP 2022 (arXiv 1912.13445), Algorithm 2, the smoothed Weiszfeld algorithm:
// repeat z <- sum b_k w_k / sum b_k with b_k = p_k / max(nu, |z - w_k|). Must not: run for ever; the paper takes a handful
// of steps, here a fixed number, so that equal inputs give equal bytes.

import { type Parameter, settingOf } from '../parameters.ts';
import { type Aggregator, combinedChange, moved, sharesOf, type Update } from './aggregator.ts';

const steps: Parameter = {
  name: 'weiszfeldSteps',
  default: 10,
  minimum: 1,
  maximum: 1000,
  describe: 'rounds of the Weiszfeld algorithm; the paper finds 3 to 4 enough',
};
const smoothing: Parameter = {
  name: 'smoothing',
  default: 1e-6,
  minimum: 1e-12,
  maximum: 1,
  describe: 'nu: least distance; 1e-6 in the paper',
};

/** |z - w_k| for the point z = base + change. */
function distances(base: Float32Array, change: Float64Array, updates: readonly Update[]): number[] {
  return updates.map(({ weights }) => {
    let sum = 0;
    for (let i = 0; i < base.length; i++) sum += (base[i]! + change[i]! - weights[i]!) ** 2;
    return Math.sqrt(sum);
  });
}

export const geometricMedian: Aggregator<null> = {
  name: 'geometric-median',
  source: 'Pillutla, Kakade and Harchaoui, IEEE TSP 2022 (arXiv 1912.13445), Algorithm 2',
  describe: 'the point nearest to all updates together',
  parameters: [steps, smoothing],
  init: () => null,
  aggregate: (state, input) => {
    const { base, updates, settings } = input;
    const shares = sharesOf(updates);
    const least = settingOf(smoothing, settings);
    let change = combinedChange(input, shares);
    for (let step = 0; step < settingOf(steps, settings); step++) {
      const pulls = distances(base, change, updates).map((far, k) => shares[k]! / Math.max(least, far));
      const total = pulls.reduce((sum, pull) => sum + pull, 0);
      change = combinedChange(
        input,
        pulls.map((pull) => pull / total),
      );
    }
    return { state, weights: moved(base, change) };
  },
};
