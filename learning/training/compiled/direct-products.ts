// The products of a convolution as they are written: patches read in place times packed filters. The input gradient of a
// padded convolution is a full convolution of the gradient between zeros, that of a 1x1 convolution a plain product; the
// others, and all with a stride, scatter pixel by pixel, so that nothing is multiplied with zeros.
// Must not: assume a kernel size, stride or number of channels.

import { assert } from '../../../base/assert.ts';
import { type Address, wish } from './arena.ts';
import {
  borderOf,
  type ConvGeometry,
  type ConvProducts,
  type GradientRows,
  reserveSpread,
  type Spread,
} from './conv-geometry.ts';
import { floatsOf, isDense, PANEL, panels, type Site, WORK_HEAD_BYTES } from './operator.ts';

/** How the input gradient is made. */
type Way = 'none' | 'turned' | 'scattered';

export class DirectProducts implements ConvProducts {
  readonly spread: Spread | undefined;
  readonly #site: Site;
  readonly #geometry: ConvGeometry;
  readonly #gradient: Address;
  /** Floats of one patch. */
  readonly #depth: number;
  /** Images that kernels take at a time. */
  readonly #group: number;
  readonly #way: Way;
  readonly #patches: Address;
  /** Patches of the full convolution that gives the input gradient. */
  readonly #fullPatches: Address;
  /** Where a group's input gradients with their borders are scattered; undefined where they can go to dx. */
  readonly #bordered: Address | undefined;
  #gradientView: Float32Array | undefined;
  #scatterView: Float32Array | undefined;

  /** The filter gradient goes to `gradient`. */
  constructor(site: Site, geometry: ConvGeometry, gradient: Address) {
    const { kernel, stride } = geometry;
    const { input } = site;
    const { top, bottom, left, right } = borderOf(input.shape, geometry);
    const pads = top + bottom + left + right > 0;
    const isPointwise = kernel === 1 && stride === 1;
    this.#site = site;
    this.#geometry = geometry;
    this.#gradient = gradient;
    this.#depth = kernel * kernel * input.shape[2];
    this.#group = Math.min(geometry.group, site.capacity);
    const turns = isPointwise || (stride === 1 && pads);
    this.#way = site.inputGradient === undefined ? 'none' : turns ? 'turned' : 'scattered';
    this.spread =
      this.#way === 'turned' && !isPointwise ? reserveSpread(site, geometry, this.#group) : undefined;
    const isStraight = !pads && isDense(input);
    this.#bordered = this.#way === 'scattered' && !isStraight ? this.#reserveBordered() : undefined;
    this.#patches = this.#patchConstants();
    this.#fullPatches = this.#fullPatchConstants();
    this.#wishRoom();
  }

  /** As the images of the input slot lie, beginning with the first patch; patches end inside the slot's own border. */
  #reserveBordered(): Address {
    const { arena, input } = this.#site;
    return arena.reserve((this.#group * input.imageBytes) / 4);
  }

  #patchConstants(): Address {
    const { kernel, stride, convolved, rectify } = this.#geometry;
    const { arena, input } = this.#site;
    const { rowBytes, imageBytes } = input;
    const pixelBytes = input.shape[2] * 4;
    const patch = kernel * input.shape[2];
    const [down, right] = [stride * rowBytes, stride * pixelBytes];
    const ends = rectify ? 1 : 0;
    return arena.constants([rowBytes, kernel, patch, down, right, ...convolved, ends, imageBytes]);
  }

  #fullPatchConstants(): Address {
    if (this.#way !== 'turned') return 0;
    const { kernel, convolved } = this.#geometry;
    const { arena, input } = this.#site;
    const filters = convolved[2];
    const row = this.spread?.slot.rowBytes ?? convolved[1] * filters * 4;
    const image = this.spread?.slot.imageBytes ?? floatsOf(convolved) * 4;
    return arena.constants([row, kernel, kernel * filters, row, filters * 4, ...input.shape, 0, image]);
  }

