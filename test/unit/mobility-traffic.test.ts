import { describe, expect, it } from 'vitest';
import { canonicalJson, LineHash } from '../../base/hash.ts';
import { Rng } from '../../base/rng.ts';
import type { MobilityConfig } from '../../mobility/config.ts';
import { makeDriver, vehicleId } from '../../mobility/traffic/driver.ts';
import { Lane } from '../../mobility/traffic/lane.ts';
import type { Mobility, MobilityEvent } from '../../mobility/types.ts';
import { configWith, engineWith, eventsOf, geojsonOf, rsuAt } from './mobility-setup.ts';

function digestOf(mobility: Mobility, steps: number): string {
  const hash = new LineHash();
  hash.add(canonicalJson(mobility.initial()));
  for (let i = 0; i < steps; i++) hash.add(canonicalJson(mobility.step()));
  return hash.digest();
}

function countOf(events: readonly MobilityEvent[], kind: MobilityEvent['kind']): number {
  return events.filter((event) => event.kind === kind).length;
}

describe('a driver', () => {
  it('has an id of four digits or more', () => {
    expect([1, 42, 12345].map(vehicleId)).toEqual(['v0001', 'v0042', 'v12345']);
  });

  it('draws from its own stream, whoever was made before', () => {
    const options = { speedSpread: 0.2, speedDistribution: 'uniform' } as const;
    const rng = Rng.root(7);
    makeDriver(rng, 1, options);
    expect(makeDriver(rng, 2, options)).toEqual(makeDriver(Rng.root(7), 2, options));
  });

  it.each([
    { speedDistribution: 'uniform', sd: 0.2 / Math.sqrt(3) },
    // A normal cut at two sigma has 0.8796 of its standard deviation.
    { speedDistribution: 'truncated-gaussian', sd: 0.1 * 0.8796 },
  ] as const)(
    'has a speed factor around 1 within the spread ($speedDistribution)',
    ({ speedDistribution, sd }) => {
      const factors = Array.from(
        { length: 4000 },
        (_, i) => makeDriver(Rng.root(3), i + 1, { speedSpread: 0.2, speedDistribution }).speedFactor,
      );
      const mean = factors.reduce((sum, factor) => sum + factor, 0) / factors.length;
      const variance = factors.reduce((sum, factor) => sum + (factor - mean) ** 2, 0) / factors.length;
      expect(Math.min(...factors)).toBeGreaterThanOrEqual(0.8);
      expect(Math.max(...factors)).toBeLessThanOrEqual(1.2);
      expect(Math.abs(mean - 1)).toBeLessThan((3 * sd) / Math.sqrt(4000));
      expect(Math.abs(Math.sqrt(variance) / sd - 1)).toBeLessThan(0.04);
    },
  );
});

describe('a lane', () => {
  it('keeps its order through growth, wrap-around and a late entry between two', () => {
    const lane = new Lane();
    const offset = Float64Array.from({ length: 40 }, (_, slot) => 1000 - slot);
    for (let slot = 0; slot < 6; slot++) lane.insert(slot, offset);
    expect([lane.popHead(), lane.popHead(), lane.popHead()]).toEqual([0, 1, 2]);
    for (let slot = 6; slot < 40; slot++) if (slot !== 20) lane.insert(slot, offset);
    lane.insert(20, offset);
    expect(Array.from({ length: lane.size }, (_, rank) => lane.at(rank))).toEqual(
      Array.from({ length: 37 }, (_, i) => i + 3),
    );
    expect(lane.tail()).toBe(39);
  });
});

