// The choice of engine: what is taken, what is refused and why, and that nothing falls back in silence.
// Must not: need an engine that has to be asked for (learning-engine-optional.test.ts).

import { Worker } from 'node:worker_threads';
import * as tf from '@tensorflow/tfjs-core';
import { describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { openEngine, tryEngines } from '../../learning/training/engine.ts';
import { type EngineName, engineNames } from '../../learning/training/engine-names.ts';
import { openLearner } from '../../learning/training/open-learner.ts';
import { measureStep, reference } from '../../learning/training/self-test.ts';

/** The engine that opens, or the error. */
const outcomeOf = (name: EngineName): Promise<unknown> =>
  openEngine(name).then(
    (engine) => engine.name,
    (error: unknown) => error,
  );

describe('the training engine', () => {
  it('is wasm when asked for, and wasm is what tfjs then runs', async () => {
    const engine = await openEngine('wasm');
    expect(tf.getBackend()).toBe('wasm');
    expect(engine).toMatchObject({
      name: 'wasm',
      isLate: false,
      reasons: ['wasm: it was asked for; it passed its self-test'],
    });
  });

  it('is wasm when nothing is asked for, whatever else is installed', async () => {
    const { learner, reasons } = await openLearner('auto');
    expect(tf.getBackend()).toBe('wasm');
    expect(learner.engine).toMatch(/^wasm \(tfjs/);
    expect(reasons).toEqual(['wasm: nothing else was asked for; it passed its self-test']);
  });

  it.each([
    ['tensorflow', 'npm install --no-save @tensorflow/tfjs-node@4.22.0'],
    ['webgpu', 'npm install --no-save webgpu@0.6.2 @tensorflow/tfjs-backend-webgpu@4.22.0'],
  ] as const)(
    '%s is taken or refused, never replaced; a refusal says how to get it',
    async (name, command) => {
      const outcome = await outcomeOf(name);
      if (outcome === name) return;
      expect(outcome).toBeInstanceOf(RoadbedError);
      const { reason, message } = outcome as RoadbedError;
      expect(reason).toBe('engine');
      expect(message).toContain(`training engine ${name}: `);
      expect(message).toMatch(/Or use wasm\.$/);
      // Installed, but without a library or an adapter, it says that instead.
      if (message.includes('packages')) expect(message).toContain(command);
    },
  );

  it('with relaxed SIMD is taken or refused with the reason, and named in the manifest', async () => {
    const outcome = await outcomeOf('wasm-relaxed');
    if (outcome instanceof RoadbedError) return expect(outcome.message).toMatch(/relaxed SIMD/);
    const { learner, reasons } = await openLearner('wasm-relaxed');
    expect(reasons).toEqual(['wasm-relaxed: it was asked for; it passed its self-test']);
    expect(learner.engine).toContain('relaxed SIMD: last bits depend on the machine');
    const relaxed = await openEngine('wasm-relaxed');
    const plain = await openEngine('wasm');
    // Both kinds of kernels sit on one tfjs backend: only the one activated last may be used.
    expect(() => plain.assertActive()).not.toThrow();
    expect(() => relaxed.assertActive()).toThrow(/engine wasm active \(expected wasm-relaxed\)/);
    await relaxed.activate();
    expect(() => relaxed.assertActive()).not.toThrow();
  });

  it('can be looked at with all others, each with its reason', async () => {
    const attempts = await tryEngines();
    expect(attempts.map(({ engine }) => engine)).toEqual(engineNames);
    const works = attempts.filter(({ refusal }) => refusal === undefined).map(({ engine }) => engine);
    expect(works).toEqual(expect.arrayContaining(['wasm', 'cpu']));
    for (const { refusal } of attempts) if (refusal !== undefined) expect(refusal.length).toBeGreaterThan(20);
  });

  it('is tested with one step whose numbers the cpu backend makes', async () => {
    await openEngine('cpu');
    expect(tf.getBackend()).toBe('cpu');
    for (const isLate of [false, true]) {
      const made = await measureStep(isLate);
      expect(made.loss).toBeCloseTo(reference.loss, 6);
      expect(made.checksum).toBeCloseTo(reference.checksum, 3);
    }
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
    expect(answer).toMatch(/^wasm \(tfjs 4\.22\.0, roadbed kernels, SIMD\): compiled steps, models with/);
  });
});
