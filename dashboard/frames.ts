// Map frames by time: those that arrived live, and those fetched for looking back. Frames stay encoded (14 bytes a vehicle)
// until they are drawn, so minutes of a thousand vehicles fit in a few megabytes.
// Must not: draw, or know whether the run is live.

import type { Frame, FrameVehicle } from '../protocol/frame.ts';
import { decodeFrame } from '../protocol/frame.ts';

/** Frames are fetched in blocks of this many seconds: 20 s of 1,000 vehicles at 1 Hz are 280 kB. */
export const blockSeconds = 20;
/** About 2 minutes of 1,000 vehicles at 10 Hz (14 kB each): 16 MiB. */
const tailBytesMax = 16 * 1024 * 1024;
const blocksMax = 64;
const decodedMax = 8;

interface Stamped {
  readonly at: number;
  readonly bytes: Uint8Array;
}

interface Block {
  readonly frames: readonly Stamped[];
  /** The newest instant known when the block was fetched: later frames of the block may be missing from it. */
  readonly knownUpTo: number;
}

export interface FramePair {
  /** The newest frame at or before the instant; null where none is at hand. */
  readonly before: Frame | null;
  readonly after: Frame | null;
}

/** Cuts the answer of `/frames` (repeated u32 little-endian length + frame) into frames. Throws RangeError where torn. */
export function splitFrames(packed: Uint8Array): Uint8Array[] {
  const view = new DataView(packed.buffer, packed.byteOffset, packed.byteLength);
  const frames: Uint8Array[] = [];
  for (let at = 0; at < packed.length; ) {
    const length = at + 4 <= packed.length ? view.getUint32(at, true) : Number.POSITIVE_INFINITY;
    if (at + 4 + length > packed.length) {
      throw new RangeError(`torn frame at byte ${at} of ${packed.length} (length ${length})`);
    }
    frames.push(packed.subarray(at + 4, at + 4 + length));
    at += 4 + length;
  }
  return frames;
}

/** The instant of an encoded frame, seconds, without decoding its vehicles. */
export function instantOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength).getFloat64(4, true);
}

export type LoadFrames = (fromSeconds: number, toSeconds: number) => Promise<readonly Uint8Array[]>;

export class FrameStore {
  readonly #load: LoadFrames;
  #tail: Stamped[] = [];
  #tailBytes = 0;
  #newestAt = 0;
  readonly #blocks = new Map<number, Block>();
  readonly #asked = new Set<number>();
  readonly #decoded = new Map<Uint8Array, Frame>();

  constructor(load: LoadFrames) {
    this.#load = load;
  }

