// The run's events in order, and the view at any instant: look-back. Checkpoints of the view stand every 200 events, so a
// seek folds at most one gap, not the run. Views share their records, so a checkpoint costs a few arrays of references.
// Must not: hold frames (see `frames.ts`), or ask for events itself.

import type { LoggedEvent } from '../protocol/events.ts';
import { applyEvents } from './model.ts';
import type { View } from './view.ts';
import { emptyView } from './view.ts';

/** Beyond this many checkpoints every second one is dropped and the gap doubles: memory stays bounded. */
const checkpointsMax = 256;

export class Timeline {
  readonly #events: LoggedEvent[] = [];
  /** `#checkpoints[i]` is the view after the first `i * #gap` events. */
  #checkpoints: View[] = [emptyView];
  #gap: number;
  #latest: View = emptyView;

  constructor(gapEvents = 200) {
    this.#gap = gapEvents;
  }

  get events(): readonly LoggedEvent[] {
    return this.#events;
  }

  /** The view after every event known. */
  get latest(): View {
    return this.#latest;
  }

  get lastSeq(): number {
    return this.#latest.seq;
  }

  /** Adds events in order of `seq`; those already known are passed over. Returns how many were new. */
  append(events: readonly LoggedEvent[]): number {
    const fresh = events.filter((event) => event.seq > this.lastSeq);
    for (let from = 0; from < fresh.length; ) {
      const room = this.#checkpoints.length * this.#gap - this.#events.length;
      const part = fresh.slice(from, from + room);
      this.#events.push(...part);
      this.#latest = applyEvents(this.#latest, part);
      if (part.length === room) this.#checkpoint();
      from += part.length;
    }
    return fresh.length;
  }

  /** How many events happened at or before `at` seconds. */
  countUpTo(at: number): number {
    let [low, high] = [0, this.#events.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#events[middle]?.at ?? 0) <= at) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The view at `at` seconds: every event at or before it. `near` is a view to start from where it helps. */
  viewAt(at: number, near: View = emptyView): View {
    return this.viewAfter(this.countUpTo(at), near);
  }

  /** The view after the first `count` events. */
  viewAfter(count: number, near: View = emptyView): View {
    if (count >= this.#events.length) return this.#latest;
    const checkpoint = this.#checkpoints[Math.floor(count / this.#gap)] ?? emptyView;
    const start = near.seen <= count && near.seen > checkpoint.seen ? near : checkpoint;
    return applyEvents(start, this.#events.slice(start.seen, count));
  }

  #checkpoint(): void {
    this.#checkpoints.push(this.#latest);
    if (this.#checkpoints.length <= checkpointsMax) return;
    this.#checkpoints = this.#checkpoints.filter((_, i) => i % 2 === 0);
    this.#gap *= 2;
  }
}
