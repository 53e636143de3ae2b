// How much an update counts that began from an older model: s(tau), 1 for a fresh one. Source: Xie, Koyejo and Gupta,
// "Asynchronous Federated Optimization", 2019 (arXiv 1903.03934), Section 5.2:
//   constant    s = 1
//   polynomial  s = (1 + tau)^-a
//   hinge       s = 1 up to b, then 1 / (a (tau - b) + 1)
// FedBuff's 1 / sqrt(1 + tau) is the polynomial with a = 1/2. Must not: know how updates become a model.

import { type Parameter, settingOf } from '../parameters.ts';
import type { AggregationInput, Update } from './aggregator.ts';

const exponent: Parameter = {
  name: 'stalenessExponent',
  default: 0.5,
  minimum: 0,
  maximum: 10,
  describe: 'a of (1 + tau)^-a, with staleness polynomial; 0.5 in both papers',
};
const slope: Parameter = {
  name: 'hingeSlope',
  default: 10,
  minimum: 0,
  maximum: 1000,
  describe: 'a of 1 / (a (tau - b) + 1), with staleness hinge; 10 in FedAsync',
};
const start: Parameter = {
  name: 'hingeStart',
  default: 4,
  minimum: 0,
  maximum: 1e6,
  describe: 'b, up to which nothing is weakened, with staleness hinge; 4 in FedAsync',
};

/** What a rule that weakens stale updates lets a scenario set. */
export const stalenessParameters: readonly Parameter[] = [exponent, slope, start];

/** s(tau) of one update; 1 where it began from the base. */
export function stalenessWeight(settings: AggregationInput['settings'], { flight }: Update): number {
  const tau = flight?.staleness ?? 0;
  const { staleness = 'polynomial' } = settings;
  if (staleness === 'constant') return 1;
  if (staleness === 'polynomial') return (1 + tau) ** -settingOf(exponent, settings);
  const over = tau - settingOf(start, settings);
  return over <= 0 ? 1 : 1 / (settingOf(slope, settings) * over + 1);
}
