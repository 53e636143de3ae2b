// Networks for 224x224 images whose layer graphs the splitting work is checked on: VGG-16, a plain chain of single
// layers; GoogLeNet, whose blocks have four branches; DenseNet-121, whose layers read all before them. Cost and graph only. Must not: import tfjs.

import type { ModelSpec } from '../../learner.ts';
import {
  type BlockPlan,
  batchnorm,
  dense,
  flatten,
  globalAverage,
  type LayerPlan,
  linearConv,
  maxpool2,
  relu,
} from '../plan.ts';

function plainConv(filters: number): LayerPlan[] {
  return [
    { kind: 'linear-conv', filters, kernel: 3, stride: 1, padding: 'same', bias: true },
    { kind: 'activate', how: 'relu' },
  ];
}

/** VGG-16 (Simonyan and Zisserman, ICLR 2015), configuration D. 1000 classes: 138,357,544 parameters. */
export function vgg16(spec: ModelSpec): BlockPlan[] {
  const stages: readonly (readonly [number, number])[] = [
    [64, 2],
    [128, 2],
    [256, 3],
    [512, 3],
    [512, 3],
  ];
  const blocks: BlockPlan[] = [];
  stages.forEach(([filters, depth], stage) => {
    for (let index = 0; index < depth; index++)
      blocks.push({ name: `conv${stage + 1}.${index + 1}`, layers: plainConv(filters) });
    blocks.push({ name: `pool${stage + 1}`, layers: [maxpool2] });
  });
  blocks.push({ name: 'dense1', layers: [flatten, dense(4096, 'linear'), relu] });
  blocks.push({ name: 'dense2', layers: [dense(4096, 'linear'), relu] });
  blocks.push({ name: 'logits', layers: [dense(spec.classes, 'linear')] });
  return blocks;
}

function convolution(filters: number, kernel: number, stride = 1): LayerPlan[] {
  return [linearConv(filters, kernel, stride), batchnorm, relu];
}

function maxPool(stride: number): LayerPlan {
  return { kind: 'pool', how: 'max', window: 3, stride };
}

/** Widths of an inception module: 1x1; 3x3 with its reduction before it; the wide branch likewise; behind the pool. */
type Widths = readonly [number, number, number, number, number, number];

function inception([one, reduce3, three, reduce5, five, pooled]: Widths): LayerPlan {
  return {
    kind: 'merge',
    how: 'concat',
    branches: [
      convolution(one, 1),
      [...convolution(reduce3, 1), ...convolution(three, 3)],
      [...convolution(reduce5, 1), ...convolution(five, 3)],
      [maxPool(1), ...convolution(pooled, 1)],
    ],
  };
}

const modules: Readonly<Record<string, Widths>> = {
  '3a': [64, 96, 128, 16, 32, 32],
  '3b': [128, 128, 192, 32, 96, 64],
  '4a': [192, 96, 208, 16, 48, 64],
  '4b': [160, 112, 224, 24, 64, 64],
  '4c': [128, 128, 256, 24, 64, 64],
  '4d': [112, 144, 288, 32, 64, 64],
  '4e': [256, 160, 320, 32, 128, 128],
  '5a': [256, 160, 320, 32, 128, 128],
  '5b': [384, 192, 384, 48, 128, 128],
};

/**
 * GoogLeNet (Szegedy et al., CVPR 2015) with batch normalisation and without its auxiliary heads, as today's libraries
 * build it (3x3 in place of 5x5). 1000 classes: 6,624,904 parameters.
 */
export function googlenet(spec: ModelSpec): BlockPlan[] {
  const blocks: BlockPlan[] = [
    { name: 'stem1', layers: [...convolution(64, 7, 2), maxPool(2)] },
    { name: 'stem2', layers: [...convolution(64, 1), ...convolution(192, 3), maxPool(2)] },
  ];
  for (const [name, widths] of Object.entries(modules)) {
    const isFirst = name === '4a' || name === '5a';
    blocks.push({ name, layers: isFirst ? [maxPool(2), inception(widths)] : [inception(widths)] });
  }
  blocks.push({ name: 'logits', layers: [globalAverage, flatten, dense(spec.classes, 'linear')] });
  return blocks;
}

const growth = 32;

/** Reads all that its block has put out so far, and adds `growth` channels to it. */
function denseLayer(): LayerPlan {
  const branch = [batchnorm, relu, linearConv(4 * growth, 1), batchnorm, relu, linearConv(growth, 3)];
  return { kind: 'merge', how: 'concat', branches: [[], branch] };
}

/** DenseNet-121 (Huang, Liu, van der Maaten and Weinberger, CVPR 2017). 1000 classes: 7,978,856 parameters. */
export function densenet121(spec: ModelSpec): BlockPlan[] {
  const blocks: BlockPlan[] = [{ name: 'stem', layers: [...convolution(64, 7, 2), maxPool(2)] }];
  let channels = 64;
  [6, 12, 24, 16].forEach((depth, stage) => {
    for (let index = 0; index < depth; index++)
      blocks.push({ name: `dense${stage + 1}.${index + 1}`, layers: [denseLayer()] });
    channels += depth * growth;
    if (stage === 3) return;
    channels /= 2;
    const halve: LayerPlan = { kind: 'pool', how: 'average', window: 2, stride: 2 };
    blocks.push({
      name: `transition${stage + 1}`,
      layers: [batchnorm, relu, linearConv(channels, 1), halve],
    });
  });
  const head = [batchnorm, relu, globalAverage, flatten, dense(spec.classes, 'linear')];
  blocks.push({ name: 'logits', layers: head });
  return blocks;
}
