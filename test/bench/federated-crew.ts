// Threads that each train a share of a cohort. Weights go to every thread, one sum comes back.
// Must not: send data sets; each thread makes its own (in roadbed proper they lie on shared memory).

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { ClientTrainer } from './federated-tasks.ts';

export interface FederatedCrew {
  readonly trainers: readonly ClientTrainer[];
  close(): Promise<void>;
}

export interface FederatedOrder {
  readonly weights: Float32Array;
  readonly clients: readonly number[];
  readonly seed: number;
}

export async function openFederatedCrew(threads: number, task: string): Promise<FederatedCrew> {
  const module = new URL('./federated-thread.ts', import.meta.url).href;
  const entry = new URL('../../testbed/worker-entry.mjs', import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(entry, { workerData: { module, task } }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return {
    trainers: workers.map((worker) => async (weights, clients, seed) => {
      const answer = once(worker, 'message') as Promise<[Float64Array]>;
      worker.postMessage({ weights, clients, seed } satisfies FederatedOrder);
      return (await answer)[0];
    }),
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
