// FLTrust: the RSU trains on a little data of its own, and trusts an update as far as it points the same way. Source: Cao,
// Fang, Liu and Gong, "FLTrust: Byzantine-robust Federated Learning via Trust Bootstrapping", NDSS 2021 (arXiv 2012.13995),
// Algorithm 2: with d_0 the RSU's own change, T_k = max(0, cos(d_k, d_0)), w <- w + sum T_k |d_0| / |d_k| d_k / sum T_k.
// Where nobody is trusted the model stays (the paper does not say). Must not: train; what the RSU learned is an input.

import { present } from '../../base/assert.ts';
import { type Parameter, settingOf } from '../parameters.ts';
import { type Aggregator, changeNorms, combinedChange, moved } from './aggregator.ts';

const rootSamples: Parameter = {
  name: 'rootSamples',
  default: 100,
  minimum: 1,
  maximum: 1e6,
  describe: "training samples of the RSU's own; 100 in the paper",
};
const rate: Parameter = {
  name: 'serverLearningRate',
  default: 1,
  minimum: 1e-6,
  maximum: 100,
  describe: 'alpha, step along the trusted change; 1 in most experiments of the paper',
};

function innerProduct(base: Float32Array, a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < base.length; i++) sum += (a[i]! - base[i]!) * (b[i]! - base[i]!);
  return sum;
}

export const fltrust: Aggregator<null> = {
  name: 'fltrust',
  source: 'Cao, Fang, Liu and Gong, NDSS 2021 (arXiv 2012.13995), Algorithm 2',
  describe: 'changes as long as the one the RSU learned itself, weighted by how far they point its way',
  parameters: [rootSamples, rate],
  rootSamples: (settings) => Math.floor(settingOf(rootSamples, settings)),
  init: () => null,
  aggregate: (state, input) => {
    const { base, updates, settings } = input;
    const trusted = present(input.trusted, 'the weights the RSU trained itself');
    const norms = changeNorms(input);
    const own = Math.sqrt(innerProduct(base, trusted, trusted));
    const scores = updates.map(({ weights }, k) => {
      const lengths = norms[k]! * own;
      return lengths === 0 ? 0 : Math.max(0, innerProduct(base, weights, trusted) / lengths);
    });
    const total = scores.reduce((sum, score) => sum + score, 0);
    const step = settingOf(rate, settings);
    const factors = scores.map((score, k) => (score === 0 ? 0 : (step * score * own) / (total * norms[k]!)));
    return {
      state,
      weights: moved(base, combinedChange(input, factors)),
      rejected: updates.flatMap(({ vehicle }, k) =>
        scores[k]! > 0 ? [] : [{ vehicle, reason: 'does not point the way of what the RSU learned itself' }],
      ),
    };
  },
};
