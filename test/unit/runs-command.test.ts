import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Command } from 'commander';
import { describe, expect, test } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { registerRuns } from '../../testbed/commands/runs.ts';
import { registerSql } from '../../testbed/commands/sql.ts';
import { scratchFolder, writeFinishedRun, writeSmallRun } from '../support/small-run.ts';

const runs = scratchFolder();
writeFinishedRun(runs, 'r1', '2026-01-01T00:00:00.000Z');
writeSmallRun(runs, 'r2', '2026-01-02T00:00:00.000Z').close();

/** What the user sees of `roadbed ...args`, and the error it ended with. */
function roadbed(...args: string[]): { out: string[]; err: string[]; error: unknown } {
  const seen = { out: [] as string[], err: [] as string[], error: undefined as unknown };
  const io = {
    out: (line: string) => void seen.out.push(line),
    err: (line: string) => void seen.err.push(line),
    isTerminal: false,
    colour: false,
  };
  const program = new Command().exitOverride().configureOutput({ writeOut: io.out, writeErr: io.err });
  registerRuns(program, io);
  registerSql(program, io);
  try {
    program.parse(args, { from: 'user' });
  } catch (error) {
    seen.error = error;
  }
  return seen;
}
const result = (...args: string[]): string => {
  const { out, error } = roadbed(...args);
  if (error) throw error;
  return out.join('\n');
};
const json = (...args: string[]): unknown => JSON.parse(result(...args));

describe('roadbed runs list', () => {
  test('lists runs oldest first, for the eye and as JSON', () => {
    expect(roadbed('runs', 'list', '--runs', runs).out).toEqual([
      'run  status    started                   scenario  seed  link    rounds  accuracy',
      'r1   finished  2026-01-01T00:00:00.000Z  small        7  memory       2      0.75',
      'r2   broken    2026-01-02T00:00:00.000Z  small        7  memory       -         -',
    ]);
    expect(json('runs', 'list', '--runs', runs, '--json')).toMatchObject([{ runId: 'r1' }, { runId: 'r2' }]);
  });

  test('says how to make a run where there is none', () => {
    const seen = roadbed('runs', 'list', '--runs', scratchFolder());
    expect(seen.out).toEqual([]);
    expect(seen.err[0]).toMatch(/holds no runs\. Make one with `roadbed run SCENARIO`/);
  });
});

describe('roadbed runs show', () => {
  test('shows the run, its rounds, and that its log is unchanged', () => {
    const shown = result('runs', 'show', 'r1', '--runs', runs);
    expect(shown).toMatch(/^scenario {3}small, seed 7$/m);
    expect(shown).toMatch(/^event log {2}24 events, sha-256 [0-9a-f]{64} \(verified\)$/m);
    expect(shown).toMatch(/^accuracy {3}75\.00 % \(loss 0\.5000\) after 2 rounds$/m);
    expect(shown.split('\n').slice(-3)).toEqual([
      'round  virtual_seconds  selected  committed  left  late  refused  failed  split  participation_ratio  utility  accuracy  loss',
      '    1             20.5         2          1     1     0        0       0      1                  0.5    0.625       0.5   0.9',
      '    2               40         1          1     0     0        0       0      0                    1    0.625      0.75   0.5',
    ]);
  });

  test('gives all of it as JSON', () => {
    const shown = json('runs', 'show', 'r1', '--runs', runs, '--json') as Record<string, unknown>;
    expect(shown).toMatchObject({ runId: 'r1', status: 'finished', events: 24, verified: true, seed: 7 });
    expect((shown.summary as Record<string, unknown>).eventLogSha256).toBe(shown.eventLogSha256);
    expect((shown.rounds as unknown[]).length).toBe(2);
  });

  test('says that a run was broken off and that nothing can be compared yet', () => {
    const shown = result('runs', 'show', 'last', '--runs', runs);
    expect(shown).toMatch(/^status {5}broken \(its process ended before the run did\)$/m);
    expect(shown).toMatch(/so far; the run has no summary yet/);
  });

  test('ends with an error where someone changed the log', () => {
    const changed = scratchFolder();
    writeFinishedRun(changed, 'r1');
    const db = new Database(join(changed, 'r1', 'ledger.sqlite'));
    db.exec(`DROP TRIGGER event_unchanged;
      UPDATE event SET entry = replace(entry, '"accuracy":0.75', '"accuracy":0.95') WHERE kind = 'model-evaluated'`);
    db.close();
    const { out, error } = roadbed('runs', 'show', 'r1', '--runs', changed);
    expect(out.join('\n')).toMatch(/DOES NOT MATCH the summary/);
    expect(error).toMatchObject({
      reason: 'store',
      message: expect.stringMatching(/is not the one its run wrote/),
    });
  });

  test('names the runs there are where the wanted one is not', () => {
    const { error } = roadbed('runs', 'show', 'r9', '--runs', runs);
    expect(error).toBeInstanceOf(RoadbedError);
    expect((error as Error).message).toMatch(/no run "r9" in .*; it holds r1, r2/);
  });
});

