// `roadbed data`: what it says of a folder, and who would hold what. Must not: train, or need a download.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { writeIdx } from '../../learning/data/cache.ts';
import type { Dataset } from '../../learning/learner.ts';
import { main } from '../../testbed/cli.ts';
import type { CommandIo } from '../../testbed/io.ts';
import { stackedBarsSvg } from '../../testbed/plot/stacked-bars.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roadbed-data-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

async function roadbed(...args: string[]): Promise<{ code: number; out: string[]; err: string[] }> {
  const out: string[] = [];
  const err: string[] = [];
  const io: CommandIo = {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    isTerminal: false,
    colour: false,
  };
  return { code: await main(args, io), out, err };
}

/** `count` grey pixels of four classes in turn. */
function tiny(count: number): Dataset {
  const labels = Uint8Array.from({ length: count }, (_, i) => i % 4);
  return { inputShape: [1, 1, 1], classes: 4, images: new Uint8Array(count), labels };
}

describe('roadbed data inspect', () => {
  it('says classes, counts, shapes and fingerprint of a CIFAR-10 folder', async () => {
    const record = (label: number): number[] => [label, ...new Array<number>(3072).fill(label)];
    const batch = Uint8Array.from([...record(3), ...record(3), ...record(9)]);
    writeFileSync(join(folder, 'data_batch_1.bin'), batch);
    writeFileSync(join(folder, 'test_batch.bin'), Uint8Array.from(record(0)));
    const { code, out } = await roadbed('data', 'inspect', folder, '--json');
    expect(code).toBe(0);
    expect(JSON.parse(out.join('\n'))).toEqual({
      directory: folder,
      format: 'cifar10',
      classes: 10,
      classNames: ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9'],
      inputShape: [32, 32, 3],
      train: { samples: 3, shape: [3, 32, 32, 3], counts: [0, 0, 0, 2, 0, 0, 0, 0, 0, 1] },
      test: { samples: 1, shape: [1, 32, 32, 3], counts: [1, 0, 0, 0, 0, 0, 0, 0, 0, 0] },
      // sha-256 worked out outside roadbed from the two lines that it is taken over.
      fingerprint: 'c478a0f68b6c90fe39b894167328b1c3e446d1190465d9fdeb66163965ff5191',
    });
  });

  it('prints a table for people, of texts too', async () => {
    writeFileSync(join(folder, 'train.csv'), 'text,label\nbrake,danger\ngo,calm\nstop,danger\n');
    writeFileSync(join(folder, 'test.csv'), 'text,label\nwait,calm\n');
    const { out } = await roadbed('data', 'inspect', folder, '--tokens', 'words', '--length', '8');
    expect(out[0]).toBe(`${folder}: text, 2 classes, samples of 1x8x1`);
    expect(out.slice(1, 2)).toEqual(['3 for training, 1 for testing']);
    expect(out.slice(3)).toEqual([
      'label  class   training  testing',
      '    0  calm           1        1',
      '    1  danger         2        0',
    ]);
  });

  it('refuses an unknown folder with exit code 4 and a sentence', async () => {
    const { code, err } = await roadbed('data', 'inspect', folder);
    expect(code).toBe(4);
    expect(err.join('\n')).toMatch(/holds no data set that roadbed knows; expected IDX files/);
  });
});

describe('roadbed data partition', () => {
  const scenario = `name: two-places
roads: {kind: ring, lengthMeters: 1000}
traffic: {source: {kind: recirculating, vehicles: 4}}
rsus: [{id: r1, x: 0, y: 0}]
devices: [{name: d, trainingFlopsPerSecond: 1.0e9}]
data: {kind: idx, samplesPerVehicle: 40, partition: {kind: by-place, alpha: 0.05, segmentMeters: 500}}
model: {name: softmax-regression}
fallback: {mode: full-only}
`;
  const args = (): string[] => ['data', 'partition', join(folder, 's.yaml'), '--data', join(folder, 'data')];
  beforeEach(() => {
    writeFileSync(join(folder, 's.yaml'), scenario);
    writeIdx(tiny(400), join(folder, 'data'), 'train');
    writeIdx(tiny(40), join(folder, 'data'), 'test');
  });

  it('says where each vehicle starts and what it would hold, alike on one stretch of road', async () => {
    const { code, out } = await roadbed(...args(), '--json');
    const { vehicles, partition } = JSON.parse(out.join('\n'));
    expect(code).toBe(0);
    expect(partition).toEqual({ kind: 'by-place', alpha: 0.05, segmentMeters: 500 });
    expect(vehicles.length).toBe(4);
    const most = new Map<string, Set<number>>();
    for (const { segment, counts, samples } of vehicles) {
      expect(samples).toBe(40);
      const best = counts.indexOf(Math.max(...counts));
      most.set(segment, (most.get(segment) ?? new Set()).add(best));
    }
    expect([...most.keys()].sort()).toEqual(['ring 0', 'ring 1']);
    for (const classes of most.values()) expect(classes.size).toBe(1);
  });

  it('draws the same picture twice: one bar a vehicle, bands as high as counts', async () => {
    const first = join(folder, 'a.svg');
    await roadbed(...args(), '--out', first, '--set', 'data.partition={kind: iid}');
    const svg = readFileSync(first, 'utf8');
    await roadbed(...args(), '--out', first, '--set', 'data.partition={kind: iid}');
    expect(readFileSync(first, 'utf8')).toBe(svg);
    expect(svg.startsWith('<svg xmlns="http://www.w3.org/2000/svg"')).toBe(true);
    const counts = [...svg.matchAll(/<title>(\w+): (\d+) samples of class \d<\/title>/g)];
    expect(new Set(counts.map((match) => match[1])).size).toBe(4);
    expect(counts.reduce((sum, match) => sum + Number(match[2]), 0)).toBe(160);
  });

  it('refuses a picture that cannot be written', async () => {
    const { code, err } = await roadbed(...args(), '--out', join(folder, 'none', 'a.svg'));
    expect(code).toBe(2);
    expect(err.join('\n')).toMatch(/--out .+ cannot be written \(ENOENT/);
  });
});

describe('stackedBarsSvg', () => {
  it('escapes names, and refuses counts that do not fit', () => {
    const chart = { title: 'a<b & "c"', unit: 'samples', bands: ['x'], bars: [{ name: 'v', counts: [3] }] };
    expect(stackedBarsSvg(chart)).toContain('a&lt;b &amp; &quot;c&quot;');
    // Three of a scale that ends at 4: three quarters of 320.
    expect(stackedBarsSvg(chart)).toContain('height="240"');
    const wrong = { ...chart, bars: [{ name: 'v', counts: [1, 2] }] };
    expect(() => stackedBarsSvg(wrong)).toThrow('v: 2 counts (expected 1)');
  });
});

const gtsrb = '../shared/data/gtsrb-32';
describe.skipIf(!existsSync(gtsrb))(`GTSRB (skipped where ${gtsrb} is absent)`, () => {
  it('is inspected with its 43 classes and both parts', async () => {
    const { out } = await roadbed('data', 'inspect', gtsrb, '--json');
    const found = JSON.parse(out.join('\n'));
    expect([found.format, found.classes, found.train.samples, found.test.samples]).toEqual([
      'idx',
      43,
      39_209,
      12_630,
    ]);
    expect(found.fingerprint).toBe('8e3e7be3b640b4102557d0f2cb2af18adfc31fe0e685fab2953e083902826c0b');
  }, 30_000);
});
