// Joins databases of one sweep. What comes out depends on what they hold together, not on their order or how often they are
// merged: the same bytes each time. Impure: files. Must not: choose between two results of one cell that differ.

import { renameSync, rmSync } from 'node:fs';
import { dirname } from 'node:path';
import { RoadbedError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import {
  type Attempt,
  type CellResult,
  type Experiment,
  ExperimentStore,
  type FinishedCell,
  makeFolder,
  otherSweep,
  readExperiment,
} from './experiment.ts';
import { takeLock } from './run-lock.ts';

/** More conflicts than this have one cause; the first ones show it. */
const shownConflicts = 5;

/** A cell that two databases say different things of. */
interface Conflict {
  readonly cell: FinishedCell['cell'];
  readonly paths: readonly [string, string];
  readonly fields: readonly string[];
}

/** What several databases of one sweep hold together. Throws RoadbedError `store` where they do not fit. */
export function joinExperiments(parts: readonly Experiment[]): Experiment {
  const [first] = parts;
  if (first === undefined)
    throw new RoadbedError('usage', 'nothing to merge (expected one database at least)');
  for (const part of parts) {
    if (part.sweep.sha256 !== first.sweep.sha256) throw otherSweep(part.path, part.sweep, first.sweep);
  }
  const finished = new Map<number, FinishedCell & { path: string }>();
  const conflicts: Conflict[] = [];
  for (const part of parts)
    for (const one of part.finished) {
      const earlier = finished.get(one.cell.cell);
      if (earlier === undefined) finished.set(one.cell.cell, { ...one, path: part.path });
      else {
        const fields = differing(earlier.result, one.result);
        if (fields.length > 0) conflicts.push({ cell: one.cell, paths: [earlier.path, part.path], fields });
      }
    }
  if (conflicts.length > 0) throw refusal(conflicts);
  return {
    ...first,
    finished: [...finished.values()]
      .sort((a, b) => a.cell.cell - b.cell.cell)
      .map(({ cell, result }) => ({ cell, result })),
    attempts: joinAttempts(parts),
  };
}

function differing(a: CellResult, b: CellResult): string[] {
  const fields = Object.keys(a) as (keyof CellResult)[];
  return fields.filter((field) => canonicalJson(a[field]) !== canonicalJson(b[field]));
}

function refusal(conflicts: readonly Conflict[]): RoadbedError {
  const lines = conflicts.slice(0, shownConflicts).map(({ cell, paths, fields }) => {
    const which = `cell ${cell.cell} (${canonicalJson(cell.settings)}, seed ${cell.seed})`;
    return `${which} has different ${fields.join(', ')} in ${paths[0]} and ${paths[1]}`;
  });
  if (conflicts.length > shownConflicts) lines.push(`and ${conflicts.length - shownConflicts} more`);
  lines.push(
    'Nothing was merged. Equal cells give equal results on every machine with one version, engine and data set; run those cells again on one of them.',
  );
  return new RoadbedError('store', lines.join('\n'));
}

function joinAttempts(parts: readonly Experiment[]): Attempt[] {
  const attempts = new Map<string, Attempt>();
  for (const part of parts)
    for (const attempt of part.attempts)
      attempts.set(`${attempt.cell} ${attempt.finishedAt} ${attempt.machine}`, attempt);
  const before = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);
  return [...attempts.values()].sort(
    (a, b) => a.cell - b.cell || before(a.finishedAt, b.finishedAt) || before(a.machine, b.machine),
  );
}

/** Merges the databases at `sources` into `out`, which is replaced at once or not at all. */
export function mergeExperiments(sources: readonly string[], out: string): Experiment {
  makeFolder(dirname(out));
  const lock = takeLock(`${out}.lock`);
  const working = `${out}.merging`;
  try {
    // What a killed merge left is of no use: the sources are whole.
    rmSync(working, { force: true });
    const joined = joinExperiments(sources.map(readExperiment));
    ExperimentStore.write(working, joined);
    for (const rest of ['-wal', '-shm']) rmSync(`${out}${rest}`, { force: true });
    renameSync(working, out);
    return { ...joined, path: out };
  } finally {
    rmSync(working, { force: true });
    lock.close();
  }
}
