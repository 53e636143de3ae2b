// Compiled steps: the numbers of the op-by-op path, of tfjs's cpu backend and of split halves; the same bytes in every
// thread; flat memory; turns for others. Must not: assert how fast anything is.

import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { beforeAll, describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Dataset, Learner, ModelSpec, TrainRequest } from '../../learning/learner.ts';
import { placeBlocks } from '../../learning/models/blocks.ts';
import { gather } from '../../learning/training/batches.ts';
import { Executors } from '../../learning/training/compiled/executors.ts';
import { refusalOf } from '../../learning/training/compiled/graph.ts';
import { freshOwner } from '../../learning/training/compiled/owner.ts';
import { compiledRefusal, measureCompiledStep } from '../../learning/training/compiled/self-test.ts';
import { reference as referenceStep } from '../../learning/training/self-test.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import { halvesOf } from '../support/split-training.ts';

function randomData(model: ModelSpec, count: number): Dataset {
  const stream = Rng.root(9).fork('images');
  const floats = model.inputShape.reduce((product, side) => product * side, 1);
  const images = Uint8Array.from({ length: count * floats }, () => stream.integer(256));
  const labels = Uint8Array.from({ length: count }, () => stream.integer(model.classes));
  return { inputShape: model.inputShape, classes: model.classes, images, labels };
}

function requestFor(model: ModelSpec, learner: Learner, count: number, epochs: number): TrainRequest {
  const settings = { epochs, batchSize: 8, learningRate: 0.05, momentum: 0.9, seed: 5 };
  return {
    model,
    weights: learner.initialWeights(model, 2),
    data: randomData(model, count),
    shard: Uint32Array.from({ length: count }, (_, i) => i),
    settings,
  };
}

/** Largest difference over the largest magnitude of what is expected. */
function relativeError(found: Float32Array, expected: Float32Array): number {
  let scale = 0;
  let worst = 0;
  for (const value of expected) scale = Math.max(scale, Math.abs(value));
  found.forEach((value, i) => {
    worst = Math.max(worst, Math.abs(value - expected[i]!));
  });
  return worst / scale;
}

function sameBytes(a: Float32Array, b: Float32Array): boolean {
  const bytes = (x: Float32Array) => new Uint8Array(x.buffer, x.byteOffset, x.byteLength);
  return Buffer.compare(bytes(a), bytes(b)) === 0;
}

const models: readonly ModelSpec[] = [
  { name: 'softmax-regression', inputShape: [5, 3, 1], classes: 3 },
  { name: 'mlp', inputShape: [9, 7, 1], classes: 11 },
  { name: 'lenet5', inputShape: [28, 28, 1], classes: 10 },
  { name: 'lenet5', inputShape: [32, 32, 3], classes: 43 },
  { name: 'cnn', inputShape: [10, 15, 2], classes: 4 },
  // Sides that are even behind the pool: minimal filtering. Deep enough that its dense layer runs in two pieces.
  { name: 'cnn', inputShape: [20, 24, 1], classes: 4 },
  { name: 'lenet12', inputShape: [12, 12, 1], classes: 5 },
  // Deep, with fewer columns than a panel at the end.
  { name: 'softmax-regression', inputShape: [40, 31, 1], classes: 11 },
];

let compiled: Learner;
let opByOp: Learner;
beforeAll(async () => {
  compiled = await createTfjsLearner('wasm');
  opByOp = await createTfjsLearner('wasm', { reference: true });
});

