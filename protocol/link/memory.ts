// The link in memory: a broker that is a list of subscribers, for simulations in one process and for tests. It keeps
// order, retains, and delivers in a microtask (never inside `publish`), as a real broker would. Delay, loss and the rest
// of the world's malice belong to the testbed's medium, not here. Must not: look into payloads, or use a timer.

import { type Link, topicMatches } from './link.ts';

type Handler = (topic: string, payload: Uint8Array) => void;

interface Delivery {
  readonly topic: string;
  readonly payload: Uint8Array;
  /** One subscriber (a retained message on subscribing) or all that match. */
  readonly to?: Handler;
}

/** What links of one process connect to. */
export class MemoryBroker {
  readonly #retained = new Map<string, Uint8Array>();
  readonly #subscriptions = new Set<Map<string, Handler>>();
  #queue: Delivery[] = [];
  #isDraining = false;

  connect(): Link {
    const filters = new Map<string, Handler>();
    this.#subscriptions.add(filters);
    let isOpen = true;
    const mustBeOpen = (): void => {
      if (!isOpen) throw new Error('the link is closed');
    };
    return {
      publish: async (topic, payload, options) => {
        mustBeOpen();
        this.#publish(topic, payload, options?.retain ?? false);
      },
      subscribe: async (filter, handler) => {
        mustBeOpen();
        filters.set(filter, handler);
        for (const [topic, kept] of this.#retained)
          if (topicMatches(filter, topic)) this.#enqueue({ topic, payload: kept, to: handler });
      },
      onConnection: () => {},
      close: async () => {
        isOpen = false;
        this.#subscriptions.delete(filters);
        filters.clear();
      },
    };
  }

  #publish(topic: string, payload: Uint8Array, retain: boolean): void {
    // A copy, as on a wire: the publisher may use its buffer again.
    const copy = payload.slice();
    if (retain && copy.length === 0) this.#retained.delete(topic);
    else if (retain) this.#retained.set(topic, copy);
    this.#enqueue({ topic, payload: copy });
  }

  #enqueue(delivery: Delivery): void {
    this.#queue.push(delivery);
    if (this.#isDraining) return;
    this.#isDraining = true;
    queueMicrotask(() => this.#drain());
  }

  #drain(): void {
    const queue = this.#queue;
    this.#queue = [];
    this.#isDraining = false;
    try {
      while (queue.length > 0) this.#deliver(queue.shift()!);
    } finally {
      // A handler threw: its owner hears of it, the messages of the others still arrive, before newer ones.
      if (queue.length > 0) {
        const newer = this.#queue;
        this.#queue = [...queue, ...newer];
        if (!this.#isDraining) queueMicrotask(() => this.#drain());
        this.#isDraining = true;
      }
    }
  }

  #deliver({ topic, payload, to }: Delivery): void {
    const matching = [...this.#subscriptions].flatMap((filters) =>
      [...filters].filter(([filter]) => topicMatches(filter, topic)).map(([, handler]) => handler),
    );
    for (const handler of to ? [to] : matching) handler(topic, payload);
  }
}
