// How each engine's tfjs backend is started: its packages loaded, its backend active. Throws where it cannot be.
// Must not: decide which engine is taken (engine.ts), or trust one (self-test.ts).

import { createRequire } from 'node:module';
import util from 'node:util';
import * as wasm from '@tensorflow/tfjs-backend-wasm';
import * as tf from '@tensorflow/tfjs-core';
import { type EngineName, enginePackages } from './engine-names.ts';
import { type KernelBuild, loadRelaxedKernels } from './kernels/module.ts';
import { registerKernels } from './kernels/register.ts';

const require = createRequire(import.meta.url);

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

function isInstalled(nameAtVersion: string): boolean {
  try {
    require.resolve(nameAtVersion.slice(0, nameAtVersion.lastIndexOf('@')));
    return true;
  } catch {
    return false;
  }
}

/** Throws an error with the command that installs what `engine` needs, unless it is there. */
function requirePackages(engine: EngineName): void {
  const packages = enginePackages[engine] ?? [];
  if (packages.every(isInstalled)) return;
  throw new Error(
    `its packages are large and come only when asked for (npm install --no-save ${packages.join(' ')})`,
  );
}

/** The build of our kernels that an engine trains with; undefined where it has its own. */
export function kernelsOf(name: EngineName): KernelBuild | undefined {
  if (name === 'wasm') return 'plain';
  return name === 'wasm-relaxed' ? 'relaxed' : undefined;
}

/** The name of an engine's tfjs backend. */
export function backendOf(name: EngineName): string {
  return kernelsOf(name) === undefined ? name : 'wasm';
}

async function startWasm(build: KernelBuild): Promise<string> {
  wasm.setThreadsCount(1);
  await withoutNewHandlers(() => setBackend('wasm'));
  const simd = await tf.env().getAsync('WASM_HAS_SIMD_SUPPORT');
  if (!simd) throw new Error('this machine runs WebAssembly without SIMD');
  registerKernels(build);
  const simdName = build === 'plain' ? 'SIMD' : 'relaxed SIMD: last bits depend on the machine';
  return `wasm (tfjs ${tf.version_core}, roadbed kernels, ${simdName})`;
}

async function startRelaxed(): Promise<string> {
  await loadRelaxedKernels();
  return startWasm('relaxed');
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
  requirePackages('tensorflow');
  mendNodeUtil();
  // Spelled as a variable: the package is not a dependency, and the type checker must not look for it.
  const name: string = '@tensorflow/tfjs-node';
  const loaded = (await import(name)) as { version?: Record<string, string> };
  await setBackend('tensorflow');
  return `tensorflow (tfjs-node ${loaded.version?.['tfjs-node'] ?? 'of unknown version'})`;
}

/** What we use of Dawn's npm build and of the WebGPU standard. */
interface Gpu {
  requestAdapter(options?: object): Promise<{
    readonly info: { readonly vendor: string; readonly architecture: string; readonly description: string };
  } | null>;
}
interface Dawn {
  /** Constructors and flags that pages find on `globalThis`. */
  readonly globals: object;
  create(flags: readonly string[]): Gpu;
}

/** Puts Dawn where a page has WebGPU, because there the tfjs backend looks for it. */
function exposeGpu({ globals, create }: Dawn): Gpu {
  const gpu = create([]);
  Object.assign(globalThis, globals);
  // Node has no `navigator` before version 21.
  const navigator = (globalThis as { navigator?: object }).navigator;
  if (navigator) Object.defineProperty(navigator, 'gpu', { value: gpu, configurable: true });
  else Object.defineProperty(globalThis, 'navigator', { value: { gpu }, configurable: true });
  return gpu;
}

async function startWebgpu(): Promise<string> {
  requirePackages('webgpu');
  // Spelled as variables: the packages are no dependencies.
  const [dawn, backend]: string[] = ['webgpu', '@tensorflow/tfjs-backend-webgpu'];
  const gpu = exposeGpu((await import(dawn!)) as Dawn);
  // The same request as the backend's own, which answers null with a stack trace and the cpu backend.
  const adapter = await gpu.requestAdapter({ powerPreference: 'high-performance' });
  if (!adapter)
    throw new Error(
      'Dawn finds no GPU adapter (expected a Vulkan loader, libvulkan1, and a driver for it; VK_DRIVER_FILES names one)',
    );
  await import(backend!);
  await setBackend('webgpu');
  const { vendor, architecture, description } = adapter.info;
  const device = [vendor, architecture, description].filter(Boolean).join(' ') || 'unnamed';
  return `webgpu (tfjs ${tf.version_core}, Dawn, adapter: ${device}; experimental)`;
}

async function startCpu(): Promise<string> {
  await import('@tensorflow/tfjs-backend-cpu');
  await setBackend('cpu');
  return `cpu (tfjs ${tf.version_core}, plain JavaScript, for tests only)`;
}

/** Starts an engine and returns its description for manifests. */
export const starters: Readonly<Record<EngineName, () => Promise<string>>> = {
  wasm: () => startWasm('plain'),
  'wasm-relaxed': startRelaxed,
  tensorflow: startTensorflow,
  webgpu: startWebgpu,
  cpu: startCpu,
};
