// Shards, subsets and sharing: what a vehicle holds is decided by its id and the seed, and by nothing else.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { pickSamples, shareDataset, subset } from '../../learning/data/dataset.ts';
import { type Partition, shardFor } from '../../learning/data/partition.ts';
import type { Dataset } from '../../learning/learner.ts';

const seed = 20240;
const property = { seed, numRuns: 100 };

/** `perClass` samples of each of `classes` labels, sorted by label as GTSRB is. */
function sortedLabels(classes: number, perClass: number): Uint8Array {
  return Uint8Array.from({ length: classes * perClass }, (_, i) => Math.floor(i / perClass));
}

const labels = sortedLabels(10, 50);
const iid: Partition = { kind: 'iid' };
const dirichlet = (alpha: number): Partition => ({ kind: 'dirichlet', alpha });

function shard(vehicle: string, samples: number, partition: Partition): Uint32Array {
  return shardFor({ labels, classes: 10, vehicle, samples, partition, seed });
}

/** How many samples of each label a shard holds. */
function histogram(of: Uint32Array): number[] {
  const counts = new Array<number>(10).fill(0);
  for (const index of of) counts[labels[index]!]! += 1;
  return counts;
}

const anyPartition = fc.oneof(
  fc.constant(iid),
  fc.double({ min: 0.001, max: 1000, noNaN: true }).map(dirichlet),
);

describe('shardFor', () => {
  it('gives every vehicle the samples it asks for, all within the set', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 700 }),
        anyPartition,
        (vehicle, samples, partition) => {
          const drawn = shard(vehicle, samples, partition);
          expect(drawn.length).toBe(samples);
          expect(drawn.every((index) => index < labels.length)).toBe(true);
        },
      ),
      property,
    );
  });

  it('changes no vehicle when another is added: a fleet is the sum of its vehicles', () => {
    const fleetOf = (ids: readonly string[], partition: Partition): Map<string, string> =>
      new Map(ids.map((id) => [id, shard(id, 30, partition).join()]));
    fc.assert(
      fc.property(
        fc.uniqueArray(fc.string(), { minLength: 2, maxLength: 6 }),
        anyPartition,
        (ids, partition) => {
          const small = fleetOf(ids.slice(1), partition);
          const large = fleetOf(ids, partition);
          for (const [id, held] of small) expect(large.get(id)).toBe(held);
        },
      ),
      property,
    );
  });

  it('repeats no sample of an iid shard before all are used', () => {
    fc.assert(
      fc.property(fc.string(), fc.integer({ min: 1, max: 500 }), (vehicle, samples) => {
        expect(new Set(shard(vehicle, samples, iid)).size).toBe(samples);
      }),
      property,
    );
    expect(new Set(shard('car-1', 1000, iid)).size).toBe(500);
  });

  it('repeats no sample of a class before the class is used up', () => {
    fc.assert(
      fc.property(
        fc.string(),
        fc.integer({ min: 1, max: 400 }),
        anyPartition,
        (vehicle, samples, partition) => {
          const drawn = shard(vehicle, samples, partition);
          const distinct = histogram(Uint32Array.from(new Set(drawn)));
          histogram(drawn).forEach((count, label) => {
            expect(distinct[label]).toBe(partition.kind === 'iid' ? count : Math.min(count, 50));
          });
        },
      ),
      property,
    );
  });

  it('gives two vehicles different data', () => {
    expect(shard('car-1', 30, iid).join()).not.toBe(shard('car-2', 30, iid).join());
    expect(shard('car-1', 30, dirichlet(0.5)).join()).not.toBe(shard('car-2', 30, dirichlet(0.5)).join());
  });

  it('draws exactly these samples for this seed', () => {
    expect([...shard('car-1', 6, iid)]).toEqual([231, 489, 66, 422, 486, 417]);
    expect(histogram(shard('car-1', 100, dirichlet(0.5)))).toEqual([2, 18, 0, 20, 1, 39, 2, 12, 0, 6]);
  });

  it('holds one label when alpha is tiny and all labels evenly when it is large', () => {
    const largestShare = (alpha: number): number => {
      let sum = 0;
      for (let car = 0; car < 50; car++)
        sum += Math.max(...histogram(shard(`car-${car}`, 200, dirichlet(alpha)))) / 200;
      return sum / 50;
    };
    expect(largestShare(1e-4)).toBe(1);
    expect(largestShare(1e6)).toBeLessThan(0.17);
    expect(largestShare(0.1)).toBeGreaterThan(largestShare(1));
    expect(largestShare(1)).toBeGreaterThan(largestShare(10));
  });

  it('has the mean and the variance of a Dirichlet distribution', () => {
    // With alpha = 1 over 10 classes: mean 1/10, variance (1/10)(9/10)/11 = 0.00818 (plus the multinomial's share).
    const shares = Array.from(
      { length: 2000 },
      (_, car) => histogram(shard(`v${car}`, 50, dirichlet(1)))[3]! / 50,
    );
    const mean = shares.reduce((sum, share) => sum + share, 0) / shares.length;
    const variance = shares.reduce((sum, share) => sum + (share - mean) ** 2, 0) / shares.length;
    // Dirichlet-multinomial with n = 50: (1/10)(9/10) (50 + 10) / (50 * 11) = 0.009818.
    expect(Math.abs(mean - 0.1)).toBeLessThan(0.007);
    expect(Math.abs(variance - 0.009818)).toBeLessThan(0.001);
  });

  it('draws no label that the set lacks', () => {
    const sparse = Uint8Array.of(2, 2, 5, 5, 5);
    const drawn = shardFor({
      labels: sparse,
      classes: 43,
      vehicle: 'a',
      samples: 20,
      partition: dirichlet(5),
      seed,
    });
    expect(drawn.every((index) => index < 5)).toBe(true);
  });

  it('follows the classes of an unbalanced set', () => {
    const skewed = Uint8Array.from({ length: 1000 }, (_, i) => (i < 900 ? 0 : 1));
    const drawn = shardFor({
      labels: skewed,
      classes: 2,
      vehicle: 'a',
      samples: 500,
      partition: dirichlet(1e6),
      seed,
    });
    const share = drawn.filter((index) => index < 900).length / 500;
    expect(Math.abs(share - 0.9)).toBeLessThan(0.04);
  });

  it('refuses what has no meaning', () => {
    expect(() => shard('a', 0, iid)).toThrow('invalid samples: 0 (expected >= 1)');
    expect(() => shard('a', 1, dirichlet(0))).toThrow('invalid alpha: 0 (expected a positive finite number)');
    expect(() => shard('a', 1, dirichlet(Number.NaN))).toThrow('invalid alpha: NaN');
    const none = { labels: new Uint8Array(0), classes: 1, vehicle: 'a', samples: 1, partition: iid, seed };
    expect(() => shardFor(none)).toThrow('invalid labels: none (expected at least one)');
    const bad = { ...none, labels: Uint8Array.of(3), partition: dirichlet(1) };
    expect(() => shardFor(bad)).toThrow('invalid label: 3 (expected below 1)');
  });
});

