// Every way a member's round can end, what it costs, and who is told.

import { describe, expect, it } from 'vitest';
import {
  carA,
  carB,
  carC,
  effectsOf,
  hello,
  logsOf,
  makeConfig,
  sha,
  update,
  World,
} from '../support/round-world.ts';

function opened(world = new World()): World {
  world.openFirstRound();
  return world;
}

describe('an update in time', () => {
  it('is logged and ended before it is acknowledged', () => {
    const effects = opened().tell(update(carA, 3));
    expect(effects.map((effect) => (effect.kind === 'log' ? effect.body.kind : effect.kind))).toEqual([
      'update-committed',
      'vehicle-outcome',
      'acknowledge',
    ]);
    expect(effects.at(-1)).toEqual({
      kind: 'acknowledge',
      vehicle: carA,
      key: '1/car-a/update',
      result: 'committed',
      reason: '',
    });
  });

  it('is booked by the report of its car, the bytes that moved, and the energy of sending them', () => {
    const world = opened();
    world.tell({ kind: 'bytes-moved', at: 2, vehicle: carA, up: 1_250_000, down: 16_000 });
    const [entry] = logsOf(world.tell(update(carA, 3)), 'vehicle-outcome');
    expect(entry).toMatchObject({
      outcome: 'committed',
      wasted: false,
      // 21 J of computing by its report; 1,250,000 B at 1e7 bit/s are 1 s of sending with 2 W.
      booking: { seconds: 2, joules: 23, bytesUp: 1_250_000, bytesDown: 16_000 },
    });
  });

  it('is acknowledged again, and not committed again, when the same key comes with the same bytes', () => {
    const world = opened();
    world.tell(update(carA, 3));
    const again = world.tell(update(carA, 4));
    expect(again.map((effect) => effect.kind)).toEqual(['acknowledge']);
    expect(again[0]).toMatchObject({ result: 'committed' });
  });

  it('stands when the same key comes with other bytes', () => {
    const world = opened();
    world.tell(update(carA, 3));
    const other = world.tell(update(carA, 4, { updateSha: sha('b') }));
    expect(logsOf(other, 'update-refused')).toHaveLength(1);
    expect(effectsOf(other, 'acknowledge')).toMatchObject([{ result: 'refused' }]);
    world.tell({ kind: 'deadline', at: 60, round: 1 });
    expect(effectsOf(world.effects, 'aggregate')[0]?.contributions).toEqual([
      { vehicle: carA, updateSha: sha('a'), weight: 1, steps: 8, trainLoss: 0.5 },
    ]);
  });

  it('is still acknowledged as committed after its round has closed', () => {
    const world = opened();
    world.tell(update(carA, 3), { kind: 'deadline', at: 60, round: 1 });
    world.tell({ kind: 'aggregated', at: 60, round: 1, modelSha: sha('c') });
    expect(world.tell(update(carA, 61))).toMatchObject([{ kind: 'acknowledge', result: 'committed' }]);
  });

  it('is remembered for 64 rounds; repeated after that it is late, which counts nothing twice either', () => {
    const world = new World(makeConfig({ stop: { rounds: 100 } }));
    world.openFirstRound();
    world.tell(update(carA, 3), { kind: 'deadline', at: 4, round: 1 });
    world.tell({ kind: 'aggregated', at: 4, round: 1, modelSha: sha('c') });
    for (let round = 2; round <= 64; round++)
      world.tell({ kind: 'round-due', at: 4 }, { kind: 'deadline', at: 4, round });
    expect(world.tell(update(carA, 5))).toMatchObject([{ result: 'committed' }]);
    world.tell({ kind: 'round-due', at: 5 });
    expect(world.state.round).toBe(65);
    expect(world.tell(update(carA, 6))).toMatchObject([{ result: 'late' }]);
  });
});