describe('a compiled step', () => {
  for (const model of models) {
    const title = `${model.name} ${model.inputShape.join('x')}`;
    for (const [what, count] of [
      ['a whole batch', 8],
      ['a smaller last batch', 3],
      ['two samples', 2],
      ['one sample', 1],
    ] as const) {
      it(`of ${title} has the numbers of the op-by-op path: ${what}`, async () => {
        const request = requestFor(model, compiled, count, 1);
        const expected = await opByOp.train(request);
        const found = await compiled.train(request);
        expect(Math.abs(found.trainLoss / expected.trainLoss - 1)).toBeLessThan(1e-6);
        expect(relativeError(found.weights, expected.weights)).toBeLessThan(1e-6);
        const change = expected.weights.map((w, i) => w - request.weights[i]!);
        const foundChange = found.weights.map((w, i) => w - request.weights[i]!);
        // A weight of 0.1 has steps of 7e-9, and a change is a thousand times smaller than a weight.
        expect(relativeError(foundChange, change)).toBeLessThan(1e-5);
      });
    }

    it(`of ${title} evaluates as the op-by-op path does`, async () => {
      const weights = compiled.initialWeights(model, 3);
      const data = randomData(model, 131);
      const expected = await opByOp.evaluate({ model, weights, data });
      const found = await compiled.evaluate({ model, weights, data });
      expect(found.loss).toBeCloseTo(expected.loss, 6);
      expect([found.accuracy, found.samples]).toEqual([expected.accuracy, 131]);
    });
  }

  it('follows the op-by-op path with momentum over several epochs', async () => {
    const model = models[2]!;
    const request = requestFor(model, compiled, 20, 3);
    const expected = await opByOp.train(request);
    const found = await compiled.train(request);
    expect(relativeError(found.weights, expected.weights)).toBeLessThan(1e-5);
  });

  it('agrees with the cpu backend of tfjs', async () => {
    const model: ModelSpec = { name: 'cnn', inputShape: [8, 8, 3], classes: 3 };
    const cpu = await createTfjsLearner('cpu');
    const request = requestFor(model, compiled, 4, 1);
    const expected = await cpu.train(request);
    const found = await compiled.train(request);
    expect(relativeError(found.weights, expected.weights)).toBeLessThan(1e-6);
  });

  it('passes its self-test with the numbers of the reference', () => {
    expect(compiledRefusal('plain')).toBeUndefined();
    const { loss, checksum } = measureCompiledStep('plain');
    expect(loss).toBeCloseTo(referenceStep.loss, 6);
    expect(checksum).toBeCloseTo(referenceStep.checksum, 2);
  });

  it('scales pixels as the op-by-op path does, into bordered images too', () => {
    for (const model of [models[1]!, models[4]!]) {
      const executor = new Executors().take({ model, from: 0, to: 1, trains: false }, 3);
      const data = randomData(model, 5);
      for (let i = 0; i < 256; i++) data.images[i % data.images.length] = i;
      const indices = Uint32Array.of(4, 0, 2);
      executor.readSamples(data, indices);
      const { pixels } = gather(data, indices);
      const [height, width, channels] = model.inputShape;
      const { arena, inputs } = executor.plan;
      const input = inputs[0]!.slot;
      const found: number[] = [];
      for (let image = 0; image < 3; image++) {
        for (let y = 0; y < height; y++) {
          const at = input.address + image * input.imageBytes;
          const isFlat = input.shape[0] === 1;
          const row = at + y * (isFlat ? width * channels * 4 : input.rowBytes);
          found.push(...arena.floats(row, width * channels));
        }
      }
      expect(sameBytes(Float32Array.from(found), pixels)).toBe(true);
    }
  });

  it('is refused for a layer it does not know, by the name of the layer and its block', () => {
    const blocks = placeBlocks(models[2]!);
    expect(refusalOf(blocks)).toBeUndefined();
    const strange = structuredClone(blocks[1]!.layers[0]!);
    Object.assign(strange.plan, { kind: 'deconv' });
    expect(refusalOf([blocks[0]!, { ...blocks[1]!, layers: [strange] }])).toBe('deconv in conv2');
    expect(refusalOf(blocks.slice(0, 4))).toBe('no logits at the end');
  });

  it('that does not fit into memory is a TrainingError that says so', () => {
    const model: ModelSpec = { name: 'cnn', inputShape: [512, 512, 3], classes: 3 };
    const purpose = { model, from: 0, to: 4, trains: true };
    expect(() => new Executors().take(purpose, 2000)).toThrow(/no memory for \d+ MiB of activations/);
  });
});

