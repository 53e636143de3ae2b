// Cars that train one after the other: whose turn it is, from which model, and what the round ends with.

import { describe, expect, it } from 'vitest';
import type { RoundEffect } from '../../roadside/round/types.ts';
import {
  carA,
  carB,
  carC,
  cars,
  effectsOf,
  logsOf,
  makeConfig,
  sha,
  update,
  World,
} from '../support/round-world.ts';

function openTurns(fallback: object = {}): { world: World; order: string[]; effects: RoundEffect[] } {
  const world = new World(makeConfig({ fallback: { schedule: 'sequential', ...fallback } }));
  const effects = world.openFirstRound();
  const turns = world.state.open?.members ?? [];
  const order = [...turns]
    .sort((a, b) => (a.turn?.order ?? 0) - (b.turn?.order ?? 0))
    .map(({ vehicle }) => vehicle as string);
  return { world, order, effects };
}

describe('cars that take turns', () => {
  it('sends the first its task, with the whole band, and no other', () => {
    const { order, effects } = openTurns();
    expect([...order].sort()).toEqual(cars);
    const sent = effectsOf(effects, 'dispatch');
    expect(sent).toHaveLength(1);
    expect(sent[0]).toMatchObject({ vehicle: order[0], modelSha: sha('0'), uplinkBandwidthHz: 3e6 });
  });

  it('starts each from the model the one before left, and ends with the last one’s', () => {
    const { world, order } = openTurns();
    const digits = ['a', 'b', 'c'];
    const starts: string[] = [];
    order.forEach((car, turn) => {
      const effects = world.tell(update(car as typeof carA, turn + 1, { updateSha: sha(digits[turn]!) }));
      starts.push(...effectsOf(effects, 'dispatch').map(({ modelSha }) => modelSha as string));
      if (turn < 2) expect(effectsOf(effects, 'aggregate')).toEqual([]);
    });
    expect(starts).toEqual([sha('a'), sha('b')]);
    const [aggregate] = effectsOf(world.effects, 'aggregate');
    expect(aggregate?.contributions.map(({ updateSha }) => updateSha)).toEqual([sha('c')]);
    expect([...(aggregate?.superseded ?? [])].sort()).toEqual([sha('a'), sha('b')]);
  });

  it('passes the turn on when a car is lost, from the model that was left before it', () => {
    const { world, order } = openTurns();
    const [first, second, third] = order as (typeof carA)[];
    world.tell(update(first!, 1, { updateSha: sha('a') }));
    const effects = world.tell({ kind: 'vehicle-left', at: 2, vehicle: second! });
    expect(effectsOf(effects, 'dispatch')).toMatchObject([{ vehicle: third, modelSha: sha('a') }]);
  });

  it('ends a car that leaves before its turn without having sent it anything, and books no work of it', () => {
    const { world, order } = openTurns();
    const [first, second, third] = order as (typeof carA)[];
    world.tell({ kind: 'vehicle-left', at: 5, vehicle: third! });
    const [outcome] = logsOf(world.effects, 'vehicle-outcome');
    expect(outcome).toMatchObject({ vehicle: third, outcome: 'left', booking: { seconds: 0, joules: 0 } });
    world.tell(update(first!, 6), update(second!, 7, { updateSha: sha('b') }));
    expect(effectsOf(world.effects, 'dispatch').map(({ vehicle }) => vehicle)).toEqual([first, second]);
    const [closed] = logsOf(
      world.tell({ kind: 'aggregated', at: 7, round: 1, modelSha: sha('b') }),
      'round-closed',
    );
    expect(closed).toMatchObject({ selected: 3, committed: 2, left: 1, durationSeconds: 7 });
  });

  it('cancels at the deadline only the task that is under way', () => {
    const { world, order } = openTurns();
    const effects = world.tell({ kind: 'deadline', at: 60, round: 1 });
    expect(effectsOf(effects, 'cancel').map(({ vehicle }) => vehicle)).toEqual([order[0]]);
    expect(logsOf(effects, 'vehicle-outcome').map(({ outcome }) => outcome)).toEqual([
      'late',
      'late',
      'late',
    ]);
  });

  it('gives nobody a turn that would come too late for the seconds it has left', () => {
    // With the whole band the model takes 2.0185 s; 24.5 times that are within the 50 s left, but not 2 s later.
    const { world } = openTurns({ safetyFactor: 24.5, mode: 'adaptive', cut: 1 });
    const plans = logsOf(world.effects, 'vehicle-selected').map(({ plan }) => plan);
    expect(plans[0]).toBe('full');
    expect(plans.slice(1).every((plan) => plan === 'split')).toBe(true);
  });

  it('asks all at once where nothing else is said', () => {
    const effects = new World().openFirstRound();
    expect(effectsOf(effects, 'dispatch').map(({ vehicle }) => vehicle)).toEqual([carA, carB, carC]);
  });
});
