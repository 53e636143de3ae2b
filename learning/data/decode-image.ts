// One image file as bytes, row-major, channels last: PNG, JPEG, and the portable pixmaps PPM and PGM. The format is told
// by the first bytes, not by the name. Must not: open files, scale, or allocate what a header claims before checking it.

import jpeg from 'jpeg-js';
import { PNG } from 'pngjs';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import type { Shape } from '../models/plan.ts';

export interface Picture {
  /** Height, width, channels: 1 for grey, 3 for colour. Transparency is dropped. */
  readonly shape: Shape;
  readonly pixels: Uint8Array;
}

/** No data set for small models has larger images; a damaged header may claim any size. */
const sideMost = 4096;
const megapixelsMost = (sideMost * sideMost) / 1e6;

function assertSides(width: number, height: number): void {
  const isLegal = (side: number): boolean => Number.isInteger(side) && side >= 1 && side <= sideMost;
  if (!isLegal(width) || !isLegal(height))
    throw new Error(`it says it is ${width} wide and ${height} high, expected 1 to ${sideMost}`);
}

/** Takes the first `channels` of every four bytes. */
function fromRgba(rgba: Uint8Array, width: number, height: number, channels: 1 | 3): Picture {
  const pixels = new Uint8Array(width * height * channels);
  for (let pixel = 0; pixel < width * height; pixel++)
    for (let channel = 0; channel < channels; channel++)
      pixels[pixel * channels + channel] = rgba[4 * pixel + channel]!;
  return { shape: [height, width, channels], pixels };
}

function decodePng(bytes: Uint8Array): Picture {
  if (bytes.length < 24) throw new Error('it is cut short');
  const header = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  assertSides(header.getUint32(16), header.getUint32(20));
  // pngjs reads by methods that only Node's Buffer has.
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const { width, height, data, color } = PNG.sync.read(buffer);
  return fromRgba(data, width, height, color ? 3 : 1);
}

function decodeJpeg(bytes: Uint8Array): Picture {
  const limits = { maxResolutionInMP: megapixelsMost, maxMemoryUsageInMB: 512 };
  const { width, height, data } = jpeg.decode(bytes, { useTArray: true, tolerantDecoding: false, ...limits });
  return fromRgba(data, width, height, 3);
}

/** Reads the next number of a pixmap's header, over spaces and comments; `end` is behind it. */
function headerNumber(bytes: Uint8Array, from: number): { value: number; end: number } {
  let at = from;
  const isSpace = (byte: number | undefined): boolean =>
    byte !== undefined && (byte === 32 || (byte >= 9 && byte <= 13));
  while (isSpace(bytes[at]) || bytes[at] === 0x23) {
    if (bytes[at] === 0x23) while (at < bytes.length && bytes[at] !== 10) at++;
    else at++;
  }
  let value = 0;
  const start = at;
  for (; bytes[at]! >= 48 && bytes[at]! <= 57 && at - start < 9; at++) value = 10 * value + bytes[at]! - 48;
  if (at === start) throw new Error('its header is damaged');
  return { value, end: at };
}

/** P6 (colour) and P5 (grey), one byte a value (netpbm, "PPM format specification"). */
function decodePixmap(bytes: Uint8Array): Picture {
  const channels = bytes[1] === 0x36 ? 3 : 1;
  const width = headerNumber(bytes, 2);
  const height = headerNumber(bytes, width.end);
  const largest = headerNumber(bytes, height.end);
  assertSides(width.value, height.value);
  if (largest.value < 1 || largest.value > 255)
    throw new Error(`its largest value is ${largest.value}, expected 1 to 255 (one byte)`);
  const start = largest.end + 1;
  const needed = width.value * height.value * channels;
  if (bytes.length - start < needed)
    throw new Error(`it is cut short: ${bytes.length - start} bytes of pixels, expected ${needed}`);
  const raw = bytes.subarray(start, start + needed);
  const scale = 255 / largest.value;
  const pixels =
    scale === 1 ? Uint8Array.from(raw) : Uint8Array.from(raw, (value) => Math.round(value * scale));
  return { shape: [height.value, width.value, channels], pixels };
}

function decoderOf(bytes: Uint8Array): (bytes: Uint8Array) => Picture {
  if (bytes[0] === 0x89 && bytes[1] === 0x50) return decodePng;
  if (bytes[0] === 0xff && bytes[1] === 0xd8) return decodeJpeg;
  if (bytes[0] === 0x50 && (bytes[1] === 0x36 || bytes[1] === 0x35)) return decodePixmap;
  throw new Error('it is none of PNG, JPEG, binary PPM and binary PGM');
}

/** Decodes a file. Throws RoadbedError('data') that names `path` and what is wrong with it. */
export function decodeImage(bytes: Uint8Array, path: string): Picture {
  try {
    return decoderOf(bytes)(bytes);
  } catch (error) {
    throw new RoadbedError('data', `${path} cannot be read as an image: ${messageOf(error)}.`, {
      cause: error,
    });
  }
}
