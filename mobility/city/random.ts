// Random numbers by counting: what a driver draws depends on the seed, the driver, the step and the purpose only, so
// the order in which drivers are served, or how many workers serve them, cannot change a run.
// Must not: hold state. base/rng.ts streams are for everything that is drawn in a fixed order.

/** What a number is drawn for; equal purposes of one driver in one step give equal numbers. */
export const purposes = { dawdle: 1, deadlock: 2, tie: 3, departure: 4 } as const;

/** Uniform in [0, 1), 32 bits: murmur's finisher over a mix of the four. */
export function drawUniform(seed: number, driver: number, step: number, purpose: number): number {
  let h = Math.imul(driver + 1, 0x9e3779b1) ^ Math.imul(step + 1, 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 15) ^ seed, 0x2c1b3c6d) + Math.imul(purpose, 0x297a2d39);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return ((h ^ (h >>> 16)) >>> 0) / 4294967296;
}
