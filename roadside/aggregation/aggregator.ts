// The aggregation port: how the updates that were committed in a round become the next global model. A rule is `init` and
// `aggregate`: state in, new state out, arrays of the caller left as they were. Adding one: a file in this folder that
// exports an Aggregator, and a line in `aggregators.ts`.
// Must not: do I/O, draw randomness, or depend on the order of arrival: updates come sorted by vehicle id.
//
// Notation of all rules here: base w (the model that was sent out), update k's weights w_k, its change d_k = w_k - w,
// p_k its share (its weight over the sum of weights).

import { assert } from '../../base/assert.ts';
import type { VehicleId } from '../../base/ids.ts';
import type { Task } from '../../protocol/messages.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';
import type { Parameter } from '../parameters.ts';

/** One committed update. */
export interface Update {
  readonly vehicle: VehicleId;
  /** Its weight before normalisation: 1, or its samples (`aggregation.weighting`). */
  readonly weight: number;
  readonly weights: Float32Array; // parameters
  /** Local steps it took: mini-batches times epochs. */
  readonly steps: number;
  /** The loss it reported. */
  readonly trainLoss: number;
  /** What an asynchronous run says of it besides; absent in a synchronous one, where all began from the base. */
  readonly flight?: {
    /** Number of its task: a vehicle may contribute twice to one model. */
    readonly task: number;
    /** tau: models made between the one it began from and the base. */
    readonly staleness: number;
    /** The model it began from. */
    readonly start: Float32Array; // parameters
  };
}

/** Everything a rule may look at. */
export interface AggregationInput {
  readonly round: number;
  readonly base: Float32Array; // parameters
  /** At least one; ascending by vehicle id, and for one vehicle by task. */
  readonly updates: readonly Update[];
  readonly settings: Scenario['aggregation'];
  readonly training: Pick<Scenario['training'], 'learningRate' | 'momentum'>;
  /** What the RSU itself trained from `base` on its own data, where the rule has `rootSamples`. */
  readonly trusted?: Float32Array; // parameters
  /** Vehicles the RSU has heard of so far: the N of rules that keep something for each client. At least one. */
  readonly population: number;
}

/** What a rule asks of the cars beyond plain training. */
export interface ClientPart {
  /** mu of the proximal term in their loss (learning/learner.ts). */
  readonly proximal?: number;
  /** A vector each car keeps from round to round and corrects its gradients by (vehicle-agent/control.ts). */
  readonly control?: NonNullable<Task['control']>;
}

/** An update a rule left out, and why. */
export interface Rejection {
  readonly vehicle: VehicleId;
  readonly reason: string;
}

/** An aggregation rule with state S: what the server remembers between rounds, such as momentum. */
export interface Aggregator<S = unknown> {
  readonly name: string;
  /** Where it comes from: paper, section; or `ours`. */
  readonly source: string;
  readonly describe: string;
  /** What a scenario may set under `aggregation.parameters`. */
  readonly parameters?: readonly Parameter[];
  /**
   * How many updates it wants at least before it makes a model of them. With it a rule is asynchronous: nobody waits for
   * a round, and an update may have begun from an older model. Absent: the rule takes whole rounds.
   */
  bufferSize?(settings: AggregationInput['settings']): number;
  /** What it asks of the cars; nothing where absent. */
  client?(settings: AggregationInput['settings']): ClientPart;
  /** How many samples of the RSU's own it wants trained in each round; none where absent. */
  rootSamples?(settings: AggregationInput['settings']): number;
  /** What the cars are sent behind the model: as many numbers as it has parameters. Nothing where absent. */
  companion?(state: S): Float32Array; // parameters
  init(parameters: number): S;
  /** The next global model, in an array of its own, rounded to float32 once at the end. */
  aggregate(
    state: S,
    input: AggregationInput,
  ): { state: S; weights: Float32Array; rejected?: readonly Rejection[] };
}

/** Whether `a` comes before `b`: by vehicle id, then by task. */
function isBefore(a: Pick<Update, 'vehicle' | 'flight'>, b: Pick<Update, 'vehicle' | 'flight'>): boolean {
  if (a.vehicle !== b.vehicle) return a.vehicle < b.vehicle;
  return a.flight !== undefined && b.flight !== undefined && a.flight.task < b.flight.task;
}

/** Asserts that updates ascend by vehicle id and task without repetition, weigh something and fit the model. */
export function checkUpdates(
  base: Float32Array,
  updates: readonly Pick<Update, 'vehicle' | 'weight' | 'weights' | 'flight'>[],
): void {
  updates.forEach((update, i) => {
    const { vehicle, weight, weights } = update;
    const before = updates[i - 1];
    assert(before === undefined || isBefore(before, update), `contributions are not sorted at ${vehicle}`);
    assert(Number.isFinite(weight) && weight > 0, `weight of ${vehicle} is ${weight}, expected > 0`);
    assert(
      weights.length === base.length,
      `${vehicle} has ${weights.length} parameters, expected ${base.length}`,
    );
  });
}

/** The shares p_k, which sum to 1. */
export function sharesOf(updates: readonly Update[]): number[] {
  const total = updates.reduce((sum, update) => sum + update.weight, 0);
  return updates.map((update) => update.weight / total);
}

/** Sum over k of factor_k d_k, in float64. */
export function combinedChange(
  { base, updates }: Pick<AggregationInput, 'base' | 'updates'>,
  factors: readonly number[],
): Float64Array {
  const sum = new Float64Array(base.length); // parameters
  for (const [k, { weights }] of updates.entries()) {
    const factor = factors[k]!;
    if (factor === 0) continue;
    for (let i = 0; i < sum.length; i++) sum[i] = sum[i]! + factor * (weights[i]! - base[i]!);
  }
  return sum;
}

/** w + change, rounded to float32. */
export function moved(base: Float32Array, change: Float64Array): Float32Array {
  const weights = new Float32Array(base.length); // parameters
  for (let i = 0; i < weights.length; i++) weights[i] = base[i]! + change[i]!;
  return weights;
}

/** The length of each d_k (Euclidean). */
export function changeNorms({ base, updates }: Pick<AggregationInput, 'base' | 'updates'>): number[] {
  return updates.map(({ weights }) => {
    let sum = 0;
    for (let i = 0; i < base.length; i++) {
      const difference = weights[i]! - base[i]!;
      sum += difference * difference;
    }
    return Math.sqrt(sum);
  });
}
