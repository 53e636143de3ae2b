// A run of two rounds and three vehicles, written by hand, with numbers small enough to check by eye. Used by the tests
// of the store, the feed and the commands. Must not: import a test.

import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { RsuId, RunId, VehicleId } from '../../base/ids.ts';
import type { EventBody, Outcome } from '../../protocol/events.ts';
import type { RunInfo, RunSummary } from '../../protocol/run-info.ts';
import type { Entry } from '../../roadside/store/ledger.ts';
import type { ManifestStart } from '../../roadside/store/manifest.ts';
import { createRun, type RunStores } from '../../roadside/store/run-directory.ts';

export const scratchFolder = (): string => mkdtempSync(join(tmpdir(), 'roadbed-store-'));

export const runIdOf = (text: string): RunId => text as RunId;
const car = (n: number): VehicleId => `car-${n}` as VehicleId;
const rsu = 'rsu-1' as RsuId;

export function manifestOf(runId: string, startedAt = '2026-01-02T03:04:05.000Z'): ManifestStart {
  return {
    runId: runIdOf(runId),
    scenario: { name: 'small', description: 'two rounds by hand' },
    seed: 7,
    engine: 'cpu',
    engineReasons: ['nothing faster is installed'],
    link: 'memory',
    versions: { node: '20.20.2', roadbed: '0.1.0', platform: 'linux-x64', cpu: 'test' },
    argv: ['run', 'small.yaml'],
    scene: { box: { minX: 0, minY: 0, maxX: 100, maxY: 50 }, roads: [], rsus: [] },
    startedAt,
  };
}

export function infoOf(runId: string): Omit<RunInfo, 'vehicles' | 'lastAt' | 'status'> {
  const { scenario, seed, engine, link, startedAt, scene } = manifestOf(runId);
  return {
    runId,
    scenario: scenario.name,
    description: scenario.description,
    seed,
    engine,
    link,
    startedAt,
    scene,
  };
}

export const summaryOf = (runId: string, eventLogSha256: string): RunSummary => ({
  runId,
  database: `runs/${runId}/ledger.sqlite`,
  rounds: 2,
  testAccuracy: 0.75,
  testLoss: 0.5,
  selected: 3,
  contributionShare: 2 / 3,
  committed: 2,
  left: 1,
  late: 0,
  refused: 0,
  failed: 0,
  split: 1,
  bytesUp: 350,
  bytesDown: 900,
  handovers: 0,
  transfersHandedOver: 0,
  splitsHandedOver: 0,
  prediction: null,
  virtualSeconds: 40,
  wallSeconds: 1.5,
  eventLogSha256,
  modelSha256: 'b'.repeat(64),
  engine: 'cpu',
});

const selected = (round: number, n: number, plan: 'full' | 'split', score: number): EventBody => ({
  kind: 'vehicle-selected',
  round,
  vehicle: car(n),
  arm: `zone-${n}`,
  score,
  terms: { mean: score - 0.25, bonus: 0.25 },
  reason: 'best, "so far"',
  plan,
  cut: 2,
  estimate: {
    secondsLeft: 30,
    uplinkBitsPerSecond: 1e6,
    fullSeconds: 12.5,
    splitSeconds: plan === 'split' ? 8 : null,
  },
});

const ended = (round: number, n: number, outcome: Outcome, up: number): EventBody => ({
  kind: 'vehicle-outcome',
  round,
  vehicle: car(n),
  outcome,
  plan: n === 2 ? 'split' : 'full',
  reason: outcome === 'left' ? 'out of coverage' : 'update committed',
  booking: { seconds: 10 + n, joules: 20 + n, bytesUp: up, bytesDown: 300 },
  wasted: outcome !== 'committed',
});

const committed = (round: number, n: number): EventBody => ({
  kind: 'update-committed',
  round,
  vehicle: car(n),
  plan: n === 2 ? 'split' : 'full',
  key: `${round}/car-${n}/update`,
  updateSha: 'c'.repeat(64),
  samples: 100,
  trainLoss: 1.25,
});

