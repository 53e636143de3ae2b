// FedAvgM: federated averaging with momentum at the server. Source: Hsu, Qi and Brown, "Measuring the Effects of
// Non-Identical Data Distribution for Federated Visual Classification", 2019 (arXiv 1909.06335), Section 4.3:
// v <- beta v + sum p_k d_k, w <- w + v. Must not: touch the clients.

import { type Parameter, settingOf } from '../parameters.ts';
import { type Aggregator, combinedChange, moved, sharesOf } from './aggregator.ts';

const momentum: Parameter = {
  name: 'serverMomentum',
  default: 0.9,
  minimum: 0,
  maximum: 0.999,
  describe: 'beta; the paper tries 0 to 0.997',
};
const rate: Parameter = {
  name: 'serverLearningRate',
  default: 1,
  minimum: 1e-6,
  maximum: 100,
  describe: 'step along the velocity; 1 in the paper',
};

/** The state is the velocity v. */
export const fedavgm: Aggregator<Float64Array> = {
  name: 'fedavgm',
  source: 'Hsu, Qi and Brown 2019 (arXiv 1909.06335), Section 4.3',
  describe: 'the mean change with momentum at the server',
  parameters: [momentum, rate],
  init: (parameters) => new Float64Array(parameters),
  aggregate: (velocity, input) => {
    const beta = settingOf(momentum, input.settings);
    const step = settingOf(rate, input.settings);
    const mean = combinedChange(input, sharesOf(input.updates));
    const next = mean.map((change, i) => beta * velocity[i]! + change);
    return {
      state: next,
      weights: moved(
        input.base,
        next.map((value) => step * value),
      ),
    };
  },
};
