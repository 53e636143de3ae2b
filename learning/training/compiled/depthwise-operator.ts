// Depthwise convolution of a compiled step: every channel with a filter of its own, `same` padding, any stride, no bias.
// The input gradient is the same kernel over the gradient between zeros, with the filters turned.
// Must not: keep a spread gradient for more than one image.

import { assert } from '../../../base/assert.ts';
import type { PlacedLayer } from '../../models/blocks.ts';
import { type Address, wish } from './arena.ts';
import { borderOf, type PatchGeometry, reserveSpread, type Spread } from './conv-geometry.ts';
import {
  descend,
  floatsOf,
  type LayerBuilder,
  type Operator,
  type Site,
  type StepSettings,
} from './operator.ts';
import type { DepthwiseShape } from './wide-kernels.ts';

class DepthwiseOperator implements Operator {
  readonly #site: Site;
  readonly #geometry: PatchGeometry;
  readonly #shape: DepthwiseShape;
  /** The full convolution that gives the input gradient. */
  readonly #fullShape: DepthwiseShape;
  readonly #weightFloats: number;
  /** First patch of the first image. */
  readonly #source: Address;
  readonly #gradient: Address;
  #gradientView: Float32Array | undefined;
  readonly #spread: Spread | undefined;

  constructor(site: Site, geometry: PatchGeometry) {
    const { input, inputGradient, arena, trains } = site;
    const { kernel, stride, convolved } = geometry;
    const [height, width, channels] = input.shape;
    const { top, left } = borderOf(input.shape, geometry);
    this.#site = site;
    this.#geometry = geometry;
    this.#shape = [channels, kernel, kernel, stride, stride, convolved[0], convolved[1]];
    this.#fullShape = [channels, kernel, kernel, 1, 1, height, width];
    this.#weightFloats = kernel * kernel * channels;
    this.#source = input.address - top * input.rowBytes - left * channels * 4;
    this.#gradient = arena.reserve(trains ? this.#weightFloats : 0);
    this.#spread = inputGradient === undefined ? undefined : reserveSpread(site, geometry, 1);
    // The turned filters.
    wish(site.packed, this.#weightFloats * 4);
  }

  #sourceOf(image: number): Address {
    return this.#source + image * this.#site.input.imageBytes;
  }

  forward(rows: number): void {
    const { arena, weights, input, output } = this.#site;
    for (let n = 0; n < rows; n++) {
      const to = output.address + n * output.imageBytes;
      arena.kernels.depthwiseImage(
        this.#sourceOf(n),
        input.rowBytes,
        ...this.#shape,
        weights,
        to,
        output.rowBytes,
      );
    }
  }

  backward(rows: number, step: StepSettings): void {
    const { arena, weights, packed, input, outputGradient, inputGradient } = this.#site;
    assert(outputGradient !== undefined, 'this plan does not train');
    const { kernel, convolved } = this.#geometry;
    this.#gradientView ??= arena.floats(this.#gradient, this.#weightFloats);
    this.#gradientView.fill(0);
    arena.kernels.turnTaps(weights, kernel * kernel, input.shape[2], packed.address);
    for (let n = 0; n < rows; n++) {
      const dy = outputGradient + n * floatsOf(convolved) * 4;
      this.#addImage(n, dy);
      if (this.#spread && inputGradient !== undefined) {
        this.#inputGradient(this.#spread, dy, inputGradient + n * floatsOf(input.shape) * 4);
      }
    }
    descend(this.#site, 0, this.#gradient, this.#weightFloats, step);
  }

  /** Adds image `n` to the filter gradient. */
  #addImage(n: number, dy: Address): void {
    const { arena, input } = this.#site;
    const [, width, channels] = this.#geometry.convolved;
    arena.kernels.depthwiseGradientImage(
      this.#sourceOf(n),
      input.rowBytes,
      ...this.#shape,
      dy,
      width * channels * 4,
      this.#gradient,
    );
  }

  #inputGradient({ slot, begin }: Spread, dy: Address, dx: Address): void {
    const { arena, packed, input } = this.#site;
    const { kernels } = arena;
    const { stride, convolved } = this.#geometry;
    const [height, width, channels] = convolved;
    const pixelBytes = channels * 4;
    const [down, right] = [stride * slot.rowBytes, stride * pixelBytes];
    if (stride === 1) {
      kernels.copyRows(dy, width * pixelBytes, slot.address, slot.rowBytes, height, width * pixelBytes);
    } else {
      kernels.spreadPixels(dy, width * pixelBytes, height, width, pixelBytes, slot.address, down, right);
    }
    const rowBytes = input.shape[1] * pixelBytes;
    kernels.depthwiseImage(begin, slot.rowBytes, ...this.#fullShape, packed.address, dx, rowBytes);
  }
}

function geometryOf({ plan, output }: PlacedLayer): PatchGeometry {
  assert(plan.kind === 'depthwise', `a ${plan.kind} layer is no depthwise convolution`);
  return { kernel: plan.kernel, stride: plan.stride, convolved: output };
}

export const depthwiseBuilder: LayerBuilder = {
  build: (site, layer) => new DepthwiseOperator(site, geometryOf(layer)),
  border: (layer) => borderOf(layer.input, geometryOf(layer)),
};
