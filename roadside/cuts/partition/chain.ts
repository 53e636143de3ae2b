// Cuts at the places every path goes through: behind such a layer (an articulation) one tensor crosses, and the car holds
// all layers up to it. Where the car is nowhere faster than the RSU, a later articulation can only be better than an
// earlier one by a smaller tensor; so those whose tensor is no smaller than an earlier one's are left out, but for the car
// alone, which sends none. The scan is exact on chains and on graphs whose blocks are never worth a cut inside
// (block-wise.ts says which), not in general: GoogLeNet has better cuts.
// Must not: claim to be exact.

import type { CutAlgorithm } from './algorithm.ts';
import { CutList } from './cut-list.ts';
import { checkInstance, closureOf, type SplitGraph, type SplitInstance } from './instance.ts';

/** Layers that no edge jumps over, ascending. The first and the last are among them. */
export function articulationsOf({ count, firstChild, children }: SplitGraph): number[] {
  const over = new Int32Array(count + 1);
  for (let v = 0; v < count; v++) {
    for (let i = firstChild[v]!; i < firstChild[v + 1]!; i++) {
      over[v + 1]!++;
      over[children[i]!]!--;
    }
  }
  const articulations: number[] = [];
  let jumps = 0;
  for (let v = 0; v < count; v++) {
    jumps += over[v]!;
    if (jumps === 0) articulations.push(v);
  }
  return articulations;
}

/** Articulations behind which the pins allow a cut. */
export function allowedArticulations({ graph, pinnedToDevice, pinnedToServer }: SplitInstance): number[] {
  const deepest = closureOf(graph, pinnedToDevice).lastIndexOf(1);
  const firstOut = pinnedToServer.indexOf(1);
  return articulationsOf(graph).filter((v) => v >= deepest && (firstOut < 0 || v < firstOut));
}

/** The cut behind articulation `v`. */
export function cutBehind(graph: SplitGraph, v: number): Uint8Array {
  return new Uint8Array(graph.count).fill(1, 0, v + 1);
}

/** Articulations with a smaller tensor than all before them, and the last layer of all. */
function candidates(instance: SplitInstance): number[] {
  const { costs, graph } = instance;
  let [activation, gradient] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
  return allowedArticulations(instance).filter((v) => {
    const isSmaller = costs.activationBits[v]! < activation || costs.gradientBits[v]! < gradient;
    activation = Math.min(activation, costs.activationBits[v]!);
    gradient = Math.min(gradient, costs.gradientBits[v]!);
    return isSmaller || v === graph.count - 1;
  });
}

export const chain: CutAlgorithm = {
  name: 'chain',
  about: 'the best of the cuts behind one layer, looking only at tensors smaller than all before',
  isExact: false,
  prepare(instance) {
    checkInstance(instance);
    const { graph, pinnedToDevice } = instance;
    const shallowest = closureOf(graph, pinnedToDevice);
    return new CutList(instance, [shallowest, ...candidates(instance).map((v) => cutBehind(graph, v))]);
  },
};
