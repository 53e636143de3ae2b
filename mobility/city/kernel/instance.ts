// The compiled kernel of the city engine: its functions as TypeScript sees them, and one instance with a memory of its own
// for every engine. References are byte addresses in that memory.
// Must not: know what the functions are called for.

import { cityKernelBase64 } from './kernel.generated.ts';

/** A number that the kernel changes. */
interface Shown {
  readonly value: number;
}

/** What assembly/index.ts exports; booleans are 0 or 1, references numbers. */
interface KernelExports {
  begin(stepSeconds: number, seed: number, teleportAfterSeconds: number): void;
  makeTables(types: number, edges: number, lanes: number, links: number, conflicts: number): void;
  newList(bytes: number): number;
  referEdges(list: number, count: number): void;
  referLinks(list: number, count: number): void;
  setType(row: number, ...values: number[]): void;
  setTypeHabits(row: number, ...values: number[]): void;
  setEdge(row: number, firstLane: number, lanes: number): void;
  setLane(row: number, ...values: number[]): void;
  setLanePath(row: number, entry: number, before: number, normalBefore: number): void;
  setLaneLists(row: number, incoming: number, count: number, conflict: number, conflicts: number): void;
  setLink(row: number, ...values: number[]): void;
  setLinkFoes(row: number, ...values: number[]): void;
  setConflict(row: number, ...values: number[]): void;
  setLetter(link: number, letter: number): void;
  newWay(type: number, edges: number, count: number, shared: number): number;
  expectVehicles(count: number): void;
  makeHalts(way: number, count: number): void;
  setHalt(way: number, i: number, ...values: number[]): void;
  newDetector(lane: number, loopMeters: number): number;
  lastSeenOn(detector: number): number;
  setJunction(lanes: number, count: number): void;
  maskFoes(lanes: number): void;
  depart(row: number, way: number, ...values: number[]): void;
  step(seconds: number, steps: number): void;
  readonly vehicleCount: Shown;
  readonly waitingCount: Shown;
  readonly inserted: Shown;
  readonly insertedCount: Shown;
  readonly skipped: Shown;
  readonly skippedCount: Shown;
  readonly arrived: Shown;
  readonly arrivedCount: Shown;
  readonly gone: Shown;
  readonly goneCount: Shown;
  readonly inAir: Shown;
  readonly teleportCount: Shown;
  readonly shownCount: Shown;
  readonly shownRoom: Shown;
  readonly shownDeparture: Shown;
  readonly shownLane: Shown;
  readonly shownPosition: Shown;
  readonly shownSpeed: Shown;
  readonly shownIndex: Shown;
}

export interface Kernel {
  readonly exports: KernelExports;
  readonly memory: WebAssembly.Memory;
}

/** Pages of 64 KiB: as build.mjs says, 4 GiB at most. */
const pages = { initial: 16, maximum: 65_536 };
let compiled: WebAssembly.Module | undefined;

/** A new kernel with empty tables. */
export function newKernel(): Kernel {
  compiled ??= new WebAssembly.Module(new Uint8Array(Buffer.from(cityKernelBase64, 'base64')));
  const memory = new WebAssembly.Memory(pages);
  const abort = (): never => {
    throw new Error('the city kernel gave up: no memory is left');
  };
  const instance = new WebAssembly.Instance(compiled, { env: { memory, abort } });
  return { exports: instance.exports as unknown as KernelExports, memory };
}

/** A copy of `count` integers at `address`. */
export function integersAt({ memory }: Kernel, address: number, count: number): number[] {
  return count === 0 ? [] : Array.from(new Int32Array(memory.buffer, address, count));
}

/** Puts integers into the kernel's memory for good. Returns where they are. */
export function keepIntegers({ exports, memory }: Kernel, values: ArrayLike<number>): number {
  const address = exports.newList(4 * values.length);
  new Int32Array(memory.buffer, address, values.length).set(values);
  return address;
}
