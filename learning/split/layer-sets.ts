// Sets of layers that a cut leaves in the car: closed sets of the layer graph, found from the names of the layers whose
// outputs cross, and back. Must not: know costs, or keep more than one set of tables a model.
//
// Glossary. Closed set: with a layer it holds all that layer reads, so that no activation flows back to the car. Frontier:
// the layers of a closed set that a layer outside reads; their outputs cross. A closed set without the last layer is
// the closure of its frontier, because every layer has a path to the last one, which must leave the set somewhere.

import { assert } from '../../base/assert.ts';
import { RoadbedError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import { type LayerGraph, layerGraph } from '../cost/graph.ts';
import type { Cut, ModelSpec } from '../learner.ts';

/** What of a model its cuts are made from. */
export interface ModelLayers {
  readonly model: ModelSpec;
  readonly graph: LayerGraph;
  /** For each node those that read it, ascending. */
  readonly readers: readonly (readonly number[])[];
  readonly indexOf: ReadonlyMap<string, number>;
}

/** For each node of the graph whether it runs in the car. */
export type LayerSet = readonly boolean[];

/** Models whose tables are kept; a run has one. */
const KEPT = 16;
const kept = new Map<string, ModelLayers>();

/** Models of one key have one layer graph. */
export function modelKey({ name, inputShape, classes }: ModelSpec): string {
  return `${name} ${inputShape.join('x')} ${classes}`;
}

/** The tables of `model`. Throws RoadbedError('scenario') for an unknown one. */
export function modelLayers(model: ModelSpec): ModelLayers {
  const key = modelKey(model);
  const found = kept.get(key);
  if (found) return found;
  const graph = layerGraph(model);
  const readers: number[][] = graph.nodes.map(() => []);
  for (const [from, to] of graph.edges) readers[from]!.push(to);
  const indexOf = new Map(graph.nodes.map((node, index) => [node.name, index]));
  const made = { model, graph, readers, indexOf };
  if (kept.size >= KEPT) kept.delete(kept.keys().next().value!);
  kept.set(key, made);
  return made;
}

/** What is wrong with a cut of this model, as an error the user can mend. */
export function refusedCut(model: ModelSpec, cut: Cut, sentence: string): RoadbedError {
  return new RoadbedError('scenario', `${JSON.stringify(cut)} is no cut of ${model.name}: ${sentence}`);
}

/** Nodes of the set that a node outside reads, ascending. */
export function frontierOf({ readers }: ModelLayers, inCar: LayerSet): readonly number[] {
  const crosses = (index: number): boolean =>
    inCar[index]! && readers[index]!.some((reader) => !inCar[reader]);
  return inCar.flatMap((_, index) => (crosses(index) ? [index] : []));
}

/** The smallest closed set with these nodes and the input. */
function closureOf({ graph }: ModelLayers, nodes: Iterable<number>): LayerSet {
  const inCar = graph.nodes.map((_, index) => index === 0);
  for (const index of nodes) inCar[index] = true;
  for (let index = inCar.length - 1; index > 0; index--)
    if (inCar[index]) for (const input of graph.nodes[index]!.inputs) inCar[input] = true;
  return inCar;
}

/** The name of a closed set: a number where it is exactly the first blocks, else its frontier. */
export function cutOfSet(layers: ModelLayers, inCar: LayerSet): Cut {
  const { nodes } = layers.graph;
  const next = nodes.find((_, index) => !inCar[index])?.block ?? 0;
  const isBlocks = next > 0 && nodes.every(({ block }, index) => block < next === inCar[index]);
  if (isBlocks) return next;
  return frontierOf(layers, inCar)
    .map((index) => nodes[index]!.name)
    .join('+');
}

/** The node called `name`. Throws RoadbedError that names the nearest. */
function nodeCalled({ model, indexOf }: ModelLayers, cut: Cut, name: string): number {
  const index = indexOf.get(name);
  if (index === undefined) {
    const meant = nearestName(name, [...indexOf.keys()]);
    const hint = meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`;
    throw refusedCut(
      model,
      cut,
      `it has no layer ${JSON.stringify(name)} (\`roadbed model show ${model.name}\` lists its layers).${hint}`,
    );
  }
  return index;
}

function setOfBlocks({ model, graph }: ModelLayers, cut: Cut, blocks: number): LayerSet {
  const most = graph.blocks.length - 1;
  if (most === 0) throw refusedCut(model, cut, 'it has one block only and cannot be split.');
  if (!Number.isInteger(blocks) || blocks < 1 || blocks > most)
    throw refusedCut(model, cut, `expected the number of blocks in the car, 1..${most}, or names of layers.`);
  return graph.nodes.map(({ block }) => block < blocks);
}

/** Throws unless raw data stay in the car, something is left for the server, and every named layer crosses. */
function assertCrossing(layers: ModelLayers, cut: Cut, inCar: LayerSet, named: readonly number[]): void {
  const { model, graph } = layers;
  const nameOf = (index: number): string => graph.nodes[index]!.name;
  if (inCar[graph.nodes.length - 1])
    throw refusedCut(
      model,
      cut,
      `${nameOf(graph.nodes.length - 1)} is its last layer, so nothing would be left to the server.`,
    );
  const frontier = frontierOf(layers, inCar);
  if (frontier.includes(0))
    throw refusedCut(model, cut, 'the raw input would cross. Name a layer behind the first one.');
  const idle = named.find((index) => !frontier.includes(index));
  if (idle === undefined) return;
  throw refusedCut(
    model,
    cut,
    `nothing outside the car reads ${nameOf(idle)}. These layers cross: ${frontier.map(nameOf).join('+')}.`,
  );
}

/** The closed set that `cut` names. Throws RoadbedError('scenario') that says why it names none. */
export function setOfCut(layers: ModelLayers, cut: Cut): LayerSet {
  if (typeof cut === 'number' || /^-?\d+$/.test(cut)) return setOfBlocks(layers, cut, Number(cut));
  const named = cut.split('+').map((name) => nodeCalled(layers, cut, name.trim()));
  const inCar = closureOf(layers, named);
  assertCrossing(layers, cut, inCar, named);
  return inCar;
}

/** The closed set of exactly these layers (the input may be left out). Throws as `setOfCut`. */
export function setOfNames(layers: ModelLayers, names: readonly string[]): LayerSet {
  const { model, graph } = layers;
  const cut = names.join('+');
  const named = names.map((name) => nodeCalled(layers, cut, name));
  const inCar = closureOf(layers, named);
  const missing = inCar.findIndex((isIn, index) => isIn && index > 0 && !named.includes(index));
  if (missing > 0) {
    const reader = layers.readers[missing]!.find((index) => inCar[index])!;
    const [needed, of] = [graph.nodes[missing]!.name, graph.nodes[reader]!.name];
    throw refusedCut(model, cut, `the set is not closed: ${of} reads ${needed}, which is not in it.`);
  }
  assertCrossing(layers, cut, inCar, []);
  return inCar;
}

/** Every closed set that is a cut: those nearest the input first. Throws RoadbedError('usage') beyond `most`. */
export function closedSets(layers: ModelLayers, most: number): readonly LayerSet[] {
  const { model, graph } = layers;
  const { nodes } = graph;
  const found: LayerSet[] = [];
  const inCar = nodes.map((_, index) => index === 0);
  const visit = (index: number): void => {
    if (index === nodes.length - 1) {
      if (frontierOf(layers, inCar).includes(0)) return;
      if (found.length === most)
        throw new RoadbedError(
          'usage',
          `${model.name} has more than ${most} closed cuts, too many to list. Name the one you mean.`,
        );
      found.push([...inCar]);
      return;
    }
    visit(index + 1);
    if (!nodes[index]!.inputs.every((input) => inCar[input])) return;
    inCar[index] = true;
    visit(index + 1);
    inCar[index] = false;
  };
  assert(nodes.length > 1, `${model.name} has no layers`);
  visit(1);
  return found;
}

/** The closed set of a cut, where 0 stands for nothing but the input, and the number of blocks for the whole model. */
function setOfEnd(layers: ModelLayers, end: Cut): LayerSet {
  const { nodes, blocks } = layers.graph;
  if (end === 0) return nodes.map((_, index) => index === 0);
  return end === blocks.length ? nodes.map(() => true) : setOfCut(layers, end);
}

/**
 * The layers that run in the car at the cut `to` but not at the cut `from`, in the order of the graph; 0 and the number of
 * blocks are the ends of the model. Throws RoadbedError('scenario') where either is no cut, or `from` lies behind `to`.
 */
export function layersBetween(model: ModelSpec, from: Cut, to: Cut): LayerSet {
  const layers = modelLayers(model);
  const [before, until] = [setOfEnd(layers, from), setOfEnd(layers, to)];
  const behind = before.findIndex((isBefore, index) => isBefore && !until[index]);
  if (behind >= 0)
    throw refusedCut(
      model,
      to,
      `${layers.graph.nodes[behind]!.name} lies behind it and before the cut ${from}.`,
    );
  return until.map((isUntil, index) => isUntil && !before[index]);
}
