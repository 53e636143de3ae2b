// Cars whose training cannot give a usable update: their round fails, with the reason, and is counted as failed; the other
// cars' updates are committed, the model stays finite, and the run goes on.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { writeIdx } from '../../learning/data/cache.ts';
import type { Dataset } from '../../learning/learner.ts';
import type { LoggedEvent } from '../../protocol/events.ts';
import { firstPlaces } from '../../testbed/places.ts';
import { shardOf } from '../../testbed/plan.ts';
import { prepareMobility } from '../../testbed/prepare.ts';
import { runVirtual } from '../../testbed/run-virtual.ts';
import { type LoadedScenario, loadScenario } from '../../testbed/scenario-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-failed-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/**
 * The poison is in the data: at this learning rate training on images of hard noise (classes 2 and 3) overflows, and on
 * grey ones (0 and 1), whose scaled pixels are nearly zero, it does not. The labels tell nothing, so gradients never end.
 */
const scenario = `name: poisoned
seed: 5
roads: {kind: ring, lengthMeters: 600}
traffic: {source: {kind: recirculating, vehicles: 8}}
rsus: [{id: rsu-1, x: 0, y: 0, coverageRadiusMeters: 250}]
devices: [{name: fast, trainingFlopsPerSecond: 2.4e+9}]
data: {kind: idx, samplesPerVehicle: 16, partition: {kind: pathological, classesPerVehicle: 2}}
model: {name: mlp}
training: {epochs: 30, batchSize: 4, learningRate: 3, momentum: 0.9}
selection: {policy: random, perRound: 8}
fallback: {mode: full-only}
round: {deadlineSeconds: 60, minimumCandidates: 8}
stop: {rounds: 2, virtualSeconds: 600}
`;

const side = 12;
const isNoise = (label: number): boolean => label >= 2;

function images(count: number, classes: number): Dataset {
  const rng = Rng.root(3).fork('images');
  const labels = Uint8Array.from({ length: count }, (_, i) => i % classes);
  const pixels = Uint8Array.from({ length: count * side * side }, (_, i) => {
    const bit = rng.integer(2);
    return isNoise(labels[Math.floor(i / (side * side))]!) ? 255 * bit : 127 + bit;
  });
  return { inputShape: [side, side, 1], classes: 4, images: pixels, labels };
}

const train = images(64, 4);

beforeAll(() => {
  writeFileSync(join(folder, 'poisoned.yaml'), scenario);
  writeIdx(train, join(folder, 'data'), 'train');
  writeIdx(images(16, 2), join(folder, 'data'), 'test');
});

/** The cars all of whose images are noise, or none. */
function carsOf(loaded: LoadedScenario, kind: 'noise' | 'grey'): VehicleId[] {
  return [...firstPlaces(prepareMobility(loaded), 8)]
    .filter(([vehicle, place]) =>
      shardOf(loaded.scenario, train, { vehicle, place }).every(
        (sample) => isNoise(train.labels[sample]!) === (kind === 'noise'),
      ),
    )
    .map(([vehicle]) => vehicle);
}

describe('training that diverges in some cars', () => {
  it('fails the round of just those cars, and the run goes on with the others', async () => {
    const loaded = loadScenario(join(folder, 'poisoned.yaml'), { dataDirectory: join(folder, 'data') });
    const [poisoned, healthy] = [carsOf(loaded, 'noise'), carsOf(loaded, 'grey')];
    expect(Math.min(poisoned.length, healthy.length)).toBeGreaterThan(0);

    const events: LoggedEvent[] = [];
    const summary = await runVirtual({
      loaded,
      runsDirectory: join(folder, 'runs'),
      link: 'memory',
      workers: 2,
      engine: 'auto',
      argv: [],
      note: () => undefined,
      onEvents: (some) => events.push(...some),
    });
    const ends = events.flatMap(({ body }) => (body.kind === 'vehicle-outcome' ? [body] : []));
    const endsOf = (cars: readonly VehicleId[]) => ends.filter(({ vehicle }) => cars.includes(vehicle));
    const { rounds, selected, committed, failed, refused, left, late } = summary;
    expect([rounds, selected]).toEqual([2, 16]);
    expect(committed + failed + refused + left + late).toBe(selected);
    expect(endsOf(healthy).map(({ outcome }) => outcome)).toEqual(
      healthy.flatMap(() => ['committed', 'committed']),
    );
    for (const { outcome, reason, wasted } of endsOf(poisoned)) {
      expect([outcome, wasted]).toEqual(['failed', true]);
      expect(reason).toMatch(/^the loss became (NaN|-?Infinity) \(expected a finite number\)$/);
    }
    expect(endsOf(poisoned).length).toBe(2 * poisoned.length);
    expect(summary.testLoss).toBeLessThan(100);
  });
});
