// The golden channel table of specs/selection-and-cut-decisions.md 1.5 and acceptance check 3 of 1.7.

import { describe, expect, it } from 'vitest';
import { ratioToDb } from '../../base/units.ts';
import { coverRoads } from '../../mobility/contacts/coverage.ts';
import { CoverageIndex } from '../../mobility/contacts/coverage-index.ts';
import { Serving } from '../../mobility/contacts/serving.ts';
import { pathLossDb, snrDb, snrPowerLaw } from '../../mobility/radio/path-loss.ts';
import {
  equalSplitHz,
  rateBitsPerSecond,
  slantMeters,
  spectralEfficiency,
} from '../../mobility/radio/rate.ts';
import { shortWayRound, zoneCentre } from '../../mobility/radio/zones.ts';
import { RoadNetwork } from '../../mobility/roads/network.ts';
import { ringRoad } from '../../mobility/roads/ring.ts';
import { segmentRoad } from '../../mobility/roads/segment.ts';
import { mavflRadio, rsuAt } from '../unit/mobility-setup.ts';

/** x (m), d (m), SNR (dB), rate (Mb/s), ResNet-18 upload (s), LeNet upload (s), as printed. */
const golden = [
  ['0', '475.66', '27.03', '5.390', '66.34', '0.385'],
  ['250', '226.38', '39.16', '7.805', '45.81', '0.266'],
  ['500', '35.36', '69.48', '13.848', '25.82', '0.150'],
] as const;

const resnetBits = 357_566_784;
const lenetBits = 2_073_952;
const shareHz = equalSplitHz(3e6, 5);

/** Within 0.1 % of the printed value; where fewer digits are printed than that, within half of the last one. */
function expectPrinted(actual: number, printed: string): void {
  const decimals = printed.split('.')[1]?.length ?? 0;
  const tolerance = Math.max(Math.abs(Number(printed)) * 1e-3, 0.5 * 10 ** -decimals);
  expect(Math.abs(actual - Number(printed))).toBeLessThanOrEqual(tolerance);
}

function mavflServing(zoneMeters = 50): Serving {
  const network = new RoadNetwork([segmentRoad({ lengthMeters: 1000, speedLimitMps: 20 })]);
  const rsus = [rsuAt('rsu-a', 500, 0, 500)];
  const index = new CoverageIndex(network, rsus, coverRoads(network, rsus));
  return new Serving(network, index, { ...mavflRadio, zoneMeters });
}

function efficiencyAt(serving: Serving, x: number): number {
  const uplink = { rsu: -1, bitsPerSecondPerHertz: 0 };
  serving.bestUplink({ road: 0, offsetMeters: x, x, y: 0 }, uplink);
  return uplink.bitsPerSecondPerHertz;
}

describe('the MAVFL channel', () => {
  it.each(golden)('reproduces the golden row at x = %s m', (x, d, snr, rateMbps, resnet, lenet) => {
    const ground = Math.abs(zoneCentre(Number(x) - 500, 50));
    const distance = slantMeters(ground, 25);
    const rate = rateBitsPerSecond(shareHz, efficiencyAt(mavflServing(), Number(x)));
    expectPrinted(distance, d);
    expectPrinted(snrDb(distance, mavflRadio), snr);
    expectPrinted(rate / 1e6, rateMbps);
    expectPrinted(resnetBits / rate, resnet);
    expectPrinted(lenetBits / rate, lenet);
    expect(rate).toBe(rateBitsPerSecond(shareHz, spectralEfficiency(distance, mavflRadio)));
  });

  it('gives the same signal-to-noise ratio in decibels and as the printed power law, to 1e-9', () => {
    for (const distance of [1, 25, 35.36, 226.38, 475.66, 1000, 5000]) {
      const powerLaw = ratioToDb(snrPowerLaw(distance, mavflRadio));
      expect(Math.abs(powerLaw - snrDb(distance, mavflRadio))).toBeLessThan(1e-9);
    }
  });

  it('loses 128.1 dB at 1 km and 37.6 dB per decade', () => {
    expect(pathLossDb(1000)).toBe(128.1);
    expect(pathLossDb(10_000)).toBeCloseTo(165.7, 12);
  });

  it('counts distances below 1 m as 1 m', () => {
    expect(pathLossDb(0)).toBe(pathLossDb(1));
  });

  it('has a rate that falls with |x - 500|, zone by zone and strictly without zones', () => {
    const [zoned, exact] = [mavflServing(50), mavflServing(0)];
    for (let x = 500; x < 990; x += 10) {
      expect(efficiencyAt(zoned, x + 10)).toBeLessThanOrEqual(efficiencyAt(zoned, x));
      expect(efficiencyAt(exact, x + 10)).toBeLessThan(efficiencyAt(exact, x));
      expect(efficiencyAt(exact, 1000 - x)).toBeCloseTo(efficiencyAt(exact, x), 12);
    }
  });

  it('has 20 zones of 50 m: ten efficiencies, each met on both sides', () => {
    const serving = mavflServing();
    const values = Array.from({ length: 20 }, (_, zone) => efficiencyAt(serving, zone * 50 + 1));
    expect(new Set(values).size).toBe(10);
    expect(values).toEqual(values.toReversed());
  });

  it('is the same on a ring, whose curve the zones unroll', () => {
    const network = new RoadNetwork([ringRoad({ lengthMeters: 2000, straightMeters: 0, speedLimitMps: 20 })]);
    const rsus = [rsuAt('rsu-a', 0, 0, 449)];
    const serving = new Serving(
      network,
      new CoverageIndex(network, rsus, coverRoads(network, rsus)),
      mavflRadio,
    );
    for (const along of [1, 60, 260, 440]) {
      expect(efficiencyAt(serving, along)).toBeCloseTo(efficiencyAt(mavflServing(), 500 + along), 9);
      expect(efficiencyAt(serving, 2000 - along)).toBeCloseTo(efficiencyAt(mavflServing(), 500 - along), 9);
    }
  });
});

describe('the equal split', () => {
  it('sums to the whole band and falls with the number of vehicles', () => {
    for (let vehicles = 1; vehicles <= 20; vehicles++) {
      const share = equalSplitHz(3e6, vehicles);
      expect(share * vehicles).toBeCloseTo(3e6, 6);
      expect(equalSplitHz(3e6, vehicles + 1)).toBeLessThan(share);
    }
  });

  it('refuses to split among nobody', () => {
    expect(() => equalSplitHz(3e6, 0)).toThrow(
      'invalid number of vehicles: 0 (expected a whole number >= 1)',
    );
  });
});

describe('zones', () => {
  it('take the middle of the zone on either side of the foot', () => {
    expect([-500, -250, -1, 0, 49.9, 50].map((along) => zoneCentre(along, 50))).toEqual([
      -475, -225, -25, 25, 25, 75,
    ]);
  });

  it('measure the short way round a closed road', () => {
    expect([-1500, -999, 0, 999, 1000, 1900].map((along) => shortWayRound(along, 2000))).toEqual([
      500, -999, 0, 999, -1000, -100,
    ]);
  });
});
