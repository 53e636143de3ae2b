// A standard normal that changes as its vehicle moves: the memory of shadowing and of line of sight. Source: Gudmundson's
// exponential autocorrelation, as TR 38.901 7.6.3 and TR 37.885 state it: after D metres the old value counts
// e^(-D / Dc), and fresh noise sqrt(1 - e^(-2 D / Dc)).
// Must not: know what it is used for.

import { exp } from '../../base/math.ts';
import type { Rng } from '../../base/rng.ts';
import { drawNormal } from './chance.ts';

export class CorrelatedNormal {
  readonly #decorrelationMeters: number;
  readonly #rng: Rng;
  #value: number;
  #odometerMeters = 0;

  constructor(decorrelationMeters: number, rng: Rng) {
    this.#decorrelationMeters = decorrelationMeters;
    this.#rng = rng;
    this.#value = drawNormal(rng);
  }

  /** The value where the vehicle has driven `odometerMeters` in all; standing still changes nothing and draws nothing. */
  at(odometerMeters: number): number {
    const meters = odometerMeters - this.#odometerMeters;
    if (meters > 0) {
      this.#odometerMeters = odometerMeters;
      const kept = exp(-meters / this.#decorrelationMeters);
      this.#value = kept * this.#value + Math.sqrt(1 - kept * kept) * drawNormal(this.#rng);
    }
    return this.#value;
  }
}
