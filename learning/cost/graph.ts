// The layer graph of a model: which layer reads which, and what each costs. Minimum-cut splitting and the command
// `roadbed model show` read it. Computed from the plan alone.
// Must not: import tfjs, or know devices and radio.
//
// Glossary. Node: one layer, one tensor comes out of it. Edge (u, v): v reads u's output. Activation: that output; it is
// kept until the backward pass, and it is what crosses a cut behind the node. Vertices are counted as in the splitting
// literature: convolution, norm, rectifier, pool, sum and concatenation each are one; a convolution or dense layer that
// carries its rectifier is one; flattening is none. A concatenation of a concatenation reads what that one read.

import type { ModelSpec } from '../learner.ts';
import { type PlacedBlock, placeBlocks } from '../models/blocks.ts';
import { layerParameters, type PlacedLayer } from '../models/place.ts';
import type { MergePlan, Shape } from '../models/plan.ts';
import { attentionFlops, type Flops, layerFlops, sizeOf, sumFlops } from './flops.ts';

/** One layer and what it costs, for one sample. */
export interface LayerNode {
  /** `block/operation`, numbered where a block has several of a kind. */
  readonly name: string;
  /** Such as `conv`, `batchnorm`, `add`; `input` for the data. */
  readonly operation: string;
  /** Index of its block; -1 for the input. */
  readonly block: number;
  /** Nodes it reads, ascending. */
  readonly inputs: readonly number[];
  readonly output: Shape;
  readonly outputFloats: number;
  /** Its output in float32. */
  readonly activationBytes: number;
  readonly parameters: number;
  readonly forwardFlops: number;
  readonly backwardFlops: number;
}

/** Nodes in an order in which each comes after all it reads; node 0 is the input, the last puts out the logits. */
export interface LayerGraph {
  readonly model: string;
  readonly blocks: readonly string[];
  readonly nodes: readonly LayerNode[];
  /** Pairs of node indices, from and to. */
  readonly edges: readonly (readonly [number, number])[];
}

const bytesPerFloat = 4;

interface NewNode {
  readonly operation: string;
  readonly inputs: readonly number[];
  readonly output: Shape;
  readonly parameters: number;
  readonly flops: Flops;
}

/** Collects nodes; names them by block. */
class GraphBuilder {
  readonly nodes: LayerNode[] = [];
  #block = -1;
  #blockName = '';
  #ofKind = new Map<string, number>();

  begin(block: number, name: string): void {
    this.#block = block;
    this.#blockName = name;
    this.#ofKind = new Map();
  }

  add({ operation, inputs, output, parameters, flops }: NewNode): number {
    const number = (this.#ofKind.get(operation) ?? 0) + 1;
    this.#ofKind.set(operation, number);
    const outputFloats = sizeOf(output);
    this.nodes.push({
      name: this.#block < 0 ? operation : `${this.#blockName}/${operation}${number}`,
      operation,
      block: this.#block,
      inputs: [...inputs].sort((a, b) => a - b),
      output,
      outputFloats,
      activationBytes: bytesPerFloat * outputFloats,
      parameters,
      forwardFlops: flops.forward,
      backwardFlops: flops.backward,
    });
    return this.nodes.length - 1;
  }
}

function operationOf({ plan }: PlacedLayer): string {
  if (plan.kind === 'linear-conv') return 'conv';
  if (plan.kind === 'activate') return plan.how;
  if (plan.kind === 'pool') return `${plan.how}pool`;
  if (plan.kind === 'project') return 'dense';
  return plan.kind;
}

/** Adds two nodes, scores and mix. The scores are one square for each head. */
function addAttention(
  builder: GraphBuilder,
  plan: MergePlan,
  inputs: readonly number[],
  output: Shape,
): number {
  const [queries, keys, values] = inputs as readonly [number, number, number];
  const [, length, width] = output;
  const flops = attentionFlops(length, width);
  const scores = builder.add({
    operation: 'scores',
    inputs: [queries, keys],
    output: [plan.heads ?? 1, length, length],
    parameters: 0,
    flops,
  });
  return builder.add({ operation: 'mix', inputs: [scores, values], output, parameters: 0, flops });
}

function addMerge(builder: GraphBuilder, layer: PlacedLayer, plan: MergePlan, input: number): number {
  const inputs = layer.branches.flatMap((branch) => {
    const isConcatenation = builder.nodes[input]!.operation === 'concat';
    if (plan.how === 'concat' && branch.length === 0 && isConcatenation) return builder.nodes[input]!.inputs;
    return [addChain(builder, branch, input)];
  });
  const { output } = layer;
  if (plan.how === 'attention') return addAttention(builder, plan, inputs, output);
  const flops = plan.how === 'add' ? sumFlops(output, inputs.length) : { forward: 0, backward: 0 };
  return builder.add({ operation: plan.how, inputs, output, parameters: 0, flops });
}

/** Adds layers one behind the other; returns the last node. */
function addChain(builder: GraphBuilder, layers: readonly PlacedLayer[], input: number): number {
  return layers.reduce((from, layer) => {
    const { plan, output } = layer;
    if (plan.kind === 'flatten' || plan.kind === 'first-token') return from;
    if (plan.kind === 'merge') return addMerge(builder, layer, plan, from);
    return builder.add({
      operation: operationOf(layer),
      inputs: [from],
      output,
      parameters: layerParameters(layer),
      flops: layerFlops(layer),
    });
  }, input);
}

/** The graph of blocks that are placed. */
export function graphOfBlocks(model: string, blocks: readonly PlacedBlock[]): LayerGraph {
  const builder = new GraphBuilder();
  const { input } = blocks[0]!.layers[0]!;
  let last = builder.add({
    operation: 'input',
    inputs: [],
    output: input,
    parameters: 0,
    flops: { forward: 0, backward: 0 },
  });
  blocks.forEach((block, index) => {
    builder.begin(index, block.name);
    last = addChain(builder, block.layers, last);
  });
  const edges = builder.nodes.flatMap((node, to) => node.inputs.map((from) => [from, to] as const));
  return { model, blocks: blocks.map((block) => block.name), nodes: builder.nodes, edges };
}

/** The layer graph of `spec`, for one sample. Throws RoadbedError('scenario') for an unknown model, as `placeBlocks`. */
export function layerGraph(spec: ModelSpec): LayerGraph {
  return graphOfBlocks(spec.name, placeBlocks(spec));
}

/** A sum over all nodes. */
export function totalOf(
  nodes: readonly LayerNode[],
  field: 'parameters' | 'forwardFlops' | 'backwardFlops' | 'activationBytes',
): number {
  return nodes.reduce((sum, node) => sum + node[field], 0);
}
