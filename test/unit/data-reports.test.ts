// Traffic reports as data, and data sets whose samples have a label at every position. Must not: train for long.

import { describe, expect, it } from 'vitest';
import {
  labelsPerSample,
  pickSamples,
  sampleCount,
  sampleLabels,
  subset,
} from '../../learning/data/dataset.ts';
import { generateReports, reportClassNames } from '../../learning/data/reports.ts';
import { loadDataset } from '../../learning/data/sources.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';

/** The samples as lines. */
const textOf = (tokens: Uint8Array): string =>
  [...tokens]
    .map((token, i) => {
      const letter = reportClassNames[token] === 'blank' ? ' ' : reportClassNames[token];
      return i % 64 === 63 ? `${letter}\n` : letter;
    })
    .join('');

describe('traffic reports', () => {
  const reports = generateReports({ count: 20, seed: 4 });

  it('are samples of 64 of 65 letters, labelled with the letter that follows', () => {
    expect([sampleCount(reports), labelsPerSample(reports), reports.classes]).toEqual([20, 64, 65]);
    for (let i = 0; i < 20; i++) {
      const [from, to] = [i * 64, (i + 1) * 64];
      expect(reports.labels.subarray(from, to - 1)).toEqual(reports.images.subarray(from + 1, to));
    }
  });

  it('are sentences whose end follows from their begin', () => {
    const text = textOf(generateReports({ count: 200, seed: 4 }).images);
    expect(text).toMatch(/(Car|Bus|Truck|Tram) \d\d on \w+ Bridge meets strong wind\. It slows down\./);
    expect(text).toMatch(/turns left\. It g/);
    expect(text).not.toMatch(/turns left\. It [^g\n]/);
  });

  it('are the same for the same seed, and others for another', () => {
    expect(generateReports({ count: 20, seed: 4 })).toEqual(reports);
    expect(generateReports({ count: 20, seed: 5 }).images).not.toEqual(reports.images);
    expect(() => generateReports({ count: 0, seed: 4 })).toThrow('invalid count: 0 (expected >= 1)');
  });

  it('are a data source of two different parts', () => {
    const source = { kind: 'reports', trainSamples: 12, testSamples: 5 } as const;
    const { format, train, test, classNames } = loadDataset(source, { cacheDirectory: '', seed: 1 });
    expect([format, sampleCount(train), sampleCount(test), classNames.length]).toEqual([
      'reports',
      12,
      5,
      65,
    ]);
    expect(test.images).not.toEqual(train.images.subarray(0, test.images.length));
  });

  it('teach the tiny GPT: the loss falls', async () => {
    const learner = await createTfjsLearner('wasm');
    const data = generateReports({ count: 160, seed: 1 });
    const model = { name: 'gpt', inputShape: data.inputShape, classes: data.classes };
    const settings = {
      epochs: 2,
      batchSize: 8,
      learningRate: 0.002,
      momentum: 0,
      optimiser: 'adam',
      seed: 1,
    } as const;
    const weights = learner.initialWeights(model, 1);
    const shard = Uint32Array.from({ length: 160 }, (_, i) => i);
    const test = generateReports({ count: 24, seed: 2 });
    const before = await learner.evaluate({ model, weights, data: test });
    const trained = await learner.train({ model, weights, data, shard, settings });
    const after = await learner.evaluate({ model, weights: trained.weights, data: test });
    expect(before.loss).toBeGreaterThan(4);
    expect(after.loss).toBeLessThan(2.8);
    expect(after.accuracy).toBeGreaterThan(before.accuracy + 0.1);
  });
});

describe('a data set with a label at every position', () => {
  const reports = generateReports({ count: 9, seed: 4 });

  it('keeps the labels of the samples that are picked', () => {
    const picked = pickSamples(reports, [7, 2]);
    expect(picked.labels.subarray(0, 64)).toEqual(reports.labels.subarray(7 * 64, 8 * 64));
    expect(picked.labels.subarray(64)).toEqual(reports.labels.subarray(2 * 64, 3 * 64));
  });

  it('counts its samples, not its labels, where a subset is taken', () => {
    expect(subset(reports, 9, 1)).toBe(reports);
    expect(sampleCount(subset(reports, 4, 1))).toBe(4);
  });

  it('has the last label of each sample for those who sort by label', () => {
    const last = Uint8Array.from({ length: 9 }, (_, i) => reports.labels[i * 64 + 63]!);
    expect(sampleLabels(reports)).toEqual(last);
    const { inputShape, classes, images } = reports;
    const labels = new Uint8Array(9);
    expect(sampleLabels({ inputShape, classes, images, labels })).toBe(labels);
  });
});
