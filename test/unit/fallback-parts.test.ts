// What decisions are made of: chances, the wait at the RSU's processor, the channel along the road; numbers by hand.

import { describe, expect, it } from 'vitest';
import type { RoadId, RsuId } from '../../base/ids.ts';
import { chanceOfStay, withPredictions } from '../../roadside/cuts/chance.ts';
import { estimate } from '../../roadside/cuts/estimate.ts';
import { channelAhead, type RadioMap, withBeacon } from '../../roadside/cuts/radio-map.ts';
import { noLoad, type StepShare, waitSeconds, withShare } from '../../roadside/cuts/server-queue.ts';
import { Journey } from '../../roadside/cuts/travel.ts';
import type { RoundEffect } from '../../roadside/round/types.ts';
import { beacon, candidateA, carA, carB, hello, logsOf, makeConfig, World } from '../support/round-world.ts';

describe('the chance of a stay', () => {
  it('is that of the prediction alone while nothing is known of its errors', () => {
    expect([chanceOfStay([], 10, 10), chanceOfStay([], 10, 10.1)]).toEqual([1, 0]);
  });

  it('is the share of past stays that would have been long enough, with four that came as predicted', () => {
    // Of 0.5, 1, 1.5 and 2 times 10 s two reach 12 s; of the four exact ones none does.
    expect(chanceOfStay([0.5, 1, 1.5, 2], 10, 12)).toBe(2 / 8);
    expect(chanceOfStay([0.5, 1, 1.5, 2], 10, 8)).toBe(7 / 8);
  });

  it('learns from the method that decides, and not from predictions of next to nothing', () => {
    const predictions = [
      { at: 0, actualSeconds: 12, roadSeconds: 10, learnedSeconds: 8 },
      { at: 1, actualSeconds: 3, roadSeconds: 0.4, learnedSeconds: 0.4 },
    ];
    expect(withPredictions([1], predictions, 'road')).toEqual([1, 1.2]);
    expect(withPredictions([1], predictions, 'learned')).toEqual([1, 1.5]);
  });
});

const loadOf = (shares: readonly StepShare[]) => shares.reduce(withShare, noLoad);

describe('the wait at the processor', () => {
  const own = { serverSeconds: 1, cycleSeconds: 10 };

  it('is nothing alone', () => expect(waitSeconds(own, noLoad)).toBe(0));

  it('is the mean rest of a mini-batch that is found there', () => {
    // Found with probability 2 / 8, half of its 2 s to go.
    expect(waitSeconds(own, loadOf([{ serverSeconds: 2, cycleSeconds: 8 }]))).toBeCloseTo(0.25, 12);
  });

  it('is what does not fit into the own cycle where the processor never rests', () => {
    // Four of 6 s each: 24 s of others' work, 9 s of them while the car is away.
    const others = Array.from({ length: 4 }, () => ({ serverSeconds: 6, cycleSeconds: 12 }));
    expect(waitSeconds(own, loadOf(others))).toBe(15);
  });

  it('makes the estimate of a split longer, never shorter', () => {
    const config = makeConfig({ fallback: { serverFlopsPerSecond: 1e8 } });
    const alone = estimate(config, candidateA, 1e6, 1e6).split;
    const serverLoad = loadOf([alone!.share, alone!.share, alone!.share]);
    const busy = estimate(config, candidateA, 1e6, 1e6, { serverLoad }).split;
    // The upper part: 200 passes x 9e6 / 1e8 = 18 s; each of three others as much, less the car's own 0.59 s away.
    expect(alone?.path.serverSeconds).toBeCloseTo(18, 9);
    const away = alone!.path.totalSeconds - 18 - 2 * 0.005;
    expect(busy!.path.serverSeconds - 18).toBeGreaterThan(54 - away - 0.1);
    expect(busy!.path.serverSeconds - 18).toBeLessThanOrEqual(54);
  });
});

