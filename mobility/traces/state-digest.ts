// A digest of everything a city engine computed: equal for equal runs whatever order the columns have, and whoever
// computed which vehicle. Must not: depend on how numbers are printed.

import { createHash } from 'node:crypto';
import type { VehicleColumns } from '../driving/city-engine.ts';

/** Call `add` after every step. */
export class StateDigest {
  readonly #hash = createHash('sha256');
  readonly #floats = new Float64Array(2);
  readonly #words = new Uint32Array(this.#floats.buffer);
  readonly #sums = new Float64Array(4);

  /** Each vehicle is mixed to two numbers of 32 bits; a step is their sums, which know no order. */
  add(atSeconds: number, vehicles: VehicleColumns): void {
    const { count, departure, lane, position, speed } = vehicles;
    const words = this.#words;
    let first = 0;
    let second = 0;
    for (let row = 0; row < count; row++) {
      this.#floats[0] = position[row]!;
      this.#floats[1] = speed[row]!;
      let h = mixed(departure[row]!, lane[row]!);
      for (let i = 0; i < 4; i++) h = mixed(h, words[i]!);
      first += h >>> 0;
      second += mixed(h, 0x9e3779b9) >>> 0;
    }
    this.#sums.set([atSeconds, count, first, second]);
    this.#hash.update(new Uint8Array(this.#sums.buffer));
  }

  /** Hex digest of all steps so far. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** Murmur's finisher over two words. */
function mixed(a: number, b: number): number {
  let h = Math.imul(a ^ (a >>> 15), 0x2c1b3c6d) ^ Math.imul(b, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return h ^ (h >>> 16);
}
