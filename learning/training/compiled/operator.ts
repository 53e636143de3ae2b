// What a compiled step is made of: slots (where activations lie), operators (kernel calls between slots), and what a
// kind of layer says about itself to become one. Must not: know a model, a batch order or a learner.

import { assert } from '../../../base/assert.ts';
import type { TrainingSettings } from '../../learner.ts';
import type { PlacedLayer, Shape } from '../../models/blocks.ts';
import { adamFactors } from '../adam.ts';
import type { Address, Arena, SharedArea } from './arena.ts';
import type { StepKernels } from './kernels.ts';

/** Where the activations of a mini-batch lie. Rows may be further apart than their floats: a border of zeros between. */
export interface Slot {
  /** First float of the first image. */
  readonly address: Address;
  readonly rowBytes: number;
  readonly imageBytes: number;
  readonly shape: Shape;
}

/** What one step of the optimiser depends on. */
export interface StepSettings
  extends Pick<TrainingSettings, 'learningRate' | 'momentum' | 'optimiser' | 'weightDecay' | 'proximal'> {
  /** Steps that Adam has taken, this one included; the executor counts them. */
  readonly count?: number;
}

/** One or two layers. `rows` is the number of samples, at most the capacity of the plan. */
export interface Operator {
  /** Reads the input slot, writes the output slot. */
  forward(rows: number): void;
  /**
   * Reads the gradient of the output (and may overwrite it), writes that of the input where one was asked for, then
   * updates the weights. Needs the activations of the forward pass.
   */
  backward(rows: number, step: StepSettings): void;
  /** The weights and velocities of an owner have come: one that keeps them in an order of its own takes them. */
  arrive?(hasVelocities: boolean): void;
  /** They are about to be read: such a one puts them back. */
  leave?(hasVelocities: boolean): void;
}

/** What every operator shares with the others of its plan. */
export interface Ground {
  readonly arena: Arena;
  /** Most samples in a mini-batch. */
  readonly capacity: number;
  /** False for a plan that only evaluates: no gradient has room. */
  readonly trains: boolean;
  /** Scratch of a single kernel call. */
  readonly work: SharedArea;
  /** Packed filters: valid during one operator's forward or backward pass. */
  readonly packed: SharedArea;
}

/** What is added to the gradient of some weights: mu (weight - anchor) + correction. */
export interface Pull {
  readonly anchor: Address;
  readonly correction: Address;
}

/** A pull `floats` further on. */
export function pullAt(pull: Pull | undefined, floats: number): Pull | undefined {
  return pull && { anchor: pull.anchor + floats * 4, correction: pull.correction + floats * 4 };
}

/** What the operator of a layer is built with. */
export interface Site extends Ground {
  readonly input: Slot;
  readonly output: Slot;
  /** Dense array, the operator's own to write; undefined where nobody reads it. */
  readonly inputGradient: Address | undefined;
  /** Dense array; undefined where the plan does not train. */
  readonly outputGradient: Address | undefined;
  /** Kernel, then bias. */
  readonly weights: Address;
  /** The momentum of `weights`, or Adam's mean of their gradients, in the same order. */
  readonly velocities: Address;
  /** Adam's mean of the squares, in the same order; undefined where the plan is for SGD. */
  readonly squares: Address | undefined;
  /** In the same order; undefined where nothing is added to gradients. */
  readonly pull: Pull | undefined;
}

/** An activation with its gradient: one branch of a join. */
export interface Port {
  readonly slot: Slot;
  /** As in `Site`. */
  readonly gradient: Address | undefined;
}

/** What the operator of a join is built with: one input for each branch. */
export interface JoinSite extends Ground {
  readonly inputs: readonly Port[];
  readonly output: Slot;
  /** Dense array; undefined where the plan does not train. */
  readonly outputGradient: Address | undefined;
}

/**
 * How a kind of layer becomes an operator; `next` is the layer behind it where `fuses` took that one in. Slots may have
 * gaps between their rows: an operator reads and writes them by `rowBytes` and `imageBytes`, or asserts that there are
 * none (`assertDense`), which holds wherever every layer that reads the slot wants no border.
 */
