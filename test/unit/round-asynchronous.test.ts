// The asynchronous run: who takes off when, what a round is, whom a flight belongs to, and how a run ends.

import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import type { RoundEffect, RoundEvent } from '../../roadside/round/types.ts';
import {
  beacon,
  carA,
  carB,
  cars,
  effectsOf,
  hello,
  logsOf,
  makeConfig,
  sha,
  update,
  World,
} from '../support/round-world.ts';

type Overrides = Record<string, object>;

/** FedBuff with a buffer of `size` by default, two in the air. */
function buffWorld(size: number, overrides: Overrides = {}): World {
  const aggregation = { rule: 'fedbuff', parameters: { bufferSize: size }, ...overrides.aggregation };
  return new World(
    makeConfig({ ...overrides, aggregation, selection: { perRound: 2, ...overrides.selection } }),
  );
}

const due = (at: number): RoundEvent => ({ kind: 'round-due', at });
const aggregated = (at: number, round: number): RoundEvent => ({
  kind: 'aggregated',
  at,
  round,
  modelSha: sha(String(round)),
});
const arrival = (vehicle: VehicleId, task: number, at: number, overrides: object = {}): RoundEvent =>
  update(vehicle, at, { round: task, key: `${task}/${vehicle}/update`, ...overrides });

/** Who is in the air, by task. */
function flying(world: World): Map<number, VehicleId> {
  const flights = (world.state.open?.members ?? []).filter(({ ending }) => ending === null);
  return new Map(flights.map(({ vehicle, flight }) => [flight!.task, vehicle]));
}

function tasksOf(effects: readonly RoundEffect[]): [number, VehicleId][] {
  return effectsOf(effects, 'dispatch').map(({ round, vehicle }) => [round, vehicle]);
}

/** Started, all cars in coverage, two of them sent off at 0 s. */
function begin(world: World): RoundEffect[] {
  world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
  for (const car of cars) world.tell(hello(car), beacon(car));
  return world.tell(due(0));
}

const timers = (effects: readonly RoundEffect[], name: string): [number, number | null][] =>
  effectsOf(effects, 'timer')
    .filter((timer) => timer.name === name)
    .map(({ round, delaySeconds }) => [round, delaySeconds]);

