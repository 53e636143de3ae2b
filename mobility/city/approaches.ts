// Who approaches a link, when and how fast, and whether another driver may pass before or after them: gap acceptance
// as SUMO 1.15's MSLink (setApproaching, opened, blockedByFoe).
// Must not: know what a driver does with the answer.

import { haltingSpeed, lookAheadSeconds, never, numericEpsilon } from './constants.ts';
import { hasPriority, isRed, isYellow, letters } from './signals.ts';
import type { World } from './world.ts';

/** What a driver asks about: arriving, leaving, speeds there, how pushy, how long waited. Filled in by the asker. */
export interface Passage {
  vehicle: number;
  arrivalTime: number;
  arrivalSpeed: number;
  leaveSpeed: number;
  length: number;
  impatience: number;
  deceleration: number;
  waiting: number;
  timeGap: number;
}

export const passage = (): Passage => ({
  vehicle: -1,
  arrivalTime: 0,
  arrivalSpeed: 0,
  leaveSpeed: 0,
  length: 0,
  impatience: 0,
  deceleration: 1,
  waiting: 0,
  timeGap: lookAheadSeconds,
});

export class Approaches {
  readonly #world: World;
  /** First entry of every link in the chain below; -1: nobody. */
  readonly #head: Int32Array;
  readonly #touched: Int32Array;
  #touchedCount = 0;
  // Entries, as columns.
  #count = 0;
  #next = new Int32Array(1024);
  #vehicle = new Int32Array(1024);
  #willPass = new Uint8Array(1024);
  #arrivalTime = new Float64Array(1024);
  #leaveTime = new Float64Array(1024);
  #arrivalSpeed = new Float64Array(1024);
  #leaveSpeed = new Float64Array(1024);
  #brakingSpeed = new Float64Array(1024);
  #distance = new Float64Array(1024);
  #waiting = new Float64Array(1024);

  constructor(world: World) {
    this.#world = world;
    this.#head = new Int32Array(world.streets.links).fill(-1);
    this.#touched = new Int32Array(world.streets.links);
  }

