// Runs the RSU's process of a live run: data, stores, actor, announcement; then the figures. What else the process does
// beside it (nothing, or the world and the agents) is handed in. Impure: starts a thread, opens stores and a connection.
// Must not: hold rules of the round or of the wire.

import { withoutPasswords } from '../../base/shown-text.ts';
import { sampleCount } from '../../learning/data/dataset.ts';
import type { MobilitySource } from '../../mobility/types.ts';
import type { Announcement } from '../../protocol/announcement.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import type { RunSummary } from '../../protocol/run-info.ts';
import { RsuActor } from '../../roadside/rsu/actor.ts';
import { Closing } from '../closing.ts';
import { assertFeasible } from '../feasible.ts';
import { mapScene, roundConfig } from '../plan.ts';
import { openWorld, type PreparedData, prepareData, roadText, rsuData } from '../prepare.ts';
import { newRunId, Recording } from '../recording.ts';
import type { RunOptions } from '../run-virtual.ts';
import { systemClock } from '../system.ts';
import { beaconTimeoutSeconds, RsuHost } from './rsu-host.ts';
import { Trainer } from './trainer.ts';

export interface RsuRunOptions
  extends Pick<
    RunOptions,
    'loaded' | 'runsDirectory' | 'engine' | 'argv' | 'note' | 'onLive' | 'onEvents' | 'stopRequested'
  > {
  readonly brokerUrl: string;
  /** Starts what runs in this process beside the RSU; what it returns ends it. `fail` ends the run with an error. */
  readonly beside?: (parts: LiveParts, fail: (error: unknown) => void) => Promise<() => Promise<void>>;
}

/** What the RSU's process has made ready. */
export interface LiveParts {
  readonly announcement: Announcement;
  readonly mobility: MobilitySource;
  readonly data: PreparedData;
}

/** Carries a scenario out with whoever answers at the broker. Throws RoadbedError('broker') where there is none. */
export async function runRsu(options: RsuRunOptions): Promise<RunSummary> {
  const closing = new Closing();
  try {
    return await carryOut(options, closing);
  } finally {
    await closing.close();
  }
}

async function carryOut(options: RsuRunOptions, closing: Closing): Promise<RunSummary> {
  const { loaded, note } = options;
  const { scenario, directory } = loaded;
  // 1 The broker first: without it nothing else is worth the wait.
  const run = newRunId(scenario);
  const link = closing.add(await connectMqtt({ url: options.brokerUrl, clientId: `${run}-rsu` }), (l) =>
    l.close(),
  );
  // 2 What the scenario says.
  const mobility = await openWorld(loaded, { note, isDriven: options.beside !== undefined });
  closing.add(mobility, async (world) => world.close?.());
  const data = prepareData(scenario, loaded.dataDirectory, note);
  assertFeasible({
    scenario,
    model: data.model,
    trainSamples: sampleCount(data.train),
    engine: options.engine,
    threads: 1,
  });
  const announcement: Announcement = {
    run,
    scenario,
    roadText: roadText(scenario, directory),
    dataFingerprint: data.fingerprint,
  };
  const { trainer, learner, reasons } = await Trainer.open({ ...data, engine: options.engine });
  closing.add(trainer, (t) => t.close());
  // 3 Stores, and whoever watches.
  const about = { run, scenario, engine: learner.engine, engineReasons: reasons, scene: mapScene(mobility) };
  const recording = closing.add(new Recording({ ...options, ...about, link: 'mqtt, live' }), (r) =>
    r.close(),
  );
  await options.onLive?.(recording.live);
  recording.open();
  // 4 The RSU, driven by the machine's clock until it has finished.
  const rsu = new RsuActor({
    scenario,
    config: roundConfig(scenario, data.model, mobility),
    ledger: recording.stores.ledger,
    blobs: recording.stores.blobs,
    learner,
    ...rsuData(scenario, data),
    beaconTimeoutSeconds,
    onEvents: (events) => recording.hear(events),
  });
  const host = new RsuHost({
    rsu,
    link,
    announcement,
    clock: systemClock(),
    note,
    onWorld(at, fixes, activityOf) {
      recording.show(at, fixes, activityOf);
      // Whoever follows the files sees the map move.
      recording.stores.telemetry.flush();
    },
    stopRequested: options.stopRequested,
  });
  note(`Run ${run} is announced at ${withoutPasswords(options.brokerUrl)}.`);
  const stopBeside = await options.beside?.({ announcement, mobility, data }, (error) => host.fail(error));
  try {
    await host.run();
  } finally {
    await stopBeside?.();
  }
  // 5 What it came to.
  return recording.finish();
}
