// Asynchronous aggregation in whole runs of virtual time: cars that leave in the air, models one after the other, accounts that
// add up, and one answer over memory and MQTT, with one worker and two.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { Ledger } from '../../roadside/store/ledger.ts';
import type { RunOptions } from '../../testbed/run-virtual.ts';
import { bodies, digests, type Outcome, runScenario } from '../support/virtual-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-asynchronous-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Cars of two speeds on a short stretch: some have to leave before their three epochs are done. */
const file = join(folder, 'asynchronous.yaml');
writeFileSync(
  file,
  `
name: asynchronous
seed: 5
roads: { kind: ring, lengthMeters: 1200 }
traffic: { source: { kind: recirculating, vehicles: 10 }, desiredSpeedKmh: 60 }
rsus: [{ id: rsu-1, x: 0, y: 0, coverageRadiusMeters: 250 }]
devices:
  - { name: fast, trainingFlopsPerSecond: 1.0e+9 }
  - { name: slow, trainingFlopsPerSecond: 4.0e+7, speedSpread: 0.4 }
data: { kind: signs, trainSamples: 430, testSamples: 86, samplesPerVehicle: 48 }
training: { epochs: 3, batchSize: 16 }
selection: { policy: random, perRound: 3 }
round: { deadlineSeconds: 60 }
fallback: { mode: full-only }
aggregation: { rule: fedasync }
stop: { rounds: 8, virtualSeconds: 900 }
`,
);

const run = (sets: readonly string[], options: Partial<RunOptions> = {}): Promise<Outcome> =>
  runScenario(file, folder, sets, options);
const buffer = (size: number): string[] => [
  'aggregation.rule=fedbuff',
  `aggregation.parameters.bufferSize=${size}`,
];

function checkAccounts(outcome: Outcome): void {
  const { selected, committed, left, late, refused, failed, rounds } = outcome.summary;
  expect(selected).toBe(committed + left + late + refused + failed);
  expect(refused + failed).toBe(0);
  const tasks = bodies(outcome, 'vehicle-selected').map(({ task }) => task);
  expect(tasks).toHaveLength(selected);
  expect(new Set(tasks).size).toBe(selected);
  expect(bodies(outcome, 'round-closed').map(({ round }) => round)).toEqual(
    Array.from({ length: rounds }, (_, i) => i + 1),
  );
  expect(bodies(outcome, 'model-evaluated')).toHaveLength(rounds);
}

describe('fedasync', () => {
  it('makes a model of each update, fresh or stale, while cars leave in the air', async () => {
    const outcome = await run(['training.epochs=5', 'devices.0.trainingFlopsPerSecond=4e7']);
    checkAccounts(outcome);
    const { summary } = outcome;
    expect(summary.rounds).toBe(8);
    expect(summary.committed).toBe(8);
    expect(summary.left).toBeGreaterThan(0);
    const stale = bodies(outcome, 'update-committed').map(({ staleness }) => staleness!);
    expect(Math.max(...stale)).toBeGreaterThan(0);
    expect(Math.min(...stale)).toBe(0);
    expect(new Set(bodies(outcome, 'round-closed').map(({ modelSha }) => modelSha)).size).toBe(8);
  });

  it('makes another model where staleness counts otherwise, or the cars are held nearer', async () => {
    const models = new Set<string>();
    for (const sets of [[], ['aggregation.staleness=constant'], ['aggregation.parameters.mu=1']]) {
      const outcome = await run(sets);
      checkAccounts(outcome);
      models.add(outcome.summary.modelSha256);
    }
    expect(models.size).toBe(3);
  });

  it('gives one answer over memory and MQTT, with one worker and two', async () => {
    const memory = digests(await run(['aggregation.partialWork=true']));
    expect(digests(await run(['aggregation.partialWork=true'], { workers: 2 }))).toEqual(memory);
    expect(digests(await run(['aggregation.partialWork=true'], { workers: 2, link: 'mqtt' }))).toEqual(
      memory,
    );
  });
});

describe('fedbuff', () => {
  it('makes a model of every so many updates', async () => {
    const outcome = await run([...buffer(3), 'stop.rounds=3']);
    checkAccounts(outcome);
    expect(bodies(outcome, 'round-closed').map(({ committed }) => committed)).toEqual([3, 3, 3]);
  });

  it('gives one answer over memory and MQTT, with one worker and two, split plans among them', async () => {
    const sets = [...buffer(2), 'fallback.mode=adaptive', 'stop.rounds=4'];
    const one = await run(sets);
    checkAccounts(one);
    const memory = digests(one);
    expect(digests(await run(sets, { workers: 2 }))).toEqual(memory);
    expect(digests(await run(sets, { workers: 2, link: 'mqtt' }))).toEqual(memory);
  });

  it('takes split plans, whose halves began from an older model too', async () => {
    const outcome = await run([...buffer(2), 'fallback.mode=split-only', 'stop.rounds=3']);
    checkAccounts(outcome);
    expect(outcome.summary.split).toBe(outcome.summary.selected);
    expect(outcome.summary.committed).toBe(6);
  });
});

describe('the tables of an asynchronous run', () => {
  it('show each task once, under the round in which it ended, with its staleness', async () => {
    const outcome = await run([...buffer(2), 'stop.rounds=4']);
    const ledger = Ledger.open(join(outcome.summary.database, '..'), { readOnly: true });
    const rows = ledger.query('SELECT round, task, outcome, staleness FROM selection ORDER BY task');
    const perRound = ledger.query(
      'SELECT count(*) FROM round r WHERE r.selected = (SELECT count(*) FROM selection s WHERE s.round = r.round)',
    );
    const staleness = ledger.query('SELECT mean_staleness FROM round ORDER BY round');
    ledger.close();
    expect(rows.rows).toHaveLength(outcome.summary.selected);
    const byTask = new Map(bodies(outcome, 'vehicle-outcome').map((one) => [one.task, one]));
    const ofCommits = new Map(bodies(outcome, 'update-committed').map((one) => [one.task, one.staleness]));
    for (const [round, task, ending, stale] of rows.rows as [number, number, string, number | null][]) {
      expect([round, ending]).toEqual([byTask.get(task)!.round, byTask.get(task)!.outcome]);
      expect(stale).toBe(ofCommits.get(task) ?? null);
    }
    expect(perRound.rows).toEqual([[4]]);
    const means = [1, 2, 3, 4].map((round) => {
      const all = bodies(outcome, 'update-committed').filter((one) => one.round === round);
      return all.reduce((sum, one) => sum + one.staleness! / all.length, 0);
    });
    expect(staleness.rows.map(([mean]) => mean)).toEqual(means);
  });
});
