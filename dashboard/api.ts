// What the page asks the feed over HTTP, and what it understands of the answers. Errors are sentences for the reader.
// Must not: keep anything.

import type { LoggedEvent } from '../protocol/events.ts';
import type { RunInfo } from '../protocol/run-info.ts';
import { splitFrames } from './frames.ts';

/** A line of the run list. */
export interface RunLine {
  readonly runId: string;
  readonly scenario: string;
  readonly status: RunInfo['status'] | 'unreadable';
  readonly startedAt: string;
}

/** Events are asked for in pages: 2,000 are about half a megabyte of JSON. */
export const pageEvents = 2_000;

export interface Api {
  runs(): Promise<readonly RunLine[]>;
  info(runId: string): Promise<RunInfo>;
  /** At most `pageEvents` events with `seq` greater than `afterSeq`, in order; empty where there are none. */
  eventsAfter(runId: string, afterSeq: number): Promise<readonly LoggedEvent[]>;
  /** Encoded map frames of the interval, seconds. */
  frames(runId: string, fromSeconds: number, toSeconds: number): Promise<readonly Uint8Array[]>;
}

async function ask(path: string): Promise<Response> {
  const response = await fetch(path).catch(() => {
    throw new Error(
      'The roadbed server does not answer. Is the command that opened this page still running?',
    );
  });
  if (response.ok) return response;
  if (response.status === 404) throw new Error(`The server knows nothing under ${path} (404).`);
  throw new Error(`The server answered ${response.status} to ${path}.`);
}

/** The feed at the page's own origin. */
export const httpApi: Api = {
  async runs() {
    return (await (await ask('/api/runs')).json()) as readonly RunLine[];
  },
  async info(runId) {
    return (await (await ask(`/api/runs/${encodeURIComponent(runId)}`)).json()) as RunInfo;
  },
  async eventsAfter(runId, afterSeq) {
    const path = `/api/runs/${encodeURIComponent(runId)}/events?after=${afterSeq}&limit=${pageEvents}`;
    return (await (await ask(path)).json()) as readonly LoggedEvent[];
  },
  async frames(runId, fromSeconds, toSeconds) {
    const frames: Uint8Array[] = [];
    // A long interval comes in parts: the header says from where the next one goes on.
    for (let from: string | null = String(fromSeconds); from !== null; ) {
      const path = `/api/runs/${encodeURIComponent(runId)}/frames?from=${from}&to=${toSeconds}`;
      const response = await ask(path);
      frames.push(...splitFrames(new Uint8Array(await response.arrayBuffer())));
      const next: string | null = response.headers.get('X-Roadbed-Next-From');
      from = next === from ? null : next;
    }
    return frames;
  },
};

/** Hands every event after `afterSeq` to `take`, page by page. */
export async function fetchEvents(
  api: Api,
  runId: string,
  afterSeq: number,
  take: (events: readonly LoggedEvent[]) => void,
): Promise<void> {
  for (let last = afterSeq; ; ) {
    const page = await api.eventsAfter(runId, last);
    const newest = page.at(-1)?.seq ?? last;
    if (newest <= last) return;
    take(page);
    last = newest;
  }
}
