// Loads a folder of IDX files: MNIST, GTSRB, or anything a user brings in that form. Impure: reads files.
// Must not: write, or reach for the network; a missing file is the user's to fetch, and the error says which.

import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { Dataset } from '../learner.ts';
import { type IdxArray, pairToDataset, parseIdx } from './idx.ts';
import { type SplitDataset, splitByClass, withSameClasses } from './split.ts';

export type { SplitDataset } from './split.ts';

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
