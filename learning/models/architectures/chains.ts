// The models that are plain chains of layers: the ones cars train most.
// Must not: import tfjs, or change a layer order: recorded weights are one vector in layer order.

import type { ModelSpec } from '../../learner.ts';
import { type BlockPlan, conv, dense, flatten, maxpool2 } from '../plan.ts';

/** One linear layer: convex, so algorithms can be checked against what theory says. */
export function softmaxRegression(spec: ModelSpec): BlockPlan[] {
  return [{ name: 'logits', layers: [flatten, dense(spec.classes, 'linear')] }];
}

/** One hidden layer of 128, the MLP of McMahan et al., "Communication-Efficient Learning" (AISTATS 2017), smaller. */
export function mlp(spec: ModelSpec): BlockPlan[] {
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
export function lenet5(spec: ModelSpec): BlockPlan[] {
  const padding = spec.inputShape[0] < 32 ? 'same' : 'valid';
  return [
    { name: 'conv1', layers: [conv(6, 5, padding), maxpool2] },
    { name: 'conv2', layers: [conv(16, 5, 'valid'), maxpool2] },
    { name: 'dense1', layers: [flatten, dense(120, 'relu')] },
    { name: 'dense2', layers: [dense(84, 'relu')] },
    { name: 'logits', layers: [dense(spec.classes, 'linear')] },
  ];
}

/**
 * The "12-layer LeNet" on which adaptive split learning is evaluated (ASL, arXiv 2403.05158). The paper's layer list
 * could not be read; the chain (six 3x3 convolutions, three pools, three dense) and its widths are ours. Every layer is
 * a block, because ASL may cut behind any. 28x28x1 and 10 classes: 805,034 parameters.
 */
export function lenet12(spec: ModelSpec): BlockPlan[] {
  return [
    { name: 'conv1', layers: [conv(32, 3, 'same')] },
    { name: 'conv2', layers: [conv(32, 3, 'same')] },
    { name: 'pool1', layers: [maxpool2] },
    { name: 'conv3', layers: [conv(64, 3, 'same')] },
    { name: 'conv4', layers: [conv(64, 3, 'same')] },
    { name: 'pool2', layers: [maxpool2] },
    { name: 'conv5', layers: [conv(128, 3, 'same')] },
    { name: 'conv6', layers: [conv(128, 3, 'same')] },
    { name: 'pool3', layers: [maxpool2] },
    { name: 'dense1', layers: [flatten, dense(384, 'relu')] },
    { name: 'dense2', layers: [dense(192, 'relu')] },
    { name: 'logits', layers: [dense(spec.classes, 'linear')] },
  ];
}

/** Two 3x3 convolutions and one hidden dense layer: the usual small CNN for 32x32 colour images. */
export function cnn(spec: ModelSpec): BlockPlan[] {
  return [
    { name: 'conv1', layers: [conv(32, 3, 'same'), maxpool2] },
    { name: 'conv2', layers: [conv(64, 3, 'same'), maxpool2] },
    { name: 'dense1', layers: [flatten, dense(64, 'relu')] },
    { name: 'logits', layers: [dense(spec.classes, 'linear')] },
  ];
}

/**
 * The CNN of pfl-research's CIFAR-10 benchmark (Granqvist et al. 2024, arXiv 2404.06430): two unpadded convolutions, one
 * pool, one hidden dense layer. Its dropout is left out: it changes no cost, and a car trains each sample a few times
 * only. 32x32x3 and 10 classes: 1,626,442 parameters.
 */
export function cnnPfl(spec: ModelSpec): BlockPlan[] {
  return [
    { name: 'conv1', layers: [conv(32, 3, 'valid')] },
    { name: 'conv2', layers: [conv(64, 3, 'valid'), maxpool2] },
    { name: 'dense1', layers: [flatten, dense(128, 'relu')] },
    { name: 'logits', layers: [dense(spec.classes, 'linear')] },
  ];
}
