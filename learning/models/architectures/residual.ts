// Residual networks (He, Zhang, Ren and Sun, "Deep residual learning for image recognition", CVPR 2016) and a
// MobileNetV2-style network of inverted residuals (Sandler et al., CVPR 2018). Must not: import tfjs.

import type { ModelSpec } from '../../learner.ts';
import {
  type BlockPlan,
  batchnorm,
  dense,
  depthwise,
  flatten,
  globalAverage,
  type LayerPlan,
  linearConv,
  relu,
  residual,
} from '../plan.ts';

/** What of a residual network differs between its sizes. */
interface Stages {
  readonly stem: readonly LayerPlan[];
  /** Blocks of each of the four stages. */
  readonly depths: readonly [number, number, number, number];
  readonly block: (width: number, stride: number, isFirst: boolean) => readonly LayerPlan[];
}

const imagenetStem: readonly LayerPlan[] = [
  linearConv(64, 7, 2),
  batchnorm,
  relu,
  { kind: 'pool', how: 'max', window: 3, stride: 2 },
];

/** Two 3x3 convolutions; the shortcut is a 1x1 convolution where the width or the size changes. */
function basicBlock(width: number, stride: number): readonly LayerPlan[] {
  const branch = [linearConv(width, 3, stride), batchnorm, relu, linearConv(width, 3), batchnorm];
  const shortcut = stride === 1 ? [] : [linearConv(width, 1, stride), batchnorm];
  return [residual(branch, shortcut), relu];
}

/** 1x1, 3x3 (which has the stride, as in today's libraries) and 1x1 to four times the width. */
function bottleneck(width: number, stride: number, isFirst: boolean): readonly LayerPlan[] {
  const branch = [
    linearConv(width, 1),
    batchnorm,
    relu,
    linearConv(width, 3, stride),
    batchnorm,
    relu,
    linearConv(4 * width, 1),
    batchnorm,
  ];
  const shortcut = isFirst ? [linearConv(4 * width, 1, stride), batchnorm] : [];
  return [residual(branch, shortcut), relu];
}

function residualNetwork(spec: ModelSpec, { stem, depths, block }: Stages): BlockPlan[] {
  const blocks: BlockPlan[] = [{ name: 'stem', layers: stem }];
  depths.forEach((depth, stage) => {
    for (let index = 0; index < depth; index++) {
      const stride = stage > 0 && index === 0 ? 2 : 1;
      const layers = block(64 * 2 ** stage, stride, index === 0);
      blocks.push({ name: `stage${stage + 1}.${index + 1}`, layers });
    }
  });
  blocks.push({ name: 'logits', layers: [globalAverage, flatten, dense(spec.classes, 'linear')] });
  return blocks;
}

/**
 * ResNet-18 with a 3x3 stem and no first pool, as used for 32x32 images (MAVFL's CIFAR-10 task). 10 classes: 11,173,962
 * parameters.
 */
export function resnet18(spec: ModelSpec): BlockPlan[] {
  const stem = [linearConv(64, 3), batchnorm, relu];
  return residualNetwork(spec, { stem, depths: [2, 2, 2, 2], block: basicBlock });
}

/** ResNet-18 as in the paper, for 224x224 images. 1000 classes: 11,689,512 parameters. */
export function resnet18Imagenet(spec: ModelSpec): BlockPlan[] {
  return residualNetwork(spec, { stem: imagenetStem, depths: [2, 2, 2, 2], block: basicBlock });
}

/** ResNet-50 for 224x224 images. 1000 classes: 25,557,032 parameters. */
export function resnet50(spec: ModelSpec): BlockPlan[] {
  return residualNetwork(spec, { stem: imagenetStem, depths: [3, 4, 6, 3], block: bottleneck });
}

/** Widens by `expansion`, filters each channel on its own, and narrows again without a rectifier. */
function invertedResidual(from: number, to: number, stride: number, expansion: number): LayerPlan[] {
  const inner = from * expansion;
  const widen = expansion === 1 ? [] : [linearConv(inner, 1), batchnorm, relu];
  const branch = [...widen, depthwise(3, stride), batchnorm, relu, linearConv(to, 1), batchnorm];
  return stride === 1 && from === to ? [residual(branch)] : branch;
}

/** Output channels and stride of each inverted residual. */
const mobileStages: readonly (readonly [number, number])[] = [
  [24, 1],
  [24, 1],
  [32, 2],
  [32, 1],
  [64, 2],
  [64, 1],
  [96, 1],
];

/**
 * A MobileNetV2-style network cut to 32x32 images: stem of 16, seven inverted residuals with expansion 4, a last 1x1
 * convolution of 256. The widths are ours; plain rectifiers instead of ReLU6.
 */
export function mobilenet(spec: ModelSpec): BlockPlan[] {
  const blocks: BlockPlan[] = [{ name: 'stem', layers: [linearConv(16, 3), batchnorm, relu] }];
  let from = 16;
  mobileStages.forEach(([to, stride], index) => {
    blocks.push({ name: `mobile${index + 1}`, layers: invertedResidual(from, to, stride, 4) });
    from = to;
  });
  blocks.push({ name: 'widen', layers: [linearConv(256, 1), batchnorm, relu] });
  blocks.push({ name: 'logits', layers: [globalAverage, flatten, dense(spec.classes, 'linear')] });
  return blocks;
}

/** Expansion, output channels, repeats and stride of the first, as table 2 of the paper has them. */
const mobileV2Stages: readonly (readonly [number, number, number, number])[] = [
  [1, 16, 1, 1],
  [6, 24, 2, 2],
  [6, 32, 3, 2],
  [6, 64, 4, 2],
  [6, 96, 3, 1],
  [6, 160, 3, 2],
  [6, 320, 1, 1],
];

/** MobileNetV2 for 224x224 images, plain rectifiers instead of ReLU6. 1000 classes: 3,504,872 parameters. */
export function mobilenetV2(spec: ModelSpec): BlockPlan[] {
  const blocks: BlockPlan[] = [{ name: 'stem', layers: [linearConv(32, 3, 2), batchnorm, relu] }];
  let from = 32;
  for (const [stage, [expansion, to, repeats, stride]] of mobileV2Stages.entries()) {
    for (let index = 0; index < repeats; index++) {
      const layers = invertedResidual(from, to, index === 0 ? stride : 1, expansion);
      blocks.push({ name: `mobile${stage + 1}.${index + 1}`, layers });
      from = to;
    }
  }
  blocks.push({ name: 'widen', layers: [linearConv(1280, 1), batchnorm, relu] });
  blocks.push({ name: 'logits', layers: [globalAverage, flatten, dense(spec.classes, 'linear')] });
  return blocks;
}
