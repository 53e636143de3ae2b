// The RSU's one processor in modelled time: what it is given is done one after the other, in the order in which it came.
// Live, the machine's own time takes its place. Must not: do the work, or take a piece back once it is given.

export class Processor {
  #freeAt = 0;

  /** Gives it a piece of work at `now`: seconds until that is done, the wait for those before it included. */
  give(workSeconds: number, now: number): number {
    this.#freeAt = Math.max(now, this.#freeAt) + workSeconds;
    return this.#freeAt - now;
  }
}
