// Batch normalisation of a compiled step, and the rectifier behind it. Each channel is normalised over the pixels of the
// mini-batch (Ioffe and Szegedy, ICML 2015), in evaluation too: no running statistics are kept, because they would be a
// state that is not trained, that averaging mixes up between cars, and that a split half would have to send along. The
// price: an evaluation depends on which samples share a mini-batch (128 in order, the rest in a last, smaller one), and a
// mini-batch of one sample with one pixel is normalised to zero.
// Must not: overwrite its input; the backward pass normalises it again instead of keeping the result.

import { assert } from '../../../base/assert.ts';
import type { PlacedLayer } from '../../models/blocks.ts';
import { type Address, wish } from './arena.ts';
import {
  descend,
  floatsOf,
  type LayerBuilder,
  type Operator,
  type Site,
  type StepSettings,
} from './operator.ts';

/** Added to a variance before its root is taken, as in models/layers/simple.ts. */
const EPSILON = 1e-5;
/** Kernels read up to three floats beyond an array of channels. */
const SLACK_FLOATS = 4;

class BatchnormOperator implements Operator {
  readonly #site: Site;
  readonly #rectify: boolean;
  readonly #extent: readonly [rows: number, pixels: number, channels: number];
  readonly #pixels: number;
  readonly #channels: number;
  readonly #imageBytes: number;
  /** Sums and squares of one image after the other, `#stepBytes` apart. */
  readonly #sums: Address;
  readonly #squares: Address;
  readonly #stepBytes: number;
  readonly #mean: Address;
  readonly #inverse: Address;
  readonly #factor: Address;
  /** Gradient of scale, then of shift, as the weights lie. */
  readonly #gradient: Address;
  #gradientView: Float32Array | undefined;

  constructor(site: Site, rectify: boolean) {
    const { arena, input, capacity } = site;
    const [height, width, channels] = input.shape;
    const room = channels + SLACK_FLOATS;
    this.#site = site;
    this.#rectify = rectify;
    this.#extent = [height, width, channels];
    this.#pixels = height * width;
    this.#channels = channels;
    this.#imageBytes = floatsOf(input.shape) * 4;
    this.#stepBytes = room * 4;
    this.#sums = arena.reserve(room * capacity);
    this.#squares = arena.reserve(room * capacity);
    this.#mean = arena.reserve(room);
    this.#inverse = arena.reserve(room);
    this.#factor = arena.reserve(room);
    this.#gradient = arena.reserve(2 * channels);
    wish(site.work, 2 * room * 4);
  }

  get #shift(): Address {
    return this.#site.weights + this.#channels * 4;
  }

  forward(rows: number): void {
    const { arena, input, output, weights } = this.#site;
    const { kernels } = arena;
    for (let n = 0; n < rows; n++) {
      const x = input.address + n * input.imageBytes;
      const at = n * this.#stepBytes;
      kernels.normImage(x, input.rowBytes, ...this.#extent, this.#sums + at, this.#squares + at);
    }
    kernels.normStatistics(
      this.#sums,
      this.#squares,
      this.#stepBytes,
      rows,
      this.#pixels,
      this.#channels,
      EPSILON,
      weights,
      this.#mean,
      this.#inverse,
      this.#factor,
    );
    for (let n = 0; n < rows; n++) {
      kernels.normApply(
        input.address + n * input.imageBytes,
        input.rowBytes,
        output.address + n * output.imageBytes,
        output.rowBytes,
        ...this.#extent,
        this.#mean,
        this.#factor,
        this.#shift,
        this.#rectify,
      );
    }
  }

  backward(rows: number, step: StepSettings): void {
    const { arena, outputGradient, inputGradient } = this.#site;
    assert(outputGradient !== undefined, 'this plan does not train');
    this.#gradientView ??= arena.floats(this.#gradient, 2 * this.#channels);
    this.#gradientView.fill(0);
    for (let n = 0; n < rows; n++) this.#addImage(n, outputGradient + n * this.#imageBytes);
    if (inputGradient !== undefined) {
      for (let n = 0; n < rows; n++) {
        const at = n * this.#imageBytes;
        this.#inputGradient(n, rows, outputGradient + at, inputGradient + at);
      }
    }
    descend(this.#site, 0, this.#gradient, 2 * this.#channels, step);
  }

  /** Adds image `n` to the gradients of scale and shift. */
  #addImage(n: number, dy: Address): void {
    const { arena, input, output, work } = this.#site;
    arena.kernels.normGradientImage(
      input.address + n * input.imageBytes,
      input.rowBytes,
      this.#rectify ? output.address + n * output.imageBytes : 0,
      output.rowBytes,
      dy,
      ...this.#extent,
      this.#mean,
      this.#inverse,
      this.#gradient + this.#channels * 4,
      this.#gradient,
      work.address,
    );
  }

  #inputGradient(n: number, rows: number, dy: Address, dx: Address): void {
    const { arena, input } = this.#site;
    arena.kernels.normInputGradient(
      input.address + n * input.imageBytes,
      input.rowBytes,
      dy,
      dx,
      ...this.#extent,
      rows * this.#pixels,
      this.#mean,
      this.#inverse,
      this.#factor,
      this.#gradient + this.#channels * 4,
      this.#gradient,
    );
  }
}

export const batchnormBuilder: LayerBuilder = {
  build: (site, _: PlacedLayer, rectifier) => new BatchnormOperator(site, rectifier !== undefined),
  fuses: (_, next) => next.plan.kind === 'activate' && next.plan.how === 'relu',
};
