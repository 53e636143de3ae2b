// What an RSU learns of its roads from the cars it has heard: how fast one gets along, where cars go next, how long they
// then stay. From that, the seconds a car will still be in coverage. All of it is in the cars' own beacons; a route is
// nobody's business but the car's, so only shares are known.
// Must not: see the simulator's future, or draw.
//
//   seconds left = metres left on this road x pace
//                  + where coverage runs to the road's end: sum over roads next of share x mean stay from there on
//
// Pace: seconds a metre, this car's own and the past cars' mean on this road, which counts more the more cars it is of; on a
// road that is new to the RSU the mean over all roads.

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
  /** Seconds from coming onto it, off another road, to the end of the stay. */
  readonly stay: Mean;
  /** How many went where; under '' those whose way ended on it though coverage went on. */
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
  readonly lastAt: number;
}

/** No road has this id: under it is what holds of all of them. */
const everywhere = '' as RoadId;
const unknown: RoadHistory = { pace: { count: 0, mean: 0 }, stay: { count: 0, mean: 0 }, next: new Map() };
/** The past cars' pace counts as much as the car's own when it is of so many. */
const priorCars = 3;
/** A standing car's own pace is that of walking: how long it stands, the past cars tell better. */
const slowestMps = 1;
/** A visit shorter than this says nothing of the pace. */
const leastMeters = 5;
/** Visits of one stay that are remembered: a stay through a whole city is a few dozen edges. */
const mostVisits = 64;

const withValue = ({ count, mean }: Mean, value: number): Mean => ({
  count: count + 1,
  mean: mean + (value - mean) / (count + 1),
});

/** A car came onto a road; a stay too long to remember keeps its latest visits. */
export function withVisit(stay: Stay | undefined, visit: Visit): Stay {
  const visits = [...(stay?.visits ?? []), visit].slice(-mostVisits);
  return { visits, lastMeters: visit.offsetMeters, lastAt: visit.at };
}

/** What a stay teaches about the road its car has just left for `next`; null: coverage ended on it. */
export function learnPassage(history: StayHistory, stay: Stay, next: RoadId | '' | null): StayHistory {
  const visit = stay.visits.at(-1);
  if (!visit) return history;
  const known = history.get(visit.road) ?? unknown;
  const meters = stay.lastMeters - visit.offsetMeters;
  const isDriven = meters > leastMeters;
  const secondsPerMeter = (stay.lastAt - visit.at) / meters;
  const pace = isDriven ? withValue(known.pace, secondsPerMeter) : known.pace;
  const shares = next === null ? known.next : new Map(known.next).set(next, (known.next.get(next) ?? 0) + 1);
  const after = new Map(history).set(visit.road, { ...known, pace, next: shares });
  const all = history.get(everywhere) ?? unknown;
  if (isDriven) after.set(everywhere, { ...all, pace: withValue(all.pace, secondsPerMeter) });
  return after;
}

/**
 * What an ended stay teaches about every road it led over. `isCut`: coverage would have gone on (the car parked, or its
 * trip was over). Where a stay began, its car did not come off another road.
 */
export function learnStay(
  history: StayHistory,
  stay: Stay,
  end: { at: number; isCut: boolean },
): StayHistory {
  const after = new Map(learnPassage(history, stay, end.isCut ? '' : null));
  for (const visit of stay.visits.slice(1)) {
    const known = after.get(visit.road) ?? unknown;
    after.set(visit.road, { ...known, stay: withValue(known.stay, end.at - visit.at) });
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
  /** Coverage runs to the end of its road. */
  readonly isCoveredToEnd: boolean;
}

/** Seconds left by the history. */
export function learnedSeconds(history: StayHistory, car: Whereabouts): number {
  const road = history.get(car.road) ?? unknown;
  const known = road.pace.count > 0 ? road : (history.get(everywhere) ?? unknown);
  const own = 1 / Math.max(car.speedMps, slowestMps);
  const weight = known.pace.count / (known.pace.count + priorCars);
  const pace = weight * known.pace.mean + (1 - weight) * own;
  const beyond = car.isCoveredToEnd ? secondsBeyond(history, road) : 0;
  return Math.max(0, car.metersLeft * pace + beyond - car.ageSeconds);
}

/** Mean stay over the roads cars went on to, each by its share. */
function secondsBeyond(history: StayHistory, { next }: RoadHistory): number {
  let cars = 0;
  let seconds = 0;
  for (const [road, count] of next) {
    cars += count;
    if (road !== '') seconds += count * (history.get(road)?.stay.mean ?? 0);
  }
  return cars === 0 ? 0 : seconds / cars;
}

/** The stay's predictions against what came. */
export function predictionsOf(stay: Stay, endedAt: number): StayPrediction[] {
  return stay.visits.map(({ at, prediction }) => ({ at, actualSeconds: endedAt - at, ...prediction }));
}
