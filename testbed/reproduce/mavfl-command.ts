// `roadbed reproduce mavfl`: Table II with real training, as a sweep that goes on where it was stopped, and its report.
// Must not: compute figures (mavfl.ts does), or decide what is run (mavfl-setting.ts does).

import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { RoadbedError } from '../../base/errors.ts';
import { withoutSecrets } from '../../base/shown-text.ts';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import { examples, wholeNumber, withData, withEngine } from '../commands/options.ts';
import { checkPageNames, writePages } from '../commands/report.ts';
import { wholeSweep } from '../experiments/shards.ts';
import { SweepProgress } from '../experiments/sweep-progress.ts';
import type { CommandIo } from '../io.ts';
import { onInterrupt } from '../live/interrupt.ts';
import { textTable } from '../plot/text-table.ts';
import { processSeconds } from '../system.ts';
import type { MavflReport } from './mavfl.ts';

interface MavflFlags {
  readonly full?: boolean;
  readonly data?: string;
  readonly out?: string;
  readonly workers: number;
  readonly engine: EnginePreference;
  readonly report: readonly string[];
  readonly json?: boolean;
}

const percent = (share: number): string => `${(100 * share).toFixed(1)} %`;

function showText(io: CommandIo, report: MavflReport): void {
  io.out(report.paper);
  io.out(report.claim);
  for (const line of report.setting) io.out(line);
  io.out('');
  const cells = report.cells.map((cell) => {
    const { mean, low, high } = cell.secondsToTarget;
    const range = low === null ? '-' : `${low} .. ${high}`;
    const reached = `${cell.censored > 0 ? '>= ' : ''}${mean}`;
    return [
      cell.policy,
      String(cell.speed),
      reached,
      range,
      `${cell.censored}/${cell.seeds}`,
      percent(cell.lostShare),
      cell.rounds.toFixed(1),
    ];
  });
  const headings = ['<policy', 'km/h', 'seconds', '95 %', 'censored', 'lost', 'rounds'];
  for (const line of textTable(headings, cells)) io.out(line);
  io.out('');
  const sooner = report.comparisons.map(({ policy, than, speed, percent: saved, low, high, seeds }) => [
    `${policy} than ${than}`,
    String(speed),
    `${saved} %`,
    low === null ? '-' : `${low} .. ${high}`,
    String(seeds),
  ]);
  for (const line of textTable(['<sooner', 'km/h', 'by', '95 %', 'seeds'], sooner)) io.out(line);
  io.out('');
  for (const { name, meaning, paperPercent, herePercent } of report.readings)
    io.out(
      `"28 %" as ${name}: ${herePercent ?? '-'} % here, ${paperPercent} % in the paper's table (${meaning})`,
    );
  for (const note of report.notes) io.out(`note: ${note}`);
}

async function reproduce(io: CommandIo, flags: MavflFlags): Promise<void> {
  checkPageNames(flags.report, '--report');
  // Loaded when wanted: showing help needs no scenario parser and no database.
  const { mavflPlan, policiesOf, taskOf } = await import('./mavfl-setting.ts');
  const { mavflReport } = await import('./mavfl.ts');
  const { mavflPage } = await import('./mavfl-page.ts');
  const { runSweep } = await import('../experiments/run-sweep.ts');
  const { observationsOf, readSweep } = await import('../experiments/observations.ts');
  const scope = { full: flags.full ?? false, dataDirectory: flags.data };
  const plan = mavflPlan(scope);
  const outDirectory = flags.out ?? `runs/${plan.sweep.name}`;
  const interrupt = onInterrupt(io);
  let progress: SweepProgress | undefined;
  try {
    const { failed } = await runSweep(plan, {
      outDirectory,
      shard: wholeSweep,
      workers: flags.workers,
      engine: flags.engine,
      keepRuns: false,
      argv: withoutSecrets(process.argv.slice(2)),
      signal: interrupt.signal,
      onPlan: (cells, before) => {
        progress = new SweepProgress(process.stderr, { cells, before, now: processSeconds });
        progress.begin();
      },
      onCell: ({ settings, seed }, answer) =>
        progress?.add(`${Object.values(settings).join(' km/h ')} seed ${seed}`, !answer.ok),
    });
    progress?.done();
    const experiment = readSweep(outDirectory);
    const report = mavflReport(taskOf(scope), policiesOf(scope), observationsOf(experiment));
    if (flags.report.length > 0) await writePages(mavflPage(report, experiment), flags.report);
    if (flags.json) io.out(JSON.stringify(report, null, 2));
    else showText(io, report);
    for (const one of failed) io.err(`cell ${one.cell} (${JSON.stringify(one.settings)}): ${one.error}`);
    if (interrupt.signal.aborted)
      throw new RoadbedError(
        'interrupted',
        'The comparison was interrupted; finished runs are kept, the same command goes on.',
      );
    if (failed.length > 0)
      throw new RoadbedError(
        'internal',
        `${failed.length} runs failed (above). The same command tries them again.`,
      );
  } finally {
    progress?.done();
    interrupt.release();
  }
}

/** Adds `mavfl` to `reproduce`. */
export function registerMavfl(parent: Command, io: CommandIo): void {
  withData(withEngine(parent.command('mavfl')))
    .description(
      'seconds to a target accuracy by speed and policy, with real training; goes on where it was stopped',
    )
    .option('--quick', 'six policies and five seeds: minutes on two cores (the default)')
    .option('--full', 'all policies and 30 seeds: hours')
    .option('--out <dir>', 'folder of the results (default: runs/reproduce-mavfl-TASK-quick or -full)')
    .option('--workers <n>', 'runs at a time', wholeNumber('workers', 1, 1024), availableParallelism())
    .option(
      '--report <file>',
      'a page besides: report.html or report.md; may be given several times',
      (file, earlier: readonly string[]) => [...earlier, file],
      [],
    )
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      examples([
        'roadbed reproduce mavfl --quick --json',
        'roadbed reproduce mavfl --quick --data path/to/gtsrb-32',
        'roadbed reproduce mavfl --full --data path/to/gtsrb-32 --out results --report report.html',
      ]),
    )
    .action((flags: MavflFlags) => reproduce(io, flags));
}
