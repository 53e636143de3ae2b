// The IDX format of MNIST, parsed and written as bytes. Layout: two zero bytes, one byte for the type, one for the
// rank, then one big-endian 32-bit size per axis, then the values (Y. LeCun, "The MNIST database", file formats).
// Must not: open files, or trust a size that a file states before comparing it with the bytes that are there.

import { gunzipSync, gzipSync } from 'node:zlib';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { Dataset } from '../learner.ts';
import { sampleCount } from './dataset.ts';

/** An array of unsigned bytes and its shape. */
export interface IdxArray {
  readonly shape: readonly number[];
  /** Row-major, as many as the product of `shape`. */
  readonly values: Uint8Array;
}

const unsignedByte = 0x08;
const otherTypes: Readonly<Record<number, string>> = {
  9: 'signed bytes',
  11: '16-bit integers',
  12: '32-bit integers',
  13: '32-bit floats',
  14: '64-bit floats',
};

const hex = (value: number): string => `0x${value.toString(16).padStart(8, '0')}`;

/** Parses IDX bytes, gzipped or not. `fileName` stands in errors, all of which are RoadbedError('data'). */
export function parseIdx(bytes: Uint8Array, fileName: string): IdxArray {
  const plain = bytes[0] === 0x1f && bytes[1] === 0x8b ? unzip(bytes, fileName) : bytes;
  const shape = parseHeader(plain, fileName);
  const headerBytes = 4 + 4 * shape.length;
  const needed = headerBytes + shape.reduce((product, size) => product * size, 1);
  if (plain.length < needed)
    throw new RoadbedError(
      'data',
      `${fileName} is cut short: it has ${plain.length} bytes, its header (${shape.join(' x ')}) needs ${needed}. Fetch the file again.`,
    );
  if (plain.length > needed)
    throw new RoadbedError(
      'data',
      `${fileName} has ${plain.length - needed} bytes after its data: its header (${shape.join(' x ')}) needs ${needed}, it has ${plain.length}. Fetch the file again.`,
    );
  // A plain view even where `plain` is a Node Buffer, whose subarrays and JSON behave differently.
  return {
    shape,
    values: new Uint8Array(plain.buffer, plain.byteOffset + headerBytes, plain.length - headerBytes),
  };
}

function unzip(bytes: Uint8Array, fileName: string): Uint8Array {
  try {
    return gunzipSync(bytes);
  } catch (error) {
    throw new RoadbedError(
      'data',
      `${fileName} cannot be unzipped (${messageOf(error)}). The file is damaged; fetch it again.`,
      { cause: error },
    );
  }
}

/** The shape stated by the header. */
function parseHeader(bytes: Uint8Array, fileName: string): number[] {
  if (bytes.length < 4)
    throw new RoadbedError(
      'data',
      `${fileName} is cut short: it has ${bytes.length} bytes, an IDX header needs at least 4.`,
    );
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const magic = view.getUint32(0);
  const type = (magic >>> 8) & 255;
  const rank = magic & 255;
  if (magic >>> 16 !== 0 || rank === 0 || (type !== unsignedByte && otherTypes[type] === undefined))
    throw new RoadbedError(
      'data',
      `${fileName} is not an IDX file: it begins with ${hex(magic)}, expected 0x000008 and the rank (labels 0x00000801, images 0x00000803 or 0x00000804).`,
    );
  if (type !== unsignedByte)
    throw new RoadbedError(
      'data',
      `${fileName} holds ${otherTypes[type]} (IDX type 0x${type.toString(16).padStart(2, '0')}); roadbed reads unsigned bytes only (0x08). Convert the file to unsigned bytes.`,
    );
  const headerBytes = 4 + 4 * rank;
  if (bytes.length < headerBytes)
    throw new RoadbedError(
      'data',
      `${fileName} is cut short: it has ${bytes.length} bytes, its header of rank ${rank} needs ${headerBytes}.`,
    );
  return Array.from({ length: rank }, (_, axis) => view.getUint32(4 + 4 * axis));
}

/** The IDX bytes of an array, not zipped. Throws RangeError where shape and values disagree. */
export function encodeIdx({ shape, values }: IdxArray): Uint8Array {
  const count = shape.reduce((product, size) => product * size, 1);
  if (count !== values.length)
    throw new RangeError(
      `invalid IDX array: ${values.length} values (expected ${shape.join(' x ')} = ${count})`,
    );
  const headerBytes = 4 + 4 * shape.length;
  const bytes = new Uint8Array(headerBytes + count);
  const view = new DataView(bytes.buffer);
  view.setUint32(0, (unsignedByte << 8) | shape.length);
  for (const [axis, size] of shape.entries()) view.setUint32(4 + 4 * axis, size);
  bytes.set(values, headerBytes);
  return bytes;
}

/** A data set as two gzipped IDX files. Images get rank 4, or rank 3 where there is one channel. */
export function encodeDataset(dataset: Dataset): { images: Uint8Array; labels: Uint8Array } {
  const [height, width, channels] = dataset.inputShape;
  const count = sampleCount(dataset);
  const shape = channels === 1 ? [count, height, width] : [count, height, width, channels];
  // Level 1: noisy pixels hardly shrink further, and writing must not take longer than drawing.
  const zip = (array: IdxArray): Uint8Array => gzipSync(encodeIdx(array), { level: 1 });
  return {
    images: zip({ shape, values: dataset.images }),
    labels: zip({ shape: [count], values: dataset.labels }),
  };
}

/** Images and labels of one set, with the file names for errors. */
export interface IdxPair {
  readonly images: IdxArray;
  readonly imagesName: string;
  readonly labels: IdxArray;
  readonly labelsName: string;
}

/**
 * Joins images (rank 3: one channel; rank 4: channels last) and labels. `classes` is the largest label plus one.
 * Throws RoadbedError('data') at another rank, an empty set, or counts that differ.
 */
export function pairToDataset({ images, imagesName, labels, labelsName }: IdxPair): Dataset {
  const [count = 0, height = 0, width = 0, channels = 1] = images.shape;
  const rank = images.shape.length;
  if (rank !== 3 && rank !== 4)
    throw new RoadbedError(
      'data',
      `${imagesName} has rank ${rank}; images need rank 3 (count, height, width) or 4 (and channels).`,
    );
  if (labels.shape.length !== 1)
    throw new RoadbedError('data', `${labelsName} has rank ${labels.shape.length}; labels need rank 1.`);
  if (count !== labels.values.length)
    throw new RoadbedError(
      'data',
      `${imagesName} holds ${count} images and ${labelsName} ${labels.values.length} labels; the two must be equal. Fetch both files from one source.`,
    );
  if (images.values.length === 0)
    throw new RoadbedError(
      'data',
      `${imagesName} holds no image (${images.shape.join(' x ')}); at least one is needed.`,
    );
  const classes = labels.values.reduce((largest, label) => Math.max(largest, label), 0) + 1;
  return { inputShape: [height, width, channels], classes, images: images.values, labels: labels.values };
}
