// What every way of choosing a cut must be able to do, so that experiments can set one beside the other.
// Must not: choose one.

import type { LinkRates, Split, SplitInstance } from './instance.ts';

/** A model on one car and one RSU, ready for decisions at changing rates. */
export interface CutDecider {
  /** `onDevice` is valid until the next decision. Throws RoadbedError('data') at a rate that no bit passes. */
  decide(rates: LinkRates): Split;
}

export interface CutAlgorithm {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  /** True: no cut is better, whatever the graph. */
  readonly isExact: boolean;
  /**
   * `expected`: rates to be met, at least one pair; those that decide once and for all decide for these. Throws
   * RoadbedError('data') at costs that are none, or a graph that is beyond the algorithm.
   */
  prepare(instance: SplitInstance, expected: readonly LinkRates[]): CutDecider;
}
