// From the name of a data source in a scenario, or from a folder alone, to the data, with the fingerprint that a run
// records. What a folder holds is told by the names in it. Impure: loads files.
// Must not: know scenarios; it gets the source as a record.

import { RoadbedError } from '../../base/errors.ts';
import { sha256 } from '../../base/hash.ts';
import type { BlobSha } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import type { Dataset } from '../learner.ts';
import { loadSigns } from './cache.ts';
import { loadCifarFolder, looksLikeCifar } from './cifar.ts';
import { listFolder } from './files.ts';
import { loadIdxFolder, type SplitDataset } from './idx-folder.ts';
import { generateReports, reportClassNames } from './reports.ts';
import { signClassNames } from './signs.ts';
import { looksLikeTable } from './table-parts.ts';
import { loadTableFolder } from './table-set.ts';
import { defaultTokens, type TokenOptions } from './text.ts';

export type DataSource =
  /** The drawn signs, see signs.ts. */
  | { readonly kind: 'signs'; readonly trainSamples: number; readonly testSamples: number }
  /** Traffic reports letter by letter, see reports.ts. */
  | { readonly kind: 'reports'; readonly trainSamples: number; readonly testSamples: number }
  /** A folder of IDX files, or of any other format that `openDataset` knows. */
  | { readonly kind: 'idx'; readonly directory: string };

export interface LoadOptions {
  /** Where drawn sets are kept. */
  readonly cacheDirectory: string;
  /** Decides what is drawn or made; a folder does not depend on it. */
  readonly seed: number;
  /** Told, in a sentence, what a user may want to know about the cache. */
  readonly note?: (sentence: string) => void;
}

export type DataFormat = 'signs' | 'reports' | 'idx' | 'cifar10' | 'cifar100' | 'images' | 'text';

export interface LoadedDataset extends SplitDataset {
  readonly format: DataFormat;
  /** One name per label. Where a folder names no classes, labels are named by their number. */
  readonly classNames: readonly string[];
  /** sha-256 over shapes, images and labels of both parts: equal fingerprints mean equal data. */
  readonly fingerprint: BlobSha;
}

type Unprinted = Omit<LoadedDataset, 'fingerprint'>;

const known =
  'IDX files (train-images-idx4-ubyte.gz and so on), the binary version of CIFAR-10 or CIFAR-100, or train.csv and ' +
  'test.csv with a column of labels and one of image files or texts';

function readFolder(directory: string, tokens: TokenOptions): Unprinted {
  const names = listFolder(directory);
  if (names.some((name) => /[-.]idx\d-ubyte(\.gz)?$/.test(name))) {
    const parts = loadIdxFolder(directory);
    const classNames = Array.from({ length: parts.train.classes }, (_, label) => String(label));
    return { format: 'idx', ...parts, classNames };
  }
  if (looksLikeCifar(names)) {
    const { name, ...rest } = loadCifarFolder(directory, names);
    return { format: name, ...rest };
  }
  if (looksLikeTable(names)) {
    const { kind, ...rest } = loadTableFolder(directory, names, tokens);
    return { format: kind, ...rest };
  }
  throw new RoadbedError('data', `${directory} holds no data set that roadbed knows; expected ${known}.`);
}

/**
 * Opens a folder of data of any format that roadbed knows. `tokens` says how texts become numbers.
 * Every error is a RoadbedError('data') that names the path and what was expected.
 */
export function openDataset(directory: string, tokens: TokenOptions = defaultTokens): LoadedDataset {
  const opened = readFolder(directory, tokens);
  return { ...opened, fingerprint: fingerprintOf([opened.train, opened.test]) };
}

/** Both parts come from streams of their own. */
function makeReports(trainSamples: number, testSamples: number, seed: number): Unprinted {
  const root = Rng.root(seed).fork('report set');
  const train = generateReports({ count: trainSamples, seed: root.fork('train').next() });
  const test = generateReports({ count: testSamples, seed: root.fork('test').next() });
  return { format: 'reports', train, test, classNames: reportClassNames };
}

/** Loads `source`. Throws RoadbedError('data') where a folder is missing or damaged. */
export function loadDataset(source: DataSource, options: LoadOptions): LoadedDataset {
  if (source.kind === 'idx') return openDataset(source.directory);
  if (source.kind === 'reports') {
    const made = makeReports(source.trainSamples, source.testSamples, options.seed);
    return { ...made, fingerprint: fingerprintOf([made.train, made.test]) };
  }
  const parts = loadSigns({
    cacheDirectory: options.cacheDirectory,
    trainCount: source.trainSamples,
    testCount: source.testSamples,
    seed: options.seed,
    note: options.note,
  });
  const fingerprint = fingerprintOf([parts.train, parts.test]);
  return { format: 'signs', ...parts, classNames: signClassNames, fingerprint };
}

/** sha-256 over one line per part: shape, classes, sha-256 of images, sha-256 of labels. */
function fingerprintOf(parts: readonly Dataset[]): BlobSha {
  const lines = parts.map(
    ({ inputShape, classes, images, labels }) =>
      `${inputShape.join('x')} ${classes} ${sha256(images)} ${sha256(labels)}\n`,
  );
  return sha256(new TextEncoder().encode(lines.join('')));
}
