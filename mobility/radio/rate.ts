// Shannon rate of the uplink and the equal split of its band (MAVFL's OFDMA uplink, docs/mavfl.md).
// Must not: know of positions; distances come in, efficiencies and rates go out.

import { dbToRatio } from '../../base/units.ts';
import { type RadioParameters, snrDb } from './path-loss.ts';

/** Spectral efficiency log2(1 + SNR) in bit/s per Hz over the slant distance `distanceMeters`. */
export function spectralEfficiency(distanceMeters: number, radio: RadioParameters): number {
  return Math.log2(1 + dbToRatio(snrDb(distanceMeters, radio)));
}

/** Slant distance in metres from the ground distance and the antenna's height above the vehicle's. */
export function slantMeters(groundMeters: number, heightMeters: number): number {
  return Math.sqrt(groundMeters * groundMeters + heightMeters * heightMeters);
}

/**
 * B_k = B / K0, Hz: each of `vehicles` gets the same share. Throws RangeError unless there is at least one, a whole number.
 */
export function equalSplitHz(totalHz: number, vehicles: number): number {
  if (!Number.isInteger(vehicles) || vehicles < 1) {
    throw new RangeError(`invalid number of vehicles: ${vehicles} (expected a whole number >= 1)`);
  }
  return totalHz / vehicles;
}

/** q_k = B_k log2(1 + SNR), bit/s. */
export function rateBitsPerSecond(bandwidthHz: number, bitsPerSecondPerHertz: number): number {
  return bandwidthHz * bitsPerSecondPerHertz;
}
