// How the numbers that cross a cut travel: as they are, as float16, or as one byte each with the range of their tensor.
// Must not: know what is sent when, or keep an error for later: what rounding takes away is gone.
//
// int8: a tensor is its least value, a step, and for each float the number of steps above the least, rounded at random to
// one of its two neighbours with probabilities that make the mean exact (unbiased stochastic quantisation; QSGD, Alistarh
// et al., NeurIPS 2017, arXiv 1610.02132, Section 3.1, with evenly spaced levels between the ends of the range).

import { bytesOfFloats, floatsOfBytes } from '../../base/hash.ts';
import type { Rng } from '../../base/rng.ts';
import { TrainingError } from '../learner.ts';
import { float16Bits, float16Values, largestFloat16 } from './float16.ts';

/** float32 is exact; float16 rounds to the nearest, of two to the even one; int8 see above. */
export type CrossingFormat = 'float32' | 'float16' | 'int8';

/** Steps between the least and the largest value of a tensor. */
const LEVELS = 255;
/** Least value and step of a tensor, float32 each, before all the bytes of all tensors. */
const RANGE_BYTES = 8;

const floatBytes: { readonly [Format in CrossingFormat]: number } = { float32: 4, float16: 2, int8: 1 };

function total(tensors: readonly number[]): number {
  return tensors.reduce((sum, floats) => sum + floats, 0);
}

/** Bytes of tensors of so many floats each, exactly. */
export function crossingBytes(format: CrossingFormat, tensors: readonly number[]): number {
  return floatBytes[format] * total(tensors) + (format === 'int8' ? RANGE_BYTES * tensors.length : 0);
}

/** Throws TrainingError naming the first float that is not finite. */
function assertFinite(floats: Float32Array): void {
  const wrong = floats.findIndex((value) => !Number.isFinite(value));
  if (wrong >= 0) throw new TrainingError(`float ${wrong} is ${floats[wrong]} (expected a finite number)`);
}

function encodeHalves(floats: Float32Array): Uint8Array {
  const bytes = new Uint8Array(2 * floats.length);
  for (let i = 0; i < floats.length; i++) {
    const half = float16Bits(floats[i]!);
    if ((half & 0x7c00) === 0x7c00)
      throw new TrainingError(
        `float ${i} is ${floats[i]}, too large for float16 (expected at most ${largestFloat16}; take float32 or int8)`,
      );
    bytes[2 * i] = half & 255;
    bytes[2 * i + 1] = half >>> 8;
  }
  return bytes;
}

function decodeHalves(bytes: Uint8Array): Float32Array {
  const floats = new Float32Array(bytes.length / 2);
  for (let i = 0; i < floats.length; i++)
    floats[i] = float16Values[bytes[2 * i]! | (bytes[2 * i + 1]! << 8)]!;
  return floats;
}

/** Least value and step of a tensor; no value lies more than 255 steps above the least. */
function rangeOf(floats: Float32Array): { least: number; step: number } {
  let [least, largest] = [floats[0] ?? 0, floats[0] ?? 0];
  for (const value of floats) {
    if (value < least) least = value;
    if (value > largest) largest = value;
  }
  const step = Math.fround((largest - least) / LEVELS);
  // A step that was rounded down would leave the largest value a little outside.
  return { least, step: least + LEVELS * step < largest ? Math.fround(step * (1 + 2 ** -22)) : step };
}

function encodeLevels(floats: Float32Array, tensors: readonly number[], rng: Rng): Uint8Array {
  const bytes = new Uint8Array(crossingBytes('int8', tensors));
  const ranges = new DataView(bytes.buffer);
  let at = RANGE_BYTES * tensors.length;
  let from = 0;
  tensors.forEach((count, tensor) => {
    const { least, step } = rangeOf(floats.subarray(from, from + count));
    ranges.setFloat32(RANGE_BYTES * tensor, least, true);
    ranges.setFloat32(RANGE_BYTES * tensor + 4, step, true);
    for (let i = from; i < from + count; i++) {
      const level = step === 0 ? 0 : (floats[i]! - least) / step;
      const below = Math.floor(level);
      bytes[at++] = Math.min(LEVELS, rng.uniform() < level - below ? below + 1 : below);
    }
    from += count;
  });
  return bytes;
}

function decodeLevels(bytes: Uint8Array, tensors: readonly number[]): Float32Array {
  const floats = new Float32Array(total(tensors));
  const ranges = new DataView(bytes.buffer, bytes.byteOffset);
  let from = RANGE_BYTES * tensors.length;
  let to = 0;
  tensors.forEach((count, tensor) => {
    const least = ranges.getFloat32(RANGE_BYTES * tensor, true);
    const step = ranges.getFloat32(RANGE_BYTES * tensor + 4, true);
    if (!(step >= 0)) throw new TrainingError(`the step of tensor ${tensor} is ${step} (expected 0 or more)`);
    for (let i = 0; i < count; i++) floats[to++] = least + bytes[from++]! * step;
  });
  return floats;
}

/**
 * The tensors of a crossing, which lie one behind the other in `floats` and have `tensors` floats each, as bytes. Only int8
 * draws from `rng`, once a float. Throws TrainingError for a float that is not finite, or does not fit the format.
 */
export function encodeCrossing(
  format: CrossingFormat,
  floats: Float32Array,
  tensors: readonly number[],
  rng: Rng,
): Uint8Array {
  const expected = total(tensors);
  if (floats.length !== expected)
    throw new TrainingError(`${floats.length} floats (expected ${tensors.join(' + ')})`);
  assertFinite(floats);
  if (format === 'float32') return bytesOfFloats(floats);
  return format === 'float16' ? encodeHalves(floats) : encodeLevels(floats, tensors, rng);
}

/** The inverse of `encodeCrossing`. Throws TrainingError for bytes of another length, and for floats that are not finite. */
export function decodeCrossing(
  format: CrossingFormat,
  bytes: Uint8Array,
  tensors: readonly number[],
): Float32Array {
  const expected = crossingBytes(format, tensors);
  if (bytes.length !== expected)
    throw new TrainingError(`${bytes.length} bytes of ${format} (expected ${expected})`);
  const floats =
    format === 'float32'
      ? floatsOfBytes(bytes)
      : format === 'float16'
        ? decodeHalves(bytes)
        : decodeLevels(bytes, tensors);
  assertFinite(floats);
  return floats;
}
