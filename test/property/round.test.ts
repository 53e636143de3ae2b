// Whatever the world says, in whatever order: a round adds up, each member ends once, and advance never throws.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { VehicleId } from '../../base/ids.ts';
import { wastedWork } from '../../protocol/events.ts';
import type { RoundEffect, RoundEvent } from '../../roadside/round/types.ts';
import { policyNames } from '../../roadside/selection/policies.ts';
import { beaconOf, cars, device, effectsOf, logsOf, makeConfig, sha, World } from '../support/round-world.ts';

const known: readonly VehicleId[] = [...cars, 'car-d' as VehicleId];
/** Never says hello and never sends a beacon. */
const stranger = 'car-z' as VehicleId;
const seed = 20_260_730;

const anyCar = fc.constantFrom(...known, stranger);
/** Rounds are drawn as a distance from the one opened last, so that most events meet a round they belong to. */
const anyRound = fc.constantFrom(0, 0, 0, 0, -1, 1);
const anySha = fc.constantFrom(sha('a'), sha('b'));
const anySeconds = fc.double({ min: 0, max: 100, noNaN: true });

/** An event without its instant. */
type Timeless = RoundEvent extends infer Event
  ? Event extends RoundEvent
    ? Omit<Event, 'at'>
    : never
  : never;

const anyEvent: fc.Arbitrary<Timeless> = fc.oneof(
  { weight: 1, arbitrary: fc.constant<Timeless>({ kind: 'started', modelSha: sha('0') }) },
  {
    weight: 3,
    arbitrary: fc
      .record({ vehicle: fc.constantFrom(...known), samples: fc.integer({ min: 0, max: 200 }) })
      .map((event): Timeless => ({ kind: 'vehicle-hello', device, ...event })),
  },
  {
    weight: 4,
    arbitrary: fc
      .record({
        vehicle: fc.constantFrom(...known),
        offsetMeters: fc.double({ min: -50, max: 1100, noNaN: true }),
        serving: fc.constantFrom('rsu-1', 'rsu-2', null),
        bitsPerSecondPerHertz: fc.double({ min: 0, max: 64, noNaN: true }),
        speedMps: fc.double({ min: 0, max: 40, noNaN: true }),
      })
      .map(
        ({ vehicle, ...place }): Timeless => ({ kind: 'vehicle-beacon', vehicle, beacon: beaconOf(place) }),
      ),
  },
  { weight: 2, arbitrary: anyCar.map((vehicle): Timeless => ({ kind: 'vehicle-left', vehicle })) },
  { weight: 4, arbitrary: fc.constant<Timeless>({ kind: 'round-due' }) },
  { weight: 1, arbitrary: anyRound.map((round): Timeless => ({ kind: 'deadline', round })) },
  {
    weight: 6,
    arbitrary: fc
      .record({ vehicle: anyCar, round: anyRound, updateSha: anySha, computeSeconds: anySeconds })
      .map(
        (event): Timeless => ({
          kind: 'update-received',
          key: 'set when told',
          samples: 10,
          trainLoss: 1,
          joules: 5,
          ...event,
        }),
      ),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({
        vehicle: anyCar,
        round: anyRound,
        updateSha: anySha,
        stepsDone: fc.integer({ min: 1, max: 9 }),
      })
      .map(({ vehicle, round, updateSha, stepsDone }): Timeless => {
        const work = {
          key: 'kept',
          updateSha,
          stepsDone,
          samples: 10,
          trainLoss: 1,
          computeSeconds: 2,
          joules: 5,
        };
        return { kind: 'work-kept', vehicle, round, work };
      }),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ vehicle: anyCar, round: anyRound })
      .map((event): Timeless => ({ kind: 'update-refused', key: 'k', reason: 'broken', ...event })),
  },
  {
    weight: 1,
    arbitrary: fc
      .record({ vehicle: anyCar, round: anyRound })
      .map((event): Timeless => ({ kind: 'vehicle-failed', reason: 'gave up', ...event })),
  },
  {
    weight: 3,
    arbitrary: fc
      .record({ vehicle: anyCar, up: fc.nat(1e6), down: fc.nat(1e6) })
      .map((event): Timeless => ({ kind: 'bytes-moved', ...event })),
  },
  {
    weight: 3,
    arbitrary: anyRound.map((round): Timeless => ({ kind: 'aggregated', round, modelSha: sha('c') })),
  },
  {
    weight: 2,
    arbitrary: fc
      .record({ round: anyRound, accuracy: fc.double({ min: 0, max: 1, noNaN: true }) })
      .map((event): Timeless => ({ kind: 'evaluated', modelSha: sha('c'), loss: 1, samples: 10, ...event })),
  },
);

const anyConfig = fc.record({
  policy: fc.constantFrom(...policyNames),
  arm: fc.constantFrom('vehicle', 'zone'),
  perRound: fc.integer({ min: 1, max: 5 }),
  mode: fc.constantFrom('adaptive', 'full-only', 'split-only'),
  targetAccuracy: fc.option(fc.constant(0.98), { nil: undefined }),
  virtualSeconds: fc.constantFrom(20, 1000),
});

function worldOf({
  policy,
  arm,
  perRound,
  mode,
  targetAccuracy,
  virtualSeconds,
}: Record<string, unknown>): World {
  return new World(
    makeConfig({
      selection: { policy, arm, perRound },
      fallback: { mode },
      stop: { rounds: 3, targetAccuracy, virtualSeconds },
    }),
  );
}

