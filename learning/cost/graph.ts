// The layer graph of a model: which layer reads which, and what each costs. Minimum-cut splitting and the command
// `roadbed model show` read it. Computed from the plan alone.
// Must not: import tfjs, or know devices and radio.
//
// Glossary. Node: one layer, one tensor comes out of it. Edge (u, v): v reads u's output. Activation: that output; it is
// kept until the backward pass, and it is what crosses a cut behind the node. Which layers are vertices is said in
// models/layer-list.ts. A concatenation of a concatenation reads what that one read.

import type { ModelSpec } from '../learner.ts';
import { type PlacedBlock, placeBlocks } from '../models/blocks.ts';
import { type ListedLayer, listLayers } from '../models/layer-list.ts';
import type { Shape } from '../models/plan.ts';
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

/** Operations of a layer that is listed; the input costs nothing. */
function flopsOf({ operation, layer, reads }: ListedLayer): Flops {
  if (layer === undefined || operation === 'concat') return { forward: 0, backward: 0 };
  const { output } = layer;
  if (operation === 'add') return sumFlops(output, reads.length);
  if (operation === 'scores' || operation === 'mix') return attentionFlops(output[1], output[2]);
  return layerFlops(layer);
}

/** Nodes that a layer reads, ascending. */
function inputsOf({ operation, reads }: ListedLayer, before: readonly LayerNode[]): number[] {
  const inputs = reads.flatMap(({ from, isShortcut }) => {
    const node = before[from]!;
    return operation === 'concat' && isShortcut && node.operation === 'concat' ? node.inputs : [from];
  });
  return inputs.sort((a, b) => a - b);
}

/** The graph of blocks that are placed. */
export function graphOfBlocks(model: string, blocks: readonly PlacedBlock[]): LayerGraph {
  const nodes: LayerNode[] = [];
  for (const listed of listLayers(blocks)) {
    const { name, operation, block, output, parameters } = listed;
    const outputFloats = sizeOf(output);
    const flops = flopsOf(listed);
    nodes.push({
      name,
      operation,
      block,
      inputs: inputsOf(listed, nodes),
      output,
      outputFloats,
      activationBytes: bytesPerFloat * outputFloats,
      parameters,
      forwardFlops: flops.forward,
      backwardFlops: flops.backward,
    });
  }
  const edges = nodes.flatMap((node, to) => node.inputs.map((from) => [from, to] as const));
  return { model, blocks: blocks.map((block) => block.name), nodes, edges };
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
