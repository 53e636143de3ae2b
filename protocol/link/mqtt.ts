// The link over MQTT 3.1.1, to any broker. Impure: sockets, timers. Must not: keep what must not be lost (outboxes do).
//
// Why QoS 1 although only the application's acks decide: the broker's PUBACK is our back-pressure (`publish` resolves
// when the broker took the message, so a slow uplink cannot pile up megabytes unseen), and what a short cut swallowed is
// sent again at once instead of after a watchdog's pause, for four bytes a message. It is no promise: brokers lose
// acknowledged messages when killed, and the client drops queued ones in a storm of reconnects (spec operations 1.3).
// Why a clean session: a stale queue at the broker would arrive after the bitmaps it speaks of are history.

import { Socket } from 'node:net';
import { connect, type IClientOptions, type MqttClient } from 'mqtt';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { withoutPasswords } from '../../base/shown-text.ts';
import { type Link, topicMatches } from './link.ts';

export interface MqttOptions {
  /** E.g. `mqtt://localhost:1883`, `mqtts://...`, `ws://...`. */
  readonly url: string;
  readonly clientId: string;
  readonly username?: string;
  readonly password?: string;
  /** Published by the broker when this client vanishes: a hint for the map, nothing more. */
  readonly will?: { readonly topic: string; readonly payload: Uint8Array };
  /** Messages the broker may owe an answer to before publishing is refused; default 1,024. */
  readonly maximumPending?: number;
}

type Handler = (topic: string, payload: Uint8Array) => void;

/** A first connection that takes longer will not come. */
const connectSeconds = 5;
/** Time between attempts to reconnect: a car in a tunnel comes back without warning. */
const reconnectSeconds = 1;
/** Long on purpose: a steady 10 Mbit/s link was cut by a keepalive of 2 s; dead paths are found by missing acks. */
const keepaliveSeconds = 30;
/** Messages the broker has not taken yet; 1,024 chunks are 64 MiB. Beyond, publishing is refused, not queued. */
const maximumPending = 1024;
/** How long closing waits for a broker that answers no more, for each of its two steps. */
const closeSeconds = 2;

function clientOptions({ clientId, username, password, will }: MqttOptions): IClientOptions {
  return {
    protocolVersion: 4,
    clientId,
    clean: true,
    keepalive: keepaliveSeconds,
    connectTimeout: connectSeconds * 1000,
    reconnectPeriod: reconnectSeconds * 1000,
    resubscribe: false,
    ...(username === undefined ? {} : { username }),
    ...(password === undefined ? {} : { password }),
    ...(will
      ? { will: { topic: will.topic, payload: Buffer.from(will.payload), qos: 1, retain: false } }
      : {}),
  };
}

function unreachable(url: string, why: string): RoadbedError {
  const mend =
    'is it running? start one with any MQTT 3.1.1 broker, or use `roadbed run` without --broker, which has one built in';
  return new RoadbedError(
    'broker',
    `cannot reach the MQTT broker at ${withoutPasswords(url)}: ${why} (${mend})`,
  );
}

function reasonOf(error: Error): string {
  const { code } = error as { code?: unknown };
  return typeof code === 'string' ? code : messageOf(error) || 'no reason given';
}

/** True when `work` ended, either way, within `seconds`. */
async function endsWithin(seconds: number, work: Promise<unknown>): Promise<boolean> {
  let timer: NodeJS.Timeout | undefined;
  const tooLate = new Promise<boolean>((resolve) => {
    timer = setTimeout(() => resolve(false), seconds * 1000);
  });
  const over = work.then(
    () => true,
    () => true,
  );
  const inTime = await Promise.race([over, tooLate]);
  clearTimeout(timer);
  return inTime;
}

