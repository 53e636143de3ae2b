// How long a vehicle stays in coverage, from the RSU's own map and the vehicle's last beacon.
//
// Limit: only the stretch of the road the vehicle is on counts. Where a coverage runs up to a road's end, what follows is
// not known here (an RSU does not know the next turn), so the estimate is short there, never long: a vehicle near such
// an end may be split or skipped though it would have stayed. Must not: see the simulator's future.

import type { Coverage } from '../round/types.ts';

/** Below this speed the time left is computed as if the vehicle crept on: a standing car is not there for ever. */
const creepMps = 0.1;

/** Where the vehicle was when its beacon was heard, and how old that is now. */
export interface Place {
  readonly road: string;
  readonly offsetMeters: number;
  readonly speedMps: number;
  readonly ageSeconds: number;
}

/** End of the union of intervals that contains `offsetMeters`, or null outside all. Intervals that touch are one. */
function coveredUntil(intervals: readonly Coverage[], offsetMeters: number): number | null {
  let end: number | null = null;
  for (const { fromMeters, toMeters } of [...intervals].sort((a, b) => a.fromMeters - b.fromMeters)) {
    const contains = fromMeters <= offsetMeters && offsetMeters <= toMeters;
    const continues = end !== null && fromMeters <= end;
    if (contains || continues) end = Math.max(end ?? toMeters, toMeters);
  }
  return end;
}

/** Metres of unbroken coverage left on this road, of any RSU; null where the road or the place on it is not covered. */
export function metersLeft(
  coverage: readonly Coverage[],
  place: Pick<Place, 'road' | 'offsetMeters'>,
): number | null {
  const onRoad = coverage.filter((interval) => interval.road === place.road);
  const end = coveredUntil(onRoad, place.offsetMeters);
  return end === null ? null : end - place.offsetMeters;
}

/** Metres of coverage left on this road over the speed, less the beacon's age; 0 outside coverage. */
export function secondsLeft(coverage: readonly Coverage[], place: Place): number {
  const meters = metersLeft(coverage, place);
  if (meters === null) return 0;
  const seconds = meters / Math.max(place.speedMps, creepMps);
  return Math.max(0, seconds - place.ageSeconds);
}