describe('the channel along the road', () => {
  const coverage = [{ rsu: 'rsu-1' as RsuId, road: 'main' as RoadId, fromMeters: 0, toMeters: 130 }];
  const heard: RadioMap = [
    { road: 'main', offsetMeters: 60, bitsPerSecondPerHertz: 4 },
    { road: 'main', offsetMeters: 70, bitsPerSecondPerHertz: 6 },
  ].reduce(withBeacon, new Map() as RadioMap);
  const spot = { road: 'main', offsetMeters: 30, speedMps: 10, bitsPerSecondPerHertz: 2 };

  it('is the mean of what cars reported of each stretch, and that of now where none has been', () => {
    expect(channelAhead(heard, coverage, spot)).toEqual([
      { seconds: 2, bitsPerSecondPerHertz: 2 },
      { seconds: 5, bitsPerSecondPerHertz: 5 },
      { seconds: 3, bitsPerSecondPerHertz: 2 },
    ]);
  });

  it('is that of now outside coverage', () => {
    const pieces = channelAhead(heard, coverage, { ...spot, offsetMeters: 200 });
    expect(pieces).toEqual([{ seconds: Number.POSITIVE_INFINITY, bitsPerSecondPerHertz: 2 }]);
  });

  it('carries work over stretches at the rate of each, and on at that of the last', () => {
    const journey = new Journey(channelAhead(heard, coverage, spot), (efficiency) => ({
      up: efficiency,
      down: 2 * efficiency,
    }));
    // 4 bits in the first 2 s, 25 in the next 5 s, 1 of the last at 2 bit/s.
    expect(journey.spend({ bitsUp: 30, bitsDown: 0, fixedSeconds: 0 }).upSeconds).toBeCloseTo(7.5, 12);
    // On the last stretch for ever: 40 bits at 4 bit/s, 20 at 2, and 1 s of computing.
    expect(journey.spend({ bitsUp: 20, bitsDown: 40, fixedSeconds: 1 })).toEqual({
      upSeconds: expect.closeTo(10, 9),
      downSeconds: expect.closeTo(10, 9),
      fixedSeconds: expect.closeTo(1, 9),
    });
  });

  it('gives the estimate of one channel where all stretches are alike', () => {
    const pieces = [3, 1, 2].map((seconds) => ({ seconds, bitsPerSecondPerHertz: 10 }));
    const along = estimate(makeConfig(), candidateA, 1e4, 1e4, { ahead: pieces });
    const plain = estimate(makeConfig(), candidateA, 1e4, 1e4);
    expect(along.full.totalSeconds).toBeCloseTo(plain.full.totalSeconds, 9);
    expect(along.split?.path.totalSeconds).toBeCloseTo(plain.split!.path.totalSeconds, 9);
  });
});

describe('what the log says of a decision', () => {
  it('is the chance of each path, where decisions go by chances', () => {
    const world = new World(makeConfig({ fallback: { confidence: 0.5 }, prediction: { method: 'road' } }));
    world.tell({ kind: 'started', at: 0, modelSha: '0'.repeat(64) as never }, hello(carA), beacon(carA));
    const [selected] = logsOf(world.tell({ kind: 'round-due', at: 0 }), 'vehicle-selected');
    expect(selected?.estimate).toMatchObject({ fullChance: 1, splitChance: 1 });
  });

  it('holds past errors against a prediction', () => {
    const config = makeConfig({ fallback: { confidence: 0.9, safetyFactor: 1 } });
    const world = new World({ ...config, scenario: { ...config.scenario, prediction: { method: 'road' } } });
    world.tell({ kind: 'started', at: 0, modelSha: '0'.repeat(64) as never }, hello(carA));
    // Ten stays that were promised 100 s and ended after 1 s.
    for (let i = 0; i < 10; i++) {
      const at = i * 10;
      world.tell({ ...beacon(carA, { offsetMeters: 0 }), at } as never, {
        kind: 'vehicle-left',
        at: at + 1,
        vehicle: carA,
      });
    }
    world.tell({ ...beacon(carA, { offsetMeters: 500 }), at: 200 } as never);
    const effects = world.tell({ kind: 'round-due', at: 200 });
    const [skipped] = logsOf(effects, 'vehicle-skipped');
    expect(skipped?.estimate).toMatchObject({ secondsLeft: 50, fullChance: 4 / 14 });
  });
});

describe('the load of the server in an asynchronous run', () => {
  it('counts the split tasks that are under way', () => {
    const world = new World(
      makeConfig({
        aggregation: { rule: 'fedbuff', parameters: { bufferSize: 2 } },
        selection: { perRound: 2, policy: 'random' },
        fallback: { mode: 'split-only', serverFlopsPerSecond: 1e8 },
      }),
    );
    world.tell({ kind: 'started', at: 0, modelSha: '0'.repeat(64) as never }, hello(carA), beacon(carA));
    const splitSeconds = (effects: readonly RoundEffect[]): (number | null)[] =>
      logsOf(effects, 'vehicle-selected').map(({ estimate: seconds }) => seconds.splitSeconds);
    const [alone] = splitSeconds(world.tell({ kind: 'round-due', at: 0 }));
    world.tell(hello(carB), { ...beacon(carB), at: 1 } as never);
    const [second] = splitSeconds(world.tell({ kind: 'round-due', at: 1 }));
    // The processor takes 18 s for each of the two; the second finds it busy for nearly all of the first's.
    expect(second! - alone!).toBeGreaterThan(15);
    expect(second! - alone!).toBeLessThanOrEqual(18);
  });
});
