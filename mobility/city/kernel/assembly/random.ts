// Random numbers by counting: what a driver draws depends on the seed, the driver, the step and the purpose only, so
// the order in which drivers are served, or how many workers serve them, cannot change a run.
// Must not: hold state. base/rng.ts streams are for everything that is drawn in a fixed order.

/** What a number is drawn for; equal purposes of one driver in one step give equal numbers. */
export const dawdlePurpose: i32 = 1;
export const deadlockPurpose: i32 = 2;
export const tiePurpose: i32 = 3;
export const departPlacePurpose: i32 = 4;
export const departSpeedPurpose: i32 = 5;
export const departLanePurpose: i32 = 6;

/** Uniform in [0, 1), 32 bits: murmur's finisher over a mix of the four. */
export function drawUniform(seed: i32, driver: i32, step: i32, purpose: i32): f64 {
  let h = (<u32>(driver + 1) * <u32>0x9e3779b1) ^ (<u32>(step + 1) * <u32>0x85ebca6b);
  h = (h ^ (h >> 15) ^ <u32>seed) * <u32>0x2c1b3c6d + <u32>purpose * <u32>0x297a2d39;
  h = (h ^ (h >> 16)) * <u32>0x85ebca6b;
  h = (h ^ (h >> 13)) * <u32>0xc2b2ae35;
  return <f64>(h ^ (h >> 16)) / 4294967296.0;
}