describe('taking off', () => {
  it('sends as many off as may be in the air, each with its number, its deadline and its share', () => {
    const world = buffWorld(2);
    const effects = begin(world);
    expect(tasksOf(effects).map(([task]) => task)).toEqual([1, 2]);
    expect(timers(effects, 'deadline')).toEqual([
      [1, 60],
      [2, 60],
    ]);
    expect(effectsOf(effects, 'dispatch').map((one) => [one.uplinkBandwidthHz, one.modelSha])).toEqual([
      [1.5e6, sha('0')],
      [1.5e6, sha('0')],
    ]);
    expect(logsOf(effects, 'round-opened')).toEqual([
      { kind: 'round-opened', round: 1, modelSha: sha('0'), candidates: 3 },
    ]);
    expect(logsOf(effects, 'vehicle-selected').map(({ round }) => round)).toEqual([1, 1]);
    expect(new Set(logsOf(effects, 'vehicle-selected').map(({ task }) => task))).toEqual(new Set([1, 2]));
  });

  it('fills a free place at once, never with a car in the air, from the model that is newest', () => {
    const world = buffWorld(1);
    begin(world);
    const before = flying(world);
    const landing = world.tell(arrival(before.get(1)!, 1, 3));
    expect(timers(landing, 'deadline')).toEqual([[1, null]]);
    expect(timers(landing, 'round-due')).toEqual([]);
    // Nobody takes off while the model is made.
    expect(world.tell(due(3))).toEqual([]);
    expect(timers(world.tell(aggregated(3, 1)), 'round-due')).toEqual([[3, 0]]);
    const launched = effectsOf(world.tell(due(3)), 'dispatch');
    expect(launched).toHaveLength(1);
    expect(launched[0]).toMatchObject({ round: 3, modelSha: sha('1') });
    expect(launched[0]!.vehicle).not.toBe(before.get(2));
  });

  it('divides the bands by those in the air, and tells the others when that changes', () => {
    const world = buffWorld(5, { selection: { perRound: 2 } });
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA), beacon(carA));
    const alone = world.tell(due(0));
    expect(effectsOf(alone, 'dispatch')[0]?.uplinkBandwidthHz).toBe(3e6);
    expect(effectsOf(alone, 'grant')).toEqual([]);
    // A place is empty: it is tried again after the wait.
    expect(timers(alone, 'round-due')).toEqual([[2, 1]]);
    world.tell(hello(carB), beacon(carB));
    const joined = world.tell(due(1));
    expect(effectsOf(joined, 'dispatch')[0]).toMatchObject({ vehicle: carB, uplinkBandwidthHz: 1.5e6 });
    expect(effectsOf(joined, 'grant')).toEqual([
      { kind: 'grant', vehicle: carA, uplinkBandwidthHz: 1.5e6, downlinkBandwidthHz: 1.5e6 },
    ]);
    const left = world.tell({ kind: 'vehicle-left', at: 2, vehicle: carB });
    expect(timers(left, 'round-due')).toEqual([[2, 0]]);
    expect(effectsOf(world.tell(due(2)), 'grant')).toMatchObject([{ vehicle: carA, uplinkBandwidthHz: 3e6 }]);
  });

  it('waits without a word while nobody is in range for an hour, and goes on when somebody comes', () => {
    const world = buffWorld(1);
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
    for (let at = 0; at < 3600; at++)
      expect(world.tell(due(at))).toEqual([{ kind: 'timer', name: 'round-due', round: 1, delaySeconds: 1 }]);
    world.tell(hello(carA), { ...beacon(carA), at: 3600 } as RoundEvent);
    expect(tasksOf(world.tell(due(3600)))).toEqual([[1, carA]]);
    expect(world.logged('round-opened')).toHaveLength(1);
  });

  it('waits for the minimum of candidates, those in the air among them', () => {
    const world = buffWorld(1, { round: { minimumCandidates: 2 } });
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA), beacon(carA));
    expect(tasksOf(world.tell(due(0)))).toEqual([]);
    world.tell(hello(carB), beacon(carB));
    expect(tasksOf(world.tell(due(1)))).toHaveLength(2);
  });
});

