import { describe, expect, it } from 'vitest';
import { subStepsIn } from '../../mobility/driving/car-following.ts';
import {
  equilibriumGap,
  equilibriumSpeed,
  freeAcceleration,
  interactionDeceleration,
} from '../../mobility/driving/idm.ts';
import { briskIdm, calmIdm, engineWith, geojsonOf } from './mobility-setup.ts';

describe('the IDM', () => {
  it('accelerates with a from standstill and not at all at its desired speed', () => {
    expect(freeAcceleration(calmIdm, 0, 15)).toBe(1);
    expect(freeAcceleration(calmIdm, 15, 15)).toBe(0);
    expect(freeAcceleration(calmIdm, 7.5, 15)).toBe(1 - 1 / 16);
  });

  it('brakes no harder than comfortably when it is only too fast', () => {
    expect(freeAcceleration(calmIdm, 33, 8)).toBe(-1.5);
  });

  it('takes exponents other than 4', () => {
    expect(freeAcceleration({ ...calmIdm, exponent: 2 }, 7.5, 15)).toBe(0.75);
  });

  it('brakes by a (s*/s)^2 behind a leader', () => {
    // s* = 2 + 10 * 1 + 10 * 2 / (2 sqrt(1.5)) = 12 + 8.1650 m, over 30 m.
    const wanted = 12 + 20 / (2 * Math.sqrt(1.5));
    expect(interactionDeceleration(calmIdm, 10, 30, 8)).toBeCloseTo((wanted / 30) ** 2, 12);
    // A leader that runs away cannot make the wanted gap smaller than s0.
    expect(interactionDeceleration(calmIdm, 10, 4, 100)).toBe(0.25);
  });

  it('keeps (s0 + v T) / sqrt(1 - (v/v0)^4) at equilibrium, and the inverse agrees', () => {
    expect(equilibriumGap(calmIdm, 10, 15)).toBeCloseTo(12 / Math.sqrt(1 - (2 / 3) ** 4), 12);
    for (const gap of [3, 20, 95]) {
      expect(equilibriumGap(calmIdm, equilibriumSpeed(calmIdm, gap, 15), 15)).toBeCloseTo(gap, 9);
    }
    expect(equilibriumSpeed(calmIdm, Number.POSITIVE_INFINITY, 15)).toBe(15);
    expect(equilibriumSpeed(calmIdm, 2, 15)).toBe(0);
  });
});

describe('the engine', () => {
  it('cuts a step into sub-steps of about 0.25 s', () => {
    expect([0.1, 0.25, 0.5, 1, 2].map(subStepsIn)).toEqual([1, 1, 2, 4, 8]);
  });

  // specs/mobility-and-radio.md 4.3, rows 1 and 4: k in vehicles per km, v in m/s. Only stable densities relax.
  it.each([
    { idm: briskIdm, v0: 33.33, k: 10, v: 32.1607 },
    { idm: briskIdm, v0: 33.33, k: 20, v: 28.4128 },
    { idm: calmIdm, v0: 15, k: 20, v: 14.4702 },
    { idm: calmIdm, v0: 15, k: 40, v: 12.4652 },
  ])('settles on a ring of $k vehicles per km at $v m/s (v0 $v0)', ({ idm, v0, k, v }) => {
    const ring = engineWith({
      network: { kind: 'ring', lengthMeters: 1000, straightMeters: 0 },
      traffic: { kind: 'recirculating', vehicles: k },
      desiredSpeedKmh: v0 * 3.6,
      speedSpread: 0,
      idm,
    });
    for (let i = 0; i < 4000; i++) ring.step();
    for (const { speedMps } of ring.step().fixes) expect(Math.abs(speedMps / v - 1)).toBeLessThan(1e-3);
  });

  it('lets a single vehicle converge to its desired speed, limit by limit', () => {
    // 30 km/h for 1.1 km, then no limit below the desired 60 km/h for 11 km.
    const text = geojsonOf(
      [
        'slow',
        [
          [0, 0],
          [0.01, 0],
        ],
        { speed_limit_kmh: 30 },
      ],
      [
        'fast',
        [
          [0.01, 0],
          [0.11, 0],
        ],
      ],
    );
    const mobility = engineWith({
      network: { kind: 'geojson', text },
      traffic: { kind: 'poisson', perSecond: 0.01 },
      speedSpread: 0,
    });
    const speeds = new Map<string, number>();
    for (let i = 0; i < 2000 && speeds.get('fast') !== 60 / 3.6; i++) {
      const [first] = mobility.step().fixes;
      if (first !== undefined) speeds.set(first.road, Math.round(first.speedMps * 1e6) / 1e6);
    }
    expect(speeds.get('slow')).toBeCloseTo(30 / 3.6, 5);
    expect(speeds.get('fast')).toBeCloseTo(60 / 3.6, 3);
  });

  it('stays at its desired speed exactly when alone', () => {
    const alone = engineWith({
      traffic: { kind: 'poisson', perSecond: 0, initialVehicles: 1 },
      speedSpread: 0,
    });
    for (let i = 0; i < 20; i++) expect(alone.step().fixes[0]!.speedMps).toBe(60 / 3.6);
  });

  it('makes waves but no collision on the ring of Sugiyama, 22 cars on 230 m', () => {
    const ring = engineWith({
      network: { kind: 'ring', lengthMeters: 230, straightMeters: 0 },
      traffic: { kind: 'recirculating', vehicles: 22 },
      desiredSpeedKmh: 30,
      speedSpread: 0,
    });
    for (let i = 0; i < 2400; i++) ring.step();
    const speeds = ring.step().fixes.map((fix) => fix.speedMps);
    expect(Math.max(...speeds) - Math.min(...speeds)).toBeGreaterThan(3);
  });
});
