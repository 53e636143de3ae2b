// A small world for tests of the round: three equal cars, one antenna, numbers that can be checked by hand.
//
// Full path of one car when three share the band: model 16,000 B at 1e6 Hz x 10 bit/s/Hz = 0.0128 s each way; compute
// 2 epochs x 100 samples x 12e6 / 1.2e9 = 2 s; 2 latencies of 5 ms. In all 2.0356 s. It has 50 s of coverage left.
// Must not: hold expectations (those stand in the tests).

import { asId, type BlobSha, type RoadId, type RsuId, type VehicleId } from '../../base/ids.ts';
import type { EventBody } from '../../protocol/events.ts';
import type { Beacon, DeviceProfile } from '../../protocol/messages.ts';
import { scenarioSchema } from '../../protocol/scenario/schema.ts';
import { advance } from '../../roadside/round/advance.ts';
import { initialState, type RoundState } from '../../roadside/round/state.ts';
import type { RoundConfig, RoundEffect, RoundEvent } from '../../roadside/round/types.ts';
import type { Candidate } from '../../roadside/selection/policy.ts';

export const carA = asId<VehicleId>('car-a');
export const carB = asId<VehicleId>('car-b');
export const carC = asId<VehicleId>('car-c');
export const cars: readonly VehicleId[] = [carA, carB, carC];
const rsu = asId<RsuId>('rsu-1');
const road = asId<RoadId>('main');

export const device: DeviceProfile = {
  name: 'nano',
  trainingFlopsPerSecond: 1.2e9,
  memoryBytes: 1e9,
  computeWatts: 10,
  transmitWatts: 2,
};

/** car-a as a candidate: in the middle of the road, its full path as the head comment computes it. */
export const candidateA: Candidate = {
  vehicle: carA,
  road: 'main',
  offsetMeters: 500,
  speedMps: 10,
  distanceMeters: 30,
  secondsLeft: 50,
  bitsPerSecondPerHertz: 10,
  device,
  samples: 100,
  task: { downloadSeconds: 0.0128, computeSeconds: 2, uploadSeconds: 0.0128, totalSeconds: 2.0356 },
};

/** A content address made of one repeated hex digit. */
export function sha(digit: string): BlobSha {
  return digit.repeat(64) as BlobSha;
}

/** Any key of the scenario may be overridden; the defaults are the ones the head comment computes with. */
export function makeConfig(overrides: Record<string, object> = {}): RoundConfig {
  const scenario = scenarioSchema.parse({
    name: 'three-cars',
    seed: 7,
    rsus: [{ id: rsu, x: 500, y: 0 }],
    devices: [{ name: 'nano', trainingFlopsPerSecond: 1.2e9 }],
    ...overrides,
    radio: { downlinkBandwidthHz: 3e6, rsuTransmitPowerDbm: 23, ...overrides.radio },
    selection: { policy: 'random', perRound: 3, ...overrides.selection },
  });
  return {
    scenario,
    coverage: [{ rsu, road, fromMeters: 0, toMeters: 1000 }],
    sites: [{ id: rsu, x: 500, y: 0 }],
    cost: {
      model: 'toy',
      blocks: [
        { name: 'lower', forwardFlops: 1e6, backwardFlops: 2e6, parameters: 1000, outputFloats: 100 },
        { name: 'upper', forwardFlops: 3e6, backwardFlops: 6e6, parameters: 3000, outputFloats: 10 },
      ],
      labelsPerSample: 1,
      parameters: 4000,
      forwardFlops: 4e6,
      backwardFlops: 8e6,
    },
    fullBytes: 16_000,
    delayBounds: { minSeconds: 2, maxSeconds: 12 },
  };
}

export function beaconOf(overrides: Partial<Beacon> = {}): Beacon {
  return {
    kind: 'beacon',
    at: 0,
    x: 500,
    y: 30,
    headingRadians: 0,
    speedMps: 10,
    road,
    offsetMeters: 500,
    serving: rsu,
    bitsPerSecondPerHertz: 10,
    ...overrides,
  };
}

export function hello(
  vehicle: VehicleId,
  overrides: { device?: DeviceProfile; samples?: number } = {},
): RoundEvent {
  return { kind: 'vehicle-hello', at: 0, vehicle, device, samples: 100, ...overrides };
}

export function beacon(vehicle: VehicleId, overrides: Partial<Beacon> = {}): RoundEvent {
  return { kind: 'vehicle-beacon', at: 0, vehicle, beacon: beaconOf(overrides) };
}

/** An update of round 1 from `vehicle`, at `at` seconds. */
export function update(
  vehicle: VehicleId,
  at: number,
  overrides: Partial<Extract<RoundEvent, { kind: 'update-received' }>> = {},
): RoundEvent {
  return {
    kind: 'update-received',
    at,
    vehicle,
    round: 1,
    key: `1/${vehicle}/update`,
    updateSha: sha('a'),
    samples: 100,
    trainLoss: 0.5,
    computeSeconds: 2,
    joules: 21,
    ...overrides,
  };
}

/** A run in progress: feeds events and keeps all effects. */
export class World {
  readonly config: RoundConfig;
  state: RoundState;
  readonly effects: RoundEffect[] = [];

  constructor(config: RoundConfig = makeConfig()) {
    this.config = config;
    this.state = initialState(config);
  }

  /** Feeds the events in order and returns the effects of these alone. */
  tell(...events: readonly RoundEvent[]): RoundEffect[] {
    const wanted: RoundEffect[] = [];
    for (const event of events) {
      const step = advance(this.config, this.state, event);
      this.state = step.state;
      wanted.push(...step.effects);
    }
    this.effects.push(...wanted);
    return wanted;
  }

  /** Started, all three cars known and in coverage, round 1 opened at 0 s. */
  openFirstRound(): RoundEffect[] {
    this.tell({ kind: 'started', at: 0, modelSha: sha('0') });
    for (const car of cars) this.tell(hello(car), beacon(car));
    return this.tell({ kind: 'round-due', at: 0 });
  }

  /** All log entries of one kind so far. */
  logged<Kind extends EventBody['kind']>(kind: Kind): Extract<EventBody, { kind: Kind }>[] {
    return logsOf(this.effects, kind);
  }
}

/** The log entries of one kind among `effects`. */
export function logsOf<Kind extends EventBody['kind']>(
  effects: readonly RoundEffect[],
  kind: Kind,
): Extract<EventBody, { kind: Kind }>[] {
  return effects.flatMap((effect) =>
    effect.kind === 'log' && effect.body.kind === kind
      ? [effect.body as Extract<EventBody, { kind: Kind }>]
      : [],
  );
}

/** The effects of one kind among `effects`. */
export function effectsOf<Kind extends RoundEffect['kind']>(
  effects: readonly RoundEffect[],
  kind: Kind,
): Extract<RoundEffect, { kind: Kind }>[] {
  return effects.filter((effect): effect is Extract<RoundEffect, { kind: Kind }> => effect.kind === kind);
}
