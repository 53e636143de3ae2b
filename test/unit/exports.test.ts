// Exported files, read back by readers that share no code with the writers: hyparquet for Parquet; for TensorBoard a reader
// written here from the format's description, with its own bitwise checksum.

import { mkdtempSync, readdirSync, readFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Command } from 'commander';
import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import { registerRuns } from '../../testbed/commands/runs.ts';
import { parquetBytes } from '../../testbed/export/parquet.ts';
import { crc32c } from '../../testbed/export/tensorboard.ts';
import { writeFinishedRun } from '../support/small-run.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-exports-'));
writeFinishedRun(folder, 'r1');

function runsExport(...args: string[]): void {
  const io = { out: () => undefined, err: () => undefined, isTerminal: false, colour: false };
  const program = new Command().exitOverride();
  registerRuns(program, io);
  program.parse(['runs', 'export', 'r1', '--runs', folder, ...args], { from: 'user' });
}

const bufferOf = (bytes: Uint8Array): ArrayBuffer => new Uint8Array(bytes).buffer;

describe('Parquet', () => {
  it('holds the view with whole numbers, other numbers, text and NULL apart', async () => {
    const file = join(folder, 'rounds.parquet');
    runsExport('--format', 'parquet', '--out', file);
    const rows = await parquetReadObjects({ file: bufferOf(readFileSync(file)) });
    expect(rows).toHaveLength(2);
    expect(rows[0]).toMatchObject({
      round: 1n,
      virtual_seconds: 20.5,
      accuracy: 0.5,
      model_sha: 'b'.repeat(64),
    });
  });

  it('keeps NULL, and types a column by all its values', async () => {
    const buffer = bufferOf(
      parquetBytes({
        columns: ['a', 'b', 'c', 'd'],
        rows: [
          [1, 1, 'x', null],
          [null, 0.5, null, null],
        ],
      }),
    );
    expect(await parquetReadObjects({ file: buffer })).toEqual([
      { a: 1n, b: 1, c: 'x', d: null },
      { a: null, b: 0.5, c: null, d: null },
    ]);
    expect(
      parquetMetadata(buffer)
        .schema.slice(1)
        .map(({ type }) => type),
    ).toEqual(['INT64', 'DOUBLE', 'BYTE_ARRAY', 'BYTE_ARRAY']);
  });
});

/** CRC-32C by polynomial division, bit after bit. */
function slowCrc(bytes: Uint8Array): number {
  let crc = 0xffffffffn;
  for (const byte of bytes) {
    crc ^= BigInt(byte);
    for (let bit = 0; bit < 8; bit++) crc = crc & 1n ? (crc >> 1n) ^ 0x82f63b78n : crc >> 1n;
  }
  return Number(crc ^ 0xffffffffn);
}

function unmasked(value: number): number {
  const rotated = (value - 0xa282ead8) >>> 0;
  return ((rotated >>> 17) | (rotated << 15)) >>> 0;
}

/** Records of a TFRecord file, each checksum checked. */
function recordsOf(bytes: Buffer): Buffer[] {
  const records: Buffer[] = [];
  for (let at = 0; at < bytes.length; ) {
    const length = Number(bytes.readBigUInt64LE(at));
    expect(unmasked(bytes.readUInt32LE(at + 8))).toBe(slowCrc(bytes.subarray(at, at + 8)));
    const data = bytes.subarray(at + 12, at + 12 + length);
    expect(unmasked(bytes.readUInt32LE(at + 12 + length))).toBe(slowCrc(data));
    records.push(data);
    at += 16 + length;
  }
  return records;
}

/** Fields of a protocol buffer message: number and value, nested messages as bytes. */
function fieldsOf(bytes: Buffer): [number, number | Buffer][] {
  const fields: [number, number | Buffer][] = [];
  let at = 0;
  const varint = (): number => {
    let [value, scale] = [0, 1];
    for (; ; scale *= 128) {
      const byte = bytes[at++]!;
      value += (byte & 127) * scale;
      if (byte < 128) return value;
    }
  };
  while (at < bytes.length) {
    const key = varint();
    const [field, wire] = [key >> 3, key & 7];
    const length = wire === 2 ? varint() : wire === 1 ? 8 : 4;
    if (wire === 0) {
      fields.push([field, varint()]);
      continue;
    }
    const part = bytes.subarray(at, at + length);
    at += length;
    if (wire === 2) fields.push([field, part]);
    else fields.push([field, wire === 1 ? part.readDoubleLE() : part.readFloatLE()]);
  }
  return fields;
}

describe('TensorBoard', () => {
  it('has the checksum of RFC 3720: thirty-two zeroes, and the digits 1 to 9', () => {
    expect(crc32c(new Uint8Array(32))).toBe(0x8a9136aa);
    expect(crc32c(new TextEncoder().encode('123456789'))).toBe(0xe3069283);
  });

  it('holds a scalar for each number of each round, its wall time the start plus simulated seconds', () => {
    const logs = join(folder, 'logs');
    runsExport('--format', 'tensorboard', '--out', logs);
    const [name] = readdirSync(join(logs, 'r1'));
    expect(name).toBe('events.out.tfevents.1767323045.r1');
    const [version, ...events] = recordsOf(readFileSync(join(logs, 'r1', name!))).map(fieldsOf);
    expect(String(version!.find(([field]) => field === 3)![1])).toBe('brain.Event:2');
    expect(events.map((fields) => fields.slice(0, 2))).toEqual([
      [
        [1, 1767323045 + 20.5],
        [2, 1],
      ],
      [
        [1, 1767323045 + 40],
        [2, 2],
      ],
    ]);
    const scalars = fieldsOf(events[1]!.find(([field]) => field === 5)![1] as Buffer).map(([, value]) => {
      const fields = new Map(fieldsOf(value as Buffer));
      return [String(fields.get(1)), fields.get(2)];
    });
    expect(scalars).toContainEqual(['round/accuracy', 0.75]);
    expect(scalars).toContainEqual(['round/committed', 1]);
  });
});

describe('a format that no terminal shows', () => {
  it('asks for a file, and TensorBoard for rounds', () => {
    expect(() => runsExport('--format', 'parquet')).toThrow(
      '--format parquet is written to a file (expected --out as well)',
    );
    expect(() => runsExport('--format', 'tensorboard', '--view', 'event', '--out', 'x')).toThrow(
      'expected the view round',
    );
  });
});
