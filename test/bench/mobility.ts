// `npm run bench -- mobility`: the figures that the mobility engine promises, each beside SUMO's where SUMO is installed.
// `--task` picks some: grid30, grid60, cities, parity, validation, coverage, closed, load.
// Must not: run in the test suite (it asserts nothing and reads the clock).

import { existsSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Rng } from '../../base/rng.ts';
import { randomTrips, recirculatingCars } from '../../mobility/demand/random-trips.ts';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';
import { netXmlOf } from '../../mobility/network/net-xml-writer.ts';
import type { Comparison } from '../../mobility/validation/compare.ts';
import { validateCity } from '../../testbed/commands/mobility-validate.ts';
import { closedForms, gridlock } from './mobility-closed-forms.ts';
import { type ChildJob, type ChildResult, raceDrive, runChild } from './mobility-drives.ts';
import { parityOf } from './mobility-parity.ts';
import { rouXmlOf } from './mobility-rou.ts';
import { runSumo, sumoVersion, withFolder } from './mobility-sumo.ts';
import { median } from './tasks.ts';

export interface MobilityOptions {
  readonly rounds: number;
  /** Empty: all. */
  readonly tasks: readonly string[];
}

export interface MobilityReport {
  readonly rows: readonly object[];
  /** Undefined in JSON where there is none. */
  readonly sumo: string | undefined;
  readonly notes: readonly string[];
}

type Row = { readonly task: string } & Readonly<Record<string, unknown>>;

interface Context {
  readonly rounds: number;
  readonly hasSumo: boolean;
}

/** Real cities of ../shared: what SUMO is given to drive them, and what it made of them. */
const shared = fileURLToPath(new URL('../../../shared/data/sumo/', import.meta.url));

const cities = [
  {
    name: 'cologne8',
    net: 'cologne8.net.xml',
    demand: ['cologne8.rou.xml'],
    additional: [],
    begin: 25_200,
    steps: 3600,
    truth: 'cologne8.seed42.fcd.xml.gz',
  },
  {
    name: 'acosta',
    net: 'acosta_buslanes.net.xml',
    demand: ['acosta.rou.xml', 'acosta_busses.rou.xml'],
    additional: ['acosta_vtypes.add.xml', 'acosta_bus_stops.add.xml', 'acosta_tls.add.xml'],
    begin: 0,
    steps: 1800,
    truth: 'acosta.seed42.0-1800s.fcd.xml.gz',
  },
] as const;

function citiesHere() {
  return cities
    .filter(({ name }) => existsSync(join(shared, name)))
    .map((city) => {
      const at = (file: string): string => join(shared, city.name, file);
      const { demand, additional } = city;
      return {
        ...city,
        net: at(city.net),
        demand: demand.map(at),
        additional: additional.map(at),
        truth: at(city.truth),
      };
    });
}

/** A grid with standing cars that drive for ever, as files that SUMO reads too. */
function gridFiles(folder: string, side: number, vehicles: number): Pick<ChildJob, 'net' | 'demand'> {
  const network = gridNetwork({ columns: side, rows: side });
  const options = { vehicles, beginSeconds: 0, wayMeters: 4000 };
  const demand = recirculatingCars(network, options, Rng.root(1).fork('demand'));
  const [net, routes] = [join(folder, 'grid.net.xml'), join(folder, 'grid.rou.xml')];
  writeFileSync(net, netXmlOf(network));
  writeFileSync(routes, rouXmlOf(network, demand, 'normc(1,0.1,0.2,2)'));
  return { net, demand: [routes] };
}

const gridTask =
  (side: number, vehicles: number, sumoRounds: number) =>
  (context: Context): Promise<Row[]> =>
    withFolder(async (folder) => {
      const files = gridFiles(folder, side, vehicles);
      const job = { ...files, additional: [], begin: 0, warm: 20, steps: 60, rehearse: true, rsus: 0 };
      const rounds = { rounds: context.rounds, sumoRounds: context.hasSumo ? sumoRounds : 0 };
      const row = await raceDrive(`grid ${side}x${side}, ${vehicles} vehicles`, job, rounds);
      return [{ task: `grid${side}`, ...row }];
    });

async function citySpeeds({ rounds, hasSumo }: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, net, demand, additional, begin, steps } of citiesHere()) {
    const job = { net, demand, additional, begin, warm: 0, steps, rehearse: true, rsus: 0 };
    const row = await raceDrive(name, job, { rounds, sumoRounds: hasSumo ? rounds : 0 });
    rows.push({ task: 'cities', ...row });
  }
  return rows;
}

async function parities({ hasSumo }: Context): Promise<Row[]> {
  if (!hasSumo) return [];
  const rows: Row[] = [];
  for (const model of ['Krauss', 'IDM'] as const)
    for (const step of [1, 0.1]) rows.push({ task: 'parity', ...(await parityOf(model, step)) });
  return rows;
}

/** The goals of G5 and G6 for one city, and for another seed of SUMO against the same reference. */
async function validations({ hasSumo }: Context): Promise<Row[]> {
  const rows: Row[] = [];
  for (const { name, net, demand, additional, begin, steps, truth } of citiesHere()) {
    const end = begin + steps;
    const found = await withFolder(async (folder) => {
      const other = join(folder, 'seed43.fcd.xml.gz');
      const files = [
        '-n',
        net,
        '-r',
        demand.join(','),
        ...(additional.length > 0 ? ['-a', additional.join(',')] : []),
      ];
      const times = ['--begin', String(begin), '--end', String(end), '--seed', '43'];
      if (hasSumo) runSumo([...files, ...times, '--fcd-output', other, '--precision', '3']);
      const against = hasSumo ? [truth, other] : [truth];
      const flags = { demand, additional, begin, end, step: 1, seed: 42, teleportAfter: 300, against };
      return validateCity(net, flags);
    });
    rows.push(validationRow(name, found.found));
    for (const floor of found.noiseFloors) rows.push(validationRow(`${name}, SUMO seed 43`, floor));
  }
  return rows;
}

