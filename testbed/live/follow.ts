// Follows the runs of a folder that other processes write: reads the newest running one's ledger and telemetry again and
// again, and shows what is new as a live run. Reads only. Must not: hold the writer up, or take a broken run for a live one.

import { RoadbedError } from '../../base/errors.ts';
import { LiveRun } from '../../roadside/feed/live.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import { listRuns, type RunListing, readRunInfo } from '../../roadside/store/run-directory.ts';
import { Telemetry } from '../../roadside/store/telemetry.ts';
import { type Cancel, every } from './timers.ts';

/** Frames come twice a second from a live run. */
const pollSeconds = 0.5;
/** A look for new runs reads every ledger of the folder: less often. */
const searchEvery = 4;
/** Events read at a time. */
const eventsPerPage = 5000;

/** One run that is being written. */
class Followed {
  readonly live: LiveRun;
  readonly #listing: RunListing;
  readonly #ledger: Ledger;
  readonly #telemetry: Telemetry;
  #vehicles = 0;
  #shownAt: number;
  #seq = 0;

  constructor(listing: RunListing) {
    this.#listing = listing;
    const { vehicles: _vehicles, lastAt, status: _status, ...start } = readRunInfo(listing.directory);
    this.live = new LiveRun(start);
    this.#shownAt = lastAt;
    this.#ledger = Ledger.open(listing.directory, { readOnly: true });
    this.#telemetry = Telemetry.open(listing.directory, { readOnly: true });
  }

  /** Shows what is new; false when the run is over. */
  poll(): boolean {
    const isRunning = readRunInfo(this.#listing.directory).status === 'running';
    for (;;) {
      const events = this.#ledger.events(this.#seq, eventsPerPage);
      this.live.push(events);
      this.#seq += events.length;
      if (events.length < eventsPerPage) break;
    }
    this.#pollMap();
    if (!isRunning) this.live.end();
    return isRunning;
  }

  close(): void {
    this.#ledger.close();
    this.#telemetry.close();
  }

  #pollMap(): void {
    const ids = this.#telemetry.vehicles().slice(this.#vehicles);
    this.#vehicles += ids.length;
    if (ids.length > 0) this.live.vehicles(ids);
    const { frames } = this.#telemetry.frames(this.#shownAt, Number.POSITIVE_INFINITY);
    for (const { at, bytes } of frames) {
      if (at <= this.#shownAt) continue;
      this.#shownAt = at;
      this.live.frame(bytes, at);
    }
  }
}

export class RunFollower {
  readonly #runsDirectory: string;
  readonly #polling: Cancel;
  #followed: Followed | undefined;
  /** The run shown last: it stays on `/live`, ended, until the next one begins. */
  #last: LiveRun | undefined;
  #polls = 0;

  constructor(runsDirectory: string) {
    this.#runsDirectory = runsDirectory;
    this.#polling = every(pollSeconds, () => this.poll());
    this.poll();
  }

  /** The run that is going on, or else the one that was. */
  get current(): LiveRun | undefined {
    return this.#last;
  }

  /** Looks once. A run whose files are not readable (yet) is looked at again later. */
  poll(): void {
    try {
      if (!this.#followed && this.#polls++ % searchEvery === 0) this.#search();
      if (this.#followed && !this.#followed.poll()) this.#leave();
    } catch (error) {
      if (!(error instanceof RoadbedError)) throw error;
      this.#leave();
    }
  }

  close(): void {
    this.#polling();
    this.#leave();
  }

  #search(): void {
    const listing = listRuns(this.#runsDirectory).findLast((run) => run.status === 'running');
    if (!listing) return;
    this.#followed = new Followed(listing);
    this.#last = this.#followed.live;
  }

  #leave(): void {
    this.#followed?.live.end();
    this.#followed?.close();
    this.#followed = undefined;
  }
}
