// One question of model splitting: which layers run in the car and which at the RSU, so that an epoch of split training
// ends soonest. The delay model is ours, in the problem class of Li, Wu, Wu, Zhang, Wang and Shen, "Fast AI Model Splitting
// over Edge Networks" (arXiv 2507.01041), whose equations were not to be had: an epoch of N mini-batches, no overlap of
// computing and sending, each tensor that crosses sent once however many layers read it, the car's layers sent out and
// brought back once an epoch.
// Must not: search. It says what a cut costs; the algorithms beside it find one.
//
// Glossary. Vertex: a layer, numbered so that each comes after all it reads; vertex 0 is the input. Device set D: the
// layers in the car, closed: with a layer all it reads. Frontier: layers of D read by one outside it; their outputs are
// the smashed data.

import { RoadbedError } from '../../../base/errors.ts';

/** Who reads whom, in compressed rows. */
export interface SplitGraph {
  readonly count: number;
  /** Children of v: children[firstChild[v]] .. children[firstChild[v + 1] - 1]. */
  readonly firstChild: Int32Array;
  readonly children: Int32Array;
  readonly firstParent: Int32Array;
  readonly parents: Int32Array;
}

/** What each layer costs for one mini-batch. */
export interface SplitCosts {
  /** Forward and backward, seconds. */
  readonly deviceSeconds: Float64Array;
  readonly serverSeconds: Float64Array;
  /** Its output, and the gradient of it, bits. */
  readonly activationBits: Float64Array;
  readonly gradientBits: Float64Array;
  /** What travels with it between car and RSU, bits. */
  readonly parameterBits: Float64Array;
}

export interface SplitInstance {
  readonly graph: SplitGraph;
  readonly costs: SplitCosts;
  /** Mini-batches of an epoch, N. */
  readonly localSteps: number;
  /** 1: must be in the car. The input always is. */
  readonly pinnedToDevice: Uint8Array;
  /** 1: must be at the RSU. */
  readonly pinnedToServer: Uint8Array;
}

/** Bits per second: up is car to RSU. */
export interface LinkRates {
  readonly up: number;
  readonly down: number;
}

/** A cut and its epoch. `onDevice` holds 1 for the layers in the car. */
export interface Split {
  readonly onDevice: Uint8Array;
  readonly seconds: number;
}

function refuse(problem: string): never {
  throw new RoadbedError('data', `${problem}.`);
}

/** Reverses the arrows. */
function parentsOf(count: number, edges: readonly (readonly [number, number])[], to: 0 | 1) {
  const first = new Int32Array(count + 1);
  for (const edge of edges) first[edge[to]! + 1]!++;
  for (let v = 0; v < count; v++) first[v + 1]! += first[v]!;
  const next = first.slice(0, count);
  const other = new Int32Array(edges.length);
  for (const edge of edges) other[next[edge[to]!]!++] = edge[1 - to]!;
  return { first, other };
}

/**
 * The graph of these edges. Throws RoadbedError('data') at an edge that does not go forward (all cycles have one), a layer
 * that nothing leads to, and more than one last layer.
 */
export function splitGraph(count: number, edges: readonly (readonly [number, number])[]): SplitGraph {
  for (const [from, to] of edges) {
    if (!(Number.isInteger(from) && Number.isInteger(to) && from >= 0 && to < count && from < to))
      refuse(`edge ${from} to ${to} of ${count} layers: expected one from a layer to a later one, no cycles`);
  }
  const down = parentsOf(count, edges, 0);
  const up = parentsOf(count, edges, 1);
  for (let v = 1; v < count; v++)
    if (up.first[v + 1] === up.first[v]) refuse(`layer ${v} reads nothing: expected a connected graph`);
  for (let v = 0; v < count - 1; v++)
    if (down.first[v + 1] === down.first[v]) refuse(`nobody reads layer ${v}: expected a single last layer`);
  return { count, firstChild: down.first, children: down.other, firstParent: up.first, parents: up.other };
}

/** Throws RoadbedError('data') naming the layer and the number that cannot be a cost. */
export function checkInstance({ graph, costs, localSteps, ...pins }: SplitInstance): void {
  for (const [name, values] of Object.entries(costs) as [string, Float64Array][]) {
    if (values.length !== graph.count) refuse(`${values.length} ${name} for ${graph.count} layers`);
    const wrong = values.findIndex((value) => !(value >= 0 && value < Number.POSITIVE_INFINITY));
    if (wrong >= 0) refuse(`${name} of layer ${wrong} is ${values[wrong]}: expected a finite number >= 0`);
  }
  if (!(localSteps > 0 && Number.isFinite(localSteps))) refuse(`${localSteps} steps: expected more than 0`);
  const mostDevice = closureOf(graph, pins.pinnedToDevice);
  const both = mostDevice.findIndex((pinned, v) => pinned === 1 && pins.pinnedToServer[v] === 1);
  if (both >= 0) refuse(`layer ${both} is pinned to the RSU, but a layer pinned to the car needs it`);
}

