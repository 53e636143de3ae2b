// A tf.LayersModel with its weights as one flat vector, and the step that trains all or some of its layers. Whole training,
// the car's half and the RSU's half all go through `Part`, so a split model does the same arithmetic as a whole one.
// Must not: use model.fit (five times slower on small nets, stack measurements), or leave a tensor behind.

import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../base/assert.ts';
import { type Carried, type Cut, type ModelSpec, TrainingError } from '../learner.ts';
import { labelsPerSample } from '../models/blocks.ts';
import { type BuiltModel, buildModel } from '../models/zoo.ts';
import { layersBetween } from '../split/layer-sets.ts';
import { LayerPart } from './layer-part.ts';
import { crossEntropy } from './ops.ts';
import { OptimiserState, type StepSettings } from './optimiser.ts';

/** A built model; reused through NetworkPool. */
export interface Network {
  readonly key: string;
  readonly spec: ModelSpec;
  readonly built: BuiltModel;
}

/** Built models by spec. Building takes milliseconds and variables, so a finished round hands its model back. */
export class NetworkPool {
  readonly #idle = new Map<string, Network[]>();

  take(spec: ModelSpec): Network {
    const key = `${spec.name} ${spec.inputShape.join('x')} ${spec.classes}`;
    return this.#idle.get(key)?.pop() ?? { key, spec, built: buildModel(spec) };
  }

  give(network: Network): void {
    const idle = this.#idle.get(network.key);
    if (idle) idle.push(network);
    else this.#idle.set(network.key, [network]);
  }
}

/** The layers between two cuts of a network (0 and the number of blocks are its ends) with momentum of their own. */
export class Part {
  readonly #labelsPerSample: number;
  readonly #network: Network;
  readonly #layers: LayerPart;
  readonly #variables: tf.Variable[];
  readonly #optimiser = new OptimiserState();

  constructor(network: Network, from: Cut, to: Cut) {
    const { spec, built } = network;
    this.#network = network;
    this.#layers = new LayerPart(built, layersBetween(spec, from, to));
    this.#variables = this.#layers.variables();
    this.#labelsPerSample = labelsPerSample(spec);
  }

  get network(): Network {
    return this.#network;
  }

