// Types of build.mjs, which stays JavaScript so that `npm run kernels` needs nothing but node.
// Must not: say more than build.mjs exports.

/** Compiles assembly/index.ts, with plain SIMD unless told otherwise, and returns the module's bytes. */
export function compileKernels(build?: 'plain' | 'relaxed'): Promise<Uint8Array>;
/** The text of the generated file for these bytes. */
export function generatedSource(bytes: Uint8Array): string;
