// SCAFFOLD: control variates take the drift of unequal data out of every local step. Source: Karimireddy, Kale, Mohri, Reddi,
// Stich and Suresh, "SCAFFOLD: Stochastic Controlled Averaging for Federated Learning", ICML 2020 (arXiv 1910.06378),
// Algorithm 1 with Option II: a car steps along g - c_k + c, then takes c_k <- c_k - c + (w - w_k) / (K eta); the server:
// w <- w + eta_g sum p_k d_k, c <- c + (1/N) sum of the changes of c_k.
//
// The change of a c_k is -c - d_k / (K eta), and the server knows all of that: nothing more goes up. Down, c follows the
// model, so a download is twice as long, and is estimated and counted so. With local momentum, which the paper does not
// have, K is the length of the accumulation vector (learning/accumulated-steps.ts). N is the vehicles heard of so far.
// Must not: be used with local Adam, or on split plans.

import { accumulatedSteps } from '../../learning/accumulated-steps.ts';
import { type Parameter, settingOf } from '../parameters.ts';
import { type Aggregator, combinedChange, moved, sharesOf } from './aggregator.ts';

const rate: Parameter = {
  name: 'serverLearningRate',
  default: 1,
  minimum: 1e-6,
  maximum: 100,
  describe: 'eta_g, step along the mean change; 1 in the experiments of the paper',
};

/** The state is c. */
export const scaffold: Aggregator<Float64Array> = {
  name: 'scaffold',
  source: 'Karimireddy et al., ICML 2020 (arXiv 1910.06378), Algorithm 1, Option II',
  describe: 'the mean change of cars that correct their drift by control variates; downloads are doubled',
  parameters: [rate],
  client: () => ({ control: 'scaffold' }),
  companion: (c) => Float32Array.from(c),
  init: (parameters) => new Float64Array(parameters),
  aggregate: (c, input) => {
    const { updates, population, training, settings } = input;
    const step = settingOf(rate, settings);
    const mean = combinedChange(input, sharesOf(updates));
    const gradients = combinedChange(
      input,
      updates.map(({ steps }) => -1 / (accumulatedSteps(steps, training.momentum) * training.learningRate)),
    );
    return {
      state: c.map((value, i) => value + (gradients[i]! - updates.length * value) / population),
      weights: moved(
        input.base,
        mean.map((change) => step * change),
      ),
    };
  },
};
