// Coordinate-wise median: each parameter by itself, so that fewer than half liars cannot move it far. Source: Yin, Chen,
// Ramchandran and Bartlett, "Byzantine-Robust Distributed Learning: Towards Optimal Statistical Rates", ICML 2018 (arXiv
// 1803.01498), Definition 1. Must not: weigh; a weight is what a liar would claim.

import type { Aggregator } from './aggregator.ts';
import { trimmedMeans } from './sorted-columns.ts';

export const coordinateMedian: Aggregator<null> = {
  name: 'coordinate-median',
  source: 'Yin, Chen, Ramchandran and Bartlett, ICML 2018 (arXiv 1803.01498), Definition 1',
  describe: 'the median of each parameter',
  init: () => null,
  aggregate: (state, { updates }) => ({
    state,
    // All but the one or two in the middle are cut off.
    weights: trimmedMeans(
      updates.map((update) => update.weights),
      Math.floor((updates.length - 1) / 2),
    ),
  }),
};
