// The tables of an experiment's database: what a sweep planned, what came of each cell, and who computed it. One list of
// columns makes the tables, the statements and the page of documentation. Must not: open a database.

import type { Lineage } from './sqlite.ts';
import type { Column } from './views.ts';

/** A column of `result`: its name in the database and in a `CellResult`. */
export interface ResultColumn extends Column {
  readonly field: string;
}

const result = (field: string, name: string, type: Column['type'], meaning: string): ResultColumn => ({
  field,
  name,
  type,
  meaning,
});

/** What is known of a finished cell. Equal on every machine, so that shards can be merged and compared. */
export const resultColumns: readonly ResultColumn[] = [
  result(
    'status',
    'status',
    'text',
    '`reached` (the target accuracy), `censored` (ended before it) or `finished` (no target was set).',
  ),
  result(
    'secondsToTarget',
    'seconds_to_target',
    'real',
    'Simulated seconds until the target was reached; NULL where it was not.',
  ),
  result(
    'censoredAtSeconds',
    'censored_at_seconds',
    'real',
    'Simulated seconds at which a run ended that had not reached its target: the time to it is longer than this. NULL where it was reached or none was set.',
  ),
  result('virtualSeconds', 'virtual_seconds', 'real', 'Simulated seconds of the whole run.'),
  result('rounds', 'rounds', 'integer', 'Rounds closed.'),
  result(
    'finalAccuracy',
    'final_accuracy',
    'real',
    'Test accuracy of the last evaluation, 0..1; NULL where nothing was evaluated.',
  ),
  result('selected', 'selected', 'integer', 'Tasks given to vehicles.'),
  result('committed', 'committed', 'integer', 'Tasks whose update counts.'),
  result('left', 'left_coverage', 'integer', 'Tasks of vehicles that drove out of coverage first.'),
  result('late', 'late', 'integer', 'Tasks that missed the deadline.'),
  result('refused', 'refused', 'integer', 'Tasks whose update was refused.'),
  result('failed', 'failed', 'integer', 'Tasks that failed otherwise.'),
  result(
    'participationRatio',
    'participation_ratio',
    'real',
    'committed / selected; NULL where nothing was selected.',
  ),
  result(
    'lostShare',
    'lost_share',
    'real',
    'Share of the seconds vehicles worked that went into work that does not count; NULL where none worked.',
  ),
  result('bytesUp', 'bytes_up', 'integer', 'Bytes the RSU received from vehicles with a task.'),
  result('bytesDown', 'bytes_down', 'integer', 'Bytes the RSU sent them.'),
  result('joules', 'joules', 'real', 'Energy of the vehicles for computing and sending, joules.'),
  result('wastedJoules', 'wasted_joules', 'real', 'The part of it that went into work that does not count.'),
  result('engine', 'engine', 'text', 'The training engine.'),
  result('dataFingerprint', 'data_fingerprint', 'text', 'Fingerprint of the data set.'),
  result('eventLogSha256', 'event_log_sha256', 'text', "sha-256 of the run's event log."),
  result('modelSha256', 'model_sha256', 'text', 'sha-256 of the final model.'),
];

const otherTables: readonly {
  readonly name: string;
  readonly meaning: string;
  readonly columns: readonly Column[];
}[] = [
  {
    name: 'sweep',
    meaning:
      'What the sweep is: one row per key, each value JSON. Keys: `name`, `description`, `sha256` (of all cells: two databases with equal values are shards of one sweep), `keys` (of the grid, in order), `baseline`, `sweepText`, `scenarioText`.',
    columns: [
      { name: 'key', type: 'text', meaning: 'Name of the value.' },
      { name: 'value', type: 'text', meaning: 'The value as JSON.' },
    ],
  },
  {
    name: 'cell',
    meaning: 'Every cell of the whole sweep, also those of other shards and those not run yet.',
    columns: [
      { name: 'cell', type: 'integer', meaning: 'Number of the cell, from 0; seeds change slowest.' },
      { name: 'id', type: 'text', meaning: 'sha-256 of its whole scenario, every default filled in.' },
      { name: 'settings', type: 'text', meaning: 'Its values of the keys of the grid, a JSON object.' },
      { name: 'seed', type: 'integer', meaning: 'Its seed.' },
    ],
  },
  {
    name: 'evaluation',
    meaning: 'The curve of each finished cell: one row per evaluation of its model.',
    columns: [
      { name: 'cell', type: 'integer', meaning: 'Number of the cell.' },
      { name: 'seq', type: 'integer', meaning: 'Place in the curve, from 0.' },
      {
        name: 'round',
        type: 'integer',
        meaning: 'The round after which it was evaluated; 0 for the model the run began with.',
      },
      { name: 'at', type: 'real', meaning: 'Simulated seconds.' },
      { name: 'accuracy', type: 'real', meaning: 'Test accuracy, 0..1.' },
      { name: 'loss', type: 'real', meaning: 'Mean test loss.' },
    ],
  },
  {
    name: 'attempt',
    meaning: 'Who computed a cell, or failed to. The only table with wall-clock times and machines.',
    columns: [
      { name: 'cell', type: 'integer', meaning: 'Number of the cell.' },
      { name: 'finished_at', type: 'text', meaning: 'Wall-clock time, ISO 8601.' },
      { name: 'machine', type: 'text', meaning: 'Versions and processor, JSON.' },
      { name: 'wall_seconds', type: 'real', meaning: 'How long it took.' },
      { name: 'error', type: 'text', meaning: 'Why it failed; NULL where it did not.' },
    ],
  },
];

