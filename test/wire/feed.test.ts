// The feed over real HTTP and WebSockets on the loopback address, on ports the system gives.

import { request } from 'node:http';
import { afterEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { LoggedEvent } from '../../protocol/events.ts';
import type { FeedMessage } from '../../protocol/run-info.ts';
import { LiveRun } from '../../roadside/feed/live.ts';
import { type Feed, type FeedOptions, startFeed } from '../../roadside/feed/server.ts';
import {
  skipFramesAboveBytes,
  terminateAboveBytes,
  Viewer,
  type ViewerSocket,
} from '../../roadside/feed/viewer.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import { findRun } from '../../roadside/store/run-directory.ts';
import { formatTable } from '../../roadside/store/table.ts';
import {
  infoOf,
  manifestOf,
  scratchFolder,
  smallRun,
  writeFinishedRun,
  writeSmallRun,
} from '../support/small-run.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

const assets = new Map([
  ['/index.html', { contentType: 'text/html; charset=utf-8', body: '<title>roadbed</title>' }],
  ['/app.js', { contentType: 'text/javascript', body: new TextEncoder().encode('export {};') }],
]);

async function open(options: Partial<FeedOptions> = {}): Promise<Feed> {
  const feed = await startFeed({ port: 0, assets, runsDirectory: scratchFolder(), ...options });
  closers.push(() => feed.close());
  return feed;
}

const logged: LoggedEvent[] = smallRun.map((entry, i) => ({ seq: i + 1, ...entry }));

const eventsOf = (message: FeedMessage | Uint8Array): readonly LoggedEvent[] =>
  'kind' in message && message.kind === 'events' ? message.events : [];

/** A viewer of `/live` whose messages can be awaited one by one. */
class Page {
  readonly #socket: WebSocket;
  readonly #arrived: (FeedMessage | Uint8Array)[] = [];
  #wake: () => void = () => undefined;
  readonly closed: Promise<number>;

  constructor(feed: Feed, headers: Record<string, string> = {}) {
    this.#socket = new WebSocket(`${feed.url.replace('http', 'ws')}live`, { headers });
    this.#socket.on('message', (data: Buffer, isBinary) => {
      this.#arrived.push(isBinary ? Uint8Array.from(data) : JSON.parse(data.toString()));
      this.#wake();
    });
    this.closed = new Promise((resolve) => this.#socket.on('close', resolve));
    closers.push(() => this.#socket.terminate());
  }

  send(text: string): void {
    this.#socket.send(text);
  }

  async next(): Promise<FeedMessage | Uint8Array> {
    while (this.#arrived.length === 0) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    return this.#arrived.shift() as FeedMessage | Uint8Array;
  }
}

/** The status a WebSocket upgrade is refused with. */
const upgradeStatus = (feed: Feed, path: string, headers: Record<string, string> = {}): Promise<number> =>
  new Promise((resolve) => {
    const socket = new WebSocket(`${feed.url.replace('http', 'ws')}${path}`, { headers });
    socket.on('unexpected-response', (_request, response) => resolve(response.statusCode ?? 0));
    socket.on('open', () => resolve(101));
    socket.on('error', () => undefined);
    closers.push(() => socket.terminate());
  });

/** A GET with headers that fetch would not send. */
const status = (url: string, headers: Record<string, string>): Promise<number> =>
  new Promise((resolve, reject) => {
    const sent = request(url, { headers }, (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    sent.on('error', reject);
    sent.end();
  });

describe('the HTTP feed', () => {
  test('serves the page and its files with a strict content policy', async () => {
    const feed = await open();
    const page = await fetch(feed.url);
    expect([page.status, await page.text()]).toEqual([200, '<title>roadbed</title>']);
    expect(page.headers.get('content-security-policy')).toMatch(/^default-src 'self'; script-src 'self';/);
    expect(page.headers.get('x-content-type-options')).toBe('nosniff');
    expect(page.headers.get('x-powered-by')).toBeNull();
    const script = await fetch(`${feed.url}app.js`);
    expect([script.headers.get('content-type'), await script.text()]).toEqual([
      'text/javascript',
      'export {};',
    ]);
    expect((await fetch(`${feed.url}../package.json`)).status).toBe(404);
    expect(await (await fetch(`${feed.url}api/health`)).json()).toEqual({ ok: true });
  });

  test('answers about the runs on disk', async () => {
    const runsDirectory = scratchFolder();
    writeFinishedRun(runsDirectory, 'r1');
    const feed = await open({ runsDirectory });
    const get = async (path: string): Promise<unknown> => (await fetch(`${feed.url}api/runs${path}`)).json();
    expect(await get('')).toMatchObject([{ runId: 'r1', status: 'finished', rounds: 2 }]);
    const info = { ...infoOf('r1'), status: 'finished', vehicles: ['car-1', 'car-2'], lastAt: 40 };
    expect([await get('/r1'), await get('/last')]).toEqual([info, info]);
    expect(await get('/r1/events')).toEqual(logged);
    expect(await get('/r1/events?after=3&limit=2')).toEqual(logged.slice(3, 5));
    expect(await get('/r1/summary')).toMatchObject({ runId: 'r1', testAccuracy: 0.75 });
  });

  test('exports the same bytes as the ledger gives', async () => {
    const runsDirectory = scratchFolder();
    writeFinishedRun(runsDirectory, 'r1');
    const feed = await open({ runsDirectory });
    const ledger = Ledger.open(findRun(runsDirectory, 'r1').directory, { readOnly: true });
    for (const format of ['csv', 'tsv', 'json'] as const) {
      const answer = await fetch(`${feed.url}api/runs/r1/export?format=${format}&view=selection`);
      expect(await answer.text()).toBe(formatTable(ledger.view('selection'), format));
      expect(answer.headers.get('content-disposition')).toBe(`attachment; filename="selection.${format}"`);
    }
    ledger.close();
  });

  test('sends frames each behind its length, and says where to go on', async () => {
    const runsDirectory = scratchFolder();
    const stores = writeSmallRun(runsDirectory, 'r1');
    stores.telemetry.addFrame(10, new Uint8Array(5 * 1024 * 1024));
    stores.telemetry.addFrame(11, new Uint8Array(5 * 1024 * 1024));
    stores.close();
    const feed = await open({ runsDirectory });
    const few = await fetch(`${feed.url}api/runs/r1/frames?from=1&to=2`);
    expect([...new Uint8Array(await few.arrayBuffer())]).toEqual([3, 0, 0, 0, 1, 1, 1, 3, 0, 0, 0, 2, 2, 2]);
    expect(few.headers.get('x-roadbed-next-from')).toBeNull();
    const many = await fetch(`${feed.url}api/runs/r1/frames`);
    expect((await many.arrayBuffer()).byteLength).toBe(5 * 7 + 4 + 5 * 1024 * 1024);
    expect(many.headers.get('x-roadbed-next-from')).toBe('11');
  });

  test.each([
    ['api/runs/nobody', 404, /There is no run "nobody"/],
    ['api/runs/..%2f..%2fetc', 404, /There is no run/],
    ['api/runs/r1/events?after=x', 400, /invalid after: "x" \(expected a number from 0/],
    ['api/runs/r1/events?limit=100000', 400, /invalid limit/],
    ['api/runs/r1/events?after=1.5', 400, /expected a whole number/],
    ['api/runs/r1/export?view=nothing', 400, /There is no view "nothing"/],
    ['api/runs/r1/export?format=xls', 400, /invalid format/],
    ['api/runs/r1/summary', 404, /not finished/],
    ['api/runs/%zz', 400, /decode/],
    ['nothing', 404, /nothing at this address/],
  ])('answers %s with %i and a sentence', async (path, expected, sentence) => {
    const runsDirectory = scratchFolder();
    writeSmallRun(runsDirectory, 'r1').close();
    const feed = await open({ runsDirectory });
    const answer = await fetch(feed.url + path);
    expect(answer.status).toBe(expected);
    expect(((await answer.json()) as { error: string }).error).toMatch(sentence);
  });

  test('is read-only', async () => {
    const feed = await open();
    for (const method of ['POST', 'PUT', 'DELETE']) {
      const answer = await fetch(`${feed.url}api/runs`, { method });
      expect([answer.status, answer.headers.get('allow')]).toEqual([405, 'GET, HEAD']);
    }
  });

  test('does not answer to another host name, which a foreign page could have pointed here', async () => {
    const feed = await open();
    const { port } = new URL(feed.url);
    expect(await status(feed.url, { Host: 'evil.example' })).toBe(403);
    expect(await status(feed.url, { Host: `localhost:${port}` })).toBe(200);
  });

  test('names the port that is in use, and the way out', async () => {
    const feed = await open();
    const port = Number(new URL(feed.url).port);
    await expect(open({ port })).rejects.toMatchObject({
      reason: 'portInUse',
      message: expect.stringMatching(`Port ${port} on 127.0.0.1 is in use. Choose another with \`--port\``),
    });
  });

  test('is not opened to a network without a token, and then asks everyone for it', async () => {
    await expect(open({ host: '0.0.0.0' })).rejects.toMatchObject({ reason: 'usage' });
    await expect(open({ token: 'short' })).rejects.toMatchObject({ reason: 'usage' });
    const token = 'a-token-of-enough-letters';
    const feed = await open({ token, live: new LiveRun(infoOf('r1')) });
    const answers = [
      await fetch(feed.url),
      await fetch(`${feed.url}?token=a-token-of-other-letters`),
      await fetch(`${feed.url}?token=${token}`),
      await fetch(feed.url, { headers: { authorization: `Bearer ${token}` } }),
      await fetch(feed.url, { headers: { cookie: `roadbed-token=${token}` } }),
    ];
    expect(answers.map((answer) => answer.status)).toEqual([403, 403, 200, 200, 200]);
    expect(answers[2]?.headers.get('set-cookie')).toMatch(/HttpOnly; SameSite=Strict/);
    expect([await upgradeStatus(feed, 'live'), await upgradeStatus(feed, `live?token=${token}`)]).toEqual([
      403, 101,
    ]);
  });
});

describe('the live feed', () => {
  test('tells a late viewer the whole run, then what happens, then the end', async () => {
    const live = new LiveRun(infoOf('r1'));
    live.vehicles(['car-1']);
    live.push(logged.slice(0, 5));
    const page = new Page(await open({ live }));
    const run = { ...infoOf('r1'), status: 'running', vehicles: ['car-1'], lastAt: 2 };
    expect(await page.next()).toEqual({ kind: 'hello', run });
    expect(await page.next()).toEqual({ kind: 'events', events: logged.slice(0, 5) });
    live.vehicles(['car-2']);
    expect(await page.next()).toEqual({ kind: 'vehicles', from: 1, ids: ['car-2'] });
    live.frame(Uint8Array.of(0x46, 1), 3);
    expect(await page.next()).toEqual(Uint8Array.of(0x46, 1));
    live.push(logged.slice(5));
    live.end();
    expect(await page.next()).toEqual({ kind: 'events', events: logged.slice(5) });
    expect(await page.next()).toEqual({ kind: 'end' });
  });

  test('sends a long past in pages, in order and whole', async () => {
    const live = new LiveRun(infoOf('r1'));
    const many = Array.from({ length: 1203 }, (_, i) => ({ ...(logged[1] as LoggedEvent), seq: i + 1 }));
    live.push(many);
    live.end();
    const page = new Page(await open({ live }));
    expect(await page.next()).toMatchObject({ kind: 'hello', run: { status: 'finished' } });
    const pages = [await page.next(), await page.next(), await page.next()];
    expect(pages.map((each) => eventsOf(each).length)).toEqual([500, 500, 203]);
    expect(pages.flatMap(eventsOf)).toEqual(many);
    expect(await page.next()).toEqual({ kind: 'end' });
  });

  test('answers about the live run from memory', async () => {
    const live = new LiveRun(infoOf('now'));
    live.push(logged.slice(0, 3));
    const feed = await open({ live });
    const get = async (path: string): Promise<unknown> =>
      (await fetch(`${feed.url}api/runs/now${path}`)).json();
    expect(await get('')).toEqual({ ...infoOf('now'), status: 'running', vehicles: [], lastAt: 0.5 });
    expect(await get('/events?after=1')).toEqual(logged.slice(1, 3));
  });

  test('is closed to foreign pages and open to its own', async () => {
    const feed = await open({ live: new LiveRun(infoOf('r1')) });
    const own = new URL(feed.url).origin;
    expect(await upgradeStatus(feed, 'live', { Origin: 'https://evil.example' })).toBe(403);
    expect(await upgradeStatus(feed, 'live', { Origin: 'null' })).toBe(403);
    expect(await upgradeStatus(feed, 'live', { Origin: own })).toBe(101);
    expect(await upgradeStatus(feed, 'other')).toBe(404);
    expect(await upgradeStatus(await open(), 'live')).toBe(404);
  });

  test('hangs up on a viewer that sends a large message', async () => {
    const page = new Page(await open({ live: new LiveRun(infoOf('r1')) }));
    await page.next();
    page.send('x'.repeat(2000));
    expect(await page.closed).toBe(1009);
  });

  test('forgets viewers that left', async () => {
    const live = new LiveRun(infoOf('r1'));
    const feed = await open({ live });
    const page = new Page(feed);
    await page.next();
    expect(feed.viewers()).toBe(1);
    page.send('x'.repeat(2000));
    await page.closed;
    // A second viewer's greeting comes after the server has seen the first one go.
    const other = new Page(feed);
    await other.next();
    expect(feed.viewers()).toBe(1);
  });
});

describe('a slow viewer', () => {
  class SlowSocket implements ViewerSocket {
    bufferedAmount = 0;
    readonly sent: (string | Uint8Array)[] = [];
    readonly #waiting: (() => void)[] = [];
    terminated = false;
    send(data: string | Uint8Array, done: (error?: Error | null) => void): void {
      this.sent.push(data);
      this.#waiting.push(() => done());
    }
    /** Everything sent so far leaves. */
    drain(): void {
      this.bufferedAmount = 0;
      for (const done of this.#waiting.splice(0)) done();
    }
    terminate(): void {
      this.terminated = true;
    }
    kinds(): string[] {
      return this.sent.map((data) => (typeof data === 'string' ? JSON.parse(data).kind : 'frame'));
    }
  }
  const setUp = () => {
    const live = new LiveRun(infoOf('r1'));
    const socket = new SlowSocket();
    return { live, socket, viewer: new Viewer(socket, live) };
  };

  test('gets the next events only when the last have left, and misses none', () => {
    const { live, socket } = setUp();
    for (const event of logged) live.push([event]);
    expect(socket.kinds()).toEqual(['hello', 'events']);
    live.end();
    for (let i = 0; i < 3; i++) socket.drain();
    expect(socket.kinds()).toEqual(['hello', 'events', 'events', 'end']);
    const events = socket.sent.slice(1, 3).flatMap((data) => JSON.parse(data as string).events);
    expect(events).toEqual(logged);
  });

  test('misses frames while more than 1 MB waits, and gets them again after', () => {
    const { live, socket, viewer } = setUp();
    const frame = new Uint8Array(10);
    live.frame(frame, 1);
    socket.bufferedAmount = skipFramesAboveBytes + 1;
    live.frame(frame, 2);
    live.frame(frame, 3);
    socket.drain();
    live.frame(frame, 4);
    expect([socket.kinds(), viewer.skippedFrames]).toEqual([['hello', 'frame', 'frame'], 2]);
  });

  test('is cut off when more than 4 MB waits, and then sent nothing', () => {
    const { live, socket } = setUp();
    socket.bufferedAmount = terminateAboveBytes;
    live.frame(new Uint8Array(1), 1);
    expect(socket.terminated).toBe(false);
    socket.bufferedAmount = terminateAboveBytes + 1;
    live.frame(new Uint8Array(1), 2);
    expect(socket.terminated).toBe(true);
    live.push(logged);
    live.vehicles(['car-1']);
    live.end();
    expect(socket.kinds()).toEqual(['hello']);
  });
});

describe('a live run fed from a ledger', () => {
  test('shows what was committed and refuses a gap', () => {
    const ledger = Ledger.inMemory(manifestOf('r1'));
    const live = new LiveRun(infoOf('r1'));
    live.push(ledger.append(smallRun));
    expect(live.eventsAfter(0, 100)).toEqual(ledger.events());
    expect(() => live.push([{ ...(logged[0] as LoggedEvent), seq: 30 }])).toThrow(
      /expected place 25, got 30/,
    );
  });
});
