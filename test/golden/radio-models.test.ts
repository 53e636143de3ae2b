// The sanity values of specs/mobility-and-radio.md section 5, at 5.9 GHz: 23 dBm + 3 dB gain, 10 MHz, noise figure 9 dB.
// Distances are along the ground, 10 m over 1.5 m (UMi); TR 37.885 values are for the distance between the antennas.
// Must not: be adjusted to the code.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { drawGammaPower, drawNormal, normalBelow } from '../../mobility/radio/chance.ts';
import { Channel, type ChannelConfig } from '../../mobility/radio/channel.ts';
import { CorrelatedNormal } from '../../mobility/radio/correlated.ts';
import type { LinkGeometry } from '../../mobility/radio/link.ts';
import type { LinkPlace } from '../../mobility/radio/reception.ts';
import { efficiencyOf, thermalNoiseDbm } from '../../mobility/radio/throughput.ts';
import {
  blockageDb,
  blockageOf,
  highwayLosDb,
  highwayLosProbability,
  urbanLosDb,
  urbanLosProbability,
  urbanNlosDb,
} from '../../mobility/radio/tr37885.ts';
import { twoRayDb } from '../../mobility/radio/two-ray.ts';
import { umiBreakpointMeters, umiLosDb, umiLosProbability, umiNlosDb } from '../../mobility/radio/umi.ts';

const street = (groundMeters: number): LinkGeometry => ({
  groundMeters,
  baseHeightMeters: 10,
  vehicleHeightMeters: 1.5,
});
const level = (groundMeters: number): LinkGeometry => ({
  groundMeters,
  baseHeightMeters: 1.5,
  vehicleHeightMeters: 1.5,
});
const shannon = { kind: 'shannon', implementationLossDb: 0, maximumBitsPerSecondPerHertz: 64 } as const;
const noiseDbm = thermalNoiseDbm(10e6, 9);
const megabits = (lossDb: number): number => 10 * efficiencyOf(shannon, 26 - lossDb, noiseDbm);

describe('path loss at 5.9 GHz', () => {
  it.each([
    ['UMi LOS', umiLosDb, street, [83.6, 96.1, 107.3]],
    ['UMi NLOS', umiNlosDb, street, [99.0, 120.1, 134.1]],
    ['TR 37.885 highway', highwayLosDb, level, [81.8, 93.8, 101.8]],
    ['TR 37.885 urban LOS', urbanLosDb, level, [81.2, 91.2, 97.9]],
    ['TR 37.885 urban NLOS', urbanNlosDb, level, [102.4, 120.5, 132.4]],
  ] as const)('%s is the printed one at 50, 200 and 500 m', (_name, model, geometry, printed) => {
    const losses = [50, 200, 500].map((meters) => model(geometry(meters), 5.9));
    for (const [i, loss] of losses.entries()) expect(Math.abs(loss - printed[i]!)).toBeLessThanOrEqual(0.06);
  });

  it('gives the printed Shannon rates over UMi', () => {
    expect(noiseDbm).toBeCloseTo(-95, 9);
    const rates = (model: typeof umiLosDb): number[] =>
      [50, 200, 500].map((meters) => megabits(model(street(meters), 5.9)));
    expect(rates(umiLosDb).map(Math.round)).toEqual([124, 83, 46]);
    const hidden = rates(umiNlosDb);
    for (const [i, rate] of [73, 11.7, 0.7].entries())
      expect(Math.abs(hidden[i]! / rate - 1)).toBeLessThan(0.03);
  });

  it('is continuous at the breakpoint of UMi', () => {
    const breakpoint = umiBreakpointMeters(street(1), 5.9);
    expect(breakpoint).toBeCloseTo(354, 9);
    expect(umiLosDb(street(breakpoint + 1e-6), 5.9)).toBeCloseTo(umiLosDb(street(breakpoint), 5.9), 4);
  });

  it('sees everything up to 18 m in UMi, and half at about 45 m', () => {
    expect(umiLosProbability(street(18))).toBe(1);
    expect(umiLosProbability(street(50))).toBeCloseTo(0.36 + Math.exp(-50 / 36) * 0.64, 12);
  });

  it('follows the table of TR 37.885 for vehicles in between', () => {
    expect(highwayLosProbability(5)).toBe(1);
    expect(highwayLosProbability(475)).toBeCloseTo(0.5434, 3);
    expect(highwayLosProbability(1100)).toBe(0);
    expect(urbanLosProbability(1)).toBe(1);
    expect(urbanLosProbability(100)).toBeCloseTo(1.05 * Math.exp(-1.14), 12);
  });
});

