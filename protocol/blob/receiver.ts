// The receiving half of one blob: takes chunks in any order, each checked by its own hash before it is kept, the whole
// checked again at the end. Memory grows with what arrived, never with what a manifest claims.
// Must not: trust the peer, or keep a chunk that was not announced.

import { sha256 } from '../../base/hash.ts';
import type { Manifest } from '../messages.ts';
import { Bitmap } from './bitmap.ts';
import { bare, type TransferFrame } from './sender.ts';

/** One blob on its way from the peer. */
export class Incoming {
  manifest: Manifest;
  readonly have: Bitmap;
  readonly #chunks = new Map<number, Uint8Array>();

  constructor(manifest: Manifest) {
    this.manifest = manifest;
    this.have = new Bitmap(manifest.chunks.length);
  }

  /** The peer offers the same content under another key now (it restarted): the chunks stay. */
  rename(manifest: Manifest): void {
    if (manifest.chunkBytes === this.manifest.chunkBytes) this.manifest = manifest;
  }

  /** Keeps a chunk. `new` or `duplicate`, or a sentence saying why it is refused. */
  accept(index: number, body: Uint8Array): 'new' | 'duplicate' | { refused: string } {
    const { size, chunkBytes, chunks } = this.manifest;
    if (index >= chunks.length) return { refused: `chunk ${index} (expected 0..${chunks.length - 1})` };
    if (this.have.has(index)) return 'duplicate';
    const expected = Math.min(chunkBytes, size - index * chunkBytes);
    if (body.length !== expected)
      return { refused: `chunk ${index} of ${body.length} bytes (expected ${expected})` };
    if (sha256(body) !== chunks[index]) return { refused: `chunk ${index} does not match its hash` };
    this.#chunks.set(index, body);
    this.have.set(index);
    return 'new';
  }

  /** What is held, told to the peer. */
  need(): TransferFrame {
    return bare({ kind: 'need', sha: this.manifest.sha, have: this.have.toHex() });
  }

  /** All bytes in order once the bitmap is full; undefined when they do not match the blob's address. */
  assemble(): Uint8Array | undefined {
    const bytes = new Uint8Array(this.manifest.size);
    for (const [index, chunk] of this.#chunks) bytes.set(chunk, index * this.manifest.chunkBytes);
    return sha256(bytes) === this.manifest.sha ? bytes : undefined;
  }
}
