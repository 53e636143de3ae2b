// The feed's HTTP answers: the page's files and the read-only API over the runs on disk and the live one.
// Paths: GET /api/health, /api/runs, /api/runs/:run, /api/runs/:run/events?after=SEQ&limit=N,
// /api/runs/:run/frames?from=S&to=S, /api/runs/:run/summary, /api/runs/:run/export?format=csv&view=round.
// `:run` is a run's id, the beginning of one, or `last`. Must not: change anything, or answer without a bound.

import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { Ledger } from '../store/ledger.ts';
import { findRun, listRuns, RunNotFoundError, readRunInfo } from '../store/run-directory.ts';
import { formatTable, type TableFormat, tableFormats } from '../store/table.ts';
import { type StoredFrame, Telemetry } from '../store/telemetry.ts';
import { type Access, credentialsOf, refusal, tokenCookie } from './access.ts';
import type { LiveSource } from './live.ts';

export interface Asset {
  readonly contentType: string;
  readonly body: Uint8Array | string;
}

export interface RouteOptions {
  /** By path, `/index.html`; that one also answers `/`. */
  readonly assets: ReadonlyMap<string, Asset>;
  readonly runsDirectory: string;
  /** The run that is shown live at the moment. */
  readonly liveNow: () => LiveSource | undefined;
  readonly access: Access;
}

const eventsPerAnswer = { default: 1000, maximum: 10_000 };
/** An answer of frames: about 600 frames of a thousand vehicles. The rest is asked for from `x-roadbed-next-from` on. */
const maximumFrameBytes = 8 * 1024 * 1024;

const contentTypes: Readonly<Record<TableFormat, string>> = {
  csv: 'text/csv; charset=utf-8',
  tsv: 'text/tab-separated-values; charset=utf-8',
  json: 'application/json; charset=utf-8',
};

