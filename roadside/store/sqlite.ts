// Opening SQLite files and saying what went wrong with them in sentences. Every database of a run goes through here.
// Impure: this and its neighbours in `store/` are the only files that touch a database.
// Must not: know what the tables mean.

import Database from 'better-sqlite3';
import { RoadbedError } from '../../base/errors.ts';

export type Connection = Database.Database;
export type Statement = Database.Statement<unknown[], unknown>;

/**
 * FULL: a commit survives a power cut. NORMAL: the newest commits may roll back, the file stays whole. OFF: a power cut may
 * damage the file, as is right for one that is removed when its process is done with it.
 */
export type Synchronous = 'FULL' | 'NORMAL' | 'OFF';

export interface OpenOptions {
  /** `create` refuses an existing file, `write` and `read` a missing one. */
  readonly mode: 'create' | 'write' | 'read';
  readonly synchronous: Synchronous;
}

/** How long a connection waits for another process's transaction before it gives up: a commit takes milliseconds. */
const busyMilliseconds = 5000;

/** What to tell the user for a family of SQLite's result codes (https://sqlite.org/rescode.html). */
const sentences: readonly (readonly [prefix: string, sentence: string])[] = [
  ['SQLITE_NOTADB', 'is not a SQLite database. Restore it from a copy; what cannot be read is left as it is'],
  ['SQLITE_CORRUPT', 'is damaged. Restore it from a copy, or save what is left with `sqlite3 FILE .recover`'],
  ['SQLITE_BUSY', 'is locked by another process. Wait for it to end, or stop it, and try again'],
  ['SQLITE_LOCKED', 'is locked by another connection. Wait for it to end and try again'],
  [
    'SQLITE_READONLY',
    'may not be written. Give yourself write permission on the file and its folder (reading needs it too)',
  ],
  ['SQLITE_CANTOPEN', 'cannot be opened. Check that it exists and that you may write to its folder'],
  ['SQLITE_FULL', 'could not grow: the disk is full. Free some space and try again'],
  ['SQLITE_IOERR', 'could not be read or written: the disk reported an error'],
];

/** Turns what SQLite threw into a RoadbedError that names the file. Errors that are not SQLite's pass unchanged. */
export function storeError(error: unknown, path: string): unknown {
  if (error instanceof TypeError && error.message.includes('directory does not exist')) {
    const sentence = `${path} cannot be opened: its folder does not exist.`;
    return new RoadbedError('store', sentence, { cause: error });
  }
  if (!(error instanceof Database.SqliteError)) return error;
  const known = sentences.find(([prefix]) => error.code.startsWith(prefix));
  const what = known ? known[1] : `gave an error (${error.code})`;
  return new RoadbedError('store', `${path} ${what}. SQLite says: ${error.message}.`, { cause: error });
}

/** Runs `action`; what SQLite throws in it comes out as a sentence about `path`. */
export function guarded<T>(path: string, action: () => T): T {
  try {
    return action();
  } catch (error) {
    throw storeError(error, path);
  }
}

function configure(db: Connection, options: OpenOptions): void {
  // A damaged header is met here already: the first pragma that reads the file fails.
  db.pragma('schema_version');
  db.pragma(`busy_timeout = ${busyMilliseconds}`);
  if (options.mode === 'read') {
    db.pragma('query_only = ON');
    return;
  }
  db.pragma('journal_mode = WAL');
  db.pragma(`synchronous = ${options.synchronous}`);
  // Lets the append-only triggers see the deletion hidden in INSERT OR REPLACE.
  db.pragma('recursive_triggers = ON');
}

/** Opens `path` (`:memory:` for a store that lives as long as the process). Throws RoadbedError `store`. */
export function openDatabase(path: string, options: OpenOptions): Connection {
  let db: Connection | undefined;
  try {
    const reading = options.mode === 'read';
    db = new Database(path, { readonly: reading, fileMustExist: options.mode !== 'create' });
    configure(db, options);
    return db;
  } catch (error) {
    db?.close();
    throw storeError(error, path);
  }
}

/** One step forward of a database's tables. Steps are never edited once released, only added. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/** How a kind of database says what it is: `application_id` and `user_version` in the file's header. */
export interface Lineage {
  readonly what: string;
  readonly applicationId: number;
  readonly migrations: readonly Migration[];
}

/** The newest version in `lineage`. */
export const newestVersion = (lineage: Lineage): number => lineage.migrations.at(-1)?.version ?? 0;

/** Writes the tables of a new, empty database. */
export function createTables(db: Connection, lineage: Lineage): void {
  db.pragma(`application_id = ${lineage.applicationId}`);
  migrate(db, lineage, 0);
}

function migrate(db: Connection, lineage: Lineage, from: number): void {
  const steps = lineage.migrations.filter((step) => step.version > from);
  db.transaction(() => {
    for (const step of steps) db.exec(step.sql);
    db.pragma(`user_version = ${newestVersion(lineage)}`);
  })();
}

/** Checks that `db` is what it should be, and brings an older one forward where it is open for writing. */
export function checkTables(db: Connection, lineage: Lineage, path: string): void {
  const found = db.pragma('user_version', { simple: true }) as number;
  const newest = newestVersion(lineage);
  if (db.pragma('application_id', { simple: true }) !== lineage.applicationId || found < 1) {
    throw new RoadbedError('store', `${path} is a SQLite database, but not a ${lineage.what} of roadbed.`);
  }
  if (found > newest) {
    const sentence = `${path} has schema version ${found}, this roadbed knows versions up to ${newest}. Read it with the newer roadbed that wrote it.`;
    throw new RoadbedError('store', sentence);
  }
  if (found === newest) return;
  if (db.readonly) {
    const sentence = `${path} has the older schema version ${found} (expected ${newest}). Resume the run once, which brings it forward, or read it with the roadbed that wrote it.`;
    throw new RoadbedError('store', sentence);
  }
  migrate(db, lineage, found);
}
