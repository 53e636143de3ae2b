// `roadbed run` and `roadbed start`: carry a scenario out, in virtual time or live; `start` also opens the dashboard.
// Must not: know how a run works (run-virtual.ts and live/ do).

import { availableParallelism } from 'node:os';
import type { Command } from 'commander';
import { RoadbedError } from '../../base/errors.ts';
import { withoutSecrets } from '../../base/shown-text.ts';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import type { LoggedEvent } from '../../protocol/events.ts';
import type { RunSummary } from '../../protocol/run-info.ts';
import type { LiveRun } from '../../roadside/feed/live.ts';
import type { Feed } from '../../roadside/feed/server.ts';
import type { CommandIo } from '../io.ts';
import { onInterrupt } from '../live/interrupt.ts';
import { RunProgress } from '../progress.ts';
import type { RunOptions } from '../run-virtual.ts';
import { bundledDirectory, loadScenario } from '../scenario-file.ts';
import {
  examples,
  oneOf,
  positiveNumber,
  type RunScenarioOptions,
  scenarioArgument,
  wholeNumber,
  withEngine,
  withRunScenarioOptions,
} from './options.ts';

interface RunFlags extends RunScenarioOptions {
  readonly link: 'memory' | 'mqtt';
  readonly broker?: string;
  readonly workers: number;
  readonly engine: EnginePreference;
  readonly pace?: number;
  readonly live?: boolean;
  readonly keepUpdates?: boolean;
  readonly runs: string;
  readonly port?: number;
  readonly json?: boolean;
}

interface StartFlags extends RunFlags {
  readonly exit?: boolean;
  readonly port: number;
}

const defaultScenario = `${bundledDirectory}/highway-signs.yaml`;

function withRunOptions(command: Command, link: 'memory' | 'mqtt'): Command {
  return withEngine(withRunScenarioOptions(command))
    .option('--link <kind>', 'how messages travel: memory or mqtt', oneOf('link', ['memory', 'mqtt']), link)
    .option('--broker <url>', 'use this MQTT broker instead of an embedded one (implies --link mqtt)')
    .option(
      '--workers <n>',
      'worker threads for the vehicle agents',
      wholeNumber('workers', 1, 64),
      Math.min(4, availableParallelism()),
    )
    .option('--live', 'wall time: agents train and send for real, nothing is simulated but the traffic')
    .option('--keep-updates', 'keep the bytes of every update in the folder of the run, not only the models')
    .option('--runs <dir>', 'folder of runs', 'runs')
    .option('--json', 'print the figures as JSON');
}

/** Registers both commands. */
export function registerRun(program: Command, io: CommandIo): void {
  withRunOptions(program.command('run').addArgument(scenarioArgument('<scenario>')), 'memory')
    .description('carry a scenario out and print its figures')
    .option(
      '--pace <x>',
      'at most x virtual seconds a wall second (default: as fast as possible)',
      positiveNumber('pace'),
    )
    .option('--port <n>', 'also serve the dashboard on this port', wholeNumber('port', 0, 65535))
    .addHelpText(
      'after',
      examples([
        'roadbed run scenarios/highway-signs.yaml --seed 7 --rounds 4 --json',
        'roadbed run scenarios/highway-gtsrb.yaml --data path/to/gtsrb-32 --link mqtt --workers 2',
        'roadbed run scenarios/highway-signs.yaml --set selection.policy=random --set stop.rounds=10',
      ]),
    )
    .action(async (path: string, flags: RunFlags) => {
      const watched = await watch(io, flags, flags.port);
      try {
        await runOnce(io, path, flags, watched);
      } finally {
        await watched.feed()?.close();
      }
    });
  const scenario = scenarioArgument('[scenario]').default(defaultScenario, 'highway-signs');
  withRunOptions(program.command('start').addArgument(scenario), 'mqtt')
    .description('run the default scenario with the live map')
    .option('--pace <x>', 'at most x virtual seconds a wall second', positiveNumber('pace'), 8)
    .option('--port <n>', 'port of the dashboard', wholeNumber('port', 0, 65535), 8080)
    .option('--exit', 'end with the run instead of staying for its replay')
    .addHelpText(
      'after',
      examples([
        'roadbed start',
        'roadbed start --exit --rounds 5',
        'roadbed start scenarios/segment-poisson.yaml --port 9000 --pace 2',
      ]),
    )
    .action((path: string, flags: StartFlags) => start(io, path, flags));
}

interface Watched {
  readonly onLive: ((live: LiveRun) => Promise<void>) | undefined;
  readonly feed: () => Feed | undefined;
}

