// Small parts of the testbed: totals of a log, the plan of a scenario, map frames, progress, exit codes.

import { describe, expect, it } from 'vitest';
import type { RoadId, RsuId, VehicleId } from '../../base/ids.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { Fix } from '../../mobility/types.ts';
import type { EventBody, LoggedEvent } from '../../protocol/events.ts';
import { decodeFrame } from '../../protocol/frame.ts';
import { scenarioSchema } from '../../protocol/scenario/schema.ts';
import { main } from '../../testbed/cli.ts';
import { FrameMaker } from '../../testbed/map-frames.ts';
import { delayBounds, deviceOf, slowdownOf } from '../../testbed/plan.ts';
import { RunProgress } from '../../testbed/progress.ts';
import { TotalsFold } from '../../testbed/totals.ts';

const car = 'v1' as VehicleId;
const sha = 'a'.repeat(64);
const logged = (bodies: readonly EventBody[]): LoggedEvent[] =>
  bodies.map((body, i) => ({ seq: i + 1, at: i, body }));

const closed = (round: number, committed: number, left: number): EventBody => ({
  kind: 'round-closed',
  round,
  modelSha: sha,
  durationSeconds: 5,
  participationRatio: committed / (committed + left),
  utility: 0.1,
  selected: committed + left,
  committed,
  left,
  late: 0,
  refused: 0,
  failed: 0,
  split: 1,
  skipped: 2,
  bytesUp: 100,
  bytesDown: 200,
  wastedSeconds: left,
  wastedJoules: 10 * left,
});

describe('the totals of a run', () => {
  it('are the sums of its rounds and the last evaluation', () => {
    const fold = new TotalsFold();
    fold.hear(
      logged([
        closed(1, 3, 1),
        { kind: 'model-evaluated', round: 1, modelSha: sha, loss: 2, accuracy: 0.25, samples: 9 },
        closed(2, 2, 0),
      ]),
    );
    expect(fold.totals).toMatchObject({
      rounds: 2,
      selected: 6,
      committed: 5,
      left: 1,
      split: 2,
      bytesUp: 200,
      bytesDown: 400,
      testAccuracy: 0.25,
      testLoss: 2,
      virtualSeconds: 2,
      modelSha: sha,
    });
  });

  it('refuse a log whose accounting identity does not hold', () => {
    const fold = new TotalsFold();
    fold.hear(logged([{ ...closed(1, 3, 1), selected: 5 } as EventBody]));
    expect(() => fold.totals).toThrow('selected = committed + left + late + refused + failed');
  });
});

const scenario = scenarioSchema.parse({
  name: 'plan',
  rsus: [{ id: 'r', x: 0, y: 0 }],
  devices: [
    { name: 'quick', share: 3, trainingFlopsPerSecond: 2e9, speedSpread: 0.5 },
    { name: 'slow', share: 1, trainingFlopsPerSecond: 1e9, speedSpread: 0 },
  ],
});

describe('the plan of a scenario', () => {
  it('deals devices by their shares, each vehicle from its own stream', () => {
    const names = Array.from({ length: 4000 }, (_, i) => deviceOf(scenario, `v${i}` as VehicleId).name);
    expect(names.filter((name) => name === 'quick').length / 4000).toBeCloseTo(0.75, 1);
    expect(deviceOf(scenario, car)).toEqual(deviceOf(scenario, car));
  });

  it('slows a car within the spread of its device, the same in the same round', () => {
    const quick = Array.from({ length: 50 }, (_, i) => `v${i}` as VehicleId).find(
      (v) => deviceOf(scenario, v).name === 'quick',
    )!;
    const slowdown = slowdownOf(scenario, quick);
    const drawn = Array.from({ length: 200 }, (_, round) => slowdown(round));
    expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0.5);
    expect(Math.max(...drawn)).toBeLessThanOrEqual(1.5);
    expect(slowdownOf(scenario, quick)(7)).toBe(drawn[7]);
  });

  it('bounds a round’s delay by the golden upload times of the paper’s channel and the devices', () => {
    const cost = modelCost({ name: 'lenet5', inputShape: [32, 32, 3], classes: 43 });
    const flops = 2 * 600 * (cost.forwardFlops + cost.backwardFlops);
    const bounds = delayBounds(scenario, cost);
    // Spec 1.5: LeNet uploads in 0.150 s from the zone under the antenna; the edge of a 500 m disc is a little beyond 475.66 m.
    expect(bounds.minSeconds - flops / 2e9).toBeCloseTo(0.15, 3);
    expect(bounds.maxSeconds - flops / 1e9).toBeGreaterThan(0.385);
    expect(bounds.maxSeconds - flops / 1e9).toBeLessThan(0.4);
  });
});