describe('two-ray interference', () => {
  const link = (groundMeters: number): LinkGeometry => ({
    groundMeters,
    baseHeightMeters: 1.895,
    vehicleHeightMeters: 1.895,
  });

  it('swings around free space close by and falls with the fourth power far away', () => {
    const free = (meters: number): number => 20 * Math.log10((4 * Math.PI * meters * 5.89e9) / 299_792_458);
    const near = Array.from({ length: 200 }, (_, i) => twoRayDb(link(20 + i), 5.89) - free(20 + i));
    expect(Math.max(...near)).toBeGreaterThan(3);
    expect(Math.min(...near)).toBeLessThan(-3);
    expect(twoRayDb(link(20_000), 5.89) - twoRayDb(link(10_000), 5.89)).toBeCloseTo(12.04, 1);
  });
});

describe('blockage by vehicles', () => {
  const between = (base: number, vehicle: number): LinkGeometry => ({
    groundMeters: 100,
    baseHeightMeters: base,
    vehicleHeightMeters: vehicle,
  });

  it('takes nothing where both antennas look over the blocker', () => {
    expect(blockageOf(between(5, 1.7), 1.6)).toBeUndefined();
  });

  it('takes 9 dB in the mean below the blocker and 5 dB otherwise, more far away', () => {
    expect(blockageOf(between(1.5, 1.5), 1.6)).toEqual({ meanDb: 9, deviationDb: 4.5 });
    expect(blockageOf(between(5, 1.5), 3)).toEqual({ meanDb: 5, deviationDb: 4 });
    const far = blockageOf({ ...between(1.5, 1.5), groundMeters: 1000 }, 1.6);
    expect(far?.meanDb).toBeCloseTo(13, 12);
  });

  it('has the stated mean and deviation, so its logarithm is the natural one', () => {
    const rng = Rng.root(5).fork('blockage');
    const drawn = Array.from({ length: 200_000 }, () =>
      blockageDb({ meanDb: 9, deviationDb: 4.5 }, drawNormal(rng)),
    );
    const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
    const deviation = Math.sqrt(drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / drawn.length);
    expect(mean).toBeCloseTo(9, 1);
    expect(deviation).toBeCloseTo(4.5, 1);
  });
});

describe('chance', () => {
  it.each([0.75, 1, 1.5, 4])('draws Nakagami power of shape %s with mean 1 and variance 1/m', (shape) => {
    const rng = Rng.root(11).fork('fading');
    const drawn = Array.from({ length: 200_000 }, () => drawGammaPower(shape, rng));
    const mean = drawn.reduce((sum, one) => sum + one, 0) / drawn.length;
    const variance = drawn.reduce((sum, one) => sum + (one - mean) ** 2, 0) / drawn.length;
    expect(mean).toBeCloseTo(1, 2);
    expect(Math.abs(variance * shape - 1)).toBeLessThan(0.02);
  });

  it('is exponential for Rayleigh: a tenth of the power or less in 9.5 % of the cases', () => {
    const rng = Rng.root(3).fork('fading');
    const weak = Array.from({ length: 100_000 }, () => drawGammaPower(1, rng)).filter((p) => p < 0.1).length;
    expect(weak / 100_000).toBeCloseTo(1 - Math.exp(-0.1), 2);
  });

  it('correlates shadowing by e^(-D/Dc) and keeps its variance', () => {
    const count = 100_000;
    const shadow = new CorrelatedNormal(10, Rng.root(2).fork('shadow'));
    const values = Array.from({ length: count }, (_, i) => shadow.at(5 * i));
    const variance = values.reduce((sum, one) => sum + one * one, 0) / count;
    const product = values.slice(1).reduce((sum, one, i) => sum + one * values[i]!, 0) / (count - 1);
    expect(variance).toBeCloseTo(1, 1);
    expect(product / variance).toBeCloseTo(Math.exp(-0.5), 2);
    const standing = shadow.at(5 * count);
    expect(shadow.at(5 * count)).toBe(standing);
  });

  it('knows the normal distribution within 1e-6', () => {
    expect([normalBelow(0), normalBelow(1.959963985), normalBelow(-1)].map((p) => p.toFixed(6))).toEqual([
      '0.500000',
      '0.975000',
      '0.158655',
    ]);
  });
});

