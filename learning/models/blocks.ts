// The models of the zoo as plain data: blocks of layers, and the shapes and sizes that follow from them. The cost model,
// the initial weights and the split all read this; only `zoo.ts` turns it into tfjs layers.
// Must not: import tfjs. An RSU plans cuts without loading a training engine.

import { assert } from '../../base/assert.ts';
import { RoadbedError } from '../../base/errors.ts';
import type { ModelSpec } from '../learner.ts';

/** Height, width, channels of one sample; a flat sample is [1, 1, n]. */
export type Shape = readonly [number, number, number];

export type LayerPlan =
  | {
      readonly kind: 'conv';
      readonly filters: number;
      readonly kernel: number;
      readonly padding: 'valid' | 'same';
    }
  | { readonly kind: 'maxpool'; readonly window: number }
  | { readonly kind: 'flatten' }
  | { readonly kind: 'dense'; readonly units: number; readonly activation: 'relu' | 'linear' };

/** What a cut may fall behind. A convolution carries its rectifier, so the smallest activations cross the cut. */
export interface BlockPlan {
  readonly name: string;
  readonly layers: readonly LayerPlan[];
}

/** One layer with its shapes filled in. */
export interface PlacedLayer {
  readonly plan: LayerPlan;
  readonly input: Shape;
  readonly output: Shape;
  /** Shape of the kernel; undefined for a layer without weights. The bias has the last entry's length. */
  readonly kernelShape: readonly number[] | undefined;
}

export interface PlacedBlock {
  readonly name: string;
  readonly layers: readonly PlacedLayer[];
  readonly output: Shape;
}

const flatten: LayerPlan = { kind: 'flatten' };
const pool: LayerPlan = { kind: 'maxpool', window: 2 };

function dense(units: number, activation: 'relu' | 'linear'): LayerPlan {
  return { kind: 'dense', units, activation };
}

function conv(filters: number, kernel: number, padding: 'valid' | 'same'): LayerPlan {
  return { kind: 'conv', filters, kernel, padding };
}

/** One linear layer: convex, so algorithms can be checked against what theory says. */
function softmaxRegression(spec: ModelSpec): BlockPlan[] {
  return [{ name: 'logits', layers: [flatten, dense(spec.classes, 'linear')] }];
}

/** One hidden layer of 128, the MLP of McMahan et al., "Communication-Efficient Learning" (AISTATS 2017), smaller. */
function mlp(spec: ModelSpec): BlockPlan[] {
  return [
    { name: 'hidden', layers: [flatten, dense(128, 'relu')] },
    { name: 'logits', layers: [dense(spec.classes, 'linear')] },
  ];
}

/**
 * LeNet-5 after LeCun et al., "Gradient-based learning applied to document recognition" (Proc. IEEE 1998), with
 * rectifiers and max pooling. The original takes 32x32; smaller images are padded in the first convolution instead.
 * 32x32x3 and 43 classes: 64,811 parameters.
 */
function lenet5(spec: ModelSpec): BlockPlan[] {
  const padding = spec.inputShape[0] < 32 ? 'same' : 'valid';
  return [
    { name: 'conv1', layers: [conv(6, 5, padding), pool] },
    { name: 'conv2', layers: [conv(16, 5, 'valid'), pool] },
    { name: 'dense1', layers: [flatten, dense(120, 'relu')] },
    { name: 'dense2', layers: [dense(84, 'relu')] },
    { name: 'logits', layers: [dense(spec.classes, 'linear')] },
  ];
}

/** Two 3x3 convolutions and one hidden dense layer: the usual small CNN for 32x32 colour images. */
function cnn(spec: ModelSpec): BlockPlan[] {
  return [
    { name: 'conv1', layers: [conv(32, 3, 'same'), pool] },
    { name: 'conv2', layers: [conv(64, 3, 'same'), pool] },
    { name: 'dense1', layers: [flatten, dense(64, 'relu')] },
    { name: 'logits', layers: [dense(spec.classes, 'linear')] },
  ];
}

const plans: Readonly<Record<string, (spec: ModelSpec) => BlockPlan[]>> = {
  'softmax-regression': softmaxRegression,
  mlp,
  lenet5,
  cnn,
};

/** Names of all models, in order of size. */
export const modelNames: readonly string[] = Object.keys(plans);

/** Number of single-letter edits between two words (Levenshtein). */
function editDistance(a: string, b: string): number {
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const current = [i];
    for (let j = 1; j <= b.length; j++) {
      const swap = previous[j - 1]! + (a[i - 1] === b[j - 1] ? 0 : 1);
      current.push(Math.min(swap, previous[j]! + 1, current[j - 1]! + 1));
    }
    previous = current;
  }
  return previous[b.length]!;
}

function unknownModel(name: string): RoadbedError {
  const nearest = [...modelNames].sort((a, b) => editDistance(name, a) - editDistance(name, b));
  return new RoadbedError(
    'scenario',
    `unknown model: ${name} (nearest: ${nearest.slice(0, 2).join(', ')}; all: ${modelNames.join(', ')}). ` +
      'Write one of these names as the model of the scenario.',
  );
}

/** The output shape and kernel shape of one layer behind `input`. */
function place(plan: LayerPlan, input: Shape): PlacedLayer {
  const [height, width, channels] = input;
  const floats = height * width * channels;
  if (plan.kind === 'flatten') return { plan, input, output: [1, 1, floats], kernelShape: undefined };
  if (plan.kind === 'dense') {
    return { plan, input, output: [1, 1, plan.units], kernelShape: [floats, plan.units] };
  }
  if (plan.kind === 'maxpool') {
    const output: Shape = [Math.floor(height / plan.window), Math.floor(width / plan.window), channels];
    return { plan, input, output, kernelShape: undefined };
  }
  const lost = plan.padding === 'same' ? 0 : plan.kernel - 1;
  const output: Shape = [height - lost, width - lost, plan.filters];
  return { plan, input, output, kernelShape: [plan.kernel, plan.kernel, channels, plan.filters] };
}

/**
 * The blocks of a model with every shape filled in.
 * Throws RoadbedError('scenario') for a name that is not in the zoo, or an image too small for the model.
 */
export function placeBlocks(spec: ModelSpec): readonly PlacedBlock[] {
  const plan = Object.hasOwn(plans, spec.name) ? plans[spec.name] : undefined;
  if (plan === undefined) throw unknownModel(spec.name);
  let shape: Shape = spec.inputShape;
  return plan(spec).map((block) => {
    const layers = block.layers.map((layer) => {
      const placed = place(layer, shape);
      shape = placed.output;
      return placed;
    });
    if (!shape.every((side) => Number.isInteger(side) && side > 0)) {
      throw new RoadbedError(
        'scenario',
        `images of ${spec.inputShape.join('x')} are too small for ${spec.name}: block ${block.name} would put out ` +
          `${shape.join('x')}. Take larger images, or the model mlp.`,
      );
    }
    return { name: block.name, layers, output: shape };
  });
}

/** Number of parameters of one layer: its kernel and one bias for each output channel. */
export function layerParameters(layer: PlacedLayer): number {
  if (layer.kernelShape === undefined) return 0;
  return layer.kernelShape.reduce((product, side) => product * side, 1) + layer.kernelShape.at(-1)!;
}

/** Throws unless `cut` leaves at least one block on each side (0 < cut < number of blocks). */
export function assertCut(blocks: readonly PlacedBlock[], cut: number): void {
  const legal = Number.isInteger(cut) && cut > 0 && cut < blocks.length;
  assert(legal, `invalid cut: ${cut} (expected a whole number, 1..${blocks.length - 1})`);
}
