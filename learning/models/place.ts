// Fills in the shapes of a layer: what it puts out for its input, and which weights it has. Everything else about models
// follows from these. Must not: import tfjs, or know a model by name.

import { assert } from '../../base/assert.ts';
import { RoadbedError } from '../../base/errors.ts';
import type { LayerPlan, MergePlan, Shape } from './plan.ts';

/** One array of weights. */
export interface WeightTensor {
  readonly shape: readonly number[];
  /** How it starts: Glorot uniform by the two fans, all 0, all 1, or normal with deviation 0.02. */
  readonly start: 'glorot' | 'zeros' | 'ones' | 'normal';
  /** Floats a unit reads, and units that read a float; of Glorot only. */
  readonly fanIn: number;
  readonly fanOut: number;
}

/** One layer with its shapes filled in. */
export interface PlacedLayer {
  readonly plan: LayerPlan;
  readonly input: Shape;
  readonly output: Shape;
  /** Shape of the kernel of a `conv` or `dense` layer, whose bias has the last entry's length; else undefined. */
  readonly kernelShape: readonly number[] | undefined;
  /** All its weights, in the order in which they lie in the flat vector; those of a merge's branches not included. */
  readonly tensors: readonly WeightTensor[];
  /** Of a merge: its branches. */
  readonly branches: readonly (readonly PlacedLayer[])[];
}

function size(shape: readonly number[]): number {
  return shape.reduce((product, side) => product * side, 1);
}

function outputSide(side: number, kernel: number, stride: number, padding: 'valid' | 'same'): number {
  return padding === 'same' ? Math.ceil(side / stride) : Math.floor((side - kernel) / stride) + 1;
}

function tokensOf(input: Shape): number {
  if (input[0] === 1 && input[2] === 1 && input[1] > 1) return input[1];
  throw new RoadbedError(
    'scenario',
    `this model reads tokens, not images of ${input.join('x')} (expected a text data set, 1 x length x 1). Take an ` +
      'image model such as lenet5, or text data.',
  );
}

function outputShape(plan: Exclude<LayerPlan, MergePlan>, input: Shape): Shape {
  const [height, width, channels] = input;
  switch (plan.kind) {
    case 'flatten':
      return [1, 1, size(input)];
    case 'dense':
      return [1, 1, plan.units];
    case 'maxpool':
      return [Math.floor(height / plan.window), Math.floor(width / plan.window), channels];
    case 'conv': {
      const lost = plan.padding === 'same' ? 0 : plan.kernel - 1;
      return [height - lost, width - lost, plan.filters];
    }
    case 'linear-conv': {
      const side = (length: number): number => outputSide(length, plan.kernel, plan.stride, plan.padding);
      return [side(height), side(width), plan.filters];
    }
    case 'depthwise':
    case 'pool':
      return [Math.ceil(height / plan.stride), Math.ceil(width / plan.stride), channels];
    case 'globalaverage':
      return [1, 1, channels];
    case 'embedding':
      return [1, tokensOf(input), plan.width];
    case 'tokens':
      return [1, height * width + 1, channels];
    case 'first-token':
      return [1, 1, channels];
    case 'project':
      return [height, width, plan.units];
    case 'batchnorm':
    case 'layernorm':
    case 'activate':
      return input;
  }
}

function filled(start: 'zeros' | 'ones' | 'normal', shape: readonly number[]): WeightTensor {
  return { shape, start, fanIn: 0, fanOut: 0 };
}

/** A kernel whose last two axes are inputs and units, and a bias for each unit where `bias`. */
function kernelAndBias(shape: readonly number[], bias: boolean): WeightTensor[] {
  const floats = size(shape);
  const kernel: WeightTensor = {
    shape,
    start: 'glorot',
    fanIn: floats / shape.at(-1)!,
    fanOut: floats / shape.at(-2)!,
  };
  return bias ? [kernel, filled('zeros', [shape.at(-1)!])] : [kernel];
}

function weightTensors(plan: Exclude<LayerPlan, MergePlan>, input: Shape): WeightTensor[] {
  const channels = input[2];
  switch (plan.kind) {
    case 'dense':
      return kernelAndBias([size(input), plan.units], true);
    case 'conv':
      return kernelAndBias([plan.kernel, plan.kernel, channels, plan.filters], true);
    case 'linear-conv':
      return kernelAndBias([plan.kernel, plan.kernel, channels, plan.filters], plan.bias);
    case 'project':
      return kernelAndBias([channels, plan.units], plan.bias);
    case 'depthwise': {
      const taps = plan.kernel * plan.kernel;
      const shape = [plan.kernel, plan.kernel, channels, 1];
      return [{ shape, start: 'glorot', fanIn: taps, fanOut: taps }];
    }
    case 'batchnorm':
    case 'layernorm':
      return [filled('ones', [channels]), filled('zeros', [channels])];
    case 'embedding':
      return [filled('normal', [plan.vocabulary, plan.width]), filled('normal', [input[1], plan.width])];
    case 'tokens':
      return [filled('normal', [1, channels]), filled('normal', [input[0] * input[1] + 1, channels])];
    default:
      return [];
  }
}

function placeMerge(plan: MergePlan, input: Shape): PlacedLayer {
  const branches = plan.branches.map((branch) => placeChain(branch, input));
  const outputs = branches.map((branch) => branch.at(-1)?.output ?? input);
  const first = outputs[0]!;
  const sides = (shape: Shape): string => shape.slice(0, plan.how === 'concat' ? 2 : 3).join('x');
  const agree = outputs.every((shape) => sides(shape) === sides(first));
  assert(agree, `branches put out ${outputs.map((shape) => shape.join('x')).join(' and ')} (expected equal)`);
  const channels = outputs.reduce((sum, shape) => sum + shape[2], 0);
  const output: Shape = plan.how === 'concat' ? [first[0], first[1], channels] : first;
  return { plan, input, output, kernelShape: undefined, tensors: [], branches };
}

/** One layer behind `input`. Throws RoadbedError('scenario') where a text model is given images. */
export function placeLayer(plan: LayerPlan, input: Shape): PlacedLayer {
  if (plan.kind === 'merge') return placeMerge(plan, input);
  const tensors = weightTensors(plan, input);
  const kernelShape = plan.kind === 'conv' || plan.kind === 'dense' ? tensors[0]!.shape : undefined;
  return { plan, input, output: outputShape(plan, input), kernelShape, tensors, branches: [] };
}

/** Layers one behind the other. */
export function placeChain(plans: readonly LayerPlan[], input: Shape): PlacedLayer[] {
  let shape = input;
  return plans.map((plan) => {
    const placed = placeLayer(plan, shape);
    shape = placed.output;
    return placed;
  });
}

/** A layer and all layers inside it that have weights or shapes of their own, in the order of the flat weight vector. */
export function leavesOf(layer: PlacedLayer): PlacedLayer[] {
  if (layer.plan.kind !== 'merge') return [layer];
  return layer.branches.flatMap((branch) => branch.flatMap(leavesOf));
}

/** Number of parameters of one layer, a merge's branches included. */
export function layerParameters(layer: PlacedLayer): number {
  return leavesOf(layer)
    .flatMap((leaf) => leaf.tensors)
    .reduce((sum, tensor) => sum + size(tensor.shape), 0);
}