describe('throughput', () => {
  it('reads the rates of 802.11p by received power', () => {
    const at = (dbm: number): number => 10 * efficiencyOf({ kind: '802.11p' }, dbm, -95);
    expect([-86, -85, -84, -82.5, -82, -77, -68, -30].map(at)).toEqual([0, 3, 4.5, 4.5, 6, 12, 27, 27]);
  });

  it('loses what the implementation loses, and no modulation is denser than the cap', () => {
    const real = { kind: 'shannon', implementationLossDb: 3, maximumBitsPerSecondPerHertz: 5.55 } as const;
    expect(efficiencyOf(real, -85, -95)).toBeCloseTo(Math.log2(1 + 10 ** 0.7), 12);
    expect(efficiencyOf(real, -20, -95)).toBe(5.55);
  });
});

const config: ChannelConfig = {
  model: 'umi',
  carrierGigahertz: 5.9,
  vehicleHeightMeters: 1.5,
  blockerHeightMeters: 1.6,
  transmitPowerDbm: 23,
  antennaGainDbi: 3,
  noiseDbm: -95,
  shadowing: true,
  fading: { kind: 'nakagami' },
  throughput: shannon,
};

describe('the channel', () => {
  const place = (x: number): LinkPlace => ({
    x,
    y: 0,
    groundMeters: 100 + x,
    baseHeightMeters: 10,
    lateralMeters: 0,
  });
  const seen = (channel: Channel, vehicle: string, at: LinkPlace): number => {
    const out = { bitsPerSecondPerHertz: 0, averageSnrDb: 0 };
    channel.receive(vehicle, 0, at, out);
    return out.bitsPerSecondPerHertz;
  };
  const drive = (channel: Channel, vehicle: string): number[] =>
    Array.from({ length: 20 }, (_, i) => seen(channel, vehicle, place(10 * i)));

  it('is the same for a pair whoever else is on the road, and another for every pair', () => {
    const alone = drive(new Channel(config, Rng.root(1)), 'a');
    const shared = new Channel(config, Rng.root(1));
    const other = drive(shared, 'b');
    expect(drive(shared, 'a')).toEqual(alone);
    expect(other).not.toEqual(alone);
  });

  it('is the printed rate without chance, under a model that knows no hidden links', () => {
    const channel = new Channel(
      {
        ...config,
        model: 'tr37885-highway',
        vehicleHeightMeters: 2,
        shadowing: false,
        fading: { kind: 'none' },
      },
      Rng.root(1),
    );
    const clear = seen(channel, 'a', { ...place(0), groundMeters: 200, baseHeightMeters: 2 });
    expect(10 * clear).toBeCloseTo(megabits(highwayLosDb(level(200), 5.9)), 9);
  });

  it('goes around the corner where the RSU is not on the vehicle’s street', () => {
    const urban = { ...config, model: 'tr37885-urban', shadowing: false, fading: { kind: 'none' } } as const;
    const hidden = seen(new Channel(urban, Rng.root(1)), 'a', { ...place(0), lateralMeters: 60 });
    const link = { groundMeters: 100, baseHeightMeters: 10, vehicleHeightMeters: 1.5 };
    expect(10 * hidden).toBeCloseTo(megabits(urbanNlosDb(link, 5.9)), 9);
  });
});
