import { describe, expect, test } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import { eventColumns, exampleQueries, exportable, schemaDocument } from '../../roadside/store/schema.ts';
import { type Cell, formatTable, records } from '../../roadside/store/table.ts';
import { views } from '../../roadside/store/views.ts';
import { manifestOf, smallRun } from '../support/small-run.ts';

const ledger = Ledger.inMemory(manifestOf('r1'));
const predictions = [
  { at: 2, actualSeconds: 8, roadSeconds: 5, learnedSeconds: 7.5 },
  { at: 6, actualSeconds: 4, roadSeconds: 6, learnedSeconds: 4 },
];
const stayEnded = { kind: 'stay-ended', vehicle: 'car-1' as VehicleId, seconds: 9, predictions } as const;
ledger.append([...smallRun, { at: 99, body: stayEnded }]);
const rows = (view: string): Record<string, Cell>[] => records(ledger.view(view));

describe('the views of a run written by hand', () => {
  test('round: one row per closed round with running totals', () => {
    const unchanged = {
      candidates: 2,
      late: 0,
      refused: 0,
      failed: 0,
      skipped: 0,
      utility: 0.625,
      duration_seconds: 15.5,
      mean_staleness: null,
    };
    expect(rows('round')).toEqual([
      {
        ...unchanged,
        round: 1,
        opened_at: 5,
        virtual_seconds: 20.5,
        selected: 2,
        committed: 1,
        left: 1,
        split: 1,
        participation_ratio: 0.5,
        accuracy: 0.5,
        loss: 0.9,
        bytes_up: 300,
        bytes_down: 600,
        cumulative_bytes: 900,
        wasted_seconds: 12,
        wasted_joules: 22,
        model_sha: 'b'.repeat(64),
      },
      {
        ...unchanged,
        round: 2,
        opened_at: 24.5,
        virtual_seconds: 40,
        selected: 1,
        committed: 1,
        left: 0,
        split: 0,
        participation_ratio: 1,
        accuracy: 0.75,
        loss: 0.5,
        bytes_up: 50,
        bytes_down: 300,
        cumulative_bytes: 1250,
        wasted_seconds: 0,
        wasted_joules: 0,
        model_sha: 'b'.repeat(64),
      },
    ]);
  });

  test('selection: why a vehicle was chosen and how it ended', () => {
    const estimate = { seconds_left: 30, uplink_bits_per_second: 1e6, full_seconds: 12.5 };
    const synchronous = { task: null, staleness: null };
    const common = { reason: 'best, "so far"', cut: 2, bytes_down: 300, ...estimate, ...synchronous };
    expect(rows('selection')).toEqual([
      {
        ...common,
        round: 1,
        vehicle: 'car-1',
        selected_at: 5,
        arm: 'zone-1',
        score: 0.5,
        terms: '{"bonus":0.25,"mean":0.25}',
        plan: 'full',
        split_seconds: null,
        outcome: 'committed',
        outcome_reason: 'update committed',
        seconds: 11,
        joules: 21,
        bytes_up: 250,
        wasted: 0,
      },
      {
        ...common,
        round: 1,
        vehicle: 'car-2',
        selected_at: 5,
        arm: 'zone-2',
        score: 0.75,
        terms: '{"bonus":0.25,"mean":0.5}',
        plan: 'split',
        split_seconds: 8,
        outcome: 'left',
        outcome_reason: 'out of coverage',
        seconds: 12,
        joules: 22,
        bytes_up: 50,
        wasted: 1,
      },
      {
        ...common,
        round: 2,
        vehicle: 'car-1',
        selected_at: 24.5,
        arm: 'zone-1',
        score: 1,
        terms: '{"bonus":0.25,"mean":0.75}',
        plan: 'full',
        split_seconds: null,
        outcome: 'committed',
        outcome_reason: 'update committed',
        seconds: 11,
        joules: 21,
        bytes_up: 50,
        wasted: 0,
      },
    ]);
  });

  test('selection: a vehicle whose round is open has no outcome', () => {
    const open = Ledger.inMemory(manifestOf('r1'));
    open.append(smallRun.slice(0, 8));
    const table = open.query('SELECT outcome, seconds, wasted FROM selection');
    expect(table.rows).toEqual([
      [null, null, null],
      [null, null, null],
    ]);
    expect(open.view('round').rows).toEqual([]);
  });

  test('update_received, refusal, metric, arm, contact, vehicle, skip', () => {
    const query = (sql: string): unknown => ledger.query(sql).rows;
    expect(
      query(
        'SELECT seq, at, round, vehicle, status, plan, key, samples, train_loss, reason FROM update_received',
      ),
    ).toEqual([
      [9, 15, 1, 'car-1', 'committed', 'full', '1/car-1/update', 100, 1.25, null],
      [20, 30, 2, 'car-1', 'refused', null, '2/car-1/update', null, null, 'norm'],
      [21, 38, 2, 'car-1', 'committed', 'full', '2/car-1/update', 100, 1.25, null],
    ]);
    expect(query('SELECT * FROM refusal')).toEqual([
      [5, 2, 'message', null, null, null, 'unknown kind, line 1\nline 2'],
      [20, 30, 'update', 2, 'car-1', '2/car-1/update', 'norm'],
    ]);
    expect(query('SELECT round, at, accuracy, loss, samples FROM metric')).toEqual([
      [1, 20.5, 0.5, 0.9, 50],
      [2, 40, 0.75, 0.5, 50],
    ]);
    expect(query('SELECT * FROM arm')).toEqual([[1, 20.5, 'zone-1', 1, 1, 1]]);
    expect(query('SELECT * FROM contact')).toEqual([
      ['car-1', 'rsu-1', 0.5, null],
      ['car-2', 'rsu-1', 0.5, 18],
      ['car-2', 'rsu-1', 24, null],
    ]);
    expect(query('SELECT * FROM vehicle')).toEqual([['car-1', 'jetson-nano', 100, 1]]);
    expect(query('SELECT * FROM skip')).toEqual([[2, 'car-2', 'no plan fits', 3, 1e6, 12.5, 8]]);
  });

  test('hold to the accounting identity and to the sums of their parts', () => {
    expect(
      ledger.query('SELECT round FROM round WHERE selected <> committed + "left" + late + refused + failed')
        .rows,
    ).toEqual([]);
    const booked = ledger.query('SELECT round, sum(bytes_up) FROM selection GROUP BY round').rows;
    expect(booked).toEqual(ledger.query('SELECT round, bytes_up FROM round').rows);
  });

  test('the event table shows the columns generated from each entry', () => {
    const table = ledger.query('SELECT seq, at, kind, round, vehicle, key FROM event WHERE seq IN (5, 9)');
    expect(table.rows).toEqual([
      [5, 2, 'message-refused', null, null, null],
      [9, 15, 'update-committed', 1, 'car-1', '1/car-1/update'],
    ]);
  });
});