  /** Forgets everyone: each step all drivers say anew what they plan. */
  clear(): void {
    for (let i = 0; i < this.#touchedCount; i++) this.#head[this.#touched[i]!] = -1;
    this.#touchedCount = 0;
    this.#count = 0;
  }

  /** Notes that a vehicle will arrive at `link`. `brakingSpeed`: the slowest it could arrive; never: it cannot brake. */
  register(link: number, asker: Passage, willPass: boolean, brakingSpeed: number, distance: number): void {
    if (this.#count === this.#next.length) this.#grow();
    const i = this.#count;
    this.#count += 1;
    if (this.#head[link] === -1) {
      this.#touched[this.#touchedCount] = link;
      this.#touchedCount += 1;
    }
    this.#next[i] = this.#head[link]!;
    this.#head[link] = i;
    this.#vehicle[i] = asker.vehicle;
    this.#willPass[i] = willPass ? 1 : 0;
    this.#arrivalTime[i] = asker.arrivalTime;
    this.#leaveTime[i] = this.leaveTime(link, asker);
    this.#arrivalSpeed[i] = asker.arrivalSpeed;
    this.#leaveSpeed[i] = asker.leaveSpeed;
    this.#brakingSpeed[i] = brakingSpeed;
    this.#distance[i] = distance;
    this.#waiting[i] = asker.waiting;
  }

  /** When the vehicle's back has left the path of the link. */
  leaveTime(link: number, asker: Passage): number {
    const mean = 0.5 * (asker.arrivalSpeed + asker.leaveSpeed);
    return (
      asker.arrivalTime +
      (this.#world.streets.linkLength[link]! + asker.length) / Math.max(mean, numericEpsilon)
    );
  }

  /** True where the asker may pass `link` as planned. */
  isOpen(link: number, asker: Passage): boolean {
    const { streets, signals } = this.#world;
    const letter = signals.state[link]!;
    if (isRed(letter)) return false;
    if (streets.linkContinuation[link]) return true;
    const entryLetter = streets.linkInternalJunction[link] ? signals.state[streets.linkEntry[link]!]! : 0;
    if ((hasPriority(letter) || entryLetter === letters.greenMajor) && letter !== letters.zipper) return true;
    if ((letter === letters.stop || letter === letters.allWayStop) && asker.waiting === 0) return false;
    const leave = this.leaveTime(link, asker);
    const { start, rows } = streets.yieldsTo;
    for (let i = start[link]!; i < start[link + 1]!; i++) {
      const foe = rows[i]!;
      if (this.#head[foe] === -1) continue;
      const sameTarget = streets.linkTo[link] === streets.linkTo[foe];
      if (this.#isBlocked(foe, asker, leave, sameTarget, isRed(entryLetter))) return false;
    }
    return true;
  }

  /** True where somebody who will pass `link` is in the asker's way, whoever has the right of way. */
  hasFoe(link: number, asker: Passage): boolean {
    const { yieldsTo, linkTo } = this.#world.streets;
    const leave = this.leaveTime(link, asker);
    for (let i = yieldsTo.start[link]!; i < yieldsTo.start[link + 1]!; i++) {
      const foe = yieldsTo.rows[i]!;
      const sameTarget = linkTo[link] === linkTo[foe];
      if (this.#isBlocked(foe, asker, leave, sameTarget, false)) return true;
    }
    return false;
  }

  /** The foe of `link` that is nearest and will pass: its link; -1: none; `around` if it comes from the same lane. */
  nearestFoe(link: number, around: number): number {
    const { yieldsTo, linkFrom } = this.#world.streets;
    let nearest = never;
    let result = -1;
    for (let i = yieldsTo.start[link]!; i < yieldsTo.start[link + 1]!; i++) {
      const foe = yieldsTo.rows[i]!;
      for (let e = this.#head[foe]!; e >= 0; e = this.#next[e]!) {
        if (linkFrom[foe] === linkFrom[around]) return around;
        if (this.#distance[e]! >= nearest) continue;
        nearest = this.#distance[e]!;
        if (this.#willPass[e]) result = foe;
      }
    }
    return result;
  }

  /** True where one who approaches foe link `foe` is in the way; `stuckFoesPass`: those who stand there are not. */
  #isBlocked(
    foe: number,
    asker: Passage,
    leave: number,
    sameTarget: boolean,
    stuckFoesPass: boolean,
  ): boolean {
    const { vehicles } = this.#world;
    for (let e = this.#head[foe]!; e >= 0; e = this.#next[e]!) {
      const v = this.#vehicle[e]!;
      if (v === asker.vehicle || !this.#willPass[e]) continue;
      if (stuckFoesPass && vehicles.speed[v]! <= haltingSpeed) continue;
      if (this.#blocks(foe, e, asker, leave, sameTarget)) return true;
    }
    return false;
  }

  #blocks(foe: number, e: number, asker: Passage, leave: number, sameTarget: boolean): boolean {
    const { signals, types, vehicles } = this.#world;
    const arrival = asker.arrivalTime;
    if (signals.state[foe] === letters.allWayStop) {
      if (asker.waiting > this.#waiting[e]!) return false;
      if (asker.waiting === this.#waiting[e]! && arrival < this.#arrivalTime[e]!) return false;
    }
    const foeDeceleration = types.deceleration[vehicles.type[this.#vehicle[e]!]!]!;
    let foeArrival = this.#arrivalTime[e]!;
    let brakingSpeed = this.#brakingSpeed[e]!;
    if (asker.impatience > 0 && arrival < foeArrival) {
      this.#brakeFor(e, asker, foeDeceleration);
      brakingSpeed = this.#pushedSpeed;
      foeArrival = (1 - asker.impatience) * foeArrival + asker.impatience * this.#pushedTime;
    }
    if (this.#leaveTime[e]! < arrival) {
      if (!sameTarget) return false;
      return (
        arrival - this.#leaveTime[e]! < asker.timeGap ||
        unsafeMerge(this.#leaveSpeed[e]!, asker.arrivalSpeed, foeDeceleration, asker.deceleration)
      );
    }
    if (foeArrival > leave + asker.timeGap) {
      return sameTarget && unsafeMerge(asker.leaveSpeed, brakingSpeed, asker.deceleration, foeDeceleration);
    }
    return true;
  }

  #pushedTime = 0;
  #pushedSpeed = 0;

  /** When and how fast a foe would arrive that brakes for an impatient driver. */
  #brakeFor(e: number, asker: Passage, foeDeceleration: number): void {
    const { now, stepSeconds } = this.#world;
    const arrival = asker.arrivalTime;
    const foeArrival = this.#arrivalTime[e]!;
    this.#pushedTime = foeArrival;
    this.#pushedSpeed = this.#brakingSpeed[e]!;
    if (Math.floor(arrival / stepSeconds) === Math.floor(foeArrival / stepSeconds)) return;
    const m = foeDeceleration * asker.impatience;
    const dt = foeArrival - arrival;
    const d = dt * m;
    const a = (dt * d) / 2;
    const distance = this.#distance[e]!;
    const v = distance / (foeArrival - now + stepSeconds);
    const left = distance - v * (arrival - now);
    if ((0.5 * v * v) / m <= left) {
      this.#pushedTime = foeArrival + 30;
      this.#pushedSpeed = 0;
      return;
    }
    const x = (Math.sqrt(Math.max(0, 4 * (v - d) * (v - d) - 8 * m * a)) * -0.5 - d + v) / m;
    this.#pushedTime = foeArrival + x;
    this.#pushedSpeed = v - (dt + x) * m;
  }

  #grow(): void {
    const longer = <T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const size = this.#next.length * 2;
    this.#next = longer(this.#next, new Int32Array(size));
    this.#vehicle = longer(this.#vehicle, new Int32Array(size));
    this.#willPass = longer(this.#willPass, new Uint8Array(size));
    this.#arrivalTime = longer(this.#arrivalTime, new Float64Array(size));
    this.#leaveTime = longer(this.#leaveTime, new Float64Array(size));
    this.#arrivalSpeed = longer(this.#arrivalSpeed, new Float64Array(size));
    this.#leaveSpeed = longer(this.#leaveSpeed, new Float64Array(size));
    this.#brakingSpeed = longer(this.#brakingSpeed, new Float64Array(size));
    this.#distance = longer(this.#distance, new Float64Array(size));
    this.#waiting = longer(this.#waiting, new Float64Array(size));
  }
}

/** True where a follower could not brake behind a leader who merges in front. */
function unsafeMerge(
  leaderSpeed: number,
  followerSpeed: number,
  leaderBrakes: number,
  followerBrakes: number,
): boolean {
  return (leaderSpeed * leaderSpeed) / leaderBrakes <= (followerSpeed * followerSpeed) / followerBrakes;
}

export const isYellowOrRed = (letter: number): boolean => isRed(letter) || isYellow(letter);
