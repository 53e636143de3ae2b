// Federated averaging, the checks before it, and the estimates that decide who is asked.

import { describe, expect, it } from 'vitest';
import { bytesOfFloats, sha256 } from '../../base/hash.ts';
import { weightedMean as aggregate } from '../../roadside/aggregation/fedavg.ts';
import { checkUpdate, labelFault } from '../../roadside/updates/check.ts';
import { carA, carB, carC } from '../support/round-world.ts';

const floats = (...values: number[]) => Float32Array.from(values);

describe('aggregate', () => {
  it('is the plain mean of three models where weights are equal', () => {
    const mean = aggregate(floats(9, 9), [
      { vehicle: carA, weight: 1, weights: floats(1, 0) },
      { vehicle: carB, weight: 1, weights: floats(2, 0.5) },
      { vehicle: carC, weight: 1, weights: floats(6, 1) },
    ]);
    expect([...mean]).toEqual([3, 0.5]);
  });

  it('weighs by samples', () => {
    const mean = aggregate(floats(0), [
      { vehicle: carA, weight: 100, weights: floats(1) },
      { vehicle: carB, weight: 300, weights: floats(5) },
    ]);
    expect([...mean]).toEqual([4]);
  });

  it('leaves the model bit-identical when nobody succeeded, in an array of its own', () => {
    const base = floats(0.1, -0, Number.MIN_VALUE, 3e38);
    const kept = aggregate(base, []);
    expect(bytesOfFloats(kept)).toEqual(bytesOfFloats(base));
    expect(kept.buffer).not.toBe(base.buffer);
  });

  it('adds in float64: small contributions beside a large one are not lost', () => {
    const models = [floats(16_777_216), floats(1), floats(1)];
    const mean = aggregate(
      floats(0),
      models.map((weights, i) => ({ vehicle: [carA, carB, carC][i] ?? carA, weight: 1, weights })),
    );
    // In float32, 16777216 + 1 + 1 would still be 16777216.
    expect(mean[0]).toBe(Math.fround(16_777_218 / 3));
  });

  it('asserts order, size and weight of contributions', () => {
    const one = { vehicle: carA, weight: 1, weights: floats(1) };
    expect(() => aggregate(floats(0), [{ ...one, vehicle: carB }, one])).toThrow(/not sorted at car-a/);
    expect(() => aggregate(floats(0), [one, one])).toThrow(/not sorted/);
    expect(() => aggregate(floats(0, 0), [one])).toThrow(/1 parameters, expected 2/);
    expect(() => aggregate(floats(0), [{ ...one, weight: 0 }])).toThrow(/weight of car-a is 0/);
  });
});

describe('checkUpdate', () => {
  const base = floats(1, 2, 2);
  const received = (weights: Float32Array, changes: object = {}) => {
    const bytes = bytesOfFloats(weights);
    const declared = { declaredSize: bytes.byteLength, declaredSha: sha256(bytes) };
    return checkUpdate({ bytes, ...declared, expectedParameters: 3, base, ...changes });
  };

  it('passes a sound update', () => {
    expect(received(floats(1.5, 2, -1))).toBeNull();
  });

  it('checks in order: size, hash, shape, finiteness, norm', () => {
    expect(received(floats(1, 2), { declaredSize: 12, declaredSha: '0' })).toBe(
      'size is 8 bytes (declared 12)',
    );
    expect(received(floats(1, 2), { declaredSha: 'f'.repeat(64) })).toMatch(/^sha-256 is /);
    expect(received(floats(1, Number.NaN))).toBe('update holds 2 parameters (expected 3)');
    expect(received(floats(1, Number.NaN, 1e30))).toBe('parameter 1 is NaN (expected a finite number)');
    expect(received(floats(1, 2, Number.POSITIVE_INFINITY))).toMatch(/parameter 2 is Infinity/);
    // The base's norm is 3, so a change of 300 passes and one of 301 does not.
    expect(received(floats(301, 2, 2))).toBeNull();
    expect(received(floats(302, 2, 2))).toBe('update norm is 301.000 (expected at most 300.000)');
  });
});

describe('labels beside smashed data', () => {
  it('are refused where the model has no such class', () => {
    expect(labelFault(Uint8Array.of(0, 9), 10)).toBeUndefined();
    expect(labelFault(Uint8Array.of(0, 10), 10)).toBe('label 1 is 10 (expected below 10)');
  });
});
