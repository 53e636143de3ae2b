// What crosses a cut as float32, float16 and int8: exact bytes, golden float16 values, rounding without bias, refusals.
// Must not: know cars or RSUs.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import {
  type CrossingFormat,
  crossingBytes,
  decodeCrossing,
  encodeCrossing,
} from '../../learning/compression/crossing.ts';
import { float16Bits, float16Values } from '../../learning/compression/float16.ts';
import { TrainingError } from '../../learning/learner.ts';

const formats: readonly CrossingFormat[] = ['float32', 'float16', 'int8'];
const root = Rng.root(5).fork('crossing test');

function normals(count: number, deviation = 1): Float32Array {
  const stream = root.fork(`normals ${count} ${deviation}`);
  return Float32Array.from({ length: count }, () => deviation * stream.normal());
}

function across(
  format: CrossingFormat,
  floats: Float32Array,
  tensors: readonly number[],
  seed = 1,
): Float32Array {
  return decodeCrossing(format, encodeCrossing(format, floats, tensors, Rng.root(seed)), tensors);
}

describe('the bytes of a crossing', () => {
  it('are 4, 2 and 1 a float, and 8 more for each tensor of int8', () => {
    expect(formats.map((format) => crossingBytes(format, [100, 7]))).toEqual([428, 214, 123]);
  });

  it('are what is encoded, to the byte, for any tensors', () => {
    const stream = root.fork('shapes');
    for (let round = 0; round < 50; round++) {
      const tensors = Array.from({ length: 1 + stream.integer(4) }, () => 1 + stream.integer(40));
      const floats = normals(tensors.reduce((sum, count) => sum + count, 0));
      for (const format of formats)
        expect(encodeCrossing(format, floats, tensors, stream).length).toBe(crossingBytes(format, tensors));
    }
  });
});

describe('float32 across a cut', () => {
  it('stays what it was, byte by byte', () => {
    const floats = normals(33);
    expect(
      Buffer.compare(Buffer.from(across('float32', floats, [30, 3]).buffer), Buffer.from(floats.buffer)),
    ).toBe(0);
  });
});

describe('float16', () => {
  it.each([
    [0, 0x0000],
    [-0, 0x8000],
    [1, 0x3c00],
    [-2, 0xc000],
    [1 / 3, 0x3555],
    [0.1, 0x2e66],
    [65_504, 0x7bff],
    [65_519.996, 0x7bff],
    [65_520, 0x7c00],
    [2 ** -14, 0x0400],
    [2 ** -24, 0x0001],
    [2 ** -25, 0x0000],
    [2 ** -25 * 1.0001, 0x0001],
    [1.5 * 2 ** -24, 0x0002],
    [2.5 * 2 ** -24, 0x0002],
    [1023.5 * 2 ** -24, 0x0400],
    [-1023 * 2 ** -24, 0x83ff],
    [1e-30, 0x0000],
  ])('of %d has the golden bits 0x%s', (value, bits) => {
    expect(float16Bits(value)).toBe(bits);
  });

  it('rounds half-way cases to the even neighbour, up and down', () => {
    expect([1 + 2 ** -11, 1 + 3 * 2 ** -11].map(float16Bits)).toEqual([0x3c00, 0x3c02]);
    expect([2048.5, 2049, 2051].map((value) => float16Values[float16Bits(value)])).toEqual([
      2048, 2048, 2052,
    ]);
  });

  it('keeps every one of its finite values', () => {
    for (let half = 0; half < 65_536; half++)
      if ((half & 0x7c00) !== 0x7c00) expect(float16Bits(float16Values[half]!)).toBe(half);
  });

  it('loses at most one part in 2048', () => {
    const floats = normals(5000);
    const back = across('float16', floats, [5000]);
    for (let i = 0; i < floats.length; i++)
      expect(Math.abs(back[i]! - floats[i]!)).toBeLessThanOrEqual(Math.abs(floats[i]!) / 2048 + 2 ** -25);
  });

  it('refuses what does not fit', () => {
    expect(() => across('float16', Float32Array.of(1, -70_000), [2])).toThrow(
      'float 1 is -70000, too large for float16 (expected at most 65504; take float32 or int8)',
    );
  });
});

