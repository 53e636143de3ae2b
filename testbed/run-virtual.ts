// Runs a scenario in virtual time: puts the rooms together and lets the conductor run.
// Impure: starts workers and a broker. Must not: hold rules of the round, of the wire or of the world.

import { RoadbedError } from '../base/errors.ts';
import type { RunId } from '../base/ids.ts';
import { Rng } from '../base/rng.ts';
import { sampleCount } from '../learning/data/dataset.ts';
import { openEngine } from '../learning/training/engine.ts';
import type { EnginePreference } from '../learning/training/engine-names.ts';
import { learnerOn } from '../learning/training/tfjs-learner.ts';
import type { MobilitySource } from '../mobility/types.ts';
import type { LoggedEvent } from '../protocol/events.ts';
import { startBroker } from '../protocol/link/embedded-broker.ts';
import { connectMqtt } from '../protocol/link/mqtt.ts';
import type { RunSummary } from '../protocol/run-info.ts';
import type { LiveRun } from '../roadside/feed/live.ts';
import { RsuActor } from '../roadside/rsu/actor.ts';
import { Closing } from './closing.ts';
import { assertFeasible } from './feasible.ts';
import { deviceOf, mapScene, roundConfig } from './plan.ts';
import { type DataShelf, openWorld, type PreparedData, prepareData, rsuData } from './prepare.ts';
import { newRunId, Recording } from './recording.ts';
import type { LoadedScenario } from './scenario-file.ts';
import { pacer, randomSecret } from './system.ts';
import { Conductor, type RsuWire } from './virtual/conductor.ts';
import { Sealer } from './virtual/envelope.ts';
import { WorkerPool } from './virtual/pool.ts';
import { memoryWire, mqttWire } from './virtual/wires.ts';

export interface RunOptions {
  readonly loaded: LoadedScenario;
  readonly runsDirectory: string;
  readonly link: 'memory' | 'mqtt';
  /** An MQTT broker to use; absent: one is started in this process. */
  readonly broker?: string;
  readonly workers: number;
  readonly engine: EnginePreference;
  /** Virtual seconds a wall second at most; absent: as fast as possible. */
  readonly pace?: number;
  /** False: the run's folder is removed when it is over. True by default. */
  readonly isKept?: boolean;
  /** Data of earlier runs in this process. */
  readonly shelf?: DataShelf;
  /** Keep every update's bytes in the run's folder. */
  readonly keepUpdates?: boolean;
  readonly argv: readonly string[];
  readonly note: (text: string) => void;
  /** Told of the run before its first event: a dashboard can follow it. */
  readonly onLive?: (live: LiveRun) => Promise<void>;
  readonly onEvents?: (events: readonly LoggedEvent[]) => void;
  readonly stopRequested?: () => string | null;
}

/** Carries a scenario out and returns its figures. Stores are closed and complete when it returns or throws. */
export async function runVirtual(options: RunOptions): Promise<RunSummary> {
  const closing = new Closing();
  try {
    return await carryOut(options, closing);
  } finally {
    await closing.close();
  }
}

async function carryOut(options: RunOptions, closing: Closing): Promise<RunSummary> {
  const { loaded, note } = options;
  const { scenario } = loaded;
  const run = newRunId(scenario);
  // 1 What the scenario says, read and checked before anything is created.
  const mobility = await openWorld(loaded, { note });
  closing.add(mobility, async (world) => world.close?.());
  const data = prepareData(scenario, loaded.dataDirectory, note, options.shelf);
  assertFeasible({
    scenario,
    model: data.model,
    trainSamples: sampleCount(data.train),
    engine: options.engine,
    threads: options.workers,
  });
  // 2 The wire, and workers with their engines.
  const secret = randomSecret();
  const { wire, brokerUrl } = await openWire(options, run, secret, closing);
  const { train, evaluation } = data;
  const setup = { run, scenario, engine: options.engine, brokerUrl, secret, train, evaluation };
  const { pool, engine, reasons } = await WorkerPool.open(options.workers, setup);
  closing.add(pool, (p) => p.close());
  // 3 Stores, and whoever watches.
  const about = { run, scenario, engine, engineReasons: reasons, scene: mapScene(mobility) };
  const recording = closing.add(new Recording({ ...options, ...about }), (r) => r.close());
  await options.onLive?.(recording.live);
  recording.open();
  // 4 The RSU and the world, until the RSU has finished.
  const rsu = await openRsu(options, data, mobility, recording, pool);
  const conductor = new Conductor({
    scenario,
    mobility,
    rsu,
    pool,
    wire,
    rng: Rng.root(scenario.seed),
    deviceOf: (vehicle) => deviceOf(scenario, vehicle),
    pace: options.pace === undefined ? undefined : pacer(options.pace),
    onWorld: (at, fixes, replies, signals) =>
      recording.show(at, fixes, (vehicle) => replies.get(vehicle), signals),
    stopRequested: options.stopRequested,
  });
  const reason = await conductor.run();
  // 5 What it came to.
  const summary = recording.finish();
  if (conductor.failure) throw kept(conductor.failure, summary);
  const { rounds } = scenario.stop;
  if (summary.rounds < rounds) note(`The run ended after ${summary.rounds} of ${rounds} rounds: ${reason}.`);
  return summary;
}

/** The run's end from outside, and where what it had lies. */
function kept({ reason, message }: RoadbedError, { rounds, database }: RunSummary): RoadbedError {
  return new RoadbedError(
    reason,
    `${message} (the run until then, ${rounds} rounds, is kept in ${database})`,
  );
}

async function openWire(
  options: RunOptions,
  run: RunId,
  secret: Uint8Array,
  closing: Closing,
): Promise<{ wire: RsuWire; brokerUrl?: string }> {
  if (options.link === 'memory') return { wire: memoryWire() };
  const brokerUrl = options.broker ?? closing.add(await startBroker(), (broker) => broker.close()).url;
  // The windows of the blob protocol bound what is on its way; a refused publication would stop the virtual clock.
  const connected = await connectMqtt({
    url: brokerUrl,
    clientId: `${run}-rsu`,
    maximumPending: Number.POSITIVE_INFINITY,
  });
  const link = closing.add(connected, (l) => l.close());
  return { wire: await mqttWire(link, run, new Sealer(secret)), brokerUrl };
}

/** The RSU computes gradients of split models itself; evaluations go to the workers, which have time between rounds. */
async function openRsu(
  options: RunOptions,
  data: PreparedData,
  mobility: MobilitySource,
  recording: Recording,
  pool: WorkerPool,
): Promise<RsuActor> {
  const { scenario } = options.loaded;
  const own = learnerOn(await openEngine(options.engine));
  return new RsuActor({
    scenario,
    config: roundConfig(scenario, data.model, mobility),
    ledger: recording.stores.ledger,
    blobs: recording.stores.blobs,
    learner: { ...own, evaluate: (request) => pool.evaluate(request.weights) },
    ...rsuData(scenario, data),
    keepUpdates: options.keepUpdates,
    onEvents: (events) => recording.hear(events),
  });
}
