// The layer graph of any tf.LayersModel, with costs: for models that users bring. Shapes and weights are the model's own; how
// operations are counted is said in learning/cost/flops.ts. Flattening, dropout and reshaping are no vertices, a model inside
// a model is one.
// Must not: run the model.

import type * as layers from '@tensorflow/tfjs-layers';
import { RoadbedError } from '../../base/errors.ts';
import { type Flops, sizeOf } from '../cost/flops.ts';
import type { LayerGraph, LayerNode } from '../cost/graph.ts';
import type { Shape } from './plan.ts';

type Layer = layers.layers.Layer;

const passedThrough = ['Flatten', 'Reshape', 'Dropout', 'SpatialDropout1D', 'Permute'];
const bytesPerFloat = 4;

/** Height, width and channels of whatever shape comes out of `layer`; lists are refused. */
function outputOf(layer: Layer): Shape {
  const [first] = layer.outputShape;
  if (Array.isArray(first)) refuse(`layer ${layer.name} puts out several tensors (expected one)`);
  const sides = (layer.outputShape as (number | null)[]).slice(1);
  if (sides.some((side) => side === null))
    refuse(
      `layer ${layer.name} puts out ${JSON.stringify(layer.outputShape)} (expected a size for every axis but the first)`,
    );
  const known = sides as number[];
  const channels = known.at(-1) ?? 1;
  if (known.length <= 1) return [1, 1, channels];
  return [sizeOf(known.slice(0, -2)), known.at(-2)!, channels];
}

function refuse(problem: string): never {
  throw new RoadbedError('data', `this tf.LayersModel cannot be split: ${problem}.`);
}

/** Positions at which the kernel of a layer is applied: all of its output but the channels. */
function kernelFlops(layer: Layer, output: Shape): number {
  const kernels = layer.weights.map((weight) => weight.shape).filter((shape) => shape.length >= 2);
  const positions = output[0] * output[1];
  return kernels.reduce((sum, shape) => sum + 2 * sizeOf(shape as number[]) * positions, 0);
}

function flopsOf(layer: Layer, output: Shape, inputs: number): Flops {
  const floats = sizeOf(output);
  const kind = layer.getClassName();
  const forward = kernelFlops(layer, output);
  if (kind === 'Embedding') return { forward: floats, backward: floats };
  if (forward > 0) return { forward, backward: 2 * forward };
  if (kind.endsWith('Normalization')) return { forward: 7 * floats, backward: 14 * floats };
  if (kind === 'Add') return { forward: (inputs - 1) * floats, backward: 0 };
  if (/Pooling/.test(kind)) {
    const { poolSize } = layer.getConfig() as { poolSize?: number | number[] };
    const window = poolSize === undefined ? 1 : sizeOf([poolSize].flat());
    return { forward: window * floats, backward: window * floats };
  }
  return { forward: 0, backward: 0 };
}

/** Of a model inside a model: the sum of its own. */
function nestedFlops(layer: Layer): Flops | undefined {
  if (!('layers' in layer)) return undefined;
  const { nodes } = graphOfLayersModel(layer as unknown as layers.LayersModel);
  const sum = (field: 'forwardFlops' | 'backwardFlops'): number =>
    nodes.reduce((total, node) => total + node[field], 0);
  return { forward: sum('forwardFlops'), backward: sum('backwardFlops') };
}

/** Collects vertices, each behind all it reads. */
class Collector {
  readonly nodes: LayerNode[] = [];
  readonly #places = new Map<Layer, number>();

  /** The vertex whose tensor `layer` puts out. */
  place(layer: Layer): number {
    const known = this.#places.get(layer);
    if (known !== undefined) return known;
    const inputs = (layer.inboundNodes[0]?.inboundLayers ?? []).map((before) => this.place(before));
    const isPassed = passedThrough.includes(layer.getClassName()) && inputs.length === 1;
    const at = isPassed ? inputs[0]! : this.#add(layer, [...new Set(inputs)]);
    this.#places.set(layer, at);
    return at;
  }

  #add(layer: Layer, inputs: readonly number[]): number {
    if (inputs.length === 0 && this.nodes.length > 0)
      refuse(`${layer.name} is a second input (expected one)`);
    const output = outputOf(layer);
    const flops = nestedFlops(layer) ?? flopsOf(layer, output, inputs.length);
    this.nodes.push({
      name: layer.name,
      operation: layer.getClassName().toLowerCase(),
      block: inputs.length === 0 ? -1 : 0,
      inputs: [...inputs].sort((a, b) => a - b),
      output,
      outputFloats: sizeOf(output),
      activationBytes: bytesPerFloat * sizeOf(output),
      parameters: layer.countParams(),
      forwardFlops: flops.forward,
      backwardFlops: flops.backward,
    });
    return this.nodes.length - 1;
  }
}

/**
 * Vertices in an order in which each comes after all it reads, the input first. Throws RoadbedError('data') at a model with
 * several inputs or outputs, or an axis without a size.
 */
export function graphOfLayersModel(model: layers.LayersModel): LayerGraph {
  if (model.outputs.length !== 1) refuse(`it has ${model.outputs.length} outputs (expected one)`);
  const collector = new Collector();
  collector.place(model.outputs[0]!.sourceLayer);
  const { nodes } = collector;
  const edges = nodes.flatMap((node, to) => node.inputs.map((from) => [from, to] as const));
  return { model: model.name, blocks: [model.name], nodes, edges };
}
