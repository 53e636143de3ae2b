// The three steps of training that core tfjs spells in a dozen ops each: the loss with its gradient, the SGD step, the
// gradient of the rectifier. One kernel of ours where the backend has it, core ops elsewhere.
// Must not: be called with labels outside the classes; the learner checks data before training.

import * as tf from '@tensorflow/tfjs-core';
import { ownKernels } from './kernels/register-elementwise.ts';

function has(kernelName: string): boolean {
  return tf.getKernel(kernelName, tf.getBackend()) !== undefined;
}

/** Runs a kernel tfjs does not know by name. */
function runOwn(kernelName: string, inputs: tf.NamedTensorMap, attrs: tf.NamedAttrMap = {}): tf.Tensor[] {
  return tf.engine().runKernel(kernelName, inputs, attrs) as tf.Tensor[];
}

/** [losses [rows], gradient of their mean [rows, classes]] by core ops. */
function coreCrossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): [tf.Tensor, tf.Tensor] {
  const [rows, classes] = logits.shape;
  const oneHot = tf.oneHot(labels, classes);
  const logProbabilities = tf.logSoftmax(logits);
  const losses = tf.neg(tf.sum(tf.mul(oneHot, logProbabilities), 1));
  return [losses, tf.div(tf.sub(tf.exp(logProbabilities), oneHot), rows)];
}

/**
 * Cross-entropy of each row of `logits` [rows, classes] against `labels` [rows] (int32): a tensor [rows].
 * Its gradient is that of the MEAN over the rows, whatever flows in from above: it must stand last in a loss.
 */
export function crossEntropy(logits: tf.Tensor2D, labels: tf.Tensor1D): tf.Tensor1D {
  const op = tf.customGrad((x, save) => {
    const input = x as tf.Tensor2D;
    const [losses, gradient] = has(ownKernels.softmaxCrossEntropy)
      ? (runOwn(ownKernels.softmaxCrossEntropy, { logits: input, labels }) as [tf.Tensor, tf.Tensor])
      : coreCrossEntropy(input, labels);
    (save as tf.GradSaveFunc)([gradient]);
    // A new handle on the saved tensor (no copy on wasm): tfjs disposes saved tensors when the tape is played back.
    return { value: losses, gradFunc: (_dy, saved) => tf.clone(saved[0] as tf.Tensor) };
  });
  return op(logits) as tf.Tensor1D;
}

/**
 * SGD with momentum: velocity' = momentum * velocity + gradient, weight' = weight - rate * velocity'.
 * Returns [weight', velocity'], both new tensors.
 */
export function sgdStep(
  weight: tf.Tensor,
  gradient: tf.Tensor,
  velocity: tf.Tensor,
  settings: { learningRate: number; momentum: number },
): [tf.Tensor, tf.Tensor] {
  const { learningRate, momentum } = settings;
  if (has(ownKernels.sgdStep)) {
    const inputs = { weight, gradient, velocity };
    return runOwn(ownKernels.sgdStep, inputs, { learningRate, momentum }) as [tf.Tensor, tf.Tensor];
  }
  const next = tf.add(tf.mul(velocity, momentum), gradient);
  return [tf.sub(weight, tf.mul(next, learningRate)), next];
}

/** Learning rate, and the three numbers of `adamFactors`. */
interface AdamStep {
  readonly learningRate: number;
  readonly decay: number;
  readonly meanPart: number;
  readonly squarePart: number;
}

/** Adam with decoupled weight decay (see ../learner.ts). Returns [weight', mean', square'], all new tensors. */
export function adamStep(
  weight: tf.Tensor,
  gradient: tf.Tensor,
  [mean, square]: readonly [tf.Tensor, tf.Tensor],
  step: AdamStep,
): [tf.Tensor, tf.Tensor, tf.Tensor] {
  if (has(ownKernels.adamStep)) {
    const inputs = { weight, gradient, mean, square };
    return runOwn(ownKernels.adamStep, inputs, { ...step }) as [tf.Tensor, tf.Tensor, tf.Tensor];
  }
  const { learningRate, decay, meanPart, squarePart } = step;
  const nextMean = tf.add(tf.mul(mean, 0.9), tf.mul(gradient, 0.1));
  const nextSquare = tf.add(tf.mul(square, 0.999), tf.mul(tf.mul(gradient, 0.001), gradient));
  const size = tf.add(tf.sqrt(tf.mul(nextSquare, 1 / squarePart)), 1e-8);
  const change = tf.div(tf.mul(nextMean, learningRate / meanPart), size);
  return [tf.sub(tf.mul(weight, 1 - decay), change), nextMean, nextSquare];
}

/** Makes tfjs use our kernel for the rectifier's gradient on backends that have it. Idempotent. */
export function registerReluGradient(): void {
  if (tf.getGradient('Relu')) tf.unregisterGradient('Relu');
  tf.registerGradient({
    kernelName: 'Relu',
    inputsToSave: ['x'],
    gradFunc: (dy, saved) => {
      const x = saved[0] as tf.Tensor;
      const gradient = dy as tf.Tensor;
      return {
        x: () =>
          has(ownKernels.reluGradient)
            ? (tf.engine().runKernel(ownKernels.reluGradient, { x, dy: gradient }) as tf.Tensor)
            : tf.mul(gradient, tf.step(x)),
      };
    },
  });
}
