// The seconds of one way to do a task, full or split, and where they go. Must not: compute them.

import type { TaskSeconds } from '../selection/policy.ts';

/** Stands for "never": what takes longer is logged as this, since a log cannot hold infinity (1e9 s is 31 years). */
export const neverSeconds = 1e9;

/** Where the time of one path goes, in seconds. `computeSeconds` is the car's own work, the server's is apart. */
export interface PathSeconds extends TaskSeconds {
  /** The RSU's work, and the wait until it comes to it. */
  readonly serverSeconds: number;
  readonly latencySeconds: number;
}

/** The path with the sum of its parts. */
export function withTotal(path: Omit<PathSeconds, 'totalSeconds'>): PathSeconds {
  const sum =
    path.downloadSeconds +
    path.computeSeconds +
    path.serverSeconds +
    path.uploadSeconds +
    path.latencySeconds;
  return { ...path, totalSeconds: Math.min(sum, neverSeconds) };
}