describe('Poisson traffic', () => {
  it('brings rate times time vehicles, within three standard deviations', () => {
    const events = eventsOf(engineWith({ traffic: { kind: 'poisson', perSecond: 0.2 } }), 10_000);
    // 0.2 / s over 5000 s: mean 1000, standard deviation sqrt(1000) = 31.6.
    expect(Math.abs(countOf(events, 'spawned') - 1000)).toBeLessThan(95);
  });

  it('lets vehicles in at their instant, not at step ends, with waits between', () => {
    const events = eventsOf(
      engineWith({ traffic: { kind: 'poisson', perSecond: 0.2 }, stepSeconds: 1 }),
      1000,
    );
    const instants = events.filter((event) => event.kind === 'spawned').map((event) => event.at);
    expect(instants.filter((at) => at % 0.25 !== 0).length).toBeGreaterThan(instants.length / 2);
    expect(instants).toEqual(instants.toSorted((a, b) => a - b));
  });

  it('conserves vehicles by its events and numbers them from v0001', () => {
    const mobility = engineWith({ traffic: { kind: 'poisson', perSecond: 0.3, initialVehicles: 5 } });
    const running = new Set<string>(mobility.initial().map((fix) => fix.vehicle));
    expect([...running]).toEqual(['v0001', 'v0002', 'v0003', 'v0004', 'v0005']);
    for (let i = 0; i < 2000; i++) {
      const { events, fixes } = mobility.step();
      for (const event of events) {
        if (event.kind === 'spawned') running.add(event.vehicle);
        if (event.kind === 'arrived') expect(running.delete(event.vehicle)).toBe(true);
      }
      expect(fixes.map((fix) => fix.vehicle)).toEqual([...running].sort());
    }
  });

  it('holds arrivals back at a full entry and says so when they can never get in', () => {
    const flood = engineWith({ traffic: { kind: 'poisson', perSecond: 100 } });
    expect(countOf(eventsOf(flood, 100), 'spawned')).toBeLessThan(40);
    expect(() => eventsOf(flood, 200)).toThrow('more than 10000 vehicles wait at the entries');
  });

  it('has rate times mean dwell vehicles in coverage, Poisson distributed (M/G/infinity)', () => {
    // Cars of 1 m that hardly mind each other, 1000 m at 20 m/s, 0.1 / s: mean 5, variance 5; samples 100 s apart.
    const mobility = engineWith({
      network: { kind: 'segment', lengthMeters: 1200 },
      traffic: { kind: 'poisson', perSecond: 0.1 },
      desiredSpeedKmh: 72,
      speedSpread: 0,
      rsus: [rsuAt('rsu-a', 600, 0, 500)],
      idm: { ...configWith().idm, timeHeadwaySeconds: 0.1, minimumGapMeters: 0.1, vehicleLengthMeters: 1 },
      stepSeconds: 1,
    });
    const counts: number[] = [];
    for (let i = 1; i <= 60_000; i++) {
      const { fixes } = mobility.step();
      if (i % 100 === 0 && i > 100) counts.push(fixes.filter((fix) => fix.serving !== null).length);
    }
    const mean = counts.reduce((sum, count) => sum + count, 0) / counts.length;
    const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / counts.length;
    // Standard error of the mean sqrt(5 / 599) = 0.09, of variance / mean about sqrt(2 / 599) = 0.06.
    expect(Math.abs(mean - 5)).toBeLessThan(0.28);
    expect(Math.abs(variance / mean - 1)).toBeLessThan(0.2);
  });

  it('has dwell times that follow P(D > t) = F_v(L / t)', () => {
    const dwells = Array.from({ length: 300 }, (_, seed) => {
      const traffic = { kind: 'poisson', perSecond: 0, initialVehicles: 1 } as const;
      const network = { kind: 'segment', lengthMeters: 2000 } as const;
      const mobility = engineWith({ network, traffic, rsus: [rsuAt('rsu-a', 1700, 0, 100)] }, seed);
      const { speedMps } = mobility.initial()[0]!;
      const [entered, left] = eventsOf(mobility, 250);
      const dwell = left!.at - entered!.at;
      expect(dwell).toBeCloseTo(200 / speedMps, 9);
      return dwell;
    });
    for (const t of [10.5, 12, 13.5]) {
      // Speeds are uniform within 20 % of 60 km/h: F(v) = (v / v0 - 0.8) / 0.4. Three standard errors are at most 0.087.
      const expected = (200 / t / (60 / 3.6) - 0.8) / 0.4;
      expect(Math.abs(dwells.filter((dwell) => dwell > t).length / 300 - expected)).toBeLessThan(0.087);
    }
  });
});

describe('recirculating traffic', () => {
  it('places its vehicles about evenly around the ring, and keeps all of them', () => {
    const ring = engineWith({
      network: { kind: 'ring', lengthMeters: 2000, straightMeters: 0 },
      traffic: { kind: 'recirculating', vehicles: 20 },
    });
    const offsets = ring.initial().map((fix) => fix.offsetMeters);
    const gaps = offsets.map((offset, i) => (offset - offsets[(i + 1) % 20]! + 2000) % 2000);
    for (const gap of gaps) expect(Math.abs(gap - 100)).toBeLessThan(47);
    expect(new Set(gaps.map((gap) => Math.round(gap))).size).toBeGreaterThan(5);
    for (let i = 0; i < 500; i++) expect(ring.step().fixes.length).toBe(20);
  });

  it('refuses a road that ends, and too many vehicles', () => {
    expect(() => engineWith({ traffic: { kind: 'recirculating', vehicles: 2 } })).toThrow(
      'recirculating traffic needs roads that all lead on, but vehicles leave at the end of road segment',
    );
    const network = { kind: 'ring', lengthMeters: 100, straightMeters: 0 } as const;
    expect(() => engineWith({ network, traffic: { kind: 'recirculating', vehicles: 15 } })).toThrow(
      'too many vehicles at the start: 15 (expected at most 14 on these roads',
    );
    expect(() => engineWith({ network })).toThrow('Poisson traffic needs a road that nothing leads into');
  });
});

