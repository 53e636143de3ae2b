// Everything the engine knows of the vehicles on the road. A vehicle is a record of `recordWidth` doubles and one of
// `recordWidth` integers, so that one vehicle touches a few cache lines and not one for each of its fields; and a vehicle's
// number v is where its records begin (0, 32, 64, ..). Each field is a view of all records that begins at its own place:
// `speed[v]` is the speed of vehicle v. Fields are declared in the order in which they lie, those used together together.
// Records move: a leaver's is taken by the last one, and now and then all are put in the order of the lanes, so that
// neighbours on the road are neighbours in memory.
// Must not: hold rules of driving.

import { never } from './constants.ts';

/** Numbers in each of a vehicle's two records: a power of two, so that records begin where cache lines do. */
export const recordWidth = 32;
/** Lanes a vehicle's body may reach back over, and advices it may get in a step; more are dropped (the mildest stay out). */
export const furtherMost = 8;
const advicesMost = 6;

/** The index of no halt, behind the end of every route. */
export const noHalt = 0x7fffffff;

/** Fields of several numbers: `further[v + i]`. */
const widths: Readonly<Record<string, number>> = {
  further: furtherMost,
  nextBody: furtherMost,
  advices: advicesMost,
};

/** The vehicle in whose record place `at` lies. */
export const vehicleAt = (at: number): number => at & -recordWidth;

export class Vehicles {
  /** How many there are, and the place behind the last one's records. */
  count = 0;
  end = 0;
  #capacity = 0;
  // Doubles. How it drives.
  position = new Float64Array(0);
  speed = new Float64Array(0);
  acceleration = new Float64Array(0);
  speedFactor = new Float64Array(0);
  /** The speed planned for this step if nothing lies ahead. */
  planSpeed = new Float64Array(0);
  lastMove = new Float64Array(0);
  waiting = new Float64Array(0);
  accumulatedWaiting = new Float64Array(0);
  // Lane changing, and metres to the next halt on the way planned.
  lookAheadSpeed = new Float64Array(0);
  speedGain = new Float64Array(0);
  keepRight = new Float64Array(0);
  blockerLength = new Float64Array(0);
  leftSpace = new Float64Array(0);
  stopDistance = new Float64Array(0);
  /** Metres along its last edge at which its route ends. */
  arrival = new Float64Array(0);
  /** Index in its route of the last edge. */
  lastIndex = new Float64Array(0);
  // When it came into the junction it is in, by three rules (mover.ts).
  junctionEntry = new Float64Array(0);
  junctionEntryNeverYield = new Float64Array(0);
  conflictEntry = new Float64Array(0);
  /** Seconds left at the halt it stands at. */
  stopLeft = new Float64Array(0);
  /** Its way (see ways.ts). */
  path = new Float64Array(0);
  advices = new Float64Array(0);
  // Integers. Where: the lane of the front bumper; the body reaches back over `furtherCount` lanes.
  lane = new Int32Array(0);
  type = new Int32Array(0);
  routeIndex = new Int32Array(0);
  /** The record of its way (ways.ts) for its edge, or inside a junction for the next one; -1: to be looked up. */
  record = new Int32Array(0);
  /** Index in its route of the edge of its next halt; `noHalt`: none. */
  haltIndex = new Int32Array(0);
  /** 1: it stands at a halt. */
  halted = new Int32Array(0);
  // Its plan for this step (see plan-items.ts); planLight 1: nothing ahead is near enough to matter.
  planStart = new Int32Array(0);
  planCount = new Int32Array(0);
  planLight = new Int32Array(0);
  departure = new Int32Array(0);
  changeState = new Int32Array(0);
  adviceCount = new Int32Array(0);
  furtherCount = new Int32Array(0);
  haveToWait = new Int32Array(0);
  /** 1: it asked to pass the end of the internal lane it is on. */
  willPass = new Int32Array(0);
  dontBrake = new Int32Array(0);
  further = new Int32Array(0);
  /** Chains through the places of all bodies on a lane (see world.ts). */
  nextBody = new Int32Array(0);
  #doubles: Float64Array = new Float64Array(0);
  #integers: Int32Array = new Int32Array(0);
  // What records are put into when they are put in order; the two take turns.
  #spareDoubles: Float64Array = new Float64Array(0);
  #spareIntegers: Int32Array = new Int32Array(0);
  readonly #names: readonly string[];

  constructor(capacity: number) {
    const own = this as unknown as Record<string, unknown>;
    this.#names = Object.keys(own).filter((name) => ArrayBuffer.isView(own[name]));
    this.#grow(Math.max(16, capacity));
  }

  /** A new vehicle, all zero but what has not happened yet. */
  add(): number {
    if (this.count === this.#capacity) this.#grow(this.#capacity * 2);
    const v = this.end;
    this.count += 1;
    this.end += recordWidth;
    this.#doubles.fill(0, v, this.end);
    this.#integers.fill(0, v, this.end);
    this.junctionEntry[v] = never;
    this.junctionEntryNeverYield[v] = never;
    this.conflictEntry[v] = never;
    return v;
  }

  /** Takes vehicle v away; the last one moves into its place. Returns the number the moved one had (`v`: none moved). */
  remove(v: number): number {
    const last = this.end - recordWidth;
    if (v !== last) {
      this.#doubles.copyWithin(v, last, this.end);
      this.#integers.copyWithin(v, last, this.end);
    }
    this.count -= 1;
    this.end = last;
    return last;
  }

  /** Puts the vehicles into the order in which `order` names them. */
  reorder(order: Int32Array): void {
    const doubles = this.#spareDoubles;
    const integers = this.#spareIntegers;
    for (let row = 0; row < this.count; row++) {
      const from = order[row]!;
      const to = row * recordWidth;
      for (let i = 0; i < recordWidth; i++) {
        doubles[to + i] = this.#doubles[from + i]!;
        integers[to + i] = this.#integers[from + i]!;
      }
    }
    this.#spareDoubles = this.#doubles;
    this.#spareIntegers = this.#integers;
    this.#use(doubles, integers);
  }

  /** Tells a driver that a neighbour would like it to drive `speed` next. */
  advise(v: number, speed: number, stepSeconds: number): void {
    const used = this.adviceCount[v]!;
    if (used === advicesMost) return;
    this.advices[v + used] = (speed - this.speed[v]!) / stepSeconds;
    this.adviceCount[v] = used + 1;
  }

  #grow(capacity: number): void {
    const doubles = new Float64Array(capacity * recordWidth);
    const integers = new Int32Array(capacity * recordWidth);
    doubles.set(this.#doubles);
    integers.set(this.#integers);
    this.#spareDoubles = new Float64Array(doubles.length);
    this.#spareIntegers = new Int32Array(integers.length);
    this.#capacity = capacity;
    this.#use(doubles, integers);
  }

  /** Lets every field be a view of these records. */
  #use(doubles: Float64Array, integers: Int32Array): void {
    this.#doubles = doubles;
    this.#integers = integers;
    const own = this as unknown as Record<string, Float64Array | Int32Array>;
    let doublesUsed = 0;
    let integersUsed = 0;
    for (const name of this.#names) {
      const width = widths[name] ?? 1;
      if (own[name] instanceof Float64Array) {
        own[name] = doubles.subarray(doublesUsed);
        doublesUsed += width;
      } else {
        own[name] = integers.subarray(integersUsed);
        integersUsed += width;
      }
    }
  }
}
