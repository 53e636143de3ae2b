// A partition by place gives a vehicle the same samples in wall time and in virtual time: the world tells every vehicle
// where it first drove, and both ways of running deal by that.

import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import type { RunId, VehicleId } from '../../base/ids.ts';
import type { Dataset } from '../../learning/learner.ts';
import type { Fix } from '../../mobility/types.ts';
import type { Link } from '../../protocol/link/link.ts';
import { vehicleOfTopic } from '../../protocol/topics.ts';
import { encodeJson } from '../../protocol/world.ts';
import { placeIn } from '../../testbed/live/agent-host.ts';
import { runWorld } from '../../testbed/live/world-host.ts';
import { FirstPlaces, firstPlaces } from '../../testbed/places.ts';
import { shardOf } from '../../testbed/plan.ts';
import { prepareMobility } from '../../testbed/prepare.ts';
import { bundledDirectory, loadScenario } from '../../testbed/scenario-file.ts';

const loaded = loadScenario(join(bundledDirectory, 'highway-signs.yaml'), {
  sets: ['data.partition={kind: by-place, alpha: 0.1, segmentMeters: 300}'],
});
const train: Dataset = {
  inputShape: [1, 1, 1],
  classes: 10,
  images: new Uint8Array(2000),
  labels: Uint8Array.from({ length: 2000 }, (_, i) => i % 10),
};
const car = 'v0001' as VehicleId;
const fixAt = (road: string, offsetMeters: number): Fix =>
  ({
    vehicle: car,
    at: 0,
    x: 0,
    y: 0,
    headingRadians: 0,
    speedMps: 0,
    road,
    offsetMeters,
    serving: null,
    bitsPerSecondPerHertz: 0,
  }) as unknown as Fix;

describe('data by place in wall time', () => {
  it('are those of virtual time, vehicle by vehicle', async () => {
    const told = new Map<string, Uint8Array>();
    const over = new AbortController();
    const link = {
      publish: async (topic: string, payload: Uint8Array) => {
        told.set(vehicleOfTopic(topic)!, payload);
        over.abort();
      },
    } as unknown as Link;
    await runWorld({ run: 'r' as RunId, mobility: prepareMobility(loaded), link, over: over.signal });
    const virtual = firstPlaces(prepareMobility(loaded), told.size);
    expect(told.size).toBeGreaterThan(10);
    expect([...told.keys()].sort()).toEqual([...virtual.keys()].sort());
    for (const [vehicle, place] of virtual) {
      const live = { vehicle, place: placeIn(told.get(vehicle)!) };
      expect(shardOf(loaded.scenario, train, live)).toEqual(
        shardOf(loaded.scenario, train, { vehicle, place }),
      );
    }
  });

  it('stay those of the first place while the vehicle drives on, and begin anew when it comes again', () => {
    const places = new FirstPlaces();
    expect(places.of(fixAt('ring', 5))).toEqual({ road: 'ring', offsetMeters: 5 });
    expect(places.of(fixAt('ring', 500))).toEqual({ road: 'ring', offsetMeters: 5 });
    places.forget(car);
    expect(places.of(fixAt('ring', 500))).toEqual({ road: 'ring', offsetMeters: 500 });
  });

  it('take the place of now from a car that only knows its own GPS', () => {
    const fix = fixAt('ring', 7);
    expect(placeIn(encodeJson(fix))).toEqual({ road: 'ring', offsetMeters: 7 });
    expect(placeIn(encodeJson({ ...fix, first: { road: 'ring', offsetMeters: 3 } }))).toEqual({
      road: 'ring',
      offsetMeters: 3,
    });
    expect(placeIn(new Uint8Array(0))).toBeUndefined();
  });
});
