// sha-256 and canonical JSON: what makes two runs comparable byte for byte. Node only (the browser page never hashes).
// Must not: hash anything read from a clock.

import { createHash } from 'node:crypto';
import type { BlobSha } from './ids.ts';

/** The content address of `bytes`. */
export function sha256(bytes: Uint8Array): BlobSha {
  return createHash('sha256').update(bytes).digest('hex') as BlobSha;
}

/** JSON with sorted keys and no spaces: equal values give equal text. Refuses NaN and infinities, which JSON cannot say. */
export function canonicalJson(value: unknown): string {
  if (typeof value === 'number' && !Number.isFinite(value))
    throw new RangeError(`not representable in JSON: ${value}`);
  if (value === null || typeof value !== 'object') return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(canonicalJson).join(',')}]`;
  const record = value as Record<string, unknown>;
  const keys = Object.keys(record)
    .filter((key) => record[key] !== undefined)
    .sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${canonicalJson(record[key])}`).join(',')}}`;
}

/** A running sha-256 over lines of text. */
export class LineHash {
  readonly #hash = createHash('sha256');

  add(line: string): void {
    this.#hash.update(line).update('\n');
  }

  /** Hex digest of all lines so far; more lines may follow. */
  digest(): string {
    return this.#hash.copy().digest('hex');
  }
}

/** Bytes of a float array without a copy, little-endian (asserted once below). */
export function bytesOfFloats(values: Float32Array): Uint8Array {
  return new Uint8Array(values.buffer, values.byteOffset, values.byteLength);
}

/** Floats from little-endian bytes; copies only where the alignment demands it. Throws when not a multiple of four. */
export function floatsOfBytes(bytes: Uint8Array): Float32Array {
  if (bytes.byteLength % 4 !== 0)
    throw new RangeError(`invalid float block: ${bytes.byteLength} bytes (expected a multiple of 4)`);
  if (bytes.byteOffset % 4 === 0)
    return new Float32Array(bytes.buffer, bytes.byteOffset, bytes.byteLength / 4);
  return new Float32Array(bytes.slice().buffer);
}

if (new Uint8Array(new Float32Array([1]).buffer)[3] !== 0x3f) {
  throw new Error('roadbed needs a little-endian machine (all supported Node platforms are)');
}