  /** Adds a frame that arrived live; one that is not newer than the last is passed over. Returns its instant. */
  push(bytes: Uint8Array): number {
    const at = instantOf(bytes);
    if (at <= (this.#tail.at(-1)?.at ?? -1)) return at;
    this.#tail.push({ at, bytes });
    this.#tailBytes += bytes.length;
    this.#newestAt = Math.max(this.#newestAt, at);
    if (this.#tailBytes > tailBytesMax) this.#dropOldHalf();
    return at;
  }

  /** Says how far the run is known to go, seconds. */
  extend(newestAt: number): void {
    this.#newestAt = Math.max(this.#newestAt, newestAt);
  }

  /** The frames around `at`. */
  pair(at: number): FramePair {
    const block = Math.floor(at / blockSeconds);
    const lists = [this.#framesOf(block - 1), this.#framesOf(block), this.#framesOf(block + 1), this.#tail];
    let before: Stamped | undefined;
    let after: Stamped | undefined;
    for (const list of lists) {
      const next = firstAfter(list, at);
      const left = list[next - 1];
      const right = list[next];
      if (left !== undefined && left.at > (before?.at ?? -1)) before = left;
      if (right !== undefined && right.at < (after?.at ?? Number.POSITIVE_INFINITY)) after = right;
    }
    return { before: this.#decode(before), after: this.#decode(after) };
  }

  /**
   * Fetches what is missing around `at` and up to `aheadSeconds` after it. Resolves when something arrived, to true, or
   * at once, to false, where nothing is missing.
   */
  async want(at: number, aheadSeconds: number): Promise<boolean> {
    const first = Math.max(0, Math.floor(at / blockSeconds) - 1);
    const last = Math.floor(Math.min(at + aheadSeconds, this.#newestAt) / blockSeconds);
    const missing: number[] = [];
    for (let block = first; block <= last; block++) if (this.#misses(block)) missing.push(block);
    await Promise.all(missing.map((block) => this.#fetch(block)));
    return missing.length > 0;
  }

  #misses(block: number): boolean {
    if (this.#asked.has(block)) return false;
    if (block * blockSeconds >= (this.#tail[0]?.at ?? Number.POSITIVE_INFINITY)) return false;
    const held = this.#blocks.get(block);
    if (held === undefined) return true;
    return held.knownUpTo < (block + 1) * blockSeconds && this.#newestAt > held.knownUpTo;
  }

  async #fetch(block: number): Promise<void> {
    this.#asked.add(block);
    const knownUpTo = this.#newestAt;
    try {
      const frames = await this.#load(block * blockSeconds, (block + 1) * blockSeconds);
      const stamped = frames.map((bytes) => ({ at: instantOf(bytes), bytes }));
      this.#blocks.delete(block);
      this.#blocks.set(block, { frames: stamped.sort((a, b) => a.at - b.at), knownUpTo });
      const oldest = this.#blocks.keys().next().value;
      if (this.#blocks.size > blocksMax && oldest !== undefined) this.#blocks.delete(oldest);
    } catch (error) {
      // Held as empty, so that a server that refuses is not asked again sixty times a second.
      this.#blocks.set(block, { frames: [], knownUpTo: (block + 1) * blockSeconds });
      throw error;
    } finally {
      this.#asked.delete(block);
    }
  }

  #framesOf(block: number): readonly Stamped[] {
    return this.#blocks.get(block)?.frames ?? [];
  }

  #dropOldHalf(): void {
    this.#tail = this.#tail.slice(this.#tail.length >> 1);
    this.#tailBytes = this.#tail.reduce((sum, frame) => sum + frame.bytes.length, 0);
  }

  #decode(frame: Stamped | undefined): Frame | null {
    if (frame === undefined) return null;
    const held = this.#decoded.get(frame.bytes) ?? decodeFrame(frame.bytes);
    this.#decoded.delete(frame.bytes);
    this.#decoded.set(frame.bytes, held);
    const oldest = this.#decoded.keys().next().value;
    if (this.#decoded.size > decodedMax && oldest !== undefined) this.#decoded.delete(oldest);
    return held;
  }
}

function firstAfter(list: readonly Stamped[], at: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((list[middle]?.at ?? 0) <= at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** A vehicle where it is drawn: its record in the newer-known frame, its place between two frames. Metres, radians. */
export type Visit = (vehicle: FrameVehicle, x: number, y: number, headingRadians: number) => void;

/** A vehicle that moved more than this between two frames was moved by the simulator, not driven: it is not smeared. */
const jumpMeters = 200;

/** Calls `visit` for every vehicle of the earlier frame at its place at `at`, interpolated towards the later frame. */
export function blend(pair: FramePair, at: number, visit: Visit): void {
  const { before, after } = pair;
  const base = before ?? after;
  if (base === null) return;
  const share = before && after ? Math.min(1, Math.max(0, (at - before.at) / (after.at - before.at))) : 0;
  if (share === 0 || after === null) {
    for (const v of base.vehicles) visit(v, v.x, v.y, v.headingRadians);
    return;
  }
  const later = byIndex(after);
  for (const v of base.vehicles) {
    const to = later.get(v.index) ?? v;
    const far = Math.hypot(to.x - v.x, to.y - v.y) > jumpMeters;
    if (far) visit(v, v.x, v.y, v.headingRadians);
    else {
      const turn = shortTurn(to.headingRadians - v.headingRadians);
      visit(v, v.x + (to.x - v.x) * share, v.y + (to.y - v.y) * share, v.headingRadians + turn * share);
    }
  }
}

/** An angle difference brought to -pi..pi, so that a car turns the short way. */
export function shortTurn(radians: number): number {
  const turn = 2 * Math.PI;
  return radians - turn * Math.round(radians / turn);
}

const indexed = new WeakMap<Frame, ReadonlyMap<number, FrameVehicle>>();

function byIndex(frame: Frame): ReadonlyMap<number, FrameVehicle> {
  const held = indexed.get(frame) ?? new Map(frame.vehicles.map((v) => [v.index, v]));
  indexed.set(frame, held);
  return held;
}
