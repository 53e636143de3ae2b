// The commands of a deployment of separate processes: `rsu`, `mobility serve`, `agent`, `agents`, `dashboard`. All but the
// RSU learn from its announcement at the broker what they need. What carries a command out is loaded when it is wanted:
// showing help needs no training engine. Must not: know how a process works (live/ does).

import type { Command } from 'commander';
import { RoadbedError } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import { asId, type VehicleId } from '../../base/ids.ts';
import { withoutSecrets } from '../../base/shown-text.ts';
import type { EnginePreference } from '../../learning/training/engine-names.ts';
import type { Announcement } from '../../protocol/announcement.ts';
import { dataDirectoryOf } from '../../protocol/scenario/rules.ts';
import type { LiveSource } from '../../roadside/feed/live.ts';
import type { Feed } from '../../roadside/feed/server.ts';
import type { CommandIo } from '../io.ts';
import { onInterrupt } from '../live/interrupt.ts';
import type { MemberOptions } from '../live/member.ts';
import { aborted } from '../live/timers.ts';
import type { PreparedData } from '../prepare.ts';
import { RunProgress } from '../progress.ts';
import { loadScenario } from '../scenario-file.ts';
import { isoNow, processSeconds } from '../system.ts';
import {
  examples,
  type RunScenarioOptions,
  scenarioArgument,
  wholeNumber,
  withData,
  withEngine,
  withRounds,
  withRunScenarioOptions,
  withScenarioOptions,
} from './options.ts';
import { aboveProgress, printSummary } from './run.ts';

const brokerHelp = 'the MQTT broker, such as mqtt://localhost:1883';

interface BrokerFlags {
  readonly broker: string;
}

interface FeedFlags {
  readonly host?: string;
  readonly token?: string;
}

interface RsuFlags extends RunScenarioOptions, BrokerFlags, FeedFlags {
  readonly engine: EnginePreference;
  readonly runs: string;
  readonly port?: number;
  readonly json?: boolean;
}

interface MemberFlags extends BrokerFlags {
  readonly engine: EnginePreference;
  readonly data?: string;
}

const withBroker = (command: Command): Command => command.requiredOption('--broker <url>', brokerHelp);

const withFeed = (command: Command): Command =>
  command
    .option('--host <address>', 'address the dashboard listens on (default: this machine only)')
    .option('--token <text>', 'what a viewer must show; needed for any other address (or ROADBED_TOKEN)');

/** Registers the commands. */
export function registerProcesses(program: Command, io: CommandIo): void {
  registerRsu(program, io);
  registerMobility(program, io);
  registerAgent(program, io);
  registerAgents(program, io);
  registerDashboard(program, io);
}

// ---- rsu -------------------------------------------------------------------------------------------------------

function registerRsu(program: Command, io: CommandIo): void {
  const command = program.command('rsu').addArgument(scenarioArgument('<scenario>'));
  withFeed(withEngine(withBroker(withRunScenarioOptions(command))))
    .description('run the roadside unit as a process: announces the run, ends with it, prints its figures')
    .option('--runs <dir>', 'folder of runs', 'runs')
    .option('--port <n>', 'also serve the dashboard on this port', wholeNumber('port', 0, 65535))
    .option('--json', 'print the figures as JSON')
    .addHelpText(
      'after',
      examples([
        'roadbed rsu scenarios/highway-signs.yaml --broker mqtt://localhost:1883',
        'roadbed rsu scenarios/highway-signs.yaml --broker mqtt://localhost:1883 --port 8080 --json',
      ]),
    )
    .action((path: string, flags: RsuFlags) => rsu(io, path, flags));
}

