// What a cut of a model means: which layers run in the car, what crosses, what both halves weigh and compute, and the flat
// weight vector taken apart and put together at it. Decisions, wire and halves all read this.
// Must not: know devices, rates or a wire format.

import { assert } from '../../base/assert.ts';
import type { LayerNode } from '../cost/graph.ts';
import type { Cut, ModelSpec } from '../learner.ts';
import {
  closedSets,
  cutOfSet,
  frontierOf,
  type LayerSet,
  type ModelLayers,
  modelKey,
  modelLayers,
  setOfCut,
  setOfNames,
} from './layer-sets.ts';

/** One tensor that crosses. */
export interface FrontierTensor {
  /** Of the layer that puts it out. */
  readonly name: string;
  /** Of one sample. */
  readonly floats: number;
}

/** All FLOPs and floats are of one sample. */
export interface CutFacts {
  /** Canonical: a number where the car's layers are exactly the first blocks, else names in the order of the graph. */
  readonly cut: Cut;
  /** In the order of the graph, without the input. */
  readonly deviceLayers: readonly string[];
  /** In the order of the graph, which is the order in which they lie in smashed data and gradients. */
  readonly frontier: readonly FrontierTensor[];
  readonly crossingFloats: number;
  readonly lowerParameters: number;
  readonly upperParameters: number;
  readonly lowerForwardFlops: number;
  readonly lowerBackwardFlops: number;
  readonly upperForwardFlops: number;
  readonly upperBackwardFlops: number;
  /** Outputs of all the car's layers, which it keeps from forward to backward. */
  readonly lowerActivationFloats: number;
}

/** Closed cuts that are listed at most; GoogLeNet has 8,834, of models that train none has 100. */
const CLOSED_CUTS_MOST = 20_000;
/** Facts kept: a run asks for a few cuts, many times each. */
const KEPT = 256;
const kept = new Map<string, CutFacts>();

function sum(nodes: readonly LayerNode[], value: (node: LayerNode) => number): number {
  return nodes.reduce((total, node) => total + value(node), 0);
}

function factsOf(layers: ModelLayers, inCar: LayerSet): CutFacts {
  const { nodes } = layers.graph;
  const lower = nodes.filter((_, index) => inCar[index] && index > 0);
  const upper = nodes.filter((_, index) => !inCar[index]);
  const frontier = frontierOf(layers, inCar).map((index) => ({
    name: nodes[index]!.name,
    floats: nodes[index]!.outputFloats,
  }));
  return {
    cut: cutOfSet(layers, inCar),
    deviceLayers: lower.map(({ name }) => name),
    frontier,
    crossingFloats: frontier.reduce((total, { floats }) => total + floats, 0),
    lowerParameters: sum(lower, (node) => node.parameters),
    upperParameters: sum(upper, (node) => node.parameters),
    lowerForwardFlops: sum(lower, (node) => node.forwardFlops),
    lowerBackwardFlops: sum(lower, (node) => node.backwardFlops),
    upperForwardFlops: sum(upper, (node) => node.forwardFlops),
    upperBackwardFlops: sum(upper, (node) => node.backwardFlops),
    lowerActivationFloats: sum(lower, (node) => node.outputFloats),
  };
}

/**
 * What `cut` of `model` means. Throws RoadbedError('scenario') that says why, and what was expected, where it is none: an
 * unknown layer, a layer nothing outside the car reads, raw input that would cross, a whole model.
 */
export function cutFacts(model: ModelSpec, cut: Cut): CutFacts {
  const key = `${modelKey(model)} ${cut}`;
  const found = kept.get(key);
  if (found) return found;
  const layers = modelLayers(model);
  const facts = factsOf(layers, setOfCut(layers, cut));
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
  kept.set(key, facts);
  return facts;
}

/**
 * All cuts of `model`, canonical, those with the first layers outside the car first. Throws RoadbedError('usage') where
 * there are more than 20,000 of them.
 */
export function closedCuts(model: ModelSpec): readonly Cut[] {
  const layers = modelLayers(model);
  return closedSets(layers, CLOSED_CUTS_MOST).map((inCar) => cutOfSet(layers, inCar));
}

/** The cut that leaves exactly these layers in the car. Throws RoadbedError('scenario') where the set is not closed. */
export function cutOfDeviceLayers(model: ModelSpec, names: readonly string[]): Cut {
  const layers = modelLayers(model);
  return cutOfSet(
    layers,
    setOfNames(
      layers,
      names.filter((name) => name !== 'input'),
    ),
  );
}

/** Weights of the layers of one side, one behind the other; `at` tells where each layer's lie in the whole vector. */
function segments(model: ModelSpec, cut: Cut): { isLower: boolean; at: number; parameters: number }[] {
  const layers = modelLayers(model);
  const inCar = setOfCut(layers, cut);
  let at = 0;
  return layers.graph.nodes.map(({ parameters }, index) => {
    const segment = { isLower: inCar[index]!, at, parameters };
    at += parameters;
    return segment;
  });
}

function sideOf(model: ModelSpec, cut: Cut, full: Float32Array, isLower: boolean): Float32Array {
  const { lowerParameters, upperParameters } = cutFacts(model, cut);
  const expected = lowerParameters + upperParameters;
  assert(full.length === expected, `${model.name}: ${full.length} weights (expected ${expected})`);
  const side = new Float32Array(isLower ? lowerParameters : upperParameters);
  let taken = 0;
  for (const segment of segments(model, cut)) {
    if (segment.isLower !== isLower) continue;
    side.set(full.subarray(segment.at, segment.at + segment.parameters), taken);
    taken += segment.parameters;
  }
  return side;
}

/** A copy of the car's part of a whole weight vector, in layer order. */
export function lowerWeights(model: ModelSpec, cut: Cut, full: Float32Array): Float32Array {
  return sideOf(model, cut, full, true);
}

/** A copy of the server's part of a whole weight vector, in layer order. */
export function upperWeights(model: ModelSpec, cut: Cut, full: Float32Array): Float32Array {
  return sideOf(model, cut, full, false);
}

/** The whole weight vector from its two parts: the inverse of `lowerWeights` and `upperWeights`. */
export function wholeWeights(
  model: ModelSpec,
  cut: Cut,
  lower: Float32Array,
  upper: Float32Array,
): Float32Array {
  const { lowerParameters, upperParameters } = cutFacts(model, cut);
  const isFitting = lower.length === lowerParameters && upper.length === upperParameters;
  const expected = `expected ${lowerParameters} and ${upperParameters}`;
  assert(isFitting, `${model.name}: parts of ${lower.length} and ${upper.length} weights (${expected})`);
  const full = new Float32Array(lower.length + upper.length);
  let [fromLower, fromUpper] = [0, 0];
  for (const { isLower, at, parameters } of segments(model, cut)) {
    const side = isLower ? lower : upper;
    const from = isLower ? fromLower : fromUpper;
    full.set(side.subarray(from, from + parameters), at);
    if (isLower) fromLower += parameters;
    else fromUpper += parameters;
  }
  return full;
}
