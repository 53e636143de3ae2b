// Carries a sweep out: the cells of a shard that are not finished yet, each stored when it is over. Killed at any point and
// started again, it runs no finished cell a second time and leaves none out.
// Impure: files. Must not: know what a cell compares, or print.

import { mkdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import { type Attempt, ExperimentStore } from '../../roadside/store/experiment.ts';
import { isoNow, machine } from '../system.ts';
import { roadbedVersion } from '../version.ts';
import type { CellAnswer } from './cell-messages.ts';
import { runCells } from './crew.ts';
import { ofShard, type Shard, shardFile } from './shards.ts';
import type { SweepCell, SweepPlan } from './sweep-file.ts';

export interface SweepOptions {
  readonly outDirectory: string;
  readonly shard: Shard;
  /** Cells at a time. */
  readonly workers: number;
  readonly engine: EnginePreference;
  /** Keep the folder of every run under `OUT/runs`; else only its figures. */
  readonly keepRuns: boolean;
  readonly argv: readonly string[];
  /** Told once how many cells are to do and how many were finished before. */
  readonly onPlan?: (toDo: number, before: number) => void;
  readonly onBegin?: (cell: SweepCell, pid: number | undefined) => void;
  /** Told of each cell after it is stored. */
  readonly onCell?: (cell: SweepCell, answer: CellAnswer) => void;
  readonly signal?: AbortSignal;
  /** What carries cells out instead of real runs: for trying sweeps themselves. */
  readonly program?: URL;
}

/** A cell that could not be computed. */
export interface FailedCell {
  readonly cell: number;
  readonly settings: SweepCell['settings'];
  readonly seed: number;
  readonly error: string;
}

export interface SweepOutcome {
  readonly database: string;
  /** Cells of this shard. */
  readonly cells: number;
  /** Cells that were finished before this start, and those it finished. */
  readonly before: number;
  readonly ran: number;
  readonly failed: readonly FailedCell[];
}

/** Runs what is missing of a sweep's shard. Throws RoadbedError `store` where the folder holds another sweep. */
export async function runSweep(plan: SweepPlan, options: SweepOptions): Promise<SweepOutcome> {
  const { outDirectory, shard } = options;
  const own = ofShard(plan.cells, shard);
  const database = join(outDirectory, shardFile(shard));
  const store = ExperimentStore.open(database, plan.sweep, plan.cells);
  const scratch = `${database}.working`;
  try {
    // A killed sweep leaves the folders of cells that were under way; the lock says nobody else uses them.
    rmSync(scratch, { recursive: true, force: true });
    mkdirSync(scratch, { recursive: true });
    const finished = store.finished();
    const todo = own.filter(({ cell }) => !finished.has(cell));
    const before = own.length - todo.length;
    options.onPlan?.(todo.length, before);
    const failed = await carryOut(todo, store, scratch, options);
    return { database, cells: own.length, before, ran: store.finished().size - finished.size, failed };
  } finally {
    store.close();
    rmSync(scratch, { recursive: true, force: true });
  }
}

async function carryOut(
  todo: readonly SweepCell[],
  store: ExperimentStore,
  scratch: string,
  options: SweepOptions,
): Promise<FailedCell[]> {
  const { workers, engine, keepRuns, argv, signal, onBegin, program } = options;
  const failed: FailedCell[] = [];
  const about = JSON.stringify(machine(roadbedVersion));
  const runsDirectory = keepRuns ? join(options.outDirectory, 'runs') : scratch;
  await runCells(todo, {
    workers,
    signal,
    onBegin,
    program,
    orderOf: ({ loaded }) => ({ loaded, engine, runsDirectory, keepRun: keepRuns, argv }),
    onAnswer: (cell, answer) => {
      const base = { cell: cell.cell, finishedAt: isoNow(), machine: about, wallSeconds: answer.wallSeconds };
      const attempt: Attempt = { ...base, error: answer.ok ? null : answer.error };
      if (answer.ok) store.record(answer.result, attempt);
      else {
        store.recordFailure(attempt);
        failed.push({ cell: cell.cell, settings: cell.settings, seed: cell.seed, error: answer.error });
      }
      options.onCell?.(cell, answer);
    },
  });
  return failed;
}
