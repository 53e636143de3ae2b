// The memory of one compiled step: a WebAssembly memory laid out once, and the kernels instantiated on it. After `seal`
// nothing is allocated any more, so addresses and views stay valid for the life of the step.
// Must not: be shared between two threads, or grow after it is sealed.

import { assert } from '../../../base/assert.ts';
import { TrainingError } from '../../learner.ts';
import type { KernelBuild } from '../kernels/module.ts';
import type { StepKernels } from './kernels.ts';
import { instantiateKernels } from './kernels.ts';

export type Address = number;

const PAGE_BYTES = 65_536;
/** Alignment of every area: one cache line. */
const LINE_BYTES = 64;
/** Kernels read up to seven floats beyond a matrix; what they read there is dropped. */
const SLACK_BYTES = 64;
/** The most a 32-bit WebAssembly memory can hold. */
const LIMIT_BYTES = 65_536 * PAGE_BYTES;

/** Room that several operators use one after the other: as large as the largest wish. */
export interface SharedArea {
  bytes: number;
  address: Address;
}

export class Arena {
  readonly kernels: StepKernels;
  readonly #memory: WebAssembly.Memory;
  readonly #shared: SharedArea[] = [];
  readonly #constants: { readonly address: Address; readonly values: readonly number[] }[] = [];
  #end = LINE_BYTES;
  #floats = new Float32Array(0);
  #bytes = new Uint8Array(0);

  constructor(build: KernelBuild = 'plain') {
    this.#memory = new WebAssembly.Memory({ initial: 1 });
    this.kernels = instantiateKernels(this.#memory, build);
  }

  /** Room for `count` floats (four bytes each), zero until somebody writes. */
  reserve(count: number): Address {
    const address = this.#end;
    this.#end = Math.ceil((address + count * 4 + SLACK_BYTES) / LINE_BYTES) * LINE_BYTES;
    return address;
  }

  /** An area whose size is settled by `wish` and whose address is known once the arena is sealed. */
  share(): SharedArea {
    const area = { bytes: 0, address: 0 };
    this.#shared.push(area);
    return area;
  }

  /** Whole numbers (int32) that kernels read and nobody writes again. */
  constants(values: readonly number[]): Address {
    const address = this.reserve(values.length);
    this.#constants.push({ address, values });
    return address;
  }

  /** Bytes that `seal` would take now. */
  get plannedBytes(): number {
    return this.#shared.reduce((sum, area) => sum + area.bytes + SLACK_BYTES, this.#end);
  }

  /** Takes the memory. Throws TrainingError where the machine does not have it. */
  seal(): void {
    for (const area of this.#shared) area.address = this.reserve(area.bytes / 4);
    const pages = Math.ceil(this.#end / PAGE_BYTES) - 1;
    try {
      if (this.#end > LIMIT_BYTES) throw new RangeError('more than 4 GiB');
      this.#memory.grow(pages);
    } catch (error) {
      throw new TrainingError(
        `no memory for ${Math.ceil(this.#end / 2 ** 20)} MiB of activations (${(error as Error).message}). ` +
          'Take a smaller batch size.',
      );
    }
    this.#floats = new Float32Array(this.#memory.buffer);
    this.#bytes = new Uint8Array(this.#memory.buffer);
    for (const { address, values } of this.#constants) this.integers(address, values.length).set(values);
  }

  /** Bytes of the memory: constant after `seal`. */
  get byteLength(): number {
    return this.#memory.buffer.byteLength;
  }

  /** A view of `count` floats. Valid for ever, but what it shows changes with the next step. */
  floats(address: Address, count: number): Float32Array {
    assert(this.#floats.length > 0, 'the arena is not sealed');
    return this.#floats.subarray(address >> 2, (address >> 2) + count);
  }

  /** A view of `count` int32. */
  integers(address: Address, count: number): Int32Array {
    return new Int32Array(this.#memory.buffer, address, count);
  }

  /** A view of `count` bytes. */
  bytes(address: Address, count: number): Uint8Array {
    return this.#bytes.subarray(address, address + count);
  }
}

/** Makes `area` hold at least `bytes`. */
export function wish(area: SharedArea, bytes: number): void {
  area.bytes = Math.max(area.bytes, bytes);
}
