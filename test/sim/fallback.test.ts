// The fallback in whole runs: estimates against what execution took, and splitting that saves rounds.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { bundledDirectory } from '../../testbed/scenario-file.ts';
import { type Outcome, runScenario } from '../support/virtual-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-fallback-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const file = join(import.meta.dirname, '../support/tiny.yaml');
const latencySeconds = 0.02;

/** The channel is the same everywhere, computers keep their pace, and a round has as many cars as it wants. */
const quiet = [
  'radio.throughput={kind: shannon, maximumBitsPerSecondPerHertz: 3}',
  `radio.latencySeconds=${latencySeconds}`,
  'devices.0.speedSpread=0',
  'devices.0.trainingFlopsPerSecond=1e8',
  'fallback.mode=split-only',
  'stop.rounds=1',
  'round.deadlineSeconds=60',
];

interface Pair {
  readonly estimated: number;
  readonly took: number;
}

/** Seconds of each committed task: as estimated when it was given, and until its update was there. */
function pairsOf({ events }: Outcome): Pair[] {
  const given = new Map<VehicleId, { at: number; seconds: number }>();
  const pairs: Pair[] = [];
  for (const { at, body } of events) {
    if (body.kind === 'vehicle-selected') {
      const seconds = body.plan === 'full' ? body.estimate.fullSeconds : body.estimate.splitSeconds;
      given.set(body.vehicle, { at, seconds: seconds ?? Number.NaN });
    }
    const task = body.kind === 'vehicle-outcome' ? given.get(body.vehicle) : undefined;
    if (task && body.kind === 'vehicle-outcome' && body.outcome === 'committed')
      pairs.push({ estimated: task.seconds, took: at - task.at });
  }
  return pairs;
}

const run = (sets: readonly string[]): Promise<Outcome> => runScenario(file, folder, [...quiet, ...sets]);

/** Beside the two latencies of the estimate: asking for weights, and the manifest and its answer before an update. */
const handshakeSeconds = 4 * latencySeconds;
/** Frames' headers, on the air a few microseconds each. */
const headerSeconds = 0.005;

describe('the estimate of a path in a world without chance', () => {
  const ways = [
    ['the whole model', ['fallback.mode=full-only']],
    ['a split', []],
    ['a split at the best cut', ['fallback.cut=best']],
    ['a split whose numbers cross as int8', ['fallback.crossing=int8']],
    ['a split with labels kept in the car', ['fallback.head=4']],
  ] as const;

  it.each(ways)('of %s is what execution takes, but for handshakes and headers', async (_, sets) => {
    const pairs = pairsOf(await run(sets));
    expect(pairs.length).toBeGreaterThan(0);
    for (const { estimated, took } of pairs) {
      const beside = took - estimated - handshakeSeconds;
      expect(beside).toBeGreaterThan(0);
      expect(beside).toBeLessThan(headerSeconds);
    }
  });
});

/** short-dwell-fallback with fewer samples and slower computers: as much too long for a stay as there. */
const short = [
  'seed=100',
  'data.trainSamples=860',
  'data.testSamples=215',
  'data.evaluationSamples=215',
  'data.samplesPerVehicle=64',
  'model.name=lenet5',
  'devices.0.trainingFlopsPerSecond=4e6',
  'devices.1.trainingFlopsPerSecond=1.2e7',
  'devices.2.trainingFlopsPerSecond=1.8e7',
  'stop.rounds=4',
];

const shortRun = (sets: readonly string[]): Promise<Outcome> =>
  runScenario(join(bundledDirectory, 'short-dwell-fallback.yaml'), folder, [...short, ...sets]);

describe('stays that are too short for whole models', () => {
  it('are enough for most cars where they may split, and for few where they may not', async () => {
    const [adaptive, fullOnly] = [await shortRun([]), await shortRun(['fallback.mode=full-only'])];
    expect(adaptive.summary.split).toBeGreaterThan(0);
    expect(adaptive.summary.contributionShare).toBeGreaterThanOrEqual(0.8);
    expect(fullOnly.summary.contributionShare).toBeLessThan(0.3);
  });

  it('are shared one after the other with the sequential schedule, and every car has one outcome', async () => {
    const outcome = await shortRun(['fallback.schedule=sequential', 'stop.rounds=2']);
    const { selected, committed, left, late, refused, failed } = outcome.summary;
    expect(selected).toBe(committed + left + late + refused + failed);
    expect(committed).toBeGreaterThan(0);
    expect(refused + failed).toBe(0);
  });
});
