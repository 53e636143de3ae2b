// A manifest says what a blob is before its first byte: address, size, the hash of each chunk, and the facts that go
// with its purpose. Both ends check it with the same function. Must not: decide whether a blob is wanted.

import { sha256 } from '../../base/hash.ts';
import type { BlobMeta } from '../messages.ts';
import {
  chunkBytes as defaultChunkBytes,
  type Manifest,
  maximumBlobBytes,
  type Purpose,
} from '../messages.ts';

/** Bytes on offer, with their key and the facts that travel with them. The bytes must not change while on offer. */
export interface NamedBlob {
  readonly key: string;
  readonly purpose: Purpose;
  readonly bytes: Uint8Array;
  readonly meta: BlobMeta;
}

const update = ['nonce', 'samples', 'computeSeconds', 'joules'] as const;
const crossed = ['step', 'cut', 'base'] as const;

const requiredMeta: Record<Purpose, readonly (keyof BlobMeta)[]> = {
  model: [],
  'lower-model': [],
  update: [...update, 'trainLoss'],
  'lower-update': update,
  'lower-checkpoint': [...update, 'step', 'trainLoss'],
  smashed: [...crossed, 'nonce', 'samples'],
  outputs: crossed,
  'output-gradient': [...crossed, 'nonce', 'samples'],
  gradient: crossed,
};

/** The manifest of `blob`. Throws RangeError when the blob is empty, too large, or lacks a fact its purpose requires. */
export function manifestOf(blob: NamedBlob, chunkBytes = defaultChunkBytes): Manifest {
  const chunks: string[] = [];
  for (let at = 0; at < blob.bytes.length; at += chunkBytes)
    chunks.push(sha256(blob.bytes.subarray(at, at + chunkBytes)));
  const manifest: Manifest = {
    kind: 'manifest',
    key: blob.key,
    purpose: blob.purpose,
    sha: sha256(blob.bytes),
    size: blob.bytes.length,
    chunkBytes,
    chunks,
    meta: blob.meta,
  };
  const fault = manifestFault(manifest);
  if (fault) throw new RangeError(`cannot offer ${blob.key}: ${fault}`);
  return manifest;
}

/** Whether these are numbers that cross a cut: any format of them, whose size only the cut tells. */
export function isCrossing(purpose: Purpose): boolean {
  return requiredMeta[purpose].includes('cut');
}

/** What is wrong with a manifest that its schema cannot say, or undefined when nothing is. */
export function manifestFault(manifest: Manifest): string | undefined {
  const { size, chunkBytes, chunks, purpose, meta } = manifest;
  if (size < 1 || size > maximumBlobBytes) return `size ${size} (expected 1..${maximumBlobBytes})`;
  const expected = Math.ceil(size / chunkBytes);
  if (chunks.length !== expected || expected > 1024)
    return `${chunks.length} chunks (expected ${expected}, at most 1024)`;
  for (const name of requiredMeta[purpose])
    if (meta[name] === undefined) return `no ${name} (required of purpose ${purpose})`;
  if (size % 4 !== 0 && !isCrossing(purpose))
    return `size ${size} of ${purpose} (expected a multiple of 4: float32)`;
  return undefined;
}
