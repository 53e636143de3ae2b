// Closing a round: accounts, learning, evaluation, and the ways a run ends.

import { describe, expect, it } from 'vitest';
import { RoadbedError } from '../../base/errors.ts';
import { initialState } from '../../roadside/round/state.ts';
import {
  beacon,
  carA,
  carB,
  carC,
  cars,
  effectsOf,
  hello,
  logsOf,
  makeConfig,
  sha,
  update,
  World,
} from '../support/round-world.ts';

const aggregated = (at: number, round = 1) =>
  ({ kind: 'aggregated', at, round, modelSha: sha('c') }) as const;

function evaluated(at: number, accuracy: number, round = 1) {
  return { kind: 'evaluated', at, round, modelSha: sha('c'), loss: 1, accuracy, samples: 10 } as const;
}

describe('closing a round', () => {
  it('aggregates by vehicle id whatever the order of arrival', () => {
    const world = new World();
    world.openFirstRound();
    const effects = world.tell(update(carC, 3), update(carA, 4), update(carB, 5));
    expect(effects.slice(-2)).toEqual([
      { kind: 'timer', name: 'deadline', round: 1, delaySeconds: null },
      {
        kind: 'aggregate',
        round: 1,
        base: sha('0'),
        contributions: cars.map((vehicle) => ({
          vehicle,
          updateSha: sha('a'),
          weight: 1,
          steps: 8,
          trainLoss: 0.5,
        })),
      },
    ]);
  });

  it('weighs by the samples declared at hello, not by those an update claims', () => {
    const world = new World(makeConfig({ aggregation: { weighting: 'samples' } }));
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
    world.tell(hello(carA, { samples: 40 }), beacon(carA), { kind: 'round-due', at: 0 });
    const effects = world.tell(update(carA, 3, { samples: 1_000_000 }));
    expect(effectsOf(effects, 'aggregate')[0]?.contributions[0]?.weight).toBe(40);
  });

  it('logs the accounts, asks for an evaluation and for the next round, in that order', () => {
    const world = new World();
    world.openFirstRound();
    world.tell(update(carA, 3), { kind: 'vehicle-left', at: 4, vehicle: carB }, update(carC, 7));
    const effects = world.tell(aggregated(7));
    expect(effects.map((effect) => effect.kind)).toEqual(['log', 'evaluate', 'timer']);
    const [closed] = logsOf(effects, 'round-closed');
    expect(closed).toMatchObject({
      round: 1,
      modelSha: sha('c'),
      durationSeconds: 7,
      selected: 3,
      committed: 2,
      left: 1,
      late: 0,
      refused: 0,
      failed: 0,
      split: 0,
      skipped: 0,
      wastedSeconds: 2,
      wastedJoules: 20,
    });
    expect(closed?.participationRatio).toBe(2 / 3);
    // Phi = 0.6 x 2/3 - 0.4 x (7 - 2) / (12 - 2) = 0.4 - 0.2
    expect(closed?.utility).toBeCloseTo(0.2, 12);
    expect(effects.at(-1)).toEqual({ kind: 'timer', name: 'round-due', round: 2, delaySeconds: 0 });
  });

  it('keeps the model and closes at once when nobody committed, and the bandit learns from it', () => {
    const world = new World(makeConfig({ selection: { policy: 'mavfl', perRound: 3 } }));
    world.openFirstRound();
    const effects = world.tell({ kind: 'deadline', at: 60, round: 1 });
    expect(effectsOf(effects, 'aggregate')).toEqual([]);
    expect(logsOf(effects, 'round-closed')).toMatchObject([
      { modelSha: sha('0'), participationRatio: 0, late: 3 },
    ]);
    // T = 60 s is beyond the longest delay, so Phi = -(1 - 0.6).
    for (const entry of logsOf(effects, 'arm-rewarded')) {
      expect(entry.reward).toBeCloseTo(-0.4, 12);
      expect(entry.pulls).toBe(1);
    }
    expect(logsOf(effects, 'arm-rewarded')).toHaveLength(3);
  });

  it('hears a model or a deadline of another round as nothing', () => {
    const world = new World();
    world.openFirstRound();
    expect(world.tell({ kind: 'deadline', at: 60, round: 2 }, aggregated(60))).toEqual([]);
    world.tell(update(carA, 3), update(carB, 3), update(carC, 3));
    expect(world.tell({ kind: 'deadline', at: 60, round: 1 }, aggregated(60, 2))).toEqual([]);
  });
});

