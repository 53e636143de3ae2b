// Runs a scenario in virtual time: puts the rooms together, lets the conductor run, writes the manifest and the summary.
// Impure: starts workers, a broker, stores. Must not: hold rules of the round, of the wire or of the world.

import { sha256 } from '../base/hash.ts';
import { asId, type RunId } from '../base/ids.ts';
import { Rng } from '../base/rng.ts';
import { type EnginePreference, openEngine } from '../learning/training/engine.ts';
import { learnerOn } from '../learning/training/tfjs-learner.ts';
import type { Fix } from '../mobility/types.ts';
import type { LoggedEvent } from '../protocol/events.ts';
import { startBroker } from '../protocol/link/embedded-broker.ts';
import type { Link } from '../protocol/link/link.ts';
import { connectMqtt } from '../protocol/link/mqtt.ts';
import type { RunSummary } from '../protocol/run-info.ts';
import { LiveRun } from '../roadside/feed/live.ts';
import { RsuActor } from '../roadside/rsu/actor.ts';
import { createRun, type RunStores } from '../roadside/store/run-directory.ts';
import { FrameMaker } from './map-frames.ts';
import { deviceOf, mapScene, roundConfig } from './plan.ts';
import { prepareData, prepareMobility } from './prepare.ts';
import type { LoadedScenario } from './scenario-file.ts';
import { isoNow, machine, pacer, processSeconds } from './system.ts';
import { TotalsFold } from './totals.ts';
import { roadbedVersion } from './version.ts';
import { Conductor, type RsuWire } from './virtual/conductor.ts';
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
  readonly argv: readonly string[];
  readonly note: (text: string) => void;
  /** Told of the run before its first event: a dashboard can follow it. */
  readonly onLive?: (live: LiveRun) => Promise<void>;
  readonly onEvents?: (events: readonly LoggedEvent[]) => void;
  readonly stopRequested?: () => string | null;
}

/** A run id: the scenario, its seed, and a mark of the moment, so that two runs never share a folder. */
export function newRunId(loaded: LoadedScenario): RunId {
  const mark = sha256(new TextEncoder().encode(`${isoNow()} ${process.pid} ${processSeconds()}`)).slice(0, 6);
  return asId<RunId>(`${loaded.scenario.name.slice(0, 40)}-s${loaded.scenario.seed}-${mark}`);
}

/** What has to be given back when a run ends, however it ends. */
class Closing {
  readonly #steps: (() => unknown)[] = [];

  add<T>(thing: T, close: (thing: T) => unknown): T {
    this.#steps.push(() => close(thing));
    return thing;
  }

  async close(): Promise<void> {
    for (const step of this.#steps.reverse()) await step();
  }
}

async function openWire(
  options: RunOptions,
  run: RunId,
  closing: Closing,
): Promise<{ wire: RsuWire; brokerUrl?: string }> {
  if (options.link === 'memory') return { wire: memoryWire() };
  const brokerUrl = options.broker ?? closing.add(await startBroker(), (broker) => broker.close()).url;
  const link: Link = closing.add(await connectMqtt({ url: brokerUrl, clientId: `${run}-rsu` }), (l) =>
    l.close(),
  );
  return { wire: await mqttWire(link, run), brokerUrl };
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
  const wallStart = processSeconds();
  const { loaded, note } = options;
  const { scenario } = loaded;
  // 1 What the scenario says, read and checked before anything is created.
  const mobility = prepareMobility(loaded);
  const data = prepareData(scenario, loaded.dataDirectory, note);
  const run = newRunId(loaded);
  // 2 Engines and wires.
  const { wire, brokerUrl } = await openWire(options, run, closing);
  const setup = {
    run,
    scenario,
    engine: options.engine,
    brokerUrl,
    train: data.train,
    evaluation: data.evaluation,
  };
  const { pool, engine, reasons } = await WorkerPool.open(options.workers, setup);
  closing.add(pool, (p) => p.close());
  const own = learnerOn(await openEngine(options.engine));
  // 3 Stores, and whoever watches.
  const scene = mapScene(mobility);
  const startedAt = isoNow();
  const about = { runId: run, seed: scenario.seed, engine, link: options.link, startedAt, scene };
  const stores = closing.add(
    createRun(options.runsDirectory, run, {
      ...about,
      scenario,
      engineReasons: reasons,
      versions: machine(roadbedVersion),
      argv: options.argv,
    }),
    (s) => s.close(),
  );
  const live = new LiveRun({ ...about, scenario: scenario.name, description: scenario.description });
  await options.onLive?.(live);
  // 4 The RSU and the world.
  const frames = new FrameMaker(scene.box);
  const totals = new TotalsFold();
  const rsu = new RsuActor({
    scenario,
    config: roundConfig(scenario, data.model, mobility),
    ledger: stores.ledger,
    blobs: stores.blobs,
    learner: { ...own, evaluate: (request) => pool.evaluate(request.weights) },
    model: data.model,
    evaluationData: data.evaluation,
    dataFingerprint: data.fingerprint,
    onEvents: (events) =>
      [frames, totals, live].forEach((listener) =>
        'push' in listener ? listener.push(events) : listener.hear(events),
      ),
  });
  const conductor = new Conductor({
    scenario,
    mobility,
    rsu,
    pool,
    wire,
    rng: Rng.root(scenario.seed),
    deviceOf: (vehicle) => deviceOf(scenario, vehicle),
    pace: options.pace === undefined ? undefined : pacer(options.pace),
    onWorld: (at, fixes, replies) =>
      showWorld(stores, live, frames, at, fixes, (vehicle) => replies.get(vehicle)),
    stopRequested: options.stopRequested,
  });
  await conductor.run();
  live.end();
  // 5 What it came to.
  const summary = summarise(run, stores, totals, engine, processSeconds() - wallStart);
  stores.ledger.finish(summary, isoNow());
  return summary;
}

type ActivityOf = Parameters<FrameMaker['make']>[2];

function showWorld(
  stores: RunStores,
  live: LiveRun,
  frames: FrameMaker,
  at: number,
  fixes: readonly Fix[],
  activityOf: ActivityOf,
): void {
  const { bytes, newIds, firstNew } = frames.make(at, fixes, activityOf);
  if (newIds.length > 0) {
    stores.telemetry.addVehicles(firstNew, newIds);
    live.vehicles(newIds);
  }
  stores.telemetry.addFrame(at, bytes);
  live.frame(bytes, at);
}

function summarise(
  run: RunId,
  stores: RunStores,
  fold: TotalsFold,
  engine: string,
  wallSeconds: number,
): RunSummary {
  const { totals } = fold;
  return {
    runId: run,
    database: stores.ledger.path,
    rounds: totals.rounds,
    testAccuracy: totals.testAccuracy,
    testLoss: totals.testLoss,
    selected: totals.selected,
    committed: totals.committed,
    left: totals.left,
    late: totals.late,
    refused: totals.refused,
    failed: totals.failed,
    split: totals.split,
    bytesUp: totals.bytesUp,
    bytesDown: totals.bytesDown,
    virtualSeconds: totals.virtualSeconds,
    wallSeconds,
    eventLogSha256: stores.ledger.eventLogSha256(),
    modelSha256: totals.modelSha,
    engine,
  };
}
