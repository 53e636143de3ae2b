// `roadbed compare`: the runs of a sweep, or runs by their ids, compared pair by pair at equal seeds.
// Must not: compute statistics (experiments/ does).

import type { Command } from 'commander';
import { isExperiment } from '../../roadside/store/experiment.ts';
import type { CommandIo } from '../io.ts';
import { textTable } from '../plot/text-table.ts';
import { examples, oneOf } from './options.ts';
import { runsOption } from './runs.ts';

interface CompareFlags {
  readonly metric?: string;
  readonly baseline?: string;
  readonly interval: 't' | 'bootstrap';
  readonly runs: string;
  readonly json?: boolean;
}

/** Adds `roadbed compare` to `program`. */
export function registerCompare(program: Command, io: CommandIo): void {
  program
    .command('compare')
    .description('compare the runs of a sweep, or runs by their ids, pair by pair at equal seeds')
    .argument('<sweep-or-run...>', 'the folder or database of a sweep, or ids of runs')
    .option(
      '--metric <name>',
      'what to compare (default: secondsToTarget where there is a target, else finalAccuracy)',
    )
    .option(
      '--baseline <key=value>',
      'what to compare with, such as policy=random (default: what the sweep names, else the first)',
    )
    .option(
      '--interval <how>',
      'intervals by Student t, or by bootstrap',
      oneOf('interval', ['t', 'bootstrap']),
      't',
    )
    .addOption(runsOption())
    .option('--json', 'print JSON')
    .addHelpText(
      'after',
      examples([
        'roadbed compare results --baseline policy=random',
        'roadbed compare results --metric lostShare --json',
        'roadbed compare highway-signs-s1-a1b2c3 highway-signs-s1-d4e5f6 --metric finalAccuracy',
      ]),
    )
    .action((what: string[], flags: CompareFlags) => compareThem(io, what, flags));
}

async function compareThem(io: CommandIo, what: readonly string[], flags: CompareFlags): Promise<void> {
  const { observationsOf, observationsOfRuns, readSweep } = await import('../experiments/observations.ts');
  const { compare } = await import('../experiments/compare.ts');
  const { comparisonCells, comparisonHeadings, comparisonNotes } = await import(
    '../experiments/comparison-table.ts'
  );
  const { metricByName } = await import('../experiments/metrics.ts');
  const [first] = what;
  const sweep = what.length === 1 && isExperiment(first!) ? readSweep(first!) : undefined;
  const observations = sweep ? observationsOf(sweep) : observationsOfRuns(flags.runs, what);
  const hasTarget = observations.some(({ result }) => result.status !== 'finished');
  const metric = metricByName(flags.metric ?? (hasTarget ? 'secondsToTarget' : 'finalAccuracy'));
  const baseline = flags.baseline ?? sweep?.sweep.baseline;
  const comparison = compare(observations, { metric, baseline, method: flags.interval });
  const missing = sweep ? sweep.cells.length - sweep.finished.length : 0;
  if (flags.json) {
    io.out(JSON.stringify({ ...comparison, missingCells: missing }, null, 2));
    return;
  }
  io.out(`${metric.title}, ${metric.unit}; ${metric.better} is better`);
  for (const line of textTable(comparisonHeadings, comparisonCells(comparison))) io.out(line);
  for (const line of comparisonNotes(comparison)) io.out(line);
  if (missing > 0) io.err(`${missing} cells of the sweep are not finished; they are in no figure above.`);
}
