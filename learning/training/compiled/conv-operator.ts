// A convolution of a compiled step with its bias, its rectifier and the max pooling behind it (each where there is one),
// a few images at a time: what one kernel writes the next reads from the cache. Padding is the zero border of a slot;
// patches are read in place. Must not: keep a gradient of the activations for more than one group of images.

import { assert } from '../../../base/assert.ts';
import type { PlacedLayer } from '../../models/blocks.ts';
import { type Address, wish } from './arena.ts';
import {
  borderOf,
  type ConvGeometry,
  type ConvProducts,
  type GradientRows,
  groupOf,
} from './conv-geometry.ts';
import { DirectProducts } from './direct-products.ts';
import type { StepKernels } from './kernels.ts';
import {
  descend,
  floatsOf,
  isDense,
  type LayerBuilder,
  type Operator,
  PANEL,
  reserveDense,
  type Site,
  type Slot,
  type StepSettings,
} from './operator.ts';
import { PooledGradient } from './pooled-gradient.ts';
import { canUseWinograd, WinogradProducts } from './winograd-products.ts';

class ConvOperator implements Operator {
  readonly #site: Site;
  readonly #kernels: StepKernels;
  readonly #geometry: ConvGeometry;
  readonly #products: ConvProducts;
  readonly #rowBytes: number;
  /** Floats of the kernel, and of the bias. */
  readonly #kernelFloats: number;
  readonly #biasFloats: number;
  /** First patch of the first image. */
  readonly #source: Address;
  /** What the convolution puts out, before the pooling: of all images or of one group. */
  readonly #convolved: Slot;
  readonly #keepsConvolved: boolean;
  /** Gradient of kernel and bias. */
  readonly #gradient: Address;
  /** A group's gradient before the pooling, where it cannot go straight between the zeros of the products. */
  readonly #routed: Address | undefined;
  readonly #windows: Address;
  /** The filter gradient where there is a pooling; the products make it where there is none. */
  readonly #pooled: PooledGradient | undefined;

  constructor(site: Site, geometry: ConvGeometry) {
    const { arena, input, output, trains, capacity } = site;
    const { kernel, convolved, rectify, window, bias } = geometry;
    const filters = convolved[2];
    const border = borderOf(input.shape, geometry);
    const group = Math.min(geometry.group, capacity);
    this.#site = site;
    this.#geometry = geometry;
    this.#kernels = arena.kernels;
    this.#kernelFloats = kernel * kernel * input.shape[2] * filters;
    this.#biasFloats = bias ? filters : 0;
    this.#rowBytes = convolved[1] * filters * 4;
    this.#source = input.address - border.top * input.rowBytes - border.left * input.shape[2] * 4;
    // The backward pass reads what was pooled or rectified; without either it is needed only until it is copied.
    this.#keepsConvolved = (window === 1 && isDense(output)) || (trains && (window > 1 || rectify));
    this.#convolved =
      window === 1 && isDense(output)
        ? output
        : reserveDense(arena, convolved, this.#keepsConvolved ? capacity : group);
    this.#gradient = arena.reserve(trains ? this.#kernelFloats + this.#biasFloats : 0);
    const Products = canUseWinograd(input.shape, geometry) ? WinogradProducts : DirectProducts;
    this.#products = new Products(site, geometry, this.#gradient);
    this.#pooled = window > 1 && trains ? new PooledGradient(site, geometry, this.#gradient) : undefined;
    const isRouted = this.#pooled !== undefined && this.#products.spread === undefined;
    this.#routed = isRouted ? arena.reserve(group * floatsOf(convolved)) : undefined;
    const [height, width] = output.shape;
    this.#windows = arena.constants([this.#rowBytes, filters, window, height, width, rectify ? 1 : 0]);
    wish(site.work, 2 * filters * PANEL * 4);
  }

  #convolvedOf(image: number): Address {
    const { address, imageBytes } = this.#convolved;
    return this.#keepsConvolved
      ? address + image * imageBytes
      : address + (image % this.#geometry.group) * imageBytes;
  }

  /** `work` for each group of images: the first one, and how many. */
  #byGroups(rows: number, work: (first: number, images: number) => void): void {
    const { group } = this.#geometry;
    for (let first = 0; first < rows; first += group) work(first, Math.min(group, rows - first));
  }

