// The compiled kernel of the city engine is what the compiler makes of its sources.

import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';

it('has its bytes checked in as the compiler makes them', async () => {
  const { compileKernel, generatedSource } = await import('../../mobility/city/kernel/build.mjs');
  const path = new URL('../../mobility/city/kernel/kernel.generated.ts', import.meta.url);
  expect(readFileSync(path, 'utf8')).toBe(generatedSource(await compileKernel()));
});
