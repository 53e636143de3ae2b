// Runs a compiled plan for whoever claims it: one car's training, one split half. The plan's memory holds the weights and
// momentum of one owner at a time; another claim swaps them, so a thread needs one arena for a model, not one for a car.
// Must not: allocate tensors, or keep a claim across an await (claim again; it costs nothing where nobody came between).

import { assert } from '../../../base/assert.ts';
import { type Dataset, TrainingError } from '../../learner.ts';
import type { Address } from './arena.ts';
import { floatsOf, type Slot, type StepSettings } from './operator.ts';
import type { Plan, PlanOptions } from './plan.ts';
import { copySlots, fillSlots, floatsOfSlots } from './slot-copy.ts';

/** Weights and momentum of one training, while it does not run: flat, in layer order. */
export interface Owner {
  /** Replaced, never written to: the first ones may be the caller's. */
  weights: Float32Array;
  /** Momentum, or both moments of Adam, one behind the other. Zero at the start; empty where the momentum is 0. */
  velocities: Float32Array;
  /** Steps taken. */
  steps: number;
  /** What is added to its gradients, where its plan has room for that; the arrays are the caller's. */
  readonly pull?: { readonly anchor: Float32Array; readonly correction: Float32Array | undefined };
}

/** Scaled value of every possible pixel byte. */
const scaled = Float32Array.from({ length: 256 }, (_, byte) => byte / 255 - 0.5);

export class Executor {
  readonly plan: Plan;
  readonly capacity: number;
  readonly #inputs: readonly Slot[];
  readonly #outputs: readonly Slot[];
  /** Of one sample. */
  readonly #inputFloats: number;
  readonly #classes: number;
  /** Labels of one sample. */
  readonly #positions: number;
  readonly #pixels: Address;
  readonly #table: Address;
  readonly #labels: Address;
  readonly #losses: Address;
  readonly #gradient: Address;
  /** Views of the arena, made once: a step allocates nothing. */
  readonly #labelView: Int32Array;
  readonly #lossView: Float32Array;
  readonly #pixelView: Uint8Array;
  #owner: Owner | undefined;
  #passes = 0;

