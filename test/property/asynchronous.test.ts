// Whatever the world says, in whatever order: an asynchronous run adds up, each flight ends once and goes into one model at
// most, as stale as was logged, and nobody is in the air twice.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import type { RoundEffect, RoundEvent } from '../../roadside/round/types.ts';
import { policyNames } from '../../roadside/selection/policies.ts';
import { beacon, beaconOf, cars, effectsOf, hello, makeConfig, sha, World } from '../support/round-world.ts';

const known: readonly VehicleId[] = [...cars, 'car-d' as VehicleId, 'car-e' as VehicleId];
const runs = { seed: 20_261_122, numRuns: 300 };

/** What happens next; which car and which of its tasks is drawn, most often the one in the air. */
interface Act {
  readonly kind:
    | 'beacon'
    | 'left'
    | 'update'
    | 'refused'
    | 'failed'
    | 'deadline'
    | 'due'
    | 'model'
    | 'bytes'
    | 'evaluated';
  readonly car: number;
  /** How many tasks before the last one that was sent. */
  readonly back: number;
  readonly seconds: number;
}

const anyAct: fc.Arbitrary<Act> = fc.record({
  kind: fc.constantFrom(
    ...(['beacon', 'beacon', 'left', 'update', 'update', 'update', 'update', 'refused', 'failed'] as const),
    ...(['deadline', 'due', 'due', 'due', 'model', 'model', 'model', 'bytes', 'evaluated'] as const),
  ),
  car: fc.nat(known.length - 1),
  back: fc.nat(4),
  seconds: fc.double({ min: 0, max: 10, noNaN: true }),
});

const anySetting = fc.record({
  rule: fc.constantFrom('fedasync', 'fedbuff'),
  size: fc.integer({ min: 1, max: 4 }),
  policy: fc.constantFrom(...policyNames),
  perRound: fc.integer({ min: 1, max: 4 }),
  rounds: fc.integer({ min: 1, max: 6 }),
  virtualSeconds: fc.constantFrom(60, 2000),
});

type Setting = typeof anySetting extends fc.Arbitrary<infer T> ? T : never;

function worldOf({ rule, size, policy, perRound, rounds, virtualSeconds }: Setting): World {
  const parameters = rule === 'fedbuff' ? { bufferSize: size } : {};
  return new World(
    makeConfig({
      aggregation: { rule, parameters },
      selection: { policy, perRound },
      stop: { rounds, virtualSeconds },
    }),
  );
}

/** The event of an act, in a world where it may make sense. */
function eventOf(world: World, act: Act, at: number): RoundEvent {
  const vehicle = known[act.car]!;
  const sent = effectsOf(world.effects, 'dispatch');
  const task = sent.at(-1 - act.back)?.round ?? 1;
  const owner = sent.at(-1 - act.back)?.vehicle ?? vehicle;
  const ofTask = { at, vehicle: owner, round: task, key: `${task}/${owner}/update` };
  switch (act.kind) {
    case 'beacon':
      return { kind: 'vehicle-beacon', at, vehicle, beacon: beaconOf({ offsetMeters: 100 * act.back }) };
    case 'left':
      return { kind: 'vehicle-left', at, vehicle };
    case 'update':
      return {
        kind: 'update-received',
        ...ofTask,
        updateSha: sha('a'),
        samples: 10,
        trainLoss: 1,
        computeSeconds: act.seconds,
        joules: 5,
      };
    case 'refused':
      return { kind: 'update-refused', ...ofTask, reason: 'broken' };
    case 'failed':
      return { kind: 'vehicle-failed', at, vehicle: owner, round: task, reason: 'gave up' };
    case 'deadline':
      return { kind: 'deadline', at, round: task };
    case 'due':
      return { kind: 'round-due', at };
    case 'bytes':
      return { kind: 'bytes-moved', at, vehicle, up: 7, down: 9 };
    case 'model': {
      const round = world.state.asynchronous?.closing?.round ?? 1;
      return { kind: 'aggregated', at, round, modelSha: sha('c') };
    }
    case 'evaluated': {
      const round = world.state.evaluating[0] ?? 0;
      return { kind: 'evaluated', at, round, modelSha: sha('c'), loss: 1, accuracy: 0.5, samples: 10 };
    }
  }
}

function play([setting, acts]: readonly [Setting, readonly Act[]]): World {
  const world = worldOf(setting);
  world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
  for (const car of known.slice(0, 3)) world.tell(hello(car), beacon(car));
  for (const car of known.slice(3)) world.tell(hello(car));
  world.tell({ kind: 'round-due', at: 0 });
  let at = 0;
  for (const act of acts) {
    at += act.seconds / 4;
    world.tell(eventOf(world, act, at));
  }
  world.tell({ kind: 'stop-requested', at: at + 1, reason: 'end of the test' });
  return world;
}