/** One pixel per image: its position. */
function numbered(of: Uint8Array, classes: number): Dataset {
  return { inputShape: [1, 1, 1], classes, images: Uint8Array.from(of, (_, i) => i), labels: of };
}

describe('subset', () => {
  it('takes classes evenly, keeps the order of the set, and says the same twice', () => {
    const set = numbered(sortedLabels(5, 40), 5);
    const taken = subset(set, 20, 1);
    expect([...taken.labels]).toEqual([0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4]);
    expect([...taken.images]).toEqual([...taken.images].sort((a, b) => a - b));
    expect(subset(set, 20, 1)).toEqual(taken);
    expect(subset(set, 20, 2).images.join()).not.toBe(taken.images.join());
  });

  it('takes more of the others where a class is short', () => {
    const set = numbered(Uint8Array.of(0, 0, 0, 0, 0, 1), 2);
    expect([...subset(set, 4, 1).labels]).toEqual([0, 0, 0, 1]);
  });

  it('is the whole set when it asks for all', () => {
    const set = numbered(sortedLabels(5, 4), 5);
    expect(subset(set, 20, 1)).toBe(set);
    expect(() => subset(set, 0, 1)).toThrow('invalid count: 0 (expected >= 1)');
  });
});

describe('pickSamples', () => {
  it('copies images and labels in the order asked for', () => {
    const set = {
      inputShape: [1, 2, 1] as const,
      classes: 3,
      images: Uint8Array.of(1, 2, 3, 4, 5, 6),
      labels: Uint8Array.of(0, 1, 2),
    };
    const picked = pickSamples(set, [2, 0]);
    expect([...picked.images]).toEqual([5, 6, 1, 2]);
    expect([...picked.labels]).toEqual([2, 0]);
  });
});

describe('shareDataset', () => {
  it('keeps the bytes and puts them where worker threads see them', () => {
    const set = numbered(sortedLabels(3, 4), 3);
    const sharedSet = shareDataset(set);
    expect(sharedSet.images.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect(sharedSet.labels.buffer).toBeInstanceOf(SharedArrayBuffer);
    expect([...sharedSet.images]).toEqual([...set.images]);
    expect([...sharedSet.labels]).toEqual([...set.labels]);
  });

  it('copies nothing the second time', () => {
    const once = shareDataset(numbered(sortedLabels(3, 4), 3));
    expect(shareDataset(once).images).toBe(once.images);
  });
});