/** Throws RoadbedError('data') at a rate that no bit passes. */
export function checkRates({ up, down }: LinkRates): void {
  if (up > 0 && down > 0 && up < Number.POSITIVE_INFINITY && down < Number.POSITIVE_INFINITY) return;
  refuse(`rates of ${up} bit/s up and ${down} bit/s down: expected finite numbers above 0`);
}

/** The layers of a set, the input, and all they need: the least closed set with them. */
export function closureOf(graph: SplitGraph, layers: Uint8Array): Uint8Array {
  const closed = layers.slice();
  closed[0] = 1;
  for (let v = graph.count - 1; v >= 0; v--) {
    if (closed[v] === 0) continue;
    for (let i = graph.firstParent[v]!; i < graph.firstParent[v + 1]!; i++) closed[graph.parents[i]!] = 1;
  }
  return closed;
}

/** Layers of D that a layer outside it reads. */
export function frontierOf(graph: SplitGraph, onDevice: Uint8Array): number[] {
  const frontier: number[] = [];
  for (let v = 0; v < graph.count; v++) {
    if (onDevice[v] === 0) continue;
    for (let i = graph.firstChild[v]!; i < graph.firstChild[v + 1]!; i++) {
      if (onDevice[graph.children[i]!] === 1) continue;
      frontier.push(v);
      break;
    }
  }
  return frontier;
}

/** Whether D holds with each layer all it reads. */
export function isClosed(graph: SplitGraph, onDevice: Uint8Array): boolean {
  for (let v = 0; v < graph.count; v++) {
    if (onDevice[v] === 0) continue;
    for (let i = graph.firstParent[v]!; i < graph.firstParent[v + 1]!; i++)
      if (onDevice[graph.parents[i]!] === 0) return false;
  }
  return true;
}

/**
 * Where the seconds of an epoch go, for a closed D: fixed ones, and bits that pass up and down. So that
 * seconds = fixedSeconds + bitsUp / up + bitsDown / down, a plane over (1 / up, 1 / down) for each cut.
 */
export interface EpochCost {
  readonly fixedSeconds: number;
  readonly bitsUp: number;
  readonly bitsDown: number;
}

export function epochCost({ graph, costs, localSteps }: SplitInstance, onDevice: Uint8Array): EpochCost {
  let fixedSeconds = 0;
  let parameterBits = 0;
  for (let v = 0; v < graph.count; v++) {
    const here = onDevice[v] === 1;
    fixedSeconds += localSteps * (here ? costs.deviceSeconds[v]! : costs.serverSeconds[v]!);
    if (here) parameterBits += costs.parameterBits[v]!;
  }
  let [bitsUp, bitsDown] = [parameterBits, parameterBits];
  for (const v of frontierOf(graph, onDevice)) {
    bitsUp += localSteps * costs.activationBits[v]!;
    bitsDown += localSteps * costs.gradientBits[v]!;
  }
  return { fixedSeconds, bitsUp, bitsDown };
}

/** T(D): seconds of an epoch (our equation 1). */
export function epochSeconds(instance: SplitInstance, onDevice: Uint8Array, rates: LinkRates): number {
  const { fixedSeconds, bitsUp, bitsDown } = epochCost(instance, onDevice);
  return fixedSeconds + bitsUp / rates.up + bitsDown / rates.down;
}

/** The same seconds by phase; their sum is T(D). */
export interface EpochPhases {
  readonly deviceSeconds: number;
  readonly smashedUpSeconds: number;
  readonly serverSeconds: number;
  readonly gradientDownSeconds: number;
  readonly modelDownSeconds: number;
  readonly modelUpSeconds: number;
}

export function epochPhases(instance: SplitInstance, onDevice: Uint8Array, rates: LinkRates): EpochPhases {
  const { graph, costs, localSteps } = instance;
  const total = (values: Float64Array, side: 0 | 1): number =>
    values.reduce((sum, value, v) => (onDevice[v] === side ? sum + value : sum), 0);
  const frontier = frontierOf(graph, onDevice);
  const crossing = (bits: Float64Array): number =>
    localSteps * frontier.reduce((sum, v) => sum + bits[v]!, 0);
  return {
    deviceSeconds: localSteps * total(costs.deviceSeconds, 1),
    smashedUpSeconds: crossing(costs.activationBits) / rates.up,
    serverSeconds: localSteps * total(costs.serverSeconds, 0),
    gradientDownSeconds: crossing(costs.gradientBits) / rates.down,
    modelDownSeconds: total(costs.parameterBits, 1) / rates.down,
    modelUpSeconds: total(costs.parameterBits, 1) / rates.up,
  };
}
