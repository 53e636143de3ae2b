// The shapes of a convolution of a compiled step, and what its two ways to compute have in common.
// Must not: call a kernel.

import type { Shape } from '../../models/blocks.ts';
import type { Address } from './arena.ts';
import { type Border, reserveBordered, type Site, type Slot } from './operator.ts';

/** How patches lie in an image. */
export interface PatchGeometry {
  readonly kernel: number;
  readonly stride: number;
  /** Number of patches down and across, and what becomes of each. */
  readonly convolved: Shape;
}

export interface ConvGeometry extends PatchGeometry {
  readonly bias: boolean;
  readonly rectify: boolean;
  /** Side of the pooling window; 1 where there is none. */
  readonly window: number;
  /** Images that the kernels take at a time. */
  readonly group: number;
}

/** Pixels a call of a kernel should have, so that it reads filters often enough for each time it fetches them. */
const GROUP_PIXELS = 256;

/** How many images of `convolved` pixels go together: decided by their shape, so that all plans sum in one order. */
export function groupOf([height, width]: Shape): number {
  return Math.ceil(GROUP_PIXELS / (height * width));
}

/** Zeros a convolution needs around its input: none for `valid`; as TensorFlow's `same` where sides are kept. */
export function borderOf(input: Shape, { kernel, stride, convolved }: PatchGeometry): Border {
  const side = (length: number, out: number): readonly [number, number] => {
    const missing = Math.max((out - 1) * stride + kernel - length, 0);
    return [Math.floor(missing / 2), Math.ceil(missing / 2)];
  };
  const [top, bottom] = side(input[0], convolved[0]);
  const [left, right] = side(input[1], convolved[1]);
  return { top, bottom, left, right };
}

/** Some images' gradient of the convolution's output between the zeros that a full convolution wants around it. */
export interface Spread {
  readonly slot: Slot;
  /** The first patch. */
  readonly begin: Address;
}

/** Room for the spread gradient of `images` images: a stride leaves zeros between its pixels. */
export function reserveSpread(site: Site, geometry: PatchGeometry, images: number): Spread {
  const { kernel, stride, convolved } = geometry;
  const [height, width] = site.input.shape;
  const border = borderOf(site.input.shape, geometry);
  const top = kernel - 1 - border.top;
  const left = kernel - 1 - border.left;
  // Spread by the stride the gradient spans (n - 1) * stride + 1 pixels.
  const spans: Shape = [(convolved[0] - 1) * stride + 1, (convolved[1] - 1) * stride + 1, convolved[2]];
  const bottom = height + kernel - 1 - top - spans[0];
  const right = width + kernel - 1 - left - spans[1];
  const slot = reserveBordered(site.arena, spans, images, { top, left, bottom, right });
  return { slot, begin: slot.address - top * slot.rowBytes - left * convolved[2] * 4 };
}

/** Gradient of some images of the convolution's output. */
export interface GradientRows {
  readonly address: Address;
  readonly rowBytes: number;
  readonly imageBytes: number;
}

/** The three products of a convolution, some images at a time: with filters, with patches, with turned filters. */
export interface ConvProducts {
  /** Where the gradient must lie for the input gradient; undefined where dense rows will do. */
  readonly spread: Spread | undefined;
  /** Packs the filters. Valid until the next preparation of any operator. */
  prepareForward(): void;
  /** y, dense, from the patches at `source`. */
  forward(images: number, source: Address, y: Address): void;
  prepareBackward(rows: number): void;
  /** Adds some images to the filter gradient. */
  addFilterGradient(images: number, source: Address, dy: GradientRows): void;
  /** Writes the input gradients of some images to `dx`. */
  inputGradient(images: number, dy: GradientRows, dx: Address): void;
  /** Brings the filter gradient of all images to where the operator wants it. */
  finish(): void;
}
