// From the signal-to-noise ratio to bits: Shannon with an implementation loss and a cap, or the rate table of 802.11p.
// Must not: know distances.

import { log2, power10 } from '../../base/math.ts';

export type Throughput =
  | {
      readonly kind: 'shannon';
      /** What a real receiver loses against Shannon, dB (arXiv 2203.17114 fits 802.11p and LTE-V2X this way); 0: nothing. */
      readonly implementationLossDb: number;
      /** The densest modulation there is, bit/s per Hz. */
      readonly maximumBitsPerSecondPerHertz: number;
    }
  | { readonly kind: '802.11p' };

/** Rates of 802.11p in a channel of 10 MHz, Mbit/s, and the power each needs, dBm. */
export const rates80211p = [
  { megabitsPerSecond: 3, sensitivityDbm: -85 },
  { megabitsPerSecond: 4.5, sensitivityDbm: -84 },
  { megabitsPerSecond: 6, sensitivityDbm: -82 },
  { megabitsPerSecond: 9, sensitivityDbm: -80 },
  { megabitsPerSecond: 12, sensitivityDbm: -77 },
  { megabitsPerSecond: 18, sensitivityDbm: -73 },
  { megabitsPerSecond: 24, sensitivityDbm: -69 },
  { megabitsPerSecond: 27, sensitivityDbm: -68 },
] as const;

const channelMegahertz = 10;

/** bit/s per Hz at this received power over this noise, both in dBm. */
export function efficiencyOf(throughput: Throughput, receivedDbm: number, noiseDbm: number): number {
  if (throughput.kind === '802.11p') return tabled(receivedDbm);
  const { implementationLossDb, maximumBitsPerSecondPerHertz } = throughput;
  const ratio = power10((receivedDbm - noiseDbm - implementationLossDb) / 10);
  return Math.min(maximumBitsPerSecondPerHertz, log2(1 + ratio));
}

/** The fastest rate the received power allows, over the channel's width; 0 below the slowest one's need. */
function tabled(receivedDbm: number): number {
  let megabits = 0;
  for (const rate of rates80211p) if (receivedDbm >= rate.sensitivityDbm) megabits = rate.megabitsPerSecond;
  return megabits / channelMegahertz;
}

/** Thermal noise of `hertz` behind a receiver with this noise figure, dBm: -174 + 10 log10 B + NF. */
export const thermalNoiseDbm = (hertz: number, noiseFigureDb: number): number =>
  -174 + (10 * log2(hertz)) / log2(10) + noiseFigureDb;
