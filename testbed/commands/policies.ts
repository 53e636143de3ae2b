// `roadbed policies`: what may stand under `selection.policy`, where each comes from, and what it lets a scenario set.
// Must not: choose anything.

import type { Command } from 'commander';
import { policies } from '../../roadside/selection/policies.ts';
import type { CommandIo } from '../io.ts';
import { textTable } from '../plot/text-table.ts';
import { examples } from './options.ts';

function list(io: CommandIo, options: { readonly json?: boolean }): void {
  const rows = policies.map(({ name, source, describe, parameters = [] }) => ({
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
  for (const line of textTable(['<policy', '<chooses', '<source'], cells)) io.out(line);
  for (const { name, parameters } of rows) {
    for (const one of parameters)
      io.out(`${name}: selection.parameters.${one.name} = ${one.default} (${one.describe})`);
  }
}

/** Adds `policies` to the program. */
export function registerPolicies(program: Command, io: CommandIo): void {
  program
    .command('policies')
    .description('list the selection policies, their sources and parameters')
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples([
        'roadbed policies',
        'roadbed policies --json',
        'roadbed run highway-signs --set selection.policy=sliding-window-ucb --set selection.parameters.windowRounds=20',
      ]),
    )
    .action((options: { json?: boolean }) => list(io, options));
}
