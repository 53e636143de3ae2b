// The broker that comes with roadbed (aedes, MQTT 3.1.1), so that a first run needs nothing installed. Impure: sockets.
// Any other broker does as well: nothing of roadbed depends on this one. Must not: authenticate (a fleet brings its own).

import { createServer, type Server, type Socket } from 'node:net';
import { Aedes } from 'aedes';
import { messageOf, RoadbedError } from '../../base/errors.ts';

export interface BrokerOptions {
  /** Default 0: any free port. */
  readonly port?: number;
  /** Default 127.0.0.1: this machine only. */
  readonly host?: string;
}

export interface RunningBroker {
  /** What clients connect to. */
  readonly url: string;
  close(): Promise<void>;
}

/** Messages the broker handles at a time; aedes' default of 100 makes a thousand cars wait for each other. */
const concurrency = 1000;

function listen(server: Server, port: number, host: string): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (error: NodeJS.ErrnoException) => {
      const mend = 'choose another port, or 0 for any free one';
      const reason = error.code === 'EADDRINUSE' ? 'portInUse' : 'broker';
      const what = error.code === 'EADDRINUSE' ? 'the port is in use' : messageOf(error);
      reject(new RoadbedError(reason, `cannot start the MQTT broker on ${host}:${port}: ${what} (${mend})`));
    });
    server.listen(port, host, () => {
      const address = server.address();
      resolve(typeof address === 'object' && address ? address.port : port);
    });
  });
}

/** Starts a broker. Throws RoadbedError('portInUse') when somebody listens there already. */
export async function startBroker(options: BrokerOptions = {}): Promise<RunningBroker> {
  const host = options.host ?? '127.0.0.1';
  const broker = await Aedes.createBroker({ concurrency });
  const sockets = new Set<Socket>();
  const server = createServer((socket) => {
    // Chunks wait for nobody's Nagle timer.
    socket.setNoDelay(true);
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
    broker.handle(socket);
  });
  const closeBroker = () => new Promise<void>((resolve) => broker.close(resolve));
  try {
    const port = await listen(server, options.port ?? 0, host);
    return {
      url: `mqtt://${host}:${port}`,
      close: async () => {
        const closed = new Promise<void>((resolve) => server.close(() => resolve()));
        for (const socket of sockets) socket.destroy();
        await Promise.all([closeBroker(), closed]);
      },
    };
  } catch (error) {
    await closeBroker();
    throw error;
  }
}
