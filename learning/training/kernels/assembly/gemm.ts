// Batched matrix product, C = op(A) * op(B), all four transposes, float32.
// Order of loops after Goto and van de Geijn, "Anatomy of high-performance matrix multiplication" (ACM TOMS 2008),
// without packing A: the tile broadcasts single elements of A, so A is read where it lies.
// Must not: allocate; the caller hands in room for one packed block of B.

import { packPanel, PANEL, ROWS, tile } from './tile';

/** Depth of a block: a panel of 256 x 8 floats is 8 KiB and stays in the first-level cache. */
const DEPTH: i32 = 256;
/** Rows of a block of A: 64 x 256 floats are 64 KiB and stay in the second-level cache. */
const BLOCK: i32 = 64;

/** Bytes of `scratch` that `gemm` needs for a product with `columns` columns. */
export function gemmScratch(columns: i32, depth: i32): i32 {
  const panels = (columns + PANEL - 1) / PANEL;
  return panels * PANEL * min<i32>(depth, DEPTH) * 4;
}

/**
 * a: batch x (M x K, or K x M if transposeA); b: batch x (K x N, or N x K if transposeB); c: batch x M x N.
 * aBatch, bBatch: floats between the matrices of a batch; 0 repeats the same one.
 */
export function gemm(
  transposeA: bool, transposeB: bool, batch: i32, M: i32, N: i32, K: i32,
  a: usize, aBatch: i32, b: usize, bBatch: i32, c: usize, scratch: usize,
): void {
  if (K == 0) memory.fill(c, 0, <usize>(batch * M * N) << 2);
  const aRow: usize = transposeA ? 4 : <usize>K << 2;
  const aDepth: usize = transposeA ? <usize>M << 2 : 4;
  const bRow: usize = transposeB ? 4 : <usize>N << 2;
  const bCol: usize = transposeB ? <usize>K << 2 : 4;
  for (let image = 0; image < batch; image++) {
    for (let k = 0; k < K; k += DEPTH) {
      const depth = min<i32>(DEPTH, K - k);
      if (k == 0 || batch > 1 || K > DEPTH) packBlock(b + <usize>k * bRow, bRow, bCol, depth, N, scratch);
      for (let m = 0; m < M; m += BLOCK) {
        const rows = min<i32>(BLOCK, M - m);
        block(
          a + <usize>m * aRow + <usize>k * aDepth, aRow, aDepth, depth, scratch,
          c + ((<usize>m * <usize>N) << 2), rows, N, k > 0,
        );
      }
    }
    a += <usize>aBatch << 2;
    b += <usize>bBatch << 2;
    c += <usize>(M * N) << 2;
  }
}

/** Packs `depth` rows of B, all N columns, panel after panel. */
function packBlock(b: usize, bRow: usize, bCol: usize, depth: i32, N: i32, scratch: usize): void {
  for (let n = 0; n < N; n += PANEL) {
    packPanel(b + <usize>n * bCol, bRow, bCol, depth, min<i32>(PANEL, N - n), scratch);
    scratch += <usize>(depth * PANEL) << 2;
  }
}

/** rows x N of C from rows x depth of A and one packed block of B. */
function block(
  a: usize, aRow: usize, aDepth: usize, depth: i32, packed: usize, c: usize, rows: i32, N: i32, accumulate: bool,
): void {
  const cStep: usize = <usize>N << 2;
  for (let n = 0; n < N; n += PANEL) {
    const cols = min<i32>(PANEL, N - n);
    for (let m = 0; m < rows; m += ROWS) {
      const left = min<i32>(ROWS, rows - m);
      const a0 = a + <usize>m * aRow;
      const a1 = left > 1 ? a0 + aRow : a0;
      const a2 = left > 2 ? a1 + aRow : a0;
      const a3 = left > 3 ? a2 + aRow : a0;
      tile(a0, a1, a2, a3, 1, 0, depth, aDepth, packed, c + <usize>m * cStep + (<usize>n << 2), cStep, left, cols, accumulate);
    }
    packed += <usize>(depth * PANEL) << 2;
  }
}
