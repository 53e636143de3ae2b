// Processes for tests: roadbed's own commands and Debian's mosquitto, started, heard and ended. Must not: leave one behind.

import { type ChildProcess, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import { root } from './compose.ts';

/** Where Debian puts it; no user's path has it. */
const mosquitto = '/usr/sbin/mosquitto';

export const temporaryFolder = (): string => mkdtempSync(join(tmpdir(), 'roadbed-live-'));

/** A process and what it said. */
export class Running {
  readonly #child: ChildProcess;
  #out = '';
  #err = '';
  /** Its exit code, or -1 when a signal ended it. */
  readonly ended: Promise<number>;

  constructor(program: string, args: readonly string[], env: Readonly<Record<string, string>> = {}) {
    this.#child = spawn(program, args, { cwd: root, env: { ...process.env, ...env } });
    this.#child.stdout?.on('data', (data) => {
      this.#out += data;
    });
    this.#child.stderr?.on('data', (data) => {
      this.#err += data;
    });
    this.ended = new Promise((resolve, reject) => {
      this.#child.once('error', reject);
      this.#child.once('close', (code) => resolve(code ?? -1));
    });
  }

  get out(): string {
    return this.#out;
  }

  get err(): string {
    return this.#err;
  }

  /** Resolves when it has said `text` on standard error; rejects with all it said when it ended before. */
  said(text: string): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = (): void => {
        if (this.#err.includes(text)) resolve();
      };
      this.#child.stderr?.on('data', look);
      void this.ended.then((code) =>
        reject(new Error(`ended with ${code}, without "${text}":\n${this.#err}`)),
      );
      look();
    });
  }

  kill(signal: NodeJS.Signals = 'SIGTERM'): void {
    this.#child.kill(signal);
  }
}

/** A roadbed command as a process of its own. */
export const roadbed = (args: readonly string[], env: Readonly<Record<string, string>> = {}): Running =>
  new Running(process.execPath, [`${root}bin/roadbed.mjs`, ...args], env);

/** A port nobody listens on at the moment. */
export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' && address ? address.port : 0));
    });
  });
}

/** Why the tests with mosquitto cannot run here, or undefined. ROADBED_REQUIRE_SYSTEM=1 lets them fail instead. */
export function mosquittoMissing(): string | undefined {
  if (existsSync(mosquitto) || process.env.ROADBED_REQUIRE_SYSTEM === '1') return undefined;
  return `skipped: ${mosquitto} is not installed (Debian: apt-get install mosquitto)`;
}

/** Starts mosquitto with the configuration of the deployment, on a port of its own, and waits until it answers. */
export async function startMosquitto(folder: string): Promise<{ url: string; process: Running }> {
  const port = await freePort();
  const deployed = readFileSync(`${root}deploy/mosquitto.conf`, 'utf8');
  const file = join(folder, 'mosquitto.conf');
  writeFileSync(file, deployed.replace('listener 1883', `listener ${port} 127.0.0.1`));
  const broker = new Running(mosquitto, ['-c', file]);
  const url = `mqtt://127.0.0.1:${port}`;
  const gone = broker.ended.then((code) => {
    throw new Error(`mosquitto ended with ${code}: ${broker.err}`);
  });
  await Promise.race([gone, answering(url)]);
  gone.catch(() => undefined);
  return { url, process: broker };
}

async function answering(url: string): Promise<void> {
  for (;;) {
    try {
      return (await connectMqtt({ url, clientId: 'is-it-there' })).close();
    } catch {
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  }
}
