// Contacts of cars that wander over a grid of lanes, against an oracle that follows every metre they drive and solves the
// circle itself. Must not: use the borders that are tested.

import { describe, expect, it } from 'vitest';
import type { RsuId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { CityContacts } from '../../mobility/contacts/city-contacts.ts';
import { coverLanes, LaneCoverage } from '../../mobility/contacts/lane-coverage.ts';
import { LanePaths } from '../../mobility/contacts/lane-paths.ts';
import { LaneShapes } from '../../mobility/contacts/lane-shapes.ts';
import type { RsuSite } from '../../mobility/types.ts';
import { laneGrid, WanderingCars } from '../support/lane-grid.ts';

const site = (i: number, x: number, y: number, radius: number): RsuSite => ({
  id: `rsu-${i}` as RsuId,
  x,
  y,
  coverageRadiusMeters: radius,
  antennaHeightMeters: 10,
});

function sites(count: number, sideMeters: number, radius: number, rng: Rng): RsuSite[] {
  return Array.from({ length: count }, (_, i) =>
    site(i, rng.between(0, sideMeters), rng.between(0, sideMeters), radius),
  );
}

function watch(network: ReturnType<typeof laneGrid>, rsus: RsuSite[]) {
  const shapes = new LaneShapes(network);
  const coverage = new LaneCoverage(network.lanes.lengthMeters, coverLanes(shapes, rsus));
  const { lengthMeters } = network.lanes;
  return {
    shapes,
    contacts: new CityContacts({ coverage, paths: new LanePaths(network), lengthMeters }),
  };
}

/** When a car that drives `way` crosses the disc's edge, seconds from the start of the step, to the metre's billionth. */
function crossings(
  shapes: LaneShapes,
  way: readonly { lane: number; from: number; to: number }[],
  rsu: RsuSite,
  speed: number,
): number[] {
  const found: number[] = [];
  const inside = (lane: number, at: number): boolean => {
    const out = new Float64Array(3);
    shapes.pointAt(lane, at, out);
    return (out[0]! - rsu.x) ** 2 + (out[1]! - rsu.y) ** 2 < rsu.coverageRadiusMeters ** 2;
  };
  let driven = 0;
  for (const { lane, from, to } of way) {
    const pieces = Math.ceil((to - from) / 0.25);
    for (let p = 0; p < pieces; p++) {
      let low = from + ((to - from) * p) / pieces;
      let high = from + ((to - from) * (p + 1)) / pieces;
      const [before, after] = [inside(lane, low), inside(lane, high)];
      if (before === after) continue;
      for (let i = 0; i < 50; i++) {
        const middle = (low + high) / 2;
        if (inside(lane, middle) === before) low = middle;
        else high = middle;
      }
      found.push((driven + low - from) / speed);
    }
    driven += to - from;
  }
  return found;
}

describe('contacts of cars in a city', () => {
  it('begin and end when a circle is crossed, to the microsecond, over crossings and bends', () => {
    const network = laneGrid(5, 80);
    const rng = Rng.root(4);
    const rsus = sites(4, 320, 90, rng.fork('sites'));
    const cars = new WanderingCars(network, 40, rng.fork('cars'));
    const { shapes, contacts } = watch(network, rsus);
    for (let car = 0; car < 40; car++) contacts.drive(car, cars.lane[car]!, cars.position[car]!, 0, 0);
    contacts.take();
    let seen = 0;
    for (let step = 0; step < 120; step++) {
      cars.step(1);
      for (let car = 0; car < 40; car++) {
        contacts.drive(car, cars.lane[car]!, cars.position[car]!, step, step + 1);
        const noted = contacts.take();
        rsus.forEach((rsu, i) => {
          const expected = crossings(shapes, cars.way[car]!, rsu, cars.speed[car]!);
          const own = noted.filter(({ rsu: row }) => row === i).map(({ at }) => at - step);
          expect(own.length).toBe(expected.length);
          own.forEach((at, k) => {
            expect(Math.abs(at - expected[k]!)).toBeLessThan(1e-6);
          });
          seen += own.length;
        });
      }
    }
    expect(seen).toBeGreaterThan(300);
  });

  it('alternate per car and RSU and agree with where the car is, through lane changes and jumps', () => {
    const network = laneGrid(6, 60);
    const rng = Rng.root(9);
    const rsus = sites(6, 300, 70, rng.fork('sites'));
    const cars = new WanderingCars(network, 60, rng.fork('cars'));
    const { shapes, contacts } = watch(network, rsus);
    const inside = new Set<string>();
    const hear = (): void => {
      for (const { kind, vehicle, rsu } of contacts.take()) {
        const key = `${vehicle}/${rsu}`;
        expect(inside.has(key)).toBe(kind === 'left');
        if (kind === 'entered') inside.add(key);
        else inside.delete(key);
      }
    };
    for (let car = 0; car < 60; car++) contacts.drive(car, cars.lane[car]!, cars.position[car]!, 0, 0);
    hear();
    const out = new Float64Array(3);
    for (let step = 0; step < 200; step++) {
      cars.step(1, 0.2);
      if (step % 10 === 9) cars.lane[step % 60] = rng.integer(network.lanes.count);
      if (step % 10 === 9) cars.position[step % 60] = 0;
      for (let car = 0; car < 60; car++) {
        contacts.drive(car, cars.lane[car]!, cars.position[car]!, step, step + 1);
        shapes.pointAt(cars.lane[car]!, cars.position[car]!, out);
      }
      hear();
      for (let car = 0; car < 60; car++)
        expect([...contacts.covering(car)].map((rsu) => `${car}/${rsu}`)).toEqual(
          [...inside]
            .filter((key) => key.startsWith(`${car}/`))
            .sort((a, b) => Number(a.split('/')[1]) - Number(b.split('/')[1])),
        );
    }
    for (let car = 0; car < 60; car++) contacts.vanish(car, 200);
    hear();
    expect(inside.size).toBe(0);
  });
});
