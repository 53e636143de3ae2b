// Who is on which lane, in order: for every lane the rows of its vehicles from the front one to the last, in a block of
// one big array. Leaving at the front and entering behind, the common cases, move nothing.
// Must not: know where vehicles are along a lane; callers keep the order.

const smallestBlock = 4;
/** Numbers in a lane's record, and where in it they are (the first: the slot of its front vehicle). */
const recordWidth = 4;
const countAt = 1;
const bodyAt = 2;
const limitAt = 3;

export class LaneLists {
  #slots: Int32Array;
  /**
   * What is asked of a lane lies together: where its front vehicle is in the slots, how many it has, the place of the
   * first body that reaches back onto it (-1: none; see world.ts), and where its block of slots ends.
   */
  readonly #records: Int32Array;
  readonly #begin: Int32Array;
  #end: number;
  /** Lanes that had vehicles at the last `tidy`, in rising order. */
  readonly active: Int32Array;
  activeCount = 0;

  constructor(lanes: number, lengthMeters: Float64Array) {
    this.#records = new Int32Array(lanes * recordWidth);
    this.#begin = new Int32Array(lanes);
    this.active = new Int32Array(lanes);
    let end = 0;
    for (let l = 0; l < lanes; l++) {
      const at = l * recordWidth;
      this.#begin[l] = end;
      this.#records[at] = end;
      this.#records[at + bodyAt] = -1;
      // A car with its gap needs 7.5 m, so a block holds a jam, and half of that again between two clean-ups.
      end += smallestBlock + Math.ceil(lengthMeters[l]! / 5);
      this.#records[at + limitAt] = end;
    }
    this.#end = end;
    this.#slots = new Int32Array(end);
  }

  /** How many vehicles have their front on the lane. */
  count(lane: number): number {
    return this.#records[lane * recordWidth + countAt]!;
  }

  /** The vehicle at `place`, 0 being the front one. */
  at(lane: number, place: number): number {
    return this.#slots[this.#records[lane * recordWidth]! + place]!;
  }

  front(lane: number): number {
    const at = lane * recordWidth;
    return this.#records[at + countAt] === 0 ? -1 : this.#slots[this.#records[at]!]!;
  }

  last(lane: number): number {
    const at = lane * recordWidth;
    const count = this.#records[at + countAt]!;
    return count === 0 ? -1 : this.#slots[this.#records[at]! + count - 1]!;
  }

  /** The place of the first body that reaches back onto the lane; -1: none. */
  body(lane: number): number {
    return this.#records[lane * recordWidth + bodyAt]!;
  }

  setBody(lane: number, place: number): void {
    this.#records[lane * recordWidth + bodyAt] = place;
  }

  /** True where nobody is on the lane, nor reaches back onto it. */
  isFree(lane: number): boolean {
    const at = lane * recordWidth;
    return this.#records[at + countAt] === 0 && this.#records[at + bodyAt]! < 0;
  }

  /** Puts `v` at `place`; those from there on move one back. */
  insert(lane: number, place: number, v: number): void {
    const at = lane * recordWidth;
    const count = this.#records[at + countAt]!;
    if (this.#records[at]! + count === this.#records[at + limitAt]!) this.#makeRoom(lane);
    const start = this.#records[at]!;
    for (let i = start + count; i > start + place; i--) this.#slots[i] = this.#slots[i - 1]!;
    this.#slots[start + place] = v;
    this.#records[at + countAt] = count + 1;
  }

  removeAt(lane: number, place: number): void {
    const at = lane * recordWidth;
    const count = this.#records[at + countAt]! - 1;
    this.#records[at + countAt] = count;
    if (place === 0) {
      this.#records[at] = count === 0 ? this.#begin[lane]! : this.#records[at]! + 1;
      return;
    }
    const start = this.#records[at]!;
    for (let i = start + place; i < start + count; i++) this.#slots[i] = this.#slots[i + 1]!;
  }

  /** A vehicle got another number: wherever it is on the lane. */
  rename(lane: number, from: number, to: number): void {
    const start = this.#records[lane * recordWidth]!;
    for (let i = start; i < start + this.count(lane); i++) {
      if (this.#slots[i] !== from) continue;
      this.#slots[i] = to;
      return;
    }
  }

  /** Gives the vehicles of the active lanes, in order, the numbers 0, step, 2 step, .. and notes the old ones. */
  renumber(step: number, old: Int32Array): void {
    let row = 0;
    for (let i = 0; i < this.activeCount; i++) {
      const lane = this.active[i]!;
      const start = this.#records[lane * recordWidth]!;
      for (let slot = start; slot < start + this.count(lane); slot++) {
        old[row] = this.#slots[slot]!;
        this.#slots[slot] = row * step;
        row += 1;
      }
    }
  }

  /** Notes which lanes have vehicles. Looking at all counts is faster than keeping a sorted list of the lanes in use. */
  tidy(): void {
    const { active } = this;
    let used = 0;
    for (let lane = 0; lane < active.length; lane++) {
      if (this.count(lane) === 0) continue;
      active[used] = lane;
      used += 1;
    }
    this.activeCount = used;
  }

  #makeRoom(lane: number): void {
    const at = lane * recordWidth;
    const start = this.#records[at]!;
    const count = this.#records[at + countAt]!;
    const begin = this.#begin[lane]!;
    if (start > begin) {
      this.#slots.copyWithin(begin, start, start + count);
      this.#records[at] = begin;
      return;
    }
    const room = (this.#records[at + limitAt]! - begin) * 2;
    if (this.#end + room > this.#slots.length) {
      const grown = new Int32Array(Math.max(this.#slots.length * 2, this.#end + room));
      grown.set(this.#slots);
      this.#slots = grown;
    }
    this.#slots.copyWithin(this.#end, start, start + count);
    this.#begin[lane] = this.#end;
    this.#records[at] = this.#end;
    this.#end += room;
    this.#records[at + limitAt] = this.#end;
  }
}