describe('a round of an asynchronous run', () => {
  it('is complete with the buffer: the rule gets K updates with their staleness and starts', () => {
    const world = buffWorld(2, { selection: { perRound: 3 } });
    begin(world);
    const at = (task: number): VehicleId => flying(world).get(task)!;
    world.tell(arrival(at(1), 1, 3));
    world.tell(due(3));
    expect(effectsOf(world.effects, 'aggregate')).toEqual([]);
    const [second, third] = [at(2), at(3)];
    const [first] = effectsOf(world.tell(arrival(second, 2, 4)), 'aggregate');
    expect(first).toMatchObject({ round: 1, base: sha('0') });
    expect(first?.contributions.map(({ flight }) => flight)).toEqual(
      [1, 2].map((task) => ({ task, staleness: 0, startSha: sha('0') })),
    );
    world.tell(aggregated(4, 1), due(4));
    // Task 3 is one model old now; task 4 began from the first model too, 5 from the second.
    world.tell(arrival(third, 3, 5, { updateSha: sha('b') }), due(5));
    const fresh = [...flying(world)].find(([task]) => task === 5)!;
    const [next] = effectsOf(world.tell(arrival(fresh[1], 5, 6)), 'aggregate');
    expect(next?.base).toBe(sha('1'));
    const byTask = new Map(next?.contributions.map(({ flight }) => [flight!.task, flight!.staleness]));
    expect(byTask).toEqual(
      new Map([
        [3, 1],
        [5, 0],
      ]),
    );
    expect(world.logged('update-committed').map(({ task, staleness }) => [task, staleness])).toEqual([
      [1, 0],
      [2, 0],
      [3, 1],
      [5, 0],
    ]);
  });

  it('is each update for fedasync', () => {
    const world = new World(makeConfig({ aggregation: { rule: 'fedasync' }, selection: { perRound: 2 } }));
    begin(world);
    const [one, two] = [...flying(world).values()];
    expect(effectsOf(world.tell(arrival(one!, 1, 3)), 'aggregate')).toHaveLength(1);
    world.tell(aggregated(3, 1));
    const [next] = effectsOf(world.tell(arrival(two!, 2, 4)), 'aggregate');
    expect(next?.contributions).toMatchObject([{ vehicle: two, flight: { task: 2, staleness: 1 } }]);
    expect(next).toMatchObject({ round: 2, base: sha('1') });
  });

  it('has the flights that ended in it, and hands those in the air to the next', () => {
    const world = buffWorld(1, { selection: { perRound: 3 } });
    begin(world);
    const names = flying(world);
    world.tell(
      { kind: 'vehicle-left', at: 2, vehicle: names.get(1)! },
      arrival(names.get(2)!, 2, 3),
      aggregated(3, 1),
    );
    expect(world.logged('round-closed')).toMatchObject([{ round: 1, selected: 2, committed: 1, left: 1 }]);
    world.tell(arrival(names.get(3)!, 3, 5), aggregated(5, 2));
    const [, second] = world.logged('round-closed');
    expect(second).toMatchObject({ round: 2, selected: 1, committed: 1, durationSeconds: 2 });
    expect(world.logged('vehicle-outcome').map(({ round, task }) => [round, task])).toEqual([
      [1, 1],
      [1, 2],
      [2, 3],
    ]);
  });

  it('tells the policy of every member once, with its own time and the slowest as the delay', () => {
    const world = buffWorld(1, { selection: { perRound: 3, policy: 'mavfl', credit: 'vehicle' } });
    begin(world);
    const names = flying(world);
    world.tell(arrival(names.get(1)!, 1, 3), aggregated(3, 1));
    expect(world.logged('arm-rewarded').map(({ arm }) => arm)).toEqual([names.get(1)]);
    const effects = world.tell(arrival(names.get(2)!, 2, 12), aggregated(12, 2));
    expect(logsOf(effects, 'arm-rewarded').map(({ arm }) => arm)).toEqual([names.get(2)]);
    // The delay of round 2 is the 12 s its flight took, the longest there is, not the 9 s since round 1.
    expect(logsOf(effects, 'round-closed')[0]).toMatchObject({ durationSeconds: 9 });
    expect(logsOf(effects, 'round-closed')[0]?.utility).toBeCloseTo(0.6 - 0.4, 12);
  });

  it('may have one car twice, with each update counted', () => {
    const world = buffWorld(2, { selection: { perRound: 1 } });
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA), beacon(carA), due(0));
    world.tell(arrival(carA, 1, 3), due(3));
    const [made] = effectsOf(world.tell(arrival(carA, 2, 6, { updateSha: sha('b') })), 'aggregate');
    expect(made?.contributions.map(({ vehicle, flight }) => [vehicle, flight?.task])).toEqual([
      [carA, 1],
      [carA, 2],
    ]);
    world.tell(aggregated(6, 1));
    expect(world.logged('round-closed')).toMatchObject([{ selected: 2, committed: 2 }]);
  });

  it('weighs samples and finished epochs as a synchronous one does', () => {
    const world = buffWorld(1, {
      aggregation: { weighting: 'samples', partialWork: true },
      training: { epochs: 4 },
    });
    begin(world);
    const [made] = effectsOf(
      world.tell(arrival(flying(world).get(1)!, 1, 3, { epochsDone: 1 })),
      'aggregate',
    );
    // A quarter of 100 samples; 4 mini-batches an epoch.
    expect(made?.contributions[0]).toMatchObject({ weight: 25, steps: 4 });
  });
});

