// The socket to a TraCI server: one message out, one answer back, in turn. Impure: opens a connection and waits for a
// server that is still loading. Must not: know what is in a message.

import { connect, type Socket } from 'node:net';
import { RoadbedError } from '../../base/errors.ts';

/** Between two tries to reach a server that does not listen yet. */
const retryMilliseconds = 100;

/** A process that died is given this long to say why. */
const farewellMilliseconds = 300;

/** Sends messages and brings their answers, one at a time. */
export interface TraciWire {
  /** Sends a message (its length in front); resolves with the answer without its length. Rejects when the server is gone. */
  exchange(message: Uint8Array): Promise<Uint8Array>;
  close(): void;
}

export interface TraciAddress {
  readonly host: string;
  readonly port: number;
  /** How long a server may take to listen. */
  readonly patienceSeconds: number;
  /** Tells why the server will never listen, where that is known. */
  readonly fault?: () => string | undefined;
}

/** Connects. Throws RoadbedError('simulator') where nobody listens within the patience. */
export async function openWire(address: TraciAddress): Promise<TraciWire> {
  const { host, port, patienceSeconds, fault } = address;
  const tries = Math.max(1, Math.ceil((1000 * patienceSeconds) / retryMilliseconds));
  for (let left = tries; ; left--) {
    const socket = await reach(host, port);
    if (socket) return new SocketWire(socket, `${host}:${port}`, fault);
    const reason = fault?.();
    if (reason !== undefined || left <= 1) throw unreachable(address, reason);
    await new Promise((resolve) => setTimeout(resolve, retryMilliseconds));
  }
}

function unreachable(
  { host, port, patienceSeconds }: TraciAddress,
  reason: string | undefined,
): RoadbedError {
  const why = reason ?? `nobody listens at ${host}:${port} after ${patienceSeconds} s`;
  return new RoadbedError(
    'simulator',
    `cannot reach SUMO: ${why} (start it with --remote-port ${port}, or leave roads.connect out and one is started)`,
  );
}

function reach(host: string, port: number): Promise<Socket | undefined> {
  return new Promise((resolve) => {
    const socket = connect({ host, port, noDelay: true });
    socket.once('connect', () => {
      socket.removeAllListeners('error');
      resolve(socket);
    });
    socket.once('error', () => resolve(undefined));
  });
}

class SocketWire implements TraciWire {
  readonly #socket: Socket;
  readonly #name: string;
  #received: Buffer[] = [];
  #size = 0;
  #waiting: { resolve(answer: Uint8Array): void; reject(error: Error): void } | undefined;
  #dead: RoadbedError | undefined;
  readonly #fault: (() => string | undefined) | undefined;

  constructor(socket: Socket, name: string, fault: (() => string | undefined) | undefined) {
    this.#socket = socket;
    this.#name = name;
    this.#fault = fault;
    socket.on('data', (piece: Buffer) => this.#onData(piece));
    socket.on('error', (error) => this.#die(error.message));
    socket.on('close', () => this.#die('the connection was closed'));
  }

  exchange(message: Uint8Array): Promise<Uint8Array> {
    if (this.#dead) return Promise.reject(this.#dead);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#socket.write(message);
    });
  }

  close(): void {
    this.#dead ??= new RoadbedError('simulator', `the session with SUMO at ${this.#name} is over`);
    this.#socket.destroy();
  }

  #onData(piece: Buffer): void {
    this.#received.push(piece);
    this.#size += piece.length;
    if (this.#size < 4) return;
    const all = this.#received.length === 1 ? piece : Buffer.concat(this.#received, this.#size);
    this.#received = [all];
    const length = all.readInt32BE(0);
    if (this.#size < length) return;
    this.#received = [all.subarray(length)];
    this.#size -= length;
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.resolve(new Uint8Array(all.subarray(4, length)));
  }

  #die(why: string): void {
    if (this.#dead) return;
    // The socket closes before the process has said why it ends.
    setTimeout(() => this.#bury(this.#fault?.() ?? why), farewellMilliseconds);
  }

  #bury(why: string): void {
    this.#dead ??= new RoadbedError('simulator', `SUMO at ${this.#name} ended before the run did: ${why}`);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    waiting?.reject(this.#dead);
  }
}
