import { describe, expect, it } from 'vitest';
import { coverRoads } from '../../mobility/contacts/coverage.ts';
import { RoadNetwork } from '../../mobility/roads/network.ts';
import { ringRoad } from '../../mobility/roads/ring.ts';
import type { MobilityEvent } from '../../mobility/types.ts';
import { engineWith, eventsOf, geojsonOf, rsuAt } from './mobility-setup.ts';

/** One vehicle near the middle of a 2000 m segment, at its constant desired speed. */
const alone = {
  network: { kind: 'segment', lengthMeters: 2000 },
  traffic: { kind: 'poisson', perSecond: 0, initialVehicles: 1 },
} as const;

function contactsOf(events: readonly MobilityEvent[]): { kind: string; at: number; rsu: string }[] {
  return events.flatMap((event) =>
    event.kind === 'entered' || event.kind === 'left'
      ? [{ kind: event.kind, at: event.at, rsu: event.rsu }]
      : [],
  );
}

describe('coverage', () => {
  it('is the chord of the disc: an antenna 120 m beside the road with 200 m radius covers 320 m', () => {
    const mobility = engineWith({ ...alone, rsus: [rsuAt('rsu-a', 1500, 120, 200)] });
    expect(mobility.coverage).toEqual([{ rsu: 'rsu-a', road: 'segment', fromMeters: 1340, toMeters: 1660 }]);
  });

  it('is cut at the ends of the road, exactly', () => {
    const mobility = engineWith({
      ...alone,
      rsus: [rsuAt('rsu-a', 0, 0, 300), rsuAt('rsu-b', 1000, 0, 5000)],
    });
    expect(mobility.coverage.map(({ fromMeters, toMeters }) => [fromMeters, toMeters])).toEqual([
      [0, 300],
      [0, 2000],
    ]);
  });

  it('is empty for a disc that only touches the road', () => {
    expect(engineWith({ ...alone, rsus: [rsuAt('rsu-a', 500, 200, 200)] }).coverage).toEqual([]);
  });

  it('joins the pieces of a polyline and splits only where the road leaves the disc', () => {
    const network = new RoadNetwork([ringRoad({ lengthMeters: 2000, straightMeters: 0, speedLimitMps: 20 })]);
    const radius = 1000 / Math.PI;
    // Both ends of a half circle lie sqrt(2) R from its middle: half the ring is covered, on both sides of offset 0.
    const [before, after, ...more] = coverRoads(network, [
      rsuAt('rsu-a', 0, 0, Math.SQRT2 * radius),
    ]).toSorted((a, b) => b.fromMeters - a.fromMeters);
    expect(more).toEqual([]);
    expect([before!.fromMeters, before!.toMeters]).toEqual([expect.closeTo(1500, 0), 2000]);
    expect([after!.fromMeters, after!.toMeters]).toEqual([0, expect.closeTo(500, 0)]);
  });
});

