// The feed: an HTTP server for the page and the runs, and the WebSocket `/live` for the run that is going on. Read-only.
// Impure: opens a port. Must not: know what the page does with it, or hold a run up.

import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { type Access, checkAccess, credentialsOf, refusal } from './access.ts';
import type { LiveSource } from './live.ts';
import { type Asset, routes } from './routes.ts';
import { Viewer } from './viewer.ts';

export interface FeedOptions {
  /** Address to listen on; default 127.0.0.1. Any but a loopback address needs a token. */
  readonly host?: string;
  /** 0 takes a free port. */
  readonly port: number;
  readonly assets: ReadonlyMap<string, Asset>;
  readonly runsDirectory: string;
  /** The run shown on `/live`, or what says which one it is now; without one `/live` is not there. */
  readonly live?: LiveSource | (() => LiveSource | undefined);
  readonly token?: string;
}

export interface Feed {
  /** Where to point a browser, without a token. */
  readonly url: string;
  /** Viewers of `/live` at the moment. */
  viewers(): number;
  /** Cuts all viewers off and gives the port back. */
  close(): Promise<void>;
}

/** A person has a few pages open; more than this is a mistake or an attack. */
const maximumViewers = 64;
/** Viewers have nothing to say. */
const maximumMessageBytes = 1024;
const headersTimeoutMilliseconds = 10_000;

function listen(server: Server, port: number, host: string): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', (error) => reject(listenError(error, port, host)));
    server.listen(port, host, resolve);
  });
}

function listenError(error: Error, port: number, host: string): RoadbedError {
  const { code } = error as NodeJS.ErrnoException;
  if (code === 'EADDRINUSE') {
    const sentence = `Port ${port} on ${host} is in use. Choose another with \`--port\` (0 takes any free one), or stop the program that holds it.`;
    return new RoadbedError('portInUse', sentence, { cause: error });
  }
  const sentence = `The feed cannot listen on ${host}, port ${port}: ${messageOf(error)}. Choose others with \`--host\` and \`--port\`.`;
  return new RoadbedError('usage', sentence, { cause: error });
}

/** Refuses an upgrade in plain HTTP. The text is ours, never the peer's. */
function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}

function show(live: LiveSource, socket: WebSocket): void {
  const viewer = new Viewer(socket, live);
  socket.on('close', () => viewer.leave());
  // An error is followed by `close`; without a listener it would end the process.
  socket.on('error', () => viewer.leave());
}

function openLive(server: Server, access: Access, liveNow: () => LiveSource | undefined): WebSocketServer {
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maximumMessageBytes,
    perMessageDeflate: false,
  });
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', () => socket.destroy());
    const live = liveNow();
    if (!live || request.url?.split('?')[0] !== '/live') return refuseUpgrade(socket, '404 Not Found');
    if (refusal(access, credentialsOf(request))) return refuseUpgrade(socket, '403 Forbidden');
    if (sockets.clients.size >= maximumViewers) return refuseUpgrade(socket, '503 Service Unavailable');
    sockets.handleUpgrade(request, socket, head, (opened) => show(live, opened));
  });
  return sockets;
}

function closeAll(server: Server, sockets: WebSocketServer): Promise<void> {
  for (const client of sockets.clients) client.terminate();
  sockets.close();
  return new Promise((resolve) => {
    server.close(() => resolve());
    server.closeAllConnections();
  });
}

/** Opens the feed. Throws RoadbedError `portInUse`, or `usage` where the address cannot be had or needs a token. */
export async function startFeed(options: FeedOptions): Promise<Feed> {
  const host = options.host ?? '127.0.0.1';
  const access: Access = { host, token: options.token };
  checkAccess(access);
  const { assets, runsDirectory, live } = options;
  const liveNow = typeof live === 'function' ? live : () => live;
  const server = createServer(routes({ assets, runsDirectory, liveNow, access }));
  server.headersTimeout = headersTimeoutMilliseconds;
  const sockets = openLive(server, access, liveNow);
  await listen(server, options.port, host);
  const { port } = server.address() as AddressInfo;
  const name = host.includes(':') ? `[${host}]` : host;
  return {
    url: `http://${name}:${port}/`,
    viewers: () => sockets.clients.size,
    close: () => closeAll(server, sockets),
  };
}
