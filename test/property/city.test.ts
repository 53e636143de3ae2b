// What holds in every city: nobody overlaps on a lane, no vehicle is lost or made, equal seeds give equal runs.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { createCityEngine } from '../../mobility/city/engine.ts';
import { recirculatingCars } from '../../mobility/demand/random-trips.ts';
import type { CityEngine } from '../../mobility/driving/city-engine.ts';
import { type GridOptions, gridNetwork } from '../../mobility/network/generators/grid.ts';
import { StateDigest } from '../../mobility/traces/state-digest.ts';

const runs = { numRuns: 12, seed: 20241122 };

const grids = fc.record({
  columns: fc.integer({ min: 2, max: 5 }),
  rows: fc.integer({ min: 2, max: 5 }),
  lanes: fc.integer({ min: 1, max: 3 }),
  blockMeters: fc.integer({ min: 60, max: 250 }),
  signals: fc.constantFrom<NonNullable<GridOptions['signals']>>('static', 'actuated', 'none'),
});

interface Setting {
  readonly grid: GridOptions;
  readonly cars: number;
  readonly seed: number;
}

function cityOf({ grid, cars, seed }: Setting) {
  const network = gridNetwork(grid);
  const demand = recirculatingCars(
    network,
    { vehicles: cars, beginSeconds: 0, wayMeters: 4000 },
    Rng.root(seed),
  );
  const options = { network, demand, beginSeconds: 0, stepSeconds: 1, seed, teleportAfterSeconds: 300 };
  return { demand, engine: createCityEngine(options) };
}

/** The first pair of vehicles of a lane of which one drives into the other; undefined: none. */
function overlapOf(engine: CityEngine, lengthMeters: number): string | undefined {
  const { count, lane, position, departure } = engine.vehicles;
  const rows = Array.from({ length: count }, (_, v) => v);
  rows.sort((a, b) => lane[a]! - lane[b]! || position[b]! - position[a]!);
  for (let i = 1; i < count; i++) {
    const [ahead, behind] = [rows[i - 1]!, rows[i]!];
    if (lane[ahead] !== lane[behind] || position[ahead]! - lengthMeters >= position[behind]! - 1e-6) continue;
    return `${departure[behind]} into ${departure[ahead]} on lane ${lane[ahead]} at ${engine.nowSeconds} s`;
  }
  return undefined;
}

describe('a city', () => {
  it('keeps vehicles apart on their lanes and loses none', () => {
    const settings = fc.record({
      grid: grids,
      cars: fc.integer({ min: 1, max: 150 }),
      seed: fc.integer({ min: 0, max: 999 }),
    });
    fc.assert(
      fc.property(settings, (setting) => {
        const { demand, engine } = cityOf(setting);
        const { lengthMeters } = demand.types[0]!;
        for (let i = 0; i < 200; i++) {
          engine.step();
          const { inserted, running, arrived, waiting } = engine.counts;
          expect(inserted).toBe(running + arrived);
          expect(inserted + waiting).toBe(demand.departures.length);
          expect(overlapOf(engine, lengthMeters)).toBeUndefined();
        }
      }),
      runs,
    );
  });

  it('drives the same with the same seed, and otherwise with another', () => {
    const grid = { columns: 4, rows: 4 };
    const digest = (seed: number): string => {
      const { engine } = cityOf({ grid, cars: 120, seed });
      const all = new StateDigest();
      for (let i = 0; i < 150; i++) {
        engine.step();
        all.add(engine.nowSeconds, engine.vehicles);
      }
      return all.digest();
    };
    const first = digest(5);
    expect(digest(5)).toBe(first);
    expect(digest(6)).not.toBe(first);
  });
});
