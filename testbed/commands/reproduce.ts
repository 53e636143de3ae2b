// `roadbed reproduce PAPER`: the evaluations of papers under our documented settings, as whole tables.
// Must not: compute anything of a paper; testbed/reproduce/ does.

import type { Command } from 'commander';
import type { CommandIo } from '../io.ts';
import { textTable } from '../plot/text-table.ts';
import { cardReproduction } from '../reproduce/card.ts';
import { dagSplit } from '../reproduce/dag-split.ts';
import { registerMavfl } from '../reproduce/mavfl-command.ts';
import { open } from '../reproduce/open.ts';
import type { Reproduction, ReproductionResult } from '../reproduce/reproduction.ts';
import { examples, wholeNumber } from './options.ts';

interface ReproduceOptions {
  readonly quick?: boolean;
  readonly seed: number;
  readonly json?: boolean;
}

/** Papers whose decisions are computed without running a scenario. Adding one is a file and a line here. */
const decisionPapers: readonly Reproduction[] = [dagSplit, open, cardReproduction];

function showText(io: CommandIo, result: ReproductionResult): void {
  io.out(result.paper);
  for (const { claim, provenance } of result.published) io.out(`${provenance} ${claim}`);
  for (const line of result.setting) io.out(line);
  for (const { name, about, columns, rows } of result.tables) {
    io.out('');
    io.out(`${name}: ${about}`);
    const isText = columns.map((_, column) => typeof rows[0]?.[column] === 'string');
    const headings = columns.map((heading, column) => `${isText[column] ? '<' : ''}${heading}`);
    for (const line of textTable(
      headings,
      rows.map((row) => row.map(String)),
    ))
      io.out(line);
  }
  io.out('');
  for (const note of result.notes) io.out(`note: ${note}`);
}

function registerDecisions(reproduce: Command, io: CommandIo, paper: Reproduction): void {
  reproduce
    .command(paper.name)
    .description(paper.about)
    .option('--quick', 'fewer epochs, slots, seeds and points')
    .option('--seed <n>', 'seed of the channel', wholeNumber('seed', 0, 2 ** 31), 7)
    .option('--json', 'JSON instead of text')
    .addHelpText('after', examples([`roadbed reproduce ${paper.name} --quick --json`]))
    .action(({ quick = false, seed, json }: ReproduceOptions) => {
      const result = paper.run({ quick, seed });
      if (json) io.out(JSON.stringify(result, null, 2));
      else showText(io, result);
    });
}

/** Adds `reproduce` and a subcommand for each paper. */
export function registerReproduce(program: Command, io: CommandIo): void {
  const reproduce = program
    .command('reproduce')
    .description('the evaluations of papers under our documented settings, as whole tables');
  for (const paper of decisionPapers) registerDecisions(reproduce, io, paper);
  registerMavfl(reproduce, io);
}
