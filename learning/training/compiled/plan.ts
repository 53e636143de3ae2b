// Compiles a range of a model's blocks into operators over one arena: where every activation lies, which layers become
// one operator, what runs in which order. Order of work: group the layers, give each group its input slot (with the
// border its convolution wants), then build the operators front to back.
// Must not: join layers across the end of a block. A cut may fall there, and a split half must do the same arithmetic.

import { assert } from '../../../base/assert.ts';
import type { PlacedBlock, PlacedLayer, Shape } from '../../models/blocks.ts';
import { type Address, Arena } from './arena.ts';
import { borderOf, type ConvGeometry } from './conv-geometry.ts';
import { ConvOperator } from './conv-operator.ts';
import { denseOperator } from './dense-operator.ts';
import { floatsOf, type Operator, reserveBordered, reserveDense, type Site, type Slot } from './operator.ts';
import { poolOperator } from './pool-operator.ts';

/** What a plan is for. */
export interface PlanOptions {
  /** Most samples in a mini-batch. */
  readonly capacity: number;
  /** False for a plan that only evaluates. */
  readonly trains: boolean;
  /** Whether the gradient with respect to the input is wanted: that of an upper half. */
  readonly wantsInputGradient: boolean;
}

export interface Plan {
  readonly arena: Arena;
  readonly operators: readonly Operator[];
  readonly input: Slot;
  readonly output: Slot;
  /** Dense arrays; undefined where not wanted. */
  readonly inputGradient: Address | undefined;
  readonly outputGradient: Address | undefined;
  readonly weights: Address;
  readonly velocities: Address;
  readonly parameters: number;
}

/** Layers that become one operator. */
type Group =
  | { readonly kind: 'dense'; readonly layer: PlacedLayer; readonly units: number; readonly rectify: boolean }
  | {
      readonly kind: 'conv';
      readonly layer: PlacedLayer;
      readonly geometry: ConvGeometry;
      readonly output: Shape;
    }
  | { readonly kind: 'pool'; readonly layer: PlacedLayer; readonly window: number };

const known: ReadonlySet<string> = new Set(['conv', 'dense', 'flatten', 'maxpool']);

/** Why these blocks cannot be compiled, as `what (where)`, or undefined if they can. */
export function refusalOf(blocks: readonly PlacedBlock[]): string | undefined {
  for (const block of blocks) {
    const foreign = block.layers.find((layer) => !known.has(layer.plan.kind));
    if (foreign) return `${foreign.plan.kind} in ${block.name}`;
  }
  const last = blocks.at(-1)?.layers.at(-1)?.plan;
  return last?.kind === 'dense' && last.activation === 'linear' ? undefined : 'no logits at the end';
}

/** One operator for each convolution with the pool behind it, dense layer and lonely pool of a block. */
function groupsOf(block: PlacedBlock): Group[] {
  const groups: Group[] = [];
  for (const layer of block.layers) {
    const { plan } = layer;
    if (plan.kind === 'flatten') continue;
    const before = groups.at(-1);
    if (plan.kind === 'dense') {
      groups.push({ kind: 'dense', layer, units: plan.units, rectify: plan.activation === 'relu' });
    } else if (plan.kind === 'conv') {
      const geometry = { kernel: plan.kernel, stride: 1, convolved: layer.output, rectify: true, window: 1 };
      groups.push({ kind: 'conv', layer, geometry, output: layer.output });
    } else if (plan.kind === 'maxpool' && before?.kind === 'conv' && before.geometry.window === 1) {
      const geometry = { ...before.geometry, window: plan.window };
      groups[groups.length - 1] = { ...before, geometry, output: layer.output };
    } else {
      assert(plan.kind === 'maxpool', `a ${plan.kind} layer cannot be compiled`);
      groups.push({ kind: 'pool', layer, window: plan.window });
    }
  }
  return groups;
}

function outputOf(group: Group): Shape {
  return group.kind === 'conv' ? group.output : group.layer.output;
}

/** The slot a group reads, in the shape the group before writes (flattening moves nothing): bordered where it pads. */
function inputSlot(arena: Arena, group: Group, before: Group | undefined, capacity: number): Slot {
  const shape = before ? outputOf(before) : group.layer.input;
  if (group.kind !== 'conv') return reserveDense(arena, shape, capacity);
  const border = borderOf(shape, group.geometry);
  const pads = border.top + border.bottom + border.left + border.right > 0;
  return pads ? reserveBordered(arena, shape, capacity, border) : reserveDense(arena, shape, capacity);
}

function parametersOf(group: Group): number {
  const shape = group.layer.kernelShape;
  return shape === undefined ? 0 : shape.reduce((product, side) => product * side, 1) + shape.at(-1)!;
}

function build(site: Site, group: Group): Operator {
  if (group.kind === 'dense') return denseOperator(site, group.units, group.rectify);
  if (group.kind === 'conv') return new ConvOperator(site, group.geometry);
  return poolOperator(site, group.window);
}

/** Lays out the arena for `blocks` (refusalOf must have passed). Throws TrainingError where the memory is not there. */
export function compilePlan(blocks: readonly PlacedBlock[], options: PlanOptions): Plan {
  const { capacity, trains, wantsInputGradient } = options;
  const groups = blocks.flatMap(groupsOf);
  const arena = new Arena();
  const parameters = groups.reduce((sum, group) => sum + parametersOf(group), 0);
  const weights = arena.reserve(parameters);
  const velocities = arena.reserve(trains ? parameters : 0);
  const slots = groups.map((group, i) => inputSlot(arena, group, groups[i - 1], capacity));
  slots.push(reserveDense(arena, outputOf(groups.at(-1)!), capacity));
  const gradients = slots.map((slot, i) =>
    trains && (i > 0 || wantsInputGradient) ? arena.reserve(floatsOf(slot.shape) * capacity) : undefined,
  );
  const work = arena.share();
  const packed = arena.share();
  let at = 0;
  const operators = groups.map((group, i) => {
    const site: Site = {
      arena,
      capacity,
      trains,
      work,
      packed,
      input: slots[i]!,
      output: slots[i + 1]!,
      inputGradient: gradients[i],
      outputGradient: gradients[i + 1],
      weights: weights + at * 4,
      velocities: velocities + at * 4,
    };
    at += parametersOf(group);
    return build(site, group);
  });
  return {
    arena,
    operators,
    input: slots[0]!,
    output: slots.at(-1)!,
    inputGradient: gradients[0],
    outputGradient: gradients.at(-1),
    weights,
    velocities,
    parameters,
  };
}
