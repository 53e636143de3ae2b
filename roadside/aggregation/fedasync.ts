// FedAsync: the server mixes each update into the model as it comes, the less the older the model it began from. Source:
// Xie, Koyejo and Gupta, "Asynchronous Federated Optimization", 2019 (arXiv 1903.03934), Algorithm 1 and Section 5.2:
// w <- (1 - alpha s(tau)) w + alpha s(tau) w_k; cars hold near what they were sent, by rho/2 |w - w_start|^2 in their loss.
// Updates that came while the server was busy are mixed in one after the other, by vehicle id and task.
// Must not: wait for a second update, or look at the model an update began from.

import { type Parameter, settingOf } from '../parameters.ts';
import type { Aggregator } from './aggregator.ts';
import { stalenessParameters, stalenessWeight } from './staleness.ts';

const mixing: Parameter = {
  name: 'mixing',
  default: 0.6,
  minimum: 1e-6,
  maximum: 1,
  describe: 'alpha, how much of a fresh update goes into the model; 0.6 in the paper',
};
const mu: Parameter = {
  name: 'mu',
  default: 0.005,
  minimum: 0,
  maximum: 1000,
  describe: 'rho, weight of the proximal term in the cars; 0.005 in the paper',
};

export const fedasync: Aggregator<null> = {
  name: 'fedasync',
  source: 'Xie, Koyejo and Gupta 2019 (arXiv 1903.03934), Algorithm 1',
  describe: 'asynchronous: each update is mixed in as it comes, stale ones less',
  parameters: [mixing, mu, ...stalenessParameters],
  bufferSize: () => 1,
  client: (settings) => ({ proximal: settingOf(mu, settings) }),
  init: () => null,
  aggregate: (state, { base, updates, settings }) => {
    const mixed = Float64Array.from(base); // parameters
    for (const update of updates) {
      const share = settingOf(mixing, settings) * stalenessWeight(settings, update);
      for (let i = 0; i < mixed.length; i++) mixed[i] = mixed[i]! + share * (update.weights[i]! - mixed[i]!);
    }
    return { state, weights: Float32Array.from(mixed) };
  },
};
