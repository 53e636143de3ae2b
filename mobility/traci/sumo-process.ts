// Starts SUMO as a child that waits for a TraCI client on a port of this machine. Impure: looks for the program, finds a
// free port, starts a process. Must not: speak to it.

import { type ChildProcess, spawn } from 'node:child_process';
import { createServer } from 'node:net';
import { RoadbedError } from '../../base/errors.ts';

export interface SumoRun {
  readonly networkFile: string;
  readonly demandFiles: readonly string[];
  readonly beginSeconds: number;
  readonly stepSeconds: number;
  readonly seed: number;
}

export interface SumoProcess {
  readonly port: number;
  /** Why it has ended, or undefined while it runs: the last thing it said, or its exit code. */
  fault(): string | undefined;
  /** Ends it if it still runs. */
  stop(): void;
}

/** What SUMO said last is kept up to this many characters: its errors come at the end. */
const rememberedCharacters = 2000;

/** Starts `sumo`. Throws RoadbedError('simulator') where it is not installed. */
export async function startSumo(run: SumoRun, program = 'sumo'): Promise<SumoProcess> {
  const port = await freePort();
  const child = spawn(program, argumentsOf(run, port), { stdio: ['ignore', 'ignore', 'pipe'] });
  let said = '';
  let ended: string | undefined;
  child.stderr?.on('data', (piece: Buffer) => {
    said = (said + piece.toString('utf8')).slice(-rememberedCharacters);
  });
  child.once('exit', (code, signal) => {
    ended = said.trim().split('\n').at(-1) || `it ended with ${signal ?? `code ${code}`}`;
  });
  await started(child, program);
  return { port, fault: () => ended, stop: () => void child.kill() };
}

function argumentsOf(run: SumoRun, port: number): string[] {
  return [
    ...['--net-file', run.networkFile],
    ...['--route-files', run.demandFiles.join(',')],
    ...['--begin', String(run.beginSeconds)],
    ...['--step-length', String(run.stepSeconds)],
    ...['--seed', String(run.seed)],
    ...['--remote-port', String(port)],
    ...['--no-step-log', 'true'],
    ...['--no-warnings', 'true'],
    // Without its own copy of the schemas SUMO would look them up on the web.
    ...['--xml-validation', 'never'],
    ...['--xml-validation.net', 'never'],
    ...['--xml-validation.routes', 'never'],
  ];
}

function started(child: ChildProcess, program: string): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once('spawn', () => resolve());
    child.once('error', (error) =>
      reject(
        new RoadbedError(
          'simulator',
          `cannot start ${program}: ${error.message} (Debian: apt-get install sumo; scenarios/cologne-signs.yaml drives the same streets without it)`,
        ),
      ),
    );
  });
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen({ port: 0, host: '127.0.0.1' }, () => {
      const address = server.address();
      const port = typeof address === 'object' && address ? address.port : 0;
      server.close(() => resolve(port));
    });
  });
}
