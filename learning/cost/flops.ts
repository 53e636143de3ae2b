// How many floating-point operations one layer takes for one sample. One place, so that every cost agrees.
// Must not: import tfjs, or know a device's speed.
//
// Counting: a multiply and an add are two. Convolution 2*k*k*in*out for each output pixel, dense 2*in*out, pooling k*k for
// each output element, a norm 7 for each element (sum; subtract, square, add; times the inverse deviation; scale; shift),
// attention 2*length*length*width for the scores and as many for the mix, causal or not. Biases, activations and softmax
// are left out, as in the papers whose formulas read these numbers (adaptive split learning, arXiv:2403.05158).
// Backward is twice forward where there are weights or products of two tensors (the gradient of each factor; papers count
// the input gradient of the first layer too), once for pooling and embedding, nothing for a sum.

import type { PlacedLayer } from '../models/place.ts';

export function sizeOf(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** FLOPs of each direction. */
export interface Flops {
  readonly forward: number;
  readonly backward: number;
}

const none: Flops = { forward: 0, backward: 0 };
const once = (forward: number): Flops => ({ forward, backward: forward });
const twice = (forward: number): Flops => ({ forward, backward: 2 * forward });

/** Of a layer that is no merge. */
export function layerFlops({ plan, input, output, tensors }: PlacedLayer): Flops {
  const kernelFloats = sizeOf(tensors[0]?.shape ?? [0]);
  switch (plan.kind) {
    case 'conv':
    case 'linear-conv':
    case 'depthwise':
    case 'project':
    case 'dense':
      return twice(2 * kernelFloats * output[0] * output[1]);
    case 'maxpool':
    case 'pool':
      return once(plan.window * plan.window * sizeOf(output));
    case 'globalaverage':
      return once(sizeOf(input));
    case 'batchnorm':
    case 'layernorm':
      return twice(7 * sizeOf(input));
    case 'embedding':
    case 'tokens':
      return once(sizeOf(output));
    default:
      return none;
  }
}

/** Of the sum of `branches` tensors. */
export function sumFlops(output: readonly number[], branches: number): Flops {
  return { forward: (branches - 1) * sizeOf(output), backward: 0 };
}

/** Of either product in attention: queries with keys, or scores with values. */
export function attentionFlops(length: number, width: number): Flops {
  return twice(2 * length * length * width);
}
