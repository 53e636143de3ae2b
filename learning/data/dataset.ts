// Small operations on data sets: pick samples, take a balanced subset, share the memory with worker threads.
// Must not: change the data set it is given.

import { Rng } from '../../base/rng.ts';
import type { Dataset } from '../learner.ts';

/** Bytes of one sample. */
export function sampleBytes({ inputShape }: Pick<Dataset, 'inputShape'>): number {
  return inputShape[0] * inputShape[1] * inputShape[2];
}

/** How many samples a data set has. */
export function sampleCount(dataset: Dataset): number {
  return dataset.images.length / sampleBytes(dataset);
}

/** Labels of one sample: 1, or one for each of its positions. */
export function labelsPerSample(dataset: Dataset): number {
  return dataset.labels.length / sampleCount(dataset);
}

/**
 * One label for each sample, for what sorts samples by label: the label itself; of a sequence the last, which is the one
 * that all its tokens lead to.
 */
export function sampleLabels(dataset: Dataset): Uint8Array {
  const each = labelsPerSample(dataset);
  if (each === 1) return dataset.labels;
  return Uint8Array.from({ length: sampleCount(dataset) }, (_, i) => dataset.labels[(i + 1) * each - 1]!);
}

/** The labels of the samples `indices`, in that order. Copies. */
export function pickLabels(dataset: Dataset, indices: ArrayLike<number>): Uint8Array {
  const each = labelsPerSample(dataset);
  const labels = new Uint8Array(indices.length * each);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]! * each;
    for (let p = 0; p < each; p++) labels[i * each + p] = dataset.labels[from + p]!;
  }
  return labels;
}

/** The data set that holds the samples `indices`, in that order. Copies. */
export function pickSamples(dataset: Dataset, indices: ArrayLike<number>): Dataset {
  const bytes = sampleBytes(dataset);
  const images = new Uint8Array(indices.length * bytes);
  for (let i = 0; i < indices.length; i++) {
    const from = indices[i]!;
    images.set(dataset.images.subarray(from * bytes, (from + 1) * bytes), i * bytes);
  }
  const { inputShape, classes } = dataset;
  return { inputShape, classes, images, labels: pickLabels(dataset, indices) };
}

/** The sample numbers of every class, ascending. Throws RangeError at a label that is not below `classes`. */
export function indicesByClass(labels: Uint8Array, classes: number): number[][] {
  const lists: number[][] = Array.from({ length: classes }, () => []);
  for (let i = 0; i < labels.length; i++) {
    const list = lists[labels[i]!];
    if (list === undefined) throw new RangeError(`invalid label: ${labels[i]} (expected below ${classes})`);
    list.push(i);
  }
  return lists;
}

/**
 * `count` samples, decided by `seed`, as evenly over the classes as the data allow, in the order they stand in the
 * set. All samples when `count` is not smaller than the set. Throws RangeError at a count below 1.
 */
export function subset(dataset: Dataset, count: number, seed: number): Dataset {
  if (!Number.isInteger(count) || count < 1) throw new RangeError(`invalid count: ${count} (expected >= 1)`);
  if (count >= sampleCount(dataset)) return dataset;
  const rng = Rng.root(seed).fork('subset');
  const lists = indicesByClass(sampleLabels(dataset), dataset.classes);
  for (const [label, list] of lists.entries()) rng.fork(`class ${label}`).shuffle(list);
  // Turns of one sample per class, classes in a drawn order, until enough.
  const order = rng.fork('order').shuffle(lists.map((_, label) => label));
  const picked: number[] = [];
  for (let turn = 0; picked.length < count; turn++) {
    for (const label of order) {
      const index = lists[label]![turn];
      if (index !== undefined && picked.length < count) picked.push(index);
    }
  }
  return pickSamples(
    dataset,
    picked.sort((a, b) => a - b),
  );
}

/** The same data set on SharedArrayBuffers: posting it to a worker thread then copies nothing. */
export function shareDataset(dataset: Dataset): Dataset {
  return { ...dataset, images: shared(dataset.images), labels: shared(dataset.labels) };
}

function shared(bytes: Uint8Array): Uint8Array {
  if (bytes.buffer instanceof SharedArrayBuffer) return bytes;
  const copy = new Uint8Array(new SharedArrayBuffer(bytes.length));
  copy.set(bytes);
  return copy;
}
