// Folders of IDX files, the cache of drawn signs, and the sources that a scenario names. Uses temporary folders, and
// the public sets under ../shared where they are there.

import { existsSync, mkdirSync, mkdtempSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { sha256 } from '../../base/hash.ts';
import { loadSigns, writeIdx } from '../../learning/data/cache.ts';
import { loadIdxFolder, type SplitDataset } from '../../learning/data/idx-folder.ts';
import { generateSigns } from '../../learning/data/signs.ts';
import { loadDataset } from '../../learning/data/sources.ts';
import type { Dataset } from '../../learning/learner.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roadbed-data-'));
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

/** `labels` as a set of images of 1 x 2, each filled with its own position. */
function tiny(labels: readonly number[], channels = 1): Dataset {
  return {
    inputShape: [1, 2, channels],
    classes: Math.max(...labels) + 1,
    images: Uint8Array.from({ length: labels.length * 2 * channels }, (_, i) =>
      Math.floor(i / (2 * channels)),
    ),
    labels: Uint8Array.from(labels),
  };
}

/** A set in a few words: comparing hundreds of kilobytes element by element would take minutes to say "different". */
const digest = ({ inputShape, classes, images, labels }: Dataset): string =>
  `${inputShape.join('x')} ${classes} ${sha256(images)} ${sha256(labels)}`;
const digests = ({ train, test }: SplitDataset): string[] => [digest(train), digest(test)];

describe('loadIdxFolder', () => {
  it('reads what writeIdx wrote, and counts classes over both parts', () => {
    writeIdx(tiny([0, 1, 2]), folder, 'train');
    writeIdx(tiny([5, 0]), folder, 'test');
    const { train, test } = loadIdxFolder(folder);
    expect(train).toEqual({ ...tiny([0, 1, 2]), classes: 6 });
    expect(test).toEqual({ ...tiny([5, 0]), classes: 6 });
  });

  it('splits a folder with test images only: 80 of 100 per class, the same every time', () => {
    const labels = Array.from({ length: 100 }, (_, i) => i % 10);
    writeIdx(tiny(labels), folder, 'test');
    for (const kind of ['images-idx3', 'labels-idx1'])
      renameSync(join(folder, `test-${kind}-ubyte.gz`), join(folder, `t10k-${kind}-ubyte.gz`));
    const { train, test } = loadIdxFolder(folder);
    expect(train.labels.length).toBe(80);
    expect([...test.labels].sort()).toEqual(Array.from({ length: 20 }, (_, i) => Math.floor(i / 2)));
    const samples = [...train.images, ...test.images].filter((_, i) => i % 2 === 0).sort((a, b) => a - b);
    expect(samples).toEqual(Array.from({ length: 100 }, (_, i) => i));
    expect(digests(loadIdxFolder(folder))).toEqual(digests({ train, test }));
  });

  it('names a folder that is not there', () => {
    const missing = join(folder, 'none');
    expect(() => loadIdxFolder(missing)).toThrow(
      `${missing} does not exist; expected a folder with train-images-idx4-ubyte.gz, train-labels-idx1-ubyte.gz, test-images-idx4-ubyte.gz and test-labels-idx1-ubyte.gz (t10k- for test-, idx3 for one channel, .gz or not).`,
    );
  });

  it('names a file in the place of the folder', () => {
    const file = join(folder, 'file');
    writeFileSync(file, '');
    expect(() => loadIdxFolder(file)).toThrow(`${file} cannot be listed (ENOTDIR`);
  });

  it('names a folder without test images', () => {
    writeIdx(tiny([0, 1]), folder, 'train');
    expect(() => loadIdxFolder(folder)).toThrow(`${folder} holds no test images; expected train-images`);
  });

  it('names labels that are missing', () => {
    writeIdx(tiny([0, 1]), folder, 'test');
    rmSync(join(folder, 'test-labels-idx1-ubyte.gz'));
    expect(() => loadIdxFolder(folder)).toThrow(
      `${join(folder, 'test-labels-idx1-ubyte.gz')} is missing; test-images-idx3-ubyte.gz needs its labels beside it.`,
    );
  });

  it('refuses parts of different shapes', () => {
    writeIdx(tiny([0, 1]), folder, 'train');
    writeIdx(tiny([0, 1], 3), folder, 'test');
    expect(() => loadIdxFolder(folder)).toThrow(
      `${folder} mixes two data sets: training images are 1 x 2 x 1, test images 1 x 2 x 3; the two must be equal.`,
    );
  });

  it('refuses to split what is too small', () => {
    writeIdx(tiny([0, 1]), folder, 'test');
    expect(() => loadIdxFolder(folder)).toThrow(
      `${folder} has 2 images in one part, too few to split; expected at least 3 of one class, or training and test files.`,
    );
  });
});