describe('exports', () => {
  /** Reads CSV back by RFC 4180: quoted is text, unquoted is a number where it reads as one, nothing is NULL. */
  const parseCsv = (text: string): Cell[][] => {
    const cells: Cell[][] = [[]];
    const pattern = /("(?:[^"]|"")*"|[^,\n]*)([,\n])/g;
    for (const [, raw = '', end] of text.matchAll(pattern)) {
      const quoted = raw.startsWith('"');
      const plain: Cell = raw === '' ? null : raw;
      cells.at(-1)?.push(quoted ? raw.slice(1, -1).replaceAll('""', '"') : plain);
      if (end === '\n') cells.push([]);
    }
    return cells.slice(0, -1);
  };
  const texts = (row: readonly Cell[]): Cell[] => row.map((cell) => (cell === null ? null : String(cell)));

  test.each(exportable)('%s: CSV, JSON and SQL hold the same values', (name) => {
    const sql = ledger.query(`SELECT * FROM "${name}"`);
    expect(sql.rows.length).toBeGreaterThan(0);
    expect(JSON.parse(formatTable(sql, 'json'))).toEqual(records(sql));
    expect(parseCsv(formatTable(sql, 'csv'))).toEqual([sql.columns, ...sql.rows.map(texts)]);
  });

  test('tell NULL from the empty text, and keep awkward text whole', () => {
    const table = {
      columns: ['a', 'b'],
      rows: [
        [null, ''],
        ['x,"y"\nz', '\t\\'],
      ],
    };
    expect(formatTable(table, 'csv')).toBe('a,b\n,""\n"x,""y""\nz",\t\\\n');
    expect(formatTable(table, 'tsv')).toBe('a\tb\n\t\nx,"y"\\nz\t\\t\\\\\n');
    expect(formatTable({ columns: ['a'], rows: [] }, 'json')).toBe('[]\n');
  });
});

test('stay_prediction: what was expected of a stay each time, against what came', () => {
  const [first, second] = rows('stay_prediction');
  expect(first).toEqual({
    vehicle: 'car-1',
    at: 2,
    ended_at: 99,
    actual_seconds: 8,
    road_seconds: 5,
    learned_seconds: 7.5,
    road_error: -3,
    learned_error: -0.5,
  });
  expect(second).toMatchObject({ at: 6, road_error: 2, learned_error: 0 });
});

describe('docs/schema.md', () => {
  test('is the page made from the views (refresh it with `npx vitest run -u`)', async () => {
    await expect(schemaDocument()).toMatchFileSnapshot('../../docs/schema.md');
  });

  test.each([...views, { name: 'event', columns: eventColumns }])(
    'describes every column of $name, in order',
    (view) => {
      const found = ledger.query(`SELECT * FROM "${view.name}"`).columns;
      expect(view.columns.map((column) => column.name)).toEqual(found);
      const section =
        schemaDocument()
          .split('\n## ')
          .find((part) => part.includes(`\`${view.name}\`\n`)) ?? '';
      for (const column of found) expect(section).toContain(`| \`${column}\` |`);
    },
  );

  test.each(exampleQueries)('holds a query that runs: %s', (sql) => {
    expect(ledger.query(sql).rows.length).toBeGreaterThan(0);
  });

  test('holds two example queries', () => {
    expect(exampleQueries.length).toBe(2);
  });
});
