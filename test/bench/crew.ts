// Several threads that train different cars at the same time: what a machine with that many cores gets out of the engine.
// Must not: count the time threads need to start.

import { once } from 'node:events';
import { Worker } from 'node:worker_threads';
import type { Runner, TaskName } from './tasks.ts';

export interface Crew {
  runner(task: TaskName): Runner;
  close(): Promise<void>;
}

export async function openCrew(threads: number): Promise<Crew> {
  const module = new URL('./training-thread.ts', import.meta.url).href;
  const entry = new URL('../../testbed/worker-entry.mjs', import.meta.url);
  const workers = Array.from({ length: threads }, () => new Worker(entry, { workerData: { module } }));
  await Promise.all(workers.map((worker) => once(worker, 'message')));
  return {
    runner: (task) => async (batch, seconds) => {
      const rates = workers.map(async (worker) => {
        const answer = once(worker, 'message') as Promise<[number]>;
        worker.postMessage({ task, batch, seconds });
        return (await answer)[0];
      });
      return (await Promise.all(rates)).reduce((sum, rate) => sum + rate, 0);
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