/** All the vehicles that effects speak to or of. */
function spokenOf(effects: readonly RoundEffect[]): Set<string> {
  const names = effects.flatMap((effect) => {
    if (effect.kind === 'log') return 'vehicle' in effect.body ? [String(effect.body.vehicle)] : [];
    if (effect.kind === 'aggregate') return effect.contributions.map((one) => one.vehicle as string);
    return 'vehicle' in effect ? [effect.vehicle as string] : [];
  });
  return new Set(names);
}

/** Sets instant, round and key of a drawn event. */
function inPlace(world: World, event: Timeless, at: number): RoundEvent {
  const round = 'round' in event ? { round: Math.max(0, world.state.round + event.round) } : {};
  const key = event.kind === 'update-received' ? { key: `${round.round}/${event.vehicle}/update` } : {};
  return { ...event, ...round, ...key, at } as RoundEvent;
}

function tellAll(world: World, events: readonly Timeless[]): void {
  events.forEach((event, i) => {
    world.tell(inPlace(world, event, i));
  });
}

/** Two cars are there from the start, or most random worlds would stay empty. */
const beginning: readonly Timeless[] = [
  { kind: 'started', modelSha: sha('0') },
  ...known.slice(0, 2).flatMap((vehicle): Timeless[] => [
    { kind: 'vehicle-hello', vehicle, device, samples: 100 },
    { kind: 'vehicle-beacon', vehicle, beacon: beaconOf() },
  ]),
];

const anyRun = fc.tuple(anyConfig, fc.array(anyEvent, { maxLength: 100, size: 'max' }));
const runs = { seed, numRuns: 400 };

function everyRun(check: (world: World) => void): void {
  fc.assert(
    fc.property(anyRun, ([config, events]) => {
      const world = worldOf(config);
      tellAll(world, [...beginning, ...events]);
      world.tell({ kind: 'stop-requested', at: 1000, reason: 'end of the test' });
      check(world);
    }),
    runs,
  );
}

describe('advance, over random worlds', () => {
  it('gives each selected vehicle exactly one outcome, and every opened round one close that adds up', () => {
    let closedRounds = 0;
    everyRun((world) => {
      const closed = world.logged('round-closed');
      expect(closed.map((entry) => entry.round)).toEqual(world.logged('round-opened').map((e) => e.round));
      for (const entry of closed) {
        closedRounds++;
        const { selected, committed, left, late, refused, failed } = entry;
        expect(selected).toBe(committed + left + late + refused + failed);
        const ofRound = <T extends { round: number; vehicle: string }>(all: T[]) =>
          all.filter((one) => one.round === entry.round).map((one) => one.vehicle);
        const ended = ofRound(world.logged('vehicle-outcome')).sort();
        expect(ended).toEqual(ofRound(world.logged('vehicle-selected')).sort());
        expect(new Set(ended).size).toBe(selected);
        expect(ofRound(world.logged('vehicle-skipped'))).toHaveLength(entry.skipped);
      }
    });
    expect(closedRounds).toBeGreaterThan(200);
  });

  it('commits an update once and averages exactly what was committed', () => {
    let committedUpdates = 0;
    everyRun((world) => {
      const commits = world.logged('update-committed').map((one) => `${one.round}/${one.vehicle}`);
      committedUpdates += commits.length;
      expect(new Set(commits).size).toBe(commits.length);
      const outcomes = world.logged('vehicle-outcome').filter((one) => one.outcome === 'committed');
      expect(commits).toEqual(outcomes.map((one) => `${one.round}/${one.vehicle}`));
      for (const { round, contributions } of effectsOf(world.effects, 'aggregate')) {
        const names = contributions.map((one) => one.vehicle as string);
        expect(names).toEqual([...names].sort());
        expect(names).toEqual(
          outcomes
            .filter((one) => one.round === round)
            .map((one) => one.vehicle as string)
            .sort(),
        );
      }
    });
    expect(committedUpdates).toBeGreaterThan(50);
  });

  it('never speaks to or of a vehicle it has not heard', () => {
    everyRun((world) => {
      expect(spokenOf(world.effects).has(stranger)).toBe(false);
    });
  });

  it('books every byte of a member once, and wasted work as wasted', () => {
    everyRun((world) => {
      for (const entry of world.logged('round-closed')) {
        const outcomes = world.logged('vehicle-outcome').filter((one) => one.round === entry.round);
        const bytesUp = outcomes.reduce((total, one) => total + one.booking.bytesUp, 0);
        expect(entry.bytesUp).toBeGreaterThanOrEqual(bytesUp);
        for (const one of outcomes) {
          const { seconds, joules } = wastedWork(one);
          expect(one.wasted).toBe(one.outcome !== 'committed');
          expect(seconds).toBeLessThanOrEqual(one.booking.seconds);
          expect(joules).toBeLessThanOrEqual(one.booking.joules);
        }
        const wasted = outcomes.reduce((total, one) => total + wastedWork(one).seconds, 0);
        expect(entry.wastedSeconds).toBeCloseTo(wasted, 9);
      }
    });
  });

  it('finishes once, closes its log with that, and says nothing afterwards', () => {
    everyRun((world) => {
      expect(effectsOf(world.effects, 'finish')).toHaveLength(1);
      expect(logsOf(world.effects, 'run-closed')).toHaveLength(1);
      expect(world.effects.at(-1)?.kind).toBe('finish');
      expect(world.tell({ kind: 'round-due', at: 1e6 })).toEqual([]);
    });
  });

  it('gives the same effects for the same events', () => {
    fc.assert(
      fc.property(anyRun, ([config, events]) => {
        const [one, other] = [worldOf(config), worldOf(config)];
        tellAll(one, [...beginning, ...events]);
        tellAll(other, [...beginning, ...events]);
        expect(other.effects).toEqual(one.effects);
      }),
      { seed, numRuns: 100 },
    );
  });
});
