// One worker thread of a live run in a single process: a pool of vehicle agents, as `roadbed agents` runs it in a process.
// Must not: get anything from the main thread but its setup and the word to stop.

import { parentPort, workerData } from 'node:worker_threads';
import { assert } from '../../base/assert.ts';
import type { Dataset } from '../../learning/learner.ts';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import { runPool } from './pool.ts';

/** The data lie on shared memory. */
export interface AgentsSetup {
  readonly brokerUrl: string;
  readonly pool: string;
  readonly capacity: number;
  readonly engine: EnginePreference;
  readonly train: Dataset;
  readonly evaluation: Dataset;
  readonly fingerprint: string;
}

const port = parentPort;
assert(port, 'agents-worker.ts runs in a worker thread');
const { train, evaluation, fingerprint, ...setup } = workerData as AgentsSetup;
const stop = new AbortController();
port.once('message', () => stop.abort());
await runPool({
  ...setup,
  prepare: () => ({ train, evaluation, fingerprint }),
  note: () => undefined,
  stop: stop.signal,
});
port.close();
