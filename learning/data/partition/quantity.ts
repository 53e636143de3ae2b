// The same mix for all, but unequal amounts: quantity skew of Li, Diao, Chen and He, "Federated learning on non-IID data
// silos: an experimental study" (ICDE 2022), who draw the shares of all clients from Dir(beta). A share of a Dirichlet
// draw is a Gamma(beta) number over the sum of all; each vehicle draws its own here, over the mean that sum has.
// Must not: let one vehicle's amount depend on how many others there are.

import { logGamma, requirePositive } from './gamma.ts';
import { iidShard } from './iid.ts';
import type { PartitionInput, Shard } from './types.ts';

/** At least 1 sample, at most the whole set; `samples` on average. Throws RangeError at a beta that is not positive. */
export function quantityShard(input: PartitionInput, beta: number): Shard {
  requirePositive('beta', beta);
  const factor = Math.exp(logGamma(beta, input.rng.fork('quantity'))) / beta;
  const wanted = Math.round(input.samples * factor);
  return iidShard({ ...input, samples: Math.min(Math.max(wanted, 1), input.labels.length) });
}
