// `roadbed mobility run | import | generate | validate | contacts`: the city engine from the command line. What carries a command out is loaded
// when it is wanted. Must not: hold what a command does (mobility-run.ts and its neighbours do).

import { type Command, Option } from 'commander';
import { RoadbedError } from '../../base/errors.ts';
import { asId, type RsuId } from '../../base/ids.ts';
import type { RsuSite } from '../../mobility/types.ts';
import type { CommandIo } from '../io.ts';
import { type CityFlags, type Traffic, trafficKinds } from './mobility-city.ts';
import type { ContactsFlags } from './mobility-contacts.ts';
import type { ImportFlags } from './mobility-import.ts';
import { generatedWords } from './mobility-network.ts';
import type { RunFlags } from './mobility-run.ts';
import type { ValidateFlags } from './mobility-validate.ts';
import { examples, positiveNumber, wholeNumber } from './options.ts';

/** Seconds of standing after which SUMO moves a vehicle on unless told otherwise. */
const teleportSeconds = 300;

function anyNumber(name: string): (text: string) => number {
  return (text) => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value)) return value;
    throw new RoadbedError('usage', `--${name} ${text}: expected seconds`);
  };
}

/** Files of a repeatable option; each may be a list with commas, as SUMO takes them. */
function files(name: string, help: string): Option {
  const collect = (text: string, earlier: readonly string[]): string[] => [
    ...earlier,
    ...text.split(',').filter((file) => file !== ''),
  ];
  return new Option(`--${name} <files>`, help).argParser(collect).default([], 'none');
}

const netHelp = `a SUMO net.xml, an OpenStreetMap XML, a GeoJSON map, or one that is generated: ${generatedWords.join(', ')}`;

function withCity(command: Command): Command {
  return command
    .addOption(
      files('demand', 'route files (rou.xml, trips), separated by commas; may be given several times'),
    )
    .option(
      '--traffic <kind:n>',
      `in place of --demand, made up: trips:1000 (between random edges), poisson:600 (an hour), recirculating:500 (cars)`,
      trafficOf,
    )
    .addOption(files('additional', 'additional files: types, bus stops, signal programs; as above'))
    .option('--begin <s>', 'first instant; earlier departures are dropped', anyNumber('begin'), 0)
    .option('--end <s>', 'stop before this instant (default: when everybody has arrived)', anyNumber('end'))
    .option('--step <s>', 'length of a step', positiveNumber('step'), 1)
    .option('--seed <n>', 'root of everything random', wholeNumber('seed', 0, 2 ** 31), 42)
    .option(
      '--teleport-after <s>',
      'move a vehicle on that stood so long; 0: never',
      anyNumber('teleport-after'),
      teleportSeconds,
    )
    .option('--ignore-route-errors', 'leave out vehicles whose routes are broken, and count them')
    .option('--json', 'JSON instead of text');
}

/** The commands of `mobility` stand together, whoever adds them. */
function groupOf(program: Command): Command {
  const found = program.commands.find((command) => command.name() === 'mobility');
  return (found ?? program.command('mobility')).description(
    'roads and vehicles: drive a city, read a map, compare with SUMO, or be a process of a deployment',
  );
}

function trafficOf(text: string): Traffic {
  const [word, number] = text.split(':');
  const kind = trafficKinds.find((known) => known === word);
  const amount = number === undefined || number === '' ? Number.NaN : Number(number);
  if (kind !== undefined && Number.isInteger(amount) && amount > 0) return { kind, amount };
  const expected = trafficKinds.map((known) => `${known}:<n>`).join(', ');
  throw new RoadbedError('usage', `--traffic ${text}: expected one of ${expected}`);
}

function requireDemand({ demand, traffic }: CityFlags): void {
  if (demand.length > 0 !== (traffic !== undefined)) return;
  throw new RoadbedError(
    'usage',
    demand.length > 0
      ? '--demand and --traffic: expected one of them'
      : '--demand: expected at least one route file (rou.xml), or --traffic',
  );
}

/** Adds the commands that drive and read cities to `mobility`. Call it after whoever adds `mobility serve`. */
export function registerMobility(program: Command, io: CommandIo): void {
  const group = groupOf(program);
  registerRun(group, io);
  registerImport(group, io);
  registerGenerate(group, io);
  registerValidate(group, io);
  registerContacts(group, io);
  for (const command of group.commands) command.exitOverride();
}

function registerRun(group: Command, io: CommandIo): void {
  withCity(group.command('run').argument('<net>', netHelp))
    .description('drive a demand through a network')
    .option(
      '--fcd <file>',
      'write floating-car data as SUMO does: .xml or .csv, and .gz behind it to compress',
    )
    .option('--fcd-precision <n>', 'decimals in that file', wholeNumber('fcd-precision', 0, 9), 2)
    .addHelpText(
      'after',
      examples([
        'roadbed mobility run city.net.xml --demand city.rou.xml --begin 25200 --end 28800 --seed 42 --fcd out.xml.gz --json',
        'roadbed mobility run grid:10x10 --traffic recirculating:1000 --end 900',
        'roadbed mobility run city.net.xml --demand cars.rou.xml,buses.rou.xml --additional types.add.xml,stops.add.xml',
      ]),
    )
    .action(async (net: string, flags: RunFlags) => {
      requireDemand(flags);
      const { runMobility } = await import('./mobility-run.ts');
      await runMobility(io, net, flags);
    });
}

