// The kernels of transformers and of Adam as compiled steps call them.
// Must not: hold code; assembly/matrix.ts, attention.ts, attention-halves.ts, layer-norm.ts, embedding.ts, activation.ts and adam.ts say what
// every argument means.

type Address = number;

/** Where a matrix lies: address, bytes from row to row and from column to column. */
type Matrix = readonly [address: Address, rowBytes: number, columnBytes: number];
type Sides = readonly [rows: number, columns: number, depth: number];
type AttentionShape = readonly [
  samples: number,
  heads: number,
  length: number,
  width: number,
  causal: boolean,
];

export interface SequenceKernels {
  multiplyRows(
    ...args: [
      ...a: Matrix,
      ...b: Matrix,
      bias: Address,
      c: Address,
      cRowBytes: number,
      ...Sides,
      work: Address,
    ]
  ): void;
  multiplyWork(columns: number, depth: number): number;
  attention(
    ...args: [
      q: Address,
      k: Address,
      v: Address,
      out: Address,
      weights: Address,
      ...AttentionShape,
      work: Address,
    ]
  ): void;
  attentionGradient(
    ...args: [
      q: Address,
      k: Address,
      v: Address,
      dy: Address,
      weights: Address,
      dq: Address,
      dk: Address,
      dv: Address,
      ...AttentionShape,
      work: Address,
    ]
  ): void;
  attentionScores(...args: [q: Address, k: Address, scores: Address, ...AttentionShape, work: Address]): void;
  attentionScoresGradient(
    ...args: [
      q: Address,
      k: Address,
      dScores: Address,
      dq: Address,
      dk: Address,
      ...AttentionShape,
      work: Address,
    ]
  ): void;
  attentionMix(
    ...args: [scores: Address, v: Address, out: Address, weights: Address, ...AttentionShape, work: Address]
  ): void;
  attentionMixGradient(
    ...args: [
      v: Address,
      dy: Address,
      weights: Address,
      dScores: Address,
      dv: Address,
      ...AttentionShape,
      work: Address,
    ]
  ): void;
  attentionBytes(length: number): number;
  attentionWork(length: number, headWidth: number): number;
  layerNorm(
    x: Address,
    scale: Address,
    shift: Address,
    out: Address,
    statistics: Address,
    rows: number,
    width: number,
    epsilon: number,
  ): void;
  layerNormGradient(
    x: Address,
    dy: Address,
    scale: Address,
    statistics: Address,
    dx: Address,
    dScale: Address,
    dShift: Address,
    rows: number,
    width: number,
  ): void;
  embed(
    tokens: Address,
    table: Address,
    positions: Address,
    out: Address,
    samples: number,
    length: number,
    width: number,
  ): void;
  embedGradient(
    tokens: Address,
    dy: Address,
    dTable: Address,
    dPositions: Address,
    samples: number,
    length: number,
    vocabulary: number,
    width: number,
  ): void;
  gelu(x: Address, out: Address, count: number): void;
  geluGradient(x: Address, dy: Address, dx: Address, count: number): void;
  silu(x: Address, out: Address, count: number): void;
  siluGradient(x: Address, dy: Address, dx: Address, count: number): void;
}
