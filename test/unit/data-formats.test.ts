// Data folders of every format but IDX: CIFAR's binary files, images with a table, texts with a table, and what is said of
// damaged ones. Folders are made in a temporary directory. Must not: need a download.

import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { crc32, deflateSync } from 'node:zlib';
import jpeg from 'jpeg-js';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { parseCsv } from '../../learning/data/csv.ts';
import { decodeImage } from '../../learning/data/decode-image.ts';
import { openDataset } from '../../learning/data/sources.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roadbed-formats-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

function put(name: string, content: string | Uint8Array): void {
  const path = join(folder, name);
  mkdirSync(join(path, '..'), { recursive: true });
  writeFileSync(path, content);
}

function refusal(work: () => unknown): string {
  try {
    work();
  } catch (error) {
    expect(error).toBeInstanceOf(RoadbedError);
    expect((error as RoadbedError).reason).toBe('data');
    return (error as RoadbedError).message.replaceAll(folder, 'F');
  }
  throw new Error('nothing was refused');
}

/** Records whose red pixels are 1, green 2, blue 3, but the first red one, which is the number of the record. */
function cifarBytes(labels: readonly (readonly number[])[]): Uint8Array {
  return Uint8Array.from(
    labels.flatMap((label, record) => [
      ...label,
      ...Array.from({ length: 3072 }, (_, i) => (i === 0 ? record : Math.floor(i / 1024) + 1)),
    ]),
  );
}

function ppm(width: number, height: number, values: readonly number[]): Uint8Array {
  return Uint8Array.from([
    ...new TextEncoder().encode(`P6\n# made here\n${width} ${height}\n255\n`),
    ...values,
  ]);
}

/** A PNG of 8-bit values: colour type 0 is grey, 2 is RGB. */
function png(width: number, height: number, colourType: 0 | 2, values: readonly number[]): Uint8Array {
  const word = (value: number): number[] => [24, 16, 8, 0].map((shift) => (value >>> shift) & 255);
  const chunk = (name: string, data: readonly number[]): number[] => {
    const body = [...new TextEncoder().encode(name), ...data];
    return [...word(data.length), ...body, ...word(crc32(Uint8Array.from(body)))];
  };
  const row = width * (colourType === 2 ? 3 : 1);
  const lines = Array.from({ length: height }, (_, y) => [0, ...values.slice(y * row, (y + 1) * row)]).flat();
  return Uint8Array.from([
    ...[0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10],
    ...chunk('IHDR', [...word(width), ...word(height), 8, colourType, 0, 0, 0]),
    ...chunk('IDAT', [...deflateSync(Uint8Array.from(lines))]),
    ...chunk('IEND', []),
  ]);
}

describe('CIFAR-10, binary version', () => {
  it('is read with channels last, training files in order, classes named', () => {
    put('data_batch_1.bin', cifarBytes([[9], [0]]));
    put('data_batch_2.bin', cifarBytes([[4]]));
    put('test_batch.bin', cifarBytes([[7]]));
    put('batches.meta.txt', 'airplane\nautomobile\nbird\n\n');
    const { format, train, test, classNames } = openDataset(folder);
    expect([format, train.inputShape, train.classes]).toEqual(['cifar10', [32, 32, 3], 10]);
    expect([...train.labels, ...test.labels]).toEqual([9, 0, 4, 7]);
    expect([...train.images.subarray(3072, 3078)]).toEqual([1, 2, 3, 1, 2, 3]);
    expect([...train.images.subarray(0, 3)]).toEqual([0, 2, 3]);
    expect(classNames).toEqual(['airplane', 'automobile', 'bird', '3', '4', '5', '6', '7', '8', '9']);
  });

  it('is refused where a label is out of range, a file is short, or a part is missing', () => {
    put('data_batch_1.bin', cifarBytes([[9], [10]]));
    expect(refusal(() => openDataset(folder))).toBe(
      'F holds no test part of cifar10; expected files as in its binary version (data_batch_1.bin to data_batch_5.bin and test_batch.bin).',
    );
    put('test_batch.bin', cifarBytes([[1]]));
    expect(refusal(() => openDataset(folder))).toBe(
      'F/data_batch_1.bin has label 10 in record 1 (expected 0..9). Fetch the file again.',
    );
    put('data_batch_1.bin', cifarBytes([[1]]).subarray(0, 3000));
    expect(refusal(() => openDataset(folder))).toBe(
      'F/data_batch_1.bin is cut short: it has 3000 bytes (expected a multiple of 3073, one record). Fetch the file again.',
    );
  });
});

describe('CIFAR-100, binary version', () => {
  it('takes the fine label of each record', () => {
    put('train.bin', cifarBytes([[3, 99]]));
    put('test.bin', cifarBytes([[3, 42]]));
    const { format, train, test } = openDataset(folder);
    expect([format, train.classes, train.labels[0], test.labels[0]]).toEqual(['cifar100', 100, 99, 42]);
  });
});

