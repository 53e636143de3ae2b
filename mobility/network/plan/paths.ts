// The paths across a crossing: a curve from the end of one lane to the start of another, its speed, and where paths meet.
// Must not: decide who goes first.

import { curveBetween, firstCrossing, lengthOf, poseAt } from './polyline.ts';
import type { Crossing } from './turns.ts';

/** A connection with the way it takes. */
export interface Path extends Crossing {
  readonly shape: number[];
  readonly lengthMeters: number;
  readonly speedLimitMps: number;
}

/** What a path needs to know of the lanes it joins. */
export interface LaneEnds {
  readonly shape: readonly number[];
  readonly speedLimitMps: number;
}

/** Sideways acceleration drivers accept on a turn, m/s^2 (SUMO's junctions.limit-turn-speed: 5.5). */
const sidewaysMps2 = 5.5;
/** No path is driven slower, m/s (10 km/h). */
const slowestMps = 10 / 3.6;
/** The path of a connection between two lanes. */
export function pathOf(crossing: Crossing, from: LaneEnds, to: LaneEnds): Path {
  const start = poseAt(from.shape, Number.POSITIVE_INFINITY);
  const end = poseAt(to.shape, 0);
  const shape = curveBetween(start, end);
  const lengthMeters = lengthOf(shape);
  const bend = Math.abs(
    Math.atan2(start.dx * end.dy - start.dy * end.dx, start.dx * end.dx + start.dy * end.dy),
  );
  const legal = (from.speedLimitMps + to.speedLimitMps) / 2;
  const inTurn = bend < 0.1 ? legal : Math.sqrt((sidewaysMps2 * lengthMeters) / bend);
  return { ...crossing, shape, lengthMeters, speedLimitMps: Math.min(legal, Math.max(slowestMps, inTurn)) };
}

/** How two paths of one node meet. */
export type Meeting = 'none' | 'cross' | 'merge';

export function meetingOf(a: Path, b: Path): Meeting {
  if (a.toEdge === b.toEdge && a.toLane === b.toLane) return 'merge';
  // Lanes of one street are dealt out so that its paths never cross.
  if (a.fromEdge === b.fromEdge) return 'none';
  return firstCrossing(a.shape, b.shape) === undefined ? 'none' : 'cross';
}

/** Metres along `a` at which it first meets `b`; a merge is met at its end. */
export function metersToMeeting(a: Path, b: Path): number {
  return firstCrossing(a.shape, b.shape) ?? lengthOf(a.shape);
}
