// What has to be given back when a run ends, however it ends: last opened, first closed. Must not: swallow errors,
// or let one failing step keep the others from being taken.

export class Closing {
  readonly #steps: (() => unknown)[] = [];

  /** Remembers how to close `thing`, and returns it. */
  add<T>(thing: T, close: (thing: T) => unknown): T {
    this.#steps.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    const faults: unknown[] = [];
    for (const step of this.#steps.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        faults.push(error);
      }
    }
    if (faults.length > 0) throw faults[0];
  }
}
