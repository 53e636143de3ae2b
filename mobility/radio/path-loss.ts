// Large-scale path loss of the uplink: the LTE macro cell model 128.1 + 37.6 log10(d_km) dB (3GPP TR 36.814 family), which
// MAVFL uses (arXiv 2410.10451, channel and rate, as a public reconstruction of it records them); no fading, no shadowing.
// Must not: know of vehicles, or of who shares the band.

import { dbmToWatts, dbToRatio } from '../../base/units.ts';

/** What the link budget needs. Only the path loss slope and intercept are constants of the model. */
export interface RadioParameters {
  /** Transmit power of a vehicle, dBm. */
  readonly transmitPowerDbm: number;
  /** Gain of the RSU's antenna, dBi. */
  readonly antennaGainDbi: number;
  /** Noise power of a vehicle's whole sub-band, dBm: not rescaled with the bandwidth (ours). */
  readonly noiseDbm: number;
  /** Length of the zones into which distances along the road are quantised, m; 0 takes the exact distance. */
  readonly zoneMeters: number;
}

/** Path loss at 1 km, dB. */
const interceptDb = 128.1;
/** dB per decade of distance. */
const slopeDb = 37.6;
/**
 * Distances below this count as this, m: the model would promise an endless gain at 0 m. No antenna of ours is closer to
 * a car than 1 m, so it touches no result.
 */
const nearestMeters = 1;

/** Path loss in dB over `distanceMeters` (slant, antenna to antenna): 128.1 + 37.6 log10(d / 1000). */
export function pathLossDb(distanceMeters: number): number {
  return interceptDb + slopeDb * Math.log10(Math.max(distanceMeters, nearestMeters) / 1000);
}

/** Signal-to-noise ratio in dB over `distanceMeters`: transmit power + antenna gain - path loss - noise. */
export function snrDb(distanceMeters: number, radio: RadioParameters): number {
  return radio.transmitPowerDbm + radio.antennaGainDbi - pathLossDb(distanceMeters) - radio.noiseDbm;
}

/**
 * The same ratio in the paper's printed form, P h L^-beta / N_0 (a plain ratio). Equating the two forms gives
 * beta = 37.6 / 10 = 3.76 and, with L in metres, h = 10^((gain - 15.3) / 10), because 128.1 - 37.6 * 3 = 15.3 dB.
 */
export function snrPowerLaw(distanceMeters: number, radio: RadioParameters): number {
  const gain = dbToRatio(radio.antennaGainDbi - (interceptDb - 3 * slopeDb));
  const received = dbmToWatts(radio.transmitPowerDbm) * gain;
  return (received * Math.max(distanceMeters, nearestMeters) ** (-slopeDb / 10)) / dbmToWatts(radio.noiseDbm);
}
