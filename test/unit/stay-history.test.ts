// What an RSU learns of stays, with three cars and exact numbers. Must not: run a simulation.

import { describe, expect, it } from 'vitest';
import type { RoadId } from '../../base/ids.ts';
import {
  learnedSeconds,
  learnPassage,
  learnStay,
  predictionsOf,
  type Stay,
  type StayHistory,
  withVisit,
} from '../../roadside/cuts/stay-history.ts';
import { StayErrors } from '../../testbed/stay-errors.ts';

const [a, b, c] = ['a', 'b', 'c'] as RoadId[] as [RoadId, RoadId, RoadId];
const prediction = { roadSeconds: 1, learnedSeconds: 2 };

/** A car that comes onto `a` at 0 s, drives its 100 m in 20 s, goes to `next`, and is out of coverage at `end`. */
function drive(history: StayHistory, next: RoadId, end: number): StayHistory {
  const entered = withVisit(undefined, { road: a, at: 0, offsetMeters: 0, prediction });
  const onA: Stay = { ...entered, lastMeters: 100, lastAt: 20 };
  const learned = learnPassage(history, onA, next);
  const onNext = withVisit(onA, { road: next, at: 20, offsetMeters: 0, prediction });
  return learnStay(learned, onNext, { at: end, isCut: false });
}

const car = { road: a, speedMps: 10, ageSeconds: 0, metersLeft: 50, isCoveredToEnd: true };

describe('seconds left, learned', () => {
  it('are the own pace where nothing is known, of a standing car that of walking', () => {
    expect(learnedSeconds(new Map(), car)).toBe(5);
    expect(learnedSeconds(new Map(), { ...car, speedMps: 0 })).toBe(50);
  });

  it('add what cars did beyond the road, each road by its share', () => {
    // Two cars went on to b and stayed 30 s from there; one to c, 60 s. Pace on a: 0.2 s a metre.
    let history: StayHistory = new Map();
    for (const [next, end] of [
      [b, 50],
      [b, 50],
      [c, 80],
    ] as const)
      history = drive(history, next, end);
    const pace = 0.5 * 0.2 + 0.5 * 0.1;
    expect(learnedSeconds(history, car)).toBeCloseTo(50 * pace + (2 / 3) * 30 + (1 / 3) * 60, 12);
    expect(learnedSeconds(history, { ...car, isCoveredToEnd: false })).toBeCloseTo(50 * pace, 12);
    expect(learnedSeconds(history, { ...car, ageSeconds: 2 })).toBeCloseTo(50 * pace + 38, 12);
  });

  it('take the pace of all roads on one that is new', () => {
    const history = drive(new Map(), b, 50);
    const weight = 1 / 4;
    expect(learnedSeconds(history, { ...car, road: c, isCoveredToEnd: false })).toBeCloseTo(
      50 * (weight * 0.2 + (1 - weight) * 0.1),
      12,
    );
  });

  it('count trips that end on the road as no further stay', () => {
    const stay: Stay = {
      ...withVisit(undefined, { road: a, at: 0, offsetMeters: 0, prediction }),
      lastAt: 8,
    };
    const history = learnStay(drive(new Map(), b, 50), stay, { at: 8, isCut: true });
    expect(learnedSeconds(history, { ...car, metersLeft: 0 })).toBeCloseTo(30 / 2, 12);
  });
});

describe('the error of predictions', () => {
  it('is told of the method that decides, beside both', () => {
    const stay = withVisit(undefined, { road: a, at: 4, offsetMeters: 0, prediction });
    const predictions = [
      ...predictionsOf(stay, 9),
      { at: 0, actualSeconds: 10, roadSeconds: 14, learnedSeconds: 9 },
    ];
    expect(predictions[0]).toEqual({ at: 4, actualSeconds: 5, roadSeconds: 1, learnedSeconds: 2 });
    const errors = new StayErrors();
    expect(errors.error('learned')).toBeNull();
    const body = { kind: 'stay-ended', vehicle: 'v' as never, seconds: 5, predictions } as const;
    errors.hear([{ seq: 1, at: 9, body }]);
    expect(errors.error('learned')).toEqual({
      stays: 1,
      predictions: 2,
      maeSeconds: 2,
      roadMaeSeconds: 4,
      learnedMaeSeconds: 2,
      biasSeconds: -2,
      p50Seconds: 1,
      p90Seconds: 3,
    });
  });
});
