// The geometry of one radio link, vehicle to RSU, as every path loss model reads it. Must not: hold a model.

export interface LinkGeometry {
  /** Distance on the ground, metres. */
  readonly groundMeters: number;
  /** Heights of the antennas over the street, metres. */
  readonly baseHeightMeters: number;
  readonly vehicleHeightMeters: number;
}

/** Models promise endless gain at distance 0; nearer than this counts as this, metres. */
const nearestMeters = 1;

/** Antenna to antenna, metres, at least 1. */
export function slantOf({ groundMeters, baseHeightMeters, vehicleHeightMeters }: LinkGeometry): number {
  const rise = baseHeightMeters - vehicleHeightMeters;
  return Math.max(nearestMeters, Math.sqrt(groundMeters * groundMeters + rise * rise));
}

/** Along the ground, metres, at least 1. */
export const groundOf = ({ groundMeters }: LinkGeometry): number => Math.max(nearestMeters, groundMeters);
