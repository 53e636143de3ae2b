// Car following against SUMO 1.15.0 (G4): a column of 100 cars, Krauss without dawdling and IDM, steps of 1 s and 0.1 s;
// the first car halts twice. city-following.json holds where SUMO's cars were (sumo --precision 9, one lane of 20 km,
// 33.33 m/s, all cars inserted at 0 s standing at the places given).

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { createCityEngine } from '../../mobility/city/engine.ts';
import type { CarFollowingModel, Demand, Stop, VehicleType } from '../../mobility/demand/demand.ts';
import { segmentNetwork } from '../../mobility/network/generators/simple.ts';
import { allPermissions } from '../../mobility/network/permissions.ts';

interface Golden {
  readonly departMeters: readonly number[];
  /** Metres along the lane of every car, by `model/step` and second. */
  readonly reference: Readonly<Record<string, Readonly<Record<string, readonly number[]>>>>;
}

const golden = JSON.parse(readFileSync(new URL('./city-following.json', import.meta.url), 'utf8')) as Golden;
const network = segmentNetwork({ lengthMeters: 20_000, speedLimitMps: 33.33 });

function typeOf(model: CarFollowingModel): VehicleType {
  return {
    id: 'car',
    model,
    vehicleClass: 'passenger',
    permissionBit: allPermissions,
    lengthMeters: 5,
    minGapMeters: 2.5,
    maxSpeedMps: 33.33,
    accelerationMps2: 2.6,
    decelerationMps2: 4.5,
    emergencyDecelerationMps2: 9,
    sigma: 0,
    tauSeconds: 1,
    delta: 4,
    laneChange: { strategic: 1, cooperative: 1, speedGain: 1, keepRight: 1 },
    impatience: 0,
    junctionModel: {},
  };
}

function halt(startMeters: number, endMeters: number, durationSeconds: number): Stop {
  return {
    lane: 0,
    startMeters,
    endMeters,
    durationSeconds,
    untilSeconds: undefined,
    parking: false,
    place: '',
  };
}

function columnOf(model: CarFollowingModel): Demand {
  const halts = [halt(11_000, 11_200, 30), halt(13_000, 13_300, 60)];
  const departures = golden.departMeters.map((position, i) => ({
    id: `car-${i}`,
    type: 0,
    route: 0,
    atSeconds: 0,
    lane: 'first' as const,
    position,
    speed: 0,
    arrivalMeters: undefined,
    speedFactor: 1,
    stops: i === 0 ? halts : [],
  }));
  return { types: [typeOf(model)], routes: [Int32Array.of(0)], departures, omissions: [] };
}

/** The largest distance of any car from where SUMO's was, m. */
function farthestFromSumo(model: CarFollowingModel, stepSeconds: number): number {
  const demand = columnOf(model);
  const options = { network, demand, beginSeconds: 0, stepSeconds, seed: 1, teleportAfterSeconds: 300 };
  const engine = createCityEngine(options);
  let farthest = 0;
  for (const [second, positions] of Object.entries(golden.reference[`${model}/${stepSeconds}`]!)) {
    while (engine.nowSeconds < Number(second) - stepSeconds / 2) engine.step();
    const { count, departure, position } = engine.vehicles;
    expect(count).toBe(100);
    for (let v = 0; v < count; v++)
      farthest = Math.max(farthest, Math.abs(position[v]! - positions[departure[v]!]!));
  }
  return farthest;
}

describe('a column of 100 cars', () => {
  it.each([
    ['krauss', 1, 1e-8],
    ['krauss', 0.1, 1e-8],
    ['idm', 1, 1e-4],
    ['idm', 0.1, 1e-6],
  ] as const)('drives as in SUMO with %s and steps of %s s, within %s m', (model, stepSeconds, within) => {
    expect(farthestFromSumo(model, stepSeconds)).toBeLessThan(within);
  });
});
