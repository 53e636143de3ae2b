// The port between the files that register kernels and the backend that runs them.
// Must not: know any single kernel.

import type * as tf from '@tensorflow/tfjs-core';
import type { AttachedKernels } from './attach.ts';

export type Info = tf.TensorInfo;
export type Call = {
  readonly inputs: Readonly<Record<string, Info>>;
  readonly attrs: Readonly<Record<string, unknown>>;
};
/** Returns the output, or undefined where the stock kernel should do it. */
export type Kernel = (call: Call) => Info | Info[] | undefined;

/** What a registering file needs: the kernels, addresses of tensors, new outputs. */
export interface KernelHost extends AttachedKernels {
  /** Byte address of a tensor's first element. Stays valid until the tensor is disposed. */
  address(tensor: Info): number;
  /** A new float32 tensor of unknown content. */
  output(shape: readonly number[]): Info;
  /** The same data under a new tensor (no copy). */
  share(tensor: Info): Info;
  /** Copies `bytes` bytes inside the heap. */
  copy(from: number, to: number, bytes: number): void;
  register(kernelName: string, kernel: Kernel): void;
  /** Runs another kernel of the backend, ours or stock. */
  run(kernelName: string, call: Call): Info;
  /** Gives up a tensor that no op has seen. */
  dispose(tensor: Info): void;
}

/** Number of elements of a shape. */
export function size(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}