describe('contact events', () => {
  it('come at the closed-form instants of a constant speed, to 1e-9 s', () => {
    for (const stepSeconds of [0.1, 0.5, 1.7]) {
      const mobility = engineWith({ ...alone, rsus: [rsuAt('rsu-a', 1500, 120, 200)], stepSeconds });
      const { offsetMeters, speedMps } = mobility.initial()[0]!;
      const events = contactsOf(eventsOf(mobility, Math.ceil(120 / stepSeconds)));
      expect(events.map(({ kind }) => kind)).toEqual(['entered', 'left']);
      expect(Math.abs(events[0]!.at - (1340 - offsetMeters) / speedMps)).toBeLessThan(1e-9);
      expect(Math.abs(events[1]!.at - (1660 - offsetMeters) / speedMps)).toBeLessThan(1e-9);
    }
  });

  it('are all found when several discs begin and end inside one step', () => {
    const rsus = [rsuAt('wide', 1310, 0, 4), rsuAt('narrow', 1310, 0, 1), rsuAt('next', 1313.5, 0, 1)];
    const mobility = engineWith({ ...alone, rsus, stepSeconds: 2 });
    const { offsetMeters, speedMps } = mobility.initial()[0]!;
    const events = contactsOf(eventsOf(mobility, 60));
    const expected = [
      ['entered', 'wide', 1306],
      ['entered', 'narrow', 1309],
      ['left', 'narrow', 1311],
      ['entered', 'next', 1312.5],
      ['left', 'wide', 1314],
      ['left', 'next', 1314.5],
    ] as const;
    expect(events).toEqual(
      expected.map(([kind, rsu, at]) => ({
        kind,
        rsu,
        at: expect.closeTo((at - offsetMeters) / speedMps, 9),
      })),
    );
  });

  it('begin in the first step, at its start, for a vehicle that stands in a disc at time 0', () => {
    const mobility = engineWith({ ...alone, rsus: [rsuAt('rsu-a', 1000, 0, 900)] });
    expect(mobility.initial()[0]!.serving).toBe('rsu-a');
    expect(mobility.step().events).toEqual([{ kind: 'entered', at: 0, vehicle: 'v0001', rsu: 'rsu-a' }]);
  });

  it('end with the road: a vehicle that arrives inside a disc leaves it at the same instant', () => {
    const mobility = engineWith({ ...alone, rsus: [rsuAt('rsu-a', 2000, 0, 100)] });
    const { offsetMeters, speedMps } = mobility.initial()[0]!;
    const at = expect.closeTo((2000 - offsetMeters) / speedMps, 9);
    expect(eventsOf(mobility, 200).slice(1)).toEqual([
      { kind: 'left', at, vehicle: 'v0001', rsu: 'rsu-a' },
      { kind: 'arrived', at, vehicle: 'v0001' },
    ]);
  });

  it('do not notice where a ring closes, and last a covered length over the speed', () => {
    const rsu = rsuAt('rsu-a', 0, 0, 300);
    const mobility = engineWith({
      network: { kind: 'ring', lengthMeters: 2000, straightMeters: 0 },
      traffic: { kind: 'recirculating', vehicles: 1 },
      rsus: [rsu],
    });
    const { speedMps } = mobility.initial()[0]!;
    const covered = mobility.coverage.reduce(
      (sum, { fromMeters, toMeters }) => sum + toMeters - fromMeters,
      0,
    );
    const events = contactsOf(eventsOf(mobility, 4000));
    const first = events.findIndex((event) => event.kind === 'entered');
    const rounds = events.slice(first);
    expect(rounds.length).toBeGreaterThan(20);
    for (let i = 0; i + 2 < rounds.length; i += 2) {
      expect([rounds[i]!.kind, rounds[i + 1]!.kind]).toEqual(['entered', 'left']);
      expect(rounds[i + 1]!.at - rounds[i]!.at).toBeCloseTo(covered / speedMps, 9);
      expect(rounds[i + 2]!.at - rounds[i]!.at).toBeCloseTo(2000 / speedMps, 9);
    }
  });

  it('pass from road to road without an end in between, and end at a joint that leads out', () => {
    // 0.01 degrees of longitude at the equator are 1111.95 m; the gap between a's end and b's start is 0.56 m wide.
    const text = geojsonOf(
      [
        'a',
        [
          [0, 0],
          [0.01, 0],
        ],
      ],
      [
        'b',
        [
          [0.01, 0.000005],
          [0.02, 0.000005],
        ],
      ],
    );
    const joint = 1111.95;
    const mobility = engineWith({
      network: { kind: 'geojson', text },
      traffic: { kind: 'poisson', perSecond: 0, initialVehicles: 1 },
      rsus: [rsuAt('across', joint, 0, 50), rsuAt('beside', joint, 5.3, 5)],
      speedSpread: 0,
    });
    const events = contactsOf(eventsOf(mobility, 400));
    const across = events.filter(({ rsu }) => rsu === 'across');
    expect(across.slice(0, 2).map(({ kind }) => kind)).toEqual(['entered', 'left']);
    expect(across[1]!.at - across[0]!.at).toBeCloseTo(100 / (60 / 3.6), 1);
    // The disc 5.3 m beside the joint misses road a by 0.3 m and reaches b: it begins exactly where b does.
    const beside = mobility.coverage.filter(({ rsu }) => rsu === 'beside');
    expect(beside.map(({ road, fromMeters }) => [road, fromMeters])).toEqual([['b', 0]]);
    const [entered, left] = events.filter(({ rsu }) => rsu === 'beside');
    expect([entered!.kind, left!.kind]).toEqual(['entered', 'left']);
    expect(left!.at - entered!.at).toBeCloseTo(beside[0]!.toMeters / (60 / 3.6), 6);
  });
});

describe('the serving RSU', () => {
  it('is the one with the better uplink, and the first of the scenario where both are equal', () => {
    const rsus = [rsuAt('first', 1500, 40, 400), rsuAt('twin', 1500, -40, 400), rsuAt('near', 1700, 0, 200)];
    const mobility = engineWith({
      ...alone,
      rsus,
      radio: { transmitPowerDbm: 23, antennaGainDbi: 6, noiseDbm: -114, zoneMeters: 0 },
    });
    const seen: (string | null)[] = [];
    for (let i = 0; i < 200; i++) {
      for (const fix of mobility.step().fixes) {
        if (seen.at(-1) !== fix.serving) seen.push(fix.serving);
        expect(fix.bitsPerSecondPerHertz > 0).toBe(fix.serving !== null);
      }
    }
    expect(seen).toEqual([null, 'first', 'near', null].slice(seen[0] === null ? 0 : 1));
  });
});
