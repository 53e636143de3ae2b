// The guard against gridlock (G7): on a signalised grid of 10 x 10 crossings 1 000 cars never come to a stand together.

import { expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { createCityEngine } from '../../mobility/city/engine.ts';
import { recirculatingCars } from '../../mobility/demand/random-trips.ts';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';

const cycleSeconds = 90;
const leastMps = 2;

it('keeps 1 000 cars moving on a 10 x 10 grid for 900 s: no cycle of 90 s is slower than 2 m/s', () => {
  const network = gridNetwork({ columns: 10, rows: 10 });
  const demand = recirculatingCars(
    network,
    { vehicles: 1000, beginSeconds: 0, wayMeters: 20_000 },
    Rng.root(1),
  );
  const options = { network, demand, beginSeconds: 0, stepSeconds: 1, seed: 1, teleportAfterSeconds: 300 };
  const engine = createCityEngine(options);
  let sum = 0;
  let rows = 0;
  for (let second = 1; second <= 900; second++) {
    engine.step();
    const { count, speed } = engine.vehicles;
    for (let v = 0; v < count; v++) sum += speed[v]!;
    rows += count;
    if (second % cycleSeconds !== 0) continue;
    expect(sum / rows).toBeGreaterThan(leastMps);
    sum = 0;
    rows = 0;
  }
  expect(engine.counts.running).toBe(1000);
  expect(engine.counts.teleports).toBe(0);
});
