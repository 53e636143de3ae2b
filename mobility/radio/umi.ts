// 3GPP TR 38.901 UMi street canyon (table 7.4.1-1 and 7.4.2-1): path loss in dB, f in GHz, distances in metres, with the
// effective environment height of 1 m in the breakpoint. Valid 0.5-100 GHz, 10 m - 5 km.
// Must not: draw whether a link has line of sight (channel.ts does).

import { exp, log10 } from '../../base/math.ts';
import { groundOf, type LinkGeometry, slantOf } from './link.ts';

/** m/s, as the standard writes it. */
const speedOfLight = 3e8;

export const umiLosShadowDb = 4;
export const umiNlosShadowDb = 7.82;

/** Where the ground reflection changes the slope: 4 (hBS - 1)(hUT - 1) f / c. */
export function umiBreakpointMeters(link: LinkGeometry, gigahertz: number): number {
  const heights = (link.baseHeightMeters - 1) * (link.vehicleHeightMeters - 1);
  return Math.max(0, (4 * heights * gigahertz * 1e9) / speedOfLight);
}

/** Line of sight. */
export function umiLosDb(link: LinkGeometry, gigahertz: number): number {
  const slant = slantOf(link);
  const breakpoint = umiBreakpointMeters(link, gigahertz);
  const carrier = 20 * log10(gigahertz);
  if (link.groundMeters <= breakpoint || breakpoint === 0) return 32.4 + 21 * log10(slant) + carrier;
  const rise = link.baseHeightMeters - link.vehicleHeightMeters;
  return 32.4 + 40 * log10(slant) + carrier - 9.5 * log10(breakpoint * breakpoint + rise * rise);
}

/** No line of sight: never less than with it. */
export function umiNlosDb(link: LinkGeometry, gigahertz: number): number {
  const beyond = 35.3 * log10(slantOf(link)) + 22.4 + 21.3 * log10(gigahertz);
  return Math.max(umiLosDb(link, gigahertz), beyond - 0.3 * (link.vehicleHeightMeters - 1.5));
}

/** Probability of line of sight: 1 up to 18 m, then 18/d + e^(-d/36) (1 - 18/d). */
export function umiLosProbability(link: LinkGeometry): number {
  const ground = groundOf(link);
  if (ground <= 18) return 1;
  return 18 / ground + exp(-ground / 36) * (1 - 18 / ground);
}