  #wishRoom(): void {
    const { kernel, convolved } = this.#geometry;
    const { work, packed, input } = this.#site;
    const [height, width, filters] = convolved;
    const channels = input.shape[2];
    wish(work, WORK_HEAD_BYTES + this.#group * height * width * PANEL * 4);
    wish(packed, panels(filters) * (this.#depth + 1) * PANEL * 4);
    if (this.#way === 'scattered') wish(packed, kernel * panels(kernel * channels) * filters * PANEL * 4);
    if (this.#way === 'turned') wish(packed, panels(channels) * (kernel * kernel * filters + 1) * PANEL * 4);
  }

  prepareForward(): void {
    const { arena, weights, packed } = this.#site;
    const filters = this.#geometry.convolved[2];
    const bias = this.#geometry.bias ? weights + this.#depth * filters * 4 : 0;
    arena.kernels.packFilters(weights, bias, this.#depth, filters, packed.address);
  }

  forward(images: number, source: Address, y: Address): void {
    const { arena, packed, work } = this.#site;
    arena.kernels.convolveImages(this.#patches, images, source, packed.address, y, work.address);
  }

  prepareBackward(rows: number): void {
    const { arena, weights, packed, input } = this.#site;
    const { kernel, convolved } = this.#geometry;
    const channels = input.shape[2];
    const filters = convolved[2];
    this.#gradientView ??= arena.floats(this.#gradient, this.#depth * filters);
    this.#gradientView.fill(0);
    if (this.#way === 'turned') {
      arena.kernels.packTurnedFilters(weights, kernel * kernel, channels, filters, packed.address);
    }
    if (this.#way === 'scattered') {
      arena.kernels.packScatteredFilters(weights, kernel, kernel * channels, filters, packed.address);
      if (this.#bordered === undefined) this.#clearInputGradient(rows);
    }
  }

  #clearInputGradient(rows: number): void {
    const { arena, inputGradient, input, capacity } = this.#site;
    assert(inputGradient !== undefined, 'this plan makes no input gradient');
    const floats = floatsOf(input.shape);
    this.#scatterView ??= arena.floats(inputGradient, capacity * floats);
    this.#scatterView.fill(0, 0, rows * floats);
  }

  addFilterGradient(images: number, source: Address, dy: GradientRows): void {
    const { arena, work } = this.#site;
    arena.kernels.filterGradientImages(
      this.#patches,
      images,
      source,
      dy.address,
      dy.rowBytes,
      dy.imageBytes,
      this.#gradient,
      work.address,
    );
  }

  inputGradient(images: number, dy: GradientRows, dx: Address): void {
    const { arena, packed, work, input } = this.#site;
    const { kernels } = arena;
    if (this.#way === 'turned') {
      const from = this.spread?.begin ?? dy.address;
      kernels.convolveImages(this.#fullPatches, images, from, packed.address, dx, work.address);
    } else if (this.#bordered === undefined) {
      const imageBytes = floatsOf(input.shape) * 4;
      kernels.scatterImages(this.#patches, images, dy.address, packed.address, dx, imageBytes, work.address);
    } else this.#scatterBordered(images, dy.address, this.#bordered, dx);
  }

  /** Scatters between borders, then copies what is inside them to `dx`. */
  #scatterBordered(images: number, dy: Address, bordered: Address, dx: Address): void {
    const { arena, packed, work, input } = this.#site;
    const { rowBytes, imageBytes } = input;
    const [height, width, channels] = input.shape;
    const { kernels } = arena;
    this.#scatterView ??= arena.floats(bordered, (this.#group * imageBytes) / 4);
    this.#scatterView.fill(0, 0, (images * imageBytes) / 4);
    kernels.scatterImages(this.#patches, images, dy, packed.address, bordered, imageBytes, work.address);
    const { top, left } = borderOf(input.shape, this.#geometry);
    const inside = bordered + top * rowBytes + left * channels * 4;
    const bytes = width * channels * 4;
    for (let n = 0; n < images; n++) {
      kernels.copyRows(inside + n * imageBytes, rowBytes, dx + n * height * bytes, bytes, height, bytes);
    }
  }

  finish(): void {}
}
