// Follows the announcement: waits for a run, works for it until it is over or another one takes its place. How every
// process but the RSU begins and ends. Must not: know what the work is.

import type { RunId } from '../../base/ids.ts';
import { type Announcement, decodeAnnouncement } from '../../protocol/announcement.ts';
import type { Link } from '../../protocol/link/link.ts';
import { announceTopic } from '../../protocol/topics.ts';

/** Work for one run; `over` is aborted when the run is, or when the process is to stop. */
export type Work = (announcement: Announcement, over: AbortSignal) => Promise<void>;

/** The board as it was last read: a run, none (cleared), or something unreadable. */
class Board {
  #run: RunId | null = null;
  #next: Announcement | null = null;
  #fault: unknown;
  #over = new AbortController();
  #wake: () => void = () => undefined;

  read(payload: Uint8Array): void {
    let announcement: Announcement | null = null;
    try {
      announcement = payload.length === 0 ? null : decodeAnnouncement(payload);
    } catch (error) {
      this.#fault = error;
    }
    // An RSU that found its broker again repeats itself.
    if (announcement && announcement.run === this.#run) return;
    this.#run = announcement?.run ?? null;
    this.#next = announcement;
    this.turn();
  }

  /** Ends the work that is going on and wakes who waits. */
  turn(): void {
    this.#over.abort();
    this.#wake();
  }

  /** The run that was announced and not yet worked for; waits for one unless `isStopped`. */
  async next(isStopped: () => boolean): Promise<{ announcement: Announcement; over: AbortSignal } | null> {
    while (!this.#next && !this.#fault && !isStopped())
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    if (this.#fault) throw this.#fault;
    const announcement = this.#next;
    if (!announcement || isStopped()) return null;
    this.#next = null;
    this.#over = new AbortController();
    return { announcement, over: this.#over.signal };
  }

  /** True when the last thing read was that a run is over. */
  get isCleared(): boolean {
    return this.#run === null;
  }
}

/**
 * Carries `work` out for the run that is announced, or the next one; returns when a run it worked for is over, or at
 * `stop`. A run that is replaced by another (its RSU was killed and started anew) is left for that one.
 * Throws RoadbedError('broker') at an announcement that cannot be read.
 */
export async function attend(link: Link, stop: AbortSignal, work: Work): Promise<void> {
  const board = new Board();
  const onStop = (): void => board.turn();
  stop.addEventListener('abort', onStop);
  try {
    await link.subscribe(announceTopic, (_topic, payload) => board.read(payload));
    for (;;) {
      const found = await board.next(() => stop.aborted);
      if (!found) return;
      await work(found.announcement, found.over);
      if (stop.aborted || board.isCleared) return;
    }
  } finally {
    stop.removeEventListener('abort', onStop);
  }
}
