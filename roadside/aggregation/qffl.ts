// q-FedAvg: clients with a high loss count more, so that the model serves all of them evenly. Source: Li, Sanjabi, Beirami
// and Smith, "Fair Resource Allocation in Federated Learning", ICLR 2020 (arXiv 1905.10497), Algorithm 2. With L = 1 /
// (local learning rate): D_k = F_k^q L d_k, h_k = q F_k^(q-1) |L d_k|^2 + L F_k^q, w <- w + sum D_k / sum h_k.
// Ours: F_k is the loss of the last local epoch, which is reported; the paper's is that of the model sent out.
// Must not: weigh by samples; fairness is among clients.

import { type Parameter, settingOf } from '../parameters.ts';
import { type Aggregator, changeNorms, combinedChange, moved } from './aggregator.ts';

const fairness: Parameter = {
  name: 'fairness',
  default: 1,
  minimum: 0,
  maximum: 20,
  describe: 'q; 0 is the equal mean, the paper tries 0 to 5',
};
/** A loss of exactly 0 would divide by 0 below q = 1. */
const leastLoss = 1e-10;

export const qffl: Aggregator<null> = {
  name: 'q-ffl',
  source: 'Li, Sanjabi, Beirami and Smith, ICLR 2020 (arXiv 1905.10497), Algorithm 2',
  describe: 'clients with a high loss count more',
  parameters: [fairness],
  init: () => null,
  aggregate: (state, input) => {
    const q = settingOf(fairness, input.settings);
    const smoothness = 1 / input.training.learningRate;
    const norms = changeNorms(input);
    const losses = input.updates.map(({ trainLoss }) => Math.max(trainLoss, leastLoss));
    const total = losses.reduce((sum, loss, k) => {
      const square = (smoothness * norms[k]!) ** 2;
      return sum + q * loss ** (q - 1) * square + smoothness * loss ** q;
    }, 0);
    const factors = losses.map((loss) => (smoothness * loss ** q) / total);
    return { state, weights: moved(input.base, combinedChange(input, factors)) };
  },
};
