// `roadbed runs list | show | export | merge`: what was run, what came of it, and its numbers as files.
// Impure: `--out` writes a file. Must not: change or delete a run.

import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Command, Option } from 'commander';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import type { Manifest } from '../../roadside/store/manifest.ts';
import { type FoundRun, findRun, listRuns, readRunInfo } from '../../roadside/store/run-directory.ts';
import { exportable } from '../../roadside/store/schema.ts';
import {
  alignedTable,
  formatTable,
  records,
  type Table,
  type TableFormat,
  tableFormats,
} from '../../roadside/store/table.ts';
import { parquetBytes } from '../export/parquet.ts';
import { tensorBoardBytes, tensorBoardFile } from '../export/tensorboard.ts';
import type { CommandIo } from '../io.ts';
import { examples } from './options.ts';
import { accuracyText, megabytes } from './run.ts';
import { registerMerge } from './runs-merge.ts';

interface RunsOption {
  readonly runs: string;
}

/** The `--runs DIR` of every command that reads runs. */
export const runsOption = (): Option =>
  new Option('--runs <dir>', 'folder that holds the runs').default('runs');

/** Writes text that ends in a newline through `io`, which adds one itself. */
export const printText = (io: CommandIo, text: string): void => io.out(text.replace(/\n$/, ''));

/** Opens the run `wanted` (an id, the beginning of one, or `last`), reads from its ledger, and closes it. */
export function readRun<T>(
  runsDirectory: string,
  wanted: string,
  read: (ledger: Ledger, run: FoundRun) => T,
): T {
  const run = findRun(runsDirectory, wanted);
  const ledger = Ledger.open(run.directory, { readOnly: true });
  try {
    return read(ledger, run);
  } finally {
    ledger.close();
  }
}

/** Adds `roadbed runs` and its subcommands to `program`. */
export function registerRuns(program: Command, io: CommandIo): void {
  const runs = program.command('runs').description('list, show, export and merge runs');
  registerList(runs, io);
  registerShow(runs, io);
  registerExport(runs, io);
  registerMerge(runs, io);
}

function registerList(runs: Command, io: CommandIo): void {
  runs
    .command('list')
    .description('list all runs, oldest first')
    .addOption(runsOption())
    .option('--json', 'print JSON')
    .addHelpText('after', examples(['roadbed runs list', 'roadbed runs list --runs /data/runs --json']))
    .action((options: RunsOption & { json?: boolean }) => list(options, io));
}

function list(options: RunsOption & { json?: boolean }, io: CommandIo): void {
  const found = listRuns(options.runs);
  if (options.json) {
    io.out(JSON.stringify(found, null, 2));
    return;
  }
  const columns = ['run', 'status', 'started', 'scenario', 'seed', 'link', 'rounds', 'accuracy'];
  const rows = found.map((run) => [
    run.runId,
    run.status,
    run.startedAt,
    run.scenario,
    run.seed,
    run.link,
    run.rounds,
    run.testAccuracy,
  ]);
  if (rows.length === 0) io.err(`${options.runs} holds no runs. Make one with \`roadbed run SCENARIO\`.`);
  else for (const line of alignedTable({ columns, rows })) io.out(line);
  for (const run of found) if (run.problem) io.err(run.problem);
}

function registerShow(runs: Command, io: CommandIo): void {
  runs
    .command('show')
    .description('show what was run, what came of it, and whether the event log is unchanged')
    .argument('<run>', 'a run id, the beginning of one, or "last"')
    .addOption(runsOption())
    .option('--json', 'print JSON')
    .addHelpText('after', examples(['roadbed runs show last', 'roadbed runs show last --json | jq .summary']))
    .action((wanted: string, options: RunsOption & { json?: boolean }) => show(wanted, options, io));
}

/** Whether the log is what its run said it was: the hash computed again, against the one in the summary. */
interface Verdict {
  readonly events: number;
  readonly eventLogSha256: string;
  /** null while the run has no summary to compare with. */
  readonly verified: boolean | null;
}

function verify(ledger: Ledger, manifest: Manifest): Verdict {
  const eventLogSha256 = ledger.eventLogSha256();
  const expected = manifest.summary?.eventLogSha256;
  const verified = expected === undefined ? null : expected === eventLogSha256;
  return { events: ledger.lastSeq, eventLogSha256, verified };
}

function show(wanted: string, options: RunsOption & { json?: boolean }, io: CommandIo): void {
  readRun(options.runs, wanted, (ledger, run) => {
    const manifest = ledger.manifest();
    const { status } = readRunInfo(run.directory);
    const verdict = verify(ledger, manifest);
    const rounds = ledger.view('round');
    if (options.json) {
      const shown = { ...manifest, status, ...verdict, rounds: records(rounds) };
      io.out(JSON.stringify(shown, null, 2));
    } else {
      for (const line of describe(manifest, status, verdict)) io.out(line);
      for (const line of describeRounds(rounds)) io.out(line);
    }
    if (verdict.verified === false) throw changedLog(ledger.path, verdict, manifest);
  });
}

function changedLog(path: string, verdict: Verdict, manifest: Manifest): RoadbedError {
  const sentence = `The event log in ${path} is not the one its run wrote: sha-256 ${verdict.eventLogSha256}, expected ${manifest.summary?.eventLogSha256}. Do not use its numbers; restore it from a copy, or run again.`;
  return new RoadbedError('store', sentence);
}

const verdicts = new Map<boolean | null, string>([
  [true, 'verified'],
  [false, 'DOES NOT MATCH the summary'],
  [null, 'so far; the run has no summary yet'],
]);

