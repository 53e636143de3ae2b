// Norm clipping: no update may move the model farther than a bound. Source: Sun, Kairouz, Suresh and McMahan, "Can You Really
// Backdoor Federated Learning?", 2019 (arXiv 1911.07963), Section 4. Ours: without a bound given, the median length of the
// round's updates is the bound. Must not: change the direction of an update.

import { type Parameter, settingOf } from '../parameters.ts';
import { type Aggregator, changeNorms, combinedChange, moved, sharesOf } from './aggregator.ts';

const bound: Parameter = {
  name: 'normBound',
  default: 0,
  minimum: 0,
  maximum: 1e9,
  describe: 'greatest length of a change; 0: the median of the round [ours]',
};

function medianOf(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  const middle = sorted.length >> 1;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}

export const normClipping: Aggregator<null> = {
  name: 'norm-clipping',
  source: 'Sun, Kairouz, Suresh and McMahan 2019 (arXiv 1911.07963), Section 4',
  describe: 'the mean of changes shortened to a bound',
  parameters: [bound],
  init: () => null,
  aggregate: (state, input) => {
    const norms = changeNorms(input);
    const longest = settingOf(bound, input.settings) || medianOf(norms);
    const factors = sharesOf(input.updates).map(
      (share, k) => share * Math.min(1, longest / (norms[k]! || 1)),
    );
    return { state, weights: moved(input.base, combinedChange(input, factors)) };
  },
};
