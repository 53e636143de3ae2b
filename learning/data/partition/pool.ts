// Draws from a list without replacement. Must not: share its stream.

import type { Rng } from '../../../base/rng.ts';

/** Draws without replacement until empty, then begins again (Fisher-Yates, one step per draw). */
export class Pool {
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

/** One pool for each class, each with a stream of its own. */
export function classPools(byClass: readonly (readonly number[])[], rng: Rng): Pool[] {
  return byClass.map((list, label) => new Pool(Uint32Array.from(list), rng.fork(`class ${label}`)));
}
