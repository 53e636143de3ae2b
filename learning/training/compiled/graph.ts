// A range of blocks as a graph: values (activations between operators) and nodes (what computes one from others), in the
// order in which they run. Which layers become one operator and what lies between zeros is decided here.
// Must not: join layers across the end of a block (a cut may fall there, and a split half must do the same arithmetic),
// or know an address.

import { assert } from '../../../base/assert.ts';
import { layerParameters, type PlacedBlock, type PlacedLayer, type Shape } from '../../models/blocks.ts';
import { joinBuilders, layerBuilders } from './builders.ts';
import type { Border, JoinBuilder, LayerBuilder } from './operator.ts';

/** Activations between two nodes. */
export class Value {
  readonly shape: Shape;
  /** The value whose activations it shares, with a gradient of its own: what a branch reads. */
  readonly of: Value | undefined;
  #border: Border = { top: 0, left: 0, bottom: 0, right: 0 };

  constructor(shape: Shape, of?: Value) {
    this.shape = shape;
    this.of = of;
  }

  /** The value that owns the activations. */
  get root(): Value {
    return this.of?.root ?? this;
  }

  /** Zeros around every image: as many as any reader wants. */
  get border(): Border {
    return this.#border;
  }

  /** A reader says what it wants. */
  widen({ top, left, bottom, right }: Border): void {
    const { root } = this;
    const old = root.#border;
    root.#border = {
      top: Math.max(old.top, top),
      left: Math.max(old.left, left),
      bottom: Math.max(old.bottom, bottom),
      right: Math.max(old.right, right),
    };
  }
}

export type Node =
  | {
      readonly kind: 'layer';
      readonly builder: LayerBuilder;
      readonly layer: PlacedLayer;
      readonly next: PlacedLayer | undefined;
      readonly input: Value;
      readonly output: Value;
      readonly parameters: number;
    }
  /** One value for several branches: their gradients are summed. */
  | { readonly kind: 'fork'; readonly input: Value; readonly branches: readonly Value[] }
  | {
      readonly kind: 'join';
      readonly builder: JoinBuilder;
      readonly layer: PlacedLayer;
      readonly inputs: readonly Value[];
      readonly output: Value;
    };

export interface Graph {
  readonly nodes: readonly Node[];
  readonly input: Value;
  readonly output: Value;
  readonly parameters: number;
}

/** Kind of the first layer, looking into branches, that no row of the table can build; undefined where there is none. */
function foreignIn({ plan, branches }: PlacedLayer): string | undefined {
  if (plan.kind === 'flatten') return undefined;
  if (plan.kind !== 'merge') return layerBuilders[plan.kind] ? undefined : plan.kind;
  if (!joinBuilders[plan.how]) return plan.how;
  return branches
    .flat()
    .map(foreignIn)
    .find((kind) => kind !== undefined);
}

/** Whether a model ends with the scores of classes, for each sample or for each position of it. */
function endsInLogits(blocks: readonly PlacedBlock[]): boolean {
  const last = blocks.at(-1)?.layers.at(-1)?.plan;
  return last?.kind === 'project' || (last?.kind === 'dense' && last.activation === 'linear');
}

/** Why these blocks cannot be compiled, as `what (where)`, or undefined if they can. */
export function refusalOf(blocks: readonly PlacedBlock[]): string | undefined {
  for (const block of blocks) {
    for (const layer of block.layers) {
      const foreign = foreignIn(layer);
      if (foreign !== undefined) return `${foreign} in ${block.name}`;
    }
  }
  return endsInLogits(blocks) ? undefined : 'no logits at the end';
}

/** Nodes are added at its end, front to back. */
class Growing {
  readonly nodes: Node[] = [];

  /** A chain of layers behind `from`; its last value. Where nothing reads `from` it is taken as the input of the first. */
  chain(layers: readonly PlacedLayer[], from: Value): Value {
    let value = from;
    for (let i = 0; i < layers.length; i++) {
      const layer = layers[i]!;
      if (layer.plan.kind === 'flatten') continue;
      if (layer.plan.kind === 'merge') {
        value = this.#merge(layer, layer.plan.how, value);
        continue;
      }
      const builder = layerBuilders[layer.plan.kind];
      assert(builder, `a ${layer.plan.kind} layer cannot be compiled`);
      const behind = layers[i + 1];
      const next = behind && builder.fuses?.(layer, behind) ? behind : undefined;
      if (next) i++;
      value = this.#layer(builder, layer, next, value);
    }
    return value;
  }

  #layer(builder: LayerBuilder, layer: PlacedLayer, next: PlacedLayer | undefined, input: Value): Value {
    const output = new Value((next ?? layer).output);
    if (builder.border) input.widen(builder.border(layer));
    const parameters = layerParameters(layer) + (next ? layerParameters(next) : 0);
    this.nodes.push({ kind: 'layer', builder, layer, next, input, output, parameters });
    return output;
  }

  #merge(layer: PlacedLayer, how: keyof typeof joinBuilders, input: Value): Value {
    const builder = joinBuilders[how];
    assert(builder, `a merge by ${how} cannot be compiled`);
    const branches = layer.branches.map(() => new Value(input.shape, input));
    this.nodes.push({ kind: 'fork', input, branches });
    const inputs = layer.branches.map((branch, i) => this.chain(branch, branches[i]!));
    const output = new Value(layer.output);
    this.nodes.push({ kind: 'join', builder, layer, inputs, output });
    return output;
  }
}

/** The graph of `blocks` (refusalOf must have passed, or they are a part of such a model). */
export function graphOf(blocks: readonly PlacedBlock[]): Graph {
  const layers = blocks.flatMap((block) => block.layers);
  const first = layers.find(({ plan }) => plan.kind !== 'flatten') ?? layers[0]!;
  const input = new Value(first.input);
  const growing = new Growing();
  // Block by block: a layer is fused with the next one only inside a block.
  const output = blocks.reduce((value, block) => growing.chain(block.layers, value), input);
  const parameters = layers.reduce((sum, layer) => sum + layerParameters(layer), 0);
  return { nodes: growing.nodes, input, output, parameters };
}
