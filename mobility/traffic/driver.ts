// Who sits in a vehicle: its id, its speed factor and its route seed. Everything is drawn from the vehicle's own stream,
// forked by its id, so a vehicle is the same person whatever happens to the others.
// Must not: know of devices or data shards.

import { asId, type VehicleId } from '../../base/ids.ts';
import type { Rng } from '../../base/rng.ts';

/**
 * `uniform`: U(1 - spread, 1 + spread), our default. `truncated-gaussian`: N(1, spread / 2) cut at 1 +- spread, the
 * mu +- 2 sigma of the vehicular federated learning papers (their public code).
 */
export type SpeedDistribution = 'uniform' | 'truncated-gaussian';

/** How drivers differ. */
export interface DriverOptions {
  /** Relative half width of speed factors, in [0, 1). */
  readonly speedSpread: number;
  readonly speedDistribution: SpeedDistribution;
}

/** One driver and vehicle. */
export interface Driver {
  readonly id: VehicleId;
  /** Desired speed over the common one, without unit. */
  readonly speedFactor: number;
  readonly routeSeed: number;
}

/** The id of the `number`-th vehicle of a run, counted from 1: v0001, v0002, ... */
export function vehicleId(number: number): VehicleId {
  return asId(`v${String(number).padStart(4, '0')}`);
}

/** The driver of vehicle `number`, from the fork `vehicle:<id>` of `rng`. */
export function makeDriver(rng: Rng, number: number, options: DriverOptions): Driver {
  const id = vehicleId(number);
  const own = rng.fork(`vehicle:${id}`);
  return { id, speedFactor: speedFactor(own, options), routeSeed: own.next() };
}

function speedFactor(rng: Rng, { speedSpread, speedDistribution }: DriverOptions): number {
  if (speedSpread === 0) return 1;
  if (speedDistribution === 'uniform') return rng.between(1 - speedSpread, 1 + speedSpread);
  // Rejection: 95.4 % of the draws lie within two sigma.
  for (;;) {
    const sigmas = rng.normal();
    if (Math.abs(sigmas) <= 2) return 1 + (speedSpread / 2) * sigmas;
  }
}
