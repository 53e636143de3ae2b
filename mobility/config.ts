// What a mobility engine is made from: plain data, as a scenario gives it, and its checks. All defaults live in the
// scenario schema; here everything is stated. Must not: read files, or build anything.

import { RoadbedError } from '../base/errors.ts';
import type { IdmParameters } from './driving/idm.ts';
import type { ChannelConfig } from './radio/channel.ts';
import type { RadioParameters } from './radio/path-loss.ts';
import type { SpeedDistribution } from './traffic/driver.ts';
import type { RsuSite } from './types.ts';

/** Which roads there are. Lengths in metres; `text` is the content of a GeoJSON file. */
export type NetworkConfig =
  | { readonly kind: 'segment'; readonly lengthMeters: number }
  | { readonly kind: 'ring'; readonly lengthMeters: number; readonly straightMeters: number }
  | { readonly kind: 'geojson'; readonly text: string };

/** Where vehicles come from. */
export type TrafficConfig =
  /** `vehicles` drive for ever on roads that all lead on (a ring). */
  | { readonly kind: 'recirculating'; readonly vehicles: number }
  /** Poisson arrivals, `perSecond` over all entries together; `initialVehicles` (default 0) are on the roads at time 0. */
  | { readonly kind: 'poisson'; readonly perSecond: number; readonly initialVehicles?: number };

export interface MobilityConfig {
  readonly network: NetworkConfig;
  /** Limit of roads that state none, km/h. */
  readonly speedLimitKmh: number;
  readonly rsus: readonly RsuSite[];
  readonly traffic: TrafficConfig;
  /** Mean desired speed, km/h. On a road with a lower limit the limit takes its place. */
  readonly desiredSpeedKmh: number;
  /** Relative half width of the drivers' speed factors around 1, in [0, 1). */
  readonly speedSpread: number;
  /** How the factors lie in that width; default uniform. */
  readonly speedDistribution?: SpeedDistribution;
  readonly idm: IdmParameters;
  readonly radio: RadioParameters;
  /** A channel with chance in place of the plain macro cell, and by how much a handover must gain, dB. */
  readonly channel?: { readonly config: ChannelConfig; readonly handoverMarginDb: number } | undefined;
  /** Length of an engine step, seconds. */
  readonly stepSeconds: number;
}

/** Throws RoadbedError('scenario') naming the first setting that cannot be meant. */
export function checkConfig(config: MobilityConfig): void {
  const { idm, radio, traffic } = config;
  requirePositive({
    speedLimitKmh: config.speedLimitKmh,
    desiredSpeedKmh: config.desiredSpeedKmh,
    stepSeconds: config.stepSeconds,
    maxAccelerationMps2: idm.maxAccelerationMps2,
    comfortableDecelerationMps2: idm.comfortableDecelerationMps2,
    exponent: idm.exponent,
    vehicleLengthMeters: idm.vehicleLengthMeters,
  });
  requireNotNegative({
    minimumGapMeters: idm.minimumGapMeters,
    timeHeadwaySeconds: idm.timeHeadwaySeconds,
    zoneMeters: radio.zoneMeters,
  });
  if (!(config.speedSpread >= 0 && config.speedSpread < 1)) {
    throw fault(
      'speedSpread',
      config.speedSpread,
      'expected 0 or more and below 1, or some driver would not move',
    );
  }
  if (traffic.kind === 'recirculating') requireCount('vehicles', traffic.vehicles);
  else {
    requireNotNegative({ perSecond: traffic.perSecond });
    requireCount('initialVehicles', traffic.initialVehicles ?? 0);
  }
  checkRsus(config.rsus);
}

function checkRsus(rsus: readonly RsuSite[]): void {
  const seen = new Set<string>();
  for (const rsu of rsus) {
    if (seen.has(rsu.id)) throw fault('RSU id', rsu.id, 'expected unique ids; rename one of them');
    seen.add(rsu.id);
    requirePositive({ [`coverageRadiusMeters of ${rsu.id}`]: rsu.coverageRadiusMeters });
    requireNotNegative({ [`antennaHeightMeters of ${rsu.id}`]: rsu.antennaHeightMeters });
    if (!Number.isFinite(rsu.x) || !Number.isFinite(rsu.y)) {
      throw fault(`position of ${rsu.id}`, `(${rsu.x}, ${rsu.y})`, 'expected finite metres');
    }
  }
}

function fault(name: string, value: unknown, remedy: string): RoadbedError {
  return new RoadbedError('scenario', `invalid ${name}: ${String(value)} (${remedy})`);
}

function requirePositive(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value > 0 && Number.isFinite(value))) throw fault(name, value, 'expected a number > 0');
  }
}

function requireNotNegative(values: Readonly<Record<string, number>>): void {
  for (const [name, value] of Object.entries(values)) {
    if (!(value >= 0 && Number.isFinite(value))) throw fault(name, value, 'expected a number >= 0');
  }
}

function requireCount(name: string, value: number): void {
  if (!Number.isInteger(value) || value < 0) throw fault(name, value, 'expected a whole number >= 0');
}
