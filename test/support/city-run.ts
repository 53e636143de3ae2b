// A synthetic run to look at: 36 cars on a grid of streets, two RSUs, three rounds in which every outcome and both plans
// happen. Made from a seed, so every figure the page shows can be foretold. Must not: import a test.

import type { RsuId, VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import type { Booking, EventBody, LoggedEvent, Outcome } from '../../protocol/events.ts';
import type { Frame, FrameState, FrameVehicle } from '../../protocol/frame.ts';
import { encodeFrame } from '../../protocol/frame.ts';
import type { MapScene } from '../../protocol/run-info.ts';

const across = [0, 260, 520, 780];
const along = [0, 300, 600, 900, 1200];

export const cityScene: MapScene = {
  box: { minX: -40, minY: -40, maxX: 1240, maxY: 820 },
  roads: [
    ...across.map((y, i) => ({ id: `street-${i}`, points: [[0, y] as const, [1200, y] as const] })),
    ...along.map((x, i) => ({ id: `avenue-${i}`, points: [[x, 0] as const, [x, 780] as const] })),
  ],
  rsus: [
    { id: 'rsu-west', x: 300, y: 390, coverageRadiusMeters: 290 },
    { id: 'rsu-east', x: 905, y: 400, coverageRadiusMeters: 290 },
  ],
};

export const cityVehicles = Array.from(
  { length: 36 },
  (_, i) => `car-${String(i + 1).padStart(2, '0')}` as VehicleId,
);
export const citySeconds = 90;
const chosenPerRound = 8;
const roundStarts = [2, 31, 60];
const endings: readonly Outcome[] = [
  'committed',
  'left',
  'committed',
  'late',
  'committed',
  'refused',
  'committed',
  'failed',
];

interface Drive {
  readonly horizontal: boolean;
  readonly line: number;
  readonly start: number;
  readonly speedMps: number;
}

/** One vehicle's part in a round, as planned by this file. */
interface Part {
  readonly round: number;
  readonly index: number;
  readonly split: boolean;
  readonly outcome: Outcome;
  readonly trainAt: number;
  readonly sendAt: number;
  readonly endAt: number;
  readonly openedAt: number;
}

const rng = Rng.root(11);
const drives: readonly Drive[] = cityVehicles.map((_, i) => {
  const horizontal = i % 2 === 0;
  const lines = horizontal ? across : along;
  const line = lines[rng.integer(lines.length)] ?? 0;
  return { horizontal, line, start: rng.between(0, 2000), speedMps: rng.between(8, 16) };
});

const parts: readonly Part[] = roundStarts.flatMap((openedAt, r) =>
  Array.from({ length: chosenPerRound }, (_, k): Part => {
    const trainAt = openedAt + rng.between(2, 4);
    const sendAt = trainAt + rng.between(5, 9);
    return {
      round: r + 1,
      index: (r * 7 + k * 4) % cityVehicles.length,
      split: k % 3 === 1,
      outcome: endings[(k + r) % endings.length] ?? 'committed',
      trainAt,
      sendAt,
      endAt: sendAt + rng.between(5, 10),
      openedAt,
    };
  }),
);

function place(drive: Drive, at: number): { x: number; y: number; headingRadians: number } {
  const length = drive.horizontal ? 1200 : 780;
  const driven = (drive.start + drive.speedMps * at) % (2 * length);
  const back = driven > length;
  const along = back ? 2 * length - driven : driven;
  const lane = back ? 3 : -3;
  return drive.horizontal
    ? { x: along, y: drive.line + lane, headingRadians: back ? Math.PI : 0 }
    : { x: drive.line - lane, y: along, headingRadians: back ? 1.5 * Math.PI : Math.PI / 2 };
}

function nearRsu(drive: Drive, at: number): RsuId | null {
  const { x, y } = place(drive, at);
  const near = cityScene.rsus.find((rsu) => Math.hypot(rsu.x - x, rsu.y - y) <= rsu.coverageRadiusMeters);
  return (near?.id ?? null) as RsuId | null;
}

/** The map at `at` seconds. */
export function cityFrame(at: number): Frame {
  const vehicles = drives.map((drive, index): FrameVehicle => {
    const inCoverage = nearRsu(drive, at) !== null;
    const part = parts.findLast((p) => p.index === index && p.openedAt <= at);
    const { state, progress } = activity(part, at, inCoverage);
    const over = part !== undefined && part.endAt <= at;
    const thisRound = part !== undefined && at < part.openedAt + 28;
    return {
      index,
      ...place(drive, at),
      state,
      progress,
      inCoverage,
      selected: thisRound && !over,
      split: thisRound && part.split,
      committed: thisRound && over && part.outcome === 'committed',
      lost: thisRound && over && part.outcome !== 'committed',
      speedMps: drive.speedMps,
    };
  });
  return { at, vehicles };
}

function activity(
  part: Part | undefined,
  at: number,
  inCoverage: boolean,
): { state: FrameState; progress: number } {
  if (part === undefined || at >= part.endAt) return { state: inCoverage ? 'in-range' : 'idle', progress: 0 };
  if (at < part.trainAt) {
    return { state: 'downloading', progress: (at - part.openedAt) / (part.trainAt - part.openedAt) };
  }
  if (at < part.sendAt) return { state: part.split ? 'splitting' : 'training', progress: 0 };
  return { state: 'uploading', progress: (at - part.sendAt) / (part.endAt - part.sendAt) };
}

/** Encoded frames, two a second. */
export const cityFrames = Array.from({ length: 2 * citySeconds + 1 }, (_, i) => ({
  at: i / 2,
  bytes: encodeFrame(cityFrame(i / 2), cityScene.box),
}));

const sha = (letter: string): string => letter.repeat(64);
const bookingOf = (part: Part): Booking => ({
  seconds: part.endAt - part.openedAt,
  joules: 10 * (part.endAt - part.openedAt),
  bytesUp: part.outcome === 'committed' ? 420_000 : 150_000,
  bytesDown: 500_000,
});

interface Timed {
  readonly at: number;
  readonly body: EventBody;
}

function partEvents(part: Part): Timed[] {
  const { round, outcome, endAt } = part;
  const vehicle = cityVehicles[part.index] as VehicleId;
  const plan = part.split ? ('split' as const) : ('full' as const);
  const estimate = { secondsLeft: 31.5, uplinkBitsPerSecond: 8.2e6, fullSeconds: 21.4, splitSeconds: 13.2 };
  const [mean, bonus] = [0.5 + part.index / 100, 0.25];
  const chosen = { arm: vehicle, score: mean + bonus, terms: { mean, bonus }, reason: 'highest score' };
  const events: Timed[] = [
    {
      at: part.openedAt,
      body: { kind: 'vehicle-selected', round, vehicle, ...chosen, plan, cut: 2, estimate },
    },
    { at: part.openedAt, body: { kind: 'vehicle-state', vehicle, state: 'downloading', round } },
    {
      at: part.trainAt,
      body: { kind: 'vehicle-state', vehicle, state: part.split ? 'splitting' : 'training', round },
    },
    { at: part.sendAt, body: { kind: 'vehicle-state', vehicle, state: 'uploading', round } },
    { at: (part.sendAt + endAt) / 2, body: { kind: 'upload-progress', round, vehicle, have: 4, total: 7 } },
  ];
  const key = `${round}/${vehicle}/update`;
  if (outcome === 'committed') {
    const stored = { key, updateSha: sha('c'), samples: 100, trainLoss: 1.1 / round };
    events.push({ at: endAt, body: { kind: 'update-committed', round, vehicle, plan, ...stored } });
  }
  if (outcome === 'refused') {
    events.push({
      at: endAt,
      body: { kind: 'update-refused', round, vehicle, key, reason: 'norm too large' },
    });
  }
  const reason = {
    committed: '',
    left: 'out of coverage',
    late: 'deadline',
    refused: 'norm too large',
    failed: 'path lost',
  };
  const wasted = outcome !== 'committed';
  events.push({
    at: endAt,
    body: {
      kind: 'vehicle-outcome',
      round,
      vehicle,
      outcome,
      plan,
      reason: reason[outcome],
      booking: bookingOf(part),
      wasted,
    },
  });
  return events;
}

function closing(round: number): Timed[] {
  const mine = parts.filter((part) => part.round === round);
  const count = (outcome: Outcome) => mine.filter((part) => part.outcome === outcome).length;
  const sum = (of: (booking: Booking) => number, some = mine) =>
    some.reduce((total, part) => total + of(bookingOf(part)), 0);
  const lost = mine.filter((part) => part.outcome !== 'committed');
  const at = (roundStarts[round - 1] ?? 0) + 28;
  return [
    {
      at,
      body: {
        kind: 'round-closed',
        round,
        modelSha: sha('b'),
        durationSeconds: 28,
        participationRatio: count('committed') / chosenPerRound,
        utility: 0.5,
        selected: mine.length,
        committed: count('committed'),
        left: count('left'),
        late: count('late'),
        refused: count('refused'),
        failed: count('failed'),
        split: mine.filter((part) => part.split).length,
        skipped: 1,
        bytesUp: sum((booking) => booking.bytesUp),
        bytesDown: sum((booking) => booking.bytesDown),
        wastedSeconds: sum((booking) => booking.seconds, lost),
        wastedJoules: sum((booking) => booking.joules, lost),
      },
    },
    {
      at,
      body: {
        kind: 'model-evaluated',
        round,
        modelSha: sha('b'),
        loss: 2.3 / (1 + round),
        accuracy: 1 - 0.9 / (1 + round),
        samples: 1000,
      },
    },
  ];
}

function opening(round: number): Timed[] {
  const at = roundStarts[round - 1] ?? 0;
  const estimate = { secondsLeft: 2.5, uplinkBitsPerSecond: 2e6, fullSeconds: 21.4, splitSeconds: null };
  const vehicle = cityVehicles[35] as VehicleId;
  return [
    { at, body: { kind: 'round-opened', round, modelSha: sha('a'), candidates: 14 } },
    { at, body: { kind: 'vehicle-skipped', round, vehicle, reason: 'no plan fits', estimate } },
  ];
}

function coverage(): Timed[] {
  return drives.flatMap((drive, index) => {
    const vehicle = cityVehicles[index] as VehicleId;
    const events: Timed[] = [];
    let rsu: RsuId | null = null;
    for (let at = 0; at <= citySeconds; at += 0.5) {
      const now = nearRsu(drive, at);
      if (now !== null && rsu === null) {
        events.push({ at, body: { kind: 'vehicle-entered', vehicle, rsu: now } });
        if (events.length === 1) {
          events.push({
            at,
            body: { kind: 'vehicle-known', vehicle, device: 'jetson-orin-nano', samples: 100 },
          });
        }
      } else if (now === null && rsu !== null) {
        events.push({ at, body: { kind: 'vehicle-left', vehicle } });
      } else if (now !== null && rsu !== null && now !== rsu) {
        events.push({ at, body: { kind: 'handover', vehicle, from: rsu, to: now } });
      }
      rsu = now;
    }
    return events;
  });
}

const opened: EventBody = { kind: 'run-opened', scenario: {}, modelSha: sha('a'), dataFingerprint: 'd' };
const first: EventBody = {
  kind: 'model-evaluated',
  round: 0,
  modelSha: sha('a'),
  loss: 2.3,
  accuracy: 0.1,
  samples: 1000,
};

/** The whole event log, in order of time; of equal times, in order of cause. */
export const cityEvents: readonly LoggedEvent[] = [
  { at: 0, body: opened },
  { at: 0, body: first },
  ...[1, 2, 3].flatMap(opening),
  ...coverage(),
  ...parts.flatMap(partEvents),
  ...[1, 2, 3].flatMap(closing),
  { at: 90, body: { kind: 'run-closed', reason: 'all rounds done', rounds: 3, modelSha: sha('b') } as const },
]
  .sort((a, b) => a.at - b.at)
  .map((event, i) => ({ seq: i + 1, ...event }));
