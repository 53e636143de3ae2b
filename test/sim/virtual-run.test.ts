// Whole runs in virtual time: real training in real worker threads, a real broker where the link is MQTT. What is
// promised: equal scenario and seed, equal event log and model; every selected car has one outcome; nothing is lost.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunSummary } from '../../protocol/run-info.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import { type RunOptions, runVirtual } from '../../testbed/run-virtual.ts';
import { bundledDirectory, loadScenario } from '../../testbed/scenario-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-sim-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A small variant of the default scenario: the same road, fewer samples, a short day. */
const small = [
  'data.trainSamples=860',
  'data.testSamples=215',
  'data.evaluationSamples=0',
  'data.samplesPerVehicle=60',
  'selection.perRound=3',
  'stop.rounds=3',
  'round.deadlineSeconds=40',
];

async function run(sets: readonly string[], options: Partial<RunOptions> = {}): Promise<RunSummary> {
  const loaded = loadScenario(join(bundledDirectory, 'highway-signs.yaml'), {
    sets: ['seed=7', ...small, ...sets],
  });
  return runVirtual({
    loaded,
    runsDirectory: folder,
    link: 'memory',
    workers: 1,
    engine: 'wasm',
    argv: [],
    note: () => undefined,
    ...options,
  });
}

const digests = ({ eventLogSha256, modelSha256 }: RunSummary): string[] => [eventLogSha256, modelSha256];

describe('a run in virtual time', () => {
  it('gives the same log and the same model over memory and MQTT, with one and two workers, and again', async () => {
    const first = await run([]);
    expect(first.rounds).toBe(3);
    expect(first.selected).toBeGreaterThanOrEqual(3);
    expect(first.committed).toBeGreaterThan(0);
    expect(digests(await run([]))).toEqual(digests(first));
    expect(digests(await run([], { workers: 2 }))).toEqual(digests(first));
    expect(digests(await run([], { workers: 2, link: 'mqtt' }))).toEqual(digests(first));
  });

  it('gives another log with another seed', async () => {
    const one = await run([]);
    const other = await run(['seed=8']);
    expect(other.eventLogSha256).not.toBe(one.eventLogSha256);
  });

  it('has one outcome for each selected car, and its totals are those of the log', async () => {
    const summary = await run([]);
    const ledger = Ledger.open(join(summary.database, '..'), { readOnly: true });
    const events = ledger.events();
    ledger.close();
    const selected = events.filter(({ body }) => body.kind === 'vehicle-selected');
    const ended = events.filter(({ body }) => body.kind === 'vehicle-outcome');
    const keyOf = ({ body }: (typeof events)[number]): string =>
      'vehicle' in body && 'round' in body ? `${body.round}/${body.vehicle}` : '';
    expect(ended.map(keyOf).sort()).toEqual(selected.map(keyOf).sort());
    expect(summary.selected).toBe(selected.length);
    expect(summary.selected).toBe(
      summary.committed + summary.left + summary.late + summary.refused + summary.failed,
    );
  });

  it('splits models with slow cars, and the split updates are committed', async () => {
    const summary = await run(['fallback.mode=split-only', 'stop.rounds=2']);
    expect(summary.split).toBe(summary.selected);
    expect(summary.committed).toBeGreaterThan(0);
  });

  it.each([
    [
      'one upper half, in one byte a float, with parts on the way',
      '{server: shared, crossing: int8, checkpointSteps: 1}',
    ],
    ['labels in the car, in two bytes a float', '{head: 3, crossing: float16, checkpointSteps: 1}'],
  ])(
    'gives one answer in split rounds over memory and MQTT, with one worker and two: %s',
    async (_what, how) => {
      const sets = [`fallback=${how}`, 'fallback.mode=split-only', 'stop.rounds=2'];
      const memory = await run(sets);
      expect(memory.split).toBe(memory.selected);
      expect(memory.committed).toBeGreaterThan(0);
      expect(memory.refused + memory.failed).toBe(0);
      expect(digests(await run(sets, { workers: 2 }))).toEqual(digests(memory));
      expect(digests(await run(sets, { workers: 2, link: 'mqtt' }))).toEqual(digests(memory));
    },
  );

  it('loses nothing on a link that loses, duplicates and reorders, and still gives one answer', async () => {
    const faults = ['radio.faults={loss: 0.05, duplication: 0.05, reorderSeconds: 0.05}'];
    const memory = await run(faults);
    expect(memory.committed).toBeGreaterThan(0);
    expect(memory.refused).toBe(0);
    expect(digests(await run(faults, { workers: 2, link: 'mqtt' }))).toEqual(digests(memory));
  });

  it('crosses each mini-batch once and for all on such a link', async () => {
    const faults = ['radio.faults={loss: 0.05, duplication: 0.05, reorderSeconds: 0.05}', 'stop.rounds=2'];
    const split = [...faults, 'fallback={mode: split-only, cut: 1, checkpointSteps: 1}'];
    const memory = await run(split);
    expect(memory.committed).toBeGreaterThan(0);
    expect(memory.refused + memory.failed).toBe(0);
    expect(digests(await run(split, { workers: 2, link: 'mqtt' }))).toEqual(digests(memory));
  });

  it('gives cars the data of the place where they first drive', async () => {
    const summary = await run(['data.partition={kind: by-place}', 'stop.rounds=1']);
    expect(summary.committed).toBeGreaterThan(0);
  });

  it('stops cleanly when asked, with the log complete', async () => {
    let asked = 0;
    const summary = await run(['stop.rounds=50'], {
      stopRequested: () => (++asked > 3000 ? 'enough' : null),
    });
    const ledger = Ledger.open(join(summary.database, '..'), { readOnly: true });
    const last = ledger.events().at(-1);
    ledger.close();
    expect(last?.body).toMatchObject({ kind: 'run-closed', reason: 'enough' });
  });
});
