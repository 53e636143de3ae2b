// Some layers of a built model, run layer by layer in tfjs: what they read from outside comes as tensors, what layers
// outside read of them goes out as tensors. A whole model is the part with all layers.
// Must not: train, or leave a tensor behind outside a tidy of the caller's.

import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../base/assert.ts';
import { TrainingError } from '../learner.ts';
import { type ListedLayer, listLayers } from '../models/layer-list.ts';
import { joinBranches } from '../models/layers/merge.ts';
import type { BuiltModel } from '../models/zoo.ts';

type Shape = readonly number[];

/** Shape of one sample behind a layer, as tfjs has it: one dimension behind a dense layer, else three. */
function shapeBehind({ layer, output }: ListedLayer): Shape {
  return layer?.plan.kind === 'dense' ? [output[2]] : output;
}

function floatsOf(shape: Shape): number {
  return shape.reduce((product, side) => product * side, 1);
}

/** Tensors that lie one behind the other in `values`, each `count` x its shape. `what` names them in a refusal. */
function tensorsOf(values: Float32Array, shapes: readonly Shape[], count: number, what: string): tf.Tensor[] {
  const floats = shapes.reduce((sum, shape) => sum + floatsOf(shape), 0);
  if (values.length !== count * floats)
    throw new TrainingError(`${values.length} ${what} floats (expected ${count} x ${floats})`);
  let at = 0;
  return shapes.map((shape) => {
    const from = at;
    at += count * floatsOf(shape);
    const own = shapes.length === 1 ? values : values.slice(from, at);
    return tf.tensor(own, [count, ...shape]);
  });
}

export class LayerPart {
  readonly #built: BuiltModel;
  readonly #list: readonly ListedLayer[];
  /** Places in the list. */
  readonly #members: readonly number[];
  readonly #inputs: readonly number[];
  readonly #outputs: readonly number[];

  /** `isMember`: for each layer of the model's list whether it belongs to the part. */
  constructor(built: BuiltModel, isMember: readonly boolean[]) {
    this.#built = built;
    this.#list = listLayers(built.placed);
    const isRead = (index: number, byMember: boolean): boolean =>
      this.#list.some(
        ({ reads }, reader) => isMember[reader] === byMember && reads.some(({ from }) => from === index),
      );
    const places = this.#list.map((_, index) => index);
    const last = places.length - 1;
    this.#members = places.filter((index) => isMember[index]);
    this.#inputs = places.filter((index) => !isMember[index] && isRead(index, true));
    this.#outputs = this.#members.filter((index) => index === last || isRead(index, false));
  }

  /** The weights of the part's layers, in layer order. */
  variables(): tf.Variable[] {
    return this.#members.flatMap((index) => {
      const { layer } = this.#list[index]!;
      if (layer === undefined || layer.plan.kind === 'merge') return [];
      return this.#built.layerOf.get(layer)!.trainableWeights.map((weight) => weight.read() as tf.Variable);
    });
  }

  #shapes(places: readonly number[]): readonly Shape[] {
    return places.map((index) => shapeBehind(this.#list[index]!));
  }

  /** Tensors of `count` inputs. Throws TrainingError where they do not fit. */
  inputs(values: Float32Array, count: number): tf.Tensor[] {
    return tensorsOf(values, this.#shapes(this.#inputs), count, 'input');
  }

  /** Tensors of the gradients of `count` outputs. Throws TrainingError where they do not fit. */
  outputGradients(values: Float32Array, count: number): tf.Tensor[] {
    return tensorsOf(values, this.#shapes(this.#outputs), count, 'gradient');
  }

  /** What goes out, from what comes in; the caller disposes. */
  forward(inputs: readonly tf.Tensor[]): tf.Tensor[] {
    const values = new Map<number, tf.Tensor>();
    this.#inputs.forEach((index, i) => {
      values.set(index, inputs[i]!);
    });
    for (const index of this.#members) values.set(index, this.#run(this.#list[index]!, values));
    return this.#outputs.map((index) => values.get(index)!);
  }

  #run({ operation, layer, reads }: ListedLayer, values: ReadonlyMap<number, tf.Tensor>): tf.Tensor {
    assert(layer, 'the input is no layer');
    const { layerOf } = this.#built;
    const read = reads.map(({ from, through }) =>
      through.reduce((x, passed) => layerOf.get(passed)!.apply(x) as tf.Tensor, values.get(from)!),
    );
    const { plan } = layer;
    if (plan.kind === 'merge') return joinBranches(plan, operation as 'add', read);
    return layerOf.get(layer)!.apply(read[0]!) as tf.Tensor;
  }
}
