// `roadbed policies` and `roadbed aggregators`: what may stand under `selection.policy` and `aggregation.rule`, where each
// comes from, and what it lets a scenario set. Must not: choose or aggregate anything.

import type { Command } from 'commander';
import { aggregators } from '../../roadside/aggregation/aggregators.ts';
import type { Parameter } from '../../roadside/parameters.ts';
import { policies } from '../../roadside/selection/policies.ts';
import type { CommandIo } from '../io.ts';
import { textTable } from '../plot/text-table.ts';
import { examples } from './options.ts';

/** What a list says of one of its items. */
interface Item {
  readonly name: string;
  readonly describe: string;
  readonly source: string;
  readonly parameters?: readonly Parameter[];
}

interface Catalogue {
  readonly command: string;
  readonly description: string;
  /** Section of a scenario whose `parameters` belong to the items. */
  readonly section: 'selection' | 'aggregation';
  readonly columns: readonly string[];
  readonly items: readonly Item[];
  readonly example: string;
}

const catalogues: readonly Catalogue[] = [
  {
    command: 'policies',
    description: 'list the selection policies, their sources and parameters',
    section: 'selection',
    columns: ['<policy', '<chooses', '<source'],
    items: policies,
    example:
      'roadbed run highway-signs --set selection.policy=sliding-window-ucb --set selection.parameters.windowRounds=20',
  },
  {
    command: 'aggregators',
    description: 'list the aggregation rules, their sources and parameters',
    section: 'aggregation',
    columns: ['<rule', '<makes the model', '<source'],
    items: aggregators,
    example:
      'roadbed run highway-signs --set aggregation.rule=fedadam --set aggregation.parameters.serverLearningRate=0.03',
  },
];

function list(io: CommandIo, { section, columns, items }: Catalogue, isJson: boolean): void {
  const rows = items.map(({ name, describe, source, parameters = [] }) => ({
    name,
    describe,
    source,
    parameters,
  }));
  if (isJson) {
    io.out(JSON.stringify(rows, null, 2));
    return;
  }
  const cells = rows.map(({ name, describe, source }) => [name, describe, source]);
  for (const line of textTable([...columns], cells)) io.out(line);
  for (const { name, parameters } of rows) {
    for (const one of parameters)
      io.out(`${name}: ${section}.parameters.${one.name} = ${one.default} (${one.describe})`);
  }
}

/** Adds `policies` and `aggregators` to the program. */
export function registerCatalogues(program: Command, io: CommandIo): void {
  for (const catalogue of catalogues) {
    const { command, description, example } = catalogue;
    program
      .command(command)
      .description(description)
      .option('--json', 'print JSON')
      .addHelpText('after', examples([`roadbed ${command}`, `roadbed ${command} --json`, example]))
      .action((options: { json?: boolean }) => list(io, catalogue, options.json === true));
  }
}
