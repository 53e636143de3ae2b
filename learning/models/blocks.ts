// The models of the zoo by name, as blocks of layers with every shape filled in. The cost model, the initial weights and
// the split all read this; only `zoo.ts` turns it into tfjs layers.
// Must not: import tfjs. An RSU plans cuts without loading a training engine.

import { RoadbedError } from '../../base/errors.ts';
import { editDistance } from '../../base/nearest-name.ts';
import type { ModelSpec } from '../learner.ts';
import { densenet121, googlenet, vgg16 } from './architectures/branching.ts';
import { cnn, cnnPfl, lenet5, lenet12, mlp, softmaxRegression } from './architectures/chains.ts';
import { mobilenet, mobilenetV2, resnet18, resnet18Imagenet, resnet50 } from './architectures/residual.ts';
import { gpt, gpt2, textTransformer, vitB16 } from './architectures/transformers.ts';
import { type PlacedLayer, placeChain } from './place.ts';
import type { BlockPlan, Shape } from './plan.ts';

export { layerParameters, type PlacedLayer } from './place.ts';
export type { BlockPlan, LayerPlan, Shape } from './plan.ts';

export interface PlacedBlock {
  readonly name: string;
  readonly layers: readonly PlacedLayer[];
  readonly output: Shape;
}

/** A model of the zoo: its plan, and the data it is usually given. */
export interface ModelEntry {
  readonly name: string;
  /** One sentence. */
  readonly about: string;
  readonly plan: (spec: ModelSpec) => BlockPlan[];
  /** Shapes to show it for where none are given. */
  readonly usual: { readonly inputShape: Shape; readonly classes: number };
  /** False for models that are here for their layer graph and costs only. */
  readonly trains: boolean;
}

const digits = { inputShape: [28, 28, 1], classes: 10 } as const;
const colours = { inputShape: [32, 32, 3], classes: 10 } as const;
const photos = { inputShape: [224, 224, 3], classes: 1000 } as const;
const letters = { inputShape: [1, 64, 1], classes: 65 } as const;
const subwords = { inputShape: [1, 1024, 1], classes: 50_257 } as const;
const sentences = { inputShape: [1, 64, 1], classes: 4 } as const;

type Row = readonly [string, ModelEntry['plan'], ModelEntry['usual'], 'trains' | 'graph only', string];

const rows: readonly Row[] = [
  ['softmax-regression', softmaxRegression, digits, 'trains', 'one linear layer'],
  ['mlp', mlp, digits, 'trains', 'one hidden layer of 128'],
  ['lenet5', lenet5, colours, 'trains', 'LeNet-5 with rectifiers and max pooling'],
  ['cnn', cnn, colours, 'trains', 'two padded 3x3 convolutions, hidden layer of 64'],
  ['lenet12', lenet12, digits, 'trains', "ASL's 12-layer LeNet, every layer a block"],
  ['cnn-pfl', cnnPfl, colours, 'trains', "pfl-research's CIFAR-10 CNN"],
  ['text-transformer', textTransformer, sentences, 'trains', 'two layers of width 64 that classify a text'],
  ['mobilenet', mobilenet, colours, 'trains', 'inverted residuals with depthwise convolutions, for 32x32'],
  ['resnet18', resnet18, colours, 'trains', 'ResNet-18 with a 3x3 stem, for 32x32'],
  ['gpt', gpt, letters, 'trains', 'tiny GPT that writes the next token: 4 layers, width 128, 4 heads'],
  ['resnet18-imagenet', resnet18Imagenet, photos, 'graph only', 'ResNet-18 for 224x224'],
  ['resnet50', resnet50, photos, 'graph only', 'ResNet-50 for 224x224'],
  ['googlenet', googlenet, photos, 'graph only', 'GoogLeNet with batch normalisation, no auxiliary heads'],
  ['vgg16', vgg16, photos, 'graph only', 'VGG-16 for 224x224'],
  ['densenet121', densenet121, photos, 'graph only', 'DenseNet-121 for 224x224'],
  ['mobilenetv2', mobilenetV2, photos, 'graph only', 'MobileNetV2 for 224x224, plain rectifiers'],
  ['vit-b16', vitB16, photos, 'graph only', 'vision transformer ViT-B/16 for 224x224'],
  ['gpt2', gpt2, subwords, 'graph only', 'GPT-2 small, head not tied'],
];

/** All models: those that train first, small before large. */
export const modelEntries: readonly ModelEntry[] = rows.map(([name, plan, usual, use, about]) => ({
  name,
  about,
  plan,
  usual,
  trains: use === 'trains',
}));

/** Names of all models that a car can train. */
export const modelNames: readonly string[] = modelEntries
  .filter((entry) => entry.trains)
  .map((entry) => entry.name);

function unknownModel(name: string): RoadbedError {
  const names = modelEntries.map((entry) => entry.name);
  const nearest = [...names].sort((a, b) => editDistance(name, a) - editDistance(name, b));
  return new RoadbedError(
    'scenario',
    `unknown model: ${name} (nearest: ${nearest.slice(0, 2).join(', ')}; all: ${names.join(', ')}). ` +
      'Write one of these names as the model of the scenario.',
  );
}

/** The model of that name. Throws RoadbedError('scenario') for a name that is not in the zoo. */
export function modelEntry(name: string): ModelEntry {
  const entry = modelEntries.find((candidate) => candidate.name === name);
  if (entry === undefined) throw unknownModel(name);
  return entry;
}

/** The model of that name. Throws RoadbedError('scenario') also where it is in the zoo for its graph and costs only. */
export function trainableModel(name: string): ModelEntry {
  const entry = modelEntry(name);
  if (entry.trains) return entry;
  throw new RoadbedError(
    'scenario',
    `${name} is in the zoo for its layer graph and costs only and cannot be trained (models that can: ` +
      `${modelNames.join(', ')}).`,
  );
}

function assertRoom(spec: ModelSpec, block: string, shape: Shape): void {
  if (shape.every((side) => Number.isInteger(side) && side > 0)) return;
  throw new RoadbedError(
    'scenario',
    `images of ${spec.inputShape.join('x')} are too small for ${spec.name}: block ${block} would put out ` +
      `${shape.join('x')}. Take larger images, or the model mlp.`,
  );
}

/**
 * The blocks of a model with every shape filled in. Throws RoadbedError('scenario') for a name that is not in the zoo,
 * an image too small for the model, or images where the model reads tokens.
 */
export function placeBlocks(spec: ModelSpec): readonly PlacedBlock[] {
  let shape: Shape = spec.inputShape;
  return modelEntry(spec.name)
    .plan(spec)
    .map((block) => {
      const layers = placeChain(block.layers, shape);
      shape = layers.at(-1)!.output;
      assertRoom(spec, block.name, shape);
      return { name: block.name, layers, output: shape };
    });
}

/** Labels that a sample needs: 1, or one for each position at which the model answers. */
export function labelsPerSample(spec: ModelSpec): number {
  const [height, width] = placeBlocks(spec).at(-1)!.output;
  return height * width;
}
