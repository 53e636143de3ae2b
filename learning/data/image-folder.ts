// Image files that a table lists with their labels. Must not: scale images; all of a set have one size, or it is an error.

import { join } from 'node:path';
import { RoadbedError } from '../../base/errors.ts';
import type { Dataset } from '../learner.ts';
import { decodeImage, type Picture } from './decode-image.ts';
import { readBytes } from './files.ts';
import type { LabelTable } from './labels.ts';
import type { TableRow } from './table-parts.ts';

/** A set is held in memory as a whole; more than this does not fit beside the rest. */
const bytesMost = 4 * 2 ** 30;

function assertFits(count: number, { shape, pixels }: Picture, directory: string): void {
  const bytes = count * pixels.length;
  if (bytes <= bytesMost) return;
  throw new RoadbedError(
    'data',
    `${directory} lists ${count} images of ${shape.join('x')}, ${(bytes / 2 ** 30).toFixed(1)} GiB (expected at most ` +
      `${bytesMost / 2 ** 30} GiB in memory). Take smaller images, or fewer.`,
  );
}

/** Decodes the images that `rows` list, in that order. Throws RoadbedError('data') at a ragged or damaged one. */
export function loadImages(directory: string, rows: readonly TableRow[], table: LabelTable): Dataset {
  const pathOf = (row: TableRow): string => join(directory, row.value);
  const first = decodeImage(readBytes(pathOf(rows[0]!)), pathOf(rows[0]!));
  assertFits(rows.length, first, directory);
  const images = new Uint8Array(rows.length * first.pixels.length);
  const size = first.shape.join('x');
  rows.forEach((row, index) => {
    const { shape, pixels } = index === 0 ? first : decodeImage(readBytes(pathOf(row)), pathOf(row));
    if (shape.join('x') !== size)
      throw new RoadbedError(
        'data',
        `${pathOf(row)} is ${shape.join('x')}, but ${pathOf(rows[0]!)} is ${size} (height x width x channels; expected one size for all). Scale the images first.`,
      );
    images.set(pixels, index * pixels.length);
  });
  const labels = Uint8Array.from(rows, (row) => table.numberOf(row.label));
  return { inputShape: first.shape, classes: table.classNames.length, images, labels };
}
