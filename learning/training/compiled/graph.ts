// Layers of a model, all or those on one side of a cut, as a graph: values (activations between operators) and nodes (what
// computes one from others), in the order in which they run. Which layers become one operator and what lies between
// zeros is decided here.
// Must not: join layers across the end of a block (cuts usually fall there, and a split half must do the same
// arithmetic), or know an address.

import { assert } from '../../../base/assert.ts';
import { layerParameters, type PlacedBlock, type PlacedLayer, type Shape } from '../../models/blocks.ts';
import { type ListedLayer, listLayers } from '../../models/layer-list.ts';
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

/** What a node stands for, as places in the list of layers: one or two, of a fork the layer whose output forks. */
interface Places {
  readonly places: readonly number[];
}

export type Node = Places & NodeKind;

type NodeKind =
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
  /** What layers outside put out and this part reads, in the order of the layers. */
  readonly inputs: readonly Value[];
  /** What this part puts out and layers outside read, in the order of the layers. */
  readonly outputs: readonly Value[];
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

/** One place where a layer's output is read: input number `at` of the reader, or the way out of the part. */
interface Use {
  readonly reader: number;
  readonly at: number;
}

/** Makes nodes of the members of a list of layers, front to back. */
class Growing {
  readonly nodes: Node[] = [];
  readonly inputs: Value[] = [];
  readonly outputs: Value[] = [];
  readonly #list: readonly ListedLayer[];
  readonly #isMember: readonly boolean[];
  readonly #uses: readonly (readonly Use[])[];
  /** What each use of a layer's output reads. */
  readonly #read = new Map<Use, Value>();
  /** Layers that are part of the operator of the one before. */
  readonly #taken = new Set<number>();

  constructor(list: readonly ListedLayer[], isMember: readonly boolean[]) {
    this.#list = list;
    this.#isMember = isMember;
    this.#uses = list.map((_, index) => this.#usesOf(index));
    list.forEach((layer, index) => {
      if (isMember[index] || this.#uses[index]!.length === 0) return;
      const value = new Value(layer.output);
      this.inputs.push(value);
      this.#give(index, value);
    });
    list.forEach((layer, index) => {
      if (isMember[index] && !this.#taken.has(index)) this.#add(index, layer);
    });
  }

  /**
   * Readers inside, and one way out for all readers outside together: their gradients come summed. It stands where the
   * first of them would, so that the sum of all is made in the order in which the whole model makes it.
   */
  #usesOf(index: number): readonly Use[] {
    const uses: Use[] = [];
    const isLast = index === this.#list.length - 1 && this.#isMember[index];
    this.#list.forEach(({ reads }, reader) => {
      reads.forEach(({ from }, at) => {
        if (from !== index) return;
        if (this.#isMember[reader]) uses.push({ reader, at });
        else if (this.#isMember[index] && !uses.some((use) => use.reader < 0)) uses.push({ reader: -1, at });
      });
    });
    return isLast ? [...uses, { reader: -1, at: 0 }] : uses;
  }

  /** Hands a value to all who use it. */
  #give(index: number, value: Value): void {
    const uses = this.#uses[index]!;
    const branches = uses.length > 1 ? uses.map(() => new Value(value.shape, value)) : [value];
    if (uses.length > 1) this.nodes.push({ kind: 'fork', places: [index], input: value, branches });
    uses.forEach((use, i) => {
      if (use.reader < 0) this.outputs.push(branches[i]!);
      else this.#read.set(use, branches[i]!);
    });
  }

  /** Input number `at` of a layer. */
  #inputOf(reader: number, at: number): Value {
    const { from } = this.#list[reader]!.reads[at]!;
    const use = this.#uses[from]!.find((each) => each.reader === reader && each.at === at)!;
    return this.#read.get(use)!;
  }

  /** The layer behind, where it becomes part of this one's operator. */
  #fused(index: number, builder: LayerBuilder, layer: PlacedLayer): number | undefined {
    const [use, another] = this.#uses[index]!;
    if (use === undefined || another !== undefined || use.reader < 0) return undefined;
    const next = this.#list[use.reader]!;
    const isBehind = next.block === this.#list[index]!.block && next.reads[0]!.through.length === 0;
    return isBehind && builder.fuses?.(layer, next.layer!) ? use.reader : undefined;
  }

  #add(index: number, { operation, layer, reads }: ListedLayer): void {
    assert(layer, 'the input is no layer');
    const { plan } = layer;
    if (operation === 'scores' && this.#isMember[index + 1]) return;
    if (plan.kind === 'merge') {
      this.#join(index, operation, layer, reads);
      return;
    }
    const builder = layerBuilders[plan.kind];
    assert(builder, `a ${plan.kind} layer cannot be compiled`);
    const next = this.#fused(index, builder, layer);
    const behind = next === undefined ? undefined : this.#list[next]!;
    if (next !== undefined) this.#taken.add(next);
    const input = this.#inputOf(index, 0);
    const output = new Value(behind?.output ?? layer.output);
    if (builder.border) input.widen(builder.border(layer));
    const parameters = layerParameters(layer) + (behind?.parameters ?? 0);
    const places = next === undefined ? [index] : [index, next];
    this.nodes.push({
      kind: 'layer',
      places,
      builder,
      layer,
      next: behind?.layer,
      input,
      output,
      parameters,
    });
    this.#give(next ?? index, output);
  }

  /** Attention is one operator where both of its halves are here. */
  #join(index: number, operation: string, layer: PlacedLayer, reads: ListedLayer['reads']): void {
    const isWhole = operation === 'mix' && this.#isMember[index - 1];
    const builder = joinBuilders[isWhole ? 'attention' : (operation as keyof typeof joinBuilders)];
    assert(builder, `a merge by ${operation} cannot be compiled`);
    const inputs = isWhole
      ? [this.#inputOf(index - 1, 0), this.#inputOf(index - 1, 1), this.#inputOf(index, 1)]
      : reads.map((_, at) => this.#inputOf(index, at));
    const output = new Value(this.#list[index]!.output);
    const places = isWhole ? [index - 1, index] : [index];
    this.nodes.push({ kind: 'join', places, builder, layer, inputs, output });
    this.#give(index, output);
  }
}

/**
 * The graph of `blocks` (refusalOf must have passed, or they are a part of such a model), or of those layers of it whose
 * place in `listLayers(blocks)` is true in `members`. Layers are fused only where both are members.
 */
export function graphOf(blocks: readonly PlacedBlock[], members?: readonly boolean[]): Graph {
  const list = listLayers(blocks);
  const isMember = members ?? list.map((_, index) => index > 0);
  const { nodes, inputs, outputs } = new Growing(list, isMember);
  const own = list.filter((_, index) => isMember[index]);
  return { nodes, inputs, outputs, parameters: own.reduce((sum, layer) => sum + layer.parameters, 0) };
}