describe('image files', () => {
  const six = [255, 0, 0, 0, 255, 0];

  it('give the same pixels as PPM and as PNG', () => {
    const expected = { shape: [1, 2, 3], pixels: Uint8Array.from(six) };
    expect(decodeImage(ppm(2, 1, six), 'a.ppm')).toEqual(expected);
    expect(decodeImage(png(2, 1, 2, six), 'a.png')).toEqual(expected);
  });

  it('are grey where the file is grey', () => {
    expect(decodeImage(png(2, 1, 0, [7, 9]), 'a.png')).toEqual({
      shape: [1, 2, 1],
      pixels: Uint8Array.of(7, 9),
    });
    const pgm = Uint8Array.from([...new TextEncoder().encode('P5 2 1 15 '), 15, 0]);
    expect([...decodeImage(pgm, 'a.pgm').pixels]).toEqual([255, 0]);
  });

  it('come near what a JPEG was made from', () => {
    const data = Uint8Array.from({ length: 8 * 8 * 4 }, (_, i) => [200, 100, 50, 255][i % 4]!);
    const { data: bytes } = jpeg.encode({ width: 8, height: 8, data }, 95);
    const { shape, pixels } = decodeImage(bytes, 'a.jpg');
    expect(shape).toEqual([8, 8, 3]);
    pixels.forEach((value, i) => {
      expect(Math.abs(value - data[Math.floor(i / 3) * 4 + (i % 3)]!)).toBeLessThan(4);
    });
  });

  it('are refused with the reason where they are damaged or huge', () => {
    const huge = png(1, 1, 2, [0, 0, 0]);
    huge.set([0, 16, 0, 0], 16);
    expect(refusal(() => decodeImage(huge, 'huge.png'))).toBe(
      'huge.png cannot be read as an image: it says it is 1048576 wide and 1 high, expected 1 to 4096.',
    );
    expect(refusal(() => decodeImage(ppm(2, 2, six), 'short.ppm'))).toBe(
      'short.ppm cannot be read as an image: it is cut short: 6 bytes of pixels, expected 12.',
    );
    expect(refusal(() => decodeImage(Uint8Array.of(1, 2, 3), 'no.png'))).toBe(
      'no.png cannot be read as an image: it is none of PNG, JPEG, binary PPM and binary PGM.',
    );
    expect(refusal(() => decodeImage(png(2, 1, 2, six).subarray(0, 60), 'cut.png'))).toMatch(
      /^cut.png cannot be/,
    );
    expect(refusal(() => decodeImage(Uint8Array.of(0xff, 0xd8, 1), 'cut.jpg'))).toMatch(/^cut.jpg cannot be/);
  });
});

