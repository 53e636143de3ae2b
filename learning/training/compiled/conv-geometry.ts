// The shapes of a convolution of a compiled step, and what its two ways to compute have in common.
// Must not: call a kernel.

import type { Shape } from '../../models/blocks.ts';
import type { Address } from './arena.ts';
import { type Border, reserveBordered, type Site, type Slot } from './operator.ts';

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

/** One image's gradient of the convolution's output between the zeros that its full convolution wants around it. */
export interface Spread {
  readonly slot: Slot;
  /** The first patch. */
  readonly begin: Address;
}

export function reserveSpread(site: Site, geometry: ConvGeometry): Spread {
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

/** The three products of a convolution, image by image: with the filters, with the patches, with the turned filters. */
export interface ConvProducts {
  /** Where an image's gradient must lie for the input gradient; undefined where dense rows will do. */
  readonly spread: Spread | undefined;
  /** Packs the filters. Valid until the next preparation of any operator. */
  prepareForward(): void;
  /** y, dense, from the patches at `source`. */
  forward(source: Address, y: Address): void;
  prepareBackward(rows: number): void;
  /** Adds one image to the filter gradient; writes its input gradient to `dx` where there is one. */
  backward(source: Address, dy: Address, dyRowBytes: number, dx: Address | undefined): void;
  /** Brings the filter gradient of all images to where the operator wants it. */
  finish(): void;
}
