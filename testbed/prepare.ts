// Reads what a run needs, once, before anything starts: scenario, road file, data. Every process of a deployment prepares
// itself the same way. Impure: files. Must not: start a run.

import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { messageOf, RoadbedError } from '../base/errors.ts';
import { Rng } from '../base/rng.ts';
import { labelsPerSample, sampleCount, shareDataset, subset } from '../learning/data/dataset.ts';
import { type LoadedDataset, loadDataset } from '../learning/data/sources.ts';
import type { Dataset, ModelSpec } from '../learning/learner.ts';
import { labelsPerSample as labelsPerModelSample } from '../learning/models/blocks.ts';
import { createMobility } from '../mobility/engine.ts';
import type { Mobility, MobilitySource } from '../mobility/types.ts';
import { isPlainRoads } from '../protocol/scenario/road-files.ts';
import type { Scenario } from '../protocol/scenario/schema.ts';
import type { RsuOptions } from '../roadside/rsu/types.ts';
import { mobilityConfig, modelSpec, rootDataOf } from './plan.ts';
import type { LoadedScenario } from './scenario-file.ts';

/** Where generated data is kept between runs: ROADBED_CACHE, or `.cache/roadbed` in the home directory. */
export const cacheDirectory = (): string => process.env.ROADBED_CACHE ?? join(homedir(), '.cache', 'roadbed');

/** The drawn set is one set, as GTSRB is: a run's seed decides who holds which samples, not what the samples are. */
const signsSeed = 1;

export interface PreparedData {
  readonly train: Dataset;
  /** The held-out samples each evaluation uses. */
  readonly evaluation: Dataset;
  readonly fingerprint: string;
  readonly model: ModelSpec;
}

/** The data that a process loaded last: runs one after the other mostly want the same. One set, as it may fill the memory. */
export class DataShelf {
  #key = '';
  #data: LoadedDataset | undefined;

  /** The data called `key`, loaded where others lie on the shelf. */
  take(key: string, load: () => LoadedDataset): LoadedDataset {
    if (key !== this.#key) this.#data = undefined;
    this.#key = key;
    this.#data ??= load();
    return this.#data;
  }
}

/** Loads or makes the data a scenario names. Data lies on shared memory, so worker threads see the same bytes. */
export function prepareData(
  scenario: Scenario,
  dataDirectory: string | undefined,
  note: (text: string) => void,
  shelf = new DataShelf(),
): PreparedData {
  const { data, seed } = scenario;
  const source =
    data.kind === 'idx'
      ? ({ kind: 'idx', directory: dataDirectory ?? '' } as const)
      : ({ kind: data.kind, trainSamples: data.trainSamples, testSamples: data.testSamples } as const);
  const { train, test, fingerprint } = shelf.take(JSON.stringify(source), () => {
    const loaded = loadDataset(source, { cacheDirectory: cacheDirectory(), seed: signsSeed, note });
    return { ...loaded, train: shareDataset(loaded.train) };
  });
  if (data.samplesPerVehicle > sampleCount(train))
    note(
      `data.samplesPerVehicle is ${data.samplesPerVehicle}, but there are ${sampleCount(train)} training samples: cars hold some of them more than once.`,
    );
  const evaluation = data.evaluationSamples > 0 ? subset(test, data.evaluationSamples, seed) : test;
  return {
    train,
    evaluation: shareDataset(evaluation),
    fingerprint,
    model: fittingModel(scenario, train),
  };
}

/** What an RSU is told of model and data. */
export function rsuData(
  scenario: Scenario,
  data: PreparedData,
): Pick<RsuOptions, 'model' | 'evaluationData' | 'dataFingerprint' | 'rootData'> {
  return {
    model: data.model,
    evaluationData: data.evaluation,
    dataFingerprint: data.fingerprint,
    rootData: rootDataOf(scenario, data.train),
  };
}

/** The scenario's model for these data. Throws RoadbedError where it wants other labels than they have. */
function fittingModel(scenario: Scenario, train: Dataset): ModelSpec {
  const model = modelSpec(scenario, train);
  const [wanted, found] = [labelsPerModelSample(model), labelsPerSample(train)];
  if (wanted === found) return model;
  const words = (count: number): string => (count === 1 ? 'one label' : `${count} labels`);
  throw new RoadbedError(
    'scenario',
    `${model.name} wants ${words(wanted)} for each sample, the data have ${words(found)} (expected equal: a model such ` +
      'as gpt for data that label every position, as data.kind reports does; any other for data that label samples)',
  );
}

/** Builds the mobility engine of a scenario. Throws RoadbedError where its road file cannot be read, or no RSU reaches a road. */
export function prepareMobility({
  scenario,
  directory,
}: Pick<LoadedScenario, 'scenario' | 'directory'>): Mobility {
  const mobility = createMobility(
    mobilityConfig(scenario, roadText(scenario, directory)),
    Rng.root(scenario.seed).fork('mobility'),
  );
  return reachable(mobility, scenario);
}

function reachable<Source extends MobilitySource>(mobility: Source, scenario: Scenario): Source {
  if (mobility.coverage.length > 0) return mobility;
  const places = scenario.rsus.map(
    ({ id, x, y, coverageRadiusMeters: r }) => `${id} at (${x}, ${y}) with ${r} m`,
  );
  throw new RoadbedError(
    'scenario',
    `no RSU covers any road: ${places.join(', ')} (expected one within its radius of a road, or no car could ever take part; change rsus.0.x and y, or coverageRadiusMeters)`,
  );
}

/** How a world is opened. */
export interface WorldUse {
  /** False: it is only looked at, and another process drives it. True by default. */
  readonly isDriven?: boolean;
  /** Takes what the world leaves out. */
  readonly note?: (text: string) => void;
}

/** The world of a scenario: our engine of roads, or another. Throws RoadbedError as `prepareMobility` and `openOtherWorld` do. */
export async function openWorld(
  loaded: Pick<LoadedScenario, 'scenario' | 'directory'>,
  { isDriven = true, note }: WorldUse = {},
): Promise<MobilitySource> {
  if (isPlainRoads(loaded.scenario.roads)) return prepareMobility(loaded);
  // Loaded when wanted: a run on a ring needs no reader of city files.
  const { openOtherWorld } = await import('./city-world.ts');
  const { world, notes } = await openOtherWorld(loaded, isDriven);
  for (const text of notes) note?.(text);
  return reachable(world, loaded.scenario);
}

/** The text of the road file a scenario names, undefined where it names none. Throws RoadbedError('data'). */
export function roadText(scenario: Scenario, directory: string): string | undefined {
  if (scenario.roads.kind !== 'geojson') return undefined;
  const path = resolve(directory, scenario.roads.file);
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new RoadbedError(
      'data',
      `cannot read the road file ${path} (${messageOf(error)}); roads.file is relative to the scenario file`,
      { cause: error },
    );
  }
}
