// The kernels for compiled steps: one instance of the thread's module for each arena.
// Must not: compile; kernels/module.ts does, once.

import type { KernelExports } from '../kernels/attach.ts';
import { type KernelBuild, kernelModule } from '../kernels/module.ts';
import type { SequenceKernels } from './sequence-kernels.ts';
import type { WideKernels } from './wide-kernels.ts';

type Address = number;

/** What assembly/units.ts, image.ts and winograd.ts export; see there for every argument. */
export interface StepKernels
  extends WideKernels,
    SequenceKernels,
    Pick<KernelExports, 'add' | 'softmaxCrossEntropy' | 'sumRows' | 'sgdStep' | 'adamStep' | 'reluGradient'> {
  pullGradient(
    gradient: Address,
    weight: Address,
    anchor: Address,
    correction: Address,
    n: number,
    mu: number,
  ): void;
  unitsForward(
    x: Address,
    w: Address,
    bias: Address,
    out: Address,
    rows: number,
    inputs: number,
    units: number,
    rectify: boolean,
    work: Address,
  ): void;
  unitsInputGradient(
    dy: Address,
    w: Address,
    dx: Address,
    rows: number,
    inputs: number,
    units: number,
    work: Address,
  ): void;
  unitsDescend(
    x: Address,
    dy: Address,
    w: Address,
    v: Address,
    rows: number,
    inputs: number,
    units: number,
    rate: number,
    momentum: number,
    work: Address,
  ): void;
  pooledFilterGradient(
    windows: Address,
    places: Address,
    images: number,
    y: Address,
    yImageBytes: number,
    dy: Address,
    source: Address,
    sums: Address,
    lists: Address,
  ): void;
  pooledInputGradient(
    windows: Address,
    places: Address,
    blocks: Address,
    filters: Address,
    dx: Address,
    lists: Address,
  ): void;
  unitsWork(rows: number, units: number): number;
  turn(
    from: Address,
    fromRowBytes: number,
    rows: number,
    columns: number,
    to: Address,
    toRowBytes: number,
  ): void;
  scalePixels(
    bytes: Address,
    rows: number,
    rowFloats: number,
    out: Address,
    outRowBytes: number,
    table: Address,
  ): void;
  packFilters(w: Address, bias: Address, depth: number, filters: number, packed: Address): void;
  packTurnedFilters(w: Address, taps: number, channels: number, filters: number, packed: Address): void;
  packScatteredFilters(
    w: Address,
    kernelHeight: number,
    patchFloats: number,
    filters: number,
    packed: Address,
  ): void;
  scatterImages(
    patches: Address,
    images: number,
    dy: Address,
    packed: Address,
    dx: Address,
    dxImageBytes: number,
    work: Address,
  ): void;
  convolveImages(
    patches: Address,
    images: number,
    source: Address,
    packed: Address,
    out: Address,
    work: Address,
  ): void;
  filterGradientImages(
    patches: Address,
    images: number,
    source: Address,
    dy: Address,
    dyRowBytes: number,
    dyImageBytes: number,
    dw: Address,
    work: Address,
  ): void;
  winogradFilters(
    w: Address,
    channels: number,
    filters: number,
    turned: boolean,
    plain: Address,
    packed: Address,
  ): void;
  winogradImages(
    tiles: Address,
    images: number,
    source: Address,
    packed: Address,
    bias: Address,
    out: Address,
    work: Address,
  ): void;
  winogradGradientImages(
    tiles: Address,
    images: number,
    source: Address,
    dy: Address,
    dyRowBytes: number,
    dyImageBytes: number,
    du: Address,
    work: Address,
  ): void;
  winogradGradient(du: Address, floats: number, dw: Address): void;
  maxPoolImage(windows: Address, x: Address, out: Address, outRowBytes: number): void;
  maxPoolGradientImage(windows: Address, x: Address, dy: Address, dx: Address, dxRowBytes: number): void;
}

/** Instantiates the kernels of a build on `memory`. */
export function instantiateKernels(memory: WebAssembly.Memory, build: KernelBuild): StepKernels {
  return new WebAssembly.Instance(kernelModule(build), { env: { memory } }).exports as unknown as StepKernels;
}