describe('the exits of a flight', () => {
  it('are late at its own deadline, told to stop, and nobody else', () => {
    const world = buffWorld(9);
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA), beacon(carA), due(0));
    world.tell(hello(carB), beacon(carB), due(20));
    const effects = world.tell({ kind: 'deadline', at: 60, round: 1 });
    expect(effectsOf(effects, 'cancel')).toMatchObject([{ vehicle: carA, round: 1 }]);
    expect(logsOf(effects, 'vehicle-outcome')).toMatchObject([
      { vehicle: carA, outcome: 'late', reason: 'deadline of 60 s passed', task: 1 },
    ]);
    expect(flying(world)).toEqual(new Map([[2, carB]]));
    expect(world.tell({ kind: 'deadline', at: 61, round: 1 })).toEqual([]);
  });

  it('end a flight once, whichever comes first', () => {
    const world = buffWorld(9);
    begin(world);
    const one = flying(world).get(1)!;
    world.tell({ kind: 'vehicle-failed', at: 1, vehicle: one, round: 1, reason: 'no memory' });
    const late = world.tell(arrival(one, 1, 2));
    expect(effectsOf(late, 'acknowledge')).toMatchObject([{ result: 'late' }]);
    world.tell({ kind: 'vehicle-left', at: 3, vehicle: one });
    expect(world.logged('vehicle-outcome').filter(({ task }) => task === 1)).toHaveLength(1);
  });

  it('answer the same update twice and another never, and know no task that was not sent', () => {
    const world = buffWorld(9);
    begin(world);
    const one = flying(world).get(1)!;
    world.tell(arrival(one, 1, 2));
    const results = (...events: RoundEvent[]): string[] =>
      effectsOf(world.tell(...events), 'acknowledge').map(({ result }) => result);
    expect(results(arrival(one, 1, 3))).toEqual(['committed']);
    expect(results(arrival(one, 1, 3, { updateSha: sha('b') }))).toEqual(['refused']);
    expect(results(arrival(one, 77, 3))).toEqual(['refused']);
    expect(world.logged('update-committed')).toHaveLength(1);
  });

  it('book a car that leaves in the air as wasted, with the bytes that moved for it', () => {
    const world = buffWorld(9);
    begin(world);
    const one = flying(world).get(1)!;
    world.tell({ kind: 'bytes-moved', at: 1, vehicle: one, up: 10, down: 16_000 });
    const effects = world.tell({ kind: 'vehicle-left', at: 1.5, vehicle: one });
    const [outcome] = logsOf(effects, 'vehicle-outcome');
    expect(outcome).toMatchObject({ outcome: 'left', wasted: true });
    expect(outcome?.booking).toMatchObject({ bytesUp: 10, bytesDown: 16_000 });
    expect(outcome!.booking.seconds).toBeGreaterThan(1);
  });
});

describe('evaluations that take long', () => {
  it('do not pile up: of models that come faster, some are not evaluated, but always the last', () => {
    const world = buffWorld(1, { stop: { rounds: 12 }, selection: { perRound: 1 } });
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA), beacon(carA), due(0));
    for (let round = 1; round <= 12; round++)
      world.tell(
        arrival(carA, round, round, { updateSha: sha('a') }),
        { kind: 'aggregated', at: round, round, modelSha: sha('c') },
        due(round),
      );
    expect(effectsOf(world.effects, 'evaluate').map(({ round }) => round)).toEqual([
      1, 2, 3, 4, 5, 6, 7, 8, 12,
    ]);
    const evaluation = {
      kind: 'evaluated',
      at: 13,
      modelSha: sha('c'),
      loss: 1,
      samples: 10,
      accuracy: 0.5,
    } as const;
    for (const round of [1, 2, 3, 4, 5, 6, 7, 8, 12]) world.tell({ ...evaluation, round });
    expect(world.effects.at(-1)).toEqual({ kind: 'finish', reason: 'all 12 rounds done' });
  });
});

