// The products of a convolution as they are written: patches read in place times packed filters. The input gradient is
// a full convolution of the gradient between zeros, or, where the convolution has no border, scattered pixel by pixel.
// Must not: assume a kernel size, stride or number of channels.

import { assert } from '../../../base/assert.ts';
import { type Address, wish } from './arena.ts';
import {
  borderOf,
  type ConvGeometry,
  type ConvProducts,
  reserveSpread,
  type Spread,
} from './conv-geometry.ts';
import { floatsOf, PANEL, panels, type Site, WORK_HEAD_BYTES } from './operator.ts';

export class DirectProducts implements ConvProducts {
  readonly spread: Spread | undefined;
  readonly #site: Site;
  readonly #geometry: ConvGeometry;
  readonly #gradient: Address;
  /** Floats of one patch. */
  readonly #depth: number;
  /** Whether the input gradient is scattered from dense pixels: nothing is computed on zeros of a border then. */
  readonly #scatters: boolean;
  readonly #patches: Address;
  /** Patches of the full convolution that gives the input gradient. */
  readonly #fullPatches: Address;
  #gradientView: Float32Array | undefined;
  #inputGradientView: Float32Array | undefined;

  /** The filter gradient goes to `gradient`. */
  constructor(site: Site, geometry: ConvGeometry, gradient: Address) {
    const { kernel } = geometry;
    const border = borderOf(site.input.shape, geometry);
    const wantsInput = site.inputGradient !== undefined;
    this.#site = site;
    this.#geometry = geometry;
    this.#gradient = gradient;
    this.#depth = kernel * kernel * site.input.shape[2];
    this.#scatters = wantsInput && border.top + border.bottom + border.left + border.right === 0;
    this.spread = wantsInput && !this.#scatters ? reserveSpread(site, geometry) : undefined;
    this.#patches = this.#patchConstants();
    this.#fullPatches = this.#fullPatchConstants();
    this.#wishRoom();
  }

  #patchConstants(): Address {
    const { kernel, stride, convolved, rectify } = this.#geometry;
    const { arena, input } = this.#site;
    const pixelBytes = input.shape[2] * 4;
    const patch = kernel * input.shape[2];
    const [down, right] = [stride * input.rowBytes, stride * pixelBytes];
    return arena.constants([input.rowBytes, kernel, patch, down, right, ...convolved, rectify ? 1 : 0]);
  }

  #fullPatchConstants(): Address {
    if (!this.spread) return 0;
    const { kernel, convolved } = this.#geometry;
    const { arena, input } = this.#site;
    const filters = convolved[2];
    const row = this.spread.slot.rowBytes;
    return arena.constants([row, kernel, kernel * filters, row, filters * 4, ...input.shape, 0]);
  }

  #wishRoom(): void {
    const { kernel, convolved } = this.#geometry;
    const { work, packed, input } = this.#site;
    const [height, width, filters] = convolved;
    const channels = input.shape[2];
    wish(work, WORK_HEAD_BYTES + height * width * PANEL * 4);
    wish(packed, panels(filters) * (this.#depth + 1) * PANEL * 4);
    if (this.#scatters) wish(packed, kernel * panels(kernel * channels) * filters * PANEL * 4);
    if (this.spread) wish(packed, panels(channels) * (kernel * kernel * filters + 1) * PANEL * 4);
  }

  prepareForward(): void {
    const { arena, weights, packed } = this.#site;
    const filters = this.#geometry.convolved[2];
    const bias = weights + this.#depth * filters * 4;
    arena.kernels.packFilters(weights, bias, this.#depth, filters, packed.address);
  }

  forward(source: Address, y: Address): void {
    const { arena, packed, work } = this.#site;
    arena.kernels.convolveImage(this.#patches, source, packed.address, y, work.address);
  }

  prepareBackward(rows: number): void {
    const { arena, weights, packed, input } = this.#site;
    const { kernel, convolved } = this.#geometry;
    const channels = input.shape[2];
    const filters = convolved[2];
    this.#gradientView ??= arena.floats(this.#gradient, this.#depth * filters);
    this.#gradientView.fill(0);
    if (this.spread) {
      arena.kernels.packTurnedFilters(weights, kernel * kernel, channels, filters, packed.address);
    }
    if (this.#scatters) {
      this.#clearInputGradient(rows);
      arena.kernels.packScatteredFilters(weights, kernel, kernel * channels, filters, packed.address);
    }
  }

  #clearInputGradient(rows: number): void {
    const { arena, inputGradient, input, capacity } = this.#site;
    assert(inputGradient !== undefined, 'this plan makes no input gradient');
    const floats = floatsOf(input.shape);
    this.#inputGradientView ??= arena.floats(inputGradient, capacity * floats);
    this.#inputGradientView.fill(0, 0, rows * floats);
  }

  backward(source: Address, dy: Address, dyRowBytes: number, dx: Address | undefined): void {
    const { arena, packed, work } = this.#site;
    const { kernels } = arena;
    kernels.filterGradientImage(this.#patches, source, dy, dyRowBytes, this.#gradient, work.address);
    if (dx === undefined) return;
    if (this.#scatters) kernels.scatterImage(this.#patches, dy, packed.address, dx, work.address);
    else if (this.spread) {
      kernels.convolveImage(this.#fullPatches, this.spread.begin, packed.address, dx, work.address);
    }
  }

  finish(): void {}
}
