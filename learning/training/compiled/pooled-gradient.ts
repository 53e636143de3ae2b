// The filter gradient of a convolution that is pooled: computed from the few elements that are the largest of their
// windows. Must not: be chosen by anything but shapes. A split half and a whole model must choose alike.

import { type Address, wish } from './arena.ts';
import { type ConvGeometry, groupOf } from './conv-geometry.ts';
import { floatsOf, type Site } from './operator.ts';

/** Vectors of a patch that the kernel sums at a time (TOGETHER in assembly/pooled.ts). */
const TOGETHER = 6;
/** Floats of a vector. */
const LANES = 4;

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
  #sumView: Float32Array | undefined;

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
  }

  prepare(): void {
    const { arena } = this.#site;
    this.#sumView ??= arena.floats(this.#sums, this.#geometry.convolved[2] * this.#vectors * LANES);
    this.#sumView.fill(0);
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