async function rsu(io: CommandIo, path: string, flags: RsuFlags): Promise<void> {
  const { runRsu } = await import('../live/run-rsu.ts');
  const { set, seed, rounds, data } = flags;
  const loaded = loadScenario(path, { sets: set, dataDirectory: data, seed, rounds });
  const progress = new RunProgress(process.stderr, loaded.scenario.stop.rounds);
  const note = aboveProgress(progress, io);
  const interrupt = onInterrupt({ ...io, err: note });
  let feed: Feed | undefined;
  try {
    const summary = await runRsu({
      loaded,
      runsDirectory: flags.runs,
      brokerUrl: flags.broker,
      engine: flags.engine,
      argv: withoutSecrets(process.argv.slice(2)),
      note,
      onLive: async (live) => {
        if (flags.port !== undefined) feed = await openFeed(io, { ...flags, port: flags.port }, () => live);
      },
      onEvents: (events) => progress.hear(events),
      stopRequested: () => (interrupt.signal.aborted ? 'interrupted by the user' : null),
    });
    progress.done();
    printSummary(io, summary, flags.json ?? false);
    if (interrupt.signal.aborted)
      throw new RoadbedError('interrupted', 'The run was interrupted; what it had is kept.');
  } finally {
    progress.done();
    interrupt.release();
    await feed?.close();
  }
}

// ---- mobility --------------------------------------------------------------------------------------------------

function registerMobility(program: Command, io: CommandIo): void {
  const serve = program
    .command('mobility')
    .description('the simulated road as a process')
    .command('serve')
    .argument(
      '[scenario]',
      'the scenario file, where its map is too large to be announced; options as for the RSU',
    );
  withBroker(withRounds(withScenarioOptions(serve)))
    .description('move the vehicles of the announced run in wall time and tell each where it is')
    .addHelpText('after', examples(['roadbed mobility serve --broker mqtt://localhost:1883']))
    .action(async (path: string | undefined, flags: Omit<RunScenarioOptions, 'data'> & BrokerFlags) => {
      const { serveMobility } = await import('../live/mobility-process.ts');
      const { set, seed, rounds } = flags;
      if (path === undefined && (set.length > 0 || seed !== undefined || rounds !== undefined))
        throw new RoadbedError(
          'usage',
          '--set, --seed and --rounds change a scenario file (expected one; without it the announced run decides)',
        );
      const loaded = path ? loadScenario(path, { sets: set, seed, rounds, needsData: false }) : undefined;
      await untilInterrupted(io, (stop) =>
        serveMobility({
          brokerUrl: flags.broker,
          clientId: `roadbed-mobility-${processMark()}`,
          loaded,
          stop,
          note: (text) => io.err(text),
        }),
      );
    });
}

// ---- agents ----------------------------------------------------------------------------------------------------

const withMember = (command: Command): Command => withEngine(withBroker(withData(command)));

async function memberOptions(io: CommandIo, flags: MemberFlags, stop: AbortSignal): Promise<MemberOptions> {
  const { prepareData } = await import('../prepare.ts');
  const note = (text: string): void => io.err(text);
  return {
    brokerUrl: flags.broker,
    engine: flags.engine,
    // The data of the announced scenario, as this machine has them.
    prepare: ({ scenario }): PreparedData =>
      prepareData(scenario, flags.data ?? dataDirectoryOf(scenario), note),
    note,
    stop,
  };
}

function registerAgent(program: Command, io: CommandIo): void {
  withMember(program.command('agent'))
    .description('drive one vehicle, as in a car: everything else comes from the announced run')
    .requiredOption('--vehicle <id>', 'the name of the vehicle')
    .option('--outbox <dir>', 'keep updates that are not acknowledged yet here, across restarts')
    .addHelpText(
      'after',
      examples([
        'roadbed agent --broker mqtt://localhost:1883 --vehicle v0001',
        'roadbed agent --broker mqtts://rsu.example:8883 --vehicle v0001 --outbox outbox',
      ]),
    )
    .action(async (flags: MemberFlags & { readonly vehicle: string; readonly outbox?: string }) => {
      const vehicle = vehicleOf(flags.vehicle);
      const { openKept } = await import('../live/kept.ts');
      const { runAgent } = await import('../live/single.ts');
      await untilInterrupted(io, async (stop) => {
        const member = await memberOptions(io, flags, stop);
        const { note } = member;
        const keptOf = ({ run }: Announcement) => openKept({ directory: flags.outbox, run, vehicle, note });
        return runAgent({ ...member, vehicle, keptOf });
      });
    });
}

