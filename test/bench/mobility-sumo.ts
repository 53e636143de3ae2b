// SUMO as an oracle of speed and of driving: runs the installed program and says how much processor time it took.
// Must not: be needed. Where no SUMO is found the bench goes on without and says so.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** The installed build, e.g. `1.15.0`; undefined: none. */
export function sumoVersion(): string | undefined {
  const { stdout, status } = spawnSync('sumo', ['--version'], { encoding: 'utf8' });
  return status === 0 ? /Version (\S+)/.exec(stdout)?.[1] : undefined;
}

export interface SumoRun {
  /** Of the process and of nothing else, user and system. */
  readonly cpuSeconds: number;
  /** SUMO's own count: updates a second times seconds; undefined where it does not say. */
  readonly updates: number | undefined;
}

/** Runs SUMO to its end. Throws with its own words where it fails. */
export function runSumo(args: readonly string[]): SumoRun {
  // The shell's `times` says what its children took, on every system with a shell.
  const quiet = ['--no-step-log', '--duration-log.statistics', '--xml-validation', 'never', '--no-warnings'];
  const { stdout, stderr, status } = spawnSync(
    'sh',
    ['-c', 'sumo "$@" || exit 1; times', 'sh', ...quiet, ...args],
    {
      encoding: 'utf8',
      maxBuffer: 1 << 28,
    },
  );
  if (status !== 0) throw new Error(`sumo ${args.join(' ')} failed: ${stderr.slice(-2000)}`);
  const children = stdout.trimEnd().split('\n').at(-1)!;
  const cpuSeconds = [...children.matchAll(/(\d+)m([\d.]+)s/g)]
    .map(([, minutes, seconds]) => 60 * Number(minutes) + Number(seconds))
    .reduce((sum, seconds) => sum + seconds, 0);
  const ups = /UPS: ([\d.]+)/.exec(stdout)?.[1];
  const duration = /Duration: ([\d.]+)s/.exec(stdout)?.[1];
  const updates = ups === undefined || duration === undefined ? undefined : Number(ups) * Number(duration);
  return { cpuSeconds, updates };
}

/** Runs `work` with a folder that is gone afterwards. */
export async function withFolder<T>(work: (folder: string) => T | Promise<T>): Promise<T> {
  const folder = mkdtempSync(join(tmpdir(), 'roadbed-bench-'));
  try {
    return await work(folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}
