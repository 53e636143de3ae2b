// Keeps the drawn sign set on disk after its first use: drawing takes seconds, reading a fraction of one. Impure:
// reads and writes files. Must not: fail a run because the cache is damaged or cannot be written; it can draw again.

import { existsSync, mkdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { messageOf } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { Dataset } from '../learner.ts';
import { sampleCount } from './dataset.ts';
import { encodeDataset } from './idx.ts';
import { loadIdxFolder, type SplitDataset } from './idx-folder.ts';
import { generateSigns, signClassNames, signsVersion } from './signs.ts';

export interface SignsCacheOptions {
  /** Folder for caches; made if absent. */
  readonly cacheDirectory: string;
  readonly trainCount: number;
  readonly testCount: number;
  readonly seed: number;
  /** Told, in a sentence, when the cache was damaged or cannot be written. */
  readonly note?: (sentence: string) => void;
}

/** The sign set from the cache, drawn and stored at first use. The same options give the same bytes, cache or not. */
export function loadSigns(options: SignsCacheOptions): SplitDataset {
  const { cacheDirectory, trainCount, testCount, seed } = options;
  const folder = join(cacheDirectory, `signs-v${signsVersion}-${trainCount}-${testCount}-seed${seed}`);
  const stored = readStored(folder, options);
  if (stored !== null) return stored;
  const signs = drawSigns({ trainCount, testCount, seed });
  store(folder, signs, options.note);
  return signs;
}

/** Draws both parts from streams of their own, so that no test image is a training image. */
function drawSigns(options: { trainCount: number; testCount: number; seed: number }): SplitDataset {
  const root = Rng.root(options.seed).fork('sign set');
  return {
    train: generateSigns({ count: options.trainCount, seed: root.fork('train').next() }),
    test: generateSigns({ count: options.testCount, seed: root.fork('test').next() }),
  };
}

/** What the cache holds, or null where it holds nothing usable. */
function readStored(folder: string, options: SignsCacheOptions): SplitDataset | null {
  if (!existsSync(folder)) return null;
  try {
    const { train, test } = loadIdxFolder(folder);
    if (sampleCount(train) !== options.trainCount || sampleCount(test) !== options.testCount)
      throw new RangeError(
        `it holds ${sampleCount(train)} + ${sampleCount(test)} images, expected ${options.trainCount} + ${options.testCount}`,
      );
    // A small set may lack the last classes; the class table does not shrink with it.
    const classes = signClassNames.length;
    return { train: { ...train, classes }, test: { ...test, classes } };
  } catch (error) {
    options.note?.(`The sign cache ${folder} is damaged and is drawn again: ${messageOf(error)}`);
    return null;
  }
}

/** Writes beside the final place and renames, so that a run that is stopped leaves no half cache. */
function store(folder: string, signs: SplitDataset, note: SignsCacheOptions['note']): void {
  const temporary = `${folder}.${process.pid}.tmp`;
  try {
    mkdirSync(dirname(folder), { recursive: true });
    writeIdx(signs.train, temporary, 'train');
    writeIdx(signs.test, temporary, 'test');
    rmSync(folder, { recursive: true, force: true });
    renameSync(temporary, folder);
  } catch (error) {
    if (existsSync(temporary)) rmSync(temporary, { recursive: true, force: true });
    // Another run that stored the same set a moment earlier makes the rename fail; its bytes are ours.
    if (!existsSync(folder))
      note?.(`The sign cache ${folder} cannot be written (${messageOf(error)}); the next run draws again.`);
  }
}

/** Writes `dataset` as gzipped IDX files into `directory` (made if absent), named as `loadIdxFolder` expects them. */
export function writeIdx(dataset: Dataset, directory: string, part: 'train' | 'test'): void {
  mkdirSync(directory, { recursive: true });
  const { images, labels } = encodeDataset(dataset);
  const rank = dataset.inputShape[2] === 1 ? 3 : 4;
  writeFileSync(join(directory, `${part}-images-idx${rank}-ubyte.gz`), images);
  writeFileSync(join(directory, `${part}-labels-idx1-ubyte.gz`), labels);
}
