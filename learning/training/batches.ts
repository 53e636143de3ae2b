// Which samples form which mini-batch, and their pixels as floats. Order of work: shuffle the shard anew in each epoch,
// cut it into batches, keep the last, smaller one.
// Must not: depend on what was trained before. Batch `step` is a function of (shard, settings), so that split and
// unsplit training, on any machine, see the same batches.

import { assert } from '../../base/assert.ts';
import { Rng } from '../../base/rng.ts';
import { pickLabels, sampleBytes, sampleCount } from '../data/dataset.ts';
import {
  type Dataset,
  type ModelSpec,
  type Shard,
  TrainingError,
  type TrainingSettings,
  type TrainRequest,
} from '../learner.ts';
import { labelsPerSample } from '../models/blocks.ts';

/** One mini-batch: pixels scaled to byte/255 - 0.5, and labels. */
export interface Batch {
  readonly count: number;
  /** count x height x width x channels */
  readonly pixels: Float32Array;
  readonly labels: Uint8Array;
}

/** Scaled value of every possible pixel byte. */
const scaled = Float32Array.from({ length: 256 }, (_, byte) => byte / 255 - 0.5);

/** Copies the samples at `indices` out of `data`. */
export function gather(data: Dataset, indices: Uint32Array): Batch {
  const floats = sampleBytes(data);
  const pixels = new Float32Array(indices.length * floats);
  let to = 0;
  for (let i = 0; i < indices.length; i++) {
    const sample = indices[i]!;
    const end = (sample + 1) * floats;
    for (let from = sample * floats; from < end; from++) pixels[to++] = scaled[data.images[from]!]!;
  }
  return { count: indices.length, pixels, labels: pickLabels(data, indices) };
}

/** Throws unless a data set is whole, fits the model, and a shard (all samples if undefined) points only into it. */
export function assertData(model: ModelSpec, data: Dataset, shard: Shard | undefined): void {
  const wanted = `${model.inputShape.join('x')} and ${model.classes} classes`;
  const found = `${data.inputShape.join('x')} and ${data.classes} classes`;
  assert(found === wanted, `data set of ${found} (expected ${wanted}, for which ${model.name} is built)`);
  const count = sampleCount(data);
  const each = labelsPerSample(model);
  const whole = Number.isInteger(count) && data.labels.length === count * each;
  assert(
    whole,
    `data set: ${data.labels.length} labels for ${data.images.length} bytes of images (expected ${each} for each ` +
      `sample of ${sampleBytes(data)} bytes, as ${model.name} wants them)`,
  );
  const check = (sample: number): void => {
    assert(sample < count, `shard points at sample ${sample} (expected 0..${count - 1})`);
    for (let at = sample * each; at < (sample + 1) * each; at++) {
      const label = data.labels[at]!;
      assert(label < data.classes, `label ${label} of sample ${sample} (expected 0..${data.classes - 1})`);
    }
  };
  if (shard === undefined) for (let sample = 0; sample < count; sample++) check(sample);
  else shard.forEach(check);
}

/** The steps of a request: all of its mini-batches, or those of its span of epochs. */
export function stepRange(order: BatchOrder, { settings, span }: Pick<TrainRequest, 'settings' | 'span'>) {
  const { from, to } = span ?? { from: 0, to: settings.epochs };
  const legal = Number.isInteger(from) && Number.isInteger(to) && from >= 0 && from < to;
  assert(legal && to <= settings.epochs, `epochs ${from}..${to} (expected some of 0..${settings.epochs})`);
  return { first: from * order.stepsPerEpoch, end: to * order.stepsPerEpoch };
}

/** The mini-batches of one round. Random access; the order of the epoch last asked for is kept. */
export class BatchOrder {
  readonly steps: number;
  readonly stepsPerEpoch: number;
  readonly #shard: Shard;
  readonly #settings: TrainingSettings;
  #epoch = -1;
  #order: Uint32Array = new Uint32Array(0);

  /** Throws TrainingError for an empty shard: such a car cannot give a usable update. */
  constructor(shard: Shard, settings: TrainingSettings) {
    if (shard.length === 0) throw new TrainingError('the shard is empty (expected at least one sample)');
    const { batchSize, epochs } = settings;
    assert(Number.isInteger(batchSize) && batchSize > 0, `invalid batch size: ${batchSize} (expected >= 1)`);
    assert(Number.isInteger(epochs) && epochs > 0, `invalid number of epochs: ${epochs} (expected >= 1)`);
    this.#shard = shard;
    this.#settings = settings;
    this.stepsPerEpoch = Math.ceil(shard.length / batchSize);
    this.steps = this.stepsPerEpoch * epochs;
  }

  /** Sample indices of mini-batch `step`, 0 <= step < steps. */
  at(step: number): Uint32Array {
    const legal = Number.isInteger(step) && step >= 0 && step < this.steps;
    assert(legal, `invalid step: ${step} (expected 0..${this.steps - 1})`);
    const epoch = Math.floor(step / this.stepsPerEpoch);
    if (epoch !== this.#epoch) {
      const stream = Rng.root(this.#settings.seed).fork('batches').fork(`epoch ${epoch}`);
      this.#order = stream.shuffle(this.#shard.slice());
      this.#epoch = epoch;
    }
    const from = (step - epoch * this.stepsPerEpoch) * this.#settings.batchSize;
    return this.#order.subarray(from, from + this.#settings.batchSize);
  }
}