  forward(rows: number): void {
    const { input } = this.#site;
    this.#products.prepareForward();
    this.#byGroups(rows, (first, images) => {
      const source = this.#source + first * input.imageBytes;
      this.#products.forward(images, source, this.#convolvedOf(first));
      for (let n = first; n < first + images; n++) this.#putOut(n);
    });
  }

  /** Brings one image to the output slot, through the pooling where there is one. */
  #putOut(n: number): void {
    const { output } = this.#site;
    const { window, convolved } = this.#geometry;
    const y = this.#convolvedOf(n);
    const to = output.address + n * output.imageBytes;
    if (window > 1) this.#kernels.maxPoolImage(this.#windows, y, to, output.rowBytes);
    else if (y !== to) {
      this.#kernels.copyRows(y, this.#rowBytes, to, output.rowBytes, convolved[0], this.#rowBytes);
    }
  }

  backward(rows: number, step: StepSettings): void {
    const { outputGradient, inputGradient, work, input, output } = this.#site;
    assert(outputGradient !== undefined, 'this plan does not train');
    const { convolved, rectify, window } = this.#geometry;
    if (window === 1 && rectify) {
      const count = rows * floatsOf(convolved);
      this.#kernels.reluGradient(this.#convolved.address, outputGradient, outputGradient, count);
    }
    const pooled = this.#pooled;
    // What the products have left to do.
    const asksProducts = !pooled || (inputGradient !== undefined && !pooled.makesInputGradient);
    if (asksProducts) this.#products.prepareBackward(rows);
    pooled?.prepare(rows);
    this.#byGroups(rows, (first, images) => {
      const source = this.#source + first * input.imageBytes;
      const dOut = outputGradient + first * floatsOf(output.shape) * 4;
      const dx = inputGradient === undefined ? undefined : inputGradient + first * floatsOf(input.shape) * 4;
      pooled?.add(this.#windows, images, this.#convolvedOf(first), dOut, source);
      if (pooled?.makesInputGradient) pooled.inputGradient(this.#windows, dx!);
      if (!asksProducts) return;
      const dy = this.#gradientRows(first, images, dOut);
      if (!pooled) this.#products.addFilterGradient(images, source, dy);
      if (dx !== undefined) this.#products.inputGradient(images, dy, dx);
    });
    if (pooled) pooled.finish();
    else this.#products.finish();
    if (this.#biasFloats > 0) {
      const pixels = rows * output.shape[0] * output.shape[1];
      const biasGradient = this.#gradient + this.#kernelFloats * 4;
      this.#kernels.sumRows(outputGradient, biasGradient, pixels, this.#biasFloats, work.address);
    }
    descend(this.#site, 0, this.#gradient, this.#kernelFloats + this.#biasFloats, step);
  }

  /** A group's gradient, brought through the pooling and to where the products want it. */
  #gradientRows(first: number, images: number, dOut: Address): GradientRows {
    const { spread } = this.#products;
    const { window, convolved } = this.#geometry;
    const imageBytes = floatsOf(convolved) * 4;
    const dense = { rowBytes: this.#rowBytes, imageBytes };
    if (window === 1 && !spread) return { address: dOut, ...dense };
    const rows: GradientRows = spread ? spread.slot : { address: this.#routed!, ...dense };
    const pooledBytes = floatsOf(this.#site.output.shape) * 4;
    for (let n = 0; n < images; n++) {
      const dy = dOut + n * pooledBytes;
      const to = rows.address + n * rows.imageBytes;
      if (window > 1) {
        const y = this.#convolvedOf(first + n);
        this.#kernels.maxPoolGradientImage(this.#windows, y, dy, to, rows.rowBytes);
      } else this.#kernels.copyRows(dy, this.#rowBytes, to, rows.rowBytes, convolved[0], this.#rowBytes);
    }
    return rows;
  }
}

/** A convolution, with the pool or rectifier `next` behind it where there is one. */
function geometryOf({ plan, output }: PlacedLayer, next?: PlacedLayer): ConvGeometry {
  const group = groupOf(output);
  if (plan.kind === 'linear-conv') {
    const { kernel, stride, bias } = plan;
    return { kernel, stride, convolved: output, bias, rectify: next !== undefined, window: 1, group };
  }
  assert(plan.kind === 'conv', `a ${plan.kind} layer is no convolution`);
  const window = next?.plan.kind === 'maxpool' ? next.plan.window : 1;
  return { kernel: plan.kernel, stride: 1, convolved: output, bias: true, rectify: true, window, group };
}

/** A convolution with bias and rectifier, and the pool behind it. */
export const convBuilder: LayerBuilder = {
  build: (site, layer, pooled) => new ConvOperator(site, geometryOf(layer, pooled)),
  border: (layer) => borderOf(layer.input, geometryOf(layer)),
  fuses: (_, next) => next.plan.kind === 'maxpool',
};

/** A convolution with any stride, and the rectifier behind it. */
export const linearConvBuilder: LayerBuilder = {
  build: (site, layer, rectifier) => new ConvOperator(site, geometryOf(layer, rectifier)),
  border: (layer) => borderOf(layer.input, geometryOf(layer)),
  fuses: (_, next) => next.plan.kind === 'activate' && next.plan.how === 'relu',
};