  /** Sets all weights from one flat vector and forgets the momentum. */
  setWeights(flat: Float32Array): void {
    const tensors = this.#tensorsOf(flat);
    this.#variables.forEach((variable, i) => {
      variable.assign(tensors[i]!);
    });
    tf.dispose(tensors);
    this.#optimiser.forget();
  }

  /** One flat vector as a tensor for each variable; the caller disposes. */
  #tensorsOf(flat: Float32Array): tf.Tensor[] {
    const expected = this.#variables.reduce((sum, variable) => sum + variable.size, 0);
    assert(flat.length === expected, `${this.#network.key}: ${flat.length} weights (expected ${expected})`);
    let at = 0;
    return this.#variables.map((variable) => {
      const values = flat.slice(at, at + variable.size);
      at += variable.size;
      return tf.tensor(values, variable.shape);
    });
  }

  /** From now on mu (w - anchor) + correction is added to every gradient. */
  pull(anchor: Float32Array, correction: Float32Array | undefined): void {
    const corrections = correction && this.#tensorsOf(correction);
    const pulls = this.#tensorsOf(anchor).map((one, i) => ({ anchor: one, correction: corrections?.[i] }));
    this.#optimiser.pull(pulls);
  }

  /** Goes on with the momentum of an earlier call. */
  resume({ moments, steps }: Carried): void {
    const size = this.#variables.reduce((sum, variable) => sum + variable.size, 0);
    const each = Array.from({ length: moments.length / size }, (_, i) =>
      this.#tensorsOf(moments.subarray(i * size, (i + 1) * size)),
    );
    this.#optimiser.resume(
      this.#variables.map((_, v) => each.map((tensors) => tensors[v]!)),
      steps,
    );
  }

  /** Momentum now, for the next call. */
  async carried(): Promise<Carried> {
    const { kept, steps } = this.#optimiser;
    const each = kept[0]?.map((_, moment) => kept.map((tensors) => tensors[moment]!)) ?? [];
    return { moments: joined(await readLater(each.flat())), steps };
  }

  /** All weights as one flat vector. Throws TrainingError if one of them is not finite. */
  weights(): Float32Array {
    return joined(this.#variables.map((variable) => variable.dataSync() as Float32Array));
  }

  /** `weights` for engines that hand numbers back only later. */
  async weightsLater(): Promise<Float32Array> {
    return joined(await readLater(this.#variables));
  }

  /** A tensor of labels. One beyond the classes would make the loss kernel write outside its row: TrainingError. */
  #labelTensor(labels: Uint8Array): tf.Tensor1D {
    const { classes } = this.#network.spec;
    const wrong = labels.find((label) => label >= classes);
    if (wrong !== undefined) throw new TrainingError(`label ${wrong} (expected 0..${classes - 1})`);
    return tf.tensor1d(Int32Array.from(labels), 'int32');
  }

  /** Outputs for `count` inputs; several tensors lie one behind the other, here and in `values`. */
  predict(values: Float32Array, count: number): Float32Array {
    return tf.tidy(() => {
      const outputs = this.#layers.forward(this.#layers.inputs(values, count));
      return chained(outputs.map((tensor) => tensor.dataSync() as Float32Array));
    });
  }

  /** Sum of the losses, and number of labels that are the largest logit (the first of equals). */
  score(values: Float32Array, labels: Uint8Array): { lossSum: number; correct: number } {
    return tf.tidy(() => {
      const { logits, losses } = this.#judge(values, labels);
      return scored(logits.dataSync() as Float32Array, losses.dataSync() as Float32Array, labels);
    });
  }

  /** `score` for engines that hand numbers back only later. */
  async scoreLater(values: Float32Array, labels: Uint8Array): Promise<{ lossSum: number; correct: number }> {
    const kept = tf.tidy(() => this.#judge(values, labels));
    const [logits, losses] = await readLater([kept.logits, kept.losses]);
    tf.dispose(kept);
    return scored(logits!, losses!, labels);
  }

  /** Number of samples that `labels` belong to. */
  #samples(labels: Uint8Array): number {
    return labels.length / this.#labelsPerSample;
  }

  /** Scores of the classes, a row for each label. */
  #logits(inputs: readonly tf.Tensor[], labels: Uint8Array): tf.Tensor2D {
    const [logits] = this.#layers.forward(inputs);
    return tf.reshape(logits!, [labels.length, this.#network.spec.classes]);
  }

  /** Logits and losses of all labels; to be called in a tidy. */
  #judge(values: Float32Array, labels: Uint8Array): { logits: tf.Tensor; losses: tf.Tensor } {
    const logits = this.#logits(this.#layers.inputs(values, this.#samples(labels)), labels);
    return { logits, losses: crossEntropy(logits, this.#labelTensor(labels)) };
  }

  /** Losses and gradients of all weights, and of the inputs behind them if wanted; to be called in a tidy. */
  #differentiate(
    values: Float32Array,
    labels: Uint8Array,
    wantInputGradient: boolean,
  ): { losses: tf.Tensor; gradients: tf.Tensor[] } {
    const inputs = this.#layers.inputs(values, this.#samples(labels));
    const y = this.#labelTensor(labels);
    const sources = wantInputGradient ? [...this.#variables, ...inputs] : this.#variables;
    const loss = (): tf.Tensor => crossEntropy(this.#logits(inputs, labels), y);
    const { value, grads } = tf.engine().gradients(loss, sources);
    return { losses: value, gradients: grads };
  }

  /**
   * One training step of a part that ends in logits: mean loss before the step, and the gradient of it with respect to
   * the inputs where `wantInputGradient`. Throws TrainingError, weights unchanged, if the loss is not finite.
   */
  trainStep(
    values: Float32Array,
    labels: Uint8Array,
    settings: StepSettings,
    wantInputGradient: boolean,
  ): { loss: number; inputGradient: Float32Array | undefined } {
    return tf.tidy(() => {
      const { losses, gradients } = this.#differentiate(values, labels, wantInputGradient);
      const loss = finiteMean(losses.dataSync() as Float32Array);
      this.#optimiser.update(this.#variables, gradients, settings);
      return { loss, inputGradient: wantInputGradient ? this.#inputGradient(gradients) : undefined };
    });
  }

  /**
   * `trainStep` for engines that hand numbers back only later (webgpu): resolves to the mean loss before the step.
   * Rejects with TrainingError if that is not finite; the weights have then been changed already.
   */
  async trainStepLater(values: Float32Array, labels: Uint8Array, settings: StepSettings): Promise<number> {
    const kept = tf.tidy(() => {
      const { losses, gradients } = this.#differentiate(values, labels, false);
      this.#optimiser.update(this.#variables, gradients, settings);
      return losses;
    });
    const [losses] = await readLater([kept]);
    kept.dispose();
    return finiteMean(losses!);
  }

  /** Of gradients, those behind the ones of the weights. */
  #inputGradient(gradients: readonly tf.Tensor[]): Float32Array {
    const behind = gradients.slice(this.#variables.length);
    return chained(behind.map((tensor) => tensor.dataSync() as Float32Array));
  }

  /**
   * One training step of a part below a cut: applies the gradient of the loss with respect to its outputs. Gives that of
   * its inputs, which is empty unless `wantInputGradient`.
   */
  backwardStep(
    values: Float32Array,
    count: number,
    outputGradient: Float32Array,
    settings: StepSettings,
    wantInputGradient = false,
  ): Float32Array {
    return tf.tidy(() => {
      const inputs = this.#layers.inputs(values, count);
      const sources = wantInputGradient ? [...this.#variables, ...inputs] : this.#variables;
      const dy = this.#layers.outputGradients(outputGradient, count);
      // The forward pass runs again here: a tfjs tape cannot stay open while the gradient is fetched from the RSU.
      const { grads } =
        dy.length === 1
          ? tf.engine().gradients(() => this.#layers.forward(inputs)[0]!, sources, dy[0])
          : tf.engine().gradients(() => weighedSum(this.#layers.forward(inputs), dy), sources);
      this.#optimiser.update(this.#variables, grads, settings);
      return this.#inputGradient(grads);
    });
  }

  /** Frees momentum; the network itself goes back to its pool. */
  dispose(): void {
    this.#optimiser.forget();
  }
}

/** A scalar whose gradients by `outputs` are `dy`: tfjs differentiates one tensor only. */
function weighedSum(outputs: readonly tf.Tensor[], dy: readonly tf.Tensor[]): tf.Tensor {
  return tf.addN(outputs.map((output, i) => tf.sum(tf.mul(output, dy[i]!))));
}

/** The numbers of tensors, when the device has them. */
async function readLater(tensors: readonly tf.Tensor[]): Promise<Float32Array[]> {
  return Promise.all(tensors.map(async (tensor) => (await tensor.data()) as Float32Array));
}

/** The mean of the losses of a step. Throws TrainingError if it is not finite. */
function finiteMean(losses: Float32Array): number {
  const loss = sum(losses) / losses.length;
  if (!Number.isFinite(loss)) throw new TrainingError(`the loss became ${loss} (expected a finite number)`);
  return loss;
}

/** Arrays one behind the other. */
function chained(parts: readonly Float32Array[]): Float32Array {
  const flat = new Float32Array(parts.reduce((count, part) => count + part.length, 0));
  let at = 0;
  for (const part of parts) {
    flat.set(part, at);
    at += part.length;
  }
  return flat;
}

/** All weights behind each other. Throws TrainingError if one is not finite. */
function joined(parts: readonly Float32Array[]): Float32Array {
  const flat = chained(parts);
  const broken = flat.findIndex((weight) => !Number.isFinite(weight));
  if (broken >= 0)
    throw new TrainingError(`weight ${broken} became ${flat[broken]} (expected a finite number)`);
  return flat;
}

const scored = (logits: Float32Array, losses: Float32Array, labels: Uint8Array) => ({
  lossSum: sum(losses),
  correct: countCorrect(logits, labels),
});

function sum(values: Float32Array): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}

/** scores: labels.length rows of logits. */
function countCorrect(scores: Float32Array, labels: Uint8Array): number {
  const classes = scores.length / labels.length;
  let correct = 0;
  for (let row = 0; row < labels.length; row++) {
    let best = 0;
    for (let c = 1; c < classes; c++) {
      if (scores[row * classes + c]! > scores[row * classes + best]!) best = c;
    }
    if (best === labels[row]) correct++;
  }
  return correct;
}
