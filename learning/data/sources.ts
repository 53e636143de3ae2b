// From the name of a data source in a scenario to the data, with the fingerprint that a run records. Impure: loads
// files through cache.ts and idx-folder.ts. Must not: know scenarios; it gets the source as a record.

import { sha256 } from '../../base/hash.ts';
import type { BlobSha } from '../../base/ids.ts';
import type { Dataset } from '../learner.ts';
import { loadSigns } from './cache.ts';
import { loadIdxFolder, type SplitDataset } from './idx-folder.ts';
import { signClassNames } from './signs.ts';

export type DataSource =
  /** The drawn signs, see signs.ts. */
  | { readonly kind: 'signs'; readonly trainSamples: number; readonly testSamples: number }
  /** A folder of IDX files, see idx-folder.ts. */
  | { readonly kind: 'idx'; readonly directory: string };

export interface LoadOptions {
  /** Where drawn sets are kept. */
  readonly cacheDirectory: string;
  /** Decides the drawn signs; an IDX folder does not depend on it. */
  readonly seed: number;
  /** Told, in a sentence, what a user may want to know about the cache. */
  readonly note?: (sentence: string) => void;
}

export interface LoadedDataset extends SplitDataset {
  /** One name per label. An IDX folder has no names: its labels are named by their number. */
  readonly classNames: readonly string[];
  /** sha-256 over shapes, images and labels of both parts: equal fingerprints mean equal data. */
  readonly fingerprint: BlobSha;
}

/** Loads `source`. Throws RoadbedError('data') where an IDX folder is missing or damaged. */
export function loadDataset(source: DataSource, options: LoadOptions): LoadedDataset {
  const { train, test } = loadSource(source, options);
  const classNames =
    source.kind === 'signs'
      ? signClassNames
      : Array.from({ length: train.classes }, (_, label) => String(label));
  return { train, test, classNames, fingerprint: fingerprintOf([train, test]) };
}

function loadSource(source: DataSource, options: LoadOptions): SplitDataset {
  if (source.kind === 'idx') return loadIdxFolder(source.directory);
  return loadSigns({
    cacheDirectory: options.cacheDirectory,
    trainCount: source.trainSamples,
    testCount: source.testSamples,
    seed: options.seed,
    note: options.note,
  });
}

/** sha-256 over one line per part: shape, classes, sha-256 of images, sha-256 of labels. */
function fingerprintOf(parts: readonly Dataset[]): BlobSha {
  const lines = parts.map(
    ({ inputShape, classes, images, labels }) =>
      `${inputShape.join('x')} ${classes} ${sha256(images)} ${sha256(labels)}\n`,
  );
  return sha256(new TextEncoder().encode(lines.join('')));
}
