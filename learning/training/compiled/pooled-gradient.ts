// The gradients of a convolution that is pooled: computed from the few elements that are the largest of their windows.
// The input gradient only where patches do not reach into a border. Must not: be chosen by anything but shapes. A split half and a whole model must choose alike.

import { type Address, wish } from './arena.ts';
import { borderOf, type ConvGeometry, groupOf } from './conv-geometry.ts';
import { floatsOf, isDense, type Site } from './operator.ts';

/** Vectors of a patch that the kernel sums at a time (TOGETHER in assembly/pooled.ts). */
const TOGETHER = 6;
/** Floats of a vector. */
const LANES = 4;
/** Floats that the kernel adds to an input gradient at a time. */
const BLOCK = 16;

export class PooledGradient {
  readonly #site: Site;
  readonly #geometry: ConvGeometry;
  /** Where the gradient of the kernel goes. */
  readonly #gradient: Address;
  /** Vectors of one row of a patch, and of a whole patch with the empty ones at its end. */
  readonly #rowVectors: number;
  readonly #vectors: number;
  /** Filter by filter, row by row of whole vectors. */
  readonly #sums: Address;
  readonly #places: Address;
  /** Blocks of a patch, and where each begins; undefined where the input gradient is made otherwise. */
  readonly #blocks: { readonly count: number; readonly address: Address } | undefined;
  #sumView: Float32Array | undefined;
  #filterView: Float32Array | undefined;
  #inputView: Float32Array | undefined;

  constructor(site: Site, geometry: ConvGeometry, gradient: Address) {
    const { arena, input, output, work, capacity } = site;
    const { kernel, convolved } = geometry;
    const channels = input.shape[2];
    const filters = convolved[2];
    this.#site = site;
    this.#geometry = geometry;
    this.#gradient = gradient;
    this.#rowVectors = Math.ceil((kernel * channels) / LANES);
    const vectors = kernel * this.#rowVectors;
    this.#vectors = Math.ceil(vectors / TOGETHER) * TOGETHER;
    this.#sums = arena.reserve(filters * this.#vectors * LANES);
    const group = Math.min(groupOf(convolved), capacity);
    const listBytes = 16 + group * output.shape[0] * output.shape[1] * 8;
    wish(work, filters * listBytes);
    const offsets = Array.from({ length: this.#vectors }, (_, v) => {
      if (v >= vectors) return 0;
      return Math.floor(v / this.#rowVectors) * input.rowBytes + (v % this.#rowVectors) * LANES * 4;
    });
    const places = [input.rowBytes, channels * 4, input.imageBytes, this.#vectors, listBytes];
    this.#places = arena.constants([...places, ...offsets]);
    const { top, bottom, left, right } = borderOf(input.shape, geometry);
    const isOpen = isDense(input) && top + bottom + left + right === 0;
    this.#blocks = site.inputGradient !== undefined && isOpen ? this.#reserveBlocks() : undefined;
  }

  /** Whether it makes the input gradient too. */
  get makesInputGradient(): boolean {
    return this.#blocks !== undefined;
  }

  #reserveBlocks(): { count: number; address: Address } {
    const { arena, input, packed } = this.#site;
    const { kernel, convolved } = this.#geometry;
    const inRow = Math.ceil((kernel * input.shape[2]) / BLOCK);
    const count = kernel * inRow;
    const offsets = Array.from(
      { length: count },
      (_, b) => Math.floor(b / inRow) * input.rowBytes + (b % inRow) * BLOCK * 4,
    );
    wish(packed, convolved[2] * count * BLOCK * 4);
    return { count, address: arena.constants([count, ...offsets]) };
  }

  prepare(rows: number): void {
    const { arena } = this.#site;
    if (this.#blocks) this.#prepareInput(rows, this.#blocks.count);
    this.#sumView ??= arena.floats(this.#sums, this.#geometry.convolved[2] * this.#vectors * LANES);
    this.#sumView.fill(0);
  }

  /** Packs the filters, row by row of whole blocks, and clears the input gradient. */
  #prepareInput(rows: number, count: number): void {
    const { arena, weights, packed, input, inputGradient, capacity } = this.#site;
    const { kernel, convolved } = this.#geometry;
    const filters = convolved[2];
    this.#filterView ??= arena.floats(packed.address, filters * count * BLOCK);
    this.#filterView.fill(0);
    const rowFloats = kernel * input.shape[2];
    for (let ky = 0; ky < kernel; ky++) {
      const from = weights + ky * rowFloats * filters * 4;
      const to = packed.address + (ky * count * BLOCK * 4) / kernel;
      arena.kernels.turn(from, filters * 4, rowFloats, filters, to, count * BLOCK * 4);
    }
    const floats = floatsOf(input.shape);
    this.#inputView ??= arena.floats(inputGradient!, capacity * floats);
    this.#inputView.fill(0, 0, rows * floats);
  }

  /** Writes the input gradients of the images just added. */
  inputGradient(windows: Address, dx: Address): void {
    const { arena, packed, work } = this.#site;
    const { address } = this.#blocks!;
    arena.kernels.pooledInputGradient(windows, this.#places, address, packed.address, dx, work.address);
  }

  /** Adds some images: `y` what was pooled, `dy` the gradient behind the pooling, `source` their first patches. */
  add(windows: Address, images: number, y: Address, dy: Address, source: Address): void {
    const { arena, work } = this.#site;
    const yImage = floatsOf(this.#geometry.convolved) * 4;
    const [places, sums, lists] = [this.#places, this.#sums, work.address];
    arena.kernels.pooledFilterGradient(windows, places, images, y, yImage, dy, source, sums, lists);
  }

  /** Brings the sums into the order of the weights. */
  finish(): void {
    const { arena, input } = this.#site;
    const { kernel, convolved } = this.#geometry;
    const filters = convolved[2];
    const rowFloats = kernel * input.shape[2];
    const filterBytes = this.#vectors * LANES * 4;
    for (let ky = 0; ky < kernel; ky++) {
      const from = this.#sums + ky * this.#rowVectors * LANES * 4;
      const to = this.#gradient + ky * rowFloats * filters * 4;
      arena.kernels.turn(from, filterBytes, filters, rowFloats, to, filters * 4);
    }
  }
}
