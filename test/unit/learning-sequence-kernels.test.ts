// The kernels of transformers by themselves against arithmetic in float64, at sizes with and without whole panels.
// Must not: train.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { instantiateKernels } from '../../learning/training/compiled/kernels.ts';

const memory = new WebAssembly.Memory({ initial: 64 });
const kernels = instantiateKernels(memory, 'plain');
const floats = new Float32Array(memory.buffer);
const stream = Rng.root(3).fork('kernels');

let end = 64;
/** Room for `count` floats, random unless told. */
function room(count: number, fill?: number): number {
  const address = end;
  end = (Math.ceil((end + count * 4) / 64) + 2) * 64;
  for (let i = 0; i < count; i++) floats[address / 4 + i] = fill ?? stream.between(-1, 1);
  return address;
}
const at = (address: number, i: number): number => floats[address / 4 + i]!;

describe('the product of packed matrices', () => {
  const sizes = [
    [4, 8, 4],
    [5, 9, 7],
    [11, 13, 32],
    [70, 13, 300],
    [130, 24, 5],
  ] as const;
  it.each(sizes)('%i x %i over a depth of %i is that of float64, each side turned or not', (M, N, K) => {
    end = 64;
    const [a, b, bias, c] = [room(M * K), room(N * K), room(N), room(M * N)];
    const work = room(kernels.multiplyWork(N, K) / 4);
    for (const [aRow, aDepth] of [
      [K * 4, 4],
      [4, M * 4],
    ] as const) {
      for (const [bRow, bColumn] of [
        [N * 4, 4],
        [4, K * 4],
      ] as const) {
        for (const start of [0, bias]) {
          kernels.multiplyRows(a, aRow, aDepth, b, bRow, bColumn, start, c, N * 4, M, N, K, work);
          let worst = 0;
          for (let m = 0; m < M; m++) {
            for (let n = 0; n < N; n++) {
              let sum = start === 0 ? 0 : at(bias, n);
              for (let k = 0; k < K; k++)
                sum += at(a + m * aRow + k * aDepth, 0) * at(b + k * bRow + n * bColumn, 0);
              worst = Math.max(worst, Math.abs(sum - at(c, m * N + n)));
            }
          }
          expect(worst).toBeLessThan(2e-5);
        }
      }
    }
  });
});

describe('smooth activations', () => {
  const n = 83;
  const inputs = Float32Array.from({ length: n }, (_, i) => (i - 41) * 0.37);
  const gelu = (x: number): number =>
    0.5 * x * (1 + Math.tanh(Math.sqrt(2 / Math.PI) * (x + 0.044715 * x ** 3)));
  const silu = (x: number): number => x / (1 + Math.exp(-x));
  it.each([
    ['gelu', gelu, kernels.gelu, kernels.geluGradient],
    ['silu', silu, kernels.silu, kernels.siluGradient],
  ] as const)('%s and its slope are those of float64, far out too', (_, expected, apply, differentiate) => {
    end = 64;
    const [x, y, dy, dx] = [room(n), room(n + 1, 7), room(n, 1), room(n + 1, 7)];
    floats.set(inputs, x / 4);
    apply(x, y, n);
    differentiate(x, dy, dx, n);
    for (let i = 0; i < n; i++) {
      const value = inputs[i]!;
      expect(Math.abs(at(y, i) - expected(value))).toBeLessThan(1e-6);
      const slope = (expected(value + 1e-5) - expected(value - 1e-5)) / 2e-5;
      expect(Math.abs(at(dx, i) - slope)).toBeLessThan(1e-5);
    }
    expect([at(y, n), at(dx, n)]).toEqual([7, 7]);
  });
});

describe('layer normalisation', () => {
  it.each([
    [3, 128],
    [5, 7],
    [2, 2],
  ])('of %i rows of %i leaves mean and variance as float64 does', (rows, width) => {
    end = 64;
    const [x, scale, shift] = [room(rows * width), room(width), room(width)];
    const [out, statistics] = [room(rows * width), room(rows * 2)];
    kernels.layerNorm(x, scale, shift, out, statistics, rows, width, 1e-5);
    for (let r = 0; r < rows; r++) {
      const row = Array.from({ length: width }, (_, i) => at(x, r * width + i));
      const mean = row.reduce((sum, value) => sum + value, 0) / width;
      const variance = row.reduce((sum, value) => sum + (value - mean) ** 2, 0) / width;
      row.forEach((value, i) => {
        const expected = ((value - mean) / Math.sqrt(variance + 1e-5)) * at(scale, i) + at(shift, i);
        expect(at(out, r * width + i)).toBeCloseTo(expected, 4);
      });
    }
  });
});

describe('embeddings', () => {
  it('gather the rows of tokens that come as scaled bytes, and scatter their gradients back', () => {
    end = 64;
    const [tokens, table, positions] = [room(6), room(256 * 3), room(3 * 3)];
    const [out, dTable, dPositions] = [room(6 * 3), room(256 * 3), room(3 * 3)];
    const ids = [0, 255, 7, 7, 254, 1];
    ids.forEach((id, i) => {
      floats[tokens / 4 + i] = id / 255 - 0.5;
    });
    kernels.embed(tokens, table, positions, out, 2, 3, 3);
    ids.forEach((id, i) => {
      for (let c = 0; c < 3; c++)
        expect(at(out, i * 3 + c)).toBe(Math.fround(at(table, id * 3 + c) + at(positions, (i % 3) * 3 + c)));
    });
    kernels.embedGradient(tokens, out, dTable, dPositions, 2, 3, 256, 3);
    expect(at(dTable, 7 * 3)).toBe(Math.fround(at(out, 6) + at(out, 9)));
    expect(at(dTable, 2 * 3)).toBe(0);
    expect(at(dPositions, 0)).toBe(Math.fround(at(out, 0) + at(out, 9)));
  });
});