describe('loadSigns', () => {
  const counts = { trainCount: 50, testCount: 10, seed: 9 };

  it('draws at first use, stores under a name with version, counts and seed, and reads afterwards', () => {
    const notes: string[] = [];
    const options = {
      ...counts,
      cacheDirectory: join(folder, 'deep', 'cache'),
      note: (s: string) => notes.push(s),
    };
    const drawn = loadSigns(options);
    expect(readdirSync(options.cacheDirectory)).toEqual(['signs-v1-50-10-seed9']);
    expect(digests(loadSigns(options))).toEqual(digests(drawn));
    expect(drawn.train.labels.length).toBe(50);
    expect(drawn.test.classes).toBe(43);
    expect(notes).toEqual([]);
  });

  it('draws a damaged cache again and says so once', () => {
    const notes: string[] = [];
    const options = { ...counts, cacheDirectory: folder, note: (s: string) => notes.push(s) };
    const drawn = loadSigns(options);
    const file = join(folder, 'signs-v1-50-10-seed9', 'train-images-idx4-ubyte.gz');
    writeFileSync(file, 'not gzip');
    expect(digests(loadSigns(options))).toEqual(digests(drawn));
    expect(digests(loadSigns(options))).toEqual(digests(drawn));
    expect(notes).toEqual([
      `The sign cache ${join(folder, 'signs-v1-50-10-seed9')} is damaged and is drawn again: ${file} is not an IDX file: it begins with 0x6e6f7420, expected 0x000008 and the rank (labels 0x00000801, images 0x00000803 or 0x00000804).`,
    ]);
  });

  it('draws again when the stored set has another size', () => {
    const notes: string[] = [];
    const name = join(folder, 'signs-v1-50-10-seed9');
    writeIdx(generateSigns({ count: 3, seed: 1 }), name, 'train');
    writeIdx(generateSigns({ count: 10, seed: 1 }), name, 'test');
    const { train } = loadSigns({ ...counts, cacheDirectory: folder, note: (s) => notes.push(s) });
    expect(train.labels.length).toBe(50);
    expect(notes).toEqual([
      `The sign cache ${name} is damaged and is drawn again: it holds 3 + 10 images, expected 50 + 10`,
    ]);
  });

  it('goes on where the cache cannot be written, and says so', () => {
    const notes: string[] = [];
    const blocked = join(folder, 'file');
    writeFileSync(blocked, '');
    const { test } = loadSigns({ ...counts, cacheDirectory: blocked, note: (s) => notes.push(s) });
    expect(test.labels.length).toBe(10);
    expect(notes.length).toBe(1);
    expect(notes[0]).toMatch(/cannot be written \(.+\); the next run draws again\.$/);
  });

  it('draws test images that are no training images', () => {
    const { train, test } = loadSigns({ ...counts, cacheDirectory: folder });
    const image = (set: Dataset, i: number): string => set.images.subarray(i * 3072, (i + 1) * 3072).join();
    const seen = new Set(Array.from({ length: 50 }, (_, i) => image(train, i)));
    for (let i = 0; i < 10; i++) expect(seen.has(image(test, i))).toBe(false);
  });
});

describe('loadDataset', () => {
  it('gives signs their names, and one fingerprint whether drawn or read', () => {
    const source = { kind: 'signs', trainSamples: 43, testSamples: 4 } as const;
    const drawn = loadDataset(source, { cacheDirectory: folder, seed: 7 });
    const read = loadDataset(source, { cacheDirectory: folder, seed: 7 });
    expect(drawn.classNames[14]).toBe('stop');
    expect(drawn.fingerprint).toBe('2f5513341a08b826178f8791b8970c896a30118416212aff5babf51ab9112c83');
    expect(read.fingerprint).toBe(drawn.fingerprint);
  });

  it('names the labels of a folder by number, and another pixel gives another fingerprint', () => {
    const options = { cacheDirectory: folder, seed: 7 };
    const directory = join(folder, 'own');
    mkdirSync(directory);
    writeIdx(tiny([0, 1, 2]), directory, 'train');
    writeIdx(tiny([2]), directory, 'test');
    const before = loadDataset({ kind: 'idx', directory }, options);
    expect(before.classNames).toEqual(['0', '1', '2']);
    const changed = tiny([2]);
    changed.images[0]! += 1;
    writeIdx(changed, directory, 'test');
    expect(loadDataset({ kind: 'idx', directory }, options).fingerprint).not.toBe(before.fingerprint);
  });
});

const mnist = '../shared/data/mnist-10k';
describe.skipIf(!existsSync(mnist))(`public sets (skipped where ${mnist} is absent)`, () => {
  it('loads the 10,000 test images of MNIST, split per class', () => {
    const { train, test } = loadIdxFolder(mnist);
    expect(train.inputShape).toEqual([28, 28, 1]);
    expect(train.classes).toBe(10);
    expect([train.labels.length, test.labels.length]).toEqual([8000, 2000]);
  });
});

const gtsrb = '../shared/data/gtsrb-32';
describe.skipIf(!existsSync(gtsrb))(`GTSRB (skipped where ${gtsrb} is absent)`, () => {
  it('loads 39,209 training and 12,630 test images of 43 classes', () => {
    const { train, test } = loadIdxFolder(gtsrb);
    expect(train.inputShape).toEqual([32, 32, 3]);
    expect(train.classes).toBe(43);
    expect([train.labels.length, test.labels.length]).toEqual([39209, 12630]);
  }, 30_000);
});
