// The ledger: the run's event log and manifest in one SQLite file. Whoever appends is told the events' places after the
// commit, so that an acknowledgement sent then is never a lie. The log's hash is kept along the way and can be computed
// again from the file. Impure: SQLite. Must not: read a clock, change or delete an event.

import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { assert } from '../../base/assert.ts';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { canonicalJson, LineHash } from '../../base/hash.ts';
import type { EventBody, LoggedEvent } from '../../protocol/events.ts';
import type { RunSummary } from '../../protocol/run-info.ts';
import { type Manifest, type ManifestStart, readManifest, writeManifest } from './manifest.ts';
import { isLocked, takeLock } from './run-lock.ts';
import { exportable, idempotencyKey, ledgerLineage } from './schema.ts';
import {
  type Connection,
  checkTables,
  createTables,
  guarded,
  newestVersion,
  openDatabase,
  type Statement,
  type Synchronous,
  storeError,
} from './sqlite.ts';
import type { Cell, Table } from './table.ts';

export interface Entry {
  readonly at: number;
  readonly body: EventBody;
}

interface Row {
  seq: number;
  entry: string;
}

interface Parts {
  readonly path: string;
  readonly db: Connection;
  readonly lock?: Connection;
}

export const ledgerFile = (directory: string): string => join(directory, 'ledger.sqlite');
const lockFile = (directory: string): string => join(directory, 'running.lock');

/** True while some process writes the run in `directory`. */
export const isBeingWritten = (directory: string): boolean => isLocked(lockFile(directory));

/** A line of the log's hash. `entry` is canonical, and `seq` sorts after `at` and `body`: so the line is canonical too. */
const hashLine = (row: Row): string => `${row.entry.slice(0, -1)},"seq":${row.seq}}`;

const cellOf = (value: unknown): Cell => {
  if (Buffer.isBuffer(value)) return value.toString('hex');
  return value as Cell;
};

export class Ledger {
  readonly path: string;
  readonly #db: Connection;
  readonly #lock: Connection | undefined;
  readonly #insert: Statement | undefined;
  readonly #hash = new LineHash();
  #hashedSeq = 0;
  #lastSeq: number;

  private constructor(parts: Parts) {
    this.path = parts.path;
    this.#db = parts.db;
    this.#lock = parts.lock;
    if (!parts.db.readonly) {
      this.#insert = parts.db.prepare('INSERT INTO event (seq, key, entry) VALUES (?, ?, ?)');
    }
    this.#lastSeq = this.#readLastSeq();
  }

  /** A new ledger in `directory`, which is made where missing. Refuses a directory that holds one already. */
  static create(directory: string, manifest: ManifestStart, synchronous: Synchronous = 'FULL'): Ledger {
    const path = ledgerFile(directory);
    try {
      mkdirSync(directory, { recursive: true });
    } catch (error) {
      const sentence = `${directory} cannot be made: ${messageOf(error)}. Choose another folder with \`--runs DIR\`.`;
      throw new RoadbedError('store', sentence, { cause: error });
    }
    const lock = takeLock(lockFile(directory));
    try {
      const db = openDatabase(path, { mode: 'create', synchronous });
      if (db.pragma('user_version', { simple: true }) === 0)
        return Ledger.#begin({ path, db, lock }, manifest);
      db.close();
      throw new RoadbedError('store', `${path} exists already. Choose another run id.`);
    } catch (error) {
      lock.close();
      throw error;
    }
  }

  /** A ledger that lives as long as the process. For tests and runs that leave nothing behind. */
  static inMemory(manifest: ManifestStart): Ledger {
    const path = ':memory:';
    return Ledger.#begin({ path, db: openDatabase(path, { mode: 'create', synchronous: 'FULL' }) }, manifest);
  }

  /**
   * Opens an existing ledger. For writing it takes the run's lock, brings an older schema forward and checks the whole
   * file; read-only it never changes anything and may be used beside a writer. Throws RoadbedError `store`.
   */
  static open(directory: string, options: { readonly readOnly: boolean }): Ledger {
    const path = ledgerFile(directory);
    const lock = options.readOnly ? undefined : takeLock(lockFile(directory));
    let db: Connection | undefined;
    try {
      db = openDatabase(path, { mode: options.readOnly ? 'read' : 'write', synchronous: 'FULL' });
      const opened = db;
      return guarded(path, () => Ledger.#check({ path, db: opened, lock }));
    } catch (error) {
      db?.close();
      lock?.close();
      throw error;
    }
  }

  static #begin(parts: Parts, manifest: ManifestStart): Ledger {
    return guarded(parts.path, () => {
      createTables(parts.db, ledgerLineage);
      writeManifest(parts.db, {
        ...manifest,
        status: 'running',
        finishedAt: null,
        summary: null,
        schemaVersion: newestVersion(ledgerLineage),
      });
      return new Ledger(parts);
    });
  }

