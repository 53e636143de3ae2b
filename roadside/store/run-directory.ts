// A run on disk: the folder `<runs>/<run id>` with its ledger, telemetry and blobs; how to make one, list them, find one.
// Impure: node:fs. Must not: delete anything, or make a path from text that was not checked.

import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { idPattern, type RunId } from '../../base/ids.ts';
import { nearestName } from '../../base/nearest-name.ts';
import type { RunInfo } from '../../protocol/run-info.ts';
import { FileBlobs } from './blobs.ts';
import { isBeingWritten, Ledger, ledgerFile } from './ledger.ts';
import type { Manifest, ManifestStart } from './manifest.ts';
import { Telemetry, telemetryFile } from './telemetry.ts';

/** The three stores of a run, open for writing. */
export interface RunStores {
  readonly directory: string;
  readonly ledger: Ledger;
  readonly telemetry: Telemetry;
  readonly blobs: FileBlobs;
  /** Closes ledger and telemetry. */
  close(): void;
}

/** A run as lists show it. A run that cannot be read is listed too, with the reason. */
export interface RunListing {
  readonly runId: string;
  readonly directory: string;
  readonly status: RunInfo['status'] | 'unreadable';
  readonly startedAt: string;
  readonly scenario: string;
  readonly seed: number;
  readonly engine: string;
  readonly link: string;
  readonly rounds: number | null;
  readonly testAccuracy: number | null;
  readonly problem: string | null;
}

export interface FoundRun {
  readonly runId: RunId;
  readonly directory: string;
}

/** No run has the id that was asked for, or more than one begins with it. */
export class RunNotFoundError extends RoadbedError {
  override name = 'RunNotFoundError';
}

const blobsFolder = (directory: string): string => join(directory, 'blobs');

/**
 * Makes the folder of a new run with its stores. `isKept` false: its process will remove it, so nothing is forced to the disk.
 * Throws RoadbedError `store` where the id is taken.
 */
export function createRun(
  runsDirectory: string,
  runId: RunId,
  manifest: ManifestStart,
  { isKept = true }: { readonly isKept?: boolean } = {},
): RunStores {
  if (!idPattern.test(runId)) {
    const sentence = `A run cannot be called ${JSON.stringify(runId)}: expected lower-case letters, digits, ".", "_" and "-", at most 64, a letter or digit first.`;
    throw new RoadbedError('store', sentence);
  }
  const directory = join(runsDirectory, runId);
  if (existsSync(directory)) {
    const sentence = `${directory} exists already. Choose another run id; nothing was changed.`;
    throw new RoadbedError('store', sentence);
  }
  const ledger = Ledger.create(directory, manifest, isKept ? 'FULL' : 'OFF');
  const openTelemetry = (): Telemetry => Telemetry.create(directory, isKept ? 'NORMAL' : 'OFF');
  return stores(directory, ledger, { openTelemetry, isKept });
}

/** Opens an existing run for writing, to resume it. Throws RoadbedError `store`. */
export function openRun(directory: string): RunStores {
  const ledger = Ledger.open(directory, { readOnly: false });
  const openTelemetry = (): Telemetry => Telemetry.open(directory, { readOnly: false });
  return stores(directory, ledger, { openTelemetry, isKept: true });
}

function stores(
  directory: string,
  ledger: Ledger,
  { openTelemetry, isKept }: { readonly openTelemetry: () => Telemetry; readonly isKept: boolean },
): RunStores {
  try {
    const telemetry = openTelemetry();
    const close = (): void => {
      telemetry.close();
      ledger.close();
    };
    return { directory, ledger, telemetry, blobs: new FileBlobs(blobsFolder(directory), isKept), close };
  } catch (error) {
    ledger.close();
    throw error;
  }
}

/** `running` is believed only while a process holds the run's lock. */
const statusOf = (manifest: Manifest, directory: string): RunInfo['status'] =>
  manifest.status === 'finished' ? 'finished' : isBeingWritten(directory) ? 'running' : 'broken';

/** Ids of all runs in `runsDirectory`, sorted. Links and folders without a ledger are no runs. */
function runIds(runsDirectory: string): RunId[] {
  if (!existsSync(runsDirectory)) return [];
  try {
    return readdirSync(runsDirectory, { withFileTypes: true })
      .filter((entry) => entry.isDirectory() && idPattern.test(entry.name))
      .filter((entry) => existsSync(ledgerFile(join(runsDirectory, entry.name))))
      .map((entry) => entry.name as RunId)
      .sort();
  } catch (error) {
    const sentence = `${runsDirectory} cannot be listed: ${messageOf(error)}. Give the folder of runs with \`--runs DIR\`.`;
    throw new RoadbedError('store', sentence, { cause: error });
  }
}

