// Says whether a process is still writing a run. The writer keeps an exclusive SQLite lock on an empty file; the
// operating system drops it when the process ends, however it ends, so a killed run is never taken for a running one.
// Impure: opens a database. Must not: delete the file (a removed lock file can be locked twice).

import Database from 'better-sqlite3';
import { RoadbedError } from '../../base/errors.ts';
import { type Connection, storeError } from './sqlite.ts';

const isBusy = (error: unknown): boolean =>
  error instanceof Database.SqliteError && error.code.startsWith('SQLITE_BUSY');

/** Takes the lock. Throws RoadbedError `store` where another writer holds it. Close the connection to give it back. */
export function takeLock(path: string): Connection {
  let db: Connection | undefined;
  try {
    db = new Database(path, { timeout: 0 });
    // No journal file beside the lock: nothing is ever written to it.
    db.pragma('journal_mode = MEMORY');
    db.exec('BEGIN EXCLUSIVE');
    return db;
  } catch (error) {
    db?.close();
    if (!isBusy(error)) throw storeError(error, path);
    const sentence = `${path} is held: another process is writing this run. Wait for it to end, or stop it.`;
    throw new RoadbedError('store', sentence, { cause: error });
  }
}

/** True while some process (this one included) holds the lock at `path`. A missing file is not locked. */
export function isLocked(path: string): boolean {
  let db: Connection | undefined;
  try {
    db = new Database(path, { readonly: true, fileMustExist: true, timeout: 0 });
    db.prepare('SELECT count(*) FROM sqlite_master').get();
    return false;
  } catch (error) {
    return isBusy(error);
  } finally {
    db?.close();
  }
}
