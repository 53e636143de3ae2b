// What FedAdagrad, FedAdam and FedYogi share: the mean change of the clients taken as a gradient by an adaptive optimiser
// at the server. Source: Reddi, Charles, Zaheer, Garrett, Rush, Konecny, Kumar and McMahan, "Adaptive Federated
// Optimization", ICLR 2021 (arXiv 2003.00295), Algorithm 2:
//   m <- beta1 m + (1 - beta1) D,   v by the rule,   w <- w + eta m / (sqrt(v) + tau),   D = sum p_k d_k, v starts at tau^2.
// Must not: know which of the three it is.

import { type Parameter, settingOf } from '../parameters.ts';
import { type Aggregator, combinedChange, moved, sharesOf } from './aggregator.ts';

/** m and v, one number for each parameter. v is null until the first round knows tau. */
interface Moments {
  readonly first: Float64Array;
  readonly second: Float64Array | null;
}

const rate: Parameter = {
  name: 'serverLearningRate',
  default: 0.01,
  minimum: 1e-9,
  maximum: 100,
  describe: "eta; the paper's best for images is 0.01 to 0.1",
};
const firstDecay: Parameter = {
  name: 'firstDecay',
  default: 0.9,
  minimum: 0,
  maximum: 0.9999,
  describe: 'beta1; 0.9 in the paper, 0 for FedAdagrad',
};
const secondDecay: Parameter = {
  name: 'secondDecay',
  default: 0.99,
  minimum: 0,
  maximum: 0.99999,
  describe: 'beta2; 0.99 in the paper',
};
const adaptivity: Parameter = {
  name: 'adaptivity',
  default: 1e-3,
  minimum: 1e-12,
  maximum: 10,
  describe: 'tau; 0.001 in the paper',
};

/** How v follows the squared change: (v, D^2, beta2) -> v. */
export type SecondMoment = (second: number, square: number, decay: number) => number;

/** One of the three, by its rule for v. FedAdagrad has no decay of v and no momentum by default. */
export function adaptiveRule(
  about: Pick<Aggregator, 'name' | 'source' | 'describe'>,
  follow: SecondMoment,
  firstDefault = 0.9,
): Aggregator<Moments> {
  const first = { ...firstDecay, default: firstDefault };
  return {
    ...about,
    parameters: [rate, first, secondDecay, adaptivity],
    init: (parameters) => ({ first: new Float64Array(parameters), second: null }),
    aggregate: (state, input) => {
      const { settings } = input;
      const [eta, beta1, beta2, tau] = [rate, first, secondDecay, adaptivity].map((parameter) =>
        settingOf(parameter, settings),
      ) as [number, number, number, number];
      const mean = combinedChange(input, sharesOf(input.updates));
      const m = mean.map((change, i) => beta1 * state.first[i]! + (1 - beta1) * change);
      const v = mean.map((change, i) => follow(state.second?.[i] ?? tau * tau, change * change, beta2));
      const step = m.map((value, i) => (eta * value) / (Math.sqrt(v[i]!) + tau));
      return { state: { first: m, second: v }, weights: moved(input.base, step) };
    },
  };
}