function vehicleOf(text: string): VehicleId {
  try {
    return asId<VehicleId>(text);
  } catch {
    throw new RoadbedError(
      'usage',
      `--vehicle ${text}: expected lower-case letters, digits, ".", "_" and "-", at most 64`,
    );
  }
}

function registerAgents(program: Command, io: CommandIo): void {
  withMember(program.command('agents'))
    .description('drive many vehicles; start several of these and the vehicles spread over them')
    .option('--capacity <n>', 'vehicles at most', wholeNumber('capacity', 1, 100_000), 100)
    .addHelpText(
      'after',
      examples([
        'roadbed agents --broker mqtt://localhost:1883 --capacity 12',
        'docker compose up --scale agents=4',
      ]),
    )
    .action(async (flags: MemberFlags & { readonly capacity: number }) => {
      const { runPool } = await import('../live/pool.ts');
      const { capacity } = flags;
      await untilInterrupted(io, async (stop) =>
        runPool({ ...(await memberOptions(io, flags, stop)), capacity, pool: `pool-${processMark()}` }),
      );
    });
}

/** Tells this process from others at the broker. Containers may share a process number and a start, but hardly also the fraction of a millisecond. */
function processMark(): string {
  const mark = `${isoNow()} ${process.pid} ${processSeconds()} ${process.env.HOSTNAME ?? ''}`;
  return sha256(new TextEncoder().encode(mark)).slice(0, 10);
}

// ---- dashboard -------------------------------------------------------------------------------------------------

interface DashboardFlags extends FeedFlags {
  readonly runs: string;
  readonly port: number;
}

function registerDashboard(program: Command, io: CommandIo): void {
  withFeed(program.command('dashboard'))
    .description('show the runs of a folder, the one that is being written live')
    .option('--runs <dir>', 'folder of runs', 'runs')
    .option('--port <n>', 'port of the dashboard', wholeNumber('port', 0, 65535), 8080)
    .addHelpText(
      'after',
      examples([
        'roadbed dashboard --runs runs',
        'ROADBED_TOKEN=... roadbed dashboard --host 0.0.0.0 --port 9000',
      ]),
    )
    .action(async (flags: DashboardFlags) => {
      const { RunFollower } = await import('../live/follow.ts');
      const follower = new RunFollower(flags.runs);
      try {
        const feed = await openFeed(io, flags, () => follower.current);
        await untilInterrupted(io, aborted);
        await feed.close();
      } finally {
        follower.close();
      }
    });
}

async function openFeed(
  io: CommandIo,
  flags: DashboardFlags,
  live: () => LiveSource | undefined,
): Promise<Feed> {
  const { startFeed } = await import('../../roadside/feed/server.ts');
  const { bundlePage } = await import('../page.ts');
  const { host, port, runs: runsDirectory } = flags;
  const token = flags.token ?? (process.env.ROADBED_TOKEN || undefined);
  const feed = await startFeed({ host, port, token, runsDirectory, live, assets: await bundlePage() });
  io.err(`Dashboard: ${feed.url}${token === undefined ? '' : ' (add ?token= and the token)'}`);
  return feed;
}

// ---- all -------------------------------------------------------------------------------------------------------

/** Works until it is done, or the user ends it: both are a good end for a process that serves. */
async function untilInterrupted(io: CommandIo, work: (stop: AbortSignal) => Promise<void>): Promise<void> {
  const interrupt = onInterrupt(io);
  try {
    await work(interrupt.signal);
  } finally {
    interrupt.release();
  }
}
