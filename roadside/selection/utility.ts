// MAVFL's utility: what a round was worth, from who came through and how long it took. Rewards the bandit and is logged.
// Source: Tu et al., "Mobility-Aware Federated Learning: Multi-Armed Bandit Based Selection in Vehicular Network",
// arXiv 2410.10451, problem P1. The abstract speaks of minimising it, its equations maximise it: it is maximised here.
// Must not: use running extremes of the delay; moving bounds would change the scale of rewards already earned.

/** Bounds of a round's delay in seconds: constants of a run. */
export interface DelayBounds {
  readonly minSeconds: number;
  readonly maxSeconds: number;
}

/** clip((T - Tmin) / (Tmax - Tmin), 0, 1). Where the bounds coincide: 0 up to them, 1 beyond. */
export function normalisedDelay(seconds: number, bounds: DelayBounds): number {
  const width = bounds.maxSeconds - bounds.minSeconds;
  if (width <= 0) return seconds <= bounds.minSeconds ? 0 : 1;
  return Math.min(1, Math.max(0, (seconds - bounds.minSeconds) / width));
}

/**
 * Phi = alpha p - (1 - alpha) clip((T - Tmin) / (Tmax - Tmin), 0, 1), within [-(1 - alpha), alpha].
 * `success` is the participation ratio p of a round (MAVFL Eq. 5), or 1 or 0 for one vehicle (our per-vehicle credit).
 */
export function utility(
  participationWeight: number,
  success: number,
  delay: { readonly seconds: number; readonly bounds: DelayBounds },
): number {
  return (
    participationWeight * success - (1 - participationWeight) * normalisedDelay(delay.seconds, delay.bounds)
  );
}
