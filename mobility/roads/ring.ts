// A closed ring: a circle, or a stadium (two straights joined by half circles). Vehicles recur on it, so a bandit's arms
// keep their history (our default supply of vehicles for MAVFL, specs "1.8 Vehicle supply", our choice, not the paper's).
// Must not: know of traffic or antennas.

import { RoadbedError } from '../../base/errors.ts';
import { asId } from '../../base/ids.ts';
import type { Point, Road } from '../types.ts';

/** What a ring needs. */
export interface RingOptions {
  /** Circumference in metres, > 0. */
  readonly lengthMeters: number;
  /** Length of each of the two straights in metres; 0 makes a circle. Twice this must be less than the circumference. */
  readonly straightMeters: number;
  /** Legal limit in m/s, > 0. */
  readonly speedLimitMps: number;
}

/** Chords are about this long, so that a map looks round and a half circle costs few vertices. */
const chordMeters = 5;
const chordsMin = 18;
const chordsMax = 360;

/**
 * One road `ring` whose only successor is itself, driven counter-clockwise. Offset 0 lies at (0, 0), heading east:
 * the lower straight runs from (0, 0) to (straight, 0), a half circle leads to (straight, 2R), the upper straight back
 * west to (0, 2R), a second half circle home. A circle is the case straight = 0: centre (0, R), first point at its bottom.
 *
 * A half circle is drawn as n equal chords. R is chosen so that the polyline, not the ideal circle, has exactly the
 * asked circumference: n chords of 2 R sin(pi / 2n) make (length - 2 straight) / 2. R exceeds the ideal radius by less
 * than 0.13 % (n = 18), and offsets stay true arc lengths.
 *
 * Throws RoadbedError('scenario') when the straights do not fit into the circumference.
 */
export function ringRoad(options: RingOptions): Road {
  const { lengthMeters, straightMeters, speedLimitMps } = options;
  checkRing(lengthMeters, straightMeters);
  const halfArcMeters = (lengthMeters - 2 * straightMeters) / 2;
  const chords = Math.min(chordsMax, Math.max(chordsMin, Math.ceil(halfArcMeters / chordMeters)));
  const radius = ringRadiusMeters(halfArcMeters, chords);
  const points: Point[] = [{ x: 0, y: 0 }];
  if (straightMeters > 0) points.push({ x: straightMeters, y: 0 });
  for (let i = 1; i < chords; i++) points.push(onArc(straightMeters, radius, -0.5 + i / chords));
  points.push({ x: straightMeters, y: 2 * radius });
  if (straightMeters > 0) points.push({ x: 0, y: 2 * radius });
  for (let i = 1; i < chords; i++) points.push(onArc(0, radius, 0.5 + i / chords));
  points.push({ x: 0, y: 0 });
  const id = asId<Road['id']>('ring');
  return { id, points, lengthMeters, speedLimitMps, successors: [id] };
}

function ringRadiusMeters(halfArcMeters: number, chords: number): number {
  return halfArcMeters / chords / (2 * Math.sin(Math.PI / (2 * chords)));
}

/** The point of the circle of `radius` around (centreX, radius) at `halfTurns` half turns from east. */
function onArc(centreX: number, radius: number, halfTurns: number): Point {
  const angle = halfTurns * Math.PI;
  return { x: centreX + radius * Math.cos(angle), y: radius + radius * Math.sin(angle) };
}

function checkRing(lengthMeters: number, straightMeters: number): void {
  if (!(lengthMeters > 0) || !Number.isFinite(lengthMeters)) {
    throw new RoadbedError(
      'scenario',
      `invalid ring length: ${lengthMeters} m (expected > 0); set the circumference in metres, for example 2000`,
    );
  }
  if (!(straightMeters >= 0 && 2 * straightMeters < lengthMeters)) {
    throw new RoadbedError(
      'scenario',
      `invalid ring straight: ${straightMeters} m (expected 0 or more, and twice it below the ring's ${lengthMeters} m); ` +
        'shorten the straights or lengthen the ring',
    );
  }
}
