// The splitting question of a model: its layer graph, a car and an RSU as speeds, a batch. The input and the first layer
// with weights stay in the car: raw data do not leave it, and the input is often the smallest tensor of all, so that
// without the pin the answer would be to ship the data.
// Must not: know rates, or measure.

import type { LayerGraph, LayerNode } from '../../../learning/cost/graph.ts';
import { closureOf, type SplitInstance, splitGraph } from './instance.ts';

export interface SplitSetting {
  /** Speed that training reaches, operations per second. */
  readonly deviceFlopsPerSecond: number;
  readonly serverFlopsPerSecond: number;
  /** Samples of a mini-batch. */
  readonly batchSize: number;
  /** Mini-batches of an epoch. */
  readonly localSteps: number;
}

const bitsPerByte = 8;
const bytesPerFloat = 4;

/** The instance of `graph`: float32 throughout; no gradient of the input is ever sent. */
export function instanceOfModel({ nodes, edges }: LayerGraph, setting: SplitSetting): SplitInstance {
  const { batchSize, localSteps, deviceFlopsPerSecond, serverFlopsPerSecond } = setting;
  const seconds = (speed: number): Float64Array =>
    Float64Array.from(nodes, (node) => ((node.forwardFlops + node.backwardFlops) * batchSize) / speed);
  const activationBits = Float64Array.from(nodes, (node) => node.activationBytes * bitsPerByte * batchSize);
  const graph = splitGraph(nodes.length, edges);
  const firstWeights = Math.max(
    0,
    nodes.findIndex((node) => node.parameters > 0),
  );
  return {
    graph,
    costs: {
      deviceSeconds: seconds(deviceFlopsPerSecond),
      serverSeconds: seconds(serverFlopsPerSecond),
      activationBits,
      gradientBits: activationBits.map((bits, v) => (v === 0 ? 0 : bits)),
      parameterBits: Float64Array.from(nodes, (node) => node.parameters * bytesPerFloat * bitsPerByte),
    },
    localSteps,
    pinnedToDevice: closureOf(
      graph,
      Uint8Array.from(nodes, (_, v) => +(v === firstWeights)),
    ),
    pinnedToServer: new Uint8Array(nodes.length),
  };
}

/** Bytes that a layer takes where it is trained: weights and their gradients, and its output for the whole batch. */
export function trainingBytes(nodes: readonly LayerNode[], batchSize: number): Float64Array {
  return Float64Array.from(
    nodes,
    (node) => 2 * bytesPerFloat * node.parameters + batchSize * node.activationBytes,
  );
}