  static #check(parts: Parts): Ledger {
    checkTables(parts.db, ledgerLineage, parts.path);
    if (!parts.db.readonly) {
      const verdict = parts.db.pragma('integrity_check(1)', { simple: true });
      if (verdict !== 'ok') {
        throw new RoadbedError('store', `${parts.path} is damaged (${verdict}). Restore it from a copy.`);
      }
    }
    return new Ledger(parts);
  }

  /** Place of the newest event, 0 where there is none. */
  get lastSeq(): number {
    if (this.#db.readonly) this.#lastSeq = this.#readLastSeq();
    return this.#lastSeq;
  }

  /** Instant of the newest event, seconds since the run began; 0 where there is none. */
  get lastAt(): number {
    const row = this.#get('SELECT at FROM event ORDER BY seq DESC LIMIT 1') as { at: number } | undefined;
    return row?.at ?? 0;
  }

  /**
   * Commits all entries in one transaction, or none, and returns them with their places. What returns is on the disk.
   * A second event under an idempotency key is an AssertionError: the caller must have answered from its memory.
   */
  append(entries: readonly Entry[]): LoggedEvent[] {
    const insert = this.#insert;
    assert(insert, `the ledger ${this.path} is open for reading only`);
    if (entries.length === 0) return [];
    const rows = entries.map((entry, i) => ({
      seq: this.#lastSeq + 1 + i,
      key: idempotencyKey(entry.body),
      entry: canonicalJson({ at: entry.at, body: entry.body }),
    }));
    guarded(this.path, () =>
      this.#db.transaction(() => {
        for (const row of rows) this.#insertOnce(insert, row);
      })(),
    );
    if (this.#hashedSeq === this.#lastSeq) for (const row of rows) this.#addToHash(row);
    this.#lastSeq += rows.length;
    return entries.map((entry, i) => ({ seq: (rows[i] as Row).seq, at: entry.at, body: entry.body }));
  }

  /** sha-256 over one line of canonical JSON `{seq, at, body}` per event. Reads only what was not hashed before. */
  eventLogSha256(): string {
    guarded(this.path, () => {
      const rest = this.#db.prepare('SELECT seq, entry FROM event WHERE seq > ? ORDER BY seq');
      for (const row of rest.iterate(this.#hashedSeq)) this.#addToHash(row as Row);
    });
    return this.#hash.digest();
  }

  /** Events after place `after`, at most `limit`, in order. */
  events(after = 0, limit = Number.MAX_SAFE_INTEGER): LoggedEvent[] {
    return guarded(this.path, () => {
      const rows = this.#db
        .prepare('SELECT seq, entry FROM event WHERE seq > ? ORDER BY seq LIMIT ?')
        .all(after, limit) as Row[];
      return rows.map((row) => ({ seq: row.seq, ...(JSON.parse(row.entry) as Entry) }));
    });
  }

  manifest(): Manifest {
    return guarded(this.path, () => readManifest(this.#db, this.path));
  }

  /** Books the run as finished. `finishedAt` is wall-clock time, ISO 8601, read by the caller. */
  finish(summary: RunSummary, finishedAt: string): void {
    guarded(this.path, () => writeManifest(this.#db, { status: 'finished', summary, finishedAt }));
  }

  /** All rows of a view, or of `event`. Throws RoadbedError `usage` naming the views there are. */
  view(name: string): Table {
    if (!exportable.includes(name)) {
      const sentence = `There is no view "${name}". Views are: ${exportable.join(', ')} (docs/schema.md).`;
      throw new RoadbedError('usage', sentence);
    }
    return this.query(name === 'event' ? 'SELECT * FROM event ORDER BY seq' : `SELECT * FROM "${name}"`);
  }

  /** The result of one SELECT. Throws RoadbedError `usage` for a statement that writes, or is wrong SQL. */
  query(sql: string): Table {
    const statement = this.#prepareReading(sql);
    return guarded(this.path, () => ({
      columns: statement.columns().map((column) => column.name),
      rows: (statement.raw().all() as unknown[][]).map((row) => row.map(cellOf)),
    }));
  }

  /** Closes the file and gives the run's lock back. Closing twice is harmless. */
  close(): void {
    this.#db.close();
    this.#lock?.close();
  }

  #prepareReading(sql: string): Statement {
    let statement: Statement;
    try {
      statement = this.#db.prepare(sql) as Statement;
    } catch (error) {
      if (isFileTrouble(error)) throw storeError(error, this.path);
      const sentence = `This query cannot be run: ${messageOf(error)}. Give one SELECT statement; docs/schema.md lists tables and columns.`;
      throw new RoadbedError('usage', sentence, { cause: error });
    }
    if (statement.reader && statement.readonly) return statement;
    const sentence = `This statement would write, and a run's ledger is only read here: ${JSON.stringify(sql.slice(0, 80))}. Give a SELECT, or work on a copy of ${this.path} with sqlite3.`;
    throw new RoadbedError('usage', sentence);
  }

  #insertOnce(insert: Statement, row: Row & { key: string | null }): void {
    try {
      insert.run(row.seq, row.key, row.entry);
    } catch (error) {
      const isRepeated = row.key !== null && messageOf(error).includes('UNIQUE constraint failed: event.key');
      assert(!isRepeated, `the log holds an event with key ${row.key} already, refused: ${row.entry}`);
      throw error;
    }
  }

  #addToHash(row: Row): void {
    assert(row.seq === this.#hashedSeq + 1, `the log has a gap before event ${row.seq}`);
    this.#hash.add(hashLine(row));
    this.#hashedSeq = row.seq;
  }

  #readLastSeq(): number {
    return (this.#get('SELECT coalesce(max(seq), 0) AS seq FROM event') as { seq: number }).seq;
  }

  #get(sql: string): unknown {
    return guarded(this.path, () => this.#db.prepare(sql).get());
  }
}

/** SQLITE_ERROR is a mistake in the query; every other code is about the file. */
function isFileTrouble(error: unknown): boolean {
  const code = (error as { code?: unknown }).code;
  return typeof code === 'string' && code.startsWith('SQLITE_') && code !== 'SQLITE_ERROR';
}
