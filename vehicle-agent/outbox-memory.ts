// The outbox of a simulated car: lives as long as the agent. Must not: drop anything that was not retired.

import type { Outbox, OutboxEntry } from './types.ts';

export class MemoryOutbox implements Outbox {
  readonly #entries = new Map<string, OutboxEntry>();

  put(entry: OutboxEntry): void {
    this.#entries.set(entry.key, entry);
  }

  get(key: string): OutboxEntry | undefined {
    return this.#entries.get(key);
  }

  retire(key: string): void {
    this.#entries.delete(key);
  }

  entries(): readonly OutboxEntry[] {
    return [...this.#entries.values()];
  }
}
