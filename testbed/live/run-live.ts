// Runs a whole scenario in wall time in one process: broker, RSU and world here, the agents in worker threads. The same
// parts that `roadbed rsu`, `mobility serve` and `agents` run as processes. Impure: starts a broker and threads.
// Must not: let parts speak past the broker (in separate processes they could not).

import { Worker } from 'node:worker_threads';
import { startBroker } from '../../protocol/link/embedded-broker.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import type { RunSummary } from '../../protocol/run-info.ts';
import { isTrafficMade } from '../../protocol/scenario/road-files.ts';
import type { RunOptions } from '../run-virtual.ts';
import type { AgentsSetup } from './agents-worker.ts';
import { type LiveParts, runRsu } from './run-rsu.ts';
import { atMost } from './timers.ts';
import { runWorld } from './world-host.ts';

/** A thread in the middle of a computation is not waited for longer than this. */
const farewellSeconds = 5;

/** Carries a scenario out in wall time and returns its figures. Stores are closed and complete when it returns or throws. */
export async function runLive(options: RunOptions): Promise<RunSummary> {
  const broker = options.broker === undefined ? await startBroker() : undefined;
  const brokerUrl = options.broker ?? broker?.url ?? '';
  try {
    return await runRsu({
      ...options,
      brokerUrl,
      beside: (parts, fail) => startBeside(options, brokerUrl, parts, fail),
    });
  } finally {
    await broker?.close();
  }
}

/** Starts the agents, then the world; returns what ends both. */
async function startBeside(
  options: RunOptions,
  brokerUrl: string,
  { announcement, mobility, data }: LiveParts,
  fail: (error: unknown) => void,
): Promise<() => Promise<void>> {
  const { run } = announcement;
  const { roads, traffic } = announcement.scenario;
  const { source } = traffic;
  const isCounted = isTrafficMade(roads) && source.kind === 'recirculating';
  const capacity = isCounted ? Math.ceil(source.vehicles / options.workers) : 100_000;
  const { train, evaluation, fingerprint } = data;
  const link = await connectMqtt({ url: brokerUrl, clientId: `${run}-world` });
  const workers = Array.from({ length: options.workers }, (_, i) =>
    startAgents(
      {
        brokerUrl,
        // The mark of the run: another run at the same broker has pools of its own.
        pool: `pool-${run.slice(-6)}-${i + 1}`,
        capacity,
        engine: options.engine,
        train,
        evaluation,
        fingerprint,
      },
      fail,
    ),
  );
  const over = new AbortController();
  const world = runWorld({ run, mobility, link, over: over.signal });
  world.catch(fail);
  return async () => {
    over.abort();
    await Promise.allSettled([world, ...workers.map(endAgents)]);
    await link.close();
  };
}

function startAgents(setup: AgentsSetup, fail: (error: unknown) => void): Worker {
  const module = new URL('./agents-worker.ts', import.meta.url).href;
  const worker = new Worker(new URL('../worker-entry.mjs', import.meta.url), {
    workerData: { ...setup, module },
  });
  worker.on('error', fail);
  return worker;
}

async function endAgents(worker: Worker): Promise<void> {
  const ended = new Promise<void>((resolve) => worker.once('exit', () => resolve()));
  worker.postMessage('stop');
  await atMost(farewellSeconds, ended);
  await worker.terminate();
}
