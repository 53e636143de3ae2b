// `roadbed aggregators`: what may stand under `aggregation.rule`, where each comes from, and what it lets a scenario set.
// Must not: aggregate anything.

import type { Command } from 'commander';
import { aggregators } from '../../roadside/aggregation/aggregators.ts';
import type { CommandIo } from '../io.ts';
import { textTable } from '../plot/text-table.ts';
import { examples } from './options.ts';

function list(io: CommandIo, options: { readonly json?: boolean }): void {
  const rows = aggregators.map(({ name, source, describe, parameters = [] }) => ({
    name,
    describe,
    source,
    parameters,
  }));
  if (options.json) {
    io.out(JSON.stringify(rows, null, 2));
    return;
  }
  const cells = rows.map(({ name, describe, source }) => [name, describe, source]);
  for (const line of textTable(['<rule', '<makes the model', '<source'], cells)) io.out(line);
  for (const { name, parameters } of rows) {
    for (const one of parameters)
      io.out(`${name}: aggregation.parameters.${one.name} = ${one.default} (${one.describe})`);
  }
}

/** Adds `aggregators` to the program. */
export function registerAggregators(program: Command, io: CommandIo): void {
  program
    .command('aggregators')
    .description('list the aggregation rules, their sources and parameters')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples([
        'roadbed aggregators',
        'roadbed aggregators --json',
        'roadbed run highway-signs --set aggregation.rule=fedadam --set aggregation.parameters.serverLearningRate=0.03',
      ]),
    )
    .action((options: { json?: boolean }) => list(io, options));
}
