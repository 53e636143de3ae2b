// Chooses what trains. tfjs-node (native TensorFlow) where it is installed, loads and passes the self-test; otherwise
// WebAssembly with our kernels, which needs nothing installed. Says what was tried and why the others were not taken.
// Must not: fall back silently. tf.setBackend answers a failed wasm start with the cpu backend, 200 times slower; here
// the active backend is asserted, and an engine asked for by name is taken or refused.

import util from 'node:util';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { assert } from '../../base/assert.ts';
import { messageOf, RoadbedError } from '../../base/errors.ts';
import { registerKernels } from './kernels/register.ts';
import { registerReluGradient } from './ops.ts';
import { selfTest } from './self-test.ts';

export type EngineName = 'wasm' | 'tensorflow' | 'cpu';
export type EnginePreference = 'auto' | EngineName;

/** One engine that was tried: taken if `refusal` is undefined. `roadbed doctor` prints these. */
export interface EngineAttempt {
  readonly engine: EngineName;
  readonly refusal: string | undefined;
}

export interface Engine {
  readonly name: EngineName;
  /** For the manifest of a run, e.g. `wasm (tfjs 4.22.0, roadbed kernels, SIMD)`. */
  readonly description: string;
  /** Every engine tried, in order; the last one is the one taken. */
  readonly attempts: readonly EngineAttempt[];
  /** One sentence for each engine that was not taken. */
  readonly reasons: readonly string[];
  /** Makes this engine's backend the active one of the thread. Throws RoadbedError('engine') if it is not. */
  activate(): Promise<void>;
  /** Throws AssertionError if another backend became active between two calls of a split half. */
  assertActive(): void;
}

/** Emscripten adds process-wide handlers that rethrow what others may want to handle; take them away again. */
async function withoutNewHandlers(start: () => Promise<unknown>): Promise<void> {
  const events = ['uncaughtException', 'unhandledRejection'] as const;
  const before = events.map((event) => new Set(process.listeners(event as 'uncaughtException')));
  await start();
  events.forEach((event, i) => {
    for (const listener of process.listeners(event as 'uncaughtException')) {
      if (!before[i]!.has(listener)) process.removeListener(event, listener);
    }
  });
}

/** Sets the backend and asserts it, because tfjs answers a failure by silently taking another. */
async function setBackend(name: EngineName): Promise<void> {
  await tf.setBackend(name);
  if (tf.getBackend() !== name)
    throw new Error(`tfjs took the ${tf.getBackend()} backend instead of ${name}`);
}

async function startWasm(): Promise<string> {
  wasm.setThreadsCount(1);
  await withoutNewHandlers(() => setBackend('wasm'));
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  if (!simd) throw new Error('this machine runs WebAssembly without SIMD');
  registerKernels();
  return `wasm (tfjs ${tf.version_core}, roadbed kernels, SIMD)`;
}

/** tfjs-node 4.22 calls two functions that Node 23 removed from node:util. */
function mendNodeUtil(): void {
  const missing = {
    isNullOrUndefined: (value: unknown) => value === null || value === undefined,
    isArray: Array.isArray,
  };
  for (const [name, replacement] of Object.entries(missing)) {
    if (!(name in util)) Object.assign(util, { [name]: replacement });
  }
}

async function startTensorflow(): Promise<string> {
  mendNodeUtil();
  // Spelled as a variable: the package is optional, and the type checker must not look for it.
  const name: string = '@tensorflow/tfjs-node';
  const loaded = (await import(name)) as { version?: Record<string, string> };
  await setBackend('tensorflow');
  return `tensorflow (tfjs-node ${loaded.version?.['tfjs-node'] ?? 'of unknown version'})`;
}

async function startCpu(): Promise<string> {
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  return `cpu (tfjs ${tf.version_core}, plain JavaScript, for tests only)`;
}

const starters = { wasm: startWasm, tensorflow: startTensorflow, cpu: startCpu };

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
    return { description, refusal: selfTest() };
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
  await tf.setBackend(name);
  if (tf.getBackend() === name) return;
  throw new RoadbedError(
    'engine',
    `the active tfjs backend is ${tf.getBackend()} (expected ${name}). Restart.`,
  );
}

/**
 * Opens the engine to train with. 'auto': tfjs-node where it passes, otherwise wasm; a name: that engine or an error.
 * Throws RoadbedError('engine') listing every engine tried and why it was refused.
 */
export async function openEngine(preference: EnginePreference = 'auto'): Promise<Engine> {
  const candidates: EngineName[] = preference === 'auto' ? ['tensorflow', 'wasm'] : [preference];
  const attempts: EngineAttempt[] = [];
  for (const name of candidates) {
    const { description, refusal } = await start(name);
    attempts.push({ engine: name, refusal });
    if (refusal !== undefined) continue;
    await activate(name);
    return {
      name,
      description,
      attempts,
      reasons: attempts.flatMap((a) => (a.refusal === undefined ? [] : [`${a.engine}: ${a.refusal}`])),
      activate: () => activate(name),
      assertActive: () =>
        assert(tf.getBackend() === name, `backend ${tf.getBackend()} active (expected ${name})`),
    };
  }
  const tried = attempts.map((a) => `${a.engine}: ${a.refusal}`).join('; ');
  throw new RoadbedError(
    'engine',
    `no training engine works (${tried}). Run npm ci again, or pick another engine.`,
  );
}
