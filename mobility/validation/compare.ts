// Compares a traffic with a reference by the goals of the mobility engine: edge counts (GEH), travel times, the curve of
// running vehicles, stays in coverage and what they mean for rounds. Must not: run anything.

import type { Network } from '../network/network.ts';
import type { Disc } from './discs.ts';
import { geh, ksDistance, mean, rmse, roundSuccess } from './numbers.ts';
import { countSeconds, type TrafficSummary } from './traffic-record.ts';

/** Lengths of rounds whose success is compared, seconds. */
export const roundLengths = [5, 20, 60] as const;

/** An edge in a quarter of an hour whose counts differ most. */
export interface WorstCount {
  readonly edge: string;
  readonly fromSeconds: number;
  readonly count: number;
  readonly reference: number;
  readonly geh: number;
}

export interface Comparison {
  readonly geh: {
    /** Share of edges and quarters with traffic in either whose GEH of hourly flows is below 5, 0..1. */
    readonly shareBelow5: number;
    readonly counts: number;
    readonly worst: readonly WorstCount[];
  };
  /** |mean travel time / the reference's - 1| over those who arrived in the time both cover. */
  readonly travelTimeError: number;
  readonly meanTravelSeconds: number;
  readonly referenceMeanTravelSeconds: number;
  readonly arrived: number;
  readonly referenceArrived: number;
  /**
   * Root mean square difference of running vehicles, second by second, over the reference's peak. Of the mean it is
   * larger, and there two of SUMO's own seeds differ by more than the goal.
   */
  readonly runningRmse: number;
  readonly runningRmseOfMean: number;
  /** Kolmogorov-Smirnov distance of the stays in all discs together. */
  readonly dwellKs: number;
  /** |success - the reference's| in points (0..100), by the length of the round in seconds. */
  readonly successError: Readonly<Record<string, number>>;
  readonly discs: readonly DiscComparison[];
}

export interface DiscComparison {
  readonly junction: string;
  readonly stays: number;
  readonly referenceStays: number;
  readonly meanDwellSeconds: number;
  readonly referenceMeanDwellSeconds: number;
  readonly ks: number;
}

/** How `traffic` differs from `reference`. Both must have been recorded with `discs`. */
export function compareTraffic(
  network: Network,
  discs: readonly Disc[],
  traffic: TrafficSummary,
  reference: TrafficSummary,
): Comparison {
  const dwell = traffic.dwellSeconds.flat();
  const referenceDwell = reference.dwellSeconds.flat();
  const times = [...traffic.travelSeconds.values()];
  const referenceTimes = [...reference.travelSeconds.values()];
  const points = (seconds: number): number =>
    100 * Math.abs(roundSuccess(dwell, seconds) - roundSuccess(referenceDwell, seconds));
  return {
    geh: compareCounts(network, traffic, reference),
    travelTimeError: Math.abs(mean(times) / mean(referenceTimes) - 1),
    meanTravelSeconds: mean(times),
    referenceMeanTravelSeconds: mean(referenceTimes),
    arrived: times.length,
    referenceArrived: referenceTimes.length,
    ...compareRunning(traffic, reference),
    dwellKs: ksDistance(dwell, referenceDwell),
    successError: Object.fromEntries(roundLengths.map((seconds) => [seconds, points(seconds)])),
    discs: discs.map((disc, i) => compareDisc(disc, traffic.dwellSeconds[i]!, reference.dwellSeconds[i]!)),
  };
}

function compareDisc(
  { junction }: Disc,
  dwell: readonly number[],
  reference: readonly number[],
): DiscComparison {
  return {
    junction,
    stays: dwell.length,
    referenceStays: reference.length,
    meanDwellSeconds: mean(dwell),
    referenceMeanDwellSeconds: mean(reference),
    ks: ksDistance(dwell, reference),
  };
}

const worstShown = 10;

/** Counts become hourly flows, for which GEH is made; the last quarter may be shorter. */
function compareCounts(
  network: Network,
  traffic: TrafficSummary,
  reference: TrafficSummary,
): Comparison['geh'] {
  const found: WorstCount[] = [];
  const span = Math.min(traffic.endSeconds, reference.endSeconds) - reference.beginSeconds;
  const quarters = Math.ceil(span / countSeconds - 1e-9);
  for (let quarter = 0; quarter < quarters; quarter++) {
    const perHour = 3600 / Math.min(countSeconds, span - quarter * countSeconds);
    for (let edge = 0; edge < network.edges.count; edge++) {
      const count = traffic.entered[quarter]?.[edge] ?? 0;
      const other = reference.entered[quarter]?.[edge] ?? 0;
      if (count + other === 0) continue;
      found.push({
        edge: network.edges.ids[edge]!,
        fromSeconds: reference.beginSeconds + quarter * countSeconds,
        count,
        reference: other,
        geh: geh(perHour * count, perHour * other),
      });
    }
  }
  const below = found.filter((entry) => entry.geh < 5).length;
  const worst = found.toSorted((a, b) => b.geh - a.geh).slice(0, worstShown);
  return { shareBelow5: below / found.length, counts: found.length, worst };
}

/** Over the instants that both have. */
function compareRunning(
  traffic: TrafficSummary,
  reference: TrafficSummary,
): Pick<Comparison, 'runningRmse' | 'runningRmseOfMean'> {
  const instants = [...reference.running.keys()].filter((at) => traffic.running.has(at));
  const theirs = instants.map((at) => reference.running.get(at)!);
  const error = rmse(
    instants.map((at) => traffic.running.get(at)!),
    theirs,
  );
  const peak = theirs.reduce((most, count) => Math.max(most, count), 0);
  return { runningRmse: error / peak, runningRmseOfMean: error / mean(theirs) };
}
