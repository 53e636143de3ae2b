// Everything the engine knows of the vehicles on the road, as columns: row v is one vehicle, rows 0 .. count - 1 are in
// use. Rows move: a leaver's row is taken by the last one, and now and then all rows are put in the order of the lanes,
// so that neighbours on the road are neighbours in memory.
// Must not: hold rules of driving.

import { never } from './constants.ts';

/** Lanes a vehicle's body may reach back over, and advices it may get in a step; more are dropped (the mildest stay out). */
export const furtherMost = 8;
export const advicesMost = 6;

/** The index of no halt, behind the end of every route. */
export const noHalt = 0x7fffffff;

type Column = Float64Array | Int32Array | Uint8Array;

/** Doubles per row, `never` where so said, zero else. */
const startNever = new Set(['junctionEntry', 'junctionEntryNeverYield', 'conflictEntry']);

export class Vehicles {
  count = 0;
  capacity = 0;
  // Who.
  departure = new Int32Array(0);
  type = new Int32Array(0);
  speedFactor = new Float64Array(0);
  // Where on its way: `path` is where its route begins in the table of paths (see ways.ts).
  path = new Int32Array(0);
  routeIndex = new Int32Array(0);
  lastIndex = new Int32Array(0);
  arrival = new Float64Array(0);
  /** The record of its way (ways.ts) for its edge, or inside a junction for the next one; -1: to be looked up. */
  record = new Int32Array(0);
  /** Index in its route of the edge of its next halt; `noHalt`: none. */
  haltIndex = new Int32Array(0);
  // Where on the road: the lane of the front bumper, metres along it; the body reaches back over `further` lanes.
  lane = new Int32Array(0);
  position = new Float64Array(0);
  speed = new Float64Array(0);
  acceleration = new Float64Array(0);
  lastMove = new Float64Array(0);
  further = new Int32Array(0);
  furtherCount = new Uint8Array(0);
  // How it waits.
  waiting = new Float64Array(0);
  accumulatedWaiting = new Float64Array(0);
  haveToWait = new Uint8Array(0);
  /** 1: it asked to pass the end of the internal lane it is on. */
  willPass = new Uint8Array(0);
  junctionEntry = new Float64Array(0);
  junctionEntryNeverYield = new Float64Array(0);
  conflictEntry = new Float64Array(0);
  // Halts: seconds left at one; 1: it stands there; metres to the next one on the way planned.
  stopLeft = new Float64Array(0);
  halted = new Uint8Array(0);
  stopDistance = new Float64Array(0);
  // Lane changing.
  changeState = new Int32Array(0);
  speedGain = new Float64Array(0);
  keepRight = new Float64Array(0);
  lookAheadSpeed = new Float64Array(0);
  blockerLength = new Float64Array(0);
  leftSpace = new Float64Array(0);
  dontBrake = new Uint8Array(0);
  advices = new Float64Array(0);
  adviceCount = new Uint8Array(0);
  // What is planned for this step: the speed if nothing lies ahead, and the range of its plan (see plan.ts).
  planSpeed = new Float64Array(0);
  planStart = new Int32Array(0);
  /** 1: nothing ahead is near enough to matter; its plan is only to be told at the link. */
  planLight = new Uint8Array(0);
  planCount = new Int32Array(0);
  readonly #names: readonly string[];
  readonly #widths: Readonly<Record<string, number>> = { further: furtherMost, advices: advicesMost };

  constructor(capacity: number) {
    const own = this as unknown as Record<string, unknown>;
    this.#names = Object.keys(own).filter((name) => ArrayBuffer.isView(own[name]));
    this.#grow(Math.max(16, capacity));
  }

  /** A new row, all zero but what has not happened yet. */
  add(): number {
    if (this.count === this.capacity) this.#grow(this.capacity * 2);
    const row = this.count;
    this.count += 1;
    const own = this as unknown as Record<string, Column>;
    for (const name of this.#names) {
      const width = this.#widths[name] ?? 1;
      own[name]!.fill(startNever.has(name) ? never : 0, row * width, (row + 1) * width);
    }
    return row;
  }

  /** Takes row `row` away; the last row moves into its place. Returns the number the moved row had (`row`: none moved). */
  remove(row: number): number {
    this.count -= 1;
    const last = this.count;
    if (row === last) return row;
    const own = this as unknown as Record<string, Column>;
    for (const name of this.#names) {
      const width = this.#widths[name] ?? 1;
      own[name]!.copyWithin(row * width, last * width, (last + 1) * width);
    }
    return last;
  }

  /** Puts the rows into the order `order[newRow] = oldRow`. */
  reorder(order: Int32Array): void {
    const own = this as unknown as Record<string, Column>;
    for (const name of this.#names) {
      const width = this.#widths[name] ?? 1;
      const from = own[name]!;
      const to = makeLike(from, from.length);
      for (let row = 0; row < this.count; row++) {
        const old = order[row]!;
        for (let i = 0; i < width; i++) to[row * width + i] = from[old * width + i]!;
      }
      own[name] = to;
    }
  }

  /** Tells a driver that a neighbour would like it to drive `speed` next. */
  advise(v: number, speed: number, stepSeconds: number): void {
    const used = this.adviceCount[v]!;
    if (used === advicesMost) return;
    this.advices[v * advicesMost + used] = (speed - this.speed[v]!) / stepSeconds;
    this.adviceCount[v] = used + 1;
  }

  #grow(capacity: number): void {
    const own = this as unknown as Record<string, Column>;
    for (const name of this.#names) {
      const grown = makeLike(own[name]!, capacity * (this.#widths[name] ?? 1));
      grown.set(own[name]!);
      own[name] = grown;
    }
    this.capacity = capacity;
  }
}

function makeLike(column: Column, length: number): Column {
  if (column instanceof Float64Array) return new Float64Array(length);
  return column instanceof Int32Array ? new Int32Array(length) : new Uint8Array(length);
}