/** Styles may be set on elements (charts do so); scripts come from here only. */
const contentSecurityPolicy = [
  "default-src 'self'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "object-src 'none'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const headers: Readonly<Record<string, string>> = {
  'Content-Security-Policy': contentSecurityPolicy,
  'X-Content-Type-Options': 'nosniff',
  'Referrer-Policy': 'no-referrer',
  'Cross-Origin-Resource-Policy': 'same-origin',
  'Cache-Control': 'no-cache',
};

/** A request that asks for something impossible; answered with 400 and the sentence. */
class BadRequest extends Error {}

interface Bounds {
  readonly least: number;
  readonly most: number;
  readonly fallback: number;
}

function numberOf(request: Request, name: string, bounds: Bounds): number {
  const given = request.query[name];
  if (given === undefined) return bounds.fallback;
  const value = typeof given === 'string' && given.trim() !== '' ? Number(given) : Number.NaN;
  if (value >= bounds.least && value <= bounds.most) return value;
  throw new BadRequest(
    `invalid ${name}: ${JSON.stringify(given)} (expected a number from ${bounds.least} to ${bounds.most})`,
  );
}

const integerOf = (request: Request, name: string, bounds: Bounds): number => {
  const value = numberOf(request, name, bounds);
  if (Number.isInteger(value)) return value;
  throw new BadRequest(`invalid ${name}: ${value} (expected a whole number)`);
};

function textOf(request: Request, name: string, fallback: string): string {
  const given = request.query[name] ?? fallback;
  if (typeof given === 'string') return given;
  throw new BadRequest(`invalid ${name}: give it once`);
}

/** Opens a store, reads from it and closes it again: a request leaves nothing open. */
function reading<S extends { close(): void }, T>(store: S, read: (store: S) => T): T {
  try {
    return read(store);
  } finally {
    store.close();
  }
}

/** Frames one after the other, each behind its length: u32 little-endian, then the bytes. */
function joinFrames(frames: readonly StoredFrame[]): Buffer {
  const parts = frames.flatMap((frame) => {
    const length = Buffer.alloc(4);
    length.writeUInt32LE(frame.bytes.length);
    return [length, frame.bytes];
  });
  return Buffer.concat(parts);
}

/** Answers about runs. */
class RunRoutes {
  readonly #options: RouteOptions;

  constructor(options: RouteOptions) {
    this.#options = options;
  }

  list = (_request: Request, response: Response): void => {
    response.json(listRuns(this.#options.runsDirectory));
  };

  info = (request: Request, response: Response): void => {
    const live = this.#liveOf(request);
    response.json(live ? live.info() : readRunInfo(this.#directoryOf(request)));
  };

  events = (request: Request, response: Response): void => {
    const { maximum } = eventsPerAnswer;
    const after = integerOf(request, 'after', { least: 0, most: Number.MAX_SAFE_INTEGER, fallback: 0 });
    const limit = integerOf(request, 'limit', { least: 1, most: maximum, fallback: eventsPerAnswer.default });
    const live = this.#liveOf(request);
    response.json(live ? live.eventsAfter(after, limit) : this.#read(request, (l) => l.events(after, limit)));
  };

  frames = (request: Request, response: Response): void => {
    const most = Number.POSITIVE_INFINITY;
    const from = numberOf(request, 'from', { least: 0, most, fallback: 0 });
    const to = numberOf(request, 'to', { least: 0, most, fallback: most });
    const telemetry = Telemetry.open(this.#directoryOf(request), { readOnly: true });
    const found = reading(telemetry, (store) => store.frames(from, to, maximumFrameBytes));
    if (found.nextFrom !== null) response.setHeader('X-Roadbed-Next-From', String(found.nextFrom));
    response.type('application/octet-stream').send(joinFrames(found.frames));
  };

  summary = (request: Request, response: Response): void => {
    const summary = this.#read(request, (ledger) => ledger.manifest().summary);
    if (summary) response.json(summary);
    else response.status(404).json({ error: 'The run has no summary: it is not finished.' });
  };

  export = (request: Request, response: Response): void => {
    const format = tableFormats.find((known) => known === textOf(request, 'format', 'csv'));
    const view = textOf(request, 'view', 'round');
    if (!format) throw new BadRequest(`invalid format (expected ${tableFormats.join(', ')})`);
    const text = this.#read(request, (ledger) => formatTable(ledger.view(view), format));
    response.setHeader('Content-Disposition', `attachment; filename="${view}.${format}"`);
    response.setHeader('Content-Type', contentTypes[format]);
    response.send(text);
  };

  #liveOf(request: Request): LiveSource | undefined {
    const live = this.#options.liveNow();
    return live && live.info().runId === request.params.run ? live : undefined;
  }

  #directoryOf(request: Request): string {
    return findRun(this.#options.runsDirectory, String(request.params.run)).directory;
  }

  #read<T>(request: Request, read: (ledger: Ledger) => T): T {
    return reading(Ledger.open(this.#directoryOf(request), { readOnly: true }), read);
  }
}

function guard(access: Access) {
  return (request: Request, response: Response, next: NextFunction): void => {
    response.set(headers);
    const credentials = credentialsOf(request);
    const refused = refusal(access, credentials);
    if (refused) {
      response.status(403).json({ error: refused });
      return;
    }
    if (access.token && credentials.queryToken) response.setHeader('Set-Cookie', tokenCookie(access.token));
    if (request.method === 'GET' || request.method === 'HEAD') next();
    else response.status(405).set('Allow', 'GET, HEAD').json({ error: 'The feed is read-only: use GET.' });
  };
}

function sendAsset(assets: RouteOptions['assets']) {
  return (request: Request, response: Response): void => {
    const asset = assets.get(request.path === '/' ? '/index.html' : request.path);
    if (!asset) {
      response.status(404).json({ error: 'There is nothing at this address.' });
      return;
    }
    response.setHeader('Content-Type', asset.contentType);
    response.send(typeof asset.body === 'string' ? asset.body : Buffer.from(asset.body));
  };
}

function statusOf(error: unknown): number {
  if (error instanceof BadRequest || (error instanceof RoadbedError && error.reason === 'usage')) return 400;
  if (error instanceof RunNotFoundError) return 404;
  const status = (error as { status?: unknown }).status;
  return typeof status === 'number' && status >= 400 && status < 500 ? status : 500;
}

/** Express knows an error handler by its four parameters. */
function sendError(error: unknown, _request: Request, response: Response, next: NextFunction): void {
  if (response.headersSent) {
    next(error);
    return;
  }
  response.status(statusOf(error)).json({ error: messageOf(error) });
}

/** The feed's HTTP application. */
export function routes(options: RouteOptions): Express {
  const app = express();
  app.disable('x-powered-by');
  app.use(guard(options.access));
  const runs = new RunRoutes(options);
  app.get('/api/health', (_request, response) => void response.json({ ok: true }));
  app.get('/api/runs', runs.list);
  app.get('/api/runs/:run', runs.info);
  app.get('/api/runs/:run/events', runs.events);
  app.get('/api/runs/:run/frames', runs.frames);
  app.get('/api/runs/:run/summary', runs.summary);
  app.get('/api/runs/:run/export', runs.export);
  app.use(sendAsset(options.assets));
  app.use(sendError);
  return app;
}
