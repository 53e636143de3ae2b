// `roadbed sql RUN "select ..."`: any question about a run, asked of its ledger. Opened read-only, and statements that
// write are refused. Must not: change a run.

import { type Command, Option } from 'commander';
import { alignedTable, formatTable } from '../../roadside/store/table.ts';
import type { CommandIo } from '../io.ts';
import { printText, readRun, runsOption } from './runs.ts';

interface SqlOptions {
  readonly runs: string;
  readonly json?: boolean;
  readonly csv?: boolean;
}

const examples = `
Examples:
  roadbed sql last "select round, accuracy from round"
  roadbed sql last "select arm, count(*) from selection group by arm" --csv
  roadbed sql last "select kind, count(*) as events from event group by kind" --json

Tables and columns are described in docs/schema.md.`;

/** Adds `roadbed sql` to `program`. */
export function registerSql(program: Command, io: CommandIo): void {
  program
    .command('sql')
    .description("ask a run's database one question; nothing can be changed")
    .argument('<run>', 'a run id, the beginning of one, or "last"')
    .argument('<query>', 'one SELECT statement')
    .addOption(runsOption())
    .addOption(new Option('--json', 'print JSON').conflicts('csv'))
    .option('--csv', 'print CSV')
    .addHelpText('after', examples)
    .action((wanted: string, query: string, options: SqlOptions) => ask(wanted, query, options, io));
}

function ask(wanted: string, query: string, options: SqlOptions, io: CommandIo): void {
  const table = readRun(options.runs, wanted, (ledger) => ledger.query(query));
  if (options.json) printText(io, formatTable(table, 'json'));
  else if (options.csv) printText(io, formatTable(table, 'csv'));
  else for (const line of alignedTable(table)) io.out(line);
}
