// IDX files: what is written is read back, and every damage is named in a sentence with the file, the value and what
// was expected.

import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { encodeDataset, encodeIdx, pairToDataset, parseIdx } from '../../learning/data/idx.ts';

const three = encodeIdx({ shape: [3], values: Uint8Array.of(7, 8, 9) });

/** The RoadbedError that `act` throws. */
function refusal(act: () => unknown): RoadbedError {
  try {
    act();
  } catch (error) {
    if (error instanceof RoadbedError) return error;
    throw error;
  }
  throw new Error('nothing was refused');
}

describe('parseIdx', () => {
  it('reads the header as big-endian sizes', () => {
    const bytes = Uint8Array.of(0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6);
    const { shape, values } = parseIdx(bytes, 'a');
    expect(shape).toEqual([2, 3]);
    expect([...values]).toEqual([1, 2, 3, 4, 5, 6]);
  });

  it('reads gzipped bytes alike', () => {
    expect([...parseIdx(gzipSync(three), 'a.gz').values]).toEqual([7, 8, 9]);
  });

  it('reads bytes that stand in the middle of a buffer', () => {
    const wide = new Uint8Array(three.length + 5);
    wide.set(three, 5);
    expect([...parseIdx(wide.subarray(5), 'a').values]).toEqual([7, 8, 9]);
  });

  const damages: readonly [string, Uint8Array, string][] = [
    [
      'a wrong magic number',
      Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 0, 0, 0, 0),
      'f is not an IDX file: it begins with 0x89504e47, expected 0x000008 and the rank (labels 0x00000801, images 0x00000803 or 0x00000804).',
    ],
    [
      'rank zero',
      Uint8Array.of(0, 0, 8, 0),
      'f is not an IDX file: it begins with 0x00000800, expected 0x000008 and the rank (labels 0x00000801, images 0x00000803 or 0x00000804).',
    ],
    [
      'a type that is not unsigned bytes',
      Uint8Array.of(0, 0, 0x0d, 1, 0, 0, 0, 0),
      'f holds 32-bit floats (IDX type 0x0d); roadbed reads unsigned bytes only (0x08). Convert the file to unsigned bytes.',
    ],
    ['an empty file', new Uint8Array(0), 'f is cut short: it has 0 bytes, an IDX header needs at least 4.'],
    [
      'a header cut short',
      Uint8Array.of(0, 0, 8, 3, 0, 0, 0, 1),
      'f is cut short: it has 8 bytes, its header of rank 3 needs 16.',
    ],
    [
      'data cut short',
      three.subarray(0, three.length - 1),
      'f is cut short: it has 10 bytes, its header (3) needs 11. Fetch the file again.',
    ],
    [
      'bytes after the data',
      Uint8Array.of(...three, 0, 0),
      'f has 2 bytes after its data: its header (3) needs 11, it has 13. Fetch the file again.',
    ],
  ];
  it.each(damages)('refuses %s', (_, bytes, sentence) => {
    const error = refusal(() => parseIdx(bytes, 'f'));
    expect(error.reason).toBe('data');
    expect(error.message).toBe(sentence);
  });

  it('refuses gzip data that are cut short', () => {
    const zipped = gzipSync(three);
    const error = refusal(() => parseIdx(zipped.subarray(0, zipped.length - 4), 'f.gz'));
    expect(error.reason).toBe('data');
    expect(error.message).toMatch(
      /^f\.gz cannot be unzipped \(.+\)\. The file is damaged; fetch it again\.$/,
    );
  });
});

describe('pairToDataset', () => {
  const labels = { labels: { shape: [2], values: Uint8Array.of(0, 4) }, labelsName: 'l' };

  it('gives rank 3 one channel and rank 4 its own', () => {
    const flat = pairToDataset({
      ...labels,
      images: { shape: [2, 1, 3], values: new Uint8Array(6) },
      imagesName: 'i',
    });
    expect(flat.inputShape).toEqual([1, 3, 1]);
    expect(flat.classes).toBe(5);
    const colour = { shape: [2, 1, 1, 3], values: new Uint8Array(6) };
    expect(pairToDataset({ ...labels, images: colour, imagesName: 'i' }).inputShape).toEqual([1, 1, 3]);
  });

  it('comes back from its own files', () => {
    const dataset = {
      inputShape: [2, 2, 3] as const,
      classes: 5,
      images: Uint8Array.from({ length: 24 }, (_, i) => i * 10),
      labels: Uint8Array.of(0, 4),
    };
    const files = encodeDataset(dataset);
    const images = parseIdx(files.images, 'i');
    const back = pairToDataset({
      images,
      imagesName: 'i',
      labels: parseIdx(files.labels, 'l'),
      labelsName: 'l',
    });
    expect(back).toEqual(dataset);
  });

  it('refuses images and labels that differ in number', () => {
    const images = { shape: [3, 1, 1], values: new Uint8Array(3) };
    const error = refusal(() => pairToDataset({ ...labels, images, imagesName: 'i' }));
    expect(error.reason).toBe('data');
    expect(error.message).toBe(
      'i holds 3 images and l 2 labels; the two must be equal. Fetch both files from one source.',
    );
  });

  it('refuses ranks that are not those of images and labels', () => {
    const flat = { shape: [2, 1], values: new Uint8Array(2) };
    expect(refusal(() => pairToDataset({ ...labels, images: flat, imagesName: 'i' })).message).toBe(
      'i has rank 2; images need rank 3 (count, height, width) or 4 (and channels).',
    );
    const images = { shape: [2, 1, 1], values: new Uint8Array(2) };
    const deep = { images, imagesName: 'i', labels: flat, labelsName: 'l' };
    expect(refusal(() => pairToDataset(deep)).message).toBe('l has rank 2; labels need rank 1.');
  });

  it('refuses an empty set', () => {
    const none = { shape: [0], values: new Uint8Array(0) };
    const images = { shape: [0, 28, 28], values: new Uint8Array(0) };
    expect(
      refusal(() => pairToDataset({ images, imagesName: 'i', labels: none, labelsName: 'l' })).message,
    ).toBe('i holds no image (0 x 28 x 28); at least one is needed.');
  });
});

describe('encodeIdx', () => {
  it('refuses a shape that does not fit its values', () => {
    expect(() => encodeIdx({ shape: [2, 2], values: new Uint8Array(3) })).toThrow(
      'invalid IDX array: 3 values (expected 2 x 2 = 4)',
    );
  });
});
