// The ledger's tables: an append-only event log and the run's manifest, with the views of `views.ts` over them; and the
// page of documentation made from both. Event columns are generated from the entry's JSON, so they cannot disagree with it.
// Must not: open a database.

import type { EventBody } from '../../protocol/events.ts';
import type { Lineage } from './sqlite.ts';
import { type Column, views } from './views.ts';

/** The `event` table's columns, as users see them. */
export const eventColumns: readonly Column[] = [
  { name: 'seq', type: 'integer', meaning: 'Place in the log, from 1, without gaps.' },
  { name: 'at', type: 'real', meaning: 'Seconds since the run began.' },
  { name: 'kind', type: 'text', meaning: 'What happened: `round-opened`, `update-committed`, ...' },
  { name: 'round', type: 'integer', meaning: 'Number of the round; NULL where the event belongs to none.' },
  { name: 'vehicle', type: 'text', meaning: 'The vehicle; NULL where the event belongs to none.' },
  { name: 'key', type: 'text', meaning: 'Unique where an event may happen once only; else NULL.' },
  {
    name: 'entry',
    type: 'text',
    meaning: 'The whole event: canonical JSON of `{"at": ..., "body": {...}}`.',
  },
];

/**
 * The key under which `body` may be logged once, or null where it may repeat. A restarted RSU that tries to commit an
 * update or book an outcome a second time is stopped by the unique index on this key.
 */
export function idempotencyKey(body: EventBody): string | null {
  switch (body.kind) {
    case 'update-committed':
      return `${body.task ?? body.round}/${body.vehicle}/update`;
    case 'vehicle-outcome':
      return `${body.task ?? body.round}/${body.vehicle}/outcome`;
    case 'round-opened':
      return `${body.round}/opened`;
    case 'round-closed':
      return `${body.round}/closed`;
    default:
      return null;
  }
}

const tables = `
CREATE TABLE event (
  seq INTEGER PRIMARY KEY,
  at REAL NOT NULL GENERATED ALWAYS AS (json_extract(entry, '$.at')) VIRTUAL,
  kind TEXT NOT NULL GENERATED ALWAYS AS (json_extract(entry, '$.body.kind')) VIRTUAL,
  round INTEGER GENERATED ALWAYS AS (json_extract(entry, '$.body.round')) VIRTUAL,
  vehicle TEXT GENERATED ALWAYS AS (json_extract(entry, '$.body.vehicle')) VIRTUAL,
  key TEXT UNIQUE,
  entry TEXT NOT NULL
) STRICT;
CREATE INDEX event_of_kind ON event (kind, round);
CREATE TRIGGER event_in_order BEFORE INSERT ON event
  WHEN NEW.seq <> (SELECT coalesce(max(seq), 0) + 1 FROM event)
  BEGIN SELECT RAISE(ABORT, 'the event log is append-only and has no gaps'); END;
CREATE TRIGGER event_kept BEFORE DELETE ON event
  BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TRIGGER event_unchanged BEFORE UPDATE ON event
  BEGIN SELECT RAISE(ABORT, 'the event log is append-only'); END;
CREATE TABLE manifest (key TEXT PRIMARY KEY, value TEXT NOT NULL) STRICT;
${views.map((view) => `CREATE VIEW "${view.name}" AS\n${view.sql};`).join('\n')}
`;

/** The ledger's history. A change of tables or views adds a step; released steps stay as they are. */
export const ledgerLineage: Lineage = {
  what: 'ledger',
  applicationId: 0x726f6164, // "road"
  migrations: [{ version: 1, sql: tables }],
};

/** Everything `roadbed runs export --view` accepts, `event` being the table itself. */
export const exportable: readonly string[] = [...views.map((view) => view.name), 'event'];

const columnTable = (columns: readonly Column[]): string =>
  ['| column | type | meaning |', '|---|---|---|']
    .concat(columns.map((c) => `| \`${c.name}\` | ${c.type} | ${c.meaning} |`))
    .join('\n');

const introduction = `# The run's database

A run is a folder, \`runs/<run>/\`. It holds \`ledger.sqlite\` (what happened), \`telemetry.sqlite\` (map frames, for the
replay), \`blobs/\` (models, and with \`--keep-updates\` the updates, each named by its sha-256) and \`running.lock\` (held while a process writes).
Everything below is in \`ledger.sqlite\` and can be read with \`roadbed sql\`, \`roadbed runs export\` or any SQLite client,
also while the run goes on.

The truth is the table \`event\`: it only ever grows, and triggers refuse changes and deletions. Everything else is a view
of it. Times are seconds since the run began; wall-clock times stand in the manifest only, so two equal runs have equal
logs. The log's sha-256, over one line \`{"at":...,"body":...,"seq":...}\` per event, is in the run's summary;
\`roadbed runs show\` computes it again and compares.

This page is made from \`roadside/store/views.ts\` and \`roadside/store/schema.ts\`; a test holds it to them.`;

const examples = `## Example queries

Accuracy against time and bytes spent:

\`\`\`sql
SELECT round, virtual_seconds, cumulative_bytes / 1e6 AS megabytes, accuracy FROM round WHERE accuracy IS NOT NULL;
\`\`\`

Which share of each device's work was wasted, and how it ended:

\`\`\`sql
SELECT v.device, s.outcome, count(*) AS times, sum(s.seconds * s.wasted) / sum(s.seconds) AS wasted_share
FROM selection s JOIN (SELECT DISTINCT vehicle, device FROM vehicle) v USING (vehicle)
GROUP BY v.device, s.outcome ORDER BY v.device, times DESC;
\`\`\``;

const manifestText = `## Table \`manifest\`

What was run, on what and when: one row per key, each value JSON. Keys: \`runId\`, \`scenario\` (resolved, every default
filled in), \`seed\`, \`engine\`, \`engineReasons\`, \`link\`, \`versions\`, \`argv\`, \`scene\` (roads and RSUs for the map),
\`startedAt\`, \`finishedAt\`, \`status\`, \`summary\`, \`schemaVersion\`.

| column | type | meaning |
|---|---|---|
| \`key\` | text | Name of the value. |
| \`value\` | text | The value as JSON. |`;

/** The text of `docs/schema.md`. */
export function schemaDocument(): string {
  const event = `## Table \`event\`\n\nThe log: one row per event, in order.\n\n${columnTable(eventColumns)}`;
  const described = views.map(
    (view) => `## View \`${view.name}\`\n\n${view.meaning}\n\n${columnTable(view.columns)}`,
  );
  return `${[introduction, examples, event, manifestText, ...described].join('\n\n')}\n`;
}

/** The two queries of the document, for the test that runs them. */
export const exampleQueries: readonly string[] = [...examples.matchAll(/```sql\n([^`]*)```/g)].map(
  (match) => match[1] as string,
);
