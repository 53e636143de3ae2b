// Several RSUs: what begins under one ends under the next. A car that passes from disc to disc, or over a gap between two,
// keeps its task; no chunk is sent twice; every selected car has one outcome; memory and MQTT, one worker and two, agree.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { chunkBytes } from '../../protocol/messages.ts';
import type { RunOptions } from '../../testbed/run-virtual.ts';
import { bodies, digests, type Outcome, runScenario } from '../support/virtual-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-handover-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A narrow band: a model of 0.26 MB takes about ten seconds either way, as long as a car needs for 150 m. */
const overlapping = `
name: handover
seed: 3
roads: { kind: ring, lengthMeters: 2400, straightMeters: 600 }
traffic: { source: { kind: recirculating, vehicles: 18 }, desiredSpeedKmh: 60 }
rsus:
  - { id: rsu-a, x: 100, y: -15, coverageRadiusMeters: 250 }
  - { id: rsu-b, x: 500, y: -15, coverageRadiusMeters: 250 }
handover: { interruptionSeconds: 0.05, backhaulSeconds: 0.01 }
prediction: {}
radio: { uplinkBandwidthHz: 9.0e+4, downlinkBandwidthHz: 9.0e+4 }
devices: [{ name: fast, trainingFlopsPerSecond: 2.4e+9 }]
data: { kind: signs, trainSamples: 430, testSamples: 86, samplesPerVehicle: 48 }
training: { epochs: 1, batchSize: 16 }
selection: { policy: random, perRound: 3 }
round: { deadlineSeconds: 60 }
fallback: { mode: full-only }
stop: { rounds: 8, virtualSeconds: 900 }
`;
const file = join(folder, 'handover.yaml');
writeFileSync(file, overlapping);

const run = (sets: readonly string[], options: Partial<RunOptions> = {}): Promise<Outcome> =>
  runScenario(file, folder, sets, options);

/** Outcomes of members whose transfer in this direction was handed over. */
function outcomesOf(outcome: Outcome, direction: 'up' | 'down') {
  const handed = bodies(outcome, 'transfer-handed-over').filter((body) => body.direction === direction);
  const keys = new Set(handed.map(({ round, vehicle }) => `${round}/${vehicle}`));
  return bodies(outcome, 'vehicle-outcome').filter(({ round, vehicle }) => keys.has(`${round}/${vehicle}`));
}

function checkAccounts(outcome: Outcome): void {
  const { summary } = outcome;
  const selected = bodies(outcome, 'vehicle-selected').map(({ round, vehicle }) => `${round}/${vehicle}`);
  const ended = bodies(outcome, 'vehicle-outcome').map(({ round, vehicle }) => `${round}/${vehicle}`);
  expect(ended.sort()).toEqual(selected.sort());
  expect(summary.selected).toBe(
    summary.committed + summary.left + summary.late + summary.refused + summary.failed,
  );
}

const lenetBytes = 64_811 * 4;

describe('a car that passes from one RSU to the next', () => {
  it('ends there what it began: uploads and downloads go on, and no chunk is sent twice', async () => {
    const outcome = await run([]);
    checkAccounts(outcome);
    expect(outcome.summary.handovers).toBeGreaterThan(3);
    expect(outcome.summary.transfersHandedOver).toBeGreaterThan(2);
    for (const direction of ['up', 'down'] as const) {
      const committed = outcomesOf(outcome, direction).filter((body) => body.outcome === 'committed');
      expect(committed.length).toBeGreaterThan(0);
      for (const { booking } of committed) {
        expect(booking.bytesUp).toBeGreaterThan(lenetBytes);
        expect(booking.bytesUp).toBeLessThan(lenetBytes + chunkBytes / 2);
        expect(booking.bytesDown).toBeLessThan(lenetBytes + chunkBytes / 2);
      }
    }
  });

  it('gives one answer over memory and MQTT, with one worker and two', async () => {
    const memory = digests(await run(['stop.rounds=4']));
    expect(digests(await run(['stop.rounds=4'], { workers: 2 }))).toEqual(memory);
    expect(digests(await run(['stop.rounds=4'], { workers: 2, link: 'mqtt' }))).toEqual(memory);
  });

  it('loses nothing on an air that loses, duplicates and reorders', async () => {
    const faults = ['radio.faults={loss: 0.05, duplication: 0.05, reorderSeconds: 0.05}'];
    const outcome = await run(faults);
    checkAccounts(outcome);
    expect(outcome.summary.refused).toBe(0);
    expect(outcomesOf(outcome, 'up').some((body) => body.outcome === 'committed')).toBe(true);
    expect(digests(await run(faults, { workers: 2, link: 'mqtt' }))).toEqual(digests(outcome));
  });

  it('predicts its stay the better for what past cars taught', async () => {
    const { summary } = await run(['stop.rounds=30', 'stop.virtualSeconds=1200']);
    const { prediction } = summary;
    expect(prediction?.predictions).toBeGreaterThan(5);
    expect(prediction?.learnedMaeSeconds).toBeCloseTo(prediction?.maeSeconds ?? 0, 9);
    expect(prediction?.learnedMaeSeconds).toBeLessThan(0.75 * (prediction?.roadMaeSeconds ?? 0));
  });
});

