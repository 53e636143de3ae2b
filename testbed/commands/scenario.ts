// `roadbed scenario check | show | list`: looks at scenarios without running them. Must not: open data or train.

import { existsSync } from 'node:fs';
import { resolve } from 'node:path';
import type { Command } from 'commander';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { printScenario } from '../../protocol/scenario/print.ts';
import { isTrafficMade, roadFiles } from '../../protocol/scenario/road-files.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';
import type { CommandIo } from '../io.ts';
import { bundledScenarios, type LoadedScenario, loadScenario } from '../scenario-file.ts';
import { examples, scenarioArgument, setOption } from './options.ts';

interface SetOption {
  readonly set: readonly string[];
}

function loadToLook(path: string, sets: readonly string[]): LoadedScenario {
  const loaded = loadScenario(path, { sets, needsData: false });
  for (const { key, file } of roadFiles(loaded.scenario.roads)) {
    if (existsSync(resolve(loaded.directory, file))) continue;
    const sentence = `${path}: ${key} is ${JSON.stringify(file)}, and there is no such file in ${loaded.directory}`;
    throw new RoadbedError('scenario', sentence);
  }
  return loaded;
}

function trafficText({ roads, traffic: { source } }: Scenario): string {
  if (!isTrafficMade(roads)) return 'the traffic of its files';
  return source.kind === 'recirculating'
    ? `${source.vehicles} vehicles`
    : `${source.perSecond} vehicles/s arriving`;
}

function roadsText(roads: Scenario['roads']): string {
  switch (roads.kind) {
    case 'geojson':
    case 'sumo-net':
      return `the roads of ${roads.file}`;
    case 'fcd':
      return `the roads of ${roads.network}, as recorded in ${roads.file}`;
    case 'traci':
      return `the roads of ${roads.network}, driven by a live SUMO`;
    case 'gps':
      return `the tracks of ${roads.files.join(', ')}`;
    case 'constant-speed':
      return `the road of ${roads.preset}`;
    case 'grid':
      return `a grid of ${roads.rows} x ${roads.columns} crossings`;
    default:
      return `a ${roads.kind} of ${roads.lengthMeters} m`;
  }
}

/** One line that says what a scenario is about. */
export function summarize(scenario: Scenario): string {
  const { selection, rsus } = scenario;
  return [
    `${trafficText(scenario)} on ${roadsText(scenario.roads)}`,
    `${rsus.length} RSU${rsus.length > 1 ? 's' : ''}`,
    `${scenario.model.name} on ${scenario.data.kind} data`,
    `${selection.policy} chooses ${selection.perRound}`,
    `${scenario.stop.rounds} rounds`,
  ].join(', ');
}

function check(io: CommandIo, path: string, options: SetOption): void {
  const { scenario, path: file } = loadToLook(path, options.set);
  io.out(`${file}: ok: ${summarize(scenario)}`);
}

function show(io: CommandIo, path: string, options: SetOption & { readonly json?: boolean }): void {
  const { scenario } = loadToLook(path, options.set);
  const text = options.json ? JSON.stringify(scenario, null, 2) : printScenario(scenario).trimEnd();
  for (const line of text.split('\n')) io.out(line);
}

function list(io: CommandIo, options: { readonly json?: boolean }): void {
  const rows = bundledScenarios().map((path) => {
    try {
      const { scenario } = loadToLook(path, []);
      return { path, description: scenario.description.trim(), summary: summarize(scenario) };
    } catch (error) {
      return { path, description: `cannot run here: ${messageOf(error)}`, summary: '' };
    }
  });
  if (options.json) {
    io.out(JSON.stringify(rows, null, 2));
    return;
  }
  for (const row of rows) {
    io.out(row.path);
    io.out(`  ${row.description}`);
    if (row.summary) io.out(`  ${row.summary}`);
  }
}

/** Adds `scenario` and its subcommands to the command line. */
export function registerScenario(program: Command, io: CommandIo): void {
  const scenario = program.command('scenario').description('look at scenarios without running them');
  scenario
    .command('check')
    .description('say whether a scenario is legal, and if not, which line to mend')
    .addArgument(scenarioArgument('<scenario>'))
    .addOption(setOption())
    .addHelpText(
      'after',
      examples([
        'roadbed scenario check my.yaml',
        'roadbed scenario check highway-signs --set selection.perRound=3',
      ]),
    )
    .action((file: string, options: SetOption) => check(io, file, options));
  scenario
    .command('show')
    .description('print a scenario with every default filled in')
    .addArgument(scenarioArgument('<scenario>'))
    .addOption(setOption())
    .option('--json', 'JSON instead of YAML')
    .addHelpText(
      'after',
      examples(['roadbed scenario show highway-signs > my.yaml', 'roadbed scenario show mnist-ring --json']),
    )
    .action((file: string, options: SetOption & { json?: boolean }) => show(io, file, options));
  scenario
    .command('list')
    .description('list the bundled scenarios')
    .option('--json', 'JSON instead of text')
    .addHelpText('after', examples(['roadbed scenario list']))
    .action((options: { json?: boolean }) => list(io, options));
}
