// How long each layer of a model takes on some machine: what a measurement gives, and what follows from it for a model that
// cannot be trained there. Must not: measure, or know a machine.

import type { LayerGraph, LayerNode } from './graph.ts';

/**
 * Of one layer, for one mini-batch. Layers that run as one operator (a convolution and its pool, a norm and its rectifier)
 * have the time of both at the first, so the sum over all layers is the time of a step but for its loss.
 */
export interface LayerTime {
  readonly name: string;
  readonly forwardSeconds: number;
  /** Gradients and the update of its weights. */
  readonly backwardSeconds: number;
}

type Direction = 'forward' | 'backward';

const secondsOf = (time: LayerTime, direction: Direction): number =>
  direction === 'forward' ? time.forwardSeconds : time.backwardSeconds;

const flopsOf = (node: LayerNode, direction: Direction): number =>
  direction === 'forward' ? node.forwardFlops : node.backwardFlops;

/** Seconds for each unit of work of a class of layers: FLOPs where it has any, else floats it puts out. */
interface Rate {
  readonly perFlop: number | undefined;
  readonly perFloat: number;
}

function rateOf(
  graph: LayerGraph,
  times: readonly LayerTime[],
  direction: Direction,
  operation?: string,
): Rate {
  let [seconds, flops, floats] = [0, 0, 0];
  graph.nodes.forEach((node, index) => {
    const isOfClass = operation === undefined ? node.parameters === 0 : node.operation === operation;
    if (index === 0 || !isOfClass) return;
    seconds += secondsOf(times[index]!, direction);
    flops += flopsOf(node, direction);
    floats += node.outputFloats;
  });
  return { perFlop: flops > 0 ? seconds / flops : undefined, perFloat: floats > 0 ? seconds / floats : 0 };
}

/**
 * Times of the layers of `to` from those of another model on the same machine and with as many samples: each operation at
 * the seconds for a FLOP (for an output float where it counts none) that it takes there; an operation that model does
 * not have, as its layers without weights do for each float they put out.
 */
export function scaledTimes(
  from: LayerGraph,
  times: readonly LayerTime[],
  to: LayerGraph,
): readonly LayerTime[] {
  const rates = new Map<string, Rate>();
  const has = new Set(from.nodes.map(({ operation }) => operation));
  const secondsFor = (node: LayerNode, direction: Direction): number => {
    const key = `${direction} ${node.operation}`;
    const operation = has.has(node.operation) ? node.operation : undefined;
    const rate = rates.get(key) ?? rateOf(from, times, direction, operation);
    rates.set(key, rate);
    const isCounted = operation !== undefined && rate.perFlop !== undefined;
    return isCounted ? rate.perFlop * flopsOf(node, direction) : rate.perFloat * node.outputFloats;
  };
  return to.nodes.map((node, index) => ({
    name: node.name,
    forwardSeconds: index === 0 ? 0 : secondsFor(node, 'forward'),
    backwardSeconds: index === 0 ? 0 : secondsFor(node, 'backward'),
  }));
}
