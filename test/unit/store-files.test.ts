import { mkdirSync, readdirSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { AssertionError } from '../../base/assert.ts';
import { RoadbedError } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import type { BlobSha } from '../../base/ids.ts';
import { type Blobs, FileBlobs, MemoryBlobs } from '../../roadside/store/blobs.ts';
import {
  createRun,
  findRun,
  listRuns,
  openRun,
  RunNotFoundError,
  readRunInfo,
} from '../../roadside/store/run-directory.ts';
import { Telemetry } from '../../roadside/store/telemetry.ts';
import {
  infoOf,
  manifestOf,
  runIdOf,
  scratchFolder,
  writeFinishedRun,
  writeSmallRun,
} from '../support/small-run.ts';

const bytes = Uint8Array.of(1, 2, 3);
const sha = sha256(bytes);

describe.each([
  ['memory', (): Blobs => new MemoryBlobs()],
  ['files', (): Blobs => new FileBlobs(join(scratchFolder(), 'blobs'))],
])('blobs in %s', (_name, make) => {
  test('are found by their content, and only then', () => {
    const blobs = make();
    expect([blobs.has(sha), blobs.get(sha)]).toEqual([false, undefined]);
    expect([blobs.put(bytes), blobs.put(bytes)]).toEqual([sha, sha]);
    expect(blobs.has(sha)).toBe(true);
    expect([...(blobs.get(sha) ?? [])]).toEqual([1, 2, 3]);
  });

  test('do not change with the array they were put from', () => {
    const blobs = make();
    const changing = Uint8Array.of(1, 2, 3);
    blobs.put(changing);
    changing.fill(9);
    expect([...(blobs.get(sha) ?? [])]).toEqual([1, 2, 3]);
  });
});

describe('blob files', () => {
  test.each([
    ['changed', (path: string) => writeFileSync(path, Uint8Array.of(1, 2, 4))],
    ['cut short', (path: string) => truncateSync(path, 2)],
  ])('are refused with a sentence where they were %s', (_how, damage) => {
    const directory = join(scratchFolder(), 'blobs');
    const blobs = new FileBlobs(directory);
    blobs.put(bytes);
    damage(join(directory, sha));
    expect(() => blobs.get(sha)).toThrow(RoadbedError);
    expect(() => blobs.get(sha)).toThrow(
      /The blob .* is damaged: its \d bytes have sha-256 .*Restore it from a copy/,
    );
  });

  test('are named by their address and leave nothing half-written behind', () => {
    const directory = join(scratchFolder(), 'blobs');
    new FileBlobs(directory).put(bytes);
    expect(readdirSync(directory)).toEqual([sha]);
  });

  test('are never looked for by a name that is no address', () => {
    const blobs = new FileBlobs(join(scratchFolder(), 'blobs'));
    for (const name of ['../ledger.sqlite', '/etc/passwd', '', `${sha}\0`]) {
      expect(() => blobs.get(name as BlobSha)).toThrow(RangeError);
    }
  });
});

describe('telemetry', () => {
  test('gives frames of a span of time, in order, and tells where to go on', () => {
    const telemetry = Telemetry.inMemory();
    for (const at of [0, 0.5, 1, 1.5]) telemetry.addFrame(at, Uint8Array.of(at * 2, 0));
    const instants = (from: number, to: number, most?: number): unknown => {
      const { frames, nextFrom } = telemetry.frames(from, to, most);
      return [frames.map((frame) => frame.at), nextFrom];
    };
    expect(instants(0.5, 1)).toEqual([[0.5, 1], null]);
    expect(instants(0, 9, 4)).toEqual([[0, 0.5], 1]);
    expect(instants(1, 9, 1)).toEqual([[1], 1.5]);
    expect(instants(7, 9)).toEqual([[], null]);
    expect([...(telemetry.frames(1, 1).frames[0]?.bytes ?? [])]).toEqual([2, 0]);
  });

  test('writes frames in batches of 64 and the rest at close', () => {
    const directory = scratchFolder();
    const telemetry = Telemetry.create(directory);
    const reader = Telemetry.open(directory, { readOnly: true });
    const stored = (): number => reader.frames(0, 1000).frames.length;
    for (let i = 0; i < 70; i++) telemetry.addFrame(i, bytes);
    expect(stored()).toBe(64);
    telemetry.close();
    telemetry.close();
    expect(stored()).toBe(70);
    reader.close();
  });

  test('keeps the vehicle table in order and without gaps', () => {
    const telemetry = Telemetry.inMemory();
    telemetry.addVehicles(0, ['b', 'a']);
    telemetry.addVehicles(2, ['c']);
    expect(telemetry.vehicles()).toEqual(['b', 'a', 'c']);
    expect(() => telemetry.addVehicles(4, ['d'])).toThrow(AssertionError);
  });
});

describe('run directories', () => {
  test('are made once, with WAL files, FULL for the ledger and NORMAL for telemetry', () => {
    const runs = scratchFolder();
    const stores = createRun(runs, runIdOf('r1'), manifestOf('r1'));
    expect(
      readdirSync(stores.directory)
        .filter((name) => !/-(wal|shm)$/.test(name))
        .sort(),
    ).toEqual(['blobs', 'ledger.sqlite', 'running.lock', 'telemetry.sqlite']);
    stores.close();
    for (const name of ['ledger.sqlite', 'telemetry.sqlite']) {
      const db = new Database(join(stores.directory, name), { readonly: true });
      expect(db.pragma('journal_mode', { simple: true })).toBe('wal');
      db.close();
    }
    expect(() => createRun(runs, runIdOf('r1'), manifestOf('r1'))).toThrow(
      /exists already\. Choose another run id/,
    );
    expect(() => createRun(runs, runIdOf('../r1'), manifestOf('r1'))).toThrow(/cannot be called/);
  });

  test('are listed oldest first with what came of them; what cannot be read is listed with the reason', () => {
    const runs = scratchFolder();
    writeFinishedRun(runs, 'b', '2026-01-01T00:00:00.000Z');
    const running = writeSmallRun(runs, 'a', '2026-01-02T00:00:00.000Z');
    writeSmallRun(runs, 'c', '2026-01-03T00:00:00.000Z').close();
    mkdirSync(join(runs, 'damaged'));
    writeFileSync(join(runs, 'damaged', 'ledger.sqlite'), 'x'.repeat(5000));
    mkdirSync(join(runs, 'no-run'));
    symlinkSync(join(runs, 'b'), join(runs, 'link'));
    const listed = listRuns(runs).map((run) => [run.runId, run.status, run.rounds, run.testAccuracy]);
    running.close();
    expect(listed).toEqual([
      ['damaged', 'unreadable', null, null],
      ['b', 'finished', 2, 0.75],
      ['a', 'running', null, null],
      ['c', 'broken', null, null],
    ]);
    expect(listRuns(runs)[0]?.problem).toMatch(/is not a SQLite database/);
    expect(listRuns(join(runs, 'nowhere'))).toEqual([]);
  });

  test('are found by id, by the beginning of one, or as the last', () => {
    const runs = scratchFolder();
    writeFinishedRun(runs, 'tuesday-1', '2026-01-06T00:00:00.000Z');
    writeFinishedRun(runs, 'monday-1', '2026-01-05T00:00:00.000Z');
    writeFinishedRun(runs, 'monday-12', '2026-01-05T01:00:00.000Z');
    const found = (wanted: string): string => findRun(runs, wanted).runId;
    expect(['tuesday-1', 'tu', 'last', 'monday-1'].map(found)).toEqual([
      'tuesday-1',
      'tuesday-1',
      'tuesday-1',
      'monday-1',
    ]);
    expect(findRun(runs, 'tu').directory).toBe(join(runs, 'tuesday-1'));
  });

  test('that are not there are named in a sentence with those that are', () => {
    const runs = scratchFolder();
    expect(() => findRun(runs, 'last')).toThrow(
      /no run "last": .* holds no runs\. Make one with `roadbed run SCENARIO`/,
    );
    writeFinishedRun(runs, 'monday-1');
    writeFinishedRun(runs, 'monday-2');
    expect(() => findRun(runs, 'mon')).toThrow(/"mon" begins the ids of 2 runs \(monday-1, monday-2\)/);
    expect(() => findRun(runs, 'mnday-1')).toThrow(
      /holds monday-1, monday-2\. Did you mean monday-1\? `roadbed runs list`/,
    );
    for (const path of ['../..', '.', '', `${runs}/monday-1`])
      expect(() => findRun(runs, path)).toThrow(RunNotFoundError);
  });

  test('tell the feed about the run, and go on where they stopped', () => {
    const runs = scratchFolder();
    writeSmallRun(runs, 'r1').close();
    const directory = join(runs, 'r1');
    const known = { ...infoOf('r1'), vehicles: ['car-1', 'car-2'], lastAt: 40 };
    expect(readRunInfo(directory)).toEqual({ ...known, status: 'broken' });
    const stores = openRun(directory);
    expect(stores.ledger.lastSeq).toBe(24);
    expect(readRunInfo(directory)).toEqual({ ...known, status: 'running' });
    stores.close();
  });
});
