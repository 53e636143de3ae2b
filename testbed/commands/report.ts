// `roadbed report SWEEP --out report.html`: a page of a sweep that stands for itself, as HTML or Markdown.
// Impure: writes it. Must not: compute what it says.

import { writeFileSync } from 'node:fs';
import { extname } from 'node:path';
import type { Command } from 'commander';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { Report } from '../experiments/report.ts';
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
  checkPageNames(files, '--out');
  const { readSweep } = await import('../experiments/observations.ts');
  const { reportOf } = await import('../experiments/report.ts');
  await writePages(reportOf(readSweep(place)), files);
  for (const file of files) io.out(file);
}

const pageNames = ['.html', '.md'];

/** Throws RoadbedError('usage') for a file that is to be no page. */
export function checkPageNames(files: readonly string[], flag: string): void {
  for (const file of files)
    if (!pageNames.includes(extname(file)))
      throw new RoadbedError('usage', `${flag} ${file}: expected a name that ends in .html or .md`);
}

/** Writes a report to files whose names were checked. Throws RoadbedError('usage') where one cannot be written. */
export async function writePages(content: Report, files: readonly string[]): Promise<void> {
  const { htmlPage, markdownPage } = await import('../experiments/report-pages.ts');
  for (const file of files) {
    try {
      writeFileSync(file, extname(file) === '.html' ? htmlPage(content) : markdownPage(content));
    } catch (error) {
      throw new RoadbedError('usage', `${file} could not be written: ${messageOf(error)}`, { cause: error });
    }
  }
}
