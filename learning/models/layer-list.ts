// The layers of a model as one list in which each comes after all it reads: names, readers and shapes, branches included.
// The layer graph with its costs, the cuts and the split halves all read this list, so a name means one layer everywhere.
// Must not: import tfjs, or count operations (cost/graph.ts does).
//
// Vertices are those of the splitting literature: convolution, norm, rectifier, pool, sum and concatenation each are one;
// a convolution or dense layer that carries its rectifier is one; attention is two, scores and mix; flattening is none.

import type { PlacedBlock } from './blocks.ts';
import { layerParameters, type PlacedLayer } from './place.ts';
import type { MergePlan, Shape } from './plan.ts';

/** What a layer reads. */
export interface Read {
  /** Index in the list. */
  readonly from: number;
  /** Layers on the way that are no vertex: flattening, the choice of the first token. */
  readonly through: readonly PlacedLayer[];
  /** Of a merge: the branch is empty, so that it reads its own input. */
  readonly isShortcut: boolean;
}

/** One layer of the list. */
export interface ListedLayer {
  /** `block/operation` with a number; `input` for the data. */
  readonly name: string;
  /** Such as `conv`, `batchnorm`, `add`; `input` for the data. */
  readonly operation: string;
  /** Index of its block; -1 for the input. */
  readonly block: number;
  /** Undefined for the input; of `scores` and `mix` the attention they are the two halves of. */
  readonly layer: PlacedLayer | undefined;
  /** In the order of the branches. */
  readonly reads: readonly Read[];
  readonly output: Shape;
  /** Own ones, which lie in the flat weight vector in the order of the list. */
  readonly parameters: number;
}

/** The end of a chain so far: a layer, and what stands between it and its next reader. */
type End = Pick<Read, 'from' | 'through'>;

function operationOf({ plan }: PlacedLayer): string {
  if (plan.kind === 'linear-conv') return 'conv';
  if (plan.kind === 'activate') return plan.how;
  if (plan.kind === 'pool') return `${plan.how}pool`;
  if (plan.kind === 'project') return 'dense';
  return plan.kind;
}

/** Collects layers; names them by block. */
class ListBuilder {
  readonly listed: ListedLayer[];
  #block = -1;
  #blockName = '';
  #ofKind = new Map<string, number>();

  constructor(input: Shape) {
    const data = { name: 'input', operation: 'input', block: -1, layer: undefined, reads: [] };
    this.listed = [{ ...data, output: input, parameters: 0 }];
  }

  begin(block: number, name: string): void {
    this.#block = block;
    this.#blockName = name;
    this.#ofKind = new Map();
  }

  #add(operation: string, layer: PlacedLayer, reads: readonly Read[], output: Shape): End {
    const number = (this.#ofKind.get(operation) ?? 0) + 1;
    this.#ofKind.set(operation, number);
    const name = `${this.#blockName}/${operation}${number}`;
    const parameters = layer.plan.kind === 'merge' ? 0 : layerParameters(layer);
    this.listed.push({ name, operation, block: this.#block, layer, reads, output, parameters });
    return { from: this.listed.length - 1, through: [] };
  }

  /** Layers one behind the other; the end of the last. */
  chain(layers: readonly PlacedLayer[], begin: End): End {
    let end = begin;
    for (const layer of layers) {
      const { plan } = layer;
      if (plan.kind === 'flatten' || plan.kind === 'first-token')
        end = { from: end.from, through: [...end.through, layer] };
      else if (plan.kind === 'merge') end = this.#merge(layer, plan, end);
      else end = this.#add(operationOf(layer), layer, [{ ...end, isShortcut: false }], layer.output);
    }
    return end;
  }

  #merge(layer: PlacedLayer, plan: MergePlan, end: End): End {
    const reads = layer.branches.map((branch) => ({
      ...this.chain(branch, end),
      isShortcut: branch.length === 0,
    }));
    if (plan.how !== 'attention') return this.#add(plan.how, layer, reads, layer.output);
    const [queries, keys, values] = reads as [Read, Read, Read];
    const [, length] = layer.output;
    // One square of scores for each head.
    const scores = this.#add('scores', layer, [queries, keys], [plan.heads ?? 1, length, length]);
    return this.#add('mix', layer, [{ ...scores, isShortcut: false }, values], layer.output);
  }
}

/** The layers of blocks that follow each other; the input is the first. */
export function listLayers(blocks: readonly PlacedBlock[]): readonly ListedLayer[] {
  const builder = new ListBuilder(blocks[0]!.layers[0]!.input);
  let end: End = { from: 0, through: [] };
  blocks.forEach((block, index) => {
    builder.begin(index, block.name);
    end = builder.chain(block.layers, end);
  });
  return builder.listed;
}