  /** `plan` is not sealed yet: the executor adds pixels, labels and losses to its arena. */
  constructor(plan: Plan, { capacity, trains, labelsPerSample = 1 }: PlanOptions) {
    this.plan = plan;
    this.capacity = capacity;
    this.#inputs = plan.inputs.map(({ slot }) => slot);
    this.#outputs = plan.outputs.map(({ slot }) => slot);
    this.#inputFloats = floatsOfSlots(this.#inputs);
    this.#classes = this.#outputs[0]!.shape[2];
    this.#positions = labelsPerSample;
    const labels = capacity * labelsPerSample;
    const { arena } = plan;
    this.#pixels = arena.reserve((this.#inputFloats * capacity) / 4);
    this.#table = arena.reserve(scaled.length);
    this.#labels = arena.reserve(labels);
    this.#losses = arena.reserve(labels);
    // An evaluation also runs the loss kernel, whose gradient nobody reads.
    const outputFloats = floatsOf(this.#outputs[0]!.shape);
    this.#gradient = plan.outputs[0]!.gradient ?? arena.reserve(trains ? 0 : outputFloats * capacity);
    arena.seal();
    arena.floats(this.#table, scaled.length).set(scaled);
    this.#labelView = arena.integers(this.#labels, labels);
    this.#lossView = arena.floats(this.#losses, labels);
    this.#pixelView = arena.bytes(this.#pixels, this.#inputFloats * capacity);
  }

  /** Brings `owner`'s weights and momentum into the arena, and takes the last owner's out. */
  claim(owner: Owner): void {
    if (this.#owner === owner) return;
    this.release();
    const { arena, weights, velocities, parameters } = this.plan;
    arena.floats(weights, parameters).set(owner.weights);
    const moments = owner.velocities.length;
    if (moments > 0) arena.floats(velocities, moments).set(owner.velocities);
    this.#takePull(owner);
    for (const operator of this.plan.operators) operator.arrive?.(moments > 0);
    this.#owner = owner;
    this.#passes++;
  }

  #takePull({ pull }: Owner): void {
    const { arena, pull: areas, parameters } = this.plan;
    if (!areas) return;
    assert(pull, 'this plan adds to gradients, and its owner says nothing of what');
    arena.floats(areas.anchor, parameters).set(pull.anchor);
    const correction = arena.floats(areas.correction, parameters);
    if (pull.correction) correction.set(pull.correction);
    else correction.fill(0);
  }

  /** Takes the weights and momentum of the last owner out of the arena; where one is named, only if it is that one. */
  release(only?: Owner): void {
    const owner = this.#owner;
    if (owner === undefined || (only !== undefined && owner !== only)) return;
    this.#gather(owner);
    const { arena, weights, velocities, parameters } = this.plan;
    owner.weights = arena.floats(weights, parameters).slice();
    const moments = owner.velocities.length;
    if (moments > 0) owner.velocities = arena.floats(velocities, moments).slice();
    this.#owner = undefined;
  }

  /** Ends the claim of an owner that is done: nothing is taken out for it any more. */
  drop(owner: Owner): void {
    if (this.#owner === owner) this.#owner = undefined;
  }

  /** A copy of the weights of `owner`, wherever they are. */
  weightsOf(owner: Owner): Float32Array {
    if (this.#owner === owner) this.#gather(owner);
    const { arena, weights, parameters } = this.plan;
    return (this.#owner === owner ? arena.floats(weights, parameters) : owner.weights).slice();
  }

  /** Brings weights that an operator keeps in an order of its own back into that of the model. */
  #gather(owner: Owner): void {
    for (const operator of this.plan.operators) operator.leave?.(owner.velocities.length > 0);
  }

  /** Changes whenever the activations in the arena do. */
  get passes(): number {
    return this.#passes;
  }

  /** Copies the pixels of some samples and scales them; labels come along. */
  readSamples(data: Dataset, indices: Uint32Array): void {
    const floats = this.#inputFloats;
    for (let i = 0; i < indices.length; i++) {
      const sample = indices[i]!;
      this.#pixelView.set(data.images.subarray(sample * floats, (sample + 1) * floats), i * floats);
    }
    this.#readLabels(data, indices);
    const { arena } = this.plan;
    const input = this.#inputs[0]!;
    const [height, width, channels] = input.shape;
    const rowFloats = width * channels;
    // Images whose rows follow each other without a gap are one long row.
    const dense = input.rowBytes === rowFloats * 4 && input.imageBytes === floats * 4;
    const [rows, length] = dense ? [1, indices.length * floats] : [height, rowFloats];
    const images = dense ? 1 : indices.length;
    for (let i = 0; i < images; i++) {
      const to = input.address + i * input.imageBytes;
      arena.kernels.scalePixels(this.#pixels + i * floats, rows, length, to, input.rowBytes, this.#table);
    }
    this.#passes++;
  }

  #readLabels({ labels }: Dataset, indices: Uint32Array): void {
    const each = this.#positions;
    let to = 0;
    for (let i = 0; i < indices.length; i++) {
      const from = indices[i]! * each;
      for (let p = 0; p < each; p++) this.#labelView[to++] = labels[from + p]!;
    }
  }

  /**
   * Takes activations of `samples` samples from the part before, the tensors one behind the other. Throws TrainingError where
   * they do not fit.
   */
  readActivations(values: Float32Array, samples: number): void {
    if (values.length !== samples * this.#inputFloats)
      throw new TrainingError(`${values.length} input floats (expected ${samples} x ${this.#inputFloats})`);
    fillSlots(this.plan.arena, this.#inputs, samples, values);
    this.#passes++;
  }

  /** Takes labels. Throws TrainingError for one beyond the classes. */
  readLabels(labels: Uint8Array): void {
    const wrong = labels.find((label) => label >= this.#classes);
    if (wrong !== undefined) throw new TrainingError(`label ${wrong} (expected 0..${this.#classes - 1})`);
    this.#labelView.set(labels);
  }

  forward(rows: number): void {
    assert(rows <= this.capacity, `${rows} samples (expected at most ${this.capacity})`);
    for (const operator of this.plan.operators) operator.forward(rows);
  }

  /** A copy of the last outputs, the tensors one behind the other. */
  outputs(rows: number): Float32Array {
    return copySlots(this.plan.arena, this.#outputs, rows);
  }

  /** A copy of the gradient with respect to the last inputs, laid out as they. */
  inputGradient(rows: number): Float32Array {
    const all = new Float32Array(rows * this.#inputFloats);
    let at = 0;
    for (const { slot, gradient } of this.plan.inputs) {
      assert(gradient !== undefined, 'this plan makes no input gradient');
      const floats = rows * floatsOf(slot.shape);
      all.set(this.plan.arena.floats(gradient, floats), at);
      at += floats;
    }
    return all;
  }

  /** Sum of the cross-entropies over all labels of the last outputs; the gradient of their mean is ready for `backward`. */
  lossSum(rows: number): number {
    const { arena } = this.plan;
    arena.kernels.softmaxCrossEntropy(
      this.#outputs[0]!.address,
      this.#labels,
      this.#losses,
      this.#gradient,
      rows * this.#positions,
      this.#classes,
      1 / (rows * this.#positions),
    );
    let sum = 0;
    for (let row = 0; row < rows * this.#positions; row++) sum += this.#lossView[row]!;
    return sum;
  }

  /** Number of labels of the last outputs that are the largest logit (the first of equals). */
  correct(samples: number): number {
    const rows = samples * this.#positions;
    const scores = this.plan.arena.floats(this.#outputs[0]!.address, rows * this.#classes);
    let correct = 0;
    for (let row = 0; row < rows; row++) {
      const from = row * this.#classes;
      let best = 0;
      for (let c = 1; c < this.#classes; c++) if (scores[from + c]! > scores[from + best]!) best = c;
      if (best === this.#labelView[row]) correct++;
    }
    return correct;
  }

  /**
   * Takes the gradient with respect to the last outputs of `rows` samples, laid out as they. Throws TrainingError where it
   * does not fit.
   */
  readGradient(gradient: Float32Array, rows: number): void {
    const floats = floatsOfSlots(this.#outputs);
    if (gradient.length !== rows * floats)
      throw new TrainingError(`${gradient.length} gradient floats (expected ${rows} x ${floats})`);
    let at = 0;
    for (const { slot, gradient: address } of this.plan.outputs) {
      assert(address !== undefined, 'this plan does not train');
      const count = rows * floatsOf(slot.shape);
      this.plan.arena.floats(address, count).set(gradient.subarray(at, at + count));
      at += count;
    }
  }

  /** Updates the weights along the gradient of the last outputs. */
  backward(rows: number, settings: StepSettings): void {
    assert(this.#owner, 'no owner has claimed this executor');
    const step = { ...settings, count: ++this.#owner.steps };
    const { operators } = this.plan;
    for (let i = operators.length - 1; i >= 0; i--) operators[i]!.backward(rows, step);
    this.#passes++;
  }

  /** One step on the samples read last: mean loss before it. Throws TrainingError, weights unchanged, if not finite. */
  train(rows: number, step: StepSettings): number {
    this.forward(rows);
    const loss = this.lossSum(rows) / (rows * this.#positions);
    if (!Number.isFinite(loss)) throw new TrainingError(`the loss became ${loss} (expected a finite number)`);
    this.backward(rows, step);
    return loss;
  }
}