/** Waits for the first connection; ends the client and throws where there is none. */
function firstConnection(client: MqttClient, url: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const settle = (): void => {
      clearTimeout(timer);
      client.off('error', onError).off('close', onClose).off('connect', onConnect);
    };
    const give = (why: string): void => {
      settle();
      // Errors of a client that is being ended concern nobody any more.
      client.on('error', () => {});
      client.end(true);
      reject(unreachable(url, why));
    };
    const onError = (error: Error): void => give(reasonOf(error));
    const onClose = (): void => give('the connection was closed at once');
    const onConnect = (): void => {
      settle();
      resolve();
    };
    const timer = setTimeout(() => give(`no answer in ${connectSeconds} s`), connectSeconds * 1000);
    client.on('error', onError).on('close', onClose).on('connect', onConnect);
  });
}

/**
 * Connects to a broker. Throws RoadbedError('broker') within 5 s where that fails; later losses are mended by itself,
 * subscriptions included, before `onConnection(true)` is told. `publish` rejects when the broker cannot take the
 * message: callers may ignore that, because outboxes and bitmaps repair it.
 */
export async function connectMqtt(options: MqttOptions): Promise<Link> {
  let client: MqttClient;
  try {
    client = connect(options.url, clientOptions(options));
  } catch (error) {
    throw unreachable(options.url, messageOf(error));
  }
  await firstConnection(client, options.url);
  return new MqttLink(client, options.maximumPending ?? maximumPending);
}

/** Small frames wait for nobody's Nagle timer: it costs 40 ms for each answer the other side is waiting for. */
function hurry(client: MqttClient): void {
  const { stream } = client;
  if (stream instanceof Socket) stream.setNoDelay(true);
}

class MqttLink implements Link {
  readonly #client: MqttClient;
  readonly #filters = new Map<string, Handler>();
  readonly #watchers: ((connected: boolean) => void)[] = [];
  readonly #maximumPending: number;
  readonly #pending = new Set<Promise<unknown>>();
  #connected = true;

  constructor(client: MqttClient, maximumPending: number) {
    this.#client = client;
    this.#maximumPending = maximumPending;
    client.on('error', () => {
      // Told through `close`, which follows; without a listener Node would end the process.
    });
    client.on('close', () => this.#tell(false));
    client.on('connect', () => {
      hurry(client);
      void this.#regain();
    });
    hurry(client);
    client.on('message', (topic, payload) => this.#deliver(topic, payload));
  }

  async publish(topic: string, payload: Uint8Array, options: { retain?: boolean } = {}): Promise<void> {
    if (this.#pending.size >= this.#maximumPending)
      throw new Error(`link full: ${this.#pending.size} messages wait for the broker (expected fewer)`);
    const view = Buffer.from(payload.buffer, payload.byteOffset, payload.byteLength);
    const taken = this.#client.publishAsync(topic, view, { qos: 1, retain: options.retain ?? false });
    this.#pending.add(taken);
    try {
      await taken;
    } finally {
      this.#pending.delete(taken);
    }
  }

  async subscribe(filter: string, handler: Handler): Promise<void> {
    this.#filters.set(filter, handler);
    await this.#client.subscribeAsync(filter, { qos: 1 });
  }

  onConnection(handler: (connected: boolean) => void): void {
    this.#watchers.push(handler);
  }

  /** Lets the broker take what it was sent, then says goodbye; a broker that answers no more is not waited for. */
  async close(): Promise<void> {
    this.#watchers.length = 0;
    const answers = Promise.allSettled([...this.#pending]);
    const isClean = this.#client.connected && (await endsWithin(closeSeconds, answers));
    if (!(await endsWithin(closeSeconds, this.#client.endAsync(!isClean)))) this.#client.stream.destroy();
  }

  async #regain(): Promise<void> {
    try {
      const filters = [...this.#filters.keys()];
      if (filters.length > 0) await this.#client.subscribeAsync(filters, { qos: 1 });
      this.#tell(true);
    } catch {
      // The connection broke again meanwhile; the next one brings us back here.
    }
  }

  #tell(connected: boolean): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    for (const watcher of this.#watchers) watcher(connected);
  }

  #deliver(topic: string, payload: Buffer): void {
    // A plain view: a Buffer's `slice` shares memory where everybody else's copies.
    const bytes = new Uint8Array(payload.buffer, payload.byteOffset, payload.byteLength);
    for (const [filter, handler] of this.#filters) if (topicMatches(filter, topic)) handler(topic, bytes);
  }
}
