// One viewer of a live run. Events are never dropped: they are read from the source in pages, the next page only when
// the last one has left, so a slow viewer costs a page of memory. Frames are dropped for a viewer that lags, and one
// that lags badly is cut off. Must not: keep a queue of its own.

import type { FeedMessage } from '../../protocol/run-info.ts';
import type { LiveSource, Unsubscribe } from './live.ts';

/** What is needed of a WebSocket. */
export interface ViewerSocket {
  /** Bytes handed to the socket that have not left yet. */
  readonly bufferedAmount: number;
  send(data: string | Uint8Array, sent: (error?: Error | null) => void): void;
  terminate(): void;
}

/** Above this a viewer misses frames: 1 MB is several seconds of frames of a thousand cars. */
export const skipFramesAboveBytes = 1_000_000;
/** Above this it is cut off; it may come back and begins anew. */
export const terminateAboveBytes = 4_000_000;
/** Events a message: about 150 KB of JSON. */
const eventsPerPage = 500;

export class Viewer {
  readonly #socket: ViewerSocket;
  readonly #source: LiveSource;
  readonly #subscriptions: Unsubscribe[];
  #sentSeq = 0;
  #isSending = false;
  #isOver = false;
  #isGone = false;
  #skippedFrames = 0;

  /** Greets the viewer and begins to send: the run, all events so far, then what happens. */
  constructor(socket: ViewerSocket, source: LiveSource) {
    this.#socket = socket;
    this.#source = source;
    const run = source.info();
    this.#isOver = run.status !== 'running';
    this.#tell({ kind: 'hello', run });
    this.#subscriptions = [
      source.onEvents(() => this.#sendEvents()),
      source.onFrame((bytes) => this.#sendFrame(bytes)),
      source.onVehicles((from, ids) => this.#tell({ kind: 'vehicles', from, ids })),
      source.onEnd(() => {
        this.#isOver = true;
        this.#sendEvents();
      }),
    ];
    this.#sendEvents();
  }

  /** Frames this viewer did not get because it lagged. */
  get skippedFrames(): number {
    return this.#skippedFrames;
  }

  /** Sends nothing more. */
  leave(): void {
    this.#isGone = true;
    for (const unsubscribe of this.#subscriptions) unsubscribe();
  }

  #sendEvents(): void {
    if (this.#isSending || this.#isGone) return;
    const events = this.#source.eventsAfter(this.#sentSeq, eventsPerPage);
    const last = events.at(-1);
    if (!last) {
      if (this.#isOver) this.#bidFarewell();
      return;
    }
    this.#sentSeq = last.seq;
    this.#isSending = true;
    this.#tell({ kind: 'events', events }, () => {
      this.#isSending = false;
      this.#sendEvents();
    });
  }

  #bidFarewell(): void {
    this.#tell({ kind: 'end' });
    this.leave();
  }

  #sendFrame(bytes: Uint8Array): void {
    if (this.#isGone) return;
    if (this.#socket.bufferedAmount > skipFramesAboveBytes) {
      this.#skippedFrames++;
      this.#cutOffIfHopeless();
      return;
    }
    this.#socket.send(bytes, () => undefined);
  }

  #tell(message: FeedMessage, sent: () => void = () => undefined): void {
    if (this.#isGone) return;
    // A send that failed means a socket that is closing; its `close` event ends this viewer.
    this.#socket.send(JSON.stringify(message), (error) => {
      if (!error) sent();
    });
    this.#cutOffIfHopeless();
  }

  #cutOffIfHopeless(): void {
    if (this.#socket.bufferedAmount <= terminateAboveBytes) return;
    this.#isGone = true;
    this.#socket.terminate();
  }
}