describe('a car between two RSUs that do not touch', () => {
  const gap = ['rsus.0.coverageRadiusMeters=180', 'rsus.1.coverageRadiusMeters=180'];

  it('has left at once without a grace', async () => {
    const outcome = await run(gap);
    checkAccounts(outcome);
    expect(outcome.summary.handovers).toBe(0);
    expect(outcome.summary.left).toBeGreaterThan(0);
  });

  it('keeps its task through the gap with one, and ends its upload at the next RSU', async () => {
    const sets = [...gap, 'handover.graceSeconds=10'];
    const outcome = await run(sets);
    checkAccounts(outcome);
    expect(outcome.summary.handovers).toBeGreaterThan(3);
    const committed = outcomesOf(outcome, 'up').filter((body) => body.outcome === 'committed');
    expect(committed.length).toBeGreaterThan(0);
    // A chunk that was on the air when the car left goes again: one of either direction at most.
    for (const { booking } of committed) expect(booking.bytesUp).toBeLessThan(lenetBytes + 2 * chunkBytes);
    expect(digests(await run(sets, { workers: 2, link: 'mqtt' }))).toEqual(digests(outcome));
  });
});

describe('a split task that passes from one RSU to the next', () => {
  const split = ['fallback={mode: split-only, cut: 1}'];

  /** Members that were in the middle of their mini-batches when another RSU took over, and how they ended. */
  function carriedOver(outcome: Outcome) {
    return bodies(outcome, 'split-handed-over').map(({ round, vehicle, step }) => {
      const isIt = (body: { round: number; vehicle: string }) =>
        body.round === round && body.vehicle === vehicle;
      const ended = bodies(outcome, 'vehicle-outcome').find(isIt)!;
      return { step, outcome: ended.outcome, crossed: bodies(outcome, 'split-ended').find(isIt)! };
    });
  }

  it('goes on there at its next mini-batch, and no mini-batch is done twice', async () => {
    const outcome = await run(split);
    checkAccounts(outcome);
    const carried = carriedOver(outcome);
    expect(outcome.summary.splitsHandedOver).toBe(carried.length);
    const committed = carried.filter((one) => one.outcome === 'committed');
    expect(committed.length).toBeGreaterThan(0);
    // 48 samples in mini-batches of 16: three, each of which crossed once each way, whatever happened between them.
    for (const { step, crossed } of committed) {
      expect(step).toBeGreaterThan(0);
      expect(step).toBeLessThanOrEqual(3);
      const floats = 48 * 14 * 14 * 6;
      expect(crossed).toMatchObject({ steps: 3, bytesUp: 4 * floats + 48, bytesDown: 4 * floats });
    }
    expect(digests(await run(split, { workers: 2, link: 'mqtt' }))).toEqual(digests(outcome));
  });

  it('is kept through a gap, with a grace', async () => {
    const gap = [
      'rsus.0.coverageRadiusMeters=180',
      'rsus.1.coverageRadiusMeters=180',
      'handover.graceSeconds=10',
    ];
    const outcome = await run([...split, ...gap]);
    checkAccounts(outcome);
    const committed = carriedOver(outcome).filter((one) => one.outcome === 'committed');
    expect(committed.length).toBeGreaterThan(0);
    for (const { crossed } of committed) expect(crossed.steps).toBe(3);
  });
});
