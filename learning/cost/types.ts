// What a model costs, layer by layer: the numbers from which time, energy and cuts are decided without running anything.
// Must not: know devices' names or radio.

/** One block of a model: what a cut may fall behind. */
export interface BlockCost {
  readonly name: string;
  /** Multiply and add counted as two, one sample, forward. */
  readonly forwardFlops: number;
  /** Backward, one sample (input and weight gradients). */
  readonly backwardFlops: number;
  /** Number of trainable parameters (float32 each). */
  readonly parameters: number;
  /** Floats in the block's output for one sample: what crosses a cut behind it. */
  readonly outputFloats: number;
}

/** The whole model; cut c puts blocks 0..c-1 into the car (0 < c < blocks.length). */
export interface ModelCost {
  readonly model: string;
  readonly blocks: readonly BlockCost[];
  readonly parameters: number;
  readonly forwardFlops: number;
  readonly backwardFlops: number;
  /** Label bytes that travel with one sample: 1, or one for each position at which the model answers. */
  readonly labelsPerSample: number;
}
