// Federated averaging: the weighted mean of the models that came back. Source: McMahan, Moore, Ramage, Hampson, Aguera y
// Arcas, "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, Algorithm 1; with
// equal weights it is MAVFL's rule (arXiv 2410.10451, Section II), the plain mean over the vehicles that succeeded.
// Must not: depend on the order of arrival. Updates come sorted by vehicle id and are summed in float64 in that order,
// because floating-point addition does not commute across three terms.

import { type Aggregator, checkUpdates, type Update } from './aggregator.ts';

/**
 * Sum of weight x model over the sum of weights, rounded to float32 once at the end. Without updates: a copy of `base`,
 * bit for bit. Asserts that updates ascend by vehicle id without repetition and fit the model.
 */
export function weightedMean(
  base: Float32Array,
  updates: readonly Pick<Update, 'vehicle' | 'weight' | 'weights'>[],
): Float32Array {
  checkUpdates(base, updates);
  if (updates.length === 0) return base.slice();
  const sums = new Float64Array(base.length); // parameters
  let total = 0;
  for (const { weight, weights } of updates) {
    total += weight;
    for (let i = 0; i < sums.length; i++) sums[i] = sums[i]! + weight * weights[i]!;
  }
  const mean = new Float32Array(base.length); // parameters
  for (let i = 0; i < mean.length; i++) mean[i] = sums[i]! / total;
  return mean;
}

export const fedavg: Aggregator<null> = {
  name: 'fedavg',
  source: 'McMahan et al., AISTATS 2017, Algorithm 1; equal weights: MAVFL (arXiv 2410.10451)',
  describe: 'the mean of the models, equal or weighted by samples',
  init: () => null,
  aggregate: (state, { base, updates }) => ({ state, weights: weightedMean(base, updates) }),
};
