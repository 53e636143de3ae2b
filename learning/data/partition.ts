// Which samples each vehicle holds. Every vehicle's shard comes from its own random stream, forked by its id, so that
// adding or removing a vehicle changes no other vehicle's data: runs with different fleets stay comparable.
// Must not: give two vehicles disjoint shards by a common draw; shards of two vehicles may share samples.

import { Rng } from '../../base/rng.ts';
import type { Shard } from '../learner.ts';
import { indicesByClass } from './dataset.ts';

/** How a vehicle's data relate to the whole set. */
export type Partition =
  /** Uniform over all samples. */
  | { readonly kind: 'iid' }
  /** The vehicle's label mix is drawn from a Dirichlet distribution; small `alpha` means few labels per vehicle. */
  | { readonly kind: 'dirichlet'; readonly alpha: number };

export interface ShardOptions {
  /** Labels of the whole training set. */
  readonly labels: Uint8Array;
  readonly classes: number;
  /** The vehicle's id; the name of its random stream. */
  readonly vehicle: string;
  /** How many samples the vehicle holds. */
  readonly samples: number;
  readonly partition: Partition;
  readonly seed: number;
}

/**
 * The shard of one vehicle: `samples` indices into the training set, in random order.
 *
 * Dirichlet after Hsu, Qi and Brown 2019, "Measuring the effects of non-identical data distribution for federated
 * visual classification" (arXiv 1909.06335), section 3.1: label mix q ~ Dir(alpha p), p the prior over classes. Here p
 * is the share of each class in the set times the number of classes, so that a balanced set has concentration `alpha`
 * per class, as other frameworks count it. Hsu's alpha is ours times the number of classes.
 *
 * Samples are drawn without replacement within the set (iid) or within a class (Dirichlet); only when that is used up
 * does it start again, so that a shard never has fewer samples than asked for and the label mix holds.
 *
 * Throws RangeError at samples below 1, an empty set, an alpha that is not a positive finite number, or a bad label.
 */
export function shardFor(options: ShardOptions): Shard {
  const { labels, classes, vehicle, samples, partition, seed } = options;
  if (!Number.isInteger(samples) || samples < 1)
    throw new RangeError(`invalid samples: ${samples} (expected >= 1)`);
  if (labels.length === 0) throw new RangeError('invalid labels: none (expected at least one)');
  const rng = Rng.root(seed).fork('shard').fork(vehicle);
  if (partition.kind === 'iid') {
    const pool = new Pool(
      Uint32Array.from(labels, (_, i) => i),
      rng.fork('samples'),
    );
    return Uint32Array.from({ length: samples }, () => pool.draw());
  }
  const byClass = indicesByClass(labels, classes);
  const mix = labelMix(byClass, partition.alpha, rng.fork('mix'));
  const pools = byClass.map((list, label) => new Pool(Uint32Array.from(list), rng.fork(`class ${label}`)));
  const choice = rng.fork('labels');
  return Uint32Array.from({ length: samples }, () => pools[drawLabel(mix, choice)]!.draw());
}

/** Draws without replacement until empty, then begins again (Fisher-Yates, one step per draw). */
class Pool {
  readonly #items: Uint32Array;
  readonly #rng: Rng;
  #left: number;

  constructor(items: Uint32Array, rng: Rng) {
    this.#items = items;
    this.#rng = rng;
    this.#left = items.length;
  }

  draw(): number {
    if (this.#left === 0) this.#left = this.#items.length;
    const at = this.#rng.integer(this.#left);
    this.#left -= 1;
    const drawn = this.#items[at]!;
    this.#items[at] = this.#items[this.#left]!;
    this.#items[this.#left] = drawn;
    return drawn;
  }
}

/** One draw of the Dirichlet distribution, as the cumulative probability of every class. Absent classes get none. */
function labelMix(byClass: readonly (readonly number[])[], alpha: number, rng: Rng): Float64Array {
  if (!(alpha > 0 && Number.isFinite(alpha)))
    throw new RangeError(`invalid alpha: ${alpha} (expected a positive finite number)`);
  const total = byClass.reduce((sum, list) => sum + list.length, 0);
  const logs = byClass.map(({ length }, label) =>
    length === 0
      ? -Infinity
      : logGamma((alpha * byClass.length * length) / total, rng.fork(`class ${label}`)),
  );
  // Gammas relative to the largest: with a small alpha all of them may be too small for a float.
  const largest = Math.max(...logs);
  const cumulative = new Float64Array(logs.length);
  let sum = 0;
  for (let label = 0; label < logs.length; label++) {
    sum += Math.exp(logs[label]! - largest);
    cumulative[label] = sum;
  }
  return cumulative.map((value) => value / sum);
}

/** The label of the first class whose cumulative probability exceeds a uniform number; never an absent class. */
function drawLabel(cumulative: Float64Array, rng: Rng): number {
  const u = rng.uniform();
  for (let label = 0; label < cumulative.length; label++) {
    if (u < cumulative[label]!) return label;
  }
  throw new RangeError(`invalid label mix: ends at ${cumulative.at(-1)} (expected 1)`);
}

/**
 * The logarithm of a Gamma(shape, 1) number. Marsaglia and Tsang 2000, "A simple method for generating gamma
 * variables" (ACM TOMS 26(3), doi 10.1145/358407.358414); a shape below 1 by their boost Gamma(shape + 1) U^(1/shape),
 * which is why we stay in logarithms.
 */
function logGamma(shape: number, rng: Rng): number {
  const boost = shape < 1 ? Math.log(1 - rng.uniform()) / shape : 0;
  const d = (shape < 1 ? shape + 1 : shape) - 1 / 3;
  const c = 1 / Math.sqrt(9 * d);
  for (;;) {
    const x = rng.normal();
    const v = (1 + c * x) * (1 + c * x) * (1 + c * x);
    if (v <= 0) continue;
    if (Math.log(1 - rng.uniform()) < 0.5 * x * x + d - d * v + d * Math.log(v))
      return Math.log(d * v) + boost;
  }
}