/** The dashboard, opened when the run is known. */
async function watch(io: CommandIo, flags: RunFlags, port: number | undefined): Promise<Watched> {
  let feed: Feed | undefined;
  if (port === undefined) return { onLive: undefined, feed: () => undefined };
  const { bundlePage } = await import('../page.ts');
  const { startFeed } = await import('../../roadside/feed/server.ts');
  const assets = await bundlePage();
  const onLive = async (live: LiveRun): Promise<void> => {
    feed = await startFeed({ port, assets, runsDirectory: flags.runs, live });
    io.err(`Live map: ${feed.url}`);
  };
  return { onLive, feed: () => feed };
}

async function runOnce(io: CommandIo, path: string, flags: RunFlags, watched: Watched): Promise<RunSummary> {
  const loaded = loadScenario(path, {
    sets: flags.set,
    dataDirectory: flags.data,
    seed: flags.seed,
    rounds: flags.rounds,
  });
  const progress = new RunProgress(process.stderr, loaded.scenario.stop.rounds);
  const note = aboveProgress(progress, io);
  const interrupt = onInterrupt({ ...io, err: note });
  const options: RunOptions = {
    loaded,
    runsDirectory: flags.runs,
    link: flags.broker || flags.live ? 'mqtt' : flags.link,
    broker: flags.broker,
    workers: flags.workers,
    engine: flags.engine,
    keepUpdates: flags.keepUpdates,
    pace: flags.pace,
    argv: withoutSecrets(process.argv.slice(2)),
    note,
    onLive: watched.onLive,
    onEvents: (events: readonly LoggedEvent[]) => progress.hear(events),
    stopRequested: () => (interrupt.signal.aborted ? 'interrupted by the user' : null),
  };
  try {
    const carryOut = await carrier(flags);
    const summary = await carryOut(options);
    progress.done();
    printSummary(io, summary, flags.json ?? false);
    if (interrupt.signal.aborted)
      throw new RoadbedError('interrupted', 'The run was interrupted; what it had is kept.');
    return summary;
  } finally {
    progress.done();
    interrupt.release();
  }
}

/** Says something without leaving the progress line in front of it. */
export const aboveProgress =
  (progress: RunProgress, io: CommandIo) =>
  (text: string): void => {
    progress.done();
    io.err(text);
  };

/** What carries the run out. Loaded when wanted: a command that shows its help need not load a training engine. */
async function carrier({ live }: RunFlags): Promise<(options: RunOptions) => Promise<RunSummary>> {
  if (live) return (await import('../live/run-live.ts')).runLive;
  return (await import('../run-virtual.ts')).runVirtual;
}

async function start(io: CommandIo, path: string, flags: StartFlags): Promise<void> {
  const watched = await watch(io, flags, flags.port);
  try {
    await runOnce(io, path, flags, watched);
    if (!flags.exit) await stay(io, watched);
  } finally {
    await watched.feed()?.close();
  }
}

/** Stays for the replay until Ctrl-C. */
async function stay(io: CommandIo, watched: Watched): Promise<void> {
  const feed = watched.feed();
  if (!feed) return;
  io.err(`The run is over; its replay stays at ${feed.url} (Ctrl-C ends).`);
  await new Promise<void>((resolve) => {
    process.once('SIGINT', resolve);
    process.once('SIGTERM', resolve);
  });
}

/** Accuracy and loss of the model for people. A run that closed no round has none. */
export const accuracyText = ({ rounds, testAccuracy, testLoss }: RunSummary): string =>
  rounds === 0
    ? '- (no round was closed)'
    : `${(100 * testAccuracy).toFixed(2)} % (loss ${testLoss.toFixed(4)})`;

export const megabytes = (bytes: number): string => `${(bytes / 1e6).toFixed(1)} MB`;

/** The figures of a run, for people or as JSON. */
export function printSummary(io: CommandIo, summary: RunSummary, json: boolean): void {
  if (json) return io.out(JSON.stringify(summary, null, 2));
  const s = summary;
  io.out(`run        ${s.runId}`);
  io.out(
    `rounds     ${s.rounds} in ${s.virtualSeconds.toFixed(1)} s of the run's clock (${s.wallSeconds.toFixed(1)} s on the wall)`,
  );
  io.out(`accuracy   ${accuracyText(s)}`);
  io.out(
    `selected   ${s.selected} = committed ${s.committed} + left ${s.left} + late ${s.late} + refused ${s.refused} + failed ${s.failed}   (split ${s.split})`,
  );
  io.out(`bytes      ${megabytes(s.bytesUp)} up, ${megabytes(s.bytesDown)} down`);
  if (s.handovers > 0)
    io.out(`handovers  ${s.handovers}, ${s.transfersHandedOver} transfers went on at the next RSU`);
  if (s.prediction)
    io.out(
      `stays      predicted within ${s.prediction.maeSeconds.toFixed(1)} s in the mean, ${s.prediction.p90Seconds.toFixed(1)} s in nine of ten`,
    );
  io.out(`event log  sha256 ${s.eventLogSha256}`);
  io.out(`model      sha256 ${s.modelSha256}`);
  io.out(`engine     ${s.engine}`);
  io.out(`database   ${s.database}`);
}