function validationRow(name: string, comparison: Comparison): Row {
  const { geh, travelTimeError, runningRmse, dwellKs, successError } = comparison;
  const successErrorPoints = Math.max(...Object.values(successError));
  return {
    task: 'validation',
    name,
    gehBelow5: geh.shareBelow5,
    travelTimeError,
    runningRmse,
    dwellKs,
    successErrorPoints,
  };
}

const coverage = ({ rounds }: Context): Promise<Row[]> =>
  withFolder((folder) => {
    const files = gridFiles(folder, 30, 10_000);
    const job = { ...files, additional: [], begin: 0, warm: 30, steps: 31, rehearse: false, rsus: 64 };
    const times = Array.from({ length: rounds }, () => runChild(job).contactMilliseconds);
    const name = 'contacts of 10000 vehicles with 64 RSUs: ms a step';
    return [{ task: 'coverage', name, milliseconds: Number(median(times).toFixed(3)) }];
  });

/** A net.xml of some 13 MB with some 9 MB of routes, read from nothing to the first step. */
const loading = ({ rounds, hasSumo }: Context): Promise<Row[]> =>
  withFolder((folder) => {
    const network = gridNetwork({ columns: 34, rows: 34 });
    const times = { vehicles: 27_000, beginSeconds: 0, endSeconds: 3600 };
    const demand = randomTrips(network, times, Rng.root(1).fork('demand'));
    const [net, routes] = [join(folder, 'large.net.xml'), join(folder, 'large.rou.xml')];
    const texts = [netXmlOf(network), rouXmlOf(network, demand, '1')] as const;
    writeFileSync(net, texts[0]);
    writeFileSync(routes, texts[1]);
    const job = {
      net,
      demand: [routes],
      additional: [],
      begin: 0,
      warm: 0,
      steps: 3600,
      rehearse: false,
      loadOnly: true,
      rsus: 0,
    };
    const ours: ChildResult[] = [];
    const theirs: number[] = [];
    for (let round = 0; round < rounds; round++) {
      ours.push(runChild(job));
      // With all routes read before the first step, as roadbed reads them.
      const whole = ['-n', net, '-r', routes, '--begin', '0', '--end', '1', '--route-steps', '0'];
      if (hasSumo) theirs.push(runSumo(whole).cpuSeconds);
    }
    const megabytes = texts.map((text) => Number((text.length / 1e6).toFixed(1)));
    const name = `loading ${megabytes[0]} MB of net.xml with ${megabytes[1]} MB of routes`;
    const sumoCpuSeconds = theirs.length === 0 ? null : median(theirs);
    const seconds = median(ours.map(({ loadSeconds }) => loadSeconds));
    const cpuSeconds = median(ours.map(({ loadCpuSeconds }) => loadCpuSeconds));
    return [{ task: 'load', name, seconds, cpuSeconds, sumoCpuSeconds }];
  });

async function forms(): Promise<Row[]> {
  return [...closedForms(), gridlock()].map((row) => ({ task: 'closed', ...row }));
}

const tasks: Readonly<Record<string, (context: Context) => Promise<Row[]>>> = {
  grid30: gridTask(30, 10_000, Number.POSITIVE_INFINITY),
  // SUMO needs minutes for this one: once is enough to know its order of size.
  grid60: gridTask(60, 50_000, 1),
  cities: citySpeeds,
  parity: parities,
  validation: validations,
  coverage,
  closed: forms,
  load: loading,
};

/** Runs the benchmark; `progress` hears of every row as it is finished. */
export async function benchMobility(
  options: MobilityOptions,
  progress: (row: object) => void,
): Promise<MobilityReport> {
  const sumo = sumoVersion();
  const rows: object[] = [];
  for (const [name, task] of Object.entries(tasks)) {
    if (options.tasks.length > 0 && !options.tasks.includes(name)) continue;
    for (const row of await task({ rounds: options.rounds, hasSumo: sumo !== undefined })) {
      rows.push(row);
      progress(row);
    }
  }
  return { rows, sumo, notes: notes(sumo) };
}

function notes(sumo: string | undefined): string[] {
  return [
    'medians of the rounds, roadbed and SUMO in turn, each run in a process of its own; processor time, user and system',
    'driving: the same window of the same demand on the same network without output; roadbed drives it twice before, to be compiled; updates are what each side counts itself; sumoRatio is processor time over processor time',
    'megabytes: the most a process held that only loads and drives, Node included, as one JavaScript file; megabytesWithLoader: with the loader that compiles TypeScript in the same process, as the command line has it',
    'validation: against floating-car data of SUMO seed 42; the rows of seed 43 say how far another seed of SUMO is from it',
    sumo === undefined
      ? 'no SUMO on this machine: rows have no side of SUMO, and parity has no rows'
      : `SUMO ${sumo} as installed; Debian builds it with assertions on, and SUMO's own pages suggest that an optimised build is up to three times faster`,
    ...(citiesHere().length < cities.length
      ? ['the real cities lie in ../shared/data/sumo, which is not here: no rows']
      : []),
  ];
}
