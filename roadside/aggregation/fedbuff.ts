// FedBuff: changes are kept in a buffer until there are K of them, and make a model together. Source: Nguyen, Malik, Zhan,
// Yousefpour, Rabbat, Malek and Huba, "Federated Learning with Buffered Asynchronous Aggregation", AISTATS 2022 (arXiv
// 2106.06639), Algorithm 1: w <- w + eta_g sum p_k s(tau_k) (w_k - w_start_k), with s = 1 / sqrt(1 + tau) where the scenario
// names no other. The paper's shares are 1/K; by samples they are the samples' [ours]. Its concurrency M is
// `selection.perRound`. Must not: normalise by s: a stale buffer is to move the model less.

import { type Parameter, settingOf } from '../parameters.ts';
import { type Aggregator, moved, sharesOf } from './aggregator.ts';
import { stalenessParameters, stalenessWeight } from './staleness.ts';

const size: Parameter = {
  name: 'bufferSize',
  default: 10,
  minimum: 1,
  maximum: 100_000,
  describe: 'K, updates that make a model; 10 in the paper',
};
const rate: Parameter = {
  name: 'serverLearningRate',
  default: 1,
  minimum: 1e-6,
  maximum: 100,
  describe: 'eta_g, step along the mean change; tuned in the paper',
};
const mu: Parameter = {
  name: 'mu',
  default: 0,
  minimum: 0,
  maximum: 1000,
  describe: 'weight of a proximal term in the cars, as in FedProx; none in the paper',
};

export const fedbuff: Aggregator<null> = {
  name: 'fedbuff',
  source: 'Nguyen et al., AISTATS 2022 (arXiv 2106.06639), Algorithm 1',
  describe: 'asynchronous: the mean change of every K updates, stale ones less',
  parameters: [size, rate, mu, ...stalenessParameters],
  bufferSize: (settings) => Math.floor(settingOf(size, settings)),
  client: (settings) => ({ proximal: settingOf(mu, settings) }),
  init: () => null,
  aggregate: (state, { base, updates, settings }) => {
    const step = settingOf(rate, settings);
    const shares = sharesOf(updates);
    const change = new Float64Array(base.length); // parameters
    for (const [k, update] of updates.entries()) {
      const factor = step * shares[k]! * stalenessWeight(settings, update);
      const start = update.flight?.start ?? base;
      for (let i = 0; i < change.length; i++)
        change[i] = change[i]! + factor * (update.weights[i]! - start[i]!);
    }
    return { state, weights: moved(base, change) };
  },
};
