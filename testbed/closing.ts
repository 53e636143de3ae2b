// What has to be given back when a run ends, however it ends: last opened, first closed. Must not: swallow errors.

export class Closing {
  readonly #steps: (() => unknown)[] = [];

  /** Remembers how to close `thing`, and returns it. */
  add<T>(thing: T, close: (thing: T) => unknown): T {
    this.#steps.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    for (const step of this.#steps.reverse()) await step();
  }
}
