// Makes several layers of an instance one: their seconds, parameters and pins add up, the output is the last one's.
// Presolve and the block-wise cut both end here. Must not: decide which layers belong together.

import { type SplitInstance, splitGraph } from './instance.ts';

export interface JoinedInstance {
  readonly instance: SplitInstance;
  /** The vertex of the smaller instance that each layer became part of. */
  readonly vertexOf: Int32Array;
}

function edgesBetween({ count, firstChild, children }: SplitInstance['graph'], vertexOf: Int32Array) {
  const edges = new Map<string, readonly [number, number]>();
  for (let v = 0; v < count; v++) {
    for (let i = firstChild[v]!; i < firstChild[v + 1]!; i++) {
      const edge = [vertexOf[v]!, vertexOf[children[i]!]!] as const;
      if (edge[0] !== edge[1]) edges.set(edge.join(), edge);
    }
  }
  return [...edges.values()];
}

/** `joined[v]`: the later layer that v became one with, or v itself. */
export function joinLayers(instance: SplitInstance, joined: Int32Array): JoinedInstance {
  const { graph, costs, localSteps, pinnedToDevice, pinnedToServer } = instance;
  const kept = [...joined.keys()].filter((v) => joined[v] === v);
  const newNumber = new Map(kept.map((v, at) => [v, at]));
  const vertexOf = new Int32Array(joined.length);
  for (let v = joined.length - 1; v >= 0; v--)
    vertexOf[v] = joined[v] === v ? newNumber.get(v)! : vertexOf[joined[v]!]!;
  const pick = (values: Float64Array): Float64Array => Float64Array.from(kept, (v) => values[v]!);
  const sum = (values: Float64Array): Float64Array => {
    const sums = new Float64Array(kept.length);
    for (let v = 0; v < values.length; v++) sums[vertexOf[v]!]! += values[v]!;
    return sums;
  };
  const either = (pins: Uint8Array): Uint8Array => {
    const some = new Uint8Array(kept.length);
    for (let v = 0; v < pins.length; v++) some[vertexOf[v]!]! |= pins[v]!;
    return some;
  };
  return {
    instance: {
      graph: splitGraph(kept.length, edgesBetween(graph, vertexOf)),
      costs: {
        deviceSeconds: sum(costs.deviceSeconds),
        serverSeconds: sum(costs.serverSeconds),
        activationBits: pick(costs.activationBits),
        gradientBits: pick(costs.gradientBits),
        parameterBits: sum(costs.parameterBits),
      },
      localSteps,
      pinnedToDevice: either(pinnedToDevice),
      pinnedToServer: either(pinnedToServer),
    },
    vertexOf,
  };
}

/** A cut of the joined instance, written back to all layers. */
export function writeBack(vertexOf: Int32Array, onDevice: Uint8Array, out: Uint8Array): void {
  for (let v = 0; v < out.length; v++) out[v] = onDevice[vertexOf[v]!]!;
}
