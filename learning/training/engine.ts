// Chooses what trains: WebAssembly with our kernels, unless another engine is asked for by name. It needs nothing
// installed, is the fastest on a car's small models, and gives the same bytes on every machine; that native TensorFlow
// happens to be installed must not change a result. An engine is trusted after a self-test, and a refusal says why.
// Must not: fall back silently. tf.setBackend answers a failed wasm start with the cpu backend, 200 times slower; here
// the active backend is asserted, and an engine asked for by name is taken or refused.

import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../base/assert.ts';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { type EngineName, type EnginePreference, engineNames } from './engine-names.ts';
import { backendOf, kernelsOf, starters } from './engine-starters.ts';
import type { KernelBuild } from './kernels/module.ts';
import { registerKernels } from './kernels/register.ts';
import { registerReluGradient } from './ops.ts';
import { selfTest } from './self-test.ts';

/** One engine that was tried: it works if `refusal` is undefined. `roadbed doctor` prints these. */
export interface EngineAttempt {
  readonly engine: EngineName;
  /** Its description in manifests; its bare name where it does not start. */
  readonly description: string;
  readonly refusal: string | undefined;
}

export interface Engine {
  readonly name: EngineName;
  /** For the manifest of a run, e.g. `wasm (tfjs 4.22.0, roadbed kernels, SIMD)`. */
  readonly description: string;
  /** Why this engine: one sentence for the manifest. */
  readonly reasons: readonly string[];
  /** The build of roadbed's kernels it trains with; undefined where it has its own. */
  readonly kernels: KernelBuild | undefined;
  /** Numbers come back from the device only some time after they were asked for: no split halves. */
  readonly isLate: boolean;
  /** Makes this engine's backend the active one of the thread. Throws RoadbedError('engine') if it is not. */
  activate(): Promise<void>;
  /** Throws AssertionError if another backend became active between two calls of a split half. */
  assertActive(): void;
}

/** The engine that `auto` stands for. */
const usual: EngineName = 'wasm';

/** True for an engine whose numbers come back late. */
const isLate = (name: EngineName): boolean => name === 'webgpu';

/** The engine activated last in this thread. */
let active: EngineName | undefined;

interface Started {
  readonly description: string;
  readonly refusal: string | undefined;
}

/** Backends are global to a thread, so each is started and tested once. */
const started = new Map<EngineName, Promise<Started>>();

/** The first line of a message. Where a package is missing, the file that wanted it says nothing. */
const firstSentence = (error: unknown): string =>
  messageOf(error)
    .split('\n')[0]!
    .replace(/ imported from .*/, '');

async function startOnce(name: EngineName): Promise<Started> {
  try {
    // Production mode keeps tfjs from checking every value and from printing its advertisement.
    tf.enableProdMode();
    registerReluGradient();
    const description = await starters[name]();
    return { description, refusal: await selfTest(isLate(name)) };
  } catch (error) {
    return { description: name, refusal: `does not start: ${firstSentence(error)}` };
  }
}

function start(name: EngineName): Promise<Started> {
  const running = started.get(name) ?? startOnce(name);
  started.set(name, running);
  return running;
}

async function activate(name: EngineName): Promise<void> {
  const backend = backendOf(name);
  await tf.setBackend(backend);
  if (tf.getBackend() !== backend)
    throw new RoadbedError(
      'engine',
      `the active tfjs backend is ${tf.getBackend()} (expected ${backend}). Restart.`,
    );
  const build = kernelsOf(name);
  if (build !== undefined) registerKernels(build);
  active = name;
}

/**
 * Opens the engine to train with: `wasm` for 'auto', otherwise the one that is named.
 * Throws RoadbedError('engine') with the reason where it does not start or fails its self-test.
 */
export async function openEngine(preference: EnginePreference = 'auto'): Promise<Engine> {
  const name = preference === 'auto' ? usual : preference;
  const { description, refusal } = await start(name);
  if (refusal !== undefined) {
    const remedy = name === usual ? 'Run npm ci again, or name another engine.' : `Or use ${usual}.`;
    throw new RoadbedError('engine', `training engine ${name}: ${refusal}. ${remedy}`);
  }
  await activate(name);
  const why = preference === 'auto' ? 'nothing else was asked for' : 'it was asked for';
  return {
    name,
    description,
    reasons: [`${name}: ${why}; it passed its self-test`],
    kernels: kernelsOf(name),
    isLate: isLate(name),
    activate: () => activate(name),
    assertActive() {
      const backend = tf.getBackend();
      assert(backend === backendOf(name), `backend ${backend} active (expected ${backendOf(name)})`);
      assert(active === name, `engine ${active} active (expected ${name})`);
    },
  };
}

/** Tries every engine in turn; the usual one first. Leaves the last one that works active. */
export async function tryEngines(): Promise<EngineAttempt[]> {
  const attempts: EngineAttempt[] = [];
  for (const engine of engineNames) attempts.push({ engine, ...(await start(engine)) });
  return attempts;
}
