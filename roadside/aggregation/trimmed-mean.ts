// Coordinate-wise trimmed mean: of each parameter, the largest and the smallest values are left out. Source: Yin, Chen,
// Ramchandran and Bartlett, ICML 2018 (arXiv 1803.01498), Definition 2. Must not: weigh.

import { type Parameter, settingOf } from '../parameters.ts';
import type { Aggregator } from './aggregator.ts';
import { trimmedMeans } from './sorted-columns.ts';

const trimmedShare: Parameter = {
  name: 'trimmedShare',
  default: 0.2,
  minimum: 0,
  maximum: 0.499,
  describe: 'beta: share of updates left out at each end, at least that of the liars',
};

export const trimmedMean: Aggregator<null> = {
  name: 'trimmed-mean',
  source: 'Yin, Chen, Ramchandran and Bartlett, ICML 2018 (arXiv 1803.01498), Definition 2',
  describe: 'the mean of each parameter without its extremes',
  parameters: [trimmedShare],
  init: () => null,
  aggregate: (state, { updates, settings }) => ({
    state,
    weights: trimmedMeans(
      updates.map((update) => update.weights),
      Math.floor(settingOf(trimmedShare, settings) * updates.length),
    ),
  }),
};
