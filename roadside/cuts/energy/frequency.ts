// How fast a processor should run when time costs A / f and energy costs B f^2: the kernel that OPEN (arXiv 2403.05158) and
// CARD (arXiv 2412.00090) share, in closed form. A / f + B f^2 is strictly convex for f > 0 and flat at f^3 = A / (2 B).
// Derivation ours. Must not: know what the two prices stand for.

/** Hertz within [lowest, highest] that minimise A / f + B f^2; `highest` where energy costs nothing. A, B >= 0. */
export function bestFrequency(
  timePrice: number,
  energyPrice: number,
  lowest: number,
  highest: number,
): number {
  if (energyPrice <= 0) return highest;
  return Math.min(highest, Math.max(lowest, Math.cbrt(timePrice / (2 * energyPrice))));
}
