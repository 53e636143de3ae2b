// A convolution of a compiled step with its bias, its rectifier and the max pooling behind it, image by image: what one
// kernel writes the next reads from the cache. Padding is the zero border of a slot; patches are read in place.
// Must not: keep a gradient of the activations for more than one image.

import { assert } from '../../../base/assert.ts';
import type { Shape } from '../../models/blocks.ts';
import { type Address, wish } from './arena.ts';
import type { StepKernels } from './kernels.ts';
import {
  type Border,
  descend,
  floatsOf,
  type Operator,
  PANEL,
  panels,
  reserveBordered,
  reserveDense,
  type Site,
  type Slot,
  type StepSettings,
  WORK_HEAD_BYTES,
} from './operator.ts';

export interface ConvGeometry {
  readonly kernel: number;
  readonly stride: number;
  /** Shape before the pooling. */
  readonly convolved: Shape;
  readonly rectify: boolean;
  /** Side of the pooling window; 1 where there is none. */
  readonly window: number;
}

/** Zeros a convolution needs around its input: none for `valid`; as TensorFlow's `same` where sides are kept. */
export function borderOf(input: Shape, { kernel, stride, convolved }: ConvGeometry): Border {
  const side = (length: number, out: number): readonly [number, number] => {
    const missing = Math.max((out - 1) * stride + kernel - length, 0);
    return [Math.floor(missing / 2), Math.ceil(missing / 2)];
  };
  const [top, bottom] = side(input[0], convolved[0]);
  const [left, right] = side(input[1], convolved[1]);
  return { top, bottom, left, right };
}

/** One image's gradient of the convolution's output, where the input gradient's full convolution wants it. */
function reserveSpread(site: Site, geometry: ConvGeometry): { slot: Slot; begin: Address } {
  const { kernel, stride, convolved } = geometry;
  const [height, width] = site.input.shape;
  const border = borderOf(site.input.shape, geometry);
  const top = kernel - 1 - border.top;
  const left = kernel - 1 - border.left;
  // Spread by the stride the gradient spans (n - 1) * stride + 1 pixels.
  const spans: Shape = [(convolved[0] - 1) * stride + 1, (convolved[1] - 1) * stride + 1, convolved[2]];
  const bottom = height + kernel - 1 - top - spans[0];
  const right = width + kernel - 1 - left - spans[1];
  const slot = reserveBordered(site.arena, spans, 1, { top, left, bottom, right });
  return { slot, begin: slot.address - top * slot.rowBytes - left * convolved[2] * 4 };
}

/** Image by image: convolution, rectifier, pooling; backwards pooling, filter gradient, input gradient. */
class ConvOperator implements Operator {
  readonly #site: Site;
  readonly #kernels: StepKernels;
  readonly #geometry: ConvGeometry;
  /** Floats of one patch. */
  readonly #depth: number;
  readonly #rowBytes: number;
  /** First patch of the first image. */
  readonly #source: Address;
  /** What the convolution puts out, before the pooling. */
  readonly #convolved: Slot;
  /** Gradient of kernel and bias. */
  readonly #gradient: Address;
  #gradientView: Float32Array | undefined;
  #inputGradientView: Float32Array | undefined;
  /** Whether the input gradient is scattered from dense pixels: nothing is computed on zeros of a border then. */
  readonly #scatters: boolean;
  readonly #spread: { readonly slot: Slot; readonly begin: Address } | undefined;
  /** One image's gradient before the pooling, where it cannot go straight into `spread`. */
  readonly #routed: Address | undefined;
  readonly #patches: Address;
  readonly #windows: Address;
  /** Patches of the full convolution that gives the input gradient. */
  readonly #fullPatches: Address;

