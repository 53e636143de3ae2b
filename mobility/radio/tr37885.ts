// 3GPP TR 37.885 (V2X evaluation), section 6.2.1: path loss in dB, f in GHz, distance antenna to antenna in metres; what
// vehicles in between add (NLOSv); how likely each state is (table 6.2-1).
// Must not: draw anything (channel.ts does).

import { exp, ln, log10 } from '../../base/math.ts';
import { type LinkGeometry, slantOf } from './link.ts';

export const tr37885Shadow = {
  los: { sigmaDb: 3, decorrelationMeters: 10 },
  nlos: { sigmaDb: 4, decorrelationMeters: 13 },
} as const;

/** Highway, line of sight (vehicles in between or not). */
export function highwayLosDb(link: LinkGeometry, gigahertz: number): number {
  return 32.4 + 20 * log10(slantOf(link)) + 20 * log10(gigahertz);
}

/** Urban, line of sight along a street. */
export function urbanLosDb(link: LinkGeometry, gigahertz: number): number {
  return 38.77 + 16.7 * log10(slantOf(link)) + 18.2 * log10(gigahertz);
}

/** Urban, around a corner: buildings in between. */
export function urbanNlosDb(link: LinkGeometry, gigahertz: number): number {
  return 36.85 + 30 * log10(slantOf(link)) + 18.9 * log10(gigahertz);
}

/** Highway: probability that no vehicle is in between. */
export function highwayLosProbability(meters: number): number {
  if (meters > 475) return Math.max(0, 0.54 - 0.001 * (meters - 475));
  return Math.min(1, 2.1013e-6 * meters * meters - 0.002 * meters + 1.0193);
}

/** Urban, same street: probability that no vehicle is in between. */
export const urbanLosProbability = (meters: number): number => Math.min(1, 1.05 * exp(-0.0114 * meters));

/** Mean and standard deviation, in dB, of what a vehicle in between takes away; undefined: nothing. */
export interface Blockage {
  readonly meanDb: number;
  readonly deviationDb: number;
}

/**
 * Both antennas above the blocker: nothing. The blocker above both: mean 9 dB more, deviation 4.5; otherwise 5 and 4.
 * The mean grows with the distance by max(0, 15 log10 d - 41). Blockers are 1.6 m high, trucks 3.0 m.
 */
export function blockageOf(link: LinkGeometry, blockerMeters: number): Blockage | undefined {
  const { baseHeightMeters, vehicleHeightMeters } = link;
  if (Math.min(baseHeightMeters, vehicleHeightMeters) > blockerMeters) return undefined;
  const growth = Math.max(0, 15 * log10(slantOf(link)) - 41);
  const isAboveBoth = Math.max(baseHeightMeters, vehicleHeightMeters) < blockerMeters;
  return isAboveBoth ? { meanDb: 9 + growth, deviationDb: 4.5 } : { meanDb: 5 + growth, deviationDb: 4 };
}

/**
 * The blockage in dB that lies `normal` standard deviations of its logarithm from the middle: lognormal with the stated
 * mean m and deviation s, so mu = ln(m^2 / sqrt(m^2 + s^2)) and sigma^2 = ln(1 + s^2 / m^2). The logarithms are natural:
 * with log10 in their place (as one well-known simulator has it) mean and deviation come out wrong.
 */
export function blockageDb({ meanDb, deviationDb }: Blockage, normal: number): number {
  const square = meanDb * meanDb;
  const spread = ln(1 + (deviationDb * deviationDb) / square);
  const middle = ln(meanDb) - spread / 2;
  return Math.max(0, exp(middle + Math.sqrt(spread) * normal));
}