describe('the arena', () => {
  it('does not grow over 2000 steps, and no tensor is made', () => {
    const model: ModelSpec = { name: 'lenet5', inputShape: [12, 12, 1], classes: 3 };
    const executors = new Executors();
    const executor = executors.take({ model, from: 0, to: 5, trains: true }, 4);
    const { weights, data } = requestFor(model, compiled, 8, 1);
    executor.claim(freshOwner(model, weights, { settings: { momentum: 0.9 } }, executor));
    const before = { bytes: executors.byteLength, tensors: tf.memory().numTensors };
    for (let step = 0; step < 2000; step++) {
      executor.readSamples(data, Uint32Array.of(0, 1, 2, 3));
      executor.train(4, { learningRate: 0.001, momentum: 0.9 });
    }
    expect({ bytes: executors.byteLength, tensors: tf.memory().numTensors }).toEqual(before);
  });

  it('has a counterpart op by op: the number of tensors and the heap of the backend stay', async () => {
    const model = models[0]!;
    const request = requestFor(model, opByOp, 32, 50);
    await opByOp.train(request);
    const before = tf.memory();
    const { steps } = await opByOp.train({ ...request, settings: { ...request.settings, epochs: 250 } });
    expect(steps).toBe(1000);
    expect(tf.memory().numTensors).toBe(before.numTensors);
    expect(tf.memory().numBytes).toBe(before.numBytes);
  });

  it('is shared by all cars that train one model, and taken anew only for larger batches', () => {
    const executors = new Executors();
    const purpose = { model: models[1]!, from: 0, to: 2, trains: true };
    const first = executors.take(purpose, 8);
    expect(executors.take(purpose, 3)).toBe(first);
    expect(executors.take(purpose, 9)).not.toBe(first);
  });

  it('of what was used longest ago gives way where many cuts of a large model are open', () => {
    const model: ModelSpec = { name: 'cnn-pfl', inputShape: [32, 32, 3], classes: 10 };
    const executors = new Executors();
    // Each cut at each of three optimiser's needs is a purpose of its own; a mini-batch of 200 takes about 100 MiB.
    const purposes = [1, 2, 3].flatMap((cut) =>
      [{}, { isPulled: true }, { optimiser: 'adam' as const }].flatMap((needs) => [
        { model, from: 0, to: cut, trains: true, ...needs },
        { model, from: cut, to: 4, trains: true, ...needs },
      ]),
    );
    const first = executors.take(purposes[0]!, 200);
    for (const purpose of purposes.slice(1)) {
      executors.take(purpose, 200);
      // In use all the time, it stays.
      expect(executors.take(purposes[0]!, 200)).toBe(first);
    }
    expect(executors.byteLength).toBeLessThanOrEqual(2 ** 30);
    expect(executors.byteLength).toBeGreaterThan(2 ** 29);
  });

  it('keeps two owners apart', () => {
    const model = models[1]!;
    const executor = new Executors().take({ model, from: 0, to: 2, trains: true }, 4);
    const data = randomData(model, 4);
    const step = { learningRate: 0.1, momentum: 0.9 };
    const all = Uint32Array.of(0, 1, 2, 3);
    const alone = freshOwner(model, compiled.initialWeights(model, 1), { settings: step }, executor);
    const [a, b] = [1, 2].map((seed) =>
      freshOwner(model, compiled.initialWeights(model, seed), { settings: step }, executor),
    );
    const train = (owner: typeof alone): void => {
      executor.claim(owner);
      executor.readSamples(data, all);
      executor.train(4, step);
    };
    for (let i = 0; i < 3; i++) train(alone);
    for (const owner of [a!, b!, b!, a!, b!, a!]) train(owner);
    expect(sameBytes(executor.weightsOf(a!), executor.weightsOf(alone))).toBe(true);
    expect(sameBytes(executor.weightsOf(b!), executor.weightsOf(alone))).toBe(false);
  });
});

describe('trainings in one thread', () => {
  /** Some 4 GFLOP: three turns. */
  const long = (): TrainRequest => requestFor(models[2]!, compiled, 24, 75);

  it('let others have a turn', async () => {
    let turns = 0;
    let running = true;
    const watch = (): void => {
      turns++;
      if (running) setImmediate(watch);
    };
    setImmediate(watch);
    await compiled.train(long());
    running = false;
    expect(turns).toBeGreaterThanOrEqual(2);
  });

  it('give the same bytes when they take turns as when they run alone', async () => {
    const [first, second] = [long(), { ...long(), settings: { ...long().settings, seed: 77 } }];
    const alone = [await compiled.train(first), await compiled.train(second)];
    const together = await Promise.all([compiled.train(first), compiled.train(second)]);
    alone.forEach((result, i) => {
      expect(sameBytes(together[i]!.weights, result.weights)).toBe(true);
    });
  });

  it('do not disturb an open split half', async () => {
    const model = models[2]!;
    const request = requestFor(model, compiled, 16, 1);
    const { lower } = halvesOf(model, request.weights, 2);
    const { data, shard, settings } = request;
    const open = () => compiled.openLower({ model, cut: 2, lowerWeights: lower, data, shard, settings });
    const [calm, disturbed, other] = [await open(), await open(), await open()];
    for (let step = 0; step < 2; step++) {
      const gradient = calm.forward(step).smashed.map((value) => value / 50);
      calm.backward(step, gradient);
      disturbed.forward(step);
      other.forward(1 - step);
      await compiled.train(request);
      disturbed.backward(step, gradient);
    }
    expect(sameBytes(disturbed.weights(), calm.weights())).toBe(true);
    expect(sameBytes(other.weights(), lower)).toBe(true);
  });
});

describe('other threads', () => {
  it('give the same bytes as this one', async () => {
    const url = new URL('../../learning/training/tfjs-learner.ts', import.meta.url).href;
    const request = requestFor(models[3]!, compiled, 19, 2);
    const source = `
      const { parentPort, workerData } = require('node:worker_threads');
      import('tsx/esm/api')
        .then((tsx) => { tsx.register(); return import(${JSON.stringify(url)}); })
        .then((module) => module.createTfjsLearner('wasm'))
        .then((learner) => learner.train(workerData))
        .then((result) => parentPort.postMessage(result.weights));`;
    const weightsOf = async (): Promise<Float32Array> => {
      const worker = new Worker(source, { eval: true, workerData: request });
      const answer = await new Promise<Float32Array>((resolve, reject) => {
        worker.once('message', resolve);
        worker.once('error', reject);
      });
      await worker.terminate();
      return answer;
    };
    const [first, second] = await Promise.all([weightsOf(), weightsOf()]);
    const { weights } = await compiled.train(request);
    expect(sameBytes(first, weights)).toBe(true);
    expect(sameBytes(second, weights)).toBe(true);
  });
});
