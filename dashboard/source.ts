// Where a run comes from: the live WebSocket or the finished run over HTTP, behind one interface, so the page does not
// know the difference. Impure: opens sockets and waits between attempts to connect.
// Must not: fold events or draw.

import { messageOf } from '../base/errors.ts';
import type { LoggedEvent } from '../protocol/events.ts';
import type { FeedMessage, RunInfo } from '../protocol/run-info.ts';
import type { Api } from './api.ts';
import { fetchEvents } from './api.ts';

/** What a source tells. Events come in order of `seq`, and may repeat; the receiver passes over what it knows. */
export interface Listener {
  /** First of all, and again after a reconnection: the run as it is now. */
  run(info: RunInfo): void;
  events(events: readonly LoggedEvent[]): void;
  frame(bytes: Uint8Array): void;
  vehicles(from: number, ids: readonly string[]): void;
  /** The run has ended; nothing follows. */
  end(): void;
  /** The state of the connection, a sentence. */
  status(sentence: string, tone: 'calm' | 'busy' | 'bad'): void;
}

export interface Source {
  start(): void;
  stop(): void;
}

/** A run that is over: everything comes at once, page by page. */
export class ReplaySource implements Source {
  readonly #api: Api;
  readonly #runId: string;
  readonly #listener: Listener;
  #stopped = false;

  constructor(api: Api, runId: string, listener: Listener) {
    this.#api = api;
    this.#runId = runId;
    this.#listener = listener;
  }

  start(): void {
    this.#listener.status('Loading the run.', 'busy');
    this.#read().catch((error: unknown) => {
      if (!this.#stopped) this.#listener.status(messageOf(error), 'bad');
    });
  }

  stop(): void {
    this.#stopped = true;
  }

  async #read(): Promise<void> {
    const info = await this.#api.info(this.#runId);
    if (this.#stopped) return;
    this.#listener.run(info);
    await fetchEvents(this.#api, this.#runId, 0, (events) => {
      if (this.#stopped) return;
      this.#listener.events(events);
      this.#listener.status(`Loading the run: ${events.at(-1)?.seq ?? 0} events.`, 'busy');
    });
    if (this.#stopped) return;
    this.#listener.end();
    const broken = info.status === 'broken';
    this.#listener.status(
      broken ? 'Replay of a run that broke off: its process ended before it did.' : 'Replay.',
      'calm',
    );
  }
}

const firstWaitMs = 500;
const lastWaitMs = 8_000;

/**
 * The run of this moment. The server tells a viewer all events from the first on, after every connection anew; what is
 * already known is passed over by the receiver, so a lost connection leaves no gap.
 */
export class LiveSource implements Source {
  readonly #url: string;
  readonly #listener: Listener;
  #socket: WebSocket | null = null;
  #waitMs = firstWaitMs;
  readonly #wanted: string | null;
  readonly #onAbsent: () => void;
  #greeted = false;
  #over = false;
  #retry: number | undefined;

  /** `absent` is called once where the server shows no live run, or another one than `wanted` (null: any will do). */
  constructor(
    url: string,
    listener: Listener,
    options: { readonly wanted: string | null; readonly absent: () => void },
  ) {
    this.#url = url;
    this.#listener = listener;
    this.#wanted = options.wanted;
    this.#onAbsent = options.absent;
  }

  start(): void {
    this.#listener.status('Connecting to the live run.', 'busy');
    this.#connect();
  }

  stop(): void {
    this.#over = true;
    window.clearTimeout(this.#retry);
    this.#socket?.close();
  }

  #connect(): void {
    const socket = new WebSocket(this.#url);
    socket.binaryType = 'arraybuffer';
    socket.onmessage = ({ data }) => {
      if (this.#over) return;
      if (data instanceof ArrayBuffer) this.#listener.frame(new Uint8Array(data));
      else this.#handle(JSON.parse(String(data)) as FeedMessage);
    };
    socket.onclose = () => this.#lost();
    this.#socket = socket;
  }

  #handle(message: FeedMessage): void {
    switch (message.kind) {
      case 'hello':
        if (this.#wanted !== null && message.run.runId !== this.#wanted) return this.#giveUp();
        this.#waitMs = firstWaitMs;
        this.#greeted = true;
        this.#listener.run(message.run);
        this.#listener.status('Live.', 'calm');
        return;
      case 'events':
        this.#listener.events(message.events);
        return;
      case 'vehicles':
        this.#listener.vehicles(message.from, message.ids);
        return;
      case 'end':
        this.#over = true;
        this.#socket?.close();
        this.#listener.end();
        this.#listener.status('The run has ended. This is its replay.', 'calm');
    }
  }

  #giveUp(): void {
    this.stop();
    this.#onAbsent();
  }

  #lost(): void {
    if (this.#over) return;
    if (!this.#greeted) return this.#giveUp();
    const seconds = this.#waitMs / 1000;
    this.#listener.status(`Connection lost. Trying again in ${seconds} s; what is here stays.`, 'bad');
    this.#retry = window.setTimeout(() => this.#connect(), this.#waitMs);
    this.#waitMs = Math.min(lastWaitMs, this.#waitMs * 2);
  }
}