describe('the exits', () => {
  it('left: a car out of coverage pays for what it computed', () => {
    const world = opened();
    // Download takes 0.0128 s, so at 1.0128 s it has computed for 1 s; 1,250,000 B up at 1e7 bit/s are 1 s of sending.
    world.tell({ kind: 'bytes-moved', at: 1, vehicle: carB, up: 1_250_000, down: 0 });
    const effects = world.tell({ kind: 'vehicle-left', at: 1.0128, vehicle: carB });
    expect(logsOf(effects, 'vehicle-left')).toHaveLength(1);
    const [entry] = logsOf(effects, 'vehicle-outcome');
    expect(entry).toMatchObject({ outcome: 'left', wasted: true });
    expect(entry?.booking.seconds).toBeCloseTo(1, 12);
    expect(entry?.booking.joules).toBeCloseTo(12, 12);
  });

  it('late: the deadline ends everybody unfinished, tells them, and books no more than the planned work', () => {
    const world = opened();
    world.tell(update(carA, 3));
    const effects = world.tell({ kind: 'deadline', at: 60, round: 1 });
    expect(logsOf(effects, 'vehicle-outcome').map((e) => [e.vehicle, e.outcome, e.booking.seconds])).toEqual([
      [carB, 'late', 2],
      [carC, 'late', 2],
    ]);
    expect(effectsOf(effects, 'cancel').map((cancel) => cancel.vehicle)).toEqual([carB, carC]);
  });

  it('late: an update after the outcome is answered and never counted', () => {
    const world = opened();
    world.tell({ kind: 'vehicle-left', at: 1, vehicle: carB });
    expect(world.tell(update(carB, 2))).toMatchObject([{ kind: 'acknowledge', result: 'late' }]);
    world.tell({ kind: 'deadline', at: 60, round: 1 });
    expect(world.tell(update(carC, 61))).toMatchObject([{ kind: 'acknowledge', result: 'late' }]);
    expect(world.logged('update-committed')).toEqual([]);
  });

  it('refused: a broken update ends the round of its car', () => {
    const world = opened();
    const effects = world.tell({
      kind: 'update-refused',
      at: 3,
      vehicle: carA,
      round: 1,
      key: '1/car-a/update',
      reason: 'parameter 3 is NaN',
    });
    expect(effects.map((effect) => (effect.kind === 'log' ? effect.body.kind : effect.kind))).toEqual([
      'update-refused',
      'vehicle-outcome',
      'acknowledge',
    ]);
    expect(logsOf(effects, 'vehicle-outcome')[0]).toMatchObject({ outcome: 'refused', wasted: true });
    expect(effects.at(-1)).toMatchObject({ result: 'refused', reason: 'parameter 3 is NaN' });
  });

  it('failed: a car that gives up is ended with its own reason', () => {
    const effects = opened().tell({
      kind: 'vehicle-failed',
      at: 1,
      vehicle: carC,
      round: 1,
      reason: 'loss is not finite',
    });
    expect(logsOf(effects, 'vehicle-outcome')).toMatchObject([
      { vehicle: carC, outcome: 'failed', reason: 'loss is not finite' },
    ]);
  });

  it('ends a member once: a failure after a commit, or of another round, changes nothing', () => {
    const world = opened();
    world.tell(update(carA, 3));
    expect(world.tell({ kind: 'vehicle-failed', at: 4, vehicle: carA, round: 1, reason: 'late' })).toEqual(
      [],
    );
    expect(world.tell({ kind: 'vehicle-failed', at: 4, vehicle: carB, round: 0, reason: 'old' })).toEqual([]);
  });

  it('refuses an update of a round that never was, and of a car that was not asked', () => {
    const world = new World(makeConfig({ selection: { perRound: 2, policy: 'nearest' } }));
    world.openFirstRound();
    const members = world.state.open?.members.map((member) => member.vehicle) ?? [];
    const outsider = [carA, carB, carC].find((car) => !members.includes(car));
    expect(effectsOf(world.tell(update(carA, 3, { round: 9 })), 'acknowledge')).toMatchObject([
      { result: 'refused', reason: 'there is no round 9' },
    ]);
    expect(effectsOf(world.tell(update(outsider ?? carA, 3)), 'acknowledge')).toMatchObject([
      { result: 'refused', reason: 'not a member of round 1' },
    ]);
  });
});

describe('bytes', () => {
  it('are booked once: before the outcome with it, after it in the totals of the round only', () => {
    const world = opened();
    world.tell({ kind: 'bytes-moved', at: 1, vehicle: carA, up: 100, down: 10 });
    world.tell({ kind: 'vehicle-left', at: 2, vehicle: carA });
    world.tell({ kind: 'bytes-moved', at: 3, vehicle: carA, up: 7, down: 0 });
    world.tell({ kind: 'bytes-moved', at: 3, vehicle: carB, up: 50, down: 5 });
    world.tell(update(carB, 4), update(carC, 4));
    world.tell({ kind: 'aggregated', at: 4, round: 1, modelSha: sha('c') });
    world.tell({ kind: 'bytes-moved', at: 5, vehicle: carA, up: 1000, down: 0 });
    const booked = world.logged('vehicle-outcome').map((entry) => entry.booking.bytesUp);
    expect(booked).toEqual([100, 50, 0]);
    expect(world.logged('round-closed')[0]).toMatchObject({ bytesUp: 157, bytesDown: 15 });
  });

  it('of a car nobody knows are nobody’s', () => {
    const world = opened();
    const before = world.state;
    const stranger = 'car-z' as typeof carA;
    expect(world.tell({ kind: 'bytes-moved', at: 1, vehicle: stranger, up: 1, down: 1 })).toEqual([]);
    expect(world.tell(update(stranger, 2))).toEqual([]);
    expect(world.state).toBe(before);
    expect(world.tell(hello(stranger))).toHaveLength(1);
  });
});
