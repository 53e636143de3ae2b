// Seeded, forkable random streams. One root seed; every subsystem forks its own stream by name, so that drawing more
// numbers in one never shifts another. Must not: read the clock, or be shared between two subsystems.
//
// Generator: sfc32 (PractRand's Small Fast Counting generator, 128 bits of state), seeded by an FNV-1a/murmur mix of
// the path of names. Only + - * and shifts on integers: the same numbers on every machine.

/** Mixes `text` into four 32-bit words, starting from `basis`. */
function mix(text: string, basis: readonly number[]): [number, number, number, number] {
  const state = [...basis] as [number, number, number, number];
  for (let lane = 0; lane < 4; lane++) {
    let h = (state[lane] as number) ^ Math.imul(lane + 1, 0x9e3779b9);
    for (let i = 0; i < text.length; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
    h ^= h >>> 16;
    h = Math.imul(h, 0x85ebca6b);
    h ^= h >>> 13;
    h = Math.imul(h, 0xc2b2ae35);
    state[lane] = (h ^ (h >>> 16)) >>> 0;
  }
  return state;
}

/** A stream of pseudo-random numbers. */
export class Rng {
  readonly #key: readonly [number, number, number, number];
  #a: number;
  #b: number;
  #c: number;
  #counter: number;

  private constructor(key: readonly [number, number, number, number]) {
    this.#key = key;
    [this.#a, this.#b, this.#c, this.#counter] = key;
    for (let i = 0; i < 12; i++) this.next();
  }

  /** The root stream of a run. The same seed gives the same stream for ever. */
  static root(seed: number): Rng {
    return new Rng(mix(`seed:${seed}`, [0x811c9dc5, 0x2545f491, 0x6c078965, 1]));
  }

  /** A stream of its own, decided by this stream's name and `name` only: not by what was drawn before. */
  fork(name: string): Rng {
    return new Rng(mix(name, this.#key));
  }

  /** The next 32 random bits as an unsigned integer. */
  next(): number {
    const t = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = ((this.#c << 21) | (this.#c >>> 11)) + t;
    this.#c |= 0;
    return t >>> 0;
  }

  /** Uniform in [0, 1), 53 bits. */
  uniform(): number {
    return ((this.next() >>> 5) * 67108864 + (this.next() >>> 6)) / 9007199254740992;
  }

  /** Uniform in [low, high). */
  between(low: number, high: number): number {
    return low + (high - low) * this.uniform();
  }

  /**
   * Uniform integer in [0, bound); bound below 2^32. Unbiased: draws again where 2^32 does not divide. All in 32-bit
   * integers, whose remainders a machine has an instruction for.
   */
  integer(bound: number): number {
    const parts = bound >>> 0;
    if (parts !== bound || parts === 0)
      throw new RangeError(`invalid bound: ${bound} (expected an integer from 1 to 4294967295)`);
    const left = ((-parts >>> 0) % parts) >>> 0;
    for (;;) {
      const drawn = this.next();
      if (drawn < 4294967296 - left) return (drawn % parts) >>> 0;
    }
  }

  /** Standard normal, by Marsaglia's polar method. */
  normal(): number {
    for (;;) {
      const u = 2 * this.uniform() - 1;
      const v = 2 * this.uniform() - 1;
      const s = u * u + v * v;
      if (s > 0 && s < 1) return u * Math.sqrt((-2 * Math.log(s)) / s);
    }
  }

  /** Exponential with the given rate (mean 1/rate). */
  exponential(rate: number): number {
    return -Math.log(1 - this.uniform()) / rate;
  }

  /** Shuffles `items` in place (Fisher-Yates) and returns them. */
  shuffle<T extends { length: number; [index: number]: unknown }>(items: T): T {
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const kept = items[i];
      items[i] = items[j];
      items[j] = kept;
    }
    return items;
  }
}
