// Instances of model splitting for tests: by hand, at random, and of the zoo's models. Must not: search.

import type { Rng } from '../../base/rng.ts';
import { layerGraph } from '../../learning/cost/graph.ts';
import { modelEntry } from '../../learning/models/blocks.ts';
import { type LinkRates, type SplitInstance, splitGraph } from '../../roadside/cuts/partition/instance.ts';

export type Edges = readonly (readonly [number, number])[];

/** Costs as plain lists; gradients are as large as activations unless given. */
export interface Written {
  readonly edges: Edges;
  readonly device: readonly number[];
  readonly server: readonly number[];
  readonly bits: readonly number[];
  readonly gradients?: readonly number[];
  readonly parameters?: readonly number[];
  readonly steps?: number;
  readonly pinned?: readonly number[];
}

export function written(from: Written): SplitInstance {
  const count = from.device.length;
  const { device, server, bits, gradients = bits, parameters = device.map(() => 0) } = from;
  return {
    graph: splitGraph(count, from.edges),
    costs: {
      deviceSeconds: Float64Array.from(device),
      serverSeconds: Float64Array.from(server),
      activationBits: Float64Array.from(bits),
      gradientBits: Float64Array.from(gradients),
      parameterBits: Float64Array.from(parameters),
    },
    localSteps: from.steps ?? 1,
    pinnedToDevice: Uint8Array.from({ length: count }, (_, v) => +(from.pinned ?? [0]).includes(v)),
    pinnedToServer: new Uint8Array(count),
  };
}

/** A connected graph of 3 to `most` layers with one last layer. */
export function randomEdges(rng: Rng, most: number): { count: number; edges: Edges } {
  const count = 3 + rng.integer(most - 2);
  const edges: [number, number][] = [];
  for (let v = 1; v < count; v++) {
    const certain = rng.integer(v);
    for (let p = 0; p < v; p++) if (p === certain || rng.uniform() < 0.25) edges.push([p, v]);
  }
  for (let v = 0; v < count - 1; v++) if (!edges.some(([from]) => from === v)) edges.push([v, count - 1]);
  return { count, edges };
}

export interface RandomCosts {
  /** True: some layers are faster in the car. */
  readonly fastCar: boolean;
  /** True: gradients of another size than activations. */
  readonly ownGradients: boolean;
}

export function randomInstance(
  rng: Rng,
  most: number,
  { fastCar, ownGradients }: RandomCosts,
): SplitInstance {
  const { count, edges } = randomEdges(rng, most);
  const upTo = (high: number): number[] => Array.from({ length: count }, () => rng.uniform() * high);
  const server = upTo(fastCar ? 5 : 1);
  const device = upTo(5).map((seconds, v) => (fastCar ? seconds : seconds + server[v]!));
  // Whole numbers of bits, so that equal sizes occur as they do in networks.
  const bits = upTo(10).map(Math.ceil);
  return written({
    edges,
    device,
    server,
    bits,
    ...(ownGradients ? { gradients: upTo(10).map(Math.floor) } : {}),
    parameters: rng.uniform() < 0.3 ? device.map(() => 0) : upTo(5),
    steps: 1 + rng.integer(4),
  });
}

export function randomRates(rng: Rng): LinkRates {
  return { up: 0.5 + 4 * rng.uniform(), down: 0.5 + 4 * rng.uniform() };
}

export function layersOf(onDevice: Uint8Array): number[] {
  return [...onDevice.keys()].filter((v) => onDevice[v] === 1);
}

/** A model of the zoo on an Orin Nano and a server of 38.7 TFLOP/s, 35 % of either reached; batch 32, ten steps. */
export function zooInstance(name: string, carFlopsPerSecond = 0.35 * 1.28e12): SplitInstance {
  const { nodes, edges } = layerGraph({ name, ...modelEntry(name).usual });
  const batch = 32;
  const flops = nodes.map((node) => (node.forwardFlops + node.backwardFlops) * batch);
  const weighted = nodes.findIndex((node) => node.parameters > 0);
  return written({
    edges,
    device: flops.map((f) => f / carFlopsPerSecond),
    server: flops.map((f) => f / (0.35 * 38.7e12)),
    bits: nodes.map((node) => node.activationBytes * 8 * batch),
    parameters: nodes.map((node) => node.parameters * 32),
    steps: 10,
    pinned: Array.from({ length: weighted + 1 }, (_, v) => v),
  });
}
