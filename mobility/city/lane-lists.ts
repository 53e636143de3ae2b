// Who is on which lane, in order: for every lane the rows of its vehicles from the front one to the last, in a block of
// one big array. Leaving at the front and entering behind, the common cases, move nothing.
// Must not: know where vehicles are along a lane; callers keep the order.

const smallestBlock = 4;

export class LaneLists {
  /** Block of lane l: slots[base[l]] .. slots[base[l] + room[l] - 1]; in use from `head[l]` on, `count[l]` of them. */
  slots: Int32Array;
  readonly base: Int32Array;
  readonly head: Int32Array;
  readonly count: Int32Array;
  readonly #room: Int32Array;
  #end: number;
  /** Lanes that had vehicles at the last `tidy`, in rising order. */
  readonly active: Int32Array;
  activeCount = 0;

  constructor(lanes: number, lengthMeters: Float64Array) {
    this.base = new Int32Array(lanes);
    this.head = new Int32Array(lanes);
    this.count = new Int32Array(lanes);
    this.active = new Int32Array(lanes);
    // A car with its gap needs 7.5 m, so a block holds a jam, and half of that again between two clean-ups.
    this.#room = Int32Array.from(
      { length: lanes },
      (_, l) => smallestBlock + Math.ceil(lengthMeters[l]! / 5),
    );
    let end = 0;
    for (let l = 0; l < lanes; l++) {
      this.base[l] = end;
      end += this.#room[l]!;
    }
    this.#end = end;
    this.slots = new Int32Array(end);
  }

  /** The vehicle at `place`, 0 being the front one. */
  at(lane: number, place: number): number {
    return this.slots[this.base[lane]! + this.head[lane]! + place]!;
  }

  front(lane: number): number {
    return this.count[lane] === 0 ? -1 : this.at(lane, 0);
  }

  last(lane: number): number {
    const count = this.count[lane]!;
    return count === 0 ? -1 : this.at(lane, count - 1);
  }

  /** Puts `row` at `place`; those from there on move one back. */
  insert(lane: number, place: number, row: number): void {
    if (this.head[lane]! + this.count[lane]! === this.#room[lane]!) this.#makeRoom(lane);
    const start = this.base[lane]! + this.head[lane]!;
    const count = this.count[lane]!;
    for (let i = start + count; i > start + place; i--) this.slots[i] = this.slots[i - 1]!;
    this.slots[start + place] = row;
    this.count[lane] = count + 1;
  }

  removeAt(lane: number, place: number): void {
    const count = this.count[lane]! - 1;
    this.count[lane] = count;
    if (place === 0) {
      this.head[lane] = count === 0 ? 0 : this.head[lane]! + 1;
      return;
    }
    const start = this.base[lane]! + this.head[lane]!;
    for (let i = start + place; i < start + count; i++) this.slots[i] = this.slots[i + 1]!;
  }

  /** Place of `row` on its lane; -1: not there. */
  placeOf(lane: number, row: number): number {
    const start = this.base[lane]! + this.head[lane]!;
    for (let i = 0; i < this.count[lane]!; i++) if (this.slots[start + i] === row) return i;
    return -1;
  }

  /** A vehicle got another row. */
  rename(lane: number, from: number, to: number): void {
    const place = this.placeOf(lane, from);
    if (place >= 0) this.slots[this.base[lane]! + this.head[lane]! + place] = to;
  }

  /** Notes which lanes have vehicles. Looking at all counts is faster than keeping a sorted list of the lanes in use. */
  tidy(): void {
    const { count, active } = this;
    let used = 0;
    for (let lane = 0; lane < count.length; lane++) {
      if (count[lane] === 0) continue;
      active[used] = lane;
      used += 1;
    }
    this.activeCount = used;
  }

  #makeRoom(lane: number): void {
    const start = this.base[lane]!;
    const head = this.head[lane]!;
    const count = this.count[lane]!;
    if (head > 0) {
      this.slots.copyWithin(start, start + head, start + head + count);
      this.head[lane] = 0;
      return;
    }
    const room = this.#room[lane]! * 2;
    if (this.#end + room > this.slots.length) {
      const grown = new Int32Array(Math.max(this.slots.length * 2, this.#end + room));
      grown.set(this.slots);
      this.slots = grown;
    }
    this.slots.copyWithin(this.#end, start, start + count);
    this.base[lane] = this.#end;
    this.#room[lane] = room;
    this.#end += room;
  }
}
