// The candidates of a round: views of what was heard, worked out in columns where there are many. They must say the same, to
// the last bit, as an estimate made for one car, and the table they come from must be what was told it.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { estimate } from '../../roadside/cuts/estimate.ts';
import { candidatesAt, remembered } from '../../roadside/round/candidates.ts';
import { emptyTable, type KnownVehicle, lookUp, withVehicle } from '../../roadside/round/vehicle-table.ts';
import { beacon, device, hello, logsOf, makeConfig, sha, World } from '../support/round-world.ts';

const carNamed = (index: number): VehicleId => `car-${String(index).padStart(4, '0')}` as VehicleId;

/** An RSU that heard `count` cars, no two alike, in no order. */
function crowd(count: number, changes: Record<string, object> = {}): World {
  const world = new World(makeConfig(changes));
  const rng = Rng.root(5);
  world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
  const order = rng.shuffle(Array.from({ length: count }, (_, i) => i));
  for (const i of order) {
    const trainingFlopsPerSecond = rng.between(1e8, 3e9);
    const own = { ...device, name: `kind-${i}`, trainingFlopsPerSecond };
    const offsetMeters = rng.between(0, 1000);
    world.tell(hello(carNamed(i), { device: own, samples: 1 + rng.integer(600) }));
    world.tell(
      beacon(carNamed(i), {
        ...{ x: offsetMeters, offsetMeters, speedMps: rng.between(0, 25) },
        bitsPerSecondPerHertz: rng.between(0.1, 20),
      }),
    );
  }
  return world;
}

describe('the candidates of a round', () => {
  it.each([
    ['few, asked one by one', 20, {}],
    ['many, worked out in columns', 300, {}],
    [
      'many, with a vector beside the model',
      300,
      { aggregation: { rule: 'scaffold' }, training: { epochs: 1 } },
    ],
  ])('have the seconds that an estimate of each has: %s', (_, count, changes) => {
    const { config, state } = crowd(count, changes);
    const candidates = candidatesAt(config, state, 1);
    expect(candidates.map(({ vehicle }) => vehicle)).toEqual(
      Array.from({ length: count }, (_, i) => carNamed(i)),
    );
    const { radio, selection } = config.scenario;
    for (const candidate of candidates) {
      const { full } = estimate(
        config,
        candidate,
        radio.uplinkBandwidthHz / selection.perRound,
        radio.downlinkBandwidthHz / selection.perRound,
      );
      const { downloadSeconds, computeSeconds, uploadSeconds, totalSeconds } = full;
      const { task } = remembered(candidate);
      expect(task).toEqual({ downloadSeconds, computeSeconds, uploadSeconds, totalSeconds });
    }
  });

  it('are plain data once they are members of a round', () => {
    const world = crowd(20);
    world.tell({ kind: 'round-due', at: 1 });
    const { members } = world.state.open!;
    expect(members).toHaveLength(3);
    for (const { candidate } of members) expect(structuredClone(candidate)).toEqual(candidate);
  });

  it('all get a task of a policy that wants them all, more than are looked for one by one', () => {
    const world = crowd(100, { selection: { policy: 'all-in-range' }, fallback: { mode: 'full-only' } });
    const effects = world.tell({ kind: 'round-due', at: 0 });
    const chosen = logsOf(effects, 'vehicle-selected').map(({ vehicle }) => vehicle);
    expect(chosen).toEqual(Array.from({ length: 100 }, (_, i) => carNamed(i)));
  });
});

describe('the table of vehicles', () => {
  const known = (index: number, samples: number): KnownVehicle => ({
    vehicle: carNamed(index),
    device: null,
    samples,
    beacon: null,
    heardAt: 0,
    inContact: false,
    serving: null,
    stay: null,
  });

  it('holds what was told last of each, in the order of ids, and leaves earlier tables as they were', () => {
    const rng = Rng.root(9);
    const expected = new Map<VehicleId, number>();
    let table = emptyTable();
    for (let step = 0; step < 3000; step++) {
      const index = rng.integer(700);
      const before = lookUp(table, carNamed(index))?.samples;
      expect(before).toBe(expected.get(carNamed(index)));
      const after = withVehicle(table, known(index, step));
      expect(lookUp(table, carNamed(index))?.samples).toBe(before);
      table = after;
      expected.set(carNamed(index), step);
    }
    const wanted = [...expected].sort(([a], [b]) => (a < b ? -1 : 1));
    expect(table.flat().map(({ vehicle, samples }) => [vehicle, samples])).toEqual(wanted);
    expect(lookUp(table, 'car-9999' as VehicleId)).toBeUndefined();
    expect(lookUp(emptyTable(), carNamed(1))).toBeUndefined();
  });
});
