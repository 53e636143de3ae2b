// What holds for every setting: nobody overtakes, reverses or overlaps, and contact events tell the same story as fixes.

import fc from 'fast-check';
import { describe, it } from 'vitest';
import { assert } from '../../base/assert.ts';
import type { MobilityConfig } from '../../mobility/config.ts';
import type { Fix, Mobility, MobilityStep } from '../../mobility/types.ts';
import { engineWith, rsuAt } from '../unit/mobility-setup.ts';

const runs = { numRuns: 60, seed: 20241014 };

const idm = fc.record({
  maxAccelerationMps2: fc.double({ min: 0.3, max: 4, noNaN: true }),
  comfortableDecelerationMps2: fc.double({ min: 0.5, max: 6, noNaN: true }),
  minimumGapMeters: fc.double({ min: 0, max: 4, noNaN: true }),
  timeHeadwaySeconds: fc.double({ min: 0, max: 2, noNaN: true }),
  exponent: fc.constantFrom(1, 2, 4, 8),
  vehicleLengthMeters: fc.double({ min: 0.5, max: 12, noNaN: true }),
});

const rsus = fc
  .array(
    fc.record({
      x: fc.double({ min: -100, max: 700, noNaN: true }),
      y: fc.double({ min: -50, max: 250, noNaN: true }),
      radius: fc.double({ min: 1, max: 400, noNaN: true }),
    }),
    { maxLength: 4 },
  )
  .map((sites) => sites.map(({ x, y, radius }, i) => rsuAt(`rsu-${i}`, x, y, radius)));

const common = fc.record({
  idm,
  rsus,
  desiredSpeedKmh: fc.double({ min: 5, max: 150, noNaN: true }),
  speedSpread: fc.double({ min: 0, max: 0.9, noNaN: true }),
  stepSeconds: fc.constantFrom(0.1, 0.5, 1, 2),
});

const ring = common.map(
  (changes): Partial<MobilityConfig> => ({
    ...changes,
    network: { kind: 'ring', lengthMeters: 600, straightMeters: 150 },
    traffic: {
      kind: 'recirculating',
      vehicles: Math.min(
        60,
        Math.floor(500 / (changes.idm.vehicleLengthMeters + changes.idm.minimumGapMeters)),
      ),
    },
  }),
);

const segment = fc.tuple(common, fc.double({ min: 0.01, max: 2, noNaN: true })).map(
  ([changes, perSecond]): Partial<MobilityConfig> => ({
    ...changes,
    network: { kind: 'segment', lengthMeters: 600 },
    traffic: { kind: 'poisson', perSecond, initialVehicles: 3 },
  }),
);

const seed = fc.integer({ min: 0, max: 1_000_000 });

/** Applies a step's events to the sets of discs each vehicle is in, checking that every event changes something. */
function follow(inside: Map<string, Set<string>>, step: MobilityStep): void {
  let last = step.from;
  for (const event of step.events) {
    assert(
      last <= event.at && event.at <= step.to,
      `event at ${event.at} s after ${last} s in ${step.from}..${step.to}`,
    );
    last = event.at;
    const discs = inside.get(event.vehicle) ?? new Set();
    inside.set(event.vehicle, discs);
    if (event.kind === 'entered')
      assert(!discs.has(event.rsu), `${event.vehicle} entered ${event.rsu} twice`);
    if (event.kind === 'entered') discs.add(event.rsu);
    if (event.kind === 'left')
      assert(discs.delete(event.rsu), `${event.vehicle} left ${event.rsu} without entering`);
    if (event.kind === 'arrived') assert(discs.size === 0, `${event.vehicle} arrived inside ${[...discs]}`);
  }
}

/** Drives `steps` steps, checking that fixes and events tell the same story, and the order with `checkFixes`. */
function checkRun(mobility: Mobility, steps: number, checkFixes: (fixes: readonly Fix[]) => void): void {
  const inside = new Map<string, Set<string>>();
  for (let i = 0; i < steps; i++) {
    const step = mobility.step();
    follow(inside, step);
    checkFixes(step.fixes);
    for (const { vehicle, serving, speedMps } of step.fixes) {
      const discs = inside.get(vehicle) ?? new Set();
      assert(speedMps >= 0, `${vehicle} reverses at ${speedMps} m/s`);
      assert(
        serving === null ? discs.size === 0 : discs.has(serving),
        `${vehicle} is in ${[...discs]}, served by ${serving}`,
      );
    }
  }
}

/** No vehicle's front is nearer than a vehicle length behind the one in front. */
function checkHeadways(headways: readonly number[], vehicleLengthMeters: number): void {
  for (const headway of headways) assert(headway >= vehicleLengthMeters - 1e-9, `fronts ${headway} m apart`);
}

describe('every ring', () => {
  it('keeps its vehicles in their cyclic order, bumper behind bumper, none reversing', () => {
    fc.assert(
      fc.property(ring, seed, (changes, drawn) => {
        const mobility = engineWith(changes, drawn);
        checkRun(mobility, 120, (fixes) => {
          if (fixes.length < 2) return;
          const headways = fixes.map(
            (fix, i) => (fixes.at(i - 1)!.offsetMeters - fix.offsetMeters + 600) % 600,
          );
          // The headways to the vehicle placed before make one turn in all: nobody has overtaken anybody.
          const turn = headways.reduce((sum, headway) => sum + headway, 0);
          assert(Math.abs(turn - 600) < 1e-6, `headways make ${turn} m`);
          checkHeadways(headways, changes.idm!.vehicleLengthMeters);
        });
      }),
      runs,
    );
  });
});

describe('every segment', () => {
  it('keeps its vehicles in the order they came, bumper behind bumper, none reversing', () => {
    fc.assert(
      fc.property(segment, seed, (changes, drawn) => {
        const mobility = engineWith(changes, drawn);
        checkRun(mobility, 120, (fixes) => {
          const headways = fixes.slice(1).map((fix, i) => fixes[i]!.offsetMeters - fix.offsetMeters);
          checkHeadways(headways, changes.idm!.vehicleLengthMeters);
        });
      }),
      runs,
    );
  });
});
