// The minimum cut of the graph with blocks made one vertex, where that is proved to lose nothing. Making repeated blocks
// one vertex is an idea of arXiv 2507.01041; which blocks allow it, and the proof, are ours.
//
// A block lies between two neighbouring articulations e and x (chain.ts); x is part of it. Let M be the least that has to
// be sent when e is in the car and x is not, computing left out. If (H1) the car is no faster at any layer of the block,
// and (H2) M = w(e), then some best cut takes all of the block or none of it: a cut inside could be moved to e, which
// sends no more and computes no slower, and touches nothing outside since e and x separate the graph. H2 is tested for
// activations and for gradients on their own: M is concave in the two prices of a bit, so what holds for both holds for
// every mix. Blocks that fail stay as they are; modules of GoogLeNet do.
// Must not: join a block without the test.

import type { CutAlgorithm } from './algorithm.ts';
import { articulationsOf } from './chain.ts';
import { checkInstance, type SplitInstance, splitGraph } from './instance.ts';
import { type JoinedInstance, joinLayers, writeBack } from './join.ts';
import { MinimumCut } from './minimum-cut.ts';

/** Layers entry + 1 .. exit; whether they may be one vertex. */
export interface Block {
  readonly entry: number;
  readonly exit: number;
  readonly contractible: boolean;
}

/** Which conditions are looked at. Leaving one out is for showing that it is needed. */
export interface BlockChecks {
  /** H1. */
  readonly speed: boolean;
  /** H2. */
  readonly tensors: boolean;
}

const allChecks: BlockChecks = { speed: true, tensors: true };

/** M over w(e), for one kind of tensor: 1 says that no cut inside sends less than the one at the entry. */
function leastSent({ graph }: SplitInstance, bits: Float64Array, entry: number, exit: number): number {
  const edges: [number, number][] = [];
  for (let v = entry; v < exit; v++) {
    for (let i = graph.firstChild[v]!; i < graph.firstChild[v + 1]!; i++)
      edges.push([v - entry, graph.children[i]! - entry]);
  }
  const count = exit - entry + 1;
  const zeros = new Float64Array(count);
  const { seconds } = new MinimumCut({
    graph: splitGraph(count, edges),
    costs: {
      deviceSeconds: zeros,
      serverSeconds: zeros,
      activationBits: bits.slice(entry, exit + 1),
      gradientBits: zeros,
      parameterBits: zeros,
    },
    localSteps: 1,
    pinnedToDevice: Uint8Array.from({ length: count }, (_, v) => +(v === 0)),
    pinnedToServer: Uint8Array.from({ length: count }, (_, v) => +(v === count - 1)),
  }).decide({ up: 1, down: 1 });
  return bits[entry] === 0 ? 1 : seconds / bits[entry]!;
}

function isContractible(instance: SplitInstance, entry: number, exit: number, checks: BlockChecks): boolean {
  const { costs, pinnedToDevice } = instance;
  for (let v = entry + 1; v <= exit; v++) {
    if (pinnedToDevice[v] === 1) return false;
    if (checks.speed && costs.deviceSeconds[v]! < costs.serverSeconds[v]!) return false;
  }
  if (!checks.tensors) return true;
  const { activationBits, gradientBits } = costs;
  return [activationBits, gradientBits].every((bits) => leastSent(instance, bits, entry, exit) >= 1 - 1e-9);
}

/** All blocks of more than one layer, in order. */
export function blocksOf(instance: SplitInstance, checks: BlockChecks = allChecks): Block[] {
  const articulations = articulationsOf(instance.graph);
  return articulations.slice(1).flatMap((exit, at) => {
    const entry = articulations[at]!;
    if (exit - entry < 2) return [];
    return [{ entry, exit, contractible: isContractible(instance, entry, exit, checks) }];
  });
}

/** The instance with every contractible block one vertex. */
export function contractBlocks(instance: SplitInstance, blocks: readonly Block[]): JoinedInstance {
  const joined = Int32Array.from({ length: instance.graph.count }, (_, v) => v);
  for (const { entry, exit, contractible } of blocks) if (contractible) joined.fill(exit, entry + 1, exit);
  return joinLayers(instance, joined);
}

export const blockWise: CutAlgorithm = {
  name: 'block-wise',
  about: 'the minimum cut with blocks as one vertex where a test proves that nothing is lost',
  isExact: true,
  prepare(instance) {
    checkInstance(instance);
    const { instance: small, vertexOf } = contractBlocks(instance, blocksOf(instance));
    const solver = new MinimumCut(small);
    const onDevice = new Uint8Array(instance.graph.count);
    return {
      decide(rates) {
        const split = solver.decide(rates);
        writeBack(vertexOf, split.onDevice, onDevice);
        return { onDevice, seconds: split.seconds };
      },
    };
  },
};