function describe(manifest: Manifest, status: string, verdict: Verdict): string[] {
  const { summary, versions } = manifest;
  const facts: (readonly [string, string])[] = [
    ['run', manifest.runId],
    ['scenario', `${manifest.scenario.name}, seed ${manifest.seed}`],
    ['status', status === 'broken' ? 'broken (its process ended before the run did)' : status],
    ['started', manifest.startedAt],
    ['finished', manifest.finishedAt ?? '-'],
    ['engine', [manifest.engine, ...manifest.engineReasons].join('; ')],
    ['link', manifest.link],
    ['versions', `roadbed ${versions.roadbed}, Node ${versions.node}, ${versions.platform}, ${versions.cpu}`],
    ['command', manifest.argv.join(' ')],
    [
      'event log',
      `${verdict.events} events, sha-256 ${verdict.eventLogSha256} (${verdicts.get(verdict.verified)})`,
    ],
  ];
  if (summary) {
    facts.push(
      ['accuracy', `${accuracyText(summary)} after ${summary.rounds} rounds`],
      [
        'vehicles',
        `${summary.selected} selected: ${summary.committed} committed, ${summary.left} left, ${summary.late} late, ${summary.refused} refused, ${summary.failed} failed`,
      ],
      ['bytes', `${megabytes(summary.bytesUp)} up, ${megabytes(summary.bytesDown)} down`],
      [
        'seconds',
        `${summary.virtualSeconds.toFixed(1)} of the run's clock, ${summary.wallSeconds.toFixed(1)} on the wall`,
      ],
      ['model', summary.modelSha256],
    );
  }
  return facts.map(([name, value]) => `${name.padEnd(9)}  ${value}`);
}

const shownRoundColumns = [
  'round',
  'virtual_seconds',
  'selected',
  'committed',
  'left',
  'late',
  'refused',
  'failed',
  'split',
  'participation_ratio',
  'utility',
  'accuracy',
  'loss',
];

function describeRounds(rounds: Table): string[] {
  if (rounds.rows.length === 0) return ['', 'No round is closed yet.'];
  const shown = shownRoundColumns.map((name) => rounds.columns.indexOf(name));
  const rows = rounds.rows.map((row) => shown.map((i) => row[i] ?? null));
  return ['', ...alignedTable({ columns: shownRoundColumns, rows })];
}

const fileFormats = ['parquet', 'tensorboard'] as const;
type FileFormat = (typeof fileFormats)[number];

interface ExportOptions extends RunsOption {
  readonly view: string;
  readonly format: TableFormat | FileFormat;
  readonly out?: string;
}

function registerExport(runs: Command, io: CommandIo): void {
  runs
    .command('export')
    .description(
      'write a view of a run as CSV, TSV, JSON, Parquet or TensorBoard events (docs/schema.md has the views)',
    )
    .argument('<run>', 'a run id, the beginning of one, or "last"')
    .addOption(runsOption())
    .addOption(new Option('--view <view>', 'what to export').choices(exportable).default('round'))
    .addOption(
      new Option('--format <format>', 'how to write it')
        .choices([...tableFormats, ...fileFormats])
        .default('csv'),
    )
    .option('--out <file>', 'write to this file instead of the terminal; for tensorboard, to this folder')
    .addHelpText(
      'after',
      examples([
        'roadbed runs export last --out rounds.csv',
        'roadbed runs export last --view selection --format json',
        'roadbed runs export last --view event --format parquet --out events.parquet',
        'roadbed runs export last --format tensorboard --out logs',
      ]),
    )
    .action((wanted: string, options: ExportOptions) => exportView(wanted, options, io));
}

const isFileFormat = (format: string): format is FileFormat => fileFormats.some((one) => one === format);

function exportView(wanted: string, options: ExportOptions, io: CommandIo): void {
  const { format, out, view } = options;
  if (isFileFormat(format)) {
    exportFile(wanted, { ...options, format }, io);
    return;
  }
  const table = readRun(options.runs, wanted, (ledger) => ledger.view(view));
  const text = formatTable(table, format);
  if (out === undefined) {
    printText(io, text);
    return;
  }
  writeOut(out, text);
  io.err(`${table.rows.length} rows written to ${out}.`);
}

/** Formats that no terminal shows. */
function exportFile(wanted: string, options: ExportOptions & { format: FileFormat }, io: CommandIo): void {
  const { format, out, view } = options;
  if (out === undefined)
    throw new RoadbedError('usage', `--format ${format} is written to a file (expected --out as well)`);
  if (format === 'tensorboard' && view !== 'round')
    throw new RoadbedError(
      'usage',
      `--format tensorboard --view ${view}: expected the view round, whose columns are scalars of a step`,
    );
  const { table, manifest } = readRun(options.runs, wanted, (ledger) => ({
    table: ledger.view(view),
    manifest: ledger.manifest(),
  }));
  if (format === 'parquet') {
    writeOut(out, parquetBytes(table));
    io.err(`${table.rows.length} rows written to ${out}.`);
    return;
  }
  const { runId, startedAt } = manifest;
  // TensorBoard shows each folder as a run.
  const file = join(out, runId, tensorBoardFile(runId, startedAt));
  writeOut(file, tensorBoardBytes({ rounds: table, startedAt }));
  io.err(`${table.rows.length} steps written to ${file}.`);
}

function writeOut(file: string, content: string | Uint8Array): void {
  try {
    if (typeof content !== 'string') mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, content);
  } catch (error) {
    const sentence = `${file} could not be written: ${messageOf(error)}. Give another file with \`--out\`.`;
    throw new RoadbedError('usage', sentence, { cause: error });
  }
}
