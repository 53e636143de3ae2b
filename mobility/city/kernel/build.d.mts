// Types of build.mjs. Must not: say more than it exports.

export function compileKernel(): Promise<Uint8Array>;
export function generatedSource(bytes: Uint8Array): string;
