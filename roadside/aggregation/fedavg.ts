// Federated averaging: the weighted mean of the models that came back. Source: McMahan, Moore, Ramage, Hampson, Aguera y
// Arcas, "Communication-Efficient Learning of Deep Networks from Decentralized Data", AISTATS 2017, Algorithm 1; with
// equal weights it is MAVFL's rule (arXiv 2410.10451, Section II), the plain mean over the vehicles that succeeded.
// Must not: depend on the order of arrival. Contributions come sorted by vehicle id and are summed in float64 in that
// order, because floating-point addition does not commute across three terms.

import { assert } from '../../base/assert.ts';
import type { VehicleId } from '../../base/ids.ts';

/** One committed model: its weights as one flat array, and its share before normalisation (1, or samples). */
export interface WeightedModel {
  readonly vehicle: VehicleId;
  readonly weight: number;
  readonly weights: Float32Array; // parameters
}

function checkContributions(base: Float32Array, contributions: readonly WeightedModel[]): void {
  contributions.forEach((contribution, i) => {
    const { vehicle, weight, weights } = contribution;
    const before = contributions[i - 1];
    assert(before === undefined || before.vehicle < vehicle, `contributions are not sorted at ${vehicle}`);
    assert(Number.isFinite(weight) && weight > 0, `weight of ${vehicle} is ${weight}, expected > 0`);
    assert(
      weights.length === base.length,
      `${vehicle} has ${weights.length} parameters, expected ${base.length}`,
    );
  });
}

/**
 * Sum of weight x model over the sum of weights, rounded to float32 once at the end. Without contributions: a copy of
 * `base`, bit for bit. Asserts that contributions ascend by vehicle id without repetition and fit the model.
 */
export function aggregate(base: Float32Array, contributions: readonly WeightedModel[]): Float32Array {
  checkContributions(base, contributions);
  if (contributions.length === 0) return base.slice();
  const sums = new Float64Array(base.length); // parameters
  let total = 0;
  for (const { weight, weights } of contributions) {
    total += weight;
    for (let i = 0; i < sums.length; i++) sums[i] = (sums[i] as number) + weight * (weights[i] as number);
  }
  const mean = new Float32Array(base.length); // parameters
  for (let i = 0; i < mean.length; i++) mean[i] = (sums[i] as number) / total;
  return mean;
}
