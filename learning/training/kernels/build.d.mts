// Types of build.mjs, which stays JavaScript so that `npm run kernels` needs nothing but node.
// Must not: say more than build.mjs exports.

/** Compiles assembly/index.ts and returns the module's bytes. */
export function compileKernels(): Promise<Uint8Array>;
/** The text of kernels.generated.ts for these bytes. */
export function generatedSource(bytes: Uint8Array): string;
