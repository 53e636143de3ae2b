// `roadbed sweep F.yaml --out DIR`: runs every cell of a grid, once for each seed, on all cores; goes on where it was
// stopped. Must not: know how a cell is run (experiments/ does).

import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { RoadbedError } from '../../base/errors.ts';
import { withoutSecrets } from '../../base/shown-text.ts';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import { parseShard, type Shard, shardFromEnvironment, wholeSweep } from '../experiments/shards.ts';
import type { SweepCell } from '../experiments/sweep-file.ts';
import { durationText, SweepProgress } from '../experiments/sweep-progress.ts';
import type { CommandIo } from '../io.ts';
import { onInterrupt } from '../live/interrupt.ts';
import { processSeconds } from '../system.ts';
import { examples, setOption, wholeNumber, withData, withEngine } from './options.ts';

interface SweepFlags {
  readonly out: string;
  readonly shard?: Shard;
  readonly workers: number;
  readonly engine: EnginePreference;
  readonly set: readonly string[];
  readonly data?: string;
  readonly keepRuns?: boolean;
  readonly json?: boolean;
}

/** Adds `roadbed sweep` to `program`. */
export function registerSweep(program: Command, io: CommandIo): void {
  withData(withEngine(program.command('sweep')))
    .description('run every cell of a grid of scenarios, once for each seed; goes on where it was stopped')
    .argument('<sweep>', 'a YAML file with scenario, grid and seeds')
    .requiredOption(
      '--out <dir>',
      'folder of the results; the same folder again goes on with what is missing',
    )
    .option(
      '--shard <i/n>',
      'only part i of n (default: what a Kubernetes Indexed Job or a Slurm array says, else all)',
      parseShard,
    )
    .option('--workers <n>', 'cells at a time', wholeNumber('workers', 1, 1024), availableParallelism())
    .addOption(setOption())
    .option('--keep-runs', 'keep the folder of every run, not only its figures')
    .option('--json', 'print what was done as JSON')
    .addHelpText(
      'after',
      examples([
        'roadbed sweep scenarios/sweeps/policies.yaml --out results',
        'roadbed sweep scenarios/sweeps/policies.yaml --shard 1/2 --out a',
        'roadbed report results --out report.html',
      ]),
    )
    .action((path: string, flags: SweepFlags) => sweep(io, path, flags));
}

const label = ({ settings, seed }: SweepCell): string =>
  [...Object.entries(settings), ['seed', seed]]
    .map(
      ([key, value]) =>
        `${String(key).split('.').at(-1)}=${typeof value === 'string' ? value : JSON.stringify(value)}`,
    )
    .join(' ');

async function sweep(io: CommandIo, path: string, flags: SweepFlags): Promise<void> {
  // Loaded when wanted: showing help needs no scenario parser.
  const { loadSweep } = await import('../experiments/sweep-file.ts');
  const { runSweep } = await import('../experiments/run-sweep.ts');
  const shard = flags.shard ?? shardFromEnvironment(process.env) ?? wholeSweep;
  const plan = loadSweep(path, { sets: flags.set, dataDirectory: flags.data });
  const interrupt = onInterrupt(io);
  const start = processSeconds();
  let progress: SweepProgress | undefined;
  try {
    const outcome = await runSweep(plan, {
      outDirectory: flags.out,
      shard,
      workers: flags.workers,
      engine: flags.engine,
      keepRuns: flags.keepRuns ?? false,
      argv: withoutSecrets(process.argv.slice(2)),
      signal: interrupt.signal,
      onPlan: (cells, before) => {
        progress = new SweepProgress(process.stderr, { cells, before, now: processSeconds });
        progress.begin();
      },
      onCell: (cell, answer) => progress?.add(label(cell), !answer.ok),
    });
    progress?.done();
    const seconds = processSeconds() - start;
    const { database, cells, before, ran, failed } = outcome;
    if (flags.json)
      io.out(JSON.stringify({ sweep: plan.sweep.name, shard, ...outcome, wallSeconds: seconds }, null, 2));
    else {
      io.out(
        `${plan.sweep.name}: ${before + ran} of ${cells} cells finished, ${ran} of them now in ${durationText(seconds)}`,
      );
      io.out(`database   ${database}`);
    }
    for (const one of failed)
      io.err(`cell ${one.cell} (${JSON.stringify(one.settings)}, seed ${one.seed}): ${one.error}`);
    if (interrupt.signal.aborted)
      throw new RoadbedError(
        'interrupted',
        'The sweep was interrupted; finished cells are kept, the same command goes on.',
      );
    if (failed.length > 0)
      throw new RoadbedError(
        'internal',
        `${failed.length} of ${cells} cells could not be computed (above). The same command tries them again.`,
      );
  } finally {
    progress?.done();
    interrupt.release();
  }
}