const typed = (column: Column): string => `${column.name} ${column.type.toUpperCase()}`;
const nullable = new Set([
  'seconds_to_target',
  'censored_at_seconds',
  'final_accuracy',
  'participation_ratio',
  'lost_share',
]);
const resultColumn = (column: ResultColumn): string =>
  nullable.has(column.name) ? typed(column) : `${typed(column)} NOT NULL`;

const tables = `
CREATE TABLE sweep (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
CREATE TABLE cell (
  cell INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, settings TEXT NOT NULL, seed INTEGER NOT NULL
) STRICT;
CREATE TABLE result (
  cell INTEGER PRIMARY KEY REFERENCES cell (cell),
  ${resultColumns.map(resultColumn).join(',\n  ')},
  CHECK (status IN ('reached', 'censored', 'finished')),
  CHECK ((status = 'reached') = (seconds_to_target IS NOT NULL)),
  CHECK ((status = 'censored') = (censored_at_seconds IS NOT NULL)),
  CHECK (selected = committed + left_coverage + late + refused + failed)
) STRICT;
CREATE TABLE evaluation (
  cell INTEGER NOT NULL REFERENCES result (cell), seq INTEGER NOT NULL, round INTEGER NOT NULL,
  at REAL NOT NULL, accuracy REAL NOT NULL, loss REAL NOT NULL, PRIMARY KEY (cell, seq)
) STRICT, WITHOUT ROWID;
CREATE TABLE attempt (
  cell INTEGER NOT NULL REFERENCES cell (cell), finished_at TEXT NOT NULL, machine TEXT NOT NULL,
  wall_seconds REAL NOT NULL, error TEXT, PRIMARY KEY (cell, finished_at, machine)
) STRICT, WITHOUT ROWID;
CREATE VIEW outcome AS SELECT cell.settings, cell.seed, result.* FROM cell JOIN result USING (cell) ORDER BY cell;
`;

/** The database's history. Released steps stay as they are. */
export const experimentLineage: Lineage = {
  what: 'sweep',
  applicationId: 0x72647377, // "rdsw"
  migrations: [{ version: 1, sql: tables }],
};

const columnTable = (columns: readonly Column[]): string =>
  ['| column | type | meaning |', '|---|---|---|']
    .concat(columns.map((c) => `| \`${c.name}\` | ${c.type} | ${c.meaning} |`))
    .join('\n');

const introduction = `# The database of a sweep

\`roadbed sweep F.yaml --out DIR\` writes \`DIR/sweep.sqlite\`, and with \`--shard 1/2\` \`DIR/shard-1-of-2.sqlite\`. A cell is one
run of the sweep's scenario: one value of each key of the grid, and a seed. What came of a cell is written in one transaction,
so a killed sweep has each cell whole or not at all, and the same command goes on with the cells that are missing.
\`roadbed runs merge A B\` joins the databases of shards; merging twice changes nothing.

A run that ends before its target accuracy is **censored**: it stays, with the instant it ended at, and is never dropped.
Cells hold simulated figures only, which are equal on every machine; wall-clock times and machines stand in \`attempt\`.
The view \`outcome\` is \`result\` beside the settings and seed of its cell.

This page is made from \`roadside/store/experiment-schema.ts\`; a test holds it to them.`;

/** The text of `docs/sweep-schema.md`. */
export function experimentDocument(): string {
  const first: Column = { name: 'cell', type: 'integer', meaning: 'Number of the cell.' };
  const all = [
    ...otherTables.slice(0, 2),
    { name: 'result', meaning: 'What came of each finished cell.', columns: [first, ...resultColumns] },
    ...otherTables.slice(2),
  ];
  const parts = all.map(
    ({ name, meaning, columns }) => `## Table \`${name}\`\n\n${meaning}\n\n${columnTable(columns)}`,
  );
  return `${[introduction, ...parts].join('\n\n')}\n`;
}
