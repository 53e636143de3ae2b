// The products of a 3x3 convolution by Winograd's minimal filtering: 16 multiplications where the direct form has 36, on
// tiles of 2x2 outputs. Rounding differs from the direct form in the last bits, the same way on every machine.
// Must not: be chosen by anything but shapes. A split half and a whole model must choose alike.

import { assert } from '../../../base/assert.ts';
import type { Address } from './arena.ts';
import { wish } from './arena.ts';
import {
  type ConvGeometry,
  type ConvProducts,
  type GradientRows,
  reserveSpread,
  type Spread,
} from './conv-geometry.ts';
import { type Site, WORK_HEAD_BYTES } from './operator.ts';

/** Transformed values of one tile. */
const POINTS = 16;
/** Tiles transformed at a time (BLOCK in assembly/winograd.ts). */
const BLOCK = 64;
/** Floats between two planes, or two rows, beyond their length (SKEW there). */
const SKEW = 16;

/** Whether the kernels can: 3x3, stride 1, whole tiles, whole panels. */
export function canUseWinograd(input: readonly [number, number, number], geometry: ConvGeometry): boolean {
  const { kernel, stride, convolved } = geometry;
  const [height, width, filters] = convolved;
  const isEven = height % 2 === 0 && width % 2 === 0;
  return kernel === 3 && stride === 1 && isEven && input[2] % 8 === 0 && filters % 8 === 0;
}

export class WinogradProducts implements ConvProducts {
  readonly spread: Spread | undefined;
  readonly #site: Site;
  readonly #geometry: ConvGeometry;
  readonly #gradient: Address;
  /** Sum of the transformed filter gradients. */
  readonly #sum: Address;
  #sumView: Float32Array | undefined;
  readonly #tiles: Address;
  readonly #turnedTiles: Address;

  /** The filter gradient goes to `gradient`. */
  constructor(site: Site, geometry: ConvGeometry, gradient: Address) {
    const { arena, input, work, packed, trains } = site;
    const [height, width, channels] = input.shape;
    const [outHeight, outWidth, filters] = geometry.convolved;
    this.#site = site;
    this.#geometry = geometry;
    this.#gradient = gradient;
    this.spread =
      site.inputGradient === undefined
        ? undefined
        : reserveSpread(site, geometry, Math.min(geometry.group, site.capacity));
    this.#sum = arena.reserve(trains ? POINTS * (channels * filters + SKEW) : 0);
    const rectify = geometry.rectify ? 1 : 0;
    const tiles = [input.rowBytes, channels, filters, outHeight / 2, outWidth / 2, rectify, input.imageBytes];
    this.#tiles = arena.constants(tiles);
    const { rowBytes, imageBytes } = this.spread?.slot ?? { rowBytes: 0, imageBytes: 0 };
    const turned = [rowBytes, filters, channels, height / 2, width / 2, 0, imageBytes];
    this.#turnedTiles = arena.constants(turned);
    wish(
      work,
      WORK_HEAD_BYTES + 2 * POINTS * (BLOCK * SKEW + SKEW) * 4 + POINTS * BLOCK * (channels + filters) * 4,
    );
    // Turned filters are packed from a plain copy.
    wish(packed, 2 * POINTS * (channels * filters + SKEW) * 4);
  }

  get #filterFloats(): number {
    return this.#site.input.shape[2] * this.#geometry.convolved[2];
  }

  #pack(turned: boolean): void {
    const { arena, weights, packed, input } = this.#site;
    const plain = packed.address + POINTS * (this.#filterFloats + SKEW) * 4;
    const filters = this.#geometry.convolved[2];
    arena.kernels.winogradFilters(weights, input.shape[2], filters, turned, plain, packed.address);
  }

  prepareForward(): void {
    this.#pack(false);
  }

  forward(images: number, source: Address, y: Address): void {
    const { arena, weights, packed, work } = this.#site;
    const bias = this.#geometry.bias ? weights + 9 * this.#filterFloats * 4 : 0;
    arena.kernels.winogradImages(this.#tiles, images, source, packed.address, bias, y, work.address);
  }

  prepareBackward(): void {
    this.#sumView ??= this.#site.arena.floats(this.#sum, POINTS * (this.#filterFloats + SKEW));
    this.#sumView.fill(0);
    if (this.spread) this.#pack(true);
  }

  addFilterGradient(images: number, source: Address, dy: GradientRows): void {
    const { arena, work } = this.#site;
    arena.kernels.winogradGradientImages(
      this.#tiles,
      images,
      source,
      dy.address,
      dy.rowBytes,
      dy.imageBytes,
      this.#sum,
      work.address,
    );
  }

  inputGradient(images: number, _dy: GradientRows, dx: Address): void {
    const { arena, packed, work } = this.#site;
    assert(this.spread, 'this plan makes no input gradient');
    const { begin } = this.spread;
    arena.kernels.winogradImages(this.#turnedTiles, images, begin, packed.address, 0, dx, work.address);
  }

  finish(): void {
    this.#site.arena.kernels.winogradGradient(this.#sum, this.#filterFloats, this.#gradient);
  }
}