describe('junctions', () => {
  /** Two roads of 556 m meet, run 222 m together and part again; 0.001 degrees are 111 m. */
  const mergeAndPart = geojsonOf(
    [
      'west',
      [
        [0, 0],
        [0.005, 0],
      ],
    ],
    [
      'south',
      [
        [0.005, -0.005],
        [0.005, 0],
      ],
    ],
    [
      'shared',
      [
        [0.005, 0],
        [0.007, 0],
      ],
    ],
    [
      'out-a',
      [
        [0.007, 0],
        [0.012, 0],
      ],
    ],
    [
      'out-b',
      [
        [0.007, 0],
        [0.007, 0.005],
      ],
    ],
  );

  it('let streams merge and part without loss or overlap, and use every way out', () => {
    const mobility = engineWith({
      network: { kind: 'geojson', text: mergeAndPart },
      traffic: { kind: 'poisson', perSecond: 0.2 },
    });
    const used = new Set<string>();
    let arrived = 0;
    for (let i = 0; i < 4000; i++) {
      const { fixes, events } = mobility.step();
      for (const fix of fixes) used.add(fix.road);
      arrived += countOf(events, 'arrived');
    }
    expect([...used].sort()).toEqual(['out-a', 'out-b', 'shared', 'south', 'west']);
    // 0.2 / s for 2000 s are 400 give or take 20; a trip lasts about 90 s, so some 18 are still on their way.
    expect(Math.abs(arrived - 382)).toBeLessThan(60);
  });

  it('keep a closed map with a roundabout of short roads moving', () => {
    const text = geojsonOf(
      [
        'ring-1',
        [
          [0, 0],
          [0.0002, 0],
        ],
      ],
      [
        'ring-2',
        [
          [0.0002, 0],
          [0.0002, 0.0002],
        ],
      ],
      [
        'ring-3',
        [
          [0.0002, 0.0002],
          [0, 0.0002],
        ],
      ],
      [
        'ring-4',
        [
          [0, 0.0002],
          [0, 0],
        ],
      ],
      [
        'loop-out',
        [
          [0.0002, 0.0002],
          [0.002, 0.002],
          [0.002, -0.002],
          [0, 0],
        ],
      ],
    );
    const mobility = engineWith({
      network: { kind: 'geojson', text },
      traffic: { kind: 'recirculating', vehicles: 20 },
      desiredSpeedKmh: 30,
    });
    let driven = 0;
    for (let i = 0; i < 4000; i++) {
      const { fixes } = mobility.step();
      expect(fixes.length).toBe(20);
      if (i >= 3000) driven += fixes.reduce((sum, fix) => sum + fix.speedMps * 0.5, 0) / 20;
    }
    // 500 s at the end of the run: nobody is stuck for good.
    expect(driven).toBeGreaterThan(1000);
  });
});

describe('a seed', () => {
  const scenarios: [string, Partial<MobilityConfig>][] = [
    ['segment', { traffic: { kind: 'poisson', perSecond: 0.2 } }],
    [
      'ring',
      {
        network: { kind: 'ring', lengthMeters: 2000, straightMeters: 300 },
        traffic: { kind: 'recirculating', vehicles: 20 },
      },
    ],
  ];

  it.each(scenarios)('decides every byte of a %s run', (_, changes) => {
    expect(digestOf(engineWith(changes, 5), 400)).toBe(digestOf(engineWith(changes, 5), 400));
    expect(digestOf(engineWith(changes, 5), 400)).not.toBe(digestOf(engineWith(changes, 6), 400));
  });

  it.each(scenarios)('gives the same trajectories on a %s whatever antennas stand there', (_, changes) => {
    const trajectory = (mobility: Mobility): unknown[] =>
      Array.from({ length: 400 }, () =>
        mobility.step().fixes.map(({ vehicle, x, y, speedMps }) => ({ vehicle, x, y, speedMps })),
      );
    const more = [rsuAt('rsu-a', 500, 0, 500), rsuAt('rsu-b', 100, 30, 200)];
    expect(trajectory(engineWith({ ...changes, rsus: more }))).toEqual(
      trajectory(engineWith({ ...changes, rsus: [] })),
    );
  });
});

describe('a config', () => {
  it.each([
    [{ stepSeconds: 0 }, 'invalid stepSeconds: 0 (expected a number > 0)'],
    [{ speedSpread: 1 }, 'invalid speedSpread: 1 (expected 0 or more and below 1'],
    [
      { rsus: [rsuAt('rsu-a', 0, 0, 1), rsuAt('rsu-a', 1, 0, 1)] },
      'invalid RSU id: rsu-a (expected unique ids',
    ],
    [{ rsus: [rsuAt('rsu-a', 0, 0, 0)] }, 'invalid coverageRadiusMeters of rsu-a: 0'],
    [
      { traffic: { kind: 'recirculating', vehicles: 1.5 } },
      'invalid vehicles: 1.5 (expected a whole number >= 0)',
    ],
  ] satisfies [Partial<MobilityConfig>, string][])('refuses %j', (changes, message) => {
    expect(() => engineWith(changes)).toThrow(
      expect.objectContaining({ reason: 'scenario', message: expect.stringContaining(message) }),
    );
  });
});
