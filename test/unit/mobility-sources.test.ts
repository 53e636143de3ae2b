// Our own sources of traffic: numbers, instants and ways of what they make. Must not: drive.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { poissonTrips, randomTrips, recirculatingCars } from '../../mobility/demand/random-trips.ts';
import { Router } from '../../mobility/demand/router.ts';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';
import { forkNetwork } from '../support/tiny-net.ts';

const grid = gridNetwork({ columns: 4, rows: 4 });
const stream = (seed = 1): Rng => Rng.root(seed).fork('demand');

describe('random trips', () => {
  const options = { vehicles: 50, beginSeconds: 100, endSeconds: 200 };

  it('are evenly spaced and lead from edge to edge', () => {
    const { departures, routes, types } = randomTrips(grid, options, stream());
    expect(departures.map(({ atSeconds }) => atSeconds)).toEqual(
      Array.from({ length: 50 }, (_, i) => 100 + 2 * i),
    );
    const router = new Router(grid);
    for (const route of routes)
      for (let i = 1; i < route.length; i++)
        expect(router.joins(route[i - 1]!, route[i]!, types[0]!.permissionBit)).toBe(true);
  });

  it('are the same for the same seed and others for another', () => {
    expect(randomTrips(grid, options, stream())).toEqual(randomTrips(grid, options, stream()));
    expect(randomTrips(grid, options, stream(2))).not.toEqual(randomTrips(grid, options, stream()));
  });

  it('are refused on a map without ways', () => {
    const lone = { ...forkNetwork(), links: { ...forkNetwork().links, count: 0 } };
    const lanes = { ...lone.lanes, firstLink: new Int32Array(lone.lanes.count + 1) };
    expect(() => randomTrips({ ...lone, lanes }, options, stream())).toThrow(
      'fork.net.xml: no way between 1000 random pairs of edges',
    );
  });
});

describe('Poisson trips', () => {
  it('come at their rate and independently of each other, in over the fringe and out over it', () => {
    const network = forkNetwork();
    const made = poissonTrips(network, { perHour: 3600, beginSeconds: 0, endSeconds: 20_000 }, stream());
    const times = made.departures.map(({ atSeconds }) => atSeconds);
    expect(times.length / 20_000).toBeCloseTo(1, 1);
    const gaps = times.slice(1).map((at, i) => at - times[i]!);
    const mean = gaps.reduce((sum, gap) => sum + gap, 0) / gaps.length;
    const variance = gaps.reduce((sum, gap) => sum + (gap - mean) ** 2, 0) / gaps.length;
    // Of an exponential law the deviation is the mean.
    expect(Math.sqrt(variance) / mean).toBeCloseTo(1, 1);
    const names = new Set(
      made.routes.map((route) => [...route].map((edge) => network.edges.ids[edge]).join(' ')),
    );
    expect(names).toEqual(new Set(['in fast out']));
  });
});

describe('recirculating cars', () => {
  it('are all there at the begin and have farther to drive than asked for', () => {
    const { departures, routes } = recirculatingCars(
      grid,
      { vehicles: 40, beginSeconds: 7, wayMeters: 5000 },
      stream(),
    );
    expect(departures).toHaveLength(40);
    expect(new Set(departures.map(({ atSeconds }) => atSeconds))).toEqual(new Set([7]));
    for (const route of routes) {
      const meters = [...route].reduce(
        (sum, edge) => sum + grid.lanes.lengthMeters[grid.edges.firstLane[edge]!]!,
        0,
      );
      expect(meters).toBeGreaterThanOrEqual(5000);
    }
  });

  it('do not turn back where they can go on', () => {
    const { routes } = recirculatingCars(grid, { vehicles: 10, beginSeconds: 0, wayMeters: 3000 }, stream());
    for (const route of routes)
      for (let i = 1; i < route.length; i++)
        expect(grid.edges.to[route[i]!]).not.toBe(grid.edges.from[route[i - 1]!]);
  });

  it('are refused where an edge leads nowhere', () => {
    expect(() =>
      recirculatingCars(forkNetwork(), { vehicles: 1, beginSeconds: 0, wayMeters: 5000 }, stream()),
    ).toThrow(/nothing follows edge "(?:out|island)" of fork\.net\.xml/);
  });
});