describe('int8', () => {
  it('is one of the two levels beside a value, each tensor with a range of its own', () => {
    const [small, large] = [normals(500), normals(300, 1000)];
    const floats = Float32Array.from([...small, ...large]);
    const back = across('int8', floats, [500, 300]);
    for (const [from, part] of [
      [0, small],
      [500, large],
    ] as const) {
      const step = (Math.max(...part) - Math.min(...part)) / 255;
      part.forEach((value, i) => {
        expect(Math.abs(back[from + i]! - value)).toBeLessThanOrEqual(step * 1.00001);
      });
    }
  });

  it('has the mean of what it stands for: within 5 standard errors over 20,000 draws, at every place between two levels', () => {
    const draws = 20_000;
    // Ends at 0 and 255, so that levels are whole numbers.
    const values = Float32Array.of(0, 255, 0.1, 7.25, 100.5, 200.9, 254.01);
    const sums = new Float64Array(values.length);
    const stream = root.fork('unbiased');
    for (let draw = 0; draw < draws; draw++) {
      const bytes = encodeCrossing('int8', values, [values.length], stream);
      decodeCrossing('int8', bytes, [values.length]).forEach((value, i) => {
        sums[i]! += value;
      });
    }
    values.forEach((value, i) => {
      const share = value - Math.floor(value);
      const standardError = Math.sqrt((share * (1 - share)) / draws);
      expect(Math.abs(sums[i]! / draws - value)).toBeLessThanOrEqual(5 * standardError);
    });
  });

  it('gives the same bytes for the same stream and others for another', () => {
    const floats = normals(64);
    const bytes = (seed: number): string =>
      Buffer.from(encodeCrossing('int8', floats, [64], Rng.root(seed))).toString('hex');
    expect(bytes(1)).toBe(bytes(1));
    expect(bytes(1)).not.toBe(bytes(2));
  });

  it('keeps constants, ends and the widest range exactly or nearly so', () => {
    expect(across('int8', Float32Array.of(0.3, 0.3, 0.3), [3])).toEqual(Float32Array.of(0.3, 0.3, 0.3));
    expect(across('int8', Float32Array.of(-1, 4), [1, 1])).toEqual(Float32Array.of(-1, 4));
    const widest = across('int8', Float32Array.of(-3e38, 3e38), [2]);
    expect(widest[0]).toBe(Math.fround(-3e38));
    expect(Math.abs(widest[1]! / 3e38 - 1)).toBeLessThan(1e-6);
  });
});

describe('a crossing is refused', () => {
  it.each(formats)('as %s where a float is not finite, on either side', (format) => {
    for (const wrong of [Number.NaN, Number.POSITIVE_INFINITY]) {
      const floats = Float32Array.of(1, wrong, 2);
      expect(() => encodeCrossing(format, floats, [3], root)).toThrow(
        `float 1 is ${wrong} (expected a finite number)`,
      );
    }
    const bytes = encodeCrossing(format, Float32Array.of(1, 2, 3), [3], root).slice();
    bytes.fill(255, 0, 4);
    expect(() => decodeCrossing(format, bytes, [3])).toThrow(TrainingError);
  });

  it('where it is of another length than its tensors', () => {
    expect(() => encodeCrossing('int8', normals(5), [2, 2], root)).toThrow('5 floats (expected 2 + 2)');
    for (const format of formats)
      expect(() => decodeCrossing(format, new Uint8Array(3), [9])).toThrow(
        `3 bytes of ${format} (expected ${crossingBytes(format, [9])})`,
      );
  });

  it('as int8 with a step below zero', () => {
    const bytes = new Uint8Array(crossingBytes('int8', [1]));
    new DataView(bytes.buffer).setFloat32(4, -1, true);
    expect(() => decodeCrossing('int8', bytes, [1])).toThrow(
      'the step of tensor 0 is -1 (expected 0 or more)',
    );
  });
});
