// Layers that tfjs-layers lacks or has otherwise: normalisation without running statistics, a dense layer at every
// position, embeddings of tokens that arrive as scaled pixels, depthwise filters.
// Must not: draw initial weights (they start at zero and are set from outside).

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { Shape } from '../plan.ts';

type Layer = layers.layers.Layer;
type Weight = ReturnType<Layer['addWeight']>;

/** Added to a variance before its root is taken, as in Ioffe and Szegedy (2015) and in other frameworks. */
const epsilon = 1e-5;

/** A layer given by the shapes of its weights, its function, and the shape of one output. */
export interface SimpleLayer {
  readonly name: string;
  readonly weights: readonly (readonly number[])[];
  readonly output: Shape;
  readonly inputShape: number[] | undefined;
  apply(x: tf.Tensor4D, weights: readonly tf.Tensor[]): tf.Tensor;
}

class FunctionLayer extends layers.layers.Layer {
  readonly #simple: SimpleLayer;
  #weights: Weight[] = [];
  static readonly className = 'RoadbedFunction';

  constructor(simple: SimpleLayer) {
    super(simple.inputShape === undefined ? {} : { inputShape: simple.inputShape });
    this.#simple = simple;
  }

  override build(): void {
    this.#weights = this.#simple.weights.map((shape, index) =>
      this.addWeight(
        `${this.#simple.name}${index}`,
        [...shape],
        'float32',
        layers.initializers.zeros() as never,
      ),
    );
    this.built = true;
  }

  override computeOutputShape(inputShape: layers.Shape): layers.Shape {
    return [inputShape[0]!, ...this.#simple.output];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = (Array.isArray(inputs) ? inputs[0] : inputs) as tf.Tensor4D;
    return tf.tidy(() =>
      this.#simple.apply(
        x,
        this.#weights.map((weight) => weight.read()),
      ),
    );
  }
}

/** A tfjs layer that does what `simple` says. */
export function simpleLayer(simple: SimpleLayer): Layer {
  return new FunctionLayer(simple);
}

/** (x - mean) / deviation over `axes`, times scale, plus shift. */
export function normalise(x: tf.Tensor, axes: number[], scale: tf.Tensor, shift: tf.Tensor): tf.Tensor {
  const centred = tf.sub(x, tf.mean(x, axes, true));
  const variance = tf.mean(tf.square(centred), axes, true);
  return tf.add(tf.mul(tf.mul(centred, tf.rsqrt(tf.add(variance, epsilon))), scale), shift);
}

/** Every position's channels times the kernel [channels, units], plus the bias where there is one. */
export function projectPositions(x: tf.Tensor4D, weights: readonly tf.Tensor[]): tf.Tensor {
  const [count, height, width, channels] = x.shape;
  const [kernel, bias] = weights as readonly [tf.Tensor2D, tf.Tensor1D | undefined];
  const product = tf.matMul(tf.reshape(x, [count * height * width, channels]), kernel);
  const y = bias === undefined ? product : tf.add(product, bias);
  return tf.reshape(y, [count, height, width, kernel.shape[1]]);
}

/** The tanh form of the Gaussian error linear unit (Hendrycks and Gimpel 2016, arXiv 1606.08415). */
export function gelu(x: tf.Tensor): tf.Tensor {
  const cube = tf.mul(tf.mul(x, x), x);
  const inner = tf.mul(tf.add(x, tf.mul(cube, 0.044715)), Math.sqrt(2 / Math.PI));
  return tf.mul(tf.mul(x, 0.5), tf.add(tf.tanh(inner), 1));
}

/** The sigmoid-weighted linear unit, x / (1 + e^-x) (Elfwing et al. 2018, arXiv 1702.03118). */
export function silu(x: tf.Tensor): tf.Tensor {
  return tf.mul(x, tf.sigmoid(x));
}

/**
 * Token vectors plus position vectors: [count, 1, length, width]. Token ids come as every input does, as
 * byte / 255 - 0.5. By a product with one-hot rows, because no stock WebAssembly kernel has the gradient of a gather.
 */
export function embed(x: tf.Tensor4D, weights: readonly tf.Tensor[]): tf.Tensor {
  const [table, positions] = weights as readonly [tf.Tensor2D, tf.Tensor2D];
  const [count, , length] = x.shape;
  const scaled = tf.round(tf.mul(tf.add(x, 0.5), 255));
  const ids = tf.cast(tf.reshape(scaled, [count * length]), 'int32') as tf.Tensor1D;
  const rows = tf.matMul(tf.cast(tf.oneHot(ids, table.shape[0]), 'float32') as tf.Tensor2D, table);
  return tf.add(tf.reshape(rows, [count, 1, length, table.shape[1]]), positions);
}

/** Depthwise filters on each channel. */
export function filterChannels(stride: number): SimpleLayer['apply'] {
  return (x, weights) => tf.depthwiseConv2d(x, weights[0] as tf.Tensor4D, stride, 'same');
}