const closed = (
  round: number,
  counts: { selected: number; left: number; split: number; up: number; down: number },
): EventBody => ({
  kind: 'round-closed',
  round,
  modelSha: 'b'.repeat(64),
  durationSeconds: 15.5,
  participationRatio: (counts.selected - counts.left) / counts.selected,
  utility: 0.625,
  selected: counts.selected,
  committed: counts.selected - counts.left,
  left: counts.left,
  late: 0,
  refused: 0,
  failed: 0,
  split: counts.split,
  skipped: 0,
  bytesUp: counts.up,
  bytesDown: counts.down,
  wastedSeconds: counts.left * 12,
  wastedJoules: counts.left * 22,
});

const evaluated = (round: number, accuracy: number, loss: number): EventBody => ({
  kind: 'model-evaluated',
  round,
  modelSha: 'b'.repeat(64),
  loss,
  accuracy,
  samples: 50,
});

const at = (instant: number, body: EventBody): Entry => ({ at: instant, body });

/** The whole run, 24 events. */
export const smallRun: readonly Entry[] = [
  at(0, { kind: 'run-opened', scenario: { name: 'small' }, modelSha: 'a'.repeat(64), dataFingerprint: 'd' }),
  at(0.5, { kind: 'vehicle-entered', vehicle: car(1), rsu }),
  at(0.5, { kind: 'vehicle-entered', vehicle: car(2), rsu }),
  at(1, { kind: 'vehicle-known', vehicle: car(1), device: 'jetson-nano', samples: 100 }),
  at(2, { kind: 'message-refused', vehicle: null, reason: 'unknown kind, line 1\nline 2' }),
  at(5, { kind: 'round-opened', round: 1, modelSha: 'a'.repeat(64), candidates: 2 }),
  at(5, selected(1, 1, 'full', 0.5)),
  at(5, selected(1, 2, 'split', 0.75)),
  at(15, committed(1, 1)),
  at(15, ended(1, 1, 'committed', 250)),
  at(18, { kind: 'vehicle-left', vehicle: car(2) }),
  at(18, ended(1, 2, 'left', 50)),
  at(20.5, { kind: 'arm-rewarded', round: 1, arm: 'zone-1', reward: 1, pulls: 1, meanReward: 1 }),
  at(20.5, closed(1, { selected: 2, left: 1, split: 1, up: 300, down: 600 })),
  at(20.5, evaluated(1, 0.5, 0.9)),
  at(24, { kind: 'vehicle-entered', vehicle: car(2), rsu }),
  at(24.5, { kind: 'round-opened', round: 2, modelSha: 'b'.repeat(64), candidates: 2 }),
  at(24.5, {
    kind: 'vehicle-skipped',
    round: 2,
    vehicle: car(2),
    reason: 'no plan fits',
    estimate: { secondsLeft: 3, uplinkBitsPerSecond: 1e6, fullSeconds: 12.5, splitSeconds: 8 },
  }),
  at(24.5, selected(2, 1, 'full', 1)),
  at(30, { kind: 'update-refused', round: 2, vehicle: car(1), key: '2/car-1/update', reason: 'norm' }),
  at(38, committed(2, 1)),
  at(38, ended(2, 1, 'committed', 50)),
  at(40, closed(2, { selected: 1, left: 0, split: 0, up: 50, down: 300 })),
  at(40, evaluated(2, 0.75, 0.5)),
];

/** Makes the small run on disk and leaves it open, as while it runs. */
export function writeSmallRun(runsDirectory: string, runId: string, startedAt?: string): RunStores {
  const stores = createRun(runsDirectory, runIdOf(runId), manifestOf(runId, startedAt));
  stores.ledger.append(smallRun);
  stores.telemetry.addVehicles(0, ['car-1', 'car-2']);
  for (let i = 0; i < 5; i++) stores.telemetry.addFrame(i, Uint8Array.of(i, i, i));
  return stores;
}

/** Makes the small run on disk, finished and closed. */
export function writeFinishedRun(runsDirectory: string, runId: string, startedAt?: string): void {
  const stores = writeSmallRun(runsDirectory, runId, startedAt);
  stores.ledger.finish(summaryOf(runId, stores.ledger.eventLogSha256()), '2026-01-02T03:05:00.000Z');
  stores.close();
}
