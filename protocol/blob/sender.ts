// The sending half of one blob: at most a window of chunks in flight, the peer's bitmap as the only acknowledgement.
// A chunk is sent again for one of two reasons only: chunks sent well after it have arrived, or the path stood still and
// the answer to a probe (the manifest) sent after the chunk brought nothing new. So a slow link gets no duplicates.
// Must not: know keys of other blobs, a clock, or the link.

import { type Framed, type Manifest, type TransferMessage, windowChunks } from '../messages.ts';
import { Bitmap } from './bitmap.ts';
import { Watchdog } from './watchdog.ts';

export type TransferFrame = Framed<TransferMessage>;

/** Chunks sent this many sends later have arrived: the earlier one is lost (links keep order, up to small swaps). */
const reorderTolerance = 3;
/** Manifests whose answers are told apart; more are outstanding only below about 30 kbit/s. */
const maximumProbes = 4;
const noBody = new Uint8Array(0);

/** A message without a body. */
export const bare = (message: TransferMessage): TransferFrame => ({ message, body: noBody });

/** One blob on its way to the peer. */
export class Outgoing {
  readonly manifest: Manifest;
  readonly watchdog: Watchdog;
  readonly #bytes: Uint8Array;
  /** Chunk index to its place in the order of sends. */
  readonly #inFlight = new Map<number, number>();
  #acked: Bitmap;
  #sends = 0;
  #latestAcked = -1;
  #answered = false;
  /** For each manifest whose answer is awaited, how many chunks had been sent before it. */
  #probes: number[] = [];
  /** After a reset everything in flight is doubted, whatever the next bitmap brings. */
  #isReset = false;

  /** `watchdogSeconds` is the shortest pause that counts as a stall. The bytes must be those of the manifest. */
  constructor(manifest: Manifest, bytes: Uint8Array, watchdogSeconds: number, now: number) {
    this.manifest = manifest;
    this.#bytes = bytes;
    this.#acked = new Bitmap(manifest.chunks.length);
    this.watchdog = new Watchdog(watchdogSeconds, now);
  }

  get have(): number {
    return this.#acked.count;
  }

  /** The manifest, and with `eager` the first window behind it. */
  start(now: number, eager: boolean): TransferFrame[] {
    this.watchdog.restart(now);
    return [...this.introduce(), ...(eager ? this.#fillWindow() : [])];
  }

  /** Sends the manifest. Its answer, should it bring nothing new, shows that the chunks sent before it are lost. */
  introduce(): TransferFrame[] {
    // Without any answer yet the first manifest itself is the likeliest loss.
    if (!this.#answered) this.#probes = [];
    this.#probes = [...this.#probes.slice(1 - maximumProbes), this.#sends];
    return [bare(this.manifest)];
  }

  /** The watchdog fired: asks the peer what it has. */
  probe(now: number): TransferFrame[] {
    this.watchdog.backOff(now);
    return this.introduce();
  }

  /** The link is new: everything in flight may be lost; the peer's next bitmap tells. */
  reset(now: number): TransferFrame[] {
    this.watchdog.restart(now);
    this.#isReset = true;
    this.#probes = [];
    return this.introduce();
  }

  /** The peer's bitmap. Full means delivered; otherwise returns the next chunks the window allows. */
  onNeed(have: Bitmap, now: number): { send: TransferFrame[]; delivered: boolean } {
    const gained = this.#merge(have);
    if (have.full) return { send: [], delivered: true };
    const probe = gained > 0 ? undefined : this.#probes.shift();
    // Every chunk was acknowledged once and yet some are missing: the peer restarted, and its bitmap is the truth.
    if (this.#acked.full && (this.#isReset || probe !== undefined)) this.#acked = have;
    this.#dropLost(this.#isReset ? this.#sends : (probe ?? this.#latestAcked + 1 - reorderTolerance));
    if (gained > 0 || !this.#answered) this.watchdog.progress(now);
    this.#isReset = false;
    this.#answered = true;
    return { send: this.#fillWindow(), delivered: false };
  }

  /** Takes over new bits; returns how many. Old bitmaps that arrive late take nothing back. */
  #merge(have: Bitmap): number {
    let gained = 0;
    for (let i = 0; i < have.length; i++) {
      if (!have.has(i) || !this.#acked.set(i)) continue;
      gained++;
      this.#latestAcked = Math.max(this.#latestAcked, this.#inFlight.get(i) ?? -1);
      this.#inFlight.delete(i);
    }
    // Links keep order: manifests sent before a chunk that has arrived have been answered, or never will be.
    if (gained > 0) this.#probes = this.#probes.filter((sends) => sends > this.#latestAcked);
    return gained;
  }

  /** Chunks among the first `sends` that are still unacknowledged are lost, and may be sent again. */
  #dropLost(sends: number): void {
    for (const [index, order] of this.#inFlight) if (order < sends) this.#inFlight.delete(index);
  }

  #fillWindow(): TransferFrame[] {
    const send: TransferFrame[] = [];
    const { sha, chunkBytes, chunks } = this.manifest;
    for (let index = 0; index < chunks.length && this.#inFlight.size < windowChunks; index++) {
      if (this.#acked.has(index) || this.#inFlight.has(index)) continue;
      this.#inFlight.set(index, this.#sends++);
      const body = this.#bytes.subarray(index * chunkBytes, (index + 1) * chunkBytes);
      send.push({ message: { kind: 'chunk', sha, index }, body });
    }
    return send;
  }
}
