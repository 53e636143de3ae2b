import { createHash } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { AssertionError } from '../../base/assert.ts';
import { RoadbedError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import { isBeingWritten, Ledger } from '../../roadside/store/ledger.ts';
import { manifestOf, scratchFolder, smallRun, summaryOf } from '../support/small-run.ts';

const ledgerOf = (): Ledger => Ledger.inMemory(manifestOf('r1'));

describe('the event log', () => {
  test('numbers events from 1 across appends and gives them back in order', () => {
    const ledger = ledgerOf();
    const first = ledger.append(smallRun.slice(0, 3));
    const second = ledger.append(smallRun.slice(3, 5));
    expect([...first, ...second].map((event) => event.seq)).toEqual([1, 2, 3, 4, 5]);
    expect(ledger.events()).toEqual([...first, ...second]);
    expect(ledger.events(2, 2)).toEqual([first[2], second[0]]);
    expect(ledger.append([])).toEqual([]);
    expect([ledger.lastSeq, ledger.lastAt]).toEqual([5, 2]);
  });

  test('has the sha-256 of its canonical lines, however it was appended', () => {
    const whole = ledgerOf();
    const logged = whole.append(smallRun);
    const expected = createHash('sha256');
    for (const event of logged) expected.update(`${canonicalJson(event)}\n`);
    const digest = expected.digest('hex');
    const piecewise = ledgerOf();
    for (const entry of smallRun) piecewise.append([entry]);
    expect([whole.eventLogSha256(), piecewise.eventLogSha256()]).toEqual([digest, digest]);
  });

  test('is the same after closing and opening, and goes on where it was', () => {
    const directory = join(scratchFolder(), 'r1');
    const ledger = Ledger.create(directory, manifestOf('r1'));
    ledger.append(smallRun.slice(0, 10));
    const half = ledger.eventLogSha256();
    ledger.close();

    const resumed = Ledger.open(directory, { readOnly: false });
    expect(resumed.eventLogSha256()).toBe(half);
    expect(resumed.append(smallRun.slice(10)).at(0)?.seq).toBe(11);
    const whole = ledgerOf();
    whole.append(smallRun);
    expect(resumed.eventLogSha256()).toBe(whole.eventLogSha256());
    const events = resumed.events();
    resumed.close();

    const reader = Ledger.open(directory, { readOnly: true });
    expect(reader.events()).toEqual(events);
    expect(reader.eventLogSha256()).toBe(whole.eventLogSha256());
    reader.close();
  });

  test('lets a reader follow the writer', () => {
    const directory = join(scratchFolder(), 'r1');
    const writer = Ledger.create(directory, manifestOf('r1'));
    const reader = Ledger.open(directory, { readOnly: true });
    expect(reader.lastSeq).toBe(0);
    writer.append(smallRun.slice(0, 4));
    expect([reader.lastSeq, reader.eventLogSha256()]).toEqual([4, writer.eventLogSha256()]);
    writer.append(smallRun.slice(4, 6));
    expect([reader.lastSeq, reader.eventLogSha256()]).toEqual([6, writer.eventLogSha256()]);
    reader.close();
    writer.close();
  });

  test.each([5, 8, 9, 13])(
    'refuses event %i of the small run a second time, and all that came with it',
    (i) => {
      const ledger = ledgerOf();
      ledger.append(smallRun.slice(0, 14));
      const before = ledger.eventLogSha256();
      const again = [smallRun[0], smallRun[i]].map((entry) => entry as (typeof smallRun)[number]);
      expect(() => ledger.append(again)).toThrow(AssertionError);
      expect(() => ledger.append(again)).toThrow(/holds an event with key 1\//);
      expect([ledger.lastSeq, ledger.eventLogSha256(), ledger.events().length]).toEqual([14, before, 14]);
      expect(ledger.append(smallRun.slice(14, 15))[0]?.seq).toBe(15);
    },
  );

  test('refuses numbers that JSON cannot say, and then holds nothing of them', () => {
    const ledger = ledgerOf();
    const entry = { ...smallRun[0], at: Number.NaN } as (typeof smallRun)[number];
    expect(() => ledger.append([smallRun[1] as (typeof smallRun)[number], entry])).toThrow(RangeError);
    expect(ledger.lastSeq).toBe(0);
  });

  test.each([
    ["UPDATE event SET entry = '{}' WHERE seq = 1", 'append-only'],
    ['DELETE FROM event WHERE seq = 3', 'append-only'],
    ["INSERT OR REPLACE INTO event (seq, entry) VALUES (1, '{}')", 'append-only'],
    [`INSERT INTO event (seq, entry) VALUES (9, '{"at":0,"body":{"kind":"x"}}')`, 'no gaps'],
  ])('is append-only for every SQL client: %s', (sql, message) => {
    const directory = join(scratchFolder(), 'r1');
    const ledger = Ledger.create(directory, manifestOf('r1'));
    ledger.append(smallRun.slice(0, 3));
    const before = ledger.eventLogSha256();
    ledger.close();
    const other = new Database(join(directory, 'ledger.sqlite'));
    expect(() => other.exec(sql)).toThrow(message);
    other.close();
    const reader = Ledger.open(directory, { readOnly: true });
    expect([reader.lastSeq, reader.eventLogSha256()]).toEqual([3, before]);
    reader.close();
  });
});

describe('the manifest', () => {
  test('keeps what was run, and what came of it when the run is finished', () => {
    const ledger = ledgerOf();
    const start = { status: 'running', finishedAt: null, summary: null, schemaVersion: 1 };
    expect(ledger.manifest()).toEqual({ ...manifestOf('r1'), ...start });
    const summary = summaryOf('r1', 'e'.repeat(64));
    ledger.finish(summary, '2026-01-02T03:05:00.000Z');
    const end = { status: 'finished', finishedAt: '2026-01-02T03:05:00.000Z', summary, schemaVersion: 1 };
    expect(ledger.manifest()).toEqual({ ...manifestOf('r1'), ...end });
  });
});

describe('a ledger that cannot be used', () => {
  const refusalOf = (action: () => unknown): RoadbedError => {
    try {
      action();
    } catch (error) {
      if (error instanceof RoadbedError) return error;
      throw error;
    }
    throw new Error('nothing was refused');
  };
  const withFile = (content: string | Uint8Array): string => {
    const directory = join(scratchFolder(), 'r1');
    mkdirSync(directory);
    writeFileSync(join(directory, 'ledger.sqlite'), content);
    return directory;
  };

  test.each([true, false])('says so where the file is no database (read-only: %s)', (readOnly) => {
    const error = refusalOf(() =>
      Ledger.open(withFile('not a database, but long enough to be looked at'.repeat(20)), { readOnly }),
    );
    expect(error.reason).toBe('store');
    expect(error.message).toMatch(/ledger\.sqlite is not a SQLite database\. Restore it from a copy/);
  });

  test('says so where pages of the file are garbage', () => {
    const directory = join(scratchFolder(), 'r1');
    const ledger = Ledger.create(directory, manifestOf('r1'));
    ledger.append(smallRun);
    ledger.close();
    const path = join(directory, 'ledger.sqlite');
    const db = new Database(path);
    const pages = db.pragma('page_count', { simple: true }) as number;
    db.close();
    const bytes = Buffer.alloc(4096 * (pages - 1), 0x5a);
    writeFileSync(path, bytes, { flag: 'r+' });
    expect(refusalOf(() => Ledger.open(directory, { readOnly: true })).reason).toBe('store');
  });

  test('says so where another writer holds the run', () => {
    const directory = join(scratchFolder(), 'r1');
    const writer = Ledger.create(directory, manifestOf('r1'));
    expect(isBeingWritten(directory)).toBe(true);
    const error = refusalOf(() => Ledger.open(directory, { readOnly: false }));
    expect(error.message).toMatch(/another process is writing this run/);
    writer.close();
    expect(isBeingWritten(directory)).toBe(false);
    Ledger.open(directory, { readOnly: false }).close();
  });

  test('says so where it exists already, is missing, or is another database', () => {
    const directory = join(scratchFolder(), 'r1');
    Ledger.create(directory, manifestOf('r1')).close();
    expect(refusalOf(() => Ledger.create(directory, manifestOf('r1'))).message).toMatch(/exists already/);
    const missing = join(scratchFolder(), 'none');
    expect(refusalOf(() => Ledger.open(missing, { readOnly: true })).message).toMatch(/cannot be opened/);
    expect(refusalOf(() => Ledger.open(missing, { readOnly: false })).message).toMatch(/cannot be opened/);
    const other = new Database(':memory:');
    other.exec('CREATE TABLE t (x)');
    const foreign = withFile(other.serialize());
    expect(refusalOf(() => Ledger.open(foreign, { readOnly: true })).message).toMatch(
      /not a ledger of roadbed/,
    );
  });

  test('says so where a newer roadbed wrote it', () => {
    const directory = join(scratchFolder(), 'r1');
    Ledger.create(directory, manifestOf('r1')).close();
    const db = new Database(join(directory, 'ledger.sqlite'));
    db.pragma('user_version = 99');
    db.close();
    const error = refusalOf(() => Ledger.open(directory, { readOnly: true }));
    expect(error.message).toMatch(/schema version 99, this roadbed knows versions up to 1/);
  });
});

describe('queries', () => {
  const refused = (sql: string): string => {
    const ledger = ledgerOf();
    ledger.append(smallRun);
    expect(() => ledger.query(sql)).toThrow(RoadbedError);
    expect(ledger.lastSeq).toBe(24);
    try {
      ledger.query(sql);
    } catch (error) {
      return (error as Error).message;
    }
    return '';
  };

  test.each([
    'delete from event',
    'drop view round',
    "insert into manifest values ('a', '1') returning key",
    "attach ':memory:' as other",
  ])('refuse to write: %s', (sql) => {
    expect(refused(sql)).toMatch(/^This statement would write.*Give a SELECT/s);
  });

  test('say what is wrong with the SQL', () => {
    expect(refused('select x from nowhere')).toMatch(
      /cannot be run: no such table: nowhere\. Give one SELECT/,
    );
    expect(refused('select 1; select 2')).toMatch(/more than one statement/);
    expect(refused('')).toMatch(/cannot be run/);
  });

  test('give columns and rows, blobs as hex', () => {
    const table = ledgerOf().query("select 1 as a, 'x' as a, null as b, x'0aff' as c");
    expect(table).toEqual({ columns: ['a', 'a', 'b', 'c'], rows: [[1, 'x', null, '0aff']] });
  });

  test('name the views there are when asked for another', () => {
    expect(() => ledgerOf().view('rounds')).toThrow(/no view "rounds"\. Views are: round, selection, /);
  });
});
