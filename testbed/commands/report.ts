// `roadbed report SWEEP --out report.html`: a page of a sweep that stands for itself, as HTML or Markdown.
// Impure: writes it. Must not: compute what it says.

import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Command } from 'commander';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { CommandIo } from '../io.ts';
import { examples } from './options.ts';

/** Adds `roadbed report` to `program`. */
export function registerReport(program: Command, io: CommandIo): void {
  program
    .command('report')
    .description('write a page about a sweep: comparisons, plots with their data, scenario, versions')
    .argument('<sweep>', 'the folder or database of a sweep')
    .requiredOption(
      '--out <file>',
      'report.html or report.md; may be given several times',
      (file, earlier: string[] = []) => [...earlier, file],
    )
    .addHelpText(
      'after',
      examples([
        'roadbed report results --out report.html',
        'roadbed report results --out report.html --out report.md',
      ]),
    )
    .action((place: string, flags: { readonly out: readonly string[] }) => report(io, place, flags.out));
}

async function report(io: CommandIo, place: string, files: readonly string[]): Promise<void> {
  const { readSweep } = await import('../experiments/observations.ts');
  const { reportOf } = await import('../experiments/report.ts');
  const { htmlPage, markdownPage } = await import('../experiments/report-pages.ts');
  const pages = new Map([
    ['.html', htmlPage],
    ['.md', markdownPage],
  ]);
  for (const file of files)
    if (!pages.has(extname(file)))
      throw new RoadbedError('usage', `--out ${file}: expected a name that ends in .html or .md`);
  const content = reportOf(readSweep(place));
  for (const file of files) {
    try {
      writeFileSync(file, pages.get(extname(file))!(content));
    } catch (error) {
      throw new RoadbedError('usage', `${file} could not be written: ${messageOf(error)}`, { cause: error });
    }
    io.out(file);
  }
}