function registerImport(group: Command, io: CommandIo): void {
  group
    .command('import')
    .description('read a map and say what is in it and what was left out')
    .argument('<file>', netHelp)
    .option('--out <file>', 'write the network as a net.xml, which SUMO reads too')
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      examples([
        'roadbed mobility import city.net.xml --json',
        'roadbed mobility import town.osm.xml --out town.net.xml',
      ]),
    )
    .action(async (file: string, flags: ImportFlags) => {
      const { importMobility } = await import('./mobility-import.ts');
      await importMobility(io, file, flags);
    });
}

function registerGenerate(group: Command, io: CommandIo): void {
  group
    .command('generate')
    .description('draw a network and write it as a net.xml, which SUMO reads too')
    .argument('<what>', `one of ${generatedWords.join(', ')}, with other numbers`)
    .requiredOption('--out <file>', 'where to write it; .gz behind the name compresses')
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      examples([
        'roadbed mobility generate grid:10x10 --out grid.net.xml',
        'roadbed mobility generate highway:5000x3:on@1000,off@3000 --out highway.net.xml.gz --json',
      ]),
    )
    .action(async (what: string, flags: ImportFlags) => {
      if (!/^(?:grid|segment|ring|highway):/.test(what))
        throw new RoadbedError('usage', `${what}: expected words such as ${generatedWords.join(', ')}`);
      const { importMobility } = await import('./mobility-import.ts');
      await importMobility(io, what, flags);
    });
}

function registerValidate(group: Command, io: CommandIo): void {
  const against = files(
    'against',
    "SUMO's floating-car data of the same demand; a second file says how far two of SUMO's seeds are apart",
  );
  withCity(group.command('validate').argument('<net>', netHelp))
    .description('drive a demand and compare the traffic with what SUMO made of it')
    .addOption(against)
    .addHelpText(
      'after',
      examples([
        'roadbed mobility validate city.net.xml --demand city.rou.xml --begin 25200 --end 28800 --against city.fcd.xml.gz --json',
      ]),
    )
    .action(async (net: string, flags: ValidateFlags) => {
      requireDemand(flags);
      if (flags.against.length === 0)
        throw new RoadbedError('usage', '--against: expected a file of floating-car data');
      const { validateMobility } = await import('./mobility-validate.ts');
      await validateMobility(io, net, flags);
    });
}

/** Of the antennas of `--rsu`: what decides contacts is the disc. */
const antennaHeightMeters = 25;

function rsuOf(text: string, earlier: readonly RsuSite[]): RsuSite[] {
  const [x, y, coverageRadiusMeters] = text.split(',').map(Number) as [number, number, number];
  if (
    text.split(',').length !== 3 ||
    !Number.isFinite(x) ||
    !Number.isFinite(y) ||
    !(coverageRadiusMeters > 0)
  )
    throw new RoadbedError('usage', `--rsu ${text}: expected x,y,radius in metres, such as 500,0,300`);
  const id = asId<RsuId>(`rsu-${earlier.length + 1}`);
  return [...earlier, { id, x, y, coverageRadiusMeters, antennaHeightMeters }];
}

function registerContacts(group: Command, io: CommandIo): void {
  const source =
    'floating-car data (.xml, .csv, .gz), GPS tracks (.gpx, or .csv with --geographic), or paper:<name> for the constant speeds of a paper';
  group
    .command('contacts')
    .description('say how long recorded cars stay in the coverage of RSUs')
    .argument('<source>', source)
    .addOption(
      new Option('--rsu <x,y,radius>', 'an RSU, metres; may be given several times')
        .argParser(rsuOf)
        .default([], 'none'),
    )
    .option('--net <file>', 'the network of the data: cars then drive on its lanes')
    .option('--geographic', 'x and y of the data are degrees; metres count from the first position')
    .option('--per-hour <n>', 'arrivals, for paper:<name>', positiveNumber('per-hour'), 600)
    .option('--duration <s>', 'seconds, for paper:<name>', positiveNumber('duration'), 3600)
    .option('--seed <n>', 'root of everything random', wholeNumber('seed', 0, 2 ** 31), 42)
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      examples([
        'roadbed mobility contacts city.fcd.xml.gz --net city.net.xml --rsu 14000,17500,300',
        'roadbed mobility contacts drive.gpx --rsu 0,0,300 --json',
        'roadbed mobility contacts paper:afmc-urban --rsu 500,0,500',
      ]),
    )
    .action(async (file: string, flags: ContactsFlags) => {
      if (flags.rsu.length === 0) throw new RoadbedError('usage', '--rsu: expected at least one x,y,radius');
      const { showContacts } = await import('./mobility-contacts.ts');
      await showContacts(io, file, flags);
    });
}
