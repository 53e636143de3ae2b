// What an RSU learns of its radio along the roads: the mean channel quality that cars' beacons reported from each stretch of
// 50 m. From it the channel that a car will have on its way ahead, instead of the one of this instant.
// Must not: know path loss models, or see the simulator's future. Where no car has been heard yet, the car's own channel
// of this instant stands in.

import type { Coverage } from '../round/types.ts';
import { metersLeft } from './seconds-left.ts';

/** Length of a stretch, metres: MAVFL's zones. */
const stretchMeters = 50;
/** A car slower than this is taken to creep on. */
const slowestMps = 1;

/** Sum and number of reported efficiencies of one stretch, bit/s per Hz. */
interface Heard {
  readonly sum: number;
  readonly count: number;
}

/** By road, the stretches from its first metre on; absent ones were never driven. */
export type RadioMap = ReadonlyMap<string, readonly (Heard | undefined)[]>;

/** A piece of the way ahead. */
export interface ChannelPiece {
  /** How long the car is on it; the last piece goes on for ever. */
  readonly seconds: number;
  readonly bitsPerSecondPerHertz: number;
}

interface Spot {
  readonly road: string;
  readonly offsetMeters: number;
  readonly bitsPerSecondPerHertz: number;
}

/** The map with one more beacon. */
export function withBeacon(map: RadioMap, { road, offsetMeters, bitsPerSecondPerHertz }: Spot): RadioMap {
  const row = Math.max(0, Math.floor(offsetMeters / stretchMeters));
  const stretches = [...(map.get(road) ?? [])];
  const { sum, count } = stretches[row] ?? { sum: 0, count: 0 };
  stretches[row] = { sum: sum + bitsPerSecondPerHertz, count: count + 1 };
  return new Map(map).set(road, stretches);
}

/** What a car at `spot` will have, piece by piece to the end of its coverage on this road; one piece where nothing is known. */
export function channelAhead(
  map: RadioMap,
  coverage: readonly Coverage[],
  spot: Spot & { readonly speedMps: number },
): readonly ChannelPiece[] {
  const { road, offsetMeters, bitsPerSecondPerHertz, speedMps } = spot;
  const known = map.get(road) ?? [];
  const end = offsetMeters + (metersLeft(coverage, spot) ?? 0);
  const pieces: ChannelPiece[] = [];
  for (let from = offsetMeters; from < end; ) {
    const row = Math.floor(from / stretchMeters);
    const to = Math.min(end, (row + 1) * stretchMeters);
    const heard = known[row];
    const efficiency = heard ? heard.sum / heard.count : bitsPerSecondPerHertz;
    pieces.push({ seconds: (to - from) / Math.max(slowestMps, speedMps), bitsPerSecondPerHertz: efficiency });
    from = to;
  }
  return pieces.length > 0 ? pieces : [{ seconds: Number.POSITIVE_INFINITY, bitsPerSecondPerHertz }];
}
