// Aggregation that needs the cars, in whole runs of virtual time: what they send reaches the rule, the accounts add up, and
// memory and MQTT, one worker and two, agree.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunOptions } from '../../testbed/run-virtual.ts';
import { bodies, digests, type Outcome, runScenario } from '../support/virtual-runs.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-aggregation-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** Slow cars on a short stretch: many have to leave before five epochs are done. */
const file = join(folder, 'aggregation.yaml');
writeFileSync(
  file,
  `
name: aggregation
seed: 5
roads: { kind: ring, lengthMeters: 1200 }
traffic: { source: { kind: recirculating, vehicles: 10 }, desiredSpeedKmh: 60 }
rsus: [{ id: rsu-1, x: 0, y: 0, coverageRadiusMeters: 250 }]
devices: [{ name: slow, trainingFlopsPerSecond: 4.0e+7, speedSpread: 0.4 }]
data: { kind: signs, trainSamples: 430, testSamples: 86, samplesPerVehicle: 48 }
training: { epochs: 5, batchSize: 16 }
selection: { policy: random, perRound: 3 }
round: { deadlineSeconds: 60 }
fallback: { mode: full-only }
stop: { rounds: 6, virtualSeconds: 900 }
`,
);

const run = (sets: readonly string[], options: Partial<RunOptions> = {}): Promise<Outcome> =>
  runScenario(file, folder, sets, options);

function checkAccounts({ summary }: Outcome): void {
  const { selected, committed, left, late, refused, failed } = summary;
  expect(selected).toBe(committed + left + late + refused + failed);
  expect(refused + failed).toBe(0);
}

describe('partial work', () => {
  it('saves the epochs of cars that would have left with nothing', async () => {
    const whole = await run([]);
    const partial = await run(['aggregation.partialWork=true']);
    checkAccounts(whole);
    checkAccounts(partial);
    expect(whole.summary.partial).toBeUndefined();
    expect(partial.summary.partial).toBeGreaterThan(2);
    const lost = ({ summary }: Outcome): number => summary.selected - summary.committed;
    expect(lost(partial)).toBeLessThan(lost(whole) / 2);
    const done = bodies(partial, 'update-committed').flatMap(({ epochsDone }) => epochsDone ?? []);
    expect(done).toHaveLength(partial.summary.partial!);
    expect(done.every((epochs) => epochs >= 1 && epochs < 5)).toBe(true);
  });

  it('gives one answer over memory and MQTT, with one worker and two', async () => {
    const sets = ['aggregation.partialWork=true', 'aggregation.rule=fednova', 'stop.rounds=3'];
    const memory = digests(await run(sets));
    expect(digests(await run(sets, { workers: 2 }))).toEqual(memory);
    expect(digests(await run(sets, { workers: 2, link: 'mqtt' }))).toEqual(memory);
  });

  it('is what whole work is, to the byte, where every car has the time', async () => {
    const fast = ['devices.0.trainingFlopsPerSecond=1e10', 'stop.rounds=2', 'traffic.desiredSpeedKmh=30'];
    const whole = await run(fast);
    const partial = await run([...fast, 'aggregation.partialWork=true']);
    expect(whole.summary.committed).toBe(whole.summary.selected);
    expect(partial.summary.modelSha256).toBe(whole.summary.modelSha256);
  });
});

describe('rules that need the cars', () => {
  const fast = ['devices.0.trainingFlopsPerSecond=1e10', 'training.epochs=2', 'stop.rounds=3'];
  const withRule = (rule: string, ...more: string[]): string[] => [
    ...fast,
    `aggregation.rule=${rule}`,
    ...more,
  ];

  it('fedprox with mu 0 is fedavg to the byte, and with mu is not', async () => {
    const mean = await run(withRule('fedavg'));
    const loose = await run(withRule('fedprox', 'aggregation.parameters.mu=0'));
    const tight = await run(withRule('fedprox', 'aggregation.parameters.mu=1'));
    expect(loose.summary.modelSha256).toBe(mean.summary.modelSha256);
    expect(tight.summary.modelSha256).not.toBe(mean.summary.modelSha256);
    checkAccounts(tight);
  });

  it('fedprox holds on split plans too', async () => {
    checkAccounts(await run(withRule('fedprox', 'fallback.mode=split-only', 'stop.rounds=1')));
  });

  it('scaffold doubles what goes down and adds nothing to what goes up; feddyn adds nothing', async () => {
    const mean = await run(withRule('fedavg', 'stop.rounds=1'));
    const scaffold = await run(withRule('scaffold', 'stop.rounds=1'));
    const feddyn = await run(withRule('feddyn', 'stop.rounds=1'));
    const { bytesUp, bytesDown, committed } = mean.summary;
    expect([scaffold.summary.committed, feddyn.summary.committed]).toEqual([committed, committed]);
    expect(Math.abs(scaffold.summary.bytesUp / bytesUp - 1)).toBeLessThan(0.01);
    expect(scaffold.summary.bytesDown / bytesDown).toBeGreaterThan(1.97);
    expect(scaffold.summary.bytesDown / bytesDown).toBeLessThan(2.03);
    expect(Math.abs(feddyn.summary.bytesUp / bytesUp - 1)).toBeLessThan(0.01);
    expect(Math.abs(feddyn.summary.bytesDown / bytesDown - 1)).toBeLessThan(0.01);
    const expected = (outcome: Outcome): number =>
      bodies(outcome, 'vehicle-selected')[0]!.estimate.fullSeconds;
    expect(expected(scaffold)).toBeGreaterThan(expected(mean));
    expect(expected(feddyn)).toBe(expected(mean));
  });

  it.each(['scaffold', 'feddyn'])(
    '%s gives one answer with one worker and two, with partial work',
    async (rule) => {
      const sets = [`aggregation.rule=${rule}`, 'aggregation.partialWork=true', 'stop.rounds=4'];
      const one = await run(sets);
      checkAccounts(one);
      expect(one.summary.partial).toBeGreaterThan(0);
      expect(digests(await run(sets, { workers: 2 }))).toEqual(digests(one));
    },
  );

  it('fltrust waits for what the RSU trains itself, and gives one answer with one worker and two', async () => {
    const sets = withRule('fltrust', 'fallback.serverFlopsPerSecond=1e8', 'stop.rounds=2');
    const one = await run(sets);
    checkAccounts(one);
    expect(bodies(one, 'model-evaluated')).toHaveLength(2);
    const closedAt = one.events.find(({ body }) => body.kind === 'round-closed')!.at;
    const committedAt = one.events.filter(({ body }) => body.kind === 'update-committed')[2]!.at;
    expect(closedAt - committedAt).toBeGreaterThan(1);
    expect(digests(await run(sets, { workers: 2 }))).toEqual(digests(one));
  });
});
