// Branches that come together: sum, concatenation, attention. One tfjs layer that holds its branches, so that a model
// stays a chain of layers that can be cut between any two. Must not: hold weights of its own.

import * as tf from '@tensorflow/tfjs-core';
import * as layers from '@tensorflow/tfjs-layers';
import type { MergePlan } from '../plan.ts';

type Layer = layers.layers.Layer;

/** Added to the scores of positions that must not be seen: exp of it is 0 in 32 bits. */
const hidden = -1e9;

/** [count, 1, length, width] as [count, heads, length, width / heads]. */
function byHead(x: tf.Tensor, heads: number): tf.Tensor4D {
  const [count, , length, width] = x.shape as [number, number, number, number];
  return tf.transpose(tf.reshape(x, [count, length, heads, width / heads]), [0, 2, 1, 3]) as tf.Tensor4D;
}

/** [length, length]: 0 where a position may look, `hidden` behind it. */
function causalMask(length: number): tf.Tensor2D {
  const values = Float32Array.from({ length: length * length }, (_, i) =>
    i % length > Math.floor(i / length) ? hidden : 0,
  );
  return tf.tensor2d(values, [length, length]);
}

/** Products of queries and keys, not yet scaled: [count, heads, length, length]. */
function scores(plan: MergePlan, queries: tf.Tensor, keys: tf.Tensor): tf.Tensor {
  const heads = plan.heads ?? 1;
  return tf.matMul(byHead(queries, heads), byHead(keys, heads), false, true);
}

/** Values mixed by the softmax of scores. */
function mix(plan: MergePlan, products: tf.Tensor, values: tf.Tensor): tf.Tensor {
  const heads = plan.heads ?? 1;
  const [count, , length, width] = values.shape as [number, number, number, number];
  const scaled = tf.mul(products, 1 / Math.sqrt(width / heads));
  const seen = plan.causal ? tf.add(scaled, causalMask(length)) : scaled;
  const mixed = tf.matMul(tf.softmax(seen) as tf.Tensor4D, byHead(values, heads));
  return tf.reshape(tf.transpose(mixed, [0, 2, 1, 3]), [count, 1, length, width]);
}

/** What a vertex where branches meet (models/layer-list.ts) makes of what it reads; attention has two. */
export function joinBranches(
  plan: MergePlan,
  operation: MergePlan['how'] | 'scores' | 'mix',
  outputs: readonly tf.Tensor[],
): tf.Tensor {
  const [first, second, third] = outputs as readonly [tf.Tensor, tf.Tensor, tf.Tensor];
  switch (operation) {
    case 'add':
      return tf.addN([...outputs]);
    case 'concat':
      return tf.concat([...outputs], 3);
    case 'scores':
      return scores(plan, first, second);
    case 'mix':
      return mix(plan, first, second);
    case 'attention':
      return mix(plan, scores(plan, first, second), third);
  }
}

class MergeLayer extends layers.layers.Layer {
  readonly #plan: MergePlan;
  readonly #branches: readonly (readonly Layer[])[];
  static readonly className = 'RoadbedMerge';

  constructor(plan: MergePlan, branches: readonly (readonly Layer[])[]) {
    super({});
    this.#plan = plan;
    this.#branches = branches;
  }

  override build(inputShape: layers.Shape): void {
    for (const branch of this.#branches) {
      let shape = inputShape;
      for (const layer of branch) {
        layer.build(shape);
        layer.built = true;
        shape = layer.computeOutputShape(shape) as layers.Shape;
      }
    }
    this.trainableWeights = this.#branches.flatMap((branch) =>
      branch.flatMap((layer) => layer.trainableWeights),
    );
    this.built = true;
  }

  override computeOutputShape(inputShape: layers.Shape): layers.Shape {
    const outputs = this.#branches.map((branch) =>
      branch.reduce((shape, layer) => layer.computeOutputShape(shape) as layers.Shape, inputShape),
    );
    if (this.#plan.how !== 'concat') return outputs[0]!;
    const channels = outputs.reduce((sum, shape) => sum + shape.at(-1)!, 0);
    return [...outputs[0]!.slice(0, -1), channels];
  }

  override call(inputs: tf.Tensor | tf.Tensor[]): tf.Tensor {
    const x = Array.isArray(inputs) ? inputs[0]! : inputs;
    return tf.tidy(() => {
      const outputs = this.#branches.map((branch) =>
        branch.reduce((y, layer) => layer.apply(y) as tf.Tensor, x),
      );
      return joinBranches(this.#plan, this.#plan.how, outputs);
    });
  }
}

/** A tfjs layer for a merge whose branches are built. */
export function mergeLayer(plan: MergePlan, branches: readonly (readonly Layer[])[]): Layer {
  return new MergeLayer(plan, branches);
}
