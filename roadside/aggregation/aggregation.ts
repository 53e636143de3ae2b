// The aggregation of one run: the rule its scenario names, and what that rule remembers from round to round.
// Must not: know where weights come from.

import type { Scenario } from '../../protocol/scenario/schema.ts';
import { type AggregationInput, checkUpdates, type Rejection, type Update } from './aggregator.ts';
import { aggregatorByName } from './aggregators.ts';

type Settings = Pick<Scenario, 'aggregation' | 'training'>;

export class Aggregation {
  readonly #settings: Settings;
  #state: { readonly value: unknown } | null = null;

  constructor(settings: Settings) {
    this.#settings = settings;
  }

  /** What the cars are sent behind a model of so many parameters; undefined where the rule sends nothing. */
  companion(parameters: number): Float32Array | undefined {
    return aggregatorByName(this.#settings.aggregation.rule).companion?.(this.#stateFor(parameters));
  }

  #stateFor(parameters: number): unknown {
    this.#state ??= { value: aggregatorByName(this.#settings.aggregation.rule).init(parameters) };
    return this.#state.value;
  }

  /**
   * The next global model, in an array of its own. Without updates it is a copy of `base`, bit for bit, and the rule
   * remembers nothing of the round. Asserts that updates ascend by vehicle id and fit the model.
   * `population`: vehicles heard of so far, at least those of the updates. `trusted`: what the RSU trained itself from
   * `base`, where the rule wants that.
   */
  next(
    round: number,
    base: Float32Array,
    updates: readonly Update[],
    { population = updates.length, trusted }: Partial<Pick<AggregationInput, 'population' | 'trusted'>> = {},
  ): { weights: Float32Array; rejected: readonly Rejection[] } {
    checkUpdates(base, updates);
    if (updates.length === 0) return { weights: base.slice(), rejected: [] };
    const { aggregation: settings, training } = this.#settings;
    const input = { round, base, updates, settings, training, population, trusted };
    const rule = aggregatorByName(settings.rule);
    const { state, weights, rejected = [] } = rule.aggregate(this.#stateFor(base.length), input);
    this.#state = { value: state };
    return { weights, rejected };
  }
}
