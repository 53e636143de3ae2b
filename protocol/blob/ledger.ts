// What a relation remembers of blobs that have come: which key stands for which content, and what is complete, so that
// a duplicate is answered and never reported twice. Must not: keep bytes.

import type { Manifest } from '../messages.ts';
import { Bitmap } from './bitmap.ts';

/** Entries beyond this many leave, oldest first: one round of split training has a few hundred blobs. */
const maximumEntries = 1024;

interface Entry {
  readonly manifest: Pick<Manifest, 'sha' | 'size' | 'meta'>;
  readonly chunkCount: number;
  state: 'open' | 'done' | 'refused';
}

/** Keys met in one relation. */
export class Ledger {
  readonly #entries = new Map<string, Entry>();

  /** Enters the key of `manifest`; a sentence when it must be refused: the first content under a key wins. */
  enter(manifest: Manifest): string | undefined {
    const known = this.#entries.get(manifest.key);
    if (known?.state === 'refused') return `blob ${manifest.sha} was refused before`;
    if (known && known.manifest.sha !== manifest.sha)
      return `key ${manifest.key} with blob ${manifest.sha} (expected ${known.manifest.sha}: the first wins)`;
    if (known) return undefined;
    if (this.#entries.size >= maximumEntries) this.#entries.delete(this.#entries.keys().next().value!);
    const { sha, size, meta, chunks } = manifest;
    this.#entries.set(manifest.key, {
      manifest: { sha, size, meta },
      chunkCount: chunks.length,
      state: 'open',
    });
    return undefined;
  }

  mark(key: string, state: 'done' | 'refused'): void {
    const entry = this.#entries.get(key);
    if (entry) entry.state = state;
  }

  isDone(key: string): boolean {
    return this.#entries.get(key)?.state === 'done';
  }

  /** The full bitmap of a blob that is complete, in hex; undefined when none of that address is. */
  fullBitmap(sha: string): string | undefined {
    for (const entry of this.#entries.values()) {
      if (entry.manifest.sha !== sha || entry.state !== 'done') continue;
      const full = new Bitmap(entry.chunkCount);
      for (let i = 0; i < entry.chunkCount; i++) full.set(i);
      return full.toHex();
    }
    return undefined;
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** The bytes of this address are gone: what was complete may come again. */
  forgetContent(sha: string): void {
    for (const [key, entry] of this.#entries) if (entry.manifest.sha === sha) this.#entries.delete(key);
  }

  forgetRound(round: number): void {
    for (const [key, entry] of this.#entries)
      if (entry.manifest.meta.round === round) this.#entries.delete(key);
  }
}