describe('map frames', () => {
  const fix: Fix = {
    vehicle: car,
    at: 2,
    x: 50,
    y: 20,
    headingRadians: 0,
    speedMps: 10,
    road: 'a' as RoadId,
    offsetMeters: 5,
    serving: 'r' as RsuId,
    bitsPerSecondPerHertz: 3,
  };
  const selected: EventBody = {
    kind: 'vehicle-selected',
    round: 1,
    vehicle: car,
    arm: 'v1',
    score: 0,
    terms: {},
    reason: '',
    plan: 'split',
    cut: 1,
    estimate: { secondsLeft: 1, uplinkBitsPerSecond: 1, fullSeconds: 1, splitSeconds: 1 },
  };
  const outcome: EventBody = {
    kind: 'vehicle-outcome',
    round: 1,
    vehicle: car,
    outcome: 'left',
    plan: 'split',
    reason: '',
    booking: { seconds: 1, joules: 1, bytesUp: 0, bytesDown: 0 },
    wasted: true,
  };

  it('show who is chosen, then how it ended, then forget it', () => {
    const maker = new FrameMaker({ minX: 0, minY: 0, maxX: 100, maxY: 100 });
    const shown = (at: number) =>
      decodeFrame(maker.make(at, [{ ...fix, at }], () => ({ state: 'splitting', progress: 0.5 })).bytes)
        .vehicles[0]!;
    maker.hear([{ seq: 1, at: 1, body: selected }]);
    expect(shown(2)).toMatchObject({
      selected: true,
      split: true,
      lost: false,
      state: 'splitting',
      inCoverage: true,
    });
    maker.hear([{ seq: 2, at: 3, body: outcome }]);
    expect(shown(4)).toMatchObject({ selected: false, lost: true });
    expect(shown(10)).toMatchObject({ lost: false, split: false });
  });

  it('number vehicles in the order they appear', () => {
    const maker = new FrameMaker({ minX: 0, minY: 0, maxX: 100, maxY: 100 });
    const second = { ...fix, vehicle: 'v2' as VehicleId };
    expect(maker.make(0, [fix], () => undefined)).toMatchObject({ newIds: ['v1'], firstNew: 0 });
    expect(maker.make(1, [fix, second], () => undefined)).toMatchObject({ newIds: ['v2'], firstNew: 1 });
    expect(maker.make(2, [fix, second], () => undefined)).toMatchObject({ newIds: [], firstNew: 2 });
  });
});

describe('the progress line', () => {
  it('prints a line for each evaluation where nobody looks at a terminal', () => {
    const lines: string[] = [];
    const progress = new RunProgress({ write: (text) => lines.push(text) }, 10);
    progress.hear(
      logged([
        closed(1, 1, 0),
        { kind: 'model-evaluated', round: 1, modelSha: sha, loss: 2, accuracy: 0.5, samples: 9 },
      ]),
    );
    progress.done();
    expect(lines).toEqual(['round 1/10  accuracy 50.0 %  virtual time 1 s\n']);
  });
});

describe('the command line', () => {
  const run = async (...argv: string[]): Promise<[number, string]> => {
    const lines: string[] = [];
    const keep = (line: string): void => void lines.push(line);
    return [await main(argv, { out: keep, err: keep, isTerminal: false, colour: false }), lines.join('\n')];
  };

  it('refuses a misspelt key by name, with the legal one, and exit code 3', async () => {
    const [code, text] = await run('run', 'scenarios/highway-signs.yaml', '--set', 'selection.polcy=x');
    expect(code).toBe(3);
    expect(text).toContain('unknown key selection.polcy');
    expect(text).toContain('did you mean selection.policy?');
  });

  it('refuses unknown commands and values out of range with exit code 2', async () => {
    expect((await run('frobnicate'))[0]).toBe(2);
    const [code, text] = await run('run', 'scenarios/highway-signs.yaml', '--workers', '0');
    expect([code, text]).toEqual([2, '--workers 0: expected a whole number from 1 to 64']);
  });

  it('names a missing data folder with exit code 4', async () => {
    const [code, text] = await run('run', 'scenarios/highway-gtsrb.yaml', '--data', '/nowhere/at/all');
    expect(code).toBe(4);
    expect(text).toContain('/nowhere/at/all does not exist');
  });

  it('says where it looked for a broker that is not there, with exit code 6', async () => {
    const [code, text] = await run(
      'run',
      'scenarios/highway-signs.yaml',
      '--broker',
      'mqtt://127.0.0.1:9',
      '--rounds',
      '1',
    );
    expect(code).toBe(6);
    expect(text).toContain('cannot reach the MQTT broker at mqtt://127.0.0.1:9');
  });
});
