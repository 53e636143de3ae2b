// What a run leaves behind and shows meanwhile: its stores, the live picture, the totals. One for each run, virtual or
// live. Impure: opens stores. Must not: decide anything about the run.

import { present } from '../base/assert.ts';
import { sha256 } from '../base/hash.ts';
import { asId, type RunId } from '../base/ids.ts';
import type { Fix } from '../mobility/types.ts';
import type { LoggedEvent } from '../protocol/events.ts';
import type { SignalColour } from '../protocol/frame.ts';
import type { MapScene, RunSummary } from '../protocol/run-info.ts';
import type { Scenario } from '../protocol/scenario/schema.ts';
import { LiveRun } from '../roadside/feed/live.ts';
import type { ManifestStart } from '../roadside/store/manifest.ts';
import { createRun, type RunStores } from '../roadside/store/run-directory.ts';
import { type ActivityOf, FrameMaker } from './map-frames.ts';
import { StayErrors } from './stay-errors.ts';
import { isoNow, machine, processSeconds } from './system.ts';
import { TotalsFold } from './totals.ts';
import { roadbedVersion } from './version.ts';

export interface RecordingOptions {
  readonly run: RunId;
  readonly runsDirectory: string;
  readonly scenario: Scenario;
  readonly engine: string;
  readonly engineReasons: readonly string[];
  readonly link: string;
  readonly argv: readonly string[];
  readonly scene: MapScene;
  /** False: its folder is removed when it is over. True by default. */
  readonly isKept?: boolean;
  /** Told of every event after it is committed. */
  readonly onEvents?: (events: readonly LoggedEvent[]) => void;
}

/** A run id: the scenario, its seed, and a mark of the moment, so that two runs never share a folder. */
export function newRunId(scenario: Scenario): RunId {
  const moment = `${isoNow()} ${process.pid} ${processSeconds()}`;
  const mark = sha256(new TextEncoder().encode(moment)).slice(0, 6);
  return asId<RunId>(`${scenario.name.slice(0, 40)}-s${scenario.seed}-${mark}`);
}

export class Recording {
  readonly live: LiveRun;
  readonly #about: Omit<ManifestStart, 'scenario' | 'engineReasons' | 'versions' | 'argv'>;
  #stores: RunStores | undefined;
  readonly #options: RecordingOptions;
  readonly #frames: FrameMaker;
  readonly #totals = new TotalsFold();
  readonly #stays = new StayErrors();
  readonly #startedSeconds = processSeconds();

  constructor(options: RecordingOptions) {
    const { run, scenario, engine, link, scene } = options;
    this.#options = options;
    this.#about = { runId: run, seed: scenario.seed, engine, link, startedAt: isoNow(), scene };
    this.live = new LiveRun({ ...this.#about, scenario: scenario.name, description: scenario.description });
    this.#frames = new FrameMaker(scene.box);
  }

  /** Creates the run's folder: after all else that can fail. Throws RoadbedError('store') where it cannot. */
  open(): void {
    const { run, runsDirectory, scenario, engineReasons, argv, isKept } = this.#options;
    const versions = machine(roadbedVersion);
    const manifest = { ...this.#about, scenario, engineReasons, versions, argv };
    this.#stores = createRun(runsDirectory, run, manifest, { isKept });
  }

  get stores(): RunStores {
    return present(this.#stores, 'the store of a recording that was not opened');
  }

  /** Hears events that were committed. */
  hear(events: readonly LoggedEvent[]): void {
    this.#frames.hear(events);
    this.#totals.hear(events);
    this.#stays.hear(events);
    this.live.push(events);
    this.#options.onEvents?.(events);
  }

  /** Draws the world at `at`. */
  show(at: number, fixes: readonly Fix[], activityOf: ActivityOf, signals?: readonly SignalColour[]): void {
    const { bytes, newIds, firstNew } = this.#frames.make(at, fixes, activityOf, signals);
    if (newIds.length > 0) {
      this.stores.telemetry.addVehicles(firstNew, newIds);
      this.live.vehicles(newIds);
    }
    this.stores.telemetry.addFrame(at, bytes);
    this.live.frame(bytes, at);
  }

  /** Books the run as finished and returns its figures. */
  finish(): RunSummary {
    this.live.end();
    const summary = this.#summary();
    this.stores.ledger.finish(summary, isoNow());
    return summary;
  }

  close(): void {
    this.#stores?.close();
  }

  #summary(): RunSummary {
    const { totals } = this.#totals;
    const { run, engine, scenario } = this.#options;
    const { ledger } = this.stores;
    return {
      runId: run,
      database: ledger.path,
      rounds: totals.rounds,
      testAccuracy: totals.testAccuracy,
      testLoss: totals.testLoss,
      selected: totals.selected,
      contributionShare: totals.selected === 0 ? 0 : totals.committed / totals.selected,
      committed: totals.committed,
      left: totals.left,
      late: totals.late,
      refused: totals.refused,
      failed: totals.failed,
      split: totals.split,
      ...(totals.partial === undefined ? {} : { partial: totals.partial }),
      bytesUp: totals.bytesUp,
      bytesDown: totals.bytesDown,
      handovers: totals.handovers,
      transfersHandedOver: totals.transfersHandedOver,
      splitsHandedOver: totals.splitsHandedOver,
      prediction: this.#stays.error(scenario.prediction?.method ?? 'road'),
      virtualSeconds: totals.virtualSeconds,
      wallSeconds: processSeconds() - this.#startedSeconds,
      eventLogSha256: ledger.eventLogSha256(),
      modelSha256: totals.modelSha,
      engine,
    };
  }
}
