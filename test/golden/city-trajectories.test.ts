// What the city engine computed when its traffic was last compared with SUMO's, vehicle by vehicle and bit by bit: a change
// that is meant to make it faster must not change this. One that is meant to change the traffic writes a new digest here,
// and is validated against SUMO first (`roadbed mobility validate`).

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { createCityEngine } from '../../mobility/city/engine.ts';
import { randomTrips, recirculatingCars } from '../../mobility/demand/random-trips.ts';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';
import { StateDigest } from '../../mobility/traces/state-digest.ts';

const network = gridNetwork({ columns: 6, rows: 6 });
const rngOf = (name: string): Rng => Rng.root(1).fork(name);

function digestOf(demand: Parameters<typeof createCityEngine>[0]['demand'], steps: number): string {
  const engine = createCityEngine({
    network,
    demand,
    beginSeconds: 0,
    stepSeconds: 1,
    seed: 42,
    teleportAfterSeconds: 300,
  });
  const digest = new StateDigest();
  for (let step = 0; step < steps; step++) {
    engine.step();
    digest.add(engine.nowSeconds, engine.vehicles);
  }
  return digest.digest();
}

describe('trajectories of the city engine', () => {
  it('are those of the day it was validated, with cars that drive for ever', () => {
    const demand = recirculatingCars(
      network,
      { vehicles: 400, beginSeconds: 0, wayMeters: 4000 },
      rngOf('cars'),
    );
    expect(digestOf(demand, 300)).toBe('55ac0eab81e3ef20fc87294a6e461a859923eaf643fc5264456bec50a32696aa');
  });

  it('are those of the day it was validated, with trips that come and go', () => {
    const demand = randomTrips(network, { vehicles: 600, beginSeconds: 0, endSeconds: 300 }, rngOf('trips'));
    expect(digestOf(demand, 400)).toBe('53f9b4ac2c892c7efb02e59b0b02815234e5ff8a53a4e1c48f11b3b0b45d3d32');
  });
});
