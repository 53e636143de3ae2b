// A convolution of a compiled step with its bias, its rectifier and the max pooling behind it, image by image: what one
// kernel writes the next reads from the cache. Padding is the zero border of a slot; patches are read in place.
// Must not: keep a gradient of the activations for more than one image.

import { assert } from '../../../base/assert.ts';
import type { PlacedLayer } from '../../models/blocks.ts';
import { type Address, wish } from './arena.ts';
import { borderOf, type ConvGeometry, type ConvProducts } from './conv-geometry.ts';
import { DirectProducts } from './direct-products.ts';
import type { StepKernels } from './kernels.ts';
import {
  descend,
  floatsOf,
  type LayerBuilder,
  type Operator,
  PANEL,
  reserveDense,
  type Site,
  type Slot,
  type StepSettings,
} from './operator.ts';
import { canUseWinograd, WinogradProducts } from './winograd-products.ts';

class ConvOperator implements Operator {
  readonly #site: Site;
  readonly #kernels: StepKernels;
  readonly #geometry: ConvGeometry;
  readonly #products: ConvProducts;
  readonly #rowBytes: number;
  /** Floats of the kernel. */
  readonly #kernelFloats: number;
  /** First patch of the first image. */
  readonly #source: Address;
  /** What the convolution puts out, before the pooling. */
  readonly #convolved: Slot;
  /** Gradient of kernel and bias. */
  readonly #gradient: Address;
  /** One image's gradient before the pooling, where it cannot go straight between the zeros of the products. */
  readonly #routed: Address | undefined;
  readonly #windows: Address;

  constructor(site: Site, geometry: ConvGeometry) {
    const { arena, input, output } = site;
    const { kernel, stride, convolved, rectify, window } = geometry;
    const filters = convolved[2];
    const border = borderOf(input.shape, geometry);
    this.#site = site;
    this.#geometry = geometry;
    this.#kernels = arena.kernels;
    this.#kernelFloats = kernel * kernel * input.shape[2] * filters;
    this.#rowBytes = convolved[1] * filters * 4;
    this.#source = input.address - border.top * input.rowBytes - border.left * input.shape[2] * 4;
    const isDense = output.rowBytes === this.#rowBytes && output.imageBytes === floatsOf(convolved) * 4;
    // A plan that does not train needs the image before the pooling only until it is pooled.
    this.#convolved =
      window === 1 && isDense ? output : reserveDense(arena, convolved, site.trains ? site.capacity : 1);
    this.#gradient = arena.reserve(site.trains ? this.#kernelFloats + filters : 0);
    const Products = canUseWinograd(input.shape, geometry) ? WinogradProducts : DirectProducts;
    this.#products = new Products(site, geometry, this.#gradient);
    const straight = this.#products.spread !== undefined && stride === 1;
    this.#routed = window > 1 && site.trains && !straight ? arena.reserve(floatsOf(convolved)) : undefined;
    const [height, width] = output.shape;
    this.#windows = arena.constants([this.#rowBytes, filters, window, height, width, rectify ? 1 : 0]);
    wish(site.work, 2 * filters * PANEL * 4);
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
    const { output } = this.#site;
    const { window, convolved } = this.#geometry;
    this.#products.prepareForward();
    for (let n = 0; n < rows; n++) {
      const y = this.#convolvedOf(n);
      this.#products.forward(this.#sourceOf(n), y);
      const to = output.address + n * output.imageBytes;
      if (window > 1) this.#kernels.maxPoolImage(this.#windows, y, to, output.rowBytes);
      else if (y !== to)
        this.#kernels.copyRows(y, this.#rowBytes, to, output.rowBytes, convolved[0], this.#rowBytes);
    }
  }

  backward(rows: number, step: StepSettings): void {
    const { outputGradient, inputGradient, work, input, output } = this.#site;
    assert(outputGradient !== undefined, 'this plan does not train');
    const { convolved, rectify, window } = this.#geometry;
    const filters = convolved[2];
    if (window === 1 && rectify) {
      const count = rows * floatsOf(convolved);
      this.#kernels.reluGradient(this.#convolved.address, outputGradient, outputGradient, count);
    }
    this.#products.prepareBackward(rows);
    for (let n = 0; n < rows; n++) {
      const dOut = outputGradient + n * floatsOf(output.shape) * 4;
      const dx = inputGradient === undefined ? undefined : inputGradient + n * floatsOf(input.shape) * 4;
      this.#image(n, dOut, dx);
    }
    this.#products.finish();
    const pixels = rows * output.shape[0] * output.shape[1];
    const biasGradient = this.#gradient + this.#kernelFloats * 4;
    this.#kernels.sumRows(outputGradient, biasGradient, pixels, filters, work.address);
    descend(this.#site, 0, this.#gradient, this.#kernelFloats + filters, step);
  }

  /** Image `n`: through the pooling to where the products want its gradient, then the products. */
  #image(n: number, dOut: Address, dx: Address | undefined): void {
    const { spread } = this.#products;
    const source = this.#sourceOf(n);
    if (spread && this.#routed === undefined) {
      const { address, rowBytes } = spread.slot;
      if (this.#geometry.window > 1) {
        this.#kernels.maxPoolGradientImage(this.#windows, this.#convolvedOf(n), dOut, address, rowBytes);
      } else this.#spreadImage(dOut, spread.slot);
      // Only a stride leaves zeros between the pixels: without one both products read the same rows.
      const isWhole = this.#geometry.stride === 1;
      this.#products.backward(source, isWhole ? address : dOut, isWhole ? rowBytes : this.#rowBytes, dx);
      return;
    }
    const dy = this.#routed ?? dOut;
    if (this.#routed !== undefined) {
      this.#kernels.maxPoolGradientImage(this.#windows, this.#convolvedOf(n), dOut, dy, this.#rowBytes);
    }
    if (spread) this.#spreadImage(dy, spread.slot);
    this.#products.backward(source, dy, this.#rowBytes, dx);
  }

  #spreadImage(dy: Address, { address, rowBytes }: Slot): void {
    const { stride, convolved } = this.#geometry;
    const [height, width, filters] = convolved;
    const pixelBytes = filters * 4;
    const [down, right] = [stride * rowBytes, stride * pixelBytes];
    this.#kernels.spreadPixels(dy, this.#rowBytes, height, width, pixelBytes, address, down, right);
  }
}

/** A convolution with a rectifier, and with `pooled` behind it where there is one. */
function geometryOf({ plan, output }: PlacedLayer, pooled: PlacedLayer | undefined): ConvGeometry {
  assert(plan.kind === 'conv', `a ${plan.kind} layer is no convolution`);
  const window = pooled?.plan.kind === 'maxpool' ? pooled.plan.window : 1;
  return { kernel: plan.kernel, stride: 1, convolved: output, rectify: true, window };
}

export const convBuilder: LayerBuilder = {
  build: (site, layer, pooled) => new ConvOperator(site, geometryOf(layer, pooled)),
  border: (layer) => borderOf(layer.input, geometryOf(layer, undefined)),
  fuses: (_, next) => next.plan.kind === 'maxpool',
};