describe('an image folder with a table', () => {
  const black = [0, 0, 0];

  it('is read by the columns of its tables, whatever they are called', () => {
    put('train.csv', 'Width;Height;ClassId;Path\n1;1;2;images/a.ppm\n1;1;0;images/b.png\n');
    put('test.csv', 'filename,label\nimages/a.ppm,1\n');
    put('images/a.ppm', ppm(1, 1, [1, 2, 3]));
    put('images/b.png', png(1, 1, 2, [4, 5, 6]));
    const { format, train, test, classNames } = openDataset(folder);
    expect([format, train.inputShape, classNames]).toEqual(['images', [1, 1, 3], ['0', '1', '2']]);
    expect([...train.images, ...train.labels, ...test.labels]).toEqual([1, 2, 3, 4, 5, 6, 2, 0, 1]);
  });

  it('numbers names of classes in order, and splits a single table by its column', () => {
    put('labels.csv', 'path,class,split\na.ppm,stop,train\na.ppm,give way,train\na.ppm,stop,test\n');
    put('a.ppm', ppm(1, 1, black));
    const { train, test, classNames } = openDataset(folder);
    expect(classNames).toEqual(['give way', 'stop']);
    expect([[...train.labels], [...test.labels]]).toEqual([[1, 0], [1]]);
  });

  it('splits a single table without such a column by class', () => {
    put('labels.csv', `path,label\n${'a.ppm,0\n'.repeat(5)}${'a.ppm,1\n'.repeat(10)}`);
    put('a.ppm', ppm(1, 1, black));
    const { train, test } = openDataset(folder);
    expect([train.labels.length, test.labels.length]).toEqual([12, 3]);
  });

  it('is refused where images are ragged, and says which two', () => {
    put('labels.csv', 'path,label\na.ppm,0\nb.ppm,0\n');
    put('a.ppm', ppm(1, 1, black));
    put('b.ppm', ppm(2, 1, [...black, ...black]));
    expect(refusal(() => openDataset(folder))).toBe(
      'F/b.ppm is 1x2x3, but F/a.ppm is 1x1x3 (height x width x channels; expected one size for all). Scale the images first.',
    );
  });

  it.each([
    [
      'path,label\na.ppm,0\nb.ppm,0\n',
      'F/b.ppm does not exist, but the data set names it. Fetch the data again.',
    ],
    [
      'path\na.ppm\n',
      'F/labels.csv has no column of labels: its columns are path (expected one named label or class).',
    ],
    [
      'label,size\n1,2\n',
      'F/labels.csv has neither images nor text: its columns are label, size (expected one named path or file, or one named text).',
    ],
    ['path,label\na.ppm,0\na.ppm,-1\n', 'F/labels.csv: line 3: label -1 (expected a whole number, 0..255).'],
    ['path,label\na.ppm,256\n', 'F/labels.csv: line 2: label 256 (expected a whole number, 0..255).'],
    ['path,label\na.ppm,stop\na.ppm,\n', 'F/labels.csv: line 3: the label is empty.'],
    ['path,label,split\na.ppm,1,later\n', 'F/labels.csv: line 2: split later (expected train or test).'],
    ['path,label\n', 'F/labels.csv has no rows below its column names.'],
    ['', 'F/labels.csv is empty; expected a row of column names.'],
    [
      'path,label\na.ppm\n',
      'F/labels.csv: line 2 has 1 cells (expected 2, as its first line). Quote cells that hold the separator.',
    ],
    ['path,label\n"a.ppm,0\n', 'F/labels.csv: line 2 opens a quote that is never closed.'],
  ])('is refused for the table %j', (table, sentence) => {
    put('labels.csv', table);
    put('a.ppm', ppm(1, 1, black));
    expect(refusal(() => openDataset(folder))).toBe(sentence);
  });

  it('holds labels to the list of classes where there is one', () => {
    put('classes.txt', 'stop\nyield\n');
    put('labels.csv', 'path,label\na.ppm,2\n');
    put('a.ppm', ppm(1, 1, black));
    expect(refusal(() => openDataset(folder))).toBe(
      'F/labels.csv: line 2: label 2 (expected a whole number, 0..1).',
    );
  });
});

describe('texts with a table', () => {
  beforeEach(() => {
    put('train.csv', 'text,label\n"Brake, now",danger\nall clear,calm\nbrake brake clear,danger\n');
    put('test.csv', 'text,label\nclear unseen,calm\n');
  });

  it('are bytes, cut or padded to one length', () => {
    const { format, train, test, classNames } = openDataset(folder, { tokens: 'bytes', length: 4 });
    expect([format, train.inputShape, classNames]).toEqual(['text', [1, 4, 1], ['calm', 'danger']]);
    expect([...train.images.subarray(0, 4)]).toEqual([66, 114, 97, 107]);
    expect([...train.labels, ...test.labels]).toEqual([1, 0, 1, 0]);
    const { train: long } = openDataset(folder, { tokens: 'bytes', length: 12 });
    expect([...long.images.subarray(8, 12)]).toEqual([111, 119, 0, 0]);
  });

  it('are refused where a label is beyond the list of classes, or no label at all', () => {
    put('classes.txt', 'calm\ndanger\n');
    put('train.csv', 'text,label\nbrake,1\ngo,2\n');
    put('test.csv', 'text,label\nstop,1\n');
    expect(refusal(() => openDataset(folder))).toBe(
      'F/train.csv: line 3: label 2 (expected a whole number, 0..1).',
    );
    put('train.csv', 'text,label\nbrake,danger\ngo,panic\n');
    put('test.csv', 'text,label\nstop,calm\n');
    expect(refusal(() => openDataset(folder))).toBe(
      'F/train.csv: line 3: label panic is not in the list of classes.',
    );
  });

  it('are words by how often they occur in the training part, others 1', () => {
    const { train, test } = openDataset(folder, { tokens: 'words', length: 3 });
    // brake 3 times, clear twice, then all and now by the alphabet.
    expect([...train.images]).toEqual([2, 5, 0, 4, 3, 0, 2, 2, 3]);
    expect([...test.images]).toEqual([3, 1, 0]);
  });
});

describe('a folder of no known format', () => {
  it('is refused with what was expected', () => {
    expect(refusal(() => openDataset(folder))).toMatch(
      /^F holds no data set that roadbed knows; expected IDX/,
    );
    expect(refusal(() => openDataset(join(folder, 'none')))).toBe(
      'F/none does not exist; expected a folder with a data set.',
    );
  });
});

describe('parseCsv', () => {
  it('reads quotes, line breaks in quotes, tabs and Windows line ends', () => {
    expect(parseCsv('a\tb\r\n"x ""y""\n2"\t z \r\n\r\nlast\t', 'x').rows).toEqual([
      { line: 2, cells: ['x "y"\n2', 'z'] },
      { line: 5, cells: ['last', ''] },
    ]);
  });
});
