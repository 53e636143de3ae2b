// The measures of validation against hand-worked numbers. Must not: run an engine.

import { describe, expect, it } from 'vitest';
import type { Demand } from '../../mobility/demand/demand.ts';
import { readDemand } from '../../mobility/demand/read-demand.ts';
import { compareTraffic } from '../../mobility/validation/compare.ts';
import { busiestDiscs, type Disc } from '../../mobility/validation/discs.ts';
import { geh, ksDistance, rmse, roundSuccess } from '../../mobility/validation/numbers.ts';
import { TrafficRecord, type TrafficSummary } from '../../mobility/validation/traffic-record.ts';
import { forkNetwork } from '../support/tiny-net.ts';

const network = forkNetwork();
const edge = (id: string): number => network.edges.ids.indexOf(id);
const disc: Disc = { junction: 'b', x: 100, y: 0, radiusMeters: 30 };
const hour = { beginSeconds: 0, endSeconds: 3600 };

/** Sightings as [time, id, edge, x]. */
function recorded(
  sightings: readonly (readonly [number, string, string, number])[],
  until: number,
  discs: readonly Disc[] = [disc],
): TrafficSummary {
  const record = new TrafficRecord(network, discs, hour);
  for (let at = 0; at <= until; at++) {
    record.step(at);
    for (const [time, id, on, x] of sightings) if (time === at) record.row(id, edge(on), x, 0);
  }
  return record.finish();
}

describe('measures', () => {
  it('are those of their formulas', () => {
    expect(geh(100, 121)).toBeCloseTo(1.99774, 5);
    expect(geh(0, 0)).toBe(0);
    expect(ksDistance([1, 2, 3, 4], [3, 4, 5, 6])).toBe(0.5);
    expect(ksDistance([1, 1, 2], [1, 1, 2])).toBe(0);
    expect(ksDistance([], [1])).toBeNaN();
    expect(rmse([1, 3], [2, 2])).toBe(1);
    // Stays of 10 s and 30 s: rounds of 20 s succeed in 10 of 40 s.
    expect(roundSuccess([10, 30], 20)).toBe(0.25);
    expect(roundSuccess([10, 30], 0)).toBe(1);
    expect(roundSuccess([], 5)).toBeNaN();
  });
});

describe('a record of traffic', () => {
  it('counts each vehicle on each edge it enters, by quarter of an hour', () => {
    const { entered, vehicles } = recorded(
      [
        [899, 'v', 'in', 10],
        [900, 'v', 'fast', 110],
        [901, 'v', 'fast', 120],
        [901, 'w', 'in', 0],
      ],
      1000,
    );
    expect(vehicles).toBe(2);
    expect(entered.map((quarter) => [quarter[edge('in')], quarter[edge('fast')]])).toEqual([
      [1, 0],
      [1, 1],
    ]);
  });

  it('finds when a disc is entered and left between two sights', () => {
    // Enters 30 m before x = 100, at a quarter of the second step; leaves 30 m behind it, half way.
    const { dwellSeconds } = recorded(
      [
        [0, 'v', 'in', 40],
        [1, 'v', 'in', 60],
        [2, 'v', 'in', 100],
        [3, 'v', 'fast', 120],
        [4, 'v', 'fast', 140],
      ],
      5,
    );
    expect(dwellSeconds[0]).toHaveLength(1);
    expect(dwellSeconds[0]![0]).toBeCloseTo(3.5 - 1.25, 12);
  });

  it('ends a stay with the arrival and leaves out stays that have not ended', () => {
    const { dwellSeconds, travelSeconds, running } = recorded(
      [
        [0, 'v', 'in', 90],
        [1, 'v', 'in', 95],
        [2, 'w', 'in', 90],
      ],
      2,
    );
    expect(dwellSeconds).toEqual([[1]]);
    expect([...travelSeconds]).toEqual([['v', 1]]);
    expect([...running.values()]).toEqual([1, 1, 1]);
  });

  it('leaves out what is outside its window', () => {
    const record = new TrafficRecord(network, [], { beginSeconds: 5, endSeconds: 6 });
    for (let at = 0; at < 10; at++) {
      record.step(at);
      record.row('v', edge('in'), 0, 0);
    }
    expect(record.finish()).toMatchObject({ beginSeconds: 5, endSeconds: 6, vehicles: 1 });
  });
});

describe('a comparison', () => {
  it('of a traffic with itself finds no difference', () => {
    const traffic = recorded(
      [
        [0, 'v', 'in', 90],
        [1, 'v', 'fast', 110],
        [2, 'v', 'fast', 170],
        [3, 'v', 'fast', 180],
      ],
      10,
    );
    const same = compareTraffic(network, [disc], traffic, traffic);
    expect(same).toMatchObject({
      geh: { shareBelow5: 1, counts: 2 },
      travelTimeError: 0,
      runningRmse: 0,
      dwellKs: 0,
      successError: { 5: 0, 20: 0, 60: 0 },
      arrived: 1,
      referenceArrived: 1,
    });
  });

  it('says by how much counts, times, curve and stays differ', () => {
    const drive = (id: string, seconds: number): (readonly [number, string, string, number])[] =>
      Array.from({ length: seconds + 1 }, (_, at) => [at, id, 'in', 100] as const);
    const ours = recorded([...drive('a', 30), ...drive('b', 30)], 899);
    const theirs = recorded([...drive('a', 20), ...drive('b', 20)], 899);
    const found = compareTraffic(network, [disc], ours, theirs);
    expect(found.travelTimeError).toBeCloseTo(0.5, 12);
    expect(found.dwellKs).toBe(1);
    // (30 - 20) / 30 of the time against (20 - 20) / 20: 33.3 points.
    expect(found.successError['20']).toBeCloseTo(100 / 3, 10);
    expect(found.successError['60']).toBe(0);
    // 2 vehicles too many in 10 of 900 instants; on average 2 * 21 / 900 drive.
    expect(found.runningRmseOfMean).toBeCloseTo(Math.sqrt((10 * 4) / 900) / (42 / 900), 10);
    expect(found.runningRmse).toBeCloseTo(Math.sqrt((10 * 4) / 900) / 2, 10);
    expect(found.geh).toMatchObject({ shareBelow5: 1, counts: 1 });
  });

  it('names the counts that differ most, as hourly flows', () => {
    const many = (count: number) =>
      recorded(
        Array.from({ length: count }, (_, i) => [0, `v${i}`, 'in', 0] as const),
        899,
      );
    const { geh: found } = compareTraffic(network, [], many(10), many(40));
    expect(found.shareBelow5).toBe(0);
    expect(found.worst).toEqual([
      { edge: 'in', fromSeconds: 0, count: 10, reference: 40, geh: geh(40, 160) },
    ]);
  });
});

describe('discs', () => {
  it('lie around the junctions that most routes cross', () => {
    const routes = '<flow id="f" number="9" end="9"><route edges="in fast out"/></flow>';
    const { demand }: { demand: Demand } = readDemand(network, {
      seed: 1,
      beginSeconds: 0,
      endSeconds: 100,
      ignoreRouteErrors: false,
      additional: [],
      routes: [
        {
          file: 'r',
          content: `<routes>${routes}<vehicle id="v" depart="0"><route edges="in slow"/></vehicle></routes>`,
        },
      ],
    });
    // b is crossed by ten, c by nine, 100 m away: both are taken, as there are no others.
    expect(busiestDiscs(network, demand)).toEqual([
      { junction: 'b', x: 100, y: 0, radiusMeters: 300 },
      { junction: 'c', x: 200, y: 0, radiusMeters: 300 },
    ]);
  });
});
