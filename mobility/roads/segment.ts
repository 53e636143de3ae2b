// A straight one-way segment: the road of most vehicular federated learning papers (MAVFL section "Mobility").
// Why its own file: one network kind per file; adding one changes no other.
// Must not: know of traffic or antennas.

import { RoadbedError } from '../../base/errors.ts';
import { asId } from '../../base/ids.ts';
import type { Road } from '../types.ts';

/** What a straight segment needs. */
export interface SegmentOptions {
  /** Length in metres, > 0. */
  readonly lengthMeters: number;
  /** Legal limit in m/s, > 0. */
  readonly speedLimitMps: number;
}

/**
 * One road `segment` along the x axis: offset 0 lies at (0, 0), the end at (length, 0), travel is east. It has no
 * successors, so a vehicle arrives (leaves the world) at its end. Throws RoadbedError('scenario') for a length <= 0.
 */
export function segmentRoad(options: SegmentOptions): Road {
  const { lengthMeters, speedLimitMps } = options;
  if (!(lengthMeters > 0) || !Number.isFinite(lengthMeters)) {
    throw new RoadbedError(
      'scenario',
      `invalid segment length: ${lengthMeters} m (expected > 0); set the network's length in metres, for example 1000`,
    );
  }
  return {
    id: asId('segment'),
    points: [
      { x: 0, y: 0 },
      { x: lengthMeters, y: 0 },
    ],
    lengthMeters,
    speedLimitMps,
    successors: [],
  };
}