export interface LayerBuilder {
  build(site: Site, layer: PlacedLayer, next: PlacedLayer | undefined): Operator;
  /** Zeros it wants around its input; none where undefined. */
  border?(layer: PlacedLayer): Border;
  /** Whether the layer directly behind it, in the same block and branch, becomes part of its operator. */
  fuses?(layer: PlacedLayer, next: PlacedLayer): boolean;
}

/** How branches that come together become an operator. */
export interface JoinBuilder {
  build(site: JoinSite, layer: PlacedLayer): Operator;
  /** The gradient of the first branch is that of the output itself: nothing is copied. */
  readonly passesGradient: boolean;
}

export function floatsOf(shape: Shape): number {
  return shape[0] * shape[1] * shape[2];
}

/** Bytes the head of every work area takes (HEAD in assembly/product.ts). */
export const WORK_HEAD_BYTES = 192;
/** Columns of a packed panel. */
export const PANEL = 8;

/** Number of panels that hold `columns` columns. */
export function panels(columns: number): number {
  return Math.ceil(columns / PANEL);
}

/** A slot without gaps. */
export function reserveDense(arena: Arena, shape: Shape, capacity: number): Slot {
  const floats = floatsOf(shape);
  return {
    address: arena.reserve(floats * capacity),
    rowBytes: shape[1] * shape[2] * 4,
    imageBytes: floats * 4,
    shape,
  };
}

/** Whether there are no gaps between the rows and images of a slot. */
export function isDense({ shape, rowBytes, imageBytes }: Slot): boolean {
  return rowBytes === shape[1] * shape[2] * 4 && imageBytes === floatsOf(shape) * 4;
}

/** Throws where there are. */
export function assertDense(slot: Slot): void {
  assert(isDense(slot), `a slot of ${slot.shape.join('x')} has gaps (expected none)`);
}

/** Zeros around every image of a slot, in pixels. */
export interface Border {
  readonly top: number;
  readonly left: number;
  readonly bottom: number;
  readonly right: number;
}

/** A slot whose images lie in the middle of zeros. */
export function reserveBordered(arena: Arena, shape: Shape, capacity: number, border: Border): Slot {
  const [height, width, channels] = shape;
  const rowFloats = (width + border.left + border.right) * channels;
  const imageFloats = (height + border.top + border.bottom) * rowFloats;
  const begin = arena.reserve(imageFloats * capacity);
  return {
    address: begin + (border.top * rowFloats + border.left * channels) * 4,
    rowBytes: rowFloats * 4,
    imageBytes: imageFloats * 4,
    shape,
  };
}

/** Arrays of an optimiser's state, as long as the weights they belong to. */
interface Moments {
  readonly weights: Address;
  readonly velocities: Address;
  readonly squares: Address | undefined;
  readonly pull: Pull | undefined;
}

/** One step of the optimiser on `count` weights from a gradient array. The gradient is lost. */
export function descendAt(
  kernels: StepKernels,
  { weights, velocities, squares, pull }: Moments,
  gradient: Address,
  count: number,
  step: StepSettings,
): void {
  const { learningRate, momentum, proximal = 0 } = step;
  if (pull) kernels.pullGradient(gradient, weights, pull.anchor, pull.correction, count, proximal);
  if (squares !== undefined) {
    const { decay, meanPart, squarePart } = adamFactors(step, step.count ?? 1);
    kernels.adamStep(
      weights,
      gradient,
      velocities,
      squares,
      weights,
      velocities,
      squares,
      count,
      learningRate,
      decay,
      meanPart,
      squarePart,
    );
    return;
  }
  // Without momentum no velocity is kept: the gradient itself stands in, times 0.
  const v = momentum === 0 ? gradient : velocities;
  kernels.sgdStep(weights, gradient, v, weights, v, count, learningRate, momentum);
}

/** `descendAt` for the weights of an operator from the one at `offset` on. */
export function descend(
  site: Site,
  offset: number,
  gradient: Address,
  count: number,
  step: StepSettings,
): void {
  const weights = site.weights + offset * 4;
  const velocities = site.velocities + offset * 4;
  const squares = site.squares === undefined ? undefined : site.squares + offset * 4;
  const pull = pullAt(site.pull, offset);
  descendAt(site.arena.kernels, { weights, velocities, squares, pull }, gradient, count, step);
}
