// Transformers over tokens (Vaswani et al. 2017, arXiv 1706.03762), layer norm before each half as in GPT-2 (Radford et
// al. 2019). Weights of embedding and head are not shared: a cut between them would have to keep both copies equal.
// Must not: import tfjs.

import type { ModelSpec } from '../../learner.ts';
import {
  type BlockPlan,
  dense,
  flatten,
  gelu,
  globalAverage,
  type LayerPlan,
  layernorm,
  project,
  residual,
} from '../plan.ts';

interface Size {
  readonly layers: number;
  readonly width: number;
  readonly heads: number;
  readonly causal: boolean;
}

function attention({ width, heads, causal }: Size): LayerPlan {
  const branch = (): readonly LayerPlan[] => [project(width)];
  return { kind: 'merge', how: 'attention', branches: [branch(), branch(), branch()], heads, causal };
}

/** Attention and a dense layer of four times the width, each behind a layer norm and beside a shortcut. */
function transformerBlocks(size: Size): BlockPlan[] {
  const { width } = size;
  return Array.from({ length: size.layers }, (_, index) => ({
    name: `layer${index + 1}`,
    layers: [
      residual([layernorm, attention(size), project(width)]),
      residual([layernorm, project(4 * width), gelu, project(width)]),
    ],
  }));
}

/** Language model: the logits of the next token at every position. `classes` is the vocabulary. */
function languageModel(spec: ModelSpec, size: Size): BlockPlan[] {
  return [
    { name: 'embedding', layers: [{ kind: 'embedding', vocabulary: spec.classes, width: size.width }] },
    ...transformerBlocks(size),
    { name: 'logits', layers: [layernorm, project(spec.classes, false)] },
  ];
}

/** The tiny GPT of the benchmark: 4 layers, width 128, 4 heads. 64 tokens of 65: 818,176 parameters. */
export function gpt(spec: ModelSpec): BlockPlan[] {
  return languageModel(spec, { layers: 4, width: 128, heads: 4, causal: true });
}

/** GPT-2 small: 12 layers, width 768, 12 heads; with 1024 tokens of 50,257 and an untied head. */
export function gpt2(spec: ModelSpec): BlockPlan[] {
  return languageModel(spec, { layers: 12, width: 768, heads: 12, causal: true });
}

/** Text classifier: two layers of width 64 over bytes or word ids (below 256), the mean of all positions, one dense. */
export function textTransformer(spec: ModelSpec): BlockPlan[] {
  const size: Size = { layers: 2, width: 64, heads: 4, causal: false };
  return [
    { name: 'embedding', layers: [{ kind: 'embedding', vocabulary: 256, width: size.width }] },
    ...transformerBlocks(size),
    { name: 'logits', layers: [layernorm, globalAverage, flatten, dense(spec.classes, 'linear')] },
  ];
}

/**
 * ViT-B/16 (Dosovitskiy et al., ICLR 2021): patches of 16x16 as tokens, 12 layers, width 768, the class read off the first
 * token. 224x224 and 1000 classes: 86,567,656 parameters.
 */
export function vitB16(spec: ModelSpec): BlockPlan[] {
  const width = 768;
  const patches: LayerPlan = {
    kind: 'linear-conv',
    filters: width,
    kernel: 16,
    stride: 16,
    padding: 'valid',
    bias: true,
  };
  return [
    { name: 'patches', layers: [patches] },
    { name: 'tokens', layers: [{ kind: 'tokens' }] },
    ...transformerBlocks({ layers: 12, width, heads: 12, causal: false }),
    { name: 'logits', layers: [layernorm, { kind: 'first-token' }, dense(spec.classes, 'linear')] },
  ];
}
