// FedProx: cars that train long or on odd data are held near to the model they were sent. Source: Li, Sahu, Zaheer, Sanjabi,
// Talwalkar and Smith, "Federated Optimization in Heterogeneous Networks", MLSys 2020 (arXiv 1812.06127), Algorithm 2: each
// client minimises its loss + mu/2 |w - w_global|^2, the server takes the mean. Its other half, work that differs from
// client to client, is `aggregation.partialWork`. Must not: train; the term is in learning/.

import { type Parameter, settingOf } from '../parameters.ts';
import type { Aggregator } from './aggregator.ts';
import { weightedMean } from './fedavg.ts';

const mu: Parameter = {
  name: 'mu',
  default: 0.01,
  minimum: 0,
  maximum: 1000,
  describe: 'weight of the proximal term in the cars; the paper tries 0.001 to 1',
};

export const fedprox: Aggregator<null> = {
  name: 'fedprox',
  source: 'Li et al., MLSys 2020 (arXiv 1812.06127), Algorithm 2',
  describe: 'the mean of models that cars trained close to the one they were sent',
  parameters: [mu],
  client: (settings) => ({ proximal: settingOf(mu, settings) }),
  init: () => null,
  aggregate: (state, { base, updates }) => ({ state, weights: weightedMean(base, updates) }),
};