  constructor(site: Site, geometry: ConvGeometry) {
    const { arena, input, output } = site;
    const { kernel, stride, convolved, rectify, window } = geometry;
    const filters = convolved[2];
    const border = borderOf(input.shape, geometry);
    this.#site = site;
    this.#geometry = geometry;
    this.#kernels = arena.kernels;
    this.#depth = kernel * kernel * input.shape[2];
    this.#rowBytes = convolved[1] * filters * 4;
    this.#source = input.address - border.top * input.rowBytes - border.left * input.shape[2] * 4;
    const isDense = output.rowBytes === this.#rowBytes && output.imageBytes === floatsOf(convolved) * 4;
    // A plan that does not train needs the image before the pooling only until it is pooled.
    this.#convolved =
      window === 1 && isDense ? output : reserveDense(arena, convolved, site.trains ? site.capacity : 1);
    this.#gradient = arena.reserve(site.trains ? (this.#depth + 1) * filters : 0);
    const wantsInput = site.inputGradient !== undefined;
    this.#scatters = wantsInput && border.top + border.bottom + border.left + border.right === 0;
    this.#spread = wantsInput && !this.#scatters ? reserveSpread(site, geometry) : undefined;
    const straight = this.#spread !== undefined && stride === 1;
    this.#routed = window > 1 && site.trains && !straight ? arena.reserve(floatsOf(convolved)) : undefined;
    this.#patches = this.#patchConstants();
    this.#windows = arena.constants([
      this.#rowBytes,
      filters,
      window,
      output.shape[0],
      output.shape[1],
      rectify ? 1 : 0,
    ]);
    this.#fullPatches = this.#fullPatchConstants();
    this.#wishRoom();
  }

  #patchConstants(): Address {
    const { kernel, stride, convolved, rectify } = this.#geometry;
    const { arena, input } = this.#site;
    const channels = input.shape[2];
    const [outHeight, outWidth, filters] = convolved;
    const down = stride * input.rowBytes;
    const right = stride * channels * 4;
    const patch = kernel * channels;
    return arena.constants([
      input.rowBytes,
      kernel,
      patch,
      down,
      right,
      outHeight,
      outWidth,
      filters,
      rectify ? 1 : 0,
    ]);
  }

  #fullPatchConstants(): Address {
    if (!this.#spread) return 0;
    const { kernel, convolved } = this.#geometry;
    const { arena, input } = this.#site;
    const [height, width, channels] = input.shape;
    const filters = convolved[2];
    const row = this.#spread.slot.rowBytes;
    return arena.constants([row, kernel, kernel * filters, row, filters * 4, height, width, channels, 0]);
  }

  #wishRoom(): void {
    const { kernel, convolved } = this.#geometry;
    const { work, packed, input } = this.#site;
    const [height, width, filters] = convolved;
    const channels = input.shape[2];
    wish(work, WORK_HEAD_BYTES + height * width * PANEL * 4);
    wish(work, filters * PANEL * 4);
    wish(packed, panels(filters) * (this.#depth + 1) * PANEL * 4);
    if (this.#scatters) wish(packed, kernel * panels(kernel * channels) * filters * PANEL * 4);
    if (this.#spread) wish(packed, panels(channels) * (kernel * kernel * filters + 1) * PANEL * 4);
  }

  #sourceOf(image: number): Address {
    return this.#source + image * this.#site.input.imageBytes;
  }

  #convolvedOf(image: number): Address {
    const { address, imageBytes } = this.#convolved;
    return this.#site.trains || this.#convolved === this.#site.output
      ? address + image * imageBytes
      : address;
  }

  forward(rows: number): void {
    const { packed, work, weights, output } = this.#site;
    const { window, convolved } = this.#geometry;
    const filters = convolved[2];
    const kernels = this.#kernels;
    kernels.packFilters(weights, weights + this.#depth * filters * 4, this.#depth, filters, packed.address);
    for (let n = 0; n < rows; n++) {
      const y = this.#convolvedOf(n);
      kernels.convolveImage(this.#patches, this.#sourceOf(n), packed.address, y, work.address);
      const to = output.address + n * output.imageBytes;
      if (window > 1) kernels.maxPoolImage(this.#windows, y, to, output.rowBytes);
      else if (y !== to)
        kernels.copyRows(y, this.#rowBytes, to, output.rowBytes, convolved[0], this.#rowBytes);
    }
  }

  backward(rows: number, step: StepSettings): void {
    const { outputGradient, work, output } = this.#site;
    assert(outputGradient !== undefined, 'this plan does not train');
    const { convolved, rectify, window } = this.#geometry;
    const filters = convolved[2];
    if (window === 1 && rectify) {
      const count = rows * floatsOf(convolved);
      this.#kernels.reluGradient(this.#convolved.address, outputGradient, outputGradient, count);
    }
    const weightFloats = this.#depth * filters;
    this.#gradientView ??= this.#site.arena.floats(this.#gradient, weightFloats);
    this.#gradientView.fill(0);
    if (this.#scatters) this.#clearInputGradient(rows);
    this.#packForInput();
    for (let n = 0; n < rows; n++) {
      const dOut = outputGradient + n * floatsOf(output.shape) * 4;
      if (this.#spread && this.#routed === undefined) this.#imageThroughSpread(n, dOut, this.#spread.slot);
      else this.#imageThroughRouted(n, dOut);
    }
    const pixels = rows * output.shape[0] * output.shape[1];
    const biasGradient = this.#gradient + weightFloats * 4;
    this.#kernels.sumRows(outputGradient, biasGradient, pixels, filters, work.address);
    descend(this.#site, 0, this.#gradient, weightFloats + filters, step);
  }

  #clearInputGradient(rows: number): void {
    const { arena, inputGradient, input, capacity } = this.#site;
    assert(inputGradient !== undefined, 'this plan makes no input gradient');
    const floats = floatsOf(input.shape);
    this.#inputGradientView ??= arena.floats(inputGradient, capacity * floats);
    this.#inputGradientView.fill(0, 0, rows * floats);
  }

  /** Packs the filters as the input gradient wants them, before they change. */
  #packForInput(): void {
    const { weights, packed, input } = this.#site;
    const { kernel, convolved } = this.#geometry;
    const channels = input.shape[2];
    const filters = convolved[2];
    const to = packed.address;
    if (this.#spread) this.#kernels.packTurnedFilters(weights, kernel * kernel, channels, filters, to);
    if (this.#scatters) {
      this.#kernels.packScatteredFilters(weights, kernel, kernel * channels, filters, to);
    }
  }

  /** The gradient before the pooling goes between the zeros of `spread`, where both products read it. */
  #imageThroughSpread(n: number, dOut: Address, { address, rowBytes }: Slot): void {
    if (this.#geometry.window > 1) {
      this.#kernels.maxPoolGradientImage(this.#windows, this.#convolvedOf(n), dOut, address, rowBytes);
    } else this.#spreadImage(dOut, address, rowBytes);
    this.#products(n, address, rowBytes);
  }

  /** The gradient before the pooling stays dense; it is spread where the input gradient is wanted. */
  #imageThroughRouted(n: number, dOut: Address): void {
    const dy = this.#routed ?? dOut;
    if (this.#routed !== undefined) {
      this.#kernels.maxPoolGradientImage(this.#windows, this.#convolvedOf(n), dOut, dy, this.#rowBytes);
    }
    if (this.#spread) this.#spreadImage(dy, this.#spread.slot.address, this.#spread.slot.rowBytes);
    this.#products(n, dy, this.#rowBytes);
  }

  #spreadImage(dy: Address, to: Address, toRowBytes: number): void {
    const { stride, convolved } = this.#geometry;
    const [height, width, filters] = convolved;
    const pixelBytes = filters * 4;
    const [down, right] = [stride * toRowBytes, stride * pixelBytes];
    this.#kernels.spreadPixels(dy, this.#rowBytes, height, width, pixelBytes, to, down, right);
  }

  /** Filter gradient of one image, and its input gradient where it is wanted. */
  #products(n: number, dy: Address, dyRowBytes: number): void {
    const { work, packed, inputGradient, input } = this.#site;
    const kernels = this.#kernels;
    const source = this.#sourceOf(n);
    kernels.filterGradientImage(this.#patches, source, dy, dyRowBytes, this.#gradient, work.address);
    if (inputGradient === undefined) return;
    const dx = inputGradient + n * floatsOf(input.shape) * 4;
    if (this.#scatters) kernels.scatterImage(this.#patches, dy, packed.address, dx, work.address);
    else if (this.#spread) {
      kernels.convolveImage(this.#fullPatches, this.#spread.begin, packed.address, dx, work.address);
    }
  }
}

/** A convolution with the rectifier and pooling of `geometry`. */
export function convOperator(site: Site, geometry: ConvGeometry): Operator {
  return new ConvOperator(site, geometry);
}
