// Puts our kernel module on the memory of the tfjs wasm backend, so that kernels work on tensors where they lie.
// Must not: keep a view of the memory; it moves when the heap grows. Byte addresses stay valid.

import { assert } from '../../../base/assert.ts';
import type { TensorKernels } from '../compiled/wide-kernels.ts';
import { type KernelBuild, kernelModule } from './module.ts';

type Address = number;

/** Geometry of a convolution or pooling of one tensor, channels last; `top` and `left` count padding. */
export type Geometry = readonly [
  batch: number,
  height: number,
  width: number,
  channels: number,
  windowHeight: number,
  windowWidth: number,
  outHeight: number,
  outWidth: number,
];
export type Placement = readonly [strideHeight: number, strideWidth: number, top: number, left: number];
type ConvArguments = [
  ...geometry: Geometry,
  filters: number,
  ...placement: Placement,
  first: Address,
  second: Address,
  out: Address,
  image: Address,
  packed: Address,
];

type ResizeArguments = [
  batch: number,
  height: number,
  width: number,
  channels: number,
  outHeight: number,
  outWidth: number,
  alignCorners: boolean,
  halfPixelCenters: boolean,
  dy: Address,
  dx: Address,
];

/** What assembly/index.ts exports. Lengths in elements, addresses in bytes; see there for every argument. */
export interface KernelExports extends TensorKernels {
  gemm(
    transposeA: boolean,
    transposeB: boolean,
    batch: number,
    rows: number,
    columns: number,
    depth: number,
    a: Address,
    aBatch: number,
    b: Address,
    bBatch: number,
    c: Address,
    scratch: Address,
  ): void;
  gemmScratch(columns: number, depth: number): number;
  convForward(...args: ConvArguments): void;
  convFilterGradient(...args: ConvArguments): void;
  convInputGradient(...args: ConvArguments): void;
  maxPool(...args: [...Geometry, ...Placement, x: Address, out: Address]): void;
  maxPoolGradient(...args: [...Geometry, ...Placement, x: Address, dy: Address, dx: Address]): void;
  add(a: Address, b: Address, out: Address, n: number): void;
  multiply(a: Address, b: Address, out: Address, n: number): void;
  relu(x: Address, out: Address, n: number): void;
  reluGradient(x: Address, dy: Address, dx: Address, n: number): void;
  biasAdd(
    x: Address,
    bias: Address,
    out: Address,
    rows: number,
    cols: number,
    rectify: boolean,
    pattern: Address,
  ): void;
  sumRows(x: Address, out: Address, rows: number, cols: number, partial: Address): void;
  sgdStep(
    weight: Address,
    gradient: Address,
    velocity: Address,
    weightOut: Address,
    velocityOut: Address,
    n: number,
    rate: number,
    momentum: number,
  ): void;
  adamStep(
    weight: Address,
    gradient: Address,
    mean: Address,
    square: Address,
    weightOut: Address,
    meanOut: Address,
    squareOut: Address,
    n: number,
    rate: number,
    decay: number,
    meanPart: number,
    squarePart: number,
  ): void;
  clear(at: Address, bytes: number): void;
  repeatChannels(x: Address, floats: number, times: number, out: Address): void;
  sumChannels(x: Address, floats: number, times: number, out: Address): void;
  resizeNearestGradient(...args: ResizeArguments): void;
  resizeBilinearGradient(...args: ResizeArguments): void;
  segmentSum(x: Address, ids: Address, rows: number, columns: number, segments: number, out: Address): void;
  softmaxCrossEntropy(
    logits: Address,
    labels: Address,
    losses: Address,
    gradient: Address,
    rows: number,
    classes: number,
    scale: number,
  ): void;
}

/** The parts of the tfjs wasm backend we rely on (version pinned in package.json). */
export interface WasmBackend {
  readonly wasm: {
    readonly HEAPU8: Uint8Array;
    readonly asm: Record<string, unknown>;
    _malloc(bytes: number): number;
    _free(address: number): void;
  };
  readonly dataIdMap: { get(dataId: object): { memoryOffset: number } };
  incRef(dataId: object): void;
  disposeData(dataId: object): boolean;
  makeOutput(
    shape: readonly number[],
    dtype: string,
  ): { dataId: object; shape: number[]; dtype: 'float32' | 'int32' };
}

/** Our kernels on the backend's memory, and room for what they pack. */
export interface AttachedKernels {
  /** Those of the build that was taken last. */
  readonly kernels: KernelExports;
  /** Address of at least `bytes` bytes, 64-byte aligned, free to overwrite until the next call of `scratch`. */
  scratch(bytes: number): Address;
  /** Makes `kernels` those of `build`. */
  take(build: KernelBuild): void;
}

/** Instantiates the kernel module on `backend`'s memory; the plain build until another is taken. */
export function attachKernels(backend: WasmBackend): AttachedKernels {
  const memory = Object.values(backend.wasm.asm).find((value) => value instanceof WebAssembly.Memory);
  assert(memory, 'the tfjs wasm backend exports no memory');
  const instances: Partial<Record<KernelBuild, KernelExports>> = {};
  const instanceOf = (build: KernelBuild): KernelExports => {
    const made =
      instances[build] ??
      (new WebAssembly.Instance(kernelModule(build), { env: { memory } })
        .exports as unknown as KernelExports);
    instances[build] = made;
    return made;
  };
  let kernels = instanceOf('plain');
  let block = 0;
  let capacityBytes = 0;
  return {
    get kernels() {
      return kernels;
    },
    take(build) {
      kernels = instanceOf(build);
    },
    scratch(bytes) {
      if (bytes > capacityBytes) {
        if (block !== 0) backend.wasm._free(block);
        // Half as much again, so that a run of growing layers does not allocate at every one.
        capacityBytes = Math.ceil(bytes * 1.5);
        block = backend.wasm._malloc(capacityBytes + 64) >>> 0;
        assert(block !== 0, `the wasm heap has no room for ${capacityBytes} bytes of scratch memory`);
      }
      return Math.ceil(block / 64) * 64;
    },
  };
}