describe('the end of an asynchronous run', () => {
  it('comes with the last round: who is in the air then is late in it', () => {
    const world = buffWorld(1, { stop: { rounds: 1 }, selection: { perRound: 3 } });
    begin(world);
    world.tell(arrival(flying(world).get(2)!, 2, 3));
    expect(effectsOf(world.effects, 'cancel').map(({ round }) => round)).toEqual([1, 3]);
    const effects = world.tell(aggregated(3, 1));
    expect(logsOf(effects, 'round-closed')).toMatchObject([{ round: 1, selected: 3, committed: 1, late: 2 }]);
    expect(effectsOf(effects, 'timer')).toEqual([]);
    const end = world.tell({
      kind: 'evaluated',
      at: 4,
      round: 1,
      modelSha: sha('1'),
      loss: 1,
      accuracy: 0.5,
      samples: 10,
    });
    expect(logsOf(end, 'run-closed')).toMatchObject([{ rounds: 1, modelSha: sha('1') }]);
    expect(end.at(-1)?.kind).toBe('finish');
  });

  it('comes when time is up and a place is free, with the open round accounted for', () => {
    const world = buffWorld(9, { stop: { virtualSeconds: 50 } });
    begin(world);
    world.tell(arrival(flying(world).get(1)!, 1, 49), due(50));
    expect(world.logged('round-closed')).toMatchObject([{ selected: 2, committed: 1, late: 1 }]);
    expect(world.logged('run-closed')).toMatchObject([{ reason: 'time limit of 50 s reached' }]);
  });

  it('comes with the target, for which no take-off waits', () => {
    const world = buffWorld(1, { stop: { targetAccuracy: 0.9 } });
    begin(world);
    const closing = world.tell(arrival(flying(world).get(1)!, 1, 3), aggregated(3, 1));
    expect(timers(closing, 'round-due')).toEqual([[3, 0]]);
    world.tell(due(3));
    const evaluation = {
      kind: 'evaluated',
      at: 3,
      round: 1,
      modelSha: sha('1'),
      loss: 1,
      samples: 10,
    } as const;
    const end = world.tell({ ...evaluation, accuracy: 0.95 });
    expect(logsOf(end, 'round-closed')).toMatchObject([{ round: 2, selected: 2, committed: 0, late: 2 }]);
    expect(end.at(-1)).toEqual({ kind: 'finish', reason: 'target accuracy 0.9 reached' });
  });

  it('waits for a model that is being made, and closes its round with the old one where it may not wait', () => {
    const stopped = buffWorld(1);
    begin(stopped);
    stopped.tell(arrival(flying(stopped).get(1)!, 1, 3));
    const effects = stopped.tell({ kind: 'stop-requested', at: 3, reason: 'interrupted' });
    expect(logsOf(effects, 'round-closed')).toMatchObject([
      { round: 1, committed: 1, modelSha: sha('0') },
      { round: 2, late: 1, modelSha: sha('0') },
    ]);
    expect(stopped.tell(aggregated(4, 1))).toEqual([]);

    const timed = buffWorld(1, { stop: { virtualSeconds: 50 } });
    begin(timed);
    timed.tell(arrival(flying(timed).get(1)!, 1, 49), due(51));
    expect(timed.logged('run-closed')).toEqual([]);
    timed.tell(aggregated(52, 1), {
      kind: 'evaluated',
      at: 52,
      round: 1,
      modelSha: sha('1'),
      loss: 1,
      accuracy: 0.1,
      samples: 10,
    });
    expect(timed.logged('run-closed')).toMatchObject([{ modelSha: sha('1') }]);
  });
});

describe('a model that takes its time', () => {
  it('lets what commits meanwhile into the next, which is made with all that waits', () => {
    const world = buffWorld(1, { selection: { perRound: 3 } });
    begin(world);
    const names = flying(world);
    world.tell(arrival(names.get(1)!, 1, 3), arrival(names.get(3)!, 3, 4), arrival(names.get(2)!, 2, 5));
    expect(effectsOf(world.effects, 'aggregate')).toHaveLength(1);
    const [next] = effectsOf(world.tell(aggregated(6, 1)), 'aggregate');
    expect(next).toMatchObject({ round: 2, base: sha('1') });
    expect(next?.contributions.map(({ flight }) => [flight?.task, flight?.staleness]).sort()).toEqual([
      [2, 1],
      [3, 1],
    ]);
    world.tell(aggregated(7, 2));
    expect(world.logged('round-closed')).toMatchObject([{ committed: 1 }, { committed: 2 }]);
  });
});
