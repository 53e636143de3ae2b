// Rates of a car that meets the RSU anew in every epoch: a distance, a line of sight or none, shadowing and fading are drawn
// each time. Path loss is TR 38.901's UMi street canyon. Bands and powers ours, in the range of 5G's n1 and n257.
// Must not: remember; the epochs of a trace are independent.

import type { Rng } from '../../base/rng.ts';
import { dbToRatio } from '../../base/units.ts';
import type { LinkGeometry } from '../../mobility/radio/link.ts';
import {
  umiLosDb,
  umiLosProbability,
  umiLosShadowDb,
  umiNlosDb,
  umiNlosShadowDb,
} from '../../mobility/radio/umi.ts';
import type { LinkRates } from '../../roadside/cuts/partition/instance.ts';

export interface Band {
  readonly name: 'sub-6' | 'mmwave';
  readonly gigahertz: number;
  readonly bandwidthHertz: number;
  /** Of the arrays, in both directions. */
  readonly arrayGainDb: number;
}

export const bands: readonly Band[] = [
  { name: 'sub-6', gigahertz: 2.1, bandwidthHertz: 20e6, arrayGainDb: 0 },
  { name: 'mmwave', gigahertz: 28, bandwidthHertz: 200e6, arrayGainDb: 20 },
];

const radio = {
  nearestMeters: 20,
  farthestMeters: 200,
  baseHeightMeters: 10,
  vehicleHeightMeters: 1.5,
  rsuPowerDbm: 30,
  carPowerDbm: 23,
  noiseDbmPerHertz: -174,
  rsuNoiseFigureDb: 7,
  carNoiseFigureDb: 9,
  mostBitsPerHertz: 7.4,
  leastBitsPerSecond: 1e5,
} as const;

export const traceSetting: readonly string[] = [
  '[ours] a car 20 to 200 m away, uniform, drawn anew each epoch; TR 38.901 UMi, shadowing, Rayleigh fading',
  '[ours] sub-6: 2.1 GHz, 20 MHz; mmwave: 28 GHz, 200 MHz, 20 dB array gain both ways',
  '[ours] RSU 30 dBm, car 23 dBm, noise figures 7 and 9 dB; at most 7.4 bit/s/Hz, at least 0.1 Mbit/s',
];

function rateOf(band: Band, receivedDbm: number, noiseFigureDb: number): number {
  const noiseDbm = radio.noiseDbmPerHertz + 10 * Math.log10(band.bandwidthHertz) + noiseFigureDb;
  const efficiency = Math.min(radio.mostBitsPerHertz, Math.log2(1 + dbToRatio(receivedDbm - noiseDbm)));
  return Math.max(radio.leastBitsPerSecond, band.bandwidthHertz * efficiency);
}

function epochRates(band: Band, rng: Rng): LinkRates {
  const link: LinkGeometry = {
    groundMeters: rng.between(radio.nearestMeters, radio.farthestMeters),
    baseHeightMeters: radio.baseHeightMeters,
    vehicleHeightMeters: radio.vehicleHeightMeters,
  };
  const isVisible = rng.uniform() < umiLosProbability(link);
  const loss = isVisible ? umiLosDb(link, band.gigahertz) : umiNlosDb(link, band.gigahertz);
  const shadow = rng.normal() * (isVisible ? umiLosShadowDb : umiNlosShadowDb);
  const fading = (): number => 10 * Math.log10(Math.max(1e-12, rng.exponential(1)));
  const gain = band.arrayGainDb - loss - shadow;
  return {
    up: rateOf(band, radio.carPowerDbm + gain + fading(), radio.rsuNoiseFigureDb),
    down: rateOf(band, radio.rsuPowerDbm + gain + fading(), radio.carNoiseFigureDb),
  };
}

export function channelTrace(band: Band, epochs: number, rng: Rng): LinkRates[] {
  return Array.from({ length: epochs }, () => epochRates(band, rng));
}
