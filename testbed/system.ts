// The machine's own clock and chance, for what may see them: pacing a run that people watch, wall times in manifests, live
// runs, seals against strangers. Must not: be read by anything that decides the course of a virtual run.

import { randomBytes } from 'node:crypto';
import { cpus, platform, release } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Clock } from '../base/clock.ts';

/** Seconds since the process began, monotonic. */
export const processSeconds = (): number => performance.now() / 1000;

/** Seconds since `systemClock` was made. */
export function systemClock(): Clock {
  const start = processSeconds();
  return { now: () => processSeconds() - start };
}

/** Wall-clock time, ISO 8601. */
export const isoNow = (): string => new Date().toISOString();

/** 32 bytes nobody can guess: they keep strangers out and decide nothing. */
export const randomSecret = (): Uint8Array => Uint8Array.from(randomBytes(32));

/** What a manifest says of the machine. */
export function machine(roadbedVersion: string): {
  node: string;
  roadbed: string;
  platform: string;
  cpu: string;
} {
  const cores = cpus();
  return {
    node: process.version,
    roadbed: roadbedVersion,
    platform: `${platform()} ${release()} ${process.arch}`,
    cpu: `${cores.length} x ${cores[0]?.model ?? 'unknown'}`,
  };
}

/** Holds virtual time back to `pace` virtual seconds a wall second; never hurries it. Yields to the network now and then. */
export function pacer(pace: number): (virtualSeconds: number) => Promise<void> {
  const start = processSeconds();
  let owed = 0;
  return async (virtualSeconds) => {
    const due = start + owed + virtualSeconds / pace;
    const ahead = due - processSeconds();
    if (ahead > 0.004) await sleep(ahead * 1000);
    // Work that took longer than its virtual time is not caught up with: the map would jump.
    else if (ahead < -0.5) owed -= ahead;
  };
}
