// The choice of engine: what is tried, what is refused and why, and that nothing falls back in silence.
// Must not: need tfjs-node. Where it is not installed, that is what 'auto' must report.

import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { openEngine } from '../../learning/training/engine.ts';
import { openLearner } from '../../learning/training/open-learner.ts';
import { measureStep, reference } from '../../learning/training/self-test.ts';

describe('the training engine', () => {
  it('is wasm when asked for, and wasm is what tfjs then runs', async () => {
    const engine = await openEngine('wasm');
    expect(tf.getBackend()).toBe('wasm');
    expect(engine).toMatchObject({
      name: 'wasm',
      attempts: [{ engine: 'wasm', refusal: undefined }],
      reasons: [],
    });
  });

  it('chosen automatically says why every other was not taken', async () => {
    const { learner, attempts, reasons } = await openLearner('auto');
    expect(attempts[0]?.engine).toBe('tensorflow');
    expect(attempts.at(-1)?.refusal).toBeUndefined();
    expect(reasons.length).toBe(attempts.length - 1);
    expect(learner.engine).toMatch(/^(tensorflow|wasm) \(tfjs/);
  });

  it('asked for by name is taken or refused, never replaced', async () => {
    const outcome = await openEngine('tensorflow').then(
      (engine) => engine.name,
      (error: unknown) => error,
    );
    if (outcome === 'tensorflow') return;
    expect(outcome).toBeInstanceOf(RoadbedError);
    expect(outcome).toMatchObject({
      reason: 'engine',
      message: expect.stringContaining('tensorflow: does not start'),
    });
  });

  it('is tested with one step whose numbers the cpu backend makes', async () => {
    await openEngine('cpu');
    expect(tf.getBackend()).toBe('cpu');
    const made = measureStep();
    expect(made.loss).toBeCloseTo(reference.loss, 6);
    expect(made.checksum).toBeCloseTo(reference.checksum, 3);
  });

  it('leaves no process-wide handler behind', async () => {
    await openEngine('wasm');
    const names = process.listeners('unhandledRejection').map(String);
    expect(names.filter((source) => /throw/.test(source) && source.length < 60)).toEqual([]);
  });

  it('opens in a worker thread too', async () => {
    const url = new URL('../../learning/training/open-learner.ts', import.meta.url).href;
    const source = `
      const { parentPort } = require('node:worker_threads');
      import('tsx/esm/api')
        .then((tsx) => { tsx.register(); return import(${JSON.stringify(url)}); })
        .then((module) => module.openLearner('wasm'))
        .then((opened) => parentPort.postMessage(opened.learner.engine));`;
    const worker = new Worker(source, { eval: true });
    const answer = await new Promise((resolve, reject) => {
      worker.once('message', resolve);
      worker.once('error', reject);
    });
    await worker.terminate();
    expect(answer).toMatch(/^wasm \(tfjs 4\.22\.0, roadbed kernels, SIMD\): compiled steps for chains/);
  });
});
