// `roadbed data inspect | partition`: looks at data sets, and at who would hold what. Impure: writes the picture where
// the user says. Must not: train, or start a run.

import { writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { VehicleId } from '../../base/ids.ts';
import { sampleCount, sampleLabels } from '../../learning/data/dataset.ts';
import { segmentOf } from '../../learning/data/partition/by-place.ts';
import type { Place } from '../../learning/data/partition.ts';
import { openDataset } from '../../learning/data/sources.ts';
import { defaultTokens, type TokenOptions } from '../../learning/data/text.ts';
import type { Dataset } from '../../learning/learner.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';
import type { CommandIo } from '../io.ts';
import { firstPlaces } from '../places.ts';
import { shardOf } from '../plan.ts';
import { stackedBarsSvg } from '../plot/stacked-bars.ts';
import { textTable } from '../plot/text-table.ts';
import { prepareData, prepareMobility } from '../prepare.ts';
import { loadScenario } from '../scenario-file.ts';
import {
  examples,
  oneOf,
  type ScenarioOptions,
  scenarioArgument,
  wholeNumber,
  withData,
  withScenarioOptions,
} from './options.ts';

interface InspectOptions extends TokenOptions {
  readonly json?: boolean;
}

interface PartitionOptions extends ScenarioOptions {
  readonly data?: string;
  readonly out?: string;
  readonly vehicles?: number;
  readonly json?: boolean;
}

function countsOf(labels: Uint8Array, classes: number): number[] {
  const counts = new Array<number>(classes).fill(0);
  for (const label of labels) counts[label]! += 1;
  return counts;
}

const partOf = (part: Dataset) => ({
  samples: sampleCount(part),
  shape: [sampleCount(part), ...part.inputShape],
  counts: countsOf(part.labels, part.classes),
});

function inspect(io: CommandIo, directory: string, options: InspectOptions): void {
  const { format, train, test, classNames, fingerprint } = openDataset(directory, options);
  const parts = { train: partOf(train), test: partOf(test) };
  const { classes, inputShape } = train;
  if (options.json) {
    const found = { directory, format, classes, classNames, inputShape, ...parts, fingerprint };
    io.out(JSON.stringify(found, null, 2));
    return;
  }
  io.out(`${directory}: ${format}, ${classes} classes, samples of ${inputShape.join('x')}`);
  io.out(`${parts.train.samples} for training, ${parts.test.samples} for testing`);
  io.out(`fingerprint ${fingerprint}`);
  const rows = classNames.map((name, label) => [
    String(label),
    name,
    String(parts.train.counts[label]),
    String(parts.test.counts[label]),
  ]);
  for (const line of textTable(['label', '<class', 'training', 'testing'], rows)) io.out(line);
}

/** What one vehicle would hold. */
interface Holding {
  readonly vehicle: string;
  readonly place: Place;
  /** The stretch of road that decides the label mix, under a partition by place. */
  readonly segment: string | undefined;
  readonly samples: number;
  readonly counts: readonly number[];
}

function holdingsOf(scenario: Scenario, train: Dataset, places: ReadonlyMap<VehicleId, Place>): Holding[] {
  const { partition } = scenario.data;
  const { classes } = train;
  const labels = sampleLabels(train);
  return [...places].map(([vehicle, place]) => {
    const shard = shardOf(scenario, train, { vehicle, place });
    const held = Uint8Array.from(shard, (index) => labels[index]!);
    const isByPlace = partition.kind === 'by-place';
    const segment = isByPlace ? segmentOf(place, partition.segmentMeters) : undefined;
    return { vehicle, place, segment, samples: shard.length, counts: countsOf(held, classes) };
  });
}

function write(path: string, content: string): void {
  try {
    writeFileSync(path, content);
  } catch (error) {
    throw new RoadbedError('usage', `--out ${path}: cannot be written (${messageOf(error)})`, {
      cause: error,
    });
  }
}

/** Cars to show where cars keep arriving and there is no fleet to count. */
const arrivingShown = 20;

function shownVehicles({ traffic }: Scenario, wanted: number | undefined): number {
  if (wanted !== undefined) return wanted;
  return traffic.source.kind === 'recirculating' ? traffic.source.vehicles : arrivingShown;
}

function partition(io: CommandIo, file: string, options: PartitionOptions): void {
  const { set: sets, seed, data: dataDirectory } = options;
  const loaded = loadScenario(file, { sets, seed, dataDirectory });
  const { scenario } = loaded;
  const { train } = prepareData(scenario, loaded.dataDirectory, io.err);
  const places = firstPlaces(prepareMobility(loaded), shownVehicles(scenario, options.vehicles));
  const holdings = holdingsOf(scenario, train, places);
  const bands = Array.from({ length: train.classes }, (_, label) => `class ${label}`);
  const title = `${scenario.name}: ${scenario.data.partition.kind} partition`;
  const bars = holdings.map(({ vehicle, counts }) => ({ name: vehicle, counts }));
  if (options.out !== undefined) write(options.out, stackedBarsSvg({ title, unit: 'samples', bands, bars }));
  if (options.json) {
    const { partition: kind } = scenario.data;
    const shown = { scenario: scenario.name, seed: scenario.seed, partition: kind, classes: train.classes };
    io.out(JSON.stringify({ ...shown, vehicles: holdings }, null, 2));
    return;
  }
  printHoldings(io, holdings);
  if (options.out !== undefined) io.err(`The picture is in ${options.out}.`);
}

function printHoldings(io: CommandIo, holdings: readonly Holding[]): void {
  const rows = holdings.map(({ vehicle, place, segment, samples, counts }) => [
    vehicle,
    segment ?? `${place.road} at ${Math.round(place.offsetMeters)} m`,
    String(samples),
    String(counts.filter((count) => count > 0).length),
    `${((100 * Math.max(...counts)) / samples).toFixed(0)} %`,
  ]);
  const columns = ['<vehicle', '<place', 'samples', 'classes', 'most frequent class'];
  for (const line of textTable(columns, rows)) io.out(line);
}

/** Adds `data` and its subcommands to the command line. */
export function registerData(program: Command, io: CommandIo): void {
  const data = program.command('data').description('look at data sets and at who would hold what');
  data
    .command('inspect')
    .description('say what a folder of data holds: classes, counts, shapes, fingerprint')
    .argument('<dir>', 'IDX files, CIFAR binary files, or tables of images or texts')
    .option(
      '--tokens <kind>',
      'how texts become numbers: bytes or words',
      oneOf('tokens', ['bytes', 'words'] as const),
      defaultTokens.tokens,
    )
    .option('--length <n>', 'tokens of a text', wholeNumber('length', 1, 65_536), defaultTokens.length)
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      examples([
        'roadbed data inspect path/to/mnist',
        'roadbed data inspect path/to/cifar-10-batches-bin --json',
        'roadbed data inspect path/to/texts --tokens words --length 32',
      ]),
    )
    .action((directory: string, options: InspectOptions) => inspect(io, directory, options));
  withData(
    withScenarioOptions(
      data
        .command('partition')
        .description('show which samples each vehicle of a scenario would hold, as a table and as a picture')
        .addArgument(scenarioArgument('<scenario>')),
    ),
  )
    .option('--out <file.svg>', 'write a picture: one bar a vehicle, one band a class')
    .option('--vehicles <n>', 'show so many vehicles', wholeNumber('vehicles', 1, 10_000))
    .option('--json', 'JSON instead of text')
    .addHelpText(
      'after',
      examples([
        'roadbed data partition highway-signs --out partition.svg',
        'roadbed data partition mnist-ring --data path/to/mnist --set data.partition.kind=shards',
      ]),
    )
    .action((file: string, options: PartitionOptions) => partition(io, file, options));
}
