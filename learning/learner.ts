// The Learner port: everything the rest of roadbed may ask of learning. Typed arrays in, typed arrays out; no tensor,
// no clock, no wire crosses this line. Real: `training/tfjs-learner.ts`. For tests that do not care about learning:
// `toy-learner.ts` (exact arithmetic). Must not: keep state between calls, except in a split half that is disposed.
//
// Glossary. Weights: all parameters of a model as one flat Float32Array in layer order (kernel before bias, the order of
// tf.LayersModel.getWeights). Cut: which layers of a model run in the car, the rest runs at the RSU. Smashed data: the
// activations that cross the cut (field term of split learning).

/** Which network, and the shapes it is built for. */
export interface ModelSpec {
  /** A name from `learning/models/zoo.ts`, e.g. `lenet5`. */
  readonly name: string;
  /** Height, width, channels. */
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
}

/**
 * A set of labelled images, or of sequences of tokens (then a sample is 1 x length x 1, a token a byte). Pixels stay
 * bytes; the engine scales them by 1/255 - 0.5. How many samples there are: `sampleCount` in data/dataset.ts.
 */
export interface Dataset {
  readonly inputShape: readonly [number, number, number];
  readonly classes: number;
  /** count x height x width x channels, row-major */
  readonly images: Uint8Array;
  /**
   * Labels below `classes`: one for each sample, or one for each position of each sample (count x positions, row-major)
   * where a model answers at every position, such as the next token of a text.
   */
  readonly labels: Uint8Array;
}

/**
 * Number c: the first c blocks of the model run in the car. Text: the names of the layers whose outputs cross, as in the
 * layer graph (cost/graph.ts), in its order, joined by `+`; they and all they depend on run in the car. What a cut
 * means, and which exist: split/cuts.ts.
 */
export type Cut = number | string;

/** Which samples of a data set one vehicle holds. */
export type Shard = Uint32Array;

/**
 * SGD with heavy-ball momentum; Adam (Kingma and Ba 2015, arXiv 1412.6980, algorithm 1) with decay rates 0.9 and 0.999
 * and epsilon 1e-8; or that with decoupled weight decay (Loshchilov and Hutter 2019, arXiv 1711.05101, algorithm 2).
 */
export type Optimiser = 'sgd' | 'adam' | 'adamw';

export interface TrainingSettings {
  readonly epochs: number;
  readonly batchSize: number;
  readonly learningRate: number;
  /** Momentum of `sgd`; 0 is plain SGD. Momentum and moments start at zero in every call. */
  readonly momentum: number;
  /** `sgd` where absent. */
  readonly optimiser?: Optimiser;
  /** Of `adamw`: the share of a weight it loses in a step, over the learning rate; 0.01 where absent. */
  readonly weightDecay?: number;
  /**
   * mu of the proximal term mu/2 |w - anchor|^2 that is added to the loss, so mu (w - anchor) to every gradient (FedProx,
   * Li et al. 2020, arXiv 1812.06127, Equation 2); none where absent. The loss that is reported is without it.
   */
  readonly proximal?: number;
  /** Decides the order of mini-batches, nothing else. */
  readonly seed: number;
}

/** What an optimiser remembers between two epochs. */
export interface Carried {
  /** Momentum, or both moments of Adam, one behind the other, each in the order of the weights; empty where none is kept. */
  readonly moments: Float32Array;
  /** Steps taken so far. */
  readonly steps: number;
}

/** Some of the epochs of `settings`: those from `from` (0-based) up to, but without, `to`. */
export interface EpochSpan {
  readonly from: number;
  readonly to: number;
  /** What the call before gave back; absent in the first. */
  readonly carried?: Carried;
}

export interface TrainRequest {
  readonly model: ModelSpec;
  readonly weights: Float32Array;
  readonly data: Dataset;
  readonly shard: Shard;
  readonly settings: TrainingSettings;
  /** All epochs where absent. Spans one after the other give the bytes that all at once give. */
  readonly span?: EpochSpan;
  /** What the proximal term pulls towards; `weights` where absent. */
  readonly anchor?: Float32Array; // parameters
  /** Added to the gradient of every step (SCAFFOLD, FedDyn); nothing where absent. */
  readonly correction?: Float32Array; // parameters
}

