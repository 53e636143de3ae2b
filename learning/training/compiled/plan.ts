// Compiles a range of a model's blocks into operators over one arena: where every activation and gradient lies, and what
// runs in which order. Order of work: make the graph, give each value its place (with the border its readers want), then
// build the operators front to back.
// Must not: know a kind of layer; what can be compiled is said in builders.ts.

import type { PlacedBlock } from '../../models/blocks.ts';
import type { KernelBuild } from '../kernels/module.ts';
import { type Address, Arena } from './arena.ts';
import { type Graph, graphOf, type Node, type Value } from './graph.ts';
import { forkOperator } from './join-operators.ts';
import {
  floatsOf,
  type Ground,
  type Operator,
  type Port,
  type Pull,
  pullAt,
  reserveBordered,
  reserveDense,
  type Slot,
} from './operator.ts';

/** What a plan is for. */
export interface PlanOptions {
  /** Most samples in a mini-batch. */
  readonly capacity: number;
  /** False for a plan that only evaluates. */
  readonly trains: boolean;
  /** Whether the gradient with respect to the inputs is wanted: that of an upper half. */
  readonly wantsInputGradient: boolean;
  /** Of the whole model, also where this is only a part of it; 1 where absent. */
  readonly labelsPerSample?: number;
  /** Whether the optimiser keeps two moments of every weight (Adam), not one. */
  readonly isAdaptive?: boolean;
  /** Whether something is added to every gradient: a proximal term, a control variate. */
  readonly isPulled?: boolean;
  /** Of roadbed's kernels; plain where undefined. */
  readonly kernels?: KernelBuild;
}

export interface Plan {
  readonly arena: Arena;
  readonly operators: readonly Operator[];
  /** For each operator the layers it stands for, as places in `listLayers`: of a fork the one whose output forks. */
  readonly places: readonly (readonly number[])[];
  /** What comes from outside, in the order of the layers; gradients where they are wanted. */
  readonly inputs: readonly Port[];
  /** What goes outside, in the order of the layers; gradients where the plan trains. */
  readonly outputs: readonly Port[];
  readonly weights: Address;
  /** Momentum of all weights; behind it the squares, where the optimiser keeps them. */
  readonly velocities: Address;
  /** What is added to every gradient, in the order of the weights; undefined where nothing is. */
  readonly pull: Pull | undefined;
  readonly parameters: number;
}

/** What a node reads. Every value but the last is read by exactly one node. */
function inputsOf(node: Node): readonly Value[] {
  return node.kind === 'join' ? node.inputs : [node.input];
}

/** A place for the activations of every value; branches of one value share it. */
function placeSlots(arena: Arena, { nodes, inputs }: Graph, capacity: number): Map<Value, Slot> {
  const slots = new Map<Value, Slot>();
  const values = [...inputs, ...nodes.flatMap((node) => (node.kind === 'fork' ? [] : [node.output]))];
  for (const value of values) {
    if (slots.has(value)) continue;
    const { shape, border } = value;
    const pads = border.top + border.bottom + border.left + border.right > 0;
    const place = pads
      ? reserveBordered(arena, shape, capacity, border)
      : reserveDense(arena, shape, capacity);
    slots.set(value, place);
  }
  return slots;
}

/** A place for the gradient of every value that has one; a branch has its own, unless a join passes on that behind it. */
function placeGradients(arena: Arena, graph: Graph, options: PlanOptions): Map<Value, Address> {
  const { capacity, trains, wantsInputGradient } = options;
  const gradients = new Map<Value, Address>();
  const place = (value: Value, passed?: Address): void => {
    if (!trains || (!wantsInputGradient && graph.inputs.includes(value.root))) return;
    gradients.set(value, passed ?? arena.reserve(floatsOf(value.shape) * capacity));
  };
  for (const output of graph.outputs) place(output);
  for (const node of [...graph.nodes].reverse()) {
    const passed =
      node.kind === 'join' && node.builder.passesGradient ? gradients.get(node.output) : undefined;
    for (const [i, value] of inputsOf(node).entries()) place(value, i === 0 ? passed : undefined);
  }
  return gradients;
}

/** The operators of a graph, front to back; weights and velocities are given out in the same order. */
function buildOperators(
  ground: Ground,
  graph: Graph,
  at: {
    readonly port: (value: Value) => Port;
    readonly weights: Address;
    readonly velocities: Address;
    readonly squares: Address | undefined;
    readonly pull: Pull | undefined;
  },
): Operator[] {
  let taken = 0;
  return graph.nodes.map((node) => {
    if (node.kind === 'fork') return forkOperator(ground, at.port(node.input), node.branches.map(at.port));
    const output = at.port(node.output);
    const behind = { ...ground, output: output.slot, outputGradient: output.gradient };
    if (node.kind === 'join') {
      return node.builder.build({ ...behind, inputs: node.inputs.map(at.port) }, node.layer);
    }
    const input = at.port(node.input);
    const [weights, velocities] = [at.weights + taken * 4, at.velocities + taken * 4];
    const squares = at.squares === undefined ? undefined : at.squares + taken * 4;
    const pull = pullAt(at.pull, taken);
    taken += node.parameters;
    const site = {
      ...behind,
      input: input.slot,
      inputGradient: input.gradient,
      weights,
      velocities,
      squares,
      pull,
    };
    return node.builder.build(site, node.layer, node.next);
  });
}

/**
 * Lays out the arena for `blocks`, or for the `members` of their layers (as in graph.ts; refusalOf must have passed). Throws
 * TrainingError where the memory is not there.
 */
export function compilePlan(
  blocks: readonly PlacedBlock[],
  options: PlanOptions,
  members?: readonly boolean[],
): Plan {
  const { capacity, trains } = options;
  const graph = graphOf(blocks, members);
  const { parameters } = graph;
  const arena = new Arena(options.kernels);
  const weights = arena.reserve(parameters);
  const isAdaptive = trains && options.isAdaptive === true;
  const velocities = arena.reserve(trains ? parameters * (isAdaptive ? 2 : 1) : 0);
  const squares = isAdaptive ? velocities + parameters * 4 : undefined;
  const isPulled = trains && options.isPulled === true;
  const pull = isPulled
    ? { anchor: arena.reserve(parameters), correction: arena.reserve(parameters) }
    : undefined;
  const slots = placeSlots(arena, graph, capacity);
  const gradients = placeGradients(arena, graph, options);
  const port = (value: Value): Port => ({ slot: slots.get(value.root)!, gradient: gradients.get(value) });
  const ground = { arena, capacity, trains, work: arena.share(), packed: arena.share() };
  return {
    arena,
    operators: buildOperators(ground, graph, { port, weights, velocities, squares, pull }),
    places: graph.nodes.map((node) => node.places),
    inputs: graph.inputs.map(port),
    outputs: graph.outputs.map(port),
    weights,
    velocities,
    pull,
    parameters,
  };
}
