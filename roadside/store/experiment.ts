// A sweep's database: which cells there are, and what came of those that are finished, one transaction a cell.
// Impure: SQLite and files. Must not: read a clock, run a cell, or change what a finished cell said.

import { existsSync, mkdirSync, readdirSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import { experimentLineage, resultColumns } from './experiment-schema.ts';
import { takeLock } from './run-lock.ts';
import { type Connection, checkTables, createTables, guarded, openDatabase } from './sqlite.ts';

/** What a sweep is, equal in all its shards. */
export interface SweepIdentity {
  readonly name: string;
  readonly description: string;
  /** Of all cells: equal values are shards of one sweep. */
  readonly sha256: string;
  /** Keys of the grid, in order. */
  readonly keys: readonly string[];
  /** `policy=random`; null where the sweep names none. */
  readonly baseline: string | null;
  readonly sweepText: string;
  readonly scenarioText: string;
}

export interface PlannedCell {
  readonly cell: number;
  /** sha-256 of its whole scenario. */
  readonly id: string;
  readonly settings: Readonly<Record<string, unknown>>;
  readonly seed: number;
}

export interface Evaluation {
  readonly round: number;
  readonly at: number;
  readonly accuracy: number;
  readonly loss: number;
}

/** What is known of a finished cell; `docs/sweep-schema.md` says what each field means. */
export interface CellResult {
  readonly status: 'reached' | 'censored' | 'finished';
  readonly secondsToTarget: number | null;
  readonly censoredAtSeconds: number | null;
  readonly virtualSeconds: number;
  readonly rounds: number;
  readonly finalAccuracy: number | null;
  readonly selected: number;
  readonly committed: number;
  readonly left: number;
  readonly late: number;
  readonly refused: number;
  readonly failed: number;
  readonly participationRatio: number | null;
  readonly lostShare: number | null;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly joules: number;
  readonly wastedJoules: number;
  readonly engine: string;
  readonly dataFingerprint: string;
  readonly eventLogSha256: string;
  readonly modelSha256: string;
  readonly curve: readonly Evaluation[];
}

export interface Attempt {
  readonly cell: number;
  /** ISO 8601, wall clock. */
  readonly finishedAt: string;
  /** Versions and processor, JSON. */
  readonly machine: string;
  readonly wallSeconds: number;
  readonly error: string | null;
}

/** A cell and what came of it. */
export interface FinishedCell {
  readonly cell: PlannedCell;
  readonly result: CellResult;
}

/** Everything a database holds. */
export interface Experiment {
  readonly path: string;
  readonly sweep: SweepIdentity;
  readonly cells: readonly PlannedCell[];
  readonly finished: readonly FinishedCell[];
  readonly attempts: readonly Attempt[];
}

type Row = Record<string, unknown>;
const names = resultColumns.map(({ name }) => name);
const marks = (count: number): string => Array(count).fill('?').join(', ');

/** The databases of sweeps in a folder, sorted; or the file itself. Throws RoadbedError where there is none. */
export function experimentFiles(place: string): string[] {
  if (!existsSync(place))
    throw new RoadbedError('store', `There is no ${place} (expected the folder or database of a sweep).`);
  if (!statSync(place).isDirectory()) return [place];
  const found = readdirSync(place).filter((name) => /^(?:sweep|shard-\d+-of-\d+)\.sqlite$/.test(name));
  if (found.length > 0) return found.sort().map((name) => join(place, name));
  const sentence = `${place} holds no sweep (expected sweep.sqlite or shard-1-of-2.sqlite in it, as \`roadbed sweep F.yaml --out ${place}\` writes).`;
  throw new RoadbedError('store', sentence);
}

/** True where `place` is the folder or the database of a sweep. */
export function isExperiment(place: string): boolean {
  if (!existsSync(place)) return false;
  if (!statSync(place).isDirectory()) return place.endsWith('.sqlite');
  return readdirSync(place).some((name) => /^(?:sweep|shard-\d+-of-\d+)\.sqlite$/.test(name));
}

function planOf(db: Connection): PlannedCell[] {
  const rows = db.prepare('SELECT cell, id, settings, seed FROM cell ORDER BY cell').all() as Row[];
  return rows.map(
    (row) => ({ ...row, settings: JSON.parse(row.settings as string) }) as unknown as PlannedCell,
  );
}

function identityOf(db: Connection): SweepIdentity {
  const rows = db.prepare('SELECT key, value FROM sweep').all() as { key: string; value: string }[];
  return Object.fromEntries(
    rows.map(({ key, value }) => [key, JSON.parse(value)]),
  ) as unknown as SweepIdentity;
}

function curvesOf(db: Connection): Map<number, Evaluation[]> {
  const rows = db
    .prepare('SELECT cell, round, at, accuracy, loss FROM evaluation ORDER BY cell, seq')
    .all() as (Evaluation & { cell: number })[];
  const curves = new Map<number, Evaluation[]>();
  for (const { cell, ...point } of rows) {
    const curve = curves.get(cell);
    if (curve) curve.push(point);
    else curves.set(cell, [point]);
  }
  return curves;
}

function finishedOf(db: Connection, cells: readonly PlannedCell[]): FinishedCell[] {
  const curves = curvesOf(db);
  const planned = new Map(cells.map((cell) => [cell.cell, cell]));
  const rows = db.prepare('SELECT * FROM result ORDER BY cell').all() as Row[];
  return rows.map((row) => {
    const fields = Object.fromEntries(resultColumns.map(({ field, name }) => [field, row[name]]));
    const curve = curves.get(row.cell as number) ?? [];
    return {
      cell: planned.get(row.cell as number) as PlannedCell,
      result: { ...fields, curve } as unknown as CellResult,
    };
  });
}

function attemptsOf(db: Connection): Attempt[] {
  return db
    .prepare(
      `SELECT cell, finished_at AS finishedAt, machine, wall_seconds AS wallSeconds, error
       FROM attempt ORDER BY cell, finished_at, machine`,
    )
    .all() as Attempt[];
}

/** Reads a sweep's database whole; a writer may be at work. Throws RoadbedError `store`. */
export function readExperiment(path: string): Experiment {
  const db = openDatabase(path, { mode: 'read', synchronous: 'NORMAL' });
  try {
    return guarded(path, () => {
      checkTables(db, experimentLineage, path);
      // One transaction, so that all tables are of one instant.
      return db.transaction(() => {
        const cells = planOf(db);
        return {
          path,
          sweep: identityOf(db),
          cells,
          finished: finishedOf(db, cells),
          attempts: attemptsOf(db),
        };
      })();
    });
  } finally {
    db.close();
  }
}

/** Says in a sentence that two databases are not of one sweep. */
export function otherSweep(path: string, found: SweepIdentity, wanted: SweepIdentity): RoadbedError {
  const why =
    found.name === wanted.name
      ? 'its scenario, grid or seeds have changed since'
      : `it is of sweep ${found.name}, not ${wanted.name}`;
  return new RoadbedError(
    'store',
    `${path} holds another sweep: ${why} (sha-256 ${found.sha256.slice(0, 12)}, expected ${wanted.sha256.slice(0, 12)}). Give another folder, or the sweep's file as it was.`,
  );
}

export class ExperimentStore {
  readonly path: string;
  readonly #db: Connection;
  readonly #lock: Connection | undefined;

  private constructor(path: string, db: Connection, lock: Connection | undefined) {
    this.path = path;
    this.#db = db;
    this.#lock = lock;
  }

  /**
   * Opens the database at `path` for writing, and makes it where it is missing. Throws RoadbedError `store` where it is
   * of another sweep, or another process writes it.
   */
  static open(path: string, sweep: SweepIdentity, cells: readonly PlannedCell[]): ExperimentStore {
    makeFolder(dirname(path));
    const lock = takeLock(`${path}.lock`);
    try {
      return ExperimentStore.#openLocked(path, lock, { sweep, cells });
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  static #openLocked(
    path: string,
    lock: Connection,
    plan: { sweep: SweepIdentity; cells: readonly PlannedCell[] },
  ): ExperimentStore {
    const db = openDatabase(path, { mode: 'create', synchronous: 'FULL' });
    try {
      return guarded(path, () => {
        // A process killed before the first commit leaves an empty file: it is begun anew.
        if (db.pragma('user_version', { simple: true }) === 0) begin(db, plan.sweep, plan.cells);
        checkTables(db, experimentLineage, path);
        const found = identityOf(db);
        if (found.sha256 !== plan.sweep.sha256) throw otherSweep(path, found, plan.sweep);
        return new ExperimentStore(path, db, lock);
      });
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** A new file that holds `experiment`, its bytes decided by what it holds alone. For merging. */
  static write(path: string, experiment: Omit<Experiment, 'path'>): void {
    const db = openDatabase(path, { mode: 'create', synchronous: 'FULL' });
    try {
      guarded(path, () => {
        begin(db, experiment.sweep, experiment.cells);
        db.transaction(() => {
          for (const { cell, result } of experiment.finished) insertResult(db, cell.cell, result);
          for (const attempt of experiment.attempts) insertAttempt(db, attempt);
        })();
        // Leaves no log beside the file, which is about to be renamed.
        db.pragma('journal_mode = DELETE');
      });
    } finally {
      db.close();
    }
  }

  /** Numbers of the finished cells. */
  finished(): Set<number> {
    const rows = guarded(this.path, () => this.#db.prepare('SELECT cell FROM result').all()) as {
      cell: number;
    }[];
    return new Set(rows.map(({ cell }) => cell));
  }

  /** Commits what came of a cell: all of it or nothing. A second result for one cell is refused by the table. */
  record(result: CellResult, attempt: Attempt): void {
    guarded(this.path, () =>
      this.#db.transaction(() => {
        insertResult(this.#db, attempt.cell, result);
        insertAttempt(this.#db, attempt);
      })(),
    );
  }

  /** Notes that a cell could not be computed; it stays unfinished. */
  recordFailure(attempt: Attempt): void {
    guarded(this.path, () => insertAttempt(this.#db, attempt));
  }

  close(): void {
    this.#db.close();
    this.#lock?.close();
  }
}

/** Makes the folder of a database. Throws RoadbedError `store` where it cannot. */
export function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    const sentence = `${folder} cannot be made: ${messageOf(error)}. Choose another folder with \`--out DIR\`.`;
    throw new RoadbedError('store', sentence, { cause: error });
  }
}

/** Writes the tables and the plan in one transaction. */
function begin(db: Connection, sweep: SweepIdentity, cells: readonly PlannedCell[]): void {
  db.transaction(() => {
    createTables(db, experimentLineage);
    const put = db.prepare('INSERT INTO sweep (key, value) VALUES (?, ?)');
    for (const key of Object.keys(sweep).sort())
      put.run(key, canonicalJson(sweep[key as keyof SweepIdentity]));
    const plan = db.prepare('INSERT INTO cell (cell, id, settings, seed) VALUES (?, ?, ?, ?)');
    for (const { cell, id, settings, seed } of cells) plan.run(cell, id, canonicalJson(settings), seed);
  })();
}

function insertResult(db: Connection, cell: number, result: CellResult): void {
  const record = result as unknown as Row;
  db.prepare(`INSERT INTO result (cell, ${names.join(', ')}) VALUES (?, ${marks(names.length)})`).run(
    cell,
    ...resultColumns.map(({ field }) => record[field]),
  );
  const point = db.prepare(
    'INSERT INTO evaluation (cell, seq, round, at, accuracy, loss) VALUES (?, ?, ?, ?, ?, ?)',
  );
  for (const [seq, { round, at, accuracy, loss }] of result.curve.entries())
    point.run(cell, seq, round, at, accuracy, loss);
}

function insertAttempt(db: Connection, { cell, finishedAt, machine, wallSeconds, error }: Attempt): void {
  db.prepare(
    'INSERT OR IGNORE INTO attempt (cell, finished_at, machine, wall_seconds, error) VALUES (?, ?, ?, ?, ?)',
  ).run(cell, finishedAt, machine, wallSeconds, error);
}
