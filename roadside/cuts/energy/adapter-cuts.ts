// What each cut of a decoder-only language model costs when only low-rank adapters (LoRA) are trained: the base is frozen and
// installed on both sides. Formulas ours, in the class of CARD's (arXiv 2412.00090): products only.
// Must not: decide.

import type { CardCut } from './card.ts';

export interface DecoderShape {
  readonly blocks: number;
  readonly width: number;
  /** Width of keys and of values, smaller than `width` with grouped queries. */
  readonly keyWidth: number;
  readonly feedForwardWidth: number;
  readonly vocabulary: number;
  /** Rank of the adapters, on the projections of queries and values. */
  readonly rank: number;
  readonly batch: number;
  readonly tokens: number;
}

const bitsPerNumber = 16;

/** Weights of one block: queries and output, keys and values, three of the gated feed-forward part. */
export function blockParameters({ width, keyWidth, feedForwardWidth }: DecoderShape): number {
  return 2 * width * width + 2 * width * keyWidth + 3 * width * feedForwardWidth;
}

/** Of the adapters of one block: r (d + d) for queries, r (d + d_kv) for values. */
export function adapterParameters({ width, keyWidth, rank }: DecoderShape): number {
  return rank * (2 * width + (width + keyWidth));
}

/** Forward twice (no gradient of frozen weights), and all three passes of the adapters. */
export function blockFlops(shape: DecoderShape): number {
  const { batch, tokens, width } = shape;
  const forward = batch * tokens * (2 * blockParameters(shape) + 4 * tokens * width);
  return 2 * forward + 6 * batch * tokens * adapterParameters(shape);
}

export function headFlops({ batch, tokens, width, vocabulary }: DecoderShape): number {
  return 2 * 2 * batch * tokens * width * vocabulary;
}

/** Cuts 0 .. blocks. At 0 the car embeds, so that raw text stays in it; at the last it holds the head too. */
export function adapterCuts(shape: DecoderShape): CardCut[] {
  const { blocks, batch, tokens, width } = shape;
  const [block, total] = [blockFlops(shape), blocks * blockFlops(shape) + headFlops(shape)];
  return Array.from({ length: blocks + 1 }, (_, cut) => {
    const deviceFlops = cut === blocks ? total : cut * block;
    return {
      deviceFlops,
      serverFlops: total - deviceFlops,
      smashedBits: cut === blocks ? 0 : batch * tokens * width * bitsPerNumber,
      adapterBits: cut * adapterParameters(shape) * bitsPerNumber,
    };
  });
}
