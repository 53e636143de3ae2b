// The two ends: as little in the car as may be, and as much. Must not: look at costs.

import type { CutAlgorithm } from './algorithm.ts';
import { CutList } from './cut-list.ts';
import { checkInstance, closureOf, type SplitInstance } from './instance.ts';

/** All layers that neither are pinned to the RSU nor need one that is. */
function mostLayers({ graph, pinnedToServer }: SplitInstance): Uint8Array {
  const out = pinnedToServer.slice();
  for (let v = 0; v < graph.count; v++) {
    for (let i = graph.firstParent[v]!; i < graph.firstParent[v + 1]!; i++)
      out[v]! |= out[graph.parents[i]!]!;
  }
  return out.map((pinned) => 1 - pinned);
}

export const shallowest: CutAlgorithm = {
  name: 'shallowest',
  about: 'only what must be in the car',
  isExact: false,
  prepare(instance) {
    checkInstance(instance);
    return new CutList(instance, [closureOf(instance.graph, instance.pinnedToDevice)]);
  },
};

export const deviceOnly: CutAlgorithm = {
  name: 'device-only',
  about: 'all that may be in the car: no smashed data, the whole model both ways',
  isExact: false,
  prepare(instance) {
    checkInstance(instance);
    return new CutList(instance, [mostLayers(instance)]);
  },
};