describe('the end of a run', () => {
  it('comes with the last evaluation after the last round', () => {
    const world = new World(makeConfig({ stop: { rounds: 1 } }));
    world.openFirstRound();
    world.tell(update(carA, 3), update(carB, 3), update(carC, 3));
    const closing = world.tell(aggregated(3));
    expect(effectsOf(closing, 'finish')).toEqual([]);
    expect(effectsOf(closing, 'timer')).toEqual([]);
    const effects = world.tell(evaluated(4, 0.5));
    expect(logsOf(effects, 'model-evaluated')).toHaveLength(1);
    expect(logsOf(effects, 'run-closed')).toEqual([
      { kind: 'run-closed', reason: 'all 1 rounds done', rounds: 1, modelSha: sha('c') },
    ]);
    expect(effects.at(-1)).toEqual({ kind: 'finish', reason: 'all 1 rounds done' });
    expect(world.tell({ kind: 'round-due', at: 5 }, update(carA, 6), hello(carB))).toEqual([]);
  });

  it('waits for each evaluation before the next round when an accuracy is aimed at', () => {
    const world = new World(makeConfig({ stop: { targetAccuracy: 0.9 } }));
    world.openFirstRound();
    world.tell(update(carA, 3), update(carB, 3), update(carC, 3));
    expect(effectsOf(world.tell(aggregated(3)), 'timer')).toEqual([]);
    expect(effectsOf(world.tell(evaluated(4, 0.89)), 'timer')).toHaveLength(1);
    world.tell({ kind: 'round-due', at: 4 });
    for (const car of cars) world.tell(update(car, 6, { round: 2, key: `2/${car}/update` }));
    const effects = world.tell(aggregated(6, 2), evaluated(7, 0.9, 2));
    expect(effects.at(-1)).toEqual({ kind: 'finish', reason: 'target accuracy 0.9 reached' });
  });

  it('comes at the time limit: at a close, or when a round is due', () => {
    const atClose = new World(makeConfig({ stop: { virtualSeconds: 50 } }));
    atClose.openFirstRound();
    atClose.tell({ kind: 'deadline', at: 60, round: 1 });
    expect(effectsOf(atClose.tell(evaluated(60, 0.1)), 'finish')).toHaveLength(1);
    const idle = new World(makeConfig({ stop: { virtualSeconds: 50 } }));
    idle.tell({ kind: 'started', at: 0, modelSha: sha('0') });
    expect(effectsOf(idle.tell({ kind: 'round-due', at: 49 }), 'finish')).toEqual([]);
    expect(effectsOf(idle.tell({ kind: 'round-due', at: 50 }), 'finish')).toHaveLength(1);
  });

  it('comes at once on request, with the open round accounted for', () => {
    const world = new World();
    world.openFirstRound();
    world.tell(update(carA, 3));
    const effects = world.tell({ kind: 'stop-requested', at: 5, reason: 'interrupted' });
    expect(logsOf(effects, 'vehicle-outcome').map((e) => [e.vehicle, e.outcome, e.reason])).toEqual([
      [carB, 'late', 'run stopped: interrupted'],
      [carC, 'late', 'run stopped: interrupted'],
    ]);
    expect(logsOf(effects, 'round-closed')).toMatchObject([
      { selected: 3, committed: 1, late: 2, modelSha: sha('0') },
    ]);
    expect(effectsOf(effects, 'cancel')).toHaveLength(2);
    expect(logsOf(effects, 'run-closed')).toMatchObject([{ reason: 'interrupted', rounds: 1 }]);
    expect(effects.at(-1)?.kind).toBe('finish');
  });
});

describe('the initial state', () => {
  it('refuses a cut the model does not have, and names the policy that was meant', () => {
    expect(() => initialState(makeConfig({ fallback: { cut: 2 } }))).toThrow(RoadbedError);
    expect(() => initialState(makeConfig({ fallback: { cut: 2, mode: 'full-only' } }))).not.toThrow();
    expect(() => initialState(makeConfig({ selection: { policy: 'mafvl' } }))).toThrow(
      /Did you mean "mavfl"\?/,
    );
  });
});
