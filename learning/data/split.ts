// A data set in its two parts, and how a set that comes in one part is cut. Must not: read files.

import { RoadbedError } from '../../base/errors.ts';
import { Rng } from '../../base/rng.ts';
import type { Dataset } from '../learner.ts';
import { indicesByClass, pickSamples, sampleCount, sampleLabels } from './dataset.ts';

/** A data set in its two parts. Both have the same input shape and the same number of classes. */
export interface SplitDataset {
  readonly train: Dataset;
  readonly test: Dataset;
}

/** Of a set in one part, this share of every class becomes training data. */
const trainShare = 0.8;
/** The split must be the same for every run, whatever the run's seed: it is a property of the data. */
const splitSeed = 1;

/** Train and test count classes apart, because either may lack the last one; the larger number holds for both. */
export function withSameClasses(train: Dataset, test: Dataset, directory: string): SplitDataset {
  if (train.inputShape.join() !== test.inputShape.join())
    throw new RoadbedError(
      'data',
      `${directory} mixes two data sets: training images are ${train.inputShape.join(' x ')}, test images ${test.inputShape.join(' x ')}; the two must be equal.`,
    );
  const classes = Math.max(train.classes, test.classes);
  return { train: { ...train, classes }, test: { ...test, classes } };
}

/** Cuts each class by a fixed seed. Throws RoadbedError('data') where no sample would be left for testing. */
export function splitByClass(all: Dataset, directory: string): SplitDataset {
  const rng = Rng.root(splitSeed).fork('split');
  const train: number[] = [];
  const test: number[] = [];
  for (const [label, list] of indicesByClass(sampleLabels(all), all.classes).entries()) {
    rng.fork(`class ${label}`).shuffle(list);
    const cut = Math.round(list.length * trainShare);
    train.push(...list.slice(0, cut));
    test.push(...list.slice(cut));
  }
  if (test.length === 0)
    throw new RoadbedError(
      'data',
      `${directory} has ${sampleCount(all)} images in one part, too few to split; expected at least 3 of one class, or training and test files.`,
    );
  const ascending = (a: number, b: number): number => a - b;
  return { train: pickSamples(all, train.sort(ascending)), test: pickSamples(all, test.sort(ascending)) };
}
