// The two compiled kernel modules of a thread: with plain SIMD, which rounds the same on every machine, and with relaxed
// SIMD, which is opt-in and must be named in manifests. Each is compiled once in a process: the main thread hands what it
// compiled to its workers, and a thread that was handed nothing compiles for itself.
// Must not: choose relaxed SIMD for anybody, or take it where the machine does not have it.

import v8 from 'node:v8';
import { assert } from '../../../base/assert.ts';
import { kernelBytesBase64 } from './kernels.generated.ts';

export type KernelBuild = 'plain' | 'relaxed';

/** Compiled modules as they travel to a worker thread; structured cloning shares their machine code. */
export type KernelModules = Readonly<Partial<Record<KernelBuild, WebAssembly.Module>>>;

const modules: Partial<Record<KernelBuild, WebAssembly.Module>> = {};

function bytesOf(base64: string): Uint8Array<ArrayBuffer> {
  return new Uint8Array(Buffer.from(base64, 'base64'));
}

/** The module of a build. Asserts that `loadRelaxedKernels` came before the relaxed one. */
export function kernelModule(build: KernelBuild): WebAssembly.Module {
  if (build === 'plain') modules.plain ??= new WebAssembly.Module(bytesOf(kernelBytesBase64));
  const found = modules[build];
  assert(found, `the ${build} kernels are not loaded`);
  return found;
}

/** Compiles the build with relaxed SIMD. Throws an Error that says why where this Node or processor cannot. */
export async function loadRelaxedKernels(): Promise<void> {
  if (modules.relaxed) return;
  const { kernelBytesBase64: relaxed } = await import('./kernels-relaxed.generated.ts');
  const bytes = bytesOf(relaxed);
  // Node 20 knows relaxed SIMD only behind a flag of V8; newer ones have no such flag and need none.
  if (!WebAssembly.validate(bytes)) v8.setFlagsFromString('--experimental-wasm-relaxed-simd');
  if (!WebAssembly.validate(bytes))
    throw new Error(
      `Node ${process.versions.node} does not run relaxed SIMD here (expected Node 20 or later)`,
    );
  modules.relaxed = new WebAssembly.Module(bytes);
}

/** What to hand to a worker thread: compiled here, so that it need not. */
export async function sharedKernelModules(build: KernelBuild): Promise<KernelModules> {
  if (build === 'relaxed') await loadRelaxedKernels();
  return { [build]: kernelModule(build) };
}

/** Takes modules that another thread compiled. */
export function adoptKernelModules(shared: KernelModules): void {
  Object.assign(modules, shared);
}
