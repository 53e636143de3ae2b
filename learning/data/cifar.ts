// The binary version of CIFAR-10 and CIFAR-100 (Krizhevsky, "Learning multiple layers of features from tiny images",
// 2009). A record is one label byte (CIFAR-100: two, coarse and fine; the fine one is the label) and 3,072 pixels, first
// all red ones, then green, then blue; roadbed keeps channels last.
// Must not: open files itself, or trust a length before dividing it.

import { join } from 'node:path';
import { RoadbedError } from '../../base/errors.ts';
import type { Dataset } from '../learner.ts';
import { readBytes, readText } from './files.ts';
import { type SplitDataset, withSameClasses } from './split.ts';

interface Format {
  readonly name: 'cifar10' | 'cifar100';
  readonly classes: number;
  readonly labelBytes: number;
  readonly train: RegExp;
  readonly test: string;
  readonly names: string;
}

const formats: readonly Format[] = [
  {
    name: 'cifar10',
    classes: 10,
    labelBytes: 1,
    train: /^data_batch_\d+\.bin$/,
    test: 'test_batch.bin',
    names: 'batches.meta.txt',
  },
  {
    name: 'cifar100',
    classes: 100,
    labelBytes: 2,
    train: /^train\.bin$/,
    test: 'test.bin',
    names: 'fine_label_names.txt',
  },
];

const side = 32;
const pixels = side * side;

/** Parses records into `labels` and `images`, from sample `from` on. `path` stands in errors. */
function parseInto(
  bytes: Uint8Array,
  { classes, labelBytes }: Format,
  to: { labels: Uint8Array; images: Uint8Array; from: number; path: string },
): void {
  const recordBytes = labelBytes + 3 * pixels;
  for (let record = 0; record < bytes.length / recordBytes; record++) {
    const start = record * recordBytes;
    const label = bytes[start + labelBytes - 1]!;
    if (label >= classes)
      throw new RoadbedError(
        'data',
        `${to.path} has label ${label} in record ${record} (expected 0..${classes - 1}). Fetch the file again.`,
      );
    to.labels[to.from + record] = label;
    const image = (to.from + record) * 3 * pixels;
    for (let channel = 0; channel < 3; channel++) {
      const plane = start + labelBytes + channel * pixels;
      for (let pixel = 0; pixel < pixels; pixel++)
        to.images[image + 3 * pixel + channel] = bytes[plane + pixel]!;
    }
  }
}

function loadFiles(paths: readonly string[], format: Format): Dataset {
  const recordBytes = format.labelBytes + 3 * pixels;
  const files = paths.map((path) => ({ path, bytes: readBytes(path) }));
  for (const { path, bytes } of files) {
    if (bytes.length > 0 && bytes.length % recordBytes === 0) continue;
    throw new RoadbedError(
      'data',
      `${path} is cut short: it has ${bytes.length} bytes (expected a multiple of ${recordBytes}, one record). Fetch the file again.`,
    );
  }
  const count = files.reduce((sum, { bytes }) => sum + bytes.length / recordBytes, 0);
  const labels = new Uint8Array(count);
  const images = new Uint8Array(count * 3 * pixels);
  let from = 0;
  for (const { path, bytes } of files) {
    parseInto(bytes, format, { labels, images, from, path });
    from += bytes.length / recordBytes;
  }
  return { inputShape: [side, side, 3], classes: format.classes, images, labels };
}

function formatOf(names: readonly string[]): Format | undefined {
  return formats.find((format) => names.some((name) => format.train.test(name) || name === format.test));
}

/** True where a folder with these names holds CIFAR files. */
export function looksLikeCifar(names: readonly string[]): boolean {
  return formatOf(names) !== undefined;
}

export interface CifarDataset extends SplitDataset {
  readonly name: Format['name'];
  readonly classNames: readonly string[];
}

/** Loads a folder that holds these names. Throws RoadbedError('data') where a part is missing or damaged. */
export function loadCifarFolder(directory: string, names: readonly string[]): CifarDataset {
  const format = formatOf(names)!;
  const training = names.filter((name) => format.train.test(name));
  const missing = training.length === 0 ? 'training' : names.includes(format.test) ? undefined : 'test';
  if (missing !== undefined)
    throw new RoadbedError(
      'data',
      `${directory} holds no ${missing} part of ${format.name}; expected files as in its binary version (${
        format.name === 'cifar10' ? 'data_batch_1.bin to data_batch_5.bin' : 'train.bin'
      } and ${format.test}).`,
    );
  const train = loadFiles(
    training.map((name) => join(directory, name)),
    format,
  );
  const test = loadFiles([join(directory, format.test)], format);
  const stated = names.includes(format.names)
    ? readText(join(directory, format.names)).split(/\r?\n/).filter(Boolean)
    : [];
  const classNames = Array.from({ length: format.classes }, (_, label) => stated[label] ?? String(label));
  return { name: format.name, ...withSameClasses(train, test, directory), classNames };
}
