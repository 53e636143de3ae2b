// How tests run: each file in a process of its own (native SQLite, tfjs backends and workers are global to a process),
// two at a time, because the smallest supported machine has two cores. Benchmarks are no tests: `test/bench` is left out.

import { defineConfig } from 'vitest/config';

/** Long enough for a loaded two-core machine. A test that waits on a real clock is wrong at any length. */
const timeouts = { unit: 20_000, process: 120_000 } as const;

const slowKinds = ['wire', 'browser', 'sim'] as const;

const shared = { exclude: ['test/bench/**', '**/node_modules/**'], pool: 'forks', maxWorkers: 2 } as const;

export default defineConfig({
  test: {
    ...shared,
    reporters: ['default'],
    projects: [
      {
        test: {
          ...shared,
          name: 'fast',
          include: ['test/**/*.test.ts'],
          exclude: [...shared.exclude, ...slowKinds.map((kind) => `test/${kind}/**`)],
          testTimeout: timeouts.unit,
          hookTimeout: timeouts.unit,
        },
      },
      {
        test: {
          ...shared,
          name: 'slow',
          include: slowKinds.map((kind) => `test/${kind}/**/*.test.ts`),
          testTimeout: timeouts.process,
          hookTimeout: timeouts.process,
        },
      },
    ],
  },
});
