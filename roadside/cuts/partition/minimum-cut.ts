// The best cut of any layer graph, as a minimum cut: layers are vertices, what they cost on either side and what crosses
// between them are capacities. Construction (ours, in the class of arXiv 2507.01041, with a proof in the project's notes on
// splitting): the car is the side of the givers.
//   layer v on the RSU's side costs N x_S(v); on the car's side N x_D(v) + k(v) (1 / up + 1 / down): both cancel at v, what
//     is left is its balance; pinned layers give, or take, more than all costs together
//   crossing costs w(v) = N (a(v) / up + g(v) / down), once however many layers read v: with one reader on the arc to it,
//     with several on an arc to an auxiliary vertex from which arcs without limit lead to the readers
//   an arc without limit leads from each reader back to what it reads: the car's side is closed
// Must not: allocate between decisions, so that one object decides for one model in microseconds.

import { assert } from '../../../base/assert.ts';
import { FlowNetwork } from './flow-network.ts';
import {
  checkInstance,
  checkRates,
  type LinkRates,
  type Split,
  type SplitGraph,
  type SplitInstance,
} from './instance.ts';

/** Arcs of a graph: those that carry w(v), and those without limit (in one direction). */
interface Layout {
  readonly vertices: number;
  readonly pairs: readonly (readonly [number, number])[];
  /** The layer whose w an arc pair carries, -1: none. */
  readonly carries: Int32Array;
  /** 1: the pair has no limit forwards; 2: backwards. */
  readonly unlimited: Uint8Array;
}

function layoutOf(graph: SplitGraph): Layout {
  const pairs: [number, number][] = [];
  const carries: number[] = [];
  const unlimited: number[] = [];
  const add = (from: number, to: number, layer: number, open: number): void => {
    pairs.push([from, to]);
    carries.push(layer);
    unlimited.push(open);
  };
  let vertices = graph.count;
  for (let v = 0; v < graph.count; v++) {
    const readers = graph.children.subarray(graph.firstChild[v]!, graph.firstChild[v + 1]!);
    // One reader: what crosses forwards and the closure backwards share a pair.
    if (readers.length === 1) add(v, readers[0]!, v, 2);
    if (readers.length < 2) continue;
    const crossing = vertices++;
    add(v, crossing, v, 0);
    for (const reader of readers) {
      add(crossing, reader, -1, 1);
      add(reader, v, -1, 1);
    }
  }
  return { vertices, pairs, carries: Int32Array.from(carries), unlimited: Uint8Array.from(unlimited) };
}

export class MinimumCut {
  readonly #instance: SplitInstance;
  readonly #network: FlowNetwork;
  readonly #layout: Layout;
  readonly #side: Uint8Array;

  /** Throws RoadbedError('data') at costs that are none, or pins that contradict each other. */
  constructor(instance: SplitInstance) {
    checkInstance(instance);
    this.#instance = instance;
    this.#layout = layoutOf(instance.graph);
    this.#network = new FlowNetwork(this.#layout.vertices, this.#layout.pairs);
    this.#side = new Uint8Array(this.#layout.vertices);
  }

  /**
   * The best cut at these rates; ties: the fewest layers in the car. `onDevice` is valid until the next decision.
   * Throws RoadbedError('data') at a rate of 0 or less.
   */
  decide(rates: LinkRates): Split {
    checkRates(rates);
    const limit = this.#fill(rates);
    const tolerance = limit * 1e-13;
    this.#network.solve(tolerance);
    this.#network.reach(this.#side, tolerance);
    const onDevice = this.#side.subarray(0, this.#instance.graph.count);
    return { onDevice, seconds: this.#seconds(onDevice, rates, limit) };
  }

  /** Writes the capacities of these rates; returns what counts as without limit: more than all costs together. */
  #fill({ up, down }: LinkRates): number {
    const { costs, graph, localSteps, pinnedToDevice, pinnedToServer } = this.#instance;
    const { deviceSeconds, serverSeconds, activationBits, gradientBits, parameterBits } = costs;
    const [perBitUp, perBitDown] = [1 / up, 1 / down];
    const perParameterBit = perBitUp + perBitDown;
    const { balance, capacity } = this.#network;
    const { carries, unlimited } = this.#layout;
    let total = 0;
    balance.fill(0);
    for (let v = 0; v < graph.count; v++) {
      const server = localSteps * serverSeconds[v]!;
      const device = localSteps * deviceSeconds[v]! + parameterBits[v]! * perParameterBit;
      balance[v] = server - device;
      total += server + device;
    }
    for (let i = 0; i < carries.length; i++) {
      const v = carries[i]!;
      const crossing =
        v < 0 ? 0 : localSteps * (activationBits[v]! * perBitUp + gradientBits[v]! * perBitDown);
      capacity[2 * i] = crossing;
      capacity[2 * i + 1] = 0;
      total += crossing;
    }
    const limit = 1 + 2 * total;
    for (let i = 0; i < unlimited.length; i++) {
      if (unlimited[i] === 1) capacity[2 * i] = limit;
      if (unlimited[i] === 2) capacity[2 * i + 1] = limit;
    }
    for (let v = 0; v < graph.count; v++) {
      if (v === 0 || pinnedToDevice[v] === 1) balance[v] = limit * graph.count;
      if (pinnedToServer[v] === 1) balance[v] = -limit * graph.count;
    }
    return limit;
  }

  /** T(D) without looking for the frontier twice: the same sum as `epochSeconds`, and the proof that D is closed. */
  #seconds(onDevice: Uint8Array, { up, down }: LinkRates, limit: number): number {
    const { graph, costs, localSteps } = this.#instance;
    const perParameterBit = 1 / up + 1 / down;
    let seconds = 0;
    for (let v = 0; v < graph.count; v++) {
      if (onDevice[v] === 0) {
        seconds += localSteps * costs.serverSeconds[v]!;
        continue;
      }
      seconds += localSteps * costs.deviceSeconds[v]! + costs.parameterBits[v]! * perParameterBit;
      for (let i = graph.firstChild[v]!; i < graph.firstChild[v + 1]!; i++) {
        if (onDevice[graph.children[i]!] === 1) continue;
        seconds += localSteps * (costs.activationBits[v]! / up + costs.gradientBits[v]! / down);
        break;
      }
      for (let i = graph.firstParent[v]!; i < graph.firstParent[v + 1]!; i++)
        assert(onDevice[graph.parents[i]!] === 1, 'a layer is in the car and what it reads is not');
    }
    assert(seconds < limit, 'a cut that costs more than all there is');
    return seconds;
  }
}
