// Finished runs as what is compared: settings, seed, figures; from the database of a sweep, or from runs of `roadbed run`.
// Must not: compare them.

import { RoadbedError } from '../../base/errors.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';
import {
  type CellResult,
  type Experiment,
  experimentFiles,
  readExperiment,
} from '../../roadside/store/experiment.ts';
import { joinExperiments } from '../../roadside/store/experiment-merge.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import { findRun } from '../../roadside/store/run-directory.ts';
import { CellFold } from './cell-fold.ts';

export interface Observation {
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seed: number;
  readonly result: CellResult;
}

/** The sweep at `place`: all databases of a folder, or one file. */
export const readSweep = (place: string): Experiment =>
  joinExperiments(experimentFiles(place).map(readExperiment));

export const observationsOf = ({ finished }: Pick<Experiment, 'finished'>): Observation[] =>
  finished.map(({ cell, result }) => ({ settings: cell.settings, seed: cell.seed, result }));

/** Keys of a scenario as `--set` names them. */
function flat(value: unknown, path = ''): [string, unknown][] {
  if (typeof value !== 'object' || value === null) return [[path, value]];
  return Object.entries(value).flatMap(([key, inner]) => flat(inner, path === '' ? key : `${path}.${key}`));
}

const aside = new Set(['seed', 'name', 'description', 'expect']);

/** Settings of runs: the keys in which their scenarios differ. */
function settingsOf(scenarios: readonly Scenario[]): Record<string, unknown>[] {
  const flats = scenarios.map((scenario) => new Map(flat(scenario)));
  const keys = new Set(flats.flatMap((one) => [...one.keys()]));
  const differing = [...keys].filter(
    (key) => !aside.has(key) && new Set(flats.map((one) => JSON.stringify(one.get(key)))).size > 1,
  );
  return flats.map((one) => Object.fromEntries(differing.map((key) => [key, one.get(key) ?? null])));
}

function readRun(
  runsDirectory: string,
  wanted: string,
): { scenario: Scenario; seed: number; result: CellResult } {
  const { directory, runId } = findRun(runsDirectory, wanted);
  const ledger = Ledger.open(directory, { readOnly: true });
  try {
    const { summary, scenario, seed, engine } = ledger.manifest();
    if (summary === null)
      throw new RoadbedError('usage', `run ${runId} is not finished (expected finished runs to compare)`);
    const fold = new CellFold();
    fold.hear(ledger.events());
    const whole = scenario as unknown as Scenario;
    const result = fold.result({ ...summary, engine, targetAccuracy: whole.stop?.targetAccuracy });
    return { scenario: whole, seed, result };
  } finally {
    ledger.close();
  }
}

/** Finished runs by id. Throws RoadbedError where one is not there or not finished. */
export function observationsOfRuns(runsDirectory: string, wanted: readonly string[]): Observation[] {
  const runs = wanted.map((one) => readRun(runsDirectory, one));
  const settings = settingsOf(runs.map(({ scenario }) => scenario));
  return runs.map(({ seed, result }, index) => ({ seed, result, settings: settings[index]! }));
}
