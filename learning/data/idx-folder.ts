// Loads a folder of IDX files: MNIST, GTSRB, or anything a user brings in that form. Impure: reads files.
// Must not: write, or reach for the network; a missing file is the user's to fetch, and the error says which.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { Dataset } from '../learner.ts';
import { indicesByClass, pickSamples } from './dataset.ts';
import { type IdxArray, pairToDataset, parseIdx } from './idx.ts';

/** A data set in its two parts. Both have the same input shape and the same number of classes. */
export interface SplitDataset {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** A folder with a test part only is split: this share of every class becomes training data. */
const trainShare = 0.8;
/** The split must be the same for every run, whatever the run's seed: it is a property of the data. */
const splitSeed = 1;

const expectedFiles =
  'train-images-idx4-ubyte.gz, train-labels-idx1-ubyte.gz, test-images-idx4-ubyte.gz and test-labels-idx1-ubyte.gz (t10k- for test-, idx3 for one channel, .gz or not)';

/** Loads `directory`. Every error is a RoadbedError('data') that names the path and what was expected. */
export function loadIdxFolder(directory: string): SplitDataset {
  if (!existsSync(directory))
    throw new RoadbedError('data', `${directory} does not exist; expected a folder with ${expectedFiles}.`);
  const names = listFolder(directory);
  const train = loadPart(directory, names, 'train');
  const test = loadPart(directory, names, 'test') ?? loadPart(directory, names, 't10k');
  if (test === null)
    throw new RoadbedError('data', `${directory} holds no test images; expected ${expectedFiles}.`);
  return train === null ? splitByClass(test, directory) : withSameClasses(train, test, directory);
}

function listFolder(directory: string): string[] {
  try {
    return readdirSync(directory).sort();
  } catch (error) {
    throw new RoadbedError(
      'data',
      `${directory} cannot be listed (${messageOf(error)}); expected a folder with ${expectedFiles}.`,
      { cause: error },
    );
  }
}

type Part = 'train' | 'test' | 't10k';

/** One part, or null where the folder has no images of it. */
function loadPart(directory: string, names: readonly string[], part: Part): Dataset | null {
  const imagesName = findFile(names, `${part}-images`);
  if (imagesName === null) return null;
  const labelsName = findFile(names, `${part}-labels`);
  if (labelsName === null)
    throw new RoadbedError(
      'data',
      `${join(directory, `${part}-labels-idx1-ubyte.gz`)} is missing; ${imagesName} needs its labels beside it.`,
    );
  const imagesPath = join(directory, imagesName);
  const labelsPath = join(directory, labelsName);
  return pairToDataset({
    images: readIdx(imagesPath),
    imagesName: imagesPath,
    labels: readIdx(labelsPath),
    labelsName: labelsPath,
  });
}

/** The unzipped file where both are there: `names` is sorted. */
function findFile(names: readonly string[], stem: string): string | null {
  const pattern = new RegExp(`^${stem}[-.]idx\\d-ubyte(\\.gz)?$`);
  return names.find((name) => pattern.test(name)) ?? null;
}

function readIdx(path: string): IdxArray {
  let bytes: Uint8Array;
  try {
    bytes = readFileSync(path);
  } catch (error) {
    throw new RoadbedError('data', `${path} cannot be read (${messageOf(error)}). Check its permissions.`, {
      cause: error,
    });
  }
  return parseIdx(bytes, path);
}

/** Train and test count classes apart, because either may lack the last one; the larger number holds for both. */
function withSameClasses(train: Dataset, test: Dataset, directory: string): SplitDataset {
  if (train.inputShape.join() !== test.inputShape.join())
    throw new RoadbedError(
      'data',
      `${directory} mixes two data sets: training images are ${train.inputShape.join(' x ')}, test images ${test.inputShape.join(' x ')}; the two must be equal.`,
    );
  const classes = Math.max(train.classes, test.classes);
  return { train: { ...train, classes }, test: { ...test, classes } };
}

function splitByClass(all: Dataset, directory: string): SplitDataset {
  const rng = Rng.root(splitSeed).fork('split');
  const train: number[] = [];
  const test: number[] = [];
  for (const [label, list] of indicesByClass(all.labels, all.classes).entries()) {
    rng.fork(`class ${label}`).shuffle(list);
    const cut = Math.round(list.length * trainShare);
    train.push(...list.slice(0, cut));
    test.push(...list.slice(cut));
  }
  if (test.length === 0)
    throw new RoadbedError(
      'data',
      `${directory} has ${all.labels.length} images in one part, too few to split; expected at least 3 of one class, or training and test files.`,
    );
  const ascending = (a: number, b: number): number => a - b;
  return { train: pickSamples(all, train.sort(ascending)), test: pickSamples(all, test.sort(ascending)) };
}
