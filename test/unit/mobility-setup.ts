// A mobility config with every setting stated, for tests to vary. Must not: hold expectations.

import type { RsuId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import type { MobilityConfig } from '../../mobility/config.ts';
import { createMobility } from '../../mobility/engine.ts';
import type { Mobility, MobilityEvent, RsuSite } from '../../mobility/types.ts';

/** IDM set of specs/mobility-and-radio.md 4.3, last row (v0 is 54 km/h there). */
export const calmIdm = {
  maxAccelerationMps2: 1,
  comfortableDecelerationMps2: 1.5,
  minimumGapMeters: 2,
  timeHeadwaySeconds: 1,
  exponent: 4,
  vehicleLengthMeters: 5,
};

/** IDM set of the same table, first row (v0 is 33.33 m/s there). */
export const briskIdm = {
  maxAccelerationMps2: 2.6,
  comfortableDecelerationMps2: 4.5,
  minimumGapMeters: 2.5,
  timeHeadwaySeconds: 1,
  exponent: 4,
  vehicleLengthMeters: 5,
};

/** MAVFL's link budget (specs/selection-and-cut-decisions.md 1.5). */
export const mavflRadio = { transmitPowerDbm: 23, antennaGainDbi: 6, noiseDbm: -114, zoneMeters: 50 };

export function rsuAt(id: string, x: number, y: number, coverageRadiusMeters: number): RsuSite {
  return { id: id as RsuId, x, y, coverageRadiusMeters, antennaHeightMeters: 25 };
}

/** A 1000 m segment with the RSU above its middle and Poisson traffic, unless told otherwise. */
export function configWith(changes: Partial<MobilityConfig> = {}): MobilityConfig {
  return {
    network: { kind: 'segment', lengthMeters: 1000 },
    speedLimitKmh: 130,
    rsus: [rsuAt('rsu-a', 500, 0, 500)],
    traffic: { kind: 'poisson', perSecond: 0.1 },
    desiredSpeedKmh: 60,
    speedSpread: 0.2,
    idm: calmIdm,
    radio: mavflRadio,
    stepSeconds: 0.5,
    ...changes,
  };
}

export function engineWith(changes: Partial<MobilityConfig> = {}, seed = 1): Mobility {
  return createMobility(configWith(changes), Rng.root(seed).fork('mobility'));
}

/** Drives `steps` steps and returns all events. */
export function eventsOf(mobility: Mobility, steps: number): MobilityEvent[] {
  return Array.from({ length: steps }, () => mobility.step().events).flat();
}

/** A GeoJSON map of LineStrings; coordinates are degrees, [id, coordinates, more properties]. */
export function geojsonOf(
  ...roads: readonly [id: string, line: readonly (readonly number[])[], more?: Record<string, unknown>][]
): string {
  const features = roads.map(([id, coordinates, more]) => ({
    type: 'Feature',
    properties: { id, ...more },
    geometry: { type: 'LineString', coordinates },
  }));
  return JSON.stringify({ type: 'FeatureCollection', features });
}