describe('roadbed runs export', () => {
  test('prints the round view as CSV unless asked otherwise', () => {
    const lines = result('runs', 'export', 'r1', '--runs', runs).split('\n');
    expect(lines.length).toBe(3);
    expect(lines[0]).toMatch(/^round,opened_at,virtual_seconds,duration_seconds,candidates,selected,/);
    expect(lines[1]).toMatch(/^1,5,20\.5,15\.5,2,2,/);
  });

  test('writes to a file the bytes it would print', () => {
    const file = join(scratchFolder(), 'out.json');
    const args = ['runs', 'export', 'r1', '--runs', runs, '--view', 'event', '--format', 'json'];
    const seen = roadbed(...args, '--out', file);
    expect([seen.out, seen.err]).toEqual([[], [`24 rows written to ${file}.`]]);
    expect(readFileSync(file, 'utf8')).toBe(`${result(...args)}\n`);
    expect(roadbed(...args, '--out', join(file, 'below')).error).toBeInstanceOf(RoadbedError);
  });

  test('refuses a view it does not know by naming those it does', () => {
    const { error } = roadbed('runs', 'export', 'r1', '--runs', runs, '--view', 'rounds');
    expect((error as Error).message).toMatch(/Allowed choices are round, selection, skip, /);
  });
});

describe('roadbed sql', () => {
  const query = 'select round, accuracy, model_sha is null as none from round';

  test('prints a table, CSV or JSON', () => {
    expect(result('sql', 'r1', query, '--runs', runs)).toBe(
      'round  accuracy  none\n    1       0.5     0\n    2      0.75     0',
    );
    expect(result('sql', 'r1', query, '--runs', runs, '--csv')).toBe(
      'round,accuracy,none\n1,0.5,0\n2,0.75,0',
    );
    expect(json('sql', 'r1', query, '--runs', runs, '--json')).toEqual([
      { round: 1, accuracy: 0.5, none: 0 },
      { round: 2, accuracy: 0.75, none: 0 },
    ]);
  });

  test.each(['delete from event', 'update manifest set value = 1', 'drop table event'])(
    'refuses %s with a sentence',
    (sql) => {
      const { out, error } = roadbed('sql', 'r1', sql, '--runs', runs);
      expect(out).toEqual([]);
      expect(error).toMatchObject({
        reason: 'usage',
        message: expect.stringMatching(/^This statement would write/),
      });
      expect(json('sql', 'r1', 'select count(*) as n from event', '--runs', runs, '--json')).toEqual([
        { n: 24 },
      ]);
    },
  );
});

describe('the help', () => {
  test.each([['runs', 'list'], ['runs', 'show'], ['runs', 'export'], ['sql']])(
    'of %s %s has examples',
    (...args) => {
      const { out } = roadbed(...args.filter(Boolean), '--help');
      expect(out.join('')).toMatch(/Examples:\n {2}roadbed /);
    },
  );
});
