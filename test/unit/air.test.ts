// The simulated air: when a frame arrives, and when it is lost.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { scenarioSchema } from '../../protocol/scenario/schema.ts';
import { Air, type Lane, type Parcel } from '../../testbed/virtual/air.ts';

const car = 'v1' as VehicleId;
const radio = scenarioSchema.shape.radio.parse({
  uplinkBandwidthHz: 5e6,
  downlinkBandwidthHz: 5e6,
  latencySeconds: 0.01,
  rsuTransmitPowerDbm: 23,
});

/** An air with K0 = 5 whose schedule is kept: 1 MHz a car, so 2 bit/s/Hz are 2 Mbit/s. */
function airWith(faults = {}): {
  air: Air;
  arrivals: [number, number][];
  lost: number[];
  plans: { at: number; lane: Lane; version: number }[];
} {
  const arrivals: [number, number][] = [];
  const lost: number[] = [];
  const plans: { at: number; lane: Lane; version: number }[] = [];
  const air = new Air({ ...radio, faults: { ...radio.faults, ...faults } }, 5, Rng.root(3), {
    deliver: (at, parcel) => arrivals.push([parcel.sequence, at]),
    lose: (parcel) => lost.push(parcel.sequence),
    serve: (at, lane, version) => plans.push({ at, lane, version }),
  });
  return { air, arrivals, lost, plans };
}

const chunk = (sequence: number, bytes: number): Parcel => ({
  vehicle: car,
  direction: 'up',
  sequence,
  bytes,
  bulk: true,
});
const note = (sequence: number, bytes: number): Parcel => ({
  vehicle: car,
  direction: 'up',
  sequence,
  bytes,
  bulk: false,
});

describe('the air', () => {
  it('serves bulk frames one after the other at the Shannon rate of the share', () => {
    const { air, arrivals, plans } = airWith();
    air.connect(car, 2, 0);
    air.send(chunk(1, 250_000), 0);
    air.send(chunk(2, 250_000), 0);
    expect(plans.map((plan) => plan.at)).toEqual([1]);
    air.served(plans[0]!.lane, plans[0]!.version, 1);
    air.served(plans[1]!.lane, plans[1]!.version, 2);
    expect(arrivals).toEqual([
      [1, 1.01],
      [2, 2.01],
    ]);
  });

  it('keeps what was sent when the rate changes on the way', () => {
    const { air, arrivals, plans } = airWith();
    air.connect(car, 2, 0);
    air.send(chunk(1, 250_000), 0);
    air.channel(car, 4, 0.5);
    const plan = plans[1]!;
    expect(plan.at).toBe(0.75);
    air.served(plans[0]!.lane, plans[0]!.version, 1);
    expect(arrivals).toEqual([]);
    air.served(plan.lane, plan.version, 0.75);
    expect(arrivals).toEqual([[1, 0.76]]);
  });

  it('gives a granted band to the vehicle', () => {
    const { air, plans } = airWith();
    air.connect(car, 2, 0);
    air.grant(car, 2.5e6, 2.5e6, 0);
    air.send(chunk(1, 625_000), 0);
    expect(plans[0]!.at).toBe(1);
  });

  it('lets small frames pass bulk ones, in order among themselves', () => {
    const { air, arrivals } = airWith();
    air.connect(car, 2, 0);
    air.send(chunk(1, 250_000), 0);
    air.send(note(2, 25_000), 0);
    air.send(note(3, 250), 0);
    expect(arrivals).toEqual([
      [2, 0.11],
      [3, 0.11],
    ]);
  });

  it('loses what is queued when the vehicle leaves, and what is sent after', () => {
    const { air, arrivals, lost, plans } = airWith();
    air.connect(car, 2, 0);
    air.send(chunk(1, 250_000), 0);
    air.disconnect(car);
    air.send(chunk(2, 10), 1);
    air.served(plans[0]!.lane, plans[0]!.version, 1);
    expect(lost).toEqual([1, 2]);
    expect(arrivals).toEqual([]);
  });

  it('loses everything at loss 1 and duplicates everything at duplication 1', () => {
    const silent = airWith({ loss: 1 });
    silent.air.connect(car, 2, 0);
    silent.air.send(note(1, 100), 0);
    expect([silent.arrivals, silent.lost]).toEqual([[], [1]]);
    const twice = airWith({ duplication: 1 });
    twice.air.connect(car, 2, 0);
    twice.air.send(note(1, 100), 0);
    expect(twice.arrivals.map(([sequence]) => sequence)).toEqual([1, 1]);
  });

  it('gives the downlink the power of the RSU', () => {
    const { air, plans } = airWith();
    air.connect(car, 2, 0);
    air.send({ ...chunk(1, 250_000), direction: 'down' }, 0);
    expect(plans[0]!.at).toBeCloseTo(1, 12);
  });

  it('does not carry a frame over from one visit to coverage to the next', () => {
    const visits: [number, number][] = [];
    const quiet = (): void => undefined;
    const air = new Air(radio, 5, Rng.root(3), {
      deliver: (_at, parcel, { visit }) => visits.push([parcel.sequence, visit]),
      lose: quiet,
      serve: quiet,
    });
    air.connect(car, 2, 0);
    air.send(note(1, 100), 0);
    air.disconnect(car);
    air.connect(car, 2, 0.001);
    air.send(note(2, 100), 0.001);
    expect(visits).toEqual([
      [1, 1],
      [2, 2],
    ]);
    expect([air.isOnVisit(car, 1), air.isOnVisit(car, 2)]).toEqual([false, true]);
    air.disconnect(car);
    expect(air.isOnVisit(car, 2)).toBe(false);
    air.forget(car);
    expect(air.connected(car)).toBe(false);
  });
});
