// `npm test`: sets up what is missing, then type check, lint and all tests; arguments go to vitest (npm test -- unit).
// Must not: stop at the first failing step. One run shows everything that is wrong.

import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { exitWith, setup } from './setup.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));

/** Runs one tool from node_modules with our own Node; resolves to its exit code. */
function run(name, path, args) {
  process.stderr.write(`roadbed test: ${name}\n`);
  const child = spawn(process.execPath, [`${root}node_modules/${path}`, ...args], {
    cwd: root,
    stdio: 'inherit',
  });
  const forward = (signal) => child.kill(signal);
  process.on('SIGINT', forward);
  process.on('SIGTERM', forward);
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('close', (code) => {
      process.off('SIGINT', forward);
      process.off('SIGTERM', forward);
      resolve(code ?? 130);
    });
  });
}

await exitWith(async () => {
  await setup();
  const steps = [
    ['type check', 'typescript/bin/tsc', ['--noEmit']],
    ['lint', '@biomejs/biome/bin/biome', ['check', '.']],
    ['tests', 'vitest/vitest.mjs', ['run', ...process.argv.slice(2)]],
  ];
  const failed = [];
  for (const [name, path, args] of steps) {
    const code = await run(name, path, args);
    if (code === 130) return code;
    if (code !== 0) failed.push(name);
  }
  process.stderr.write(
    failed.length > 0 ? `roadbed test: failed: ${failed.join(', ')}\n` : 'roadbed test: passed\n',
  );
  return failed.length > 0 ? 1 : 0;
});
