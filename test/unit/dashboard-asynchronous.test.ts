// The reducer of the page on an asynchronous run: who is under way goes along from round to round, and all adds up.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { applyEvent } from '../../dashboard/model.ts';
import { emptyView, totalsOf, type View } from '../../dashboard/view.ts';
import type { LoggedEvent } from '../../protocol/events.ts';
import type { RoundEvent } from '../../roadside/round/types.ts';
import { beacon, cars, effectsOf, hello, makeConfig, sha, update, World } from '../support/round-world.ts';

/** Three in the air, a model of every two; then a car leaves, and the run is stopped. */
function runOf(): { world: World; events: LoggedEvent[] } {
  const aggregation = { rule: 'fedbuff', parameters: { bufferSize: 2 } };
  const world = new World(makeConfig({ aggregation }));
  const due = (at: number): RoundEvent => ({ kind: 'round-due', at });
  const owner = (task: number): VehicleId =>
    effectsOf(world.effects, 'dispatch').find(({ round }) => round === task)!.vehicle;
  const arrival = (task: number, at: number): RoundEvent =>
    update(owner(task), at, { round: task, key: `${task}/${owner(task)}/update` });
  world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
  for (const car of cars) world.tell(hello(car), beacon(car));
  world.tell(due(0));
  world.tell(arrival(1, 2), due(2));
  world.tell(arrival(2, 3), { kind: 'aggregated', at: 3, round: 1, modelSha: sha('1') }, due(3));
  world.tell({ kind: 'vehicle-left', at: 4, vehicle: owner(4) }, due(4));
  world.tell(arrival(3, 5), due(5));
  world.tell({ kind: 'stop-requested', at: 6, reason: 'enough' });
  const events = world.effects.flatMap((effect, i): LoggedEvent[] =>
    effect.kind === 'log' ? [{ seq: i + 1, at: i, body: effect.body }] : [],
  );
  return { world, events: events.map((event, i) => ({ ...event, seq: i + 1 })) };
}

describe('the page in an asynchronous run', () => {
  const { world, events } = runOf();

  it('adds up after every event', () => {
    let view: View = emptyView;
    for (const event of events) {
      view = applyEvent(view, event);
      const t = totalsOf(view);
      expect(t.selected).toBe(t.committed + t.left + t.late + t.refused + t.failed + t.underWay);
      expect(t.underWay).toBeGreaterThanOrEqual(0);
    }
    expect(totalsOf(view).underWay).toBe(0);
    expect(totalsOf(view).selected).toBe(effectsOf(world.effects, 'dispatch').length);
  });

  it('shows each task in the round in which it ended, with its staleness', () => {
    const view = events.reduce(applyEvent, emptyView);
    for (const closed of world.logged('round-closed')) {
      const row = view.rounds.find(({ round }) => round === closed.round)!;
      expect(row.participants).toHaveLength(closed.selected);
      expect(row.counts.committed).toBe(closed.committed);
      const ended = world.logged('vehicle-outcome').filter(({ round }) => round === row.round);
      expect(row.participants.map(({ vehicle, outcome }) => `${vehicle} ${outcome}`).sort()).toEqual(
        ended.map(({ vehicle, outcome }) => `${vehicle} ${outcome}`).sort(),
      );
    }
    expect(view.rounds.flatMap(({ participants }) => participants.flatMap((p) => p.staleness ?? []))).toEqual(
      [0, 0, 1],
    );
  });

  it('finds a vehicle under way in the round it has gone along to', () => {
    const until = events.findIndex(({ body }) => body.kind === 'round-opened' && body.round === 2);
    const view = events.slice(0, until + 1).reduce(applyEvent, emptyView);
    const second = view.rounds.at(-1)!;
    expect(second.participants.length).toBeGreaterThan(0);
    for (const { vehicle, outcome } of second.participants) {
      expect(outcome).toBeNull();
      expect(view.vehicles.get(vehicle)?.lastRound).toBe(2);
    }
  });
});