export interface TrainResult {
  readonly weights: Float32Array;
  readonly samples: number;
  /** Mini-batches of this call. */
  readonly steps: number;
  /** Mean cross-entropy over the mini-batches of the last epoch, before each step. */
  readonly trainLoss: number;
  /** For the next call, where a span was asked for. */
  readonly carried?: Carried;
}

export interface EvaluateRequest {
  readonly model: ModelSpec;
  readonly weights: Float32Array;
  readonly data: Dataset;
}

export interface EvaluateResult {
  /** Mean cross-entropy over all labels. */
  readonly loss: number;
  /** Share of labels that are the largest logit of their sample or position, 0..1. */
  readonly accuracy: number;
  readonly samples: number;
}

/** The car's half of a split model during one round. */
export interface LowerHalf {
  /** Number of mini-batches of one epoch times epochs. */
  readonly steps: number;
  /**
   * Smashed data of mini-batch `step` (0-based, in order), and its labels. Where several tensors cross they lie one behind
   * the other in the order of the frontier (split/cuts.ts), each samples x its shape.
   */
  forward(step: number): { smashed: Float32Array; samples: number; labels: Uint8Array };
  /**
   * Applies the gradient of the loss with respect to that step's smashed data, laid out as these, and updates the lower
   * weights.
   */
  backward(step: number, gradient: Float32Array): void;
  /** The lower weights now. */
  weights(): Float32Array;
  dispose(): void;
}

/** The RSU's half of a split model during one round of one vehicle. */
export interface UpperHalf {
  /** One training step: loss and the gradient with respect to the smashed data, laid out as they; updates the weights. */
  step(smashed: Float32Array, labels: Uint8Array): { loss: number; gradient: Float32Array };
  weights(): Float32Array;
  dispose(): void;
}

/**
 * The RSU's part of a U-shape during one round of one vehicle: the layers between the cut and the car's end of the model,
 * which is an UpperHalf in the car, because the labels stay there.
 */
export interface MiddleHalf {
  /** What crosses to the car's end, from smashed data. One mini-batch at a time. */
  forward(smashed: Float32Array): Float32Array;
  /** Takes the gradient of what `forward` gave last, gives that of its smashed data, and updates the middle weights. */
  backward(gradient: Float32Array): Float32Array;
  weights(): Float32Array;
  dispose(): void;
}

export interface LowerHalfRequest {
  readonly model: ModelSpec;
  readonly cut: Cut;
  readonly lowerWeights: Float32Array;
  readonly data: Dataset;
  readonly shard: Shard;
  readonly settings: TrainingSettings;
}

export interface UpperHalfRequest {
  readonly model: ModelSpec;
  readonly cut: Cut;
  readonly upperWeights: Float32Array;
  readonly settings: TrainingSettings;
}

export interface MiddleHalfRequest {
  readonly model: ModelSpec;
  readonly cut: Cut;
  /** Block with which the car's end begins: the cut of that UpperHalf. */
  readonly head: number;
  readonly middleWeights: Float32Array;
  readonly settings: TrainingSettings;
}

/** What trains. Every method rejects with a TrainingError when the loss or a weight stops being finite. */
export interface Learner {
  /** Engine name and version for the run's manifest, e.g. `wasm (tfjs 4.22.0, roadbed kernels, SIMD)`. */
  readonly engine: string;
  /** The same for one model, where models run differently: how this one trains, and why not faster. */
  engineFor?(model: ModelSpec): string;
  /** Deterministic in (model, seed): Glorot uniform kernels, zero biases, from our own random stream. */
  initialWeights(model: ModelSpec, seed: number): Float32Array;
  train(request: TrainRequest): Promise<TrainResult>;
  evaluate(request: EvaluateRequest): Promise<EvaluateResult>;
  openLower(request: LowerHalfRequest): Promise<LowerHalf>;
  openUpper(request: UpperHalfRequest): Promise<UpperHalf>;
  openMiddle(request: MiddleHalfRequest): Promise<MiddleHalf>;
}

/** Local training that cannot give a usable result: that car's round fails, the run goes on. */
export class TrainingError extends Error {
  override name = 'TrainingError';
}
