// Cuts under a memory cap: they fit, they say how good they are, and what cannot fit is refused.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { epochSeconds, isClosed, type SplitInstance } from '../../roadside/cuts/partition/instance.ts';
import { cappedSplit } from '../../roadside/cuts/partition/memory-cap.ts';
import { ReducedCut } from '../../roadside/cuts/partition/reduced-cut.ts';
import { randomInstance, written } from '../support/cut-instances.ts';

const line = written({
  edges: [
    [0, 1],
    [1, 2],
    [2, 3],
  ],
  device: [0, 1, 1, 1],
  server: [0, 1, 1, 1],
  bits: [90, 60, 30, 1],
});
const bytes = Float64Array.of(0, 10, 10, 10);
const rates = { up: 10, down: 10 };

/** The least time of all closed sets that fit. */
function bestThatFits(instance: SplitInstance, memory: Float64Array, cap: number): number {
  const { count } = instance.graph;
  let best = Number.POSITIVE_INFINITY;
  for (let bits = 1; bits < 2 ** count; bits += 2) {
    const onDevice = Uint8Array.from({ length: count }, (_, v) => (bits >> v) & 1);
    const taken = memory.reduce((sum, value, v) => sum + value * onDevice[v]!, 0);
    if (taken <= cap && isClosed(instance.graph, onDevice))
      best = Math.min(best, epochSeconds(instance, onDevice, rates));
  }
  return best;
}

describe('a memory cap', () => {
  it('takes the deepest layer whose half fits, where deeper is better', () => {
    const { onDevice, memoryBytes, seconds } = cappedSplit(line, rates, bytes, 25);
    expect([...onDevice]).toEqual([1, 1, 1, 0]);
    expect([memoryBytes, seconds]).toEqual([20, 3 + 6]);
  });

  it('changes nothing where all fits', () => {
    const capped = cappedSplit(line, rates, bytes, 1e9);
    expect(capped.seconds).toBe(new ReducedCut(line).decide(rates).seconds);
    expect(capped.lowerBoundSeconds).toBe(capped.seconds);
  });

  it('refuses where not even what must be in the car fits, with both numbers', () => {
    const pinned = { ...line, pinnedToDevice: Uint8Array.of(1, 1, 0, 0) };
    expect(() => cappedSplit(pinned, rates, bytes, 9)).toThrow('take 10 bytes, the cap is 9');
    expect(() => cappedSplit(pinned, rates, bytes, Number.NaN)).toThrow('the cap is NaN');
  });

  it('is kept on random graphs, and the bound is below the best cut that fits', () => {
    const rng = Rng.root(4);
    let exact = 0;
    for (let i = 0; i < 300; i++) {
      const instance = randomInstance(rng, 8, { fastCar: i % 2 === 0, ownGradients: true });
      const memory = Float64Array.from({ length: instance.graph.count }, (_, v) =>
        v === 0 ? 0 : rng.uniform(),
      );
      const cap = rng.uniform() * instance.graph.count * 0.5;
      const best = bestThatFits(instance, memory, cap);
      const capped = cappedSplit(instance, rates, memory, cap);
      expect(capped.memoryBytes).toBeLessThanOrEqual(cap);
      expect(isClosed(instance.graph, capped.onDevice)).toBe(true);
      expect(capped.lowerBoundSeconds).toBeLessThanOrEqual(best * (1 + 1e-9));
      expect(capped.seconds).toBeGreaterThanOrEqual(best * (1 - 1e-9));
      if (capped.seconds <= best * (1 + 1e-9)) exact++;
    }
    expect(exact).toBeGreaterThan(240);
  });
});
