// Floating-car data: what is written can be read, reads as SUMO wrote it, and is refused where it is broken.
// Must not: need SUMO.

import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync, gzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { FcdReader, type FcdRow } from '../../mobility/traces/fcd-reader.ts';
import { FcdRecorder } from '../../mobility/traces/fcd-recorder.ts';
import { type FcdFormat, FcdWriter } from '../../mobility/traces/fcd-writer.ts';
import { digestFcdFile, openFileSink, readFcdFile } from '../../mobility/traces/files.ts';
import { forkNetwork } from '../support/tiny-net.ts';

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roadbed-traces-'));
});
afterEach(() => rmSync(folder, { recursive: true }));

interface Sighting {
  readonly at: number;
  readonly id: string;
  readonly x: number;
  readonly y?: number;
}

/** The text of a few rows; empty steps for times that nobody is seen at. */
function written(
  format: FcdFormat,
  steps: readonly (readonly [number, readonly Sighting[]])[],
  precision = 2,
) {
  const pieces: Uint8Array[] = [];
  const writer = new FcdWriter({ format, precision, sink: (piece) => void pieces.push(piece) });
  writer.begin();
  for (const [at, sightings] of steps) {
    writer.step(at);
    for (const { id, x, y = 0 } of sightings) {
      const names = { id: writer.name(id), type: writer.name('car'), lane: writer.name('e_0') };
      writer.row({ ...names, x, y, angleDegrees: 90, speedMps: 1.005, positionMeters: x });
    }
    writer.endStep();
  }
  const { digest } = writer.end();
  return { text: Buffer.concat(pieces).toString('utf8'), digest };
}

function parsed(text: string, pieceBytes = 7): { steps: number[]; rows: FcdRow[]; skipped: number } {
  const steps: number[] = [];
  const rows: FcdRow[] = [];
  const reader = new FcdReader('some.fcd', {
    step: (at) => void steps.push(at),
    row: (row) => void rows.push({ ...row }),
  });
  const bytes = new TextEncoder().encode(text);
  for (let at = 0; at < bytes.length; at += pieceBytes) reader.write(bytes.subarray(at, at + pieceBytes));
  return { steps, rows, skipped: reader.end().skippedRows };
}

const twoSteps = [
  [0, [{ at: 0, id: 'a"<&', x: -1.005 }]],
  [1, []],
  [2, [{ at: 2, id: 'b', x: 12345.678 }]],
] as const;

describe('floating-car data', () => {
  it('are written in SUMO’s form as XML', () => {
    const { text } = written('xml', twoSteps);
    expect(text.split('\n').slice(3, 10)).toEqual([
      '    <timestep time="0.00">',
      '        <vehicle id="a&quot;&lt;&amp;" x="-1.00" y="0.00" angle="90.00" type="car" speed="1.00" pos="-1.00" lane="e_0" slope="0.00"/>',
      '    </timestep>',
      '    <timestep time="1.00"/>',
      '    <timestep time="2.00">',
      '        <vehicle id="b" x="12345.68" y="0.00" angle="90.00" type="car" speed="1.00" pos="12345.68" lane="e_0" slope="0.00"/>',
      '    </timestep>',
    ]);
  });

  it.each(['xml', 'csv'] as const)('are read back from %s, cut into pieces anywhere', (format) => {
    const { steps, rows } = parsed(written(format, twoSteps, 3).text);
    // A CSV file knows no empty steps.
    expect(steps).toEqual(format === 'xml' ? [0, 1, 2] : [0, 2]);
    expect(rows.map(({ id, x, speedMps, lane, type }) => [id, x, speedMps, lane, type])).toEqual([
      ['a"<&', -1.005, 1.005, 'e_0', 'car'],
      ['b', 12345.678, 1.005, 'e_0', 'car'],
    ]);
  });

  it('of CSV with plain names and commas need time, id, x and y only', () => {
    const { rows } = parsed('time,id,x,y\n0,a,1,2\n1,a,3,4\n');
    expect(rows).toMatchObject([
      { id: 'a', x: 1, y: 2, lane: '', speedMps: Number.NaN },
      { id: 'a', x: 3, y: 4 },
    ]);
  });

  it('leave out persons and count them', () => {
    const text =
      '<fcd-export><timestep time="0"><person id="p" x="0" y="0"/><vehicle id="v" x="1" y="2"/></timestep></fcd-export>';
    expect(parsed(text)).toMatchObject({ rows: [{ id: 'v' }], skipped: 1 });
  });

  it.each([
    [
      '<fcd-export><timestep time="1"><vehicle id="v" x="1"/>',
      'some.fcd, line 1: <vehicle id="v"> has no attribute "y" (expected metres)',
    ],
    [
      '<fcd-export>\n<timestep time="1"/><timestep time="1"/>',
      'some.fcd, line 2: <timestep> has time="1" (expected a time after 1, the one before)',
    ],
    [
      '<fcd-export><vehicle id="v" x="1" y="1"/>',
      '<vehicle id="v"> stands alone (expected it inside a <timestep>)',
    ],
    ['<net/>', 'some.fcd, line 1: <net> is the root element (expected <fcd-export>)'],
    ['<fcd-export><timestep time="1">', 'some.fcd, line 1 inside <timestep>'],
    [
      'time,id,x\n',
      'some.fcd, line 1: has no column of y (expected one named vehicle_y or y or lat or latitude)',
    ],
    ['time,id,x,y\n0,a,1,north\n', 'some.fcd, line 2: has the y "north" (expected a number)'],
    ['time,id,x,y\n1,a,1,1\n0,a,1,1\n', 'some.fcd, line 3: is at 0 s (expected a time of 1 s or later)'],
    ['', 'some.fcd is empty'],
  ])('that are broken are refused: %s', (text, sentence) => {
    expect(() => parsed(text)).toThrow(sentence);
  });
});

