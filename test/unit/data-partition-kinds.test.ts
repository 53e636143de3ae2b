// The partitions beyond iid and Dirichlet: what each vehicle holds under shards, quantity skew, pathological and by place.
// Must not: depend on how a run is carried out.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { segmentOf } from '../../learning/data/partition/by-place.ts';
import { type Partition, type Place, shardFor } from '../../learning/data/partition.ts';

const seed = 20240;
const property = { seed, numRuns: 60 };
/** 10 classes of 50, sorted. */
const labels = Uint8Array.from({ length: 500 }, (_, i) => Math.floor(i / 50));

function shard(vehicle: string, samples: number, partition: Partition, place?: Place): Uint32Array {
  return shardFor({ labels, classes: 10, vehicle, samples, partition, seed, place });
}

function histogram(of: Uint32Array): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const index of of) counts[labels[index]!]! += 1;
  return counts;
}

const classesIn = (of: Uint32Array): number => histogram(of).filter((count) => count > 0).length;
const anyVehicle = fc.string();

describe('shards', () => {
  const pieces = (perVehicle: number): Partition => ({ kind: 'shards', perVehicle });

  it('give a vehicle the samples it asks for, from as many runs of the sorted set as it holds pieces', () => {
    fc.assert(
      fc.property(
        anyVehicle,
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 1, max: 30 }),
        (vehicle, n, each) => {
          const held = shard(vehicle, n * each, pieces(n)).sort();
          const runs = held.filter((index, i) => i === 0 || index !== held[i - 1]! + 1).length;
          expect(held.length).toBe(n * each);
          expect(new Set(held).size).toBe(n * each);
          expect(runs).toBeLessThanOrEqual(n);
        },
      ),
      property,
    );
  });

  it('hold one or two labels where a piece is no longer than a class', () => {
    expect(classesIn(shard('car-1', 50, pieces(1)))).toBe(1);
    expect(classesIn(shard('car-1', 60, pieces(1)))).toBeLessThanOrEqual(2);
  });

  it('begin again where a vehicle wants more than there is', () => {
    expect(shard('car-1', 1200, pieces(2)).length).toBe(1200);
  });

  it('refuse less than one piece', () => {
    expect(() => shard('a', 1, pieces(0))).toThrow('invalid perVehicle: 0 (expected >= 1)');
  });
});

describe('quantity skew', () => {
  const sizes = (beta: number): number[] =>
    Array.from({ length: 400 }, (_, car) => shard(`car-${car}`, 50, { kind: 'quantity', beta }).length);
  const mean = (values: number[]): number => values.reduce((sum, value) => sum + value, 0) / values.length;

  it('keeps the mean amount and makes amounts more unequal the smaller beta is', () => {
    const spread = (values: number[]): number =>
      Math.sqrt(mean(values.map((value) => (value - mean(values)) ** 2))) / mean(values);
    expect(Math.abs(mean(sizes(2)) - 50)).toBeLessThan(5);
    // A Gamma(beta) number has a deviation of its mean over the root of beta.
    expect(Math.abs(spread(sizes(4)) - 0.5)).toBeLessThan(0.06);
    expect(spread(sizes(0.5))).toBeGreaterThan(spread(sizes(4)));
  });

  it('gives everyone at least one sample and no one more than the set, none twice', () => {
    for (let car = 0; car < 100; car++) {
      const held = shard(`car-${car}`, 200, { kind: 'quantity', beta: 0.1 });
      expect(held.length).toBeGreaterThanOrEqual(1);
      expect(new Set(held).size).toBe(held.length);
    }
  });

  it('refuses a beta that is not positive', () => {
    expect(() => shard('a', 1, { kind: 'quantity', beta: 0 })).toThrow('invalid beta: 0');
  });
});

describe('pathological', () => {
  const few = (classesPerVehicle: number): Partition => ({ kind: 'pathological', classesPerVehicle });

  it('gives exactly so many classes, each as often as the others', () => {
    fc.assert(
      fc.property(anyVehicle, fc.integer({ min: 1, max: 10 }), (vehicle, classes) => {
        const counts = histogram(shard(vehicle, classes * 7, few(classes)));
        expect(counts.filter((count) => count === 7).length).toBe(classes);
        expect(counts.filter((count) => count === 0).length).toBe(10 - classes);
      }),
      property,
    );
  });

  it('gives all classes where it is asked for more than there are, and never an absent one', () => {
    expect(classesIn(shard('car-1', 100, few(99)))).toBe(10);
    const sparse = { labels: Uint8Array.of(2, 5, 5), classes: 8, samples: 4, vehicle: 'a', seed };
    const held = shardFor({ ...sparse, partition: few(2) });
    expect([...held].filter((index) => index === 0).length).toBe(2);
  });

  it('refuses less than one class', () => {
    expect(() => shard('a', 1, few(0))).toThrow('invalid classesPerVehicle: 0 (expected >= 1)');
  });
});

describe('by place', () => {
  const byPlace: Partition = { kind: 'by-place', alpha: 0.2, segmentMeters: 250 };
  const at = (offsetMeters: number, road = 'ring'): Place => ({ road, offsetMeters });
  const share = (counts: number[]): number[] => counts.map((count) => count / 2000);
  const distance = (a: number[], b: number[]): number =>
    a.reduce((sum, value, i) => sum + Math.abs(value - b[i]!), 0);

  it('gives vehicles of one stretch one label mix and samples of their own', () => {
    const first = shard('car-1', 2000, byPlace, at(10));
    const second = shard('car-2', 2000, byPlace, at(249));
    expect(distance(share(histogram(first)), share(histogram(second)))).toBeLessThan(0.15);
    expect(shard('car-1', 20, byPlace, at(10)).join()).not.toBe(shard('car-2', 20, byPlace, at(10)).join());
  });

  it('gives another stretch, and another road, another mix', () => {
    const here = share(histogram(shard('car-1', 2000, byPlace, at(10))));
    expect(distance(here, share(histogram(shard('car-1', 2000, byPlace, at(260)))))).toBeGreaterThan(0.5);
    expect(distance(here, share(histogram(shard('car-1', 2000, byPlace, at(10, 'a')))))).toBeGreaterThan(0.5);
  });

  it('names a stretch by road and number', () => {
    expect([0, 249.9, 250, 999].map((offset) => segmentOf(at(offset), 250))).toEqual([
      'ring 0',
      'ring 0',
      'ring 1',
      'ring 3',
    ]);
  });

  it('refuses a vehicle whose place nobody told', () => {
    expect(() => shard('car-1', 5, byPlace)).toThrow(RoadbedError);
    expect(() => shard('car-1', 5, byPlace)).toThrow(/by-place, and nobody told where car-1 drives/);
  });
});
