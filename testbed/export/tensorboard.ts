// A run as a TensorBoard event file: a scalar for each figure of each round. The container is TFRecord (length, masked
// CRC-32C, data, masked CRC-32C), each record an Event message of protocol buffers, encoded here field by field:
// tensorflow/core/util/event.proto, framework/summary.proto and lib/io/record_writer.h say how. Pure.
// Must not: read a clock. The wall time of an event is the run's start plus its simulated seconds.

import type { Table } from '../../roadside/store/table.ts';

/** Reversed polynomial of CRC-32C (Castagnoli), RFC 3720. */
const polynomial = 0x82f63b78;

const crcTable = Uint32Array.from({ length: 256 }, (_, index) => {
  let crc = index;
  for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
  return crc >>> 0;
});

/** CRC-32C of `bytes`, unsigned. */
export function crc32c(bytes: Uint8Array): number {
  let crc = 0xffffffff;
  for (const byte of bytes) crc = (crc >>> 8) ^ crcTable[(crc ^ byte) & 0xff]!;
  return (crc ^ 0xffffffff) >>> 0;
}

/** TFRecord masks checksums, since a checksum of data that holds checksums is weak: rotate by 15 and add a constant. */
function masked(bytes: Uint8Array): number {
  const crc = crc32c(bytes);
  return (((crc >>> 15) | (crc << 17)) + 0xa282ead8) >>> 0;
}

function concat(parts: readonly Uint8Array[]): Uint8Array {
  const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    whole.set(part, at);
    at += part.length;
  }
  return whole;
}

function little(size: 4 | 8, write: (view: DataView) => void): Uint8Array {
  const bytes = new Uint8Array(size);
  write(new DataView(bytes.buffer));
  return bytes;
}

function record(data: Uint8Array): Uint8Array {
  const length = little(8, (view) => view.setBigUint64(0, BigInt(data.length), true));
  const crc = (bytes: Uint8Array): Uint8Array => little(4, (view) => view.setUint32(0, masked(bytes), true));
  return concat([length, crc(length), data, crc(data)]);
}

function varint(value: number): Uint8Array {
  const bytes: number[] = [];
  let rest = BigInt(value);
  for (; rest > 127n; rest >>= 7n) bytes.push(Number(rest & 127n) | 128);
  return Uint8Array.from([...bytes, Number(rest)]);
}

/** Wire types of protocol buffers: 0 varint, 1 eight bytes, 2 length and bytes, 5 four bytes. */
const tag = (field: number, wire: 0 | 1 | 2 | 5): Uint8Array => varint(field * 8 + wire);
const bytesField = (field: number, bytes: Uint8Array): Uint8Array =>
  concat([tag(field, 2), varint(bytes.length), bytes]);
const textField = (field: number, text: string): Uint8Array =>
  bytesField(field, new TextEncoder().encode(text));
const doubleField = (field: number, value: number): Uint8Array =>
  concat([tag(field, 1), little(8, (view) => view.setFloat64(0, value, true))]);
const floatField = (field: number, value: number): Uint8Array =>
  concat([tag(field, 5), little(4, (view) => view.setFloat32(0, value, true))]);
const wholeField = (field: number, value: number): Uint8Array => concat([tag(field, 0), varint(value)]);

/** Event: 1 wall_time, 2 step, 3 file_version, 5 summary. Summary: 1 value. Value: 1 tag, 2 simple_value. */
function scalarEvent(
  wallSeconds: number,
  step: number,
  values: readonly (readonly [string, number])[],
): Uint8Array {
  const summary = concat(
    values.map(([name, value]) => bytesField(1, concat([textField(1, name), floatField(2, value)]))),
  );
  return concat([doubleField(1, wallSeconds), wholeField(2, step), bytesField(5, summary)]);
}

/** Names that say nothing as a curve. */
const aside = new Set(['round', 'virtual_seconds', 'opened_at']);

/** What a run's event file is made from: its `round` view, and its start (ISO 8601). */
export interface TensorBoardRun {
  readonly rounds: Table;
  readonly startedAt: string;
}

/** The bytes of an event file: one event a round, its step the round, every number of the view a scalar. */
export function tensorBoardBytes({ rounds, startedAt }: TensorBoardRun): Uint8Array {
  const start = Date.parse(startedAt) / 1000;
  const { columns, rows } = rounds;
  const [round, seconds] = [columns.indexOf('round'), columns.indexOf('virtual_seconds')];
  const events = rows.map((row) => {
    const values = columns.flatMap((name, index) => {
      const value = row[index];
      return typeof value === 'number' && !aside.has(name) ? [[`round/${name}`, value] as const] : [];
    });
    return scalarEvent(start + Number(row[seconds]), Number(row[round]), values);
  });
  const version = concat([doubleField(1, start), textField(3, 'brain.Event:2')]);
  return concat([version, ...events].map(record));
}

/** A name that TensorBoard recognises as an event file. */
export const tensorBoardFile = (runId: string, startedAt: string): string =>
  `events.out.tfevents.${Math.floor(Date.parse(startedAt) / 1000)}.${runId}`;
