// What a running run tells its viewers: the port the feed reads, and the implementation the run pushes into. Events are
// kept from the first on, so that a viewer who comes late sees the whole run; frames are not, being telemetry.
// Must not: know sockets, or hold the run up for a viewer.

import { assert } from '../../base/assert.ts';
import type { LoggedEvent } from '../../protocol/events.ts';
import type { RunInfo } from '../../protocol/run-info.ts';

/** Ends a subscription. */
export type Unsubscribe = () => void;

export interface LiveSource {
  /** The run as it is now: status, vehicles and last instant included. */
  info(): RunInfo;
  /** Events after place `seq`, at most `limit`, in order. */
  eventsAfter(seq: number, limit: number): readonly LoggedEvent[];
  onEvents(handler: (events: readonly LoggedEvent[]) => void): Unsubscribe;
  onFrame(handler: (bytes: Uint8Array, at: number) => void): Unsubscribe;
  /** `from` is the index of the first of `ids` in the run's vehicle table. */
  onVehicles(handler: (from: number, ids: readonly string[]) => void): Unsubscribe;
  onEnd(handler: () => void): Unsubscribe;
}

class Signal<T extends readonly unknown[]> {
  readonly #handlers = new Set<(...values: T) => void>();

  on(handler: (...values: T) => void): Unsubscribe {
    this.#handlers.add(handler);
    return () => void this.#handlers.delete(handler);
  }

  tell(...values: T): void {
    for (const handler of [...this.#handlers]) handler(...values);
  }
}

/** A live run in memory. The run pushes; viewers subscribe. A resumed run first pushes the events it already has. */
export class LiveRun implements LiveSource {
  readonly #start: Omit<RunInfo, 'vehicles' | 'lastAt' | 'status'>;
  readonly #events: LoggedEvent[] = [];
  readonly #vehicles: string[] = [];
  readonly #eventsPushed = new Signal<[readonly LoggedEvent[]]>();
  readonly #framePushed = new Signal<[Uint8Array, number]>();
  readonly #vehiclesPushed = new Signal<[number, readonly string[]]>();
  readonly #ended = new Signal<[]>();
  #lastAt = 0;
  #isEnded = false;

  constructor(start: Omit<RunInfo, 'vehicles' | 'lastAt' | 'status'>) {
    this.#start = start;
  }

  info(): RunInfo {
    const status = this.#isEnded ? 'finished' : 'running';
    return { ...this.#start, status, vehicles: [...this.#vehicles], lastAt: this.#lastAt };
  }

  eventsAfter(seq: number, limit: number): readonly LoggedEvent[] {
    return this.#events.slice(seq, seq + limit);
  }

  /** Adds events that are committed. Their places must follow the last one's. */
  push(events: readonly LoggedEvent[]): void {
    if (events.length === 0) return;
    for (const event of events) {
      const expected = this.#events.length + 1;
      assert(event.seq === expected, `live events: expected place ${expected}, got ${event.seq}`);
      this.#events.push(event);
      this.#lastAt = Math.max(this.#lastAt, event.at);
    }
    this.#eventsPushed.tell(events);
  }

  /** Shows a map frame (`protocol/frame.ts`) of the instant `at`, seconds since the run began. */
  frame(bytes: Uint8Array, at: number): void {
    this.#lastAt = Math.max(this.#lastAt, at);
    this.#framePushed.tell(bytes, at);
  }

  /** Appends to the vehicle table; frames may refer to them from now on. */
  vehicles(ids: readonly string[]): void {
    const from = this.#vehicles.length;
    this.#vehicles.push(...ids);
    this.#vehiclesPushed.tell(from, ids);
  }

  /** The run is over: nothing more will be pushed. */
  end(): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#ended.tell();
  }

  onEvents(handler: (events: readonly LoggedEvent[]) => void): Unsubscribe {
    return this.#eventsPushed.on(handler);
  }

  onFrame(handler: (bytes: Uint8Array, at: number) => void): Unsubscribe {
    return this.#framePushed.on(handler);
  }

  onVehicles(handler: (from: number, ids: readonly string[]) => void): Unsubscribe {
    return this.#vehiclesPushed.on(handler);
  }

  onEnd(handler: () => void): Unsubscribe {
    return this.#ended.on(handler);
  }
}