function listing(directory: string, runId: RunId): RunListing {
  const ledger = Ledger.open(directory, { readOnly: true });
  try {
    const manifest = ledger.manifest();
    return {
      runId,
      directory,
      status: statusOf(manifest, directory),
      startedAt: manifest.startedAt,
      scenario: manifest.scenario.name,
      seed: manifest.seed,
      engine: manifest.engine,
      link: manifest.link,
      rounds: manifest.summary?.rounds ?? null,
      testAccuracy: manifest.summary?.testAccuracy ?? null,
      problem: null,
    };
  } finally {
    ledger.close();
  }
}

const unreadable = (directory: string, runId: RunId, error: unknown): RunListing => ({
  runId,
  directory,
  status: 'unreadable',
  startedAt: '',
  scenario: '',
  seed: 0,
  engine: '',
  link: '',
  rounds: null,
  testAccuracy: null,
  problem: messageOf(error),
});

/** All runs in `runsDirectory`, oldest first; a folder that does not exist holds none. */
export function listRuns(runsDirectory: string): RunListing[] {
  const listings = runIds(runsDirectory).map((runId) => {
    const directory = join(runsDirectory, runId);
    try {
      return listing(directory, runId);
    } catch (error) {
      if (error instanceof RoadbedError) return unreadable(directory, runId, error);
      throw error;
    }
  });
  const before = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return listings.sort((a, b) => before(a.startedAt, b.startedAt) || before(a.runId, b.runId));
}

/**
 * The run called `wanted`, or the only one whose id begins with it, or for `last` the newest by its start.
 * Throws RunNotFoundError naming what there is.
 */
export function findRun(runsDirectory: string, wanted: string): FoundRun {
  const ids = runIds(runsDirectory);
  const found = (runId: RunId): FoundRun => ({ runId, directory: join(runsDirectory, runId) });
  const exact = ids.find((id) => id === wanted);
  if (exact) return found(exact);
  if (wanted === 'last' && ids.length > 0) return found(listRuns(runsDirectory).at(-1)?.runId as RunId);
  const matches = wanted === '' ? [] : ids.filter((id) => id.startsWith(wanted));
  if (matches.length === 1) return found(matches[0] as RunId);
  throw new RunNotFoundError('store', notFoundSentence({ runsDirectory, wanted, ids, matches }));
}

function notFoundSentence(search: {
  runsDirectory: string;
  wanted: string;
  ids: readonly RunId[];
  matches: readonly RunId[];
}): string {
  const { runsDirectory, wanted, ids, matches } = search;
  const list = (some: readonly RunId[]): string =>
    some.slice(0, 5).join(', ') + (some.length > 5 ? `, and ${some.length - 5} more` : '');
  const named = JSON.stringify(wanted.slice(0, 80));
  if (matches.length > 1) {
    return `${named} begins the ids of ${matches.length} runs (${list(matches)}). Give more of the id.`;
  }
  if (ids.length === 0) {
    return `There is no run ${named}: ${runsDirectory} holds no runs. Make one with \`roadbed run SCENARIO\`, or give another folder with \`--runs DIR\`.`;
  }
  const near = nearestName(wanted, ids);
  const meant = near ? ` Did you mean ${near}?` : '';
  return `There is no run ${named} in ${runsDirectory}; it holds ${list(ids)}.${meant} \`roadbed runs list\` shows all.`;
}

/** What the feed tells about the run in `directory`, read from its files. Throws RoadbedError `store`. */
export function readRunInfo(directory: string): RunInfo {
  const ledger = Ledger.open(directory, { readOnly: true });
  try {
    const manifest = ledger.manifest();
    return {
      runId: manifest.runId,
      scenario: manifest.scenario.name,
      description: manifest.scenario.description,
      seed: manifest.seed,
      engine: manifest.engine,
      link: manifest.link,
      status: statusOf(manifest, directory),
      startedAt: manifest.startedAt,
      scene: manifest.scene,
      vehicles: readVehicles(directory),
      lastAt: ledger.lastAt,
    };
  } finally {
    ledger.close();
  }
}

/** None where the telemetry file was left out of a copy: such a run can be read, but not replayed on the map. */
function readVehicles(directory: string): string[] {
  if (!existsSync(telemetryFile(directory))) return [];
  const telemetry = Telemetry.open(directory, { readOnly: true });
  try {
    return telemetry.vehicles();
  } finally {
    telemetry.close();
  }
}
