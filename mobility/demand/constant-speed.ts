// The mobility of the vehicular federated learning papers, as their public code has it: a straight road, each car at one
// speed for good, drawn from a Gaussian cut at two sigma; or 20 m/s for all. The arrivals that the papers describe and
// their code lacks are a Poisson process. Labelled by paper, so that results can be repeated.
// Quirks left out on purpose: AFMC's code draws the speed anew in each epoch, here a car keeps its own; AFLDDPG's Doppler
// puts the car at the RSU's height, which is the radio's affair.
// Must not: let cars notice each other.

import { asId, type RoadId, type VehicleId } from '../../base/ids.ts';
import type { Rng } from '../../base/rng.ts';
import { kmhToMps } from '../../base/units.ts';
import type { Track, TrackMobilityOptions } from '../traces/track-mobility.ts';
import type { Road } from '../types.ts';

/** One paper's road and speeds. Speeds lie within mean +- 2 sigma. */
export interface PaperMobility {
  readonly paper: string;
  readonly roadMeters: number;
  readonly meanMps: number;
  readonly sigmaMps: number;
}

const afmc = 'AFMC: asynchronous federated learning with mobility-aware caching (Wu et al.)';

/** The presets (specs: the papers' simple mobility). */
export const paperMobility = {
  'afmc-urban': { paper: afmc, roadMeters: 1000, meanMps: kmhToMps(38), sigmaMps: kmhToMps(1) },
  'afmc-25mps': { paper: afmc, roadMeters: 1000, meanMps: 25, sigmaMps: 2.5 },
  'afmc-highway': { paper: afmc, roadMeters: 4000, meanMps: kmhToMps(110), sigmaMps: kmhToMps(5.8) },
  aflddpg: {
    paper: 'AFLDDPG: asynchronous federated learning by deep reinforcement learning (Wu et al.)',
    roadMeters: 1000,
    meanMps: 20,
    sigmaMps: 0,
  },
} as const satisfies Readonly<Record<string, PaperMobility>>;

/** A speed of the preset's law, by rejection: 95.4 % of the draws are inside. */
export function drawSpeed({ meanMps, sigmaMps }: PaperMobility, rng: Rng): number {
  if (sigmaMps === 0) return meanMps;
  for (;;) {
    const sigmas = rng.normal();
    if (Math.abs(sigmas) <= 2) return meanMps + sigmaMps * sigmas;
  }
}

export interface ArrivalOptions {
  readonly perHour: number;
  readonly untilSeconds: number;
}

/** Cars that come in at metre 0 as a Poisson process until `untilSeconds`, each at its own speed. */
export function constantSpeedTracks(
  preset: PaperMobility,
  { perHour, untilSeconds }: ArrivalOptions,
  rng: Rng,
): Pick<TrackMobilityOptions, 'roads' | 'tracks'> {
  const { roadMeters, meanMps, sigmaMps } = preset;
  const road: Road = {
    id: asId<RoadId>('road'),
    points: [
      { x: 0, y: 0 },
      { x: roadMeters, y: 0 },
    ],
    lengthMeters: roadMeters,
    speedLimitMps: meanMps + 2 * sigmaMps,
    successors: [],
  };
  const arrivals = rng.fork('arrivals');
  const tracks: Track[] = [];
  if (perHour > 0) {
    let at = arrivals.exponential(perHour / 3600);
    for (; at < untilSeconds; at += arrivals.exponential(perHour / 3600)) {
      const vehicle = asId<VehicleId>(`v${String(tracks.length + 1).padStart(4, '0')}`);
      const seconds = Float64Array.of(
        at,
        at + roadMeters / drawSpeed(preset, rng.fork(`vehicle:${vehicle}`)),
      );
      tracks.push({ vehicle, road: 0, seconds, meters: Float64Array.of(0, roadMeters) });
    }
  }
  return { roads: [road], tracks };
}
