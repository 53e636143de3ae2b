// Token embedding: a row of a table for each token, plus a row for each position. Tokens come as every input does, as
// byte / 255 - 0.5. Must not: be called with tokens beyond the table; the data are checked before training.

import { add } from './elementwise';

@inline
function tokenAt(tokens: usize): usize {
  return <usize>nearest((load<f32>(tokens) + 0.5) * 255);
}

/** out[samples, length, width] = table[token] + positions[length, width]. */
export function embed(
  tokens: usize, table: usize, positions: usize, out: usize, samples: i32, length: i32, width: i32,
): void {
  const bytes = <usize>width << 2;
  for (let s = 0; s < samples; s++) {
    for (let p: usize = 0; p < <usize>length; p++) {
      add(table + tokenAt(tokens) * bytes, positions + p * bytes, out, width);
      tokens += 4;
      out += bytes;
    }
  }
}

/** Sums dy[samples, length, width] into the rows that were read: dTable[vocabulary, width], dPositions[length, width]. */
export function embedGradient(
  tokens: usize, dy: usize, dTable: usize, dPositions: usize, samples: i32, length: i32, vocabulary: i32, width: i32,
): void {
  const bytes = <usize>width << 2;
  memory.fill(dTable, 0, <usize>vocabulary * bytes);
  memory.fill(dPositions, 0, <usize>length * bytes);
  for (let s = 0; s < samples; s++) {
    for (let p: usize = 0; p < <usize>length; p++) {
      const row = dTable + tokenAt(tokens) * bytes;
      add(row, dy, row, width);
      const position = dPositions + p * bytes;
      add(position, dy, position, width);
      tokens += 4;
      dy += bytes;
    }
  }
}
