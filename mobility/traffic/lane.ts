// The order of the vehicles on one road, head first, as a ring buffer of slots. Positions strictly decrease from head to
// tail, because nobody overtakes. Why a ring buffer: leaving at the head and entering at the tail cost the same for any
// length. Must not: hold positions.

export class Lane {
  #slots = new Int32Array(8);
  #head = 0;
  #size = 0;

  /** Vehicles on the road. */
  get size(): number {
    return this.#size;
  }

  /** The slot of the `rank`-th vehicle from the head, 0 <= rank < size. */
  at(rank: number): number {
    return this.#slots[(this.#head + rank) & (this.#slots.length - 1)]!;
  }

  /** The slot of the last vehicle; size must be > 0. */
  tail(): number {
    return this.at(this.#size - 1);
  }

  /** Takes the head off and returns its slot; size must be > 0. */
  popHead(): number {
    const slot = this.at(0);
    this.#head = (this.#head + 1) & (this.#slots.length - 1);
    this.#size -= 1;
    return slot;
  }

  /**
   * Puts `slot` where its offset belongs. Nearly always that is the tail; where two roads meet, vehicles of one step may
   * come in any order.
   */
  insert(slot: number, offset: Float64Array): void {
    if (this.#size === this.#slots.length) this.#grow();
    const mask = this.#slots.length - 1;
    let rank = this.#size;
    while (rank > 0 && offset[this.at(rank - 1)]! < offset[slot]!) {
      this.#slots[(this.#head + rank) & mask] = this.at(rank - 1);
      rank -= 1;
    }
    this.#slots[(this.#head + rank) & mask] = slot;
    this.#size += 1;
  }

  #grow(): void {
    const grown = new Int32Array(this.#slots.length * 2);
    for (let rank = 0; rank < this.#size; rank++) grown[rank] = this.at(rank);
    this.#slots = grown;
    this.#head = 0;
  }
}
