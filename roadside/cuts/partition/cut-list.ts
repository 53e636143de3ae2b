// A choice among cuts that are known beforehand: each is a plane over (1 / up, 1 / down), a decision looks at all.
// Must not: think of cuts itself.

import type { CutDecider } from './algorithm.ts';
import { checkRates, epochCost, type LinkRates, type Split, type SplitInstance } from './instance.ts';

export class CutList implements CutDecider {
  readonly #sets: readonly Uint8Array[];
  readonly #fixedSeconds: Float64Array;
  readonly #bitsUp: Float64Array;
  readonly #bitsDown: Float64Array;

  /** `sets`: closed, at least one, the fewest layers in the car first. */
  constructor(instance: SplitInstance, sets: readonly Uint8Array[]) {
    const costs = sets.map((onDevice) => epochCost(instance, onDevice));
    this.#sets = sets;
    this.#fixedSeconds = Float64Array.from(costs, (cost) => cost.fixedSeconds);
    this.#bitsUp = Float64Array.from(costs, (cost) => cost.bitsUp);
    this.#bitsDown = Float64Array.from(costs, (cost) => cost.bitsDown);
  }

  /** The cheapest of all; ties: the first. */
  decide(rates: LinkRates): Split {
    checkRates(rates);
    let [best, seconds] = [0, Number.POSITIVE_INFINITY];
    for (let i = 0; i < this.#sets.length; i++) {
      const candidate = this.#seconds(i, rates);
      if (candidate < seconds) [best, seconds] = [i, candidate];
    }
    return { onDevice: this.#sets[best]!, seconds };
  }

  /** The cut at `index`, whatever it costs. */
  at(index: number, rates: LinkRates): Split {
    checkRates(rates);
    return { onDevice: this.#sets[index]!, seconds: this.#seconds(index, rates) };
  }

  #seconds(i: number, { up, down }: LinkRates): number {
    return this.#fixedSeconds[i]! + this.#bitsUp[i]! / up + this.#bitsDown[i]! / down;
  }
}
