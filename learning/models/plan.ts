// What a model is made of, as plain data: kinds of layers, and blocks of them. `blocks.ts` fills in the shapes, the cost
// model counts them, `zoo.ts` spells them in tfjs. Must not: import tfjs, or know a model by name.
//
// Glossary. Block: what a cut may fall behind. Merge: a place where several branches that start from one tensor come
// together again. Tokens: a text as numbers, one sample is [1, length, 1]; behind an embedding it is [1, length, width].

/** Height, width, channels of one sample; a flat sample is [1, 1, n]. */
export type Shape = readonly [number, number, number];

/** The kinds of plain chains. A convolution carries its bias and rectifier. */
export type ChainLayerPlan =
  | {
      readonly kind: 'conv';
      readonly filters: number;
      readonly kernel: number;
      readonly padding: 'valid' | 'same';
    }
  | { readonly kind: 'maxpool'; readonly window: number }
  | { readonly kind: 'flatten' }
  | { readonly kind: 'dense'; readonly units: number; readonly activation: 'relu' | 'linear' };

/** The kinds of residual, mobile and transformer models. */
export type WideLayerPlan =
  /** A convolution without rectifier; `same` padding puts out ceil(side / stride). */
  | {
      readonly kind: 'linear-conv';
      readonly filters: number;
      readonly kernel: number;
      readonly stride: number;
      readonly padding: 'valid' | 'same';
      readonly bias: boolean;
    }
  /** One filter a channel, `same` padding, no bias. */
  | { readonly kind: 'depthwise'; readonly kernel: number; readonly stride: number }
  /** Normalises each channel over the mini-batch, in evaluation too: it keeps no running statistics. */
  | { readonly kind: 'batchnorm' }
  /** Normalises each position over its channels (Ba, Kiros and Hinton 2016, arXiv 1607.06450). */
  | { readonly kind: 'layernorm' }
  | { readonly kind: 'activate'; readonly how: 'relu' | 'gelu' | 'silu' }
  /** Pooling with a stride of its own, `same` padding. */
  | {
      readonly kind: 'pool';
      readonly how: 'max' | 'average';
      readonly window: number;
      readonly stride: number;
    }
  /** The mean of each channel: [1, 1, channels]. */
  | { readonly kind: 'globalaverage' }
  /** A vector for each token plus a learned one for each position. */
  | { readonly kind: 'embedding'; readonly vocabulary: number; readonly width: number }
  /** The pixels of an image as tokens behind a learned one, plus a learned vector for each position. */
  | { readonly kind: 'tokens' }
  /** The first token alone. */
  | { readonly kind: 'first-token' }
  /** The same dense layer at every position. */
  | { readonly kind: 'project'; readonly units: number; readonly bias: boolean }
  | MergePlan;

/**
 * Branches from one input, joined: their sum, their channels side by side, or scaled dot-product attention of exactly
 * three branches (queries, keys, values; Vaswani et al. 2017, arXiv 1706.03762). An empty branch is the input itself.
 */
export interface MergePlan {
  readonly kind: 'merge';
  readonly how: 'add' | 'concat' | 'attention';
  readonly branches: readonly (readonly LayerPlan[])[];
  /** Of attention only. */
  readonly heads?: number;
  /** Of attention only: a position sees none behind it. */
  readonly causal?: boolean;
}

export type LayerPlan = ChainLayerPlan | WideLayerPlan;

/** What a cut may fall behind. */
export interface BlockPlan {
  readonly name: string;
  readonly layers: readonly LayerPlan[];
}

export const flatten: LayerPlan = { kind: 'flatten' };
export const maxpool2: LayerPlan = { kind: 'maxpool', window: 2 };
export const batchnorm: LayerPlan = { kind: 'batchnorm' };
export const layernorm: LayerPlan = { kind: 'layernorm' };
export const relu: LayerPlan = { kind: 'activate', how: 'relu' };
export const gelu: LayerPlan = { kind: 'activate', how: 'gelu' };
export const globalAverage: LayerPlan = { kind: 'globalaverage' };

export function dense(units: number, activation: 'relu' | 'linear'): LayerPlan {
  return { kind: 'dense', units, activation };
}

export function conv(filters: number, kernel: number, padding: 'valid' | 'same'): LayerPlan {
  return { kind: 'conv', filters, kernel, padding };
}

/** A convolution without bias, for batch normalisation brings its own. */
export function linearConv(filters: number, kernel: number, stride = 1): LayerPlan {
  return { kind: 'linear-conv', filters, kernel, stride, padding: 'same', bias: false };
}

export function depthwise(kernel: number, stride: number): LayerPlan {
  return { kind: 'depthwise', kernel, stride };
}

export function project(units: number, bias = true): LayerPlan {
  return { kind: 'project', units, bias };
}

/** The sum of a branch and a shortcut; an empty shortcut is the input itself. */
export function residual(branch: readonly LayerPlan[], shortcut: readonly LayerPlan[] = []): LayerPlan {
  return { kind: 'merge', how: 'add', branches: [branch, shortcut] };
}
