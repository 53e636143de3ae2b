// Telemetry: the map frames of a run and the vehicle table they refer to, for the replay. A file of its own with weaker
// durability, so that drawing never slows the ledger and losing it costs pictures only.
// Impure: SQLite. Must not: hold anything a result depends on.

import { join } from 'node:path';
import { assert } from '../../base/assert.ts';
import type { Lineage } from './sqlite.ts';
import {
  type Connection,
  checkTables,
  createTables,
  guarded,
  openDatabase,
  type Statement,
  type Synchronous,
} from './sqlite.ts';

export interface StoredFrame {
  /** Seconds since the run began. */
  readonly at: number;
  /** As `protocol/frame.ts` encodes it. */
  readonly bytes: Uint8Array;
}

/** Frames wait in memory until there are this many: at ten frames a second, six seconds of drawing may be lost. */
const framesPerCommit = 64;

const lineage: Lineage = {
  what: 'telemetry file',
  applicationId: 0x726f6174, // "roat"
  migrations: [
    {
      version: 1,
      sql: `CREATE TABLE frame (at REAL NOT NULL, bytes BLOB NOT NULL) STRICT;
CREATE INDEX frame_at ON frame (at);
CREATE TABLE vehicle (idx INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE) STRICT;`,
    },
  ],
};

export const telemetryFile = (directory: string): string => join(directory, 'telemetry.sqlite');

export class Telemetry {
  readonly path: string;
  readonly #db: Connection;
  readonly #insert: Statement | undefined;
  #waiting: StoredFrame[] = [];

  private constructor(path: string, db: Connection) {
    this.path = path;
    this.#db = db;
    if (!db.readonly) this.#insert = db.prepare('INSERT INTO frame (at, bytes) VALUES (?, ?)');
  }

  /** A new telemetry file in the existing folder `directory`. */
  static create(directory: string, synchronous: Synchronous = 'NORMAL'): Telemetry {
    return Telemetry.#begin(telemetryFile(directory), synchronous);
  }

  static inMemory(): Telemetry {
    return Telemetry.#begin(':memory:', 'NORMAL');
  }

  /** Opens an existing file; read-only it may be used beside the writer. Throws RoadbedError `store`. */
  static open(directory: string, options: { readonly readOnly: boolean }): Telemetry {
    const path = telemetryFile(directory);
    const db = openDatabase(path, { mode: options.readOnly ? 'read' : 'write', synchronous: 'NORMAL' });
    try {
      return guarded(path, () => {
        checkTables(db, lineage, path);
        return new Telemetry(path, db);
      });
    } catch (error) {
      db.close();
      throw error;
    }
  }

  static #begin(path: string, synchronous: Synchronous): Telemetry {
    const db = openDatabase(path, { mode: 'create', synchronous });
    return guarded(path, () => {
      createTables(db, lineage);
      return new Telemetry(path, db);
    });
  }

  /** Adds a frame; it reaches the file with the next `framesPerCommit`, with `flush`, or at `close`. */
  addFrame(at: number, bytes: Uint8Array): void {
    assert(Number.isFinite(at), `a frame needs an instant, got ${at}`);
    this.#waiting.push({ at, bytes });
    if (this.#waiting.length >= framesPerCommit) this.flush();
  }

  /** Appends `ids` to the vehicle table; the first one gets index `from`, which must be the table's length. */
  addVehicles(from: number, ids: readonly string[]): void {
    guarded(this.path, () => {
      const known = (this.#db.prepare('SELECT count(*) AS n FROM vehicle').get() as { n: number }).n;
      assert(from === known, `vehicle table: the next index is ${known}, got ${from}`);
      const insert = this.#db.prepare('INSERT INTO vehicle (idx, id) VALUES (?, ?)');
      this.#db.transaction(() => {
        ids.forEach((id, i) => {
          insert.run(from + i, id);
        });
      })();
    });
  }

  /** Vehicle ids in the order frames refer to them. */
  vehicles(): string[] {
    return guarded(this.path, () => {
      const rows = this.#db.prepare('SELECT id FROM vehicle ORDER BY idx').all() as { id: string }[];
      return rows.map((row) => row.id);
    });
  }

  /**
   * Frames with `from` <= at <= `to`, in order of time. Stops before the total exceeds `maximumBytes` and then tells
   * where to go on (`nextFrom`); at least one frame is given, so that a reader always gets further.
   */
  frames(
    from: number,
    to: number,
    maximumBytes = Number.POSITIVE_INFINITY,
  ): { readonly frames: StoredFrame[]; readonly nextFrom: number | null } {
    if (this.#insert) this.flush();
    return guarded(this.path, () => {
      const select = this.#db.prepare(
        'SELECT at, bytes FROM frame WHERE at BETWEEN ? AND ? ORDER BY at, rowid',
      );
      const frames: StoredFrame[] = [];
      let total = 0;
      for (const row of select.iterate(from, to) as IterableIterator<StoredFrame>) {
        total += row.bytes.length;
        const isFull = total > maximumBytes && row.at !== frames.at(-1)?.at;
        if (isFull && frames.length > 0) return { frames, nextFrom: row.at };
        frames.push(row);
      }
      return { frames, nextFrom: null };
    });
  }

  /** Commits the waiting frames in one transaction. */
  flush(): void {
    const insert = this.#insert;
    assert(insert, `the telemetry file ${this.path} is open for reading only`);
    const waiting = this.#waiting;
    this.#waiting = [];
    guarded(this.path, () =>
      this.#db.transaction(() => {
        for (const frame of waiting) insert.run(frame.at, frame.bytes);
      })(),
    );
  }

  /** Commits what waits and closes the file. Closing twice is harmless. */
  close(): void {
    if (!this.#db.open) return;
    if (this.#insert) this.flush();
    this.#db.close();
  }
}
