// FedDyn: each car's loss is bent so that all of them have the same minimum in the end. Source: Acar, Zhao, Navarro, Mattina,
// Whatmough and Saligrama, "Federated Learning Based on Dynamic Regularization", ICLR 2021 (arXiv 2111.04263), Algorithm 1.
// A car minimises its loss - <g_k, w> + alpha/2 |w - w_global|^2 and then takes g_k <- g_k - alpha (w_k - w_global); the
// server: h <- h - alpha/N sum d_k, w <- sum p_k w_k - h / alpha. What a car keeps stays in it: no byte more travels.
// The paper knows its N clients; here N is the vehicles heard of so far. Must not: train; the terms are in learning/.

import { type Parameter, settingOf } from '../parameters.ts';
import { type Aggregator, combinedChange, moved, sharesOf } from './aggregator.ts';

const alpha: Parameter = {
  name: 'alpha',
  default: 0.01,
  minimum: 1e-6,
  maximum: 1000,
  describe: 'weight of the dynamic regulariser; the paper tries 0.001 to 0.1',
};

/** The state is h / alpha, so that nothing is divided by a small number: (1/N) times the changes of all rounds, negated. */
export const feddyn: Aggregator<Float64Array> = {
  name: 'feddyn',
  source: 'Acar et al., ICLR 2021 (arXiv 2111.04263), Algorithm 1',
  describe: 'the mean, and what all past changes left over; cars regularise by their own past',
  parameters: [alpha],
  client: (settings) => ({ proximal: settingOf(alpha, settings), control: 'feddyn' }),
  init: (parameters) => new Float64Array(parameters),
  aggregate: (state, input) => {
    const { updates, population } = input;
    const mean = combinedChange(input, sharesOf(updates));
    const all = combinedChange(
      input,
      updates.map(() => 1 / population),
    );
    const next = state.map((value, i) => value - all[i]!);
    return {
      state: next,
      weights: moved(
        input.base,
        mean.map((change, i) => change - next[i]!),
      ),
    };
  },
};
