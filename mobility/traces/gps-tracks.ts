// Recorded positions become tracks: the fixes of each vehicle, joined by straight lines, are its road, and it drives them
// in its own time. Time 0 is the first fix of all. Between two fixes, however far apart, it keeps one speed.
// Must not: read files, or match positions to streets.

import { RoadbedError } from '../../base/errors.ts';
import { asId, type RoadId, type VehicleId } from '../../base/ids.ts';
import { legalIds } from '../legal-ids.ts';
import { localPlane } from '../roads/geojson.ts';
import type { Point, Road } from '../types.ts';
import type { Track } from './track-mobility.ts';

/** Fixes of one vehicle, in the order of time. */
export interface Recording {
  readonly id: string;
  readonly seconds: readonly number[];
  /** Metres, or degrees of longitude and latitude where the file is geographic. */
  readonly x: readonly number[];
  readonly y: readonly number[];
}

export interface Tracks {
  readonly roads: readonly Road[];
  readonly tracks: readonly Track[];
}

/** A vehicle that never moved gets a road as long as this: a road must lead somewhere. */
const shortestMeters = 0.01;

/**
 * `isGeographic`: positions are degrees, laid on a plane around the first one. Throws RoadbedError('data') for no fix;
 * `name` is what it calls the trace.
 */
export function tracksOf(recordings: readonly Recording[], isGeographic: boolean, name: string): Tracks {
  const used = recordings.filter(({ seconds }) => seconds.length > 0);
  if (used.length === 0)
    throw new RoadbedError('data', `${name} has no positions with times (expected at least one)`);
  const startsAt = used.reduce(
    (first, { seconds }) => Math.min(first, seconds[0]!),
    Number.POSITIVE_INFINITY,
  );
  const toPlane = isGeographic ? localPlane(used[0]!.x[0]!, used[0]!.y[0]!).toPlane : undefined;
  const vehicles = legalIds(used.map(({ id }) => id));
  const roadIds = legalIds(used.map(({ id }) => `track-${id}`));
  const roads: Road[] = [];
  const tracks = used.map((recording, row): Track => {
    const points = recording.x.map((x, i): Point => {
      const y = recording.y[i]!;
      return toPlane === undefined ? { x, y } : toPlane(x, y);
    });
    const meters = metersAlong(points);
    const lengthMeters = Math.max(shortestMeters, meters.at(-1)!);
    roads.push({
      id: asId<RoadId>(roadIds[row]!),
      points: shapeOf(points),
      lengthMeters,
      speedLimitMps: Math.max(1, fastest(recording.seconds, meters)),
      successors: [],
    });
    const seconds = Float64Array.from(recording.seconds, (at) => at - startsAt);
    return { vehicle: asId<VehicleId>(vehicles[row]!), road: row, seconds, meters };
  });
  return { roads, tracks };
}

function metersAlong(points: readonly Point[]): Float64Array {
  const meters = new Float64Array(points.length);
  for (let i = 1; i < points.length; i++) {
    const [dx, dy] = [points[i]!.x - points[i - 1]!.x, points[i]!.y - points[i - 1]!.y];
    meters[i] = meters[i - 1]! + Math.sqrt(dx * dx + dy * dy);
  }
  return meters;
}

/** Points without repetitions of the same place: a piece of length 0 has no direction. */
function shapeOf(points: readonly Point[]): Point[] {
  const shape = points.filter(
    (point, i) => i === 0 || point.x !== points[i - 1]!.x || point.y !== points[i - 1]!.y,
  );
  return shape.length > 1 ? shape : [shape[0]!, { x: shape[0]!.x + shortestMeters, y: shape[0]!.y }];
}

function fastest(seconds: readonly number[], meters: Float64Array): number {
  let most = 0;
  for (let i = 1; i < seconds.length; i++)
    most = Math.max(most, (meters[i]! - meters[i - 1]!) / (seconds[i]! - seconds[i - 1]!));
  return most;
}
