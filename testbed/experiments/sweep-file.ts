// From a sweep's file to its cells, every one with its whole scenario, read and checked before anything runs.
// Impure: reads files. Must not: run a cell.

import { existsSync, readFileSync, statSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { canonicalJson, sha256 } from '../../base/hash.ts';
import { maximumScenarioBytes } from '../../protocol/scenario/source.ts';
import { parseSweep, type Sweep } from '../../protocol/scenario/sweep.ts';
import type { PlannedCell, SweepIdentity } from '../../roadside/store/experiment.ts';
import { bundledDirectory, type LoadedScenario, loadScenario } from '../scenario-file.ts';

/** A cell and its scenario. */
export interface SweepCell extends PlannedCell {
  readonly loaded: LoadedScenario;
}

export interface SweepPlan {
  readonly sweep: SweepIdentity;
  readonly cells: readonly SweepCell[];
}

export interface SweepLoadOptions {
  /** `key=value` texts, applied to every cell before its own. */
  readonly sets?: readonly string[];
  readonly dataDirectory?: string;
}

/** What identifies a sweep besides its cells. */
export type SweepAbout = Omit<SweepIdentity, 'sha256' | 'keys'>;

/** A cell before it has a number. */
export type CellDraft = Pick<SweepCell, 'settings' | 'seed' | 'loaded'>;

/** sha-256 of what a cell runs: its scenario without the texts that only people read. */
function cellId({ scenario }: LoadedScenario): string {
  const { description: _, expect: __, ...runs } = scenario;
  return sha256(new TextEncoder().encode(canonicalJson(runs)));
}

/** Numbers cells and gives the sweep its identity. Throws RoadbedError('scenario') where two cells are the same run. */
export function planCells(about: SweepAbout, drafts: readonly CellDraft[]): SweepPlan {
  const cells = drafts.map((draft, cell) => ({ ...draft, cell, id: cellId(draft.loaded) }));
  const byId = new Map<string, SweepCell>();
  for (const cell of cells) {
    const same = byId.get(cell.id);
    if (same)
      throw new RoadbedError(
        'scenario',
        `sweep ${about.name}: ${canonicalJson(same.settings)} and ${canonicalJson(cell.settings)} at seed ${cell.seed} are the same run (expected settings that differ in what they run)`,
      );
    byId.set(cell.id, cell);
  }
  const keys = Object.keys(drafts[0]?.settings ?? {});
  const told = cells.map(({ id, settings, seed }) => ({ id, settings, seed }));
  const digest = sha256(new TextEncoder().encode(canonicalJson({ name: about.name, cells: told })));
  return { sweep: { ...about, keys, sha256: digest }, cells };
}

/** Every combination of the grid's values; the last key changes fastest. */
function combinations(grid: Sweep['grid']): Record<string, unknown>[] {
  return Object.entries(grid).reduce<Record<string, unknown>[]>(
    (earlier, [key, values]) => earlier.flatMap((one) => values.map((value) => ({ ...one, [key]: value }))),
    [{}],
  );
}

const setText = ([key, value]: readonly [string, unknown]): string => `${key}=${JSON.stringify(value)}`;

/** Loads a cell's scenario; a refusal says which line of the sweep is to blame. */
function loadCell(
  path: string,
  sweep: Sweep,
  cell: { readonly settings: Record<string, unknown>; readonly seed: number; readonly file: string },
  options: SweepLoadOptions,
): LoadedScenario {
  const own = Object.entries({ ...sweep.set, ...cell.settings }).map(setText);
  try {
    const sets = [...Object.entries(sweep.set).map(setText), ...(options.sets ?? [])];
    sets.push(...Object.entries(cell.settings).map(setText));
    return loadScenario(path, { sets, seed: cell.seed, dataDirectory: options.dataDirectory });
  } catch (error) {
    if (!(error instanceof RoadbedError)) throw error;
    const text = own.find((one) => error.message.includes(`--set ${one}`));
    const key = text?.slice(0, text.indexOf('='));
    const place = key === undefined ? [] : [key in sweep.set ? 'set' : 'grid', key];
    const where = `${cell.file}:${sweep.lineOf(place)}`;
    throw new RoadbedError(error.reason, `${where}: ${error.message}`, { cause: error });
  }
}

function findSweep(path: string): string {
  if (existsSync(path)) return path;
  const bundled = join(bundledDirectory, 'sweeps', `${basename(path, '.yaml')}.yaml`);
  if (!path.includes('/') && existsSync(bundled)) return bundled;
  throw new RoadbedError(
    'scenario',
    `no sweep file ${path} (expected a YAML file, such as scenarios/sweeps/policies.yaml)`,
  );
}

function readText(path: string): string {
  try {
    if (statSync(path).size > maximumScenarioBytes)
      throw new RoadbedError('scenario', `${path} is longer than ${maximumScenarioBytes} bytes`);
    return readFileSync(path, 'utf8');
  } catch (error) {
    if (error instanceof RoadbedError) throw error;
    throw new RoadbedError('scenario', `cannot read ${path}: ${messageOf(error)}`, { cause: error });
  }
}

/** Where the scenario of a sweep lies: beside the sweep's file, or among those that come with roadbed. */
function scenarioPath(file: string, named: string): string {
  const beside = resolve(dirname(file), named);
  return existsSync(beside) ? beside : named;
}

/**
 * Loads a sweep and every cell's scenario. Throws RoadbedError: 'scenario' for a misspelt key, an empty grid or cells that
 * are the same run, 'data' and 'usage' as `loadScenario` does.
 */
export function loadSweep(path: string, options: SweepLoadOptions = {}): SweepPlan {
  const file = findSweep(path);
  const sweepText = readText(file);
  const sweep = parseSweep(sweepText, file);
  const scenario = scenarioPath(file, sweep.scenario);
  const drafts = sweep.seeds.flatMap((seed) =>
    combinations(sweep.grid).map((settings) => ({
      settings,
      seed,
      loaded: loadCell(scenario, sweep, { settings, seed, file }, options),
    })),
  );
  const { name, description, baseline } = sweep;
  const scenarioText = readText(drafts[0]!.loaded.path);
  return planCells({ name, description, baseline: baseline ?? null, sweepText, scenarioText }, drafts);
}
