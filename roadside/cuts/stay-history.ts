// What an RSU learns of its roads from the cars it has heard: how fast one gets along, where cars go next, how long they
// then stay. From that, the seconds a car will still be in coverage. All of it is in the cars' own beacons; a route is
// nobody's business but the car's, so only shares are known.
// Must not: see the simulator's future, or draw.
//
//   seconds left = metres left on this road x pace + sum over roads next of share x mean stay from there on
//
// Pace: seconds a metre, this car's own and the past cars' mean, which counts more the more cars it is of. Where a road is
// new to the RSU the estimate is the plain one of seconds-left.ts.

import type { RoadId } from '../../base/ids.ts';
import type { StayPrediction } from '../../protocol/events.ts';

/** A running mean. */
interface Mean {
  readonly count: number;
  readonly mean: number;
}

/** What is known of one road. */
interface RoadHistory {
  /** Seconds a metre of cars that drove some of it. */
  readonly pace: Mean;
  /** Seconds from coming onto it to the end of the stay. */
  readonly stay: Mean;
  /** How many went where; those whose stay ended on it under ''. */
  readonly next: ReadonlyMap<RoadId | '', number>;
}

export type StayHistory = ReadonlyMap<RoadId, RoadHistory>;

/** A car's coming onto a road. */
export interface Visit {
  readonly road: RoadId;
  readonly at: number;
  readonly offsetMeters: number;
  readonly prediction: Pick<StayPrediction, 'roadSeconds' | 'learnedSeconds'>;
}

/** A visit while the car is on its road: where it was heard last. */
export interface Stay {
  readonly visits: readonly Visit[];
  readonly lastMeters: number;
}

const unknown: RoadHistory = { pace: { count: 0, mean: 0 }, stay: { count: 0, mean: 0 }, next: new Map() };
/** The past cars' pace counts as much as the car's own when it is of so many. */
const priorCars = 3;
/** A standing car's own pace is that of walking: how long it stands, the past cars tell better. */
const slowestMps = 1;
/** Visits of one stay that are remembered: a stay through a whole city is a few dozen edges. */
const mostVisits = 64;

const withValue = ({ count, mean }: Mean, value: number): Mean => ({
  count: count + 1,
  mean: mean + (value - mean) / (count + 1),
});

/** A car came onto a road; a stay too long to remember keeps its latest visits. */
export function withVisit(stay: Stay | undefined, visit: Visit): Stay {
  return { visits: [...(stay?.visits ?? []), visit].slice(-mostVisits), lastMeters: visit.offsetMeters };
}

/** What a stay teaches about the road its car has just left for `next`. */
export function learnPassage(
  history: StayHistory,
  stay: Stay,
  next: { readonly road: RoadId | ''; readonly at: number },
): StayHistory {
  const visit = stay.visits.at(-1);
  if (!visit) return history;
  const known = history.get(visit.road) ?? unknown;
  const meters = stay.lastMeters - visit.offsetMeters;
  const pace = meters > slowestMps ? withValue(known.pace, (next.at - visit.at) / meters) : known.pace;
  const count = (known.next.get(next.road) ?? 0) + 1;
  return new Map(history).set(visit.road, {
    ...known,
    pace,
    next: new Map(known.next).set(next.road, count),
  });
}

/** What an ended stay teaches about every road it led over. */
export function learnStay(history: StayHistory, stay: Stay, endedAt: number): StayHistory {
  const after = new Map(learnPassage(history, stay, { road: '', at: endedAt }));
  for (const visit of stay.visits) {
    const known = after.get(visit.road) ?? unknown;
    after.set(visit.road, { ...known, stay: withValue(known.stay, endedAt - visit.at) });
  }
  return after;
}

/** Where a car is, as far as its last beacon says. */
export interface Whereabouts {
  readonly road: RoadId;
  readonly speedMps: number;
  readonly ageSeconds: number;
  /** Metres of coverage left on its road. */
  readonly metersLeft: number;
}

/** Seconds left by the history; undefined where nothing is known of the road. */
export function learnedSeconds(history: StayHistory, car: Whereabouts): number | undefined {
  const known = history.get(car.road);
  const passed = known ? [...known.next.values()].reduce((sum, count) => sum + count, 0) : 0;
  if (!known || passed === 0) return undefined;
  const own = 1 / Math.max(car.speedMps, slowestMps);
  const weight = known.pace.count / (known.pace.count + priorCars);
  const pace = weight * known.pace.mean + (1 - weight) * own;
  let beyond = 0;
  for (const [road, count] of known.next) {
    if (road !== '') beyond += (count / passed) * (history.get(road)?.stay.mean ?? 0);
  }
  return Math.max(0, car.metersLeft * pace + beyond - car.ageSeconds);
}

/** The stay's predictions against what came. */
export function predictionsOf(stay: Stay, endedAt: number): StayPrediction[] {
  return stay.visits.map(({ at, prediction }) => ({ at, actualSeconds: endedAt - at, ...prediction }));
}
