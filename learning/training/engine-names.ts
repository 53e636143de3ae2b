// The names of the training engines, for whoever only chooses one. Must not: import tfjs (a command that shows its help
// need not load it).

export const engineNames = ['wasm', 'wasm-relaxed', 'tensorflow', 'webgpu', 'cpu'] as const;

/**
 * `wasm`: WebAssembly with our kernels, the default, always there, the same bytes on any machine. `wasm-relaxed`: the
 * same kernels with relaxed SIMD, a little faster, with last bits that depend on the machine. `tensorflow`: native
 * TensorFlow (tfjs-node). `webgpu`: a GPU through Dawn, experimental. `cpu`: plain JavaScript, the slow reference.
 */
export type EngineName = (typeof engineNames)[number];

export const enginePreferences = ['auto', ...engineNames] as const;
/** `auto` is `wasm`: no other engine is ever taken unasked. */
export type EnginePreference = (typeof enginePreferences)[number];

/**
 * Packages of engines that must be asked for by name. They weigh hundreds of megabytes (tfjs-node with its library 600,
 * webgpu 150), so they are no dependencies. Nor are they optional peer dependencies: npm installs those no more than it
 * installs these, and package.json would only repeat the versions; the lock file stays complete without them.
 */
export const enginePackages: Readonly<Partial<Record<EngineName, readonly string[]>>> = {
  tensorflow: ['@tensorflow/tfjs-node@4.22.0'],
  webgpu: ['webgpu@0.6.2', '@tensorflow/tfjs-backend-webgpu@4.22.0'],
};
