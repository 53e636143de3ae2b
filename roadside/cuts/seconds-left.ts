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

/** Intervals of each road, by where they begin. An RSU's coverage is one array for a whole run, asked thousands of times. */
type ByRoad = ReadonlyMap<string, readonly Coverage[]>;
const sortedCoverage = new WeakMap<readonly Coverage[], ByRoad>();

function byRoad(coverage: readonly Coverage[]): ByRoad {
  const known = sortedCoverage.get(coverage);
  if (known) return known;
  const roads = new Map<string, Coverage[]>();
  for (const interval of coverage.toSorted((a, b) => a.fromMeters - b.fromMeters)) {
    const onRoad = roads.get(interval.road);
    if (onRoad) onRoad.push(interval);
    else roads.set(interval.road, [interval]);
  }
  sortedCoverage.set(coverage, roads);
  return roads;
}

/** End of the union of intervals that contains `offsetMeters`, or null outside all. Intervals that touch are one. */
function coveredUntil(intervals: readonly Coverage[], offsetMeters: number): number | null {
  let end: number | null = null;
  for (let i = 0; i < intervals.length; i++) {
    const { fromMeters, toMeters } = intervals[i]!;
    const contains = fromMeters <= offsetMeters && offsetMeters <= toMeters;
    const continues = end !== null && fromMeters <= end;
    if (contains || continues) end = Math.max(end ?? toMeters, toMeters);
  }
  return end;
}

/** Metres of unbroken coverage left on this road, of any RSU; null where the road or the place on it is not covered. */
export function metersLeft(
  coverage: readonly Coverage[],
  { road, offsetMeters }: Pick<Place, 'road' | 'offsetMeters'>,
): number | null {
  const end = coveredUntil(byRoad(coverage).get(road) ?? [], offsetMeters);
  return end === null ? null : end - offsetMeters;
}

/** Metres of coverage left on this road over the speed, less the beacon's age; 0 outside coverage. */
export function secondsLeft(coverage: readonly Coverage[], place: Place): number {
  return staysOn(coverage)(place, place.ageSeconds);
}

/** `secondsLeft` for many vehicles at one instant. */
export function staysOn(
  coverage: readonly Coverage[],
): (place: Omit<Place, 'ageSeconds'>, ageSeconds: number) => number {
  const roads = byRoad(coverage);
  let last = '';
  let intervals: readonly Coverage[] = roads.get(last) ?? [];
  return ({ road, offsetMeters, speedMps }, ageSeconds) => {
    // Many cars share a road.
    if (road !== last) intervals = roads.get(road) ?? [];
    last = road;
    const end = coveredUntil(intervals, offsetMeters);
    if (end === null) return 0;
    const seconds = (end - offsetMeters) / Math.max(speedMps, creepMps);
    return Math.max(0, seconds - ageSeconds);
  };
}