describe('a recorder', () => {
  it('places vehicles on their lanes, in the order of their ids', () => {
    const pieces: Uint8Array[] = [];
    const network = forkNetwork();
    const writer = new FcdWriter({ format: 'csv', precision: 1, sink: (piece) => void pieces.push(piece) });
    const type = { lengthMeters: 5, id: 't' };
    const departures = ['z', 'a'].map((id) => ({ id, type: 0 }));
    // The recorder looks at ids and lengths only.
    const demand = { departures, types: [type] } as unknown as ConstructorParameters<typeof FcdRecorder>[1];
    const recorder = new FcdRecorder(network, demand, writer);
    const lane = network.lanes.ids.indexOf('fast_1');
    writer.begin();
    recorder.record(3, {
      count: 2,
      departure: Int32Array.of(0, 1),
      lane: Int32Array.of(lane, lane),
      position: Float64Array.of(150, 300),
      speed: Float64Array.of(7, 8),
      routeIndex: Int32Array.of(1, 1),
    });
    writer.end();
    // The lane counts 300 m and is drawn from x = 100 to x = 200.
    expect(Buffer.concat(pieces).toString().split('\n').slice(1)).toEqual([
      '3.0;a;200.0;0.0;90.0;t;8.0;300.0;fast_1;0.0',
      '3.0;z;150.0;0.0;90.0;t;7.0;150.0;fast_1;0.0',
      '',
    ]);
  });
});

describe('files of traces', () => {
  it('are gzipped by their names and have the digest of their data lines', async () => {
    const { text, digest } = written('xml', twoSteps);
    for (const name of ['a.xml', 'a.xml.gz']) {
      const path = join(folder, name);
      const sink = openFileSink(path);
      sink.write(new TextEncoder().encode(text));
      await sink.ready();
      await sink.end();
      const bytes = readFileSync(path);
      expect((name.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString()).toBe(text);
      expect(await digestFcdFile(path)).toBe(digest);
      expect(await readFcdFile(path, { step: () => undefined, row: () => undefined })).toEqual({
        skippedRows: 0,
      });
    }
  });

  it('that cannot be written are named', async () => {
    const sink = openFileSink(join(folder, 'no', 'such', 'folder.xml.gz'));
    sink.write(new Uint8Array(10));
    await expect(sink.end()).rejects.toThrow(/folder\.xml\.gz cannot be written/);
  });

  it('that are cut off in the middle of a gzip stream are refused', async () => {
    const path = join(folder, 'cut.xml.gz');
    const whole = gzipSync(written('xml', twoSteps).text);
    writeFileSync(path, whole.subarray(0, whole.length - 20));
    await expect(readFcdFile(path, { step: () => undefined, row: () => undefined })).rejects.toThrow(
      /cut\.xml\.gz/,
    );
  });
});

const truth = new URL('../../../shared/data/sumo/cologne8/cologne8.seed42.fcd.xml.gz', import.meta.url);
const hasTruth = existsSync(truth);

describe('SUMO’s own file', () => {
  it.skipIf(!hasTruth)('is written again byte for byte (skipped without ../shared)', async () => {
    const path = truth.pathname;
    const writer = new FcdWriter({ format: 'xml', precision: 3, sink: () => undefined });
    writer.begin();
    const names = new Map<string, Uint8Array>();
    const name = (text: string): Uint8Array => {
      if (!names.has(text)) names.set(text, writer.name(text));
      return names.get(text)!;
    };
    let isOpen = false;
    await readFcdFile(path, {
      step: (at) => {
        if (isOpen) writer.endStep();
        isOpen = true;
        writer.step(at);
      },
      row: (row) =>
        writer.row({
          ...row,
          id: name(row.id),
          type: name(row.type),
          lane: name(row.lane),
        }),
    });
    writer.endStep();
    expect(writer.end().digest).toBe(await digestFcdFile(path));
  });
});
