// The reducer and the timeline: what the page shows is a fold of the log, and a replay at t is the live view at t.

import { describe, expect, test } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { applyEvent, applyEvents, applyFrame } from '../../dashboard/model.ts';
import { Timeline } from '../../dashboard/timeline.ts';
import { emptyView, totalsOf, underWay, type View } from '../../dashboard/view.ts';
import type { LoggedEvent } from '../../protocol/events.ts';
import { cityEvents, cityFrame, citySeconds } from '../support/city-run.ts';
import { smallRun } from '../support/small-run.ts';

const small: readonly LoggedEvent[] = smallRun.map((entry, i) => ({ seq: i + 1, ...entry }));
const foldOneByOne = (events: readonly LoggedEvent[]): View => events.reduce(applyEvent, emptyView);

describe('the reducer', () => {
  test('rounds of the small run carry the figures of the log', () => {
    const view = applyEvents(emptyView, small);
    expect(view.rounds.map((row) => [row.round, row.accuracy, row.loss, row.participationRatio])).toEqual([
      [1, 0.5, 0.9, 0.5],
      [2, 0.75, 0.5, 1],
    ]);
    expect(view.rounds[0]?.participants.map((p) => [p.vehicle, p.plan, p.outcome, p.wasted])).toEqual([
      ['car-1', 'full', 'committed', false],
      ['car-2', 'split', 'left', true],
    ]);
    expect(view.rounds[1]?.skipped.map((s) => [s.vehicle, s.reason])).toEqual([['car-2', 'no plan fits']]);
    expect(view.points).toEqual([
      { round: 1, seconds: 20.5, bytes: 900, accuracy: 0.5, loss: 0.9 },
      { round: 2, seconds: 40, bytes: 1250, accuracy: 0.75, loss: 0.5 },
    ]);
    expect(view.arms.get('zone-1')).toEqual({ arm: 'zone-1', pulls: 1, meanReward: 1, lastReward: 1 });
  });

  test('a vehicle collects its bookings, and its waste apart', () => {
    const { vehicles } = applyEvents(emptyView, small);
    expect(vehicles.get('car-1')).toMatchObject({ device: 'jetson-nano', selected: 2, committed: 2 });
    expect(vehicles.get('car-1')).toMatchObject({ seconds: 22, joules: 42, bytesUp: 300, wastedSeconds: 0 });
    expect(vehicles.get('car-2')).toMatchObject({ rsu: 'rsu-1', lastOutcome: 'left', wastedSeconds: 12 });
  });

  test('selected = committed + left + late + refused + failed + under way, after every event', () => {
    let view = emptyView;
    for (const event of cityEvents) {
      view = applyEvent(view, event);
      const t = totalsOf(view);
      expect(t.selected).toBe(t.committed + t.left + t.late + t.refused + t.failed + t.underWay);
      expect(t.underWay).toBeGreaterThanOrEqual(0);
    }
    expect(totalsOf(view)).toMatchObject({ selected: 24, split: 9, skipped: 3, underWay: 0 });
  });

  test('counts taken from outcomes are those the round closes with', () => {
    for (const event of cityEvents) {
      if (event.body.kind !== 'round-closed') continue;
      const { round } = event.body;
      const row = applyEvents(emptyView, cityEvents.slice(0, event.seq - 1)).rounds[round - 1];
      const closed = applyEvents(emptyView, cityEvents.slice(0, event.seq)).rounds[round - 1];
      expect(row && underWay(row.counts)).toBe(0);
      expect({ ...row?.counts, wastedSeconds: 0, wastedJoules: 0 }).toEqual({
        ...closed?.counts,
        wastedSeconds: 0,
        wastedJoules: 0,
      });
      expect(row?.counts.wastedSeconds).toBeCloseTo(closed?.counts.wastedSeconds ?? -1, 9);
    }
  });

  test('folding at once is folding one by one', () => {
    expect(applyEvents(emptyView, cityEvents)).toEqual(foldOneByOne(cityEvents));
  });

  test('an event that comes twice counts once', () => {
    const twice = small.flatMap((event) => [event, event]);
    expect(applyEvents(emptyView, twice)).toEqual(foldOneByOne(small));
  });

  test('a view that was handed out never changes', () => {
    const before = applyEvents(emptyView, small.slice(0, 9));
    const copy = structuredClone(before);
    applyEvents(before, small.slice(9));
    expect(before).toEqual(copy);
    expect(emptyView.rounds).toEqual([]);
  });

  test('a frame moves time on, an older one changes nothing', () => {
    const view = applyFrame(emptyView, cityFrame(5));
    expect([view.at, view.frame?.at]).toEqual([5, 5]);
    expect(applyFrame(view, cityFrame(4))).toBe(view);
  });
});

describe('the timeline', () => {
  test('the view at t in replay is the live view at t, for every instant and 300 random seeks', () => {
    const live = new Timeline(16);
    const replay = new Timeline(16);
    replay.append(cityEvents);
    const seen = new Map<number, View>();
    for (const [i, event] of cityEvents.entries()) {
      live.append([event]);
      if (cityEvents[i + 1]?.at !== event.at) seen.set(event.at, live.latest);
    }
    for (const [at, view] of seen) expect(replay.viewAt(at)).toEqual(view);
    const rng = Rng.root(3);
    let near = emptyView;
    for (let i = 0; i < 300; i++) {
      const at = rng.between(0, citySeconds);
      near = replay.viewAt(at, near);
      const upTo = cityEvents.filter((event) => event.at <= at);
      expect(near.seen).toBe(upTo.length);
      expect(near).toEqual(seen.get(upTo.at(-1)?.at ?? 0));
    }
  });

  test('checkpoints are thinned beyond 256 and seeks stay exact', () => {
    const timeline = new Timeline(1);
    const events = Array.from(
      { length: 700 },
      (_, i): LoggedEvent => ({
        seq: i + 1,
        at: i,
        body: { kind: 'message-refused', vehicle: null, reason: 'x' },
      }),
    );
    for (let i = 0; i < events.length; i += 7) timeline.append(events.slice(i, i + 7));
    for (const at of [0, 1, 254, 255, 256, 257, 511, 512, 513, 600, 699]) {
      expect(timeline.viewAt(at).messagesRefused).toBe(at + 1);
    }
  });

  test('events already known are passed over', () => {
    const timeline = new Timeline();
    expect(timeline.append(small.slice(0, 10))).toBe(10);
    expect(timeline.append(small)).toBe(small.length - 10);
    expect(timeline.append(small)).toBe(0);
    expect(timeline.latest).toEqual(foldOneByOne(small));
  });

  test('before the first event there is nothing', () => {
    expect(new Timeline().viewAt(10)).toBe(emptyView);
  });
});
