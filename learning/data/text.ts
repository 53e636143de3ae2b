// Texts as rows of token numbers, each one byte, all of one length: a sample is 1 x length x 1, so that a text set is a
// data set like any other. Must not: open files, or look at test texts when it makes its vocabulary.
//
// Glossary. Token: a byte of the UTF-8 text, or a word. Number 0 is padding; with words, 1 is a word not in the vocabulary.

import type { Dataset } from '../learner.ts';

export interface TokenOptions {
  readonly tokens: 'bytes' | 'words';
  /** Tokens of one sample: longer texts are cut, shorter ones padded at their end. */
  readonly length: number;
}

export const defaultTokens: TokenOptions = { tokens: 'bytes', length: 64 };

/** Token numbers are one byte; 0 and 1 have a meaning of their own. */
const wordsMost = 254;

/** From a text to token numbers, not cut and not padded. */
export type Tokenizer = (text: string) => Uint8Array;

function wordsOf(text: string): string[] {
  return text.toLowerCase().match(/[\p{L}\p{N}']+/gu) ?? [];
}

/** Numbers for the most frequent words of `texts`, ties in the order of the alphabet. */
function wordTokenizer(texts: readonly string[]): Tokenizer {
  const counts = new Map<string, number>();
  for (const text of texts) for (const word of wordsOf(text)) counts.set(word, (counts.get(word) ?? 0) + 1);
  const frequent = [...counts].sort(([a, countA], [b, countB]) => countB - countA || (a < b ? -1 : 1));
  const numbers = new Map(frequent.slice(0, wordsMost).map(([word], rank) => [word, rank + 2]));
  return (text) => Uint8Array.from(wordsOf(text), (word) => numbers.get(word) ?? 1);
}

/** A tokenizer for these training texts. */
export function tokenizerFor(texts: readonly string[], { tokens }: TokenOptions): Tokenizer {
  const encoder = new TextEncoder();
  return tokens === 'bytes' ? (text) => encoder.encode(text) : wordTokenizer(texts);
}

/** Texts with their labels as a data set. Throws RangeError at a length below 1. */
export function encodeTexts(
  texts: readonly string[],
  labels: Uint8Array,
  options: { readonly tokenizer: Tokenizer; readonly length: number; readonly classes: number },
): Dataset {
  const { tokenizer, length, classes } = options;
  if (!Number.isInteger(length) || length < 1)
    throw new RangeError(`invalid length: ${length} (expected >= 1)`);
  const images = new Uint8Array(texts.length * length);
  texts.forEach((text, index) => {
    images.set(tokenizer(text).subarray(0, length), index * length);
  });
  return { inputShape: [1, length, 1], classes, images, labels };
}
