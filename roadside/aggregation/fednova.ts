// FedNova: clients that took more local steps do not pull the model to themselves. Source: Wang, Liu, Liang, Joshi and Poor,
// "Tackling the Objective Inconsistency Problem in Heterogeneous Federated Optimization", NeurIPS 2020 (arXiv 2007.07481),
// Equation 10 and Section 4: w <- w + (sum p_k a_k) (sum p_k d_k / a_k), where a_k is the length of client k's
// accumulation vector: its steps t for plain SGD, [t - rho (1 - rho^t) / (1 - rho)] / (1 - rho) with momentum rho.
// Must not: be used with local Adam; its accumulation is another.

import { accumulatedSteps } from '../../learning/accumulated-steps.ts';
import { type Aggregator, combinedChange, moved, sharesOf } from './aggregator.ts';

export const fednova: Aggregator<null> = {
  name: 'fednova',
  source: 'Wang et al., NeurIPS 2020 (arXiv 2007.07481), Equation 10',
  describe: 'changes normalised by the local steps behind them',
  init: () => null,
  aggregate: (state, input) => {
    const shares = sharesOf(input.updates);
    const lengths = input.updates.map(({ steps }) => accumulatedSteps(steps, input.training.momentum));
    const effective = shares.reduce((sum, share, k) => sum + share * lengths[k]!, 0);
    const factors = shares.map((share, k) => (effective * share) / lengths[k]!);
    return { state, weights: moved(input.base, combinedChange(input, factors)) };
  },
};