const anyRun = fc.tuple(anySetting, fc.array(anyAct, { maxLength: 120, size: 'max' }));

function everyRun(check: (world: World) => void): void {
  fc.assert(
    fc.property(anyRun, (run) => check(play(run))),
    runs,
  );
}

/** What an aggregate effect was asked for, one line a contribution. */
const used = (effects: readonly RoundEffect[]) =>
  effectsOf(effects, 'aggregate').flatMap(({ round, contributions }) =>
    contributions.map(({ flight }) => ({ round, task: flight!.task, staleness: flight!.staleness })),
  );

describe('an asynchronous run, over random worlds', () => {
  it('gives each task one outcome, in a round that adds up when it closes', () => {
    let closedRounds = 0;
    everyRun((world) => {
      const outcomes = world.logged('vehicle-outcome');
      const sent = effectsOf(world.effects, 'dispatch').map(({ round }) => round);
      expect(outcomes.map(({ task }) => task!).sort((a, b) => a - b)).toEqual(sent);
      expect(
        world
          .logged('vehicle-selected')
          .map(({ task }) => task!)
          .sort((a, b) => a - b),
      ).toEqual(sent);
      const closed = world.logged('round-closed');
      closedRounds += closed.length;
      expect(closed.map(({ round }) => round)).toEqual(
        world.logged('round-opened').map(({ round }) => round),
      );
      for (const entry of closed) {
        const { round, selected, committed, left, late, refused, failed } = entry;
        expect(selected).toBe(committed + left + late + refused + failed);
        const ended = outcomes.filter((one) => one.round === round);
        expect(ended).toHaveLength(selected);
        expect(entry.bytesUp).toBeGreaterThanOrEqual(
          ended.reduce((sum, { booking }) => sum + booking.bytesUp, 0),
        );
        expect(world.logged('vehicle-skipped').filter((one) => one.round === round)).toHaveLength(
          entry.skipped,
        );
      }
    });
    expect(closedRounds).toBeGreaterThan(300);
  });

  it('puts every update it commits into one model at most, of its own round, as stale as logged', () => {
    let contributions = 0;
    everyRun((world) => {
      const commits = world.logged('update-committed').map(({ round, task, staleness }) => ({
        round,
        task: task!,
        staleness: staleness!,
      }));
      const lines = used(world.effects);
      contributions += lines.length;
      expect(new Set(lines.map(({ task }) => task)).size).toBe(lines.length);
      for (const line of lines) expect(commits).toContainEqual(line);
      const made = new Set(lines.map(({ round }) => round));
      expect(commits.filter(({ round }) => made.has(round))).toHaveLength(lines.length);
      expect(lines.every(({ staleness }) => staleness >= 0)).toBe(true);
    });
    expect(contributions).toBeGreaterThan(300);
  });

  it('never has a car twice in the air, nor more than the scenario allows, and divides the bands among them', () => {
    fc.assert(
      fc.property(anyRun, ([setting, acts]) => {
        const world = worldOf(setting);
        const shares = new Map<VehicleId, number>();
        world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
        for (const car of known) world.tell(hello(car), beacon(car));
        let at = 0;
        for (const act of acts) {
          at += act.seconds / 4;
          const event = eventOf(world, act, at);
          for (const effect of world.tell(event))
            if (effect.kind === 'dispatch' || effect.kind === 'grant')
              shares.set(effect.vehicle, effect.uplinkBandwidthHz);
          const members = world.state.open?.members ?? [];
          const inTheAir = members.filter(({ ending }) => ending === null).map(({ vehicle }) => vehicle);
          expect(new Set(inTheAir).size).toBe(inTheAir.length);
          expect(inTheAir.length).toBeLessThanOrEqual(setting.perRound);
          const isSettled = event.kind === 'round-due' && !world.state.asynchronous?.closing;
          if (isSettled && inTheAir.length > 0 && world.state.phase === 'running')
            for (const vehicle of inTheAir) expect(shares.get(vehicle)).toBe(3e6 / inTheAir.length);
        }
      }),
      { ...runs, numRuns: 150 },
    );
  });

  it('finishes once, closes its log with that, and gives the same effects for the same events', () => {
    fc.assert(
      fc.property(anyRun, (run) => {
        const world = play(run);
        expect(effectsOf(world.effects, 'finish')).toHaveLength(1);
        expect(world.effects.at(-1)?.kind).toBe('finish');
        expect(play(run).effects).toEqual(world.effects);
      }),
      { ...runs, numRuns: 100 },
    );
  });
});
