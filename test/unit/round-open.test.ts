// Opening a round: candidates, plans, dispatch, and the case where nobody can be asked.

import { describe, expect, it } from 'vitest';
import {
  beacon,
  carA,
  carB,
  carC,
  cars,
  device,
  effectsOf,
  hello,
  logsOf,
  makeConfig,
  sha,
  World,
} from '../support/round-world.ts';

describe('opening a round', () => {
  it('asks for a round at once when the run starts, and only once', () => {
    const world = new World();
    const started = { kind: 'started', at: 0, modelSha: sha('0') } as const;
    expect(world.tell(started)).toEqual([{ kind: 'timer', name: 'round-due', round: 1, delaySeconds: 0 }]);
    expect(world.tell(started)).toEqual([]);
  });

  it('waits while nobody is in coverage, without using up a round number', () => {
    const world = new World();
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA));
    expect(world.tell({ kind: 'round-due', at: 0 })).toEqual([
      { kind: 'timer', name: 'round-due', round: 1, delaySeconds: 1 },
    ]);
    expect(world.state.round).toBe(0);
  });

  it('does not ask a car whose last beacon was between two antennas', () => {
    const world = new World();
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA));
    world.tell(beacon(carA), beacon(carA, { serving: null }), { kind: 'round-due', at: 0 });
    expect(world.state.open).toBeNull();
  });

  it('opens only when the least number of candidates is there', () => {
    const world = new World(makeConfig({ round: { minimumCandidates: 2 } }));
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA), beacon(carA));
    world.tell({ kind: 'round-due', at: 0 });
    expect(world.state.open).toBeNull();
    world.tell(hello(carB), beacon(carB), { kind: 'round-due', at: 1 });
    expect(world.state.open?.members.map((member) => member.vehicle)).toEqual([carA, carB]);
  });

  it('logs before it dispatches, and sends each of three cars a third of the band', () => {
    const world = new World();
    const effects = world.openFirstRound();
    expect(effects.map((effect) => effect.kind)).toEqual([
      'log',
      'log',
      'log',
      'log',
      'dispatch',
      'dispatch',
      'dispatch',
      'timer',
    ]);
    expect(logsOf(effects, 'round-opened')).toEqual([
      { kind: 'round-opened', round: 1, modelSha: sha('0'), candidates: 3 },
    ]);
    const sent = effectsOf(effects, 'dispatch');
    expect(sent.map((task) => task.vehicle)).toEqual(cars);
    for (const task of sent) {
      expect(task.nonce).toMatch(/^[0-9a-f]{64}$/);
      expect(task).toMatchObject({ plan: 'full', cut: 0, modelSha: sha('0'), deadlineSeconds: 60 });
      expect([task.uplinkBandwidthHz, task.downlinkBandwidthHz]).toEqual([1e6, 1e6]);
    }
    expect(new Set(sent.map((task) => task.nonce)).size).toBe(3);
    expect(new Set(sent.map((task) => task.batchSeed)).size).toBe(3);
    expect(effects.at(-1)).toEqual({ kind: 'timer', name: 'deadline', round: 1, delaySeconds: 60 });
  });

  it('logs the estimate it decided by', () => {
    const [selected] = logsOf(new World().openFirstRound(), 'vehicle-selected');
    expect(selected?.estimate.secondsLeft).toBe(50);
    expect(selected?.estimate.uplinkBitsPerSecond).toBe(1e7);
    expect(selected?.estimate.fullSeconds).toBeCloseTo(2.0356, 12);
    expect(selected?.estimate.splitSeconds).toBeCloseTo(0.72546, 12);
  });

  it('gives the same tasks for the same seed and others for another', () => {
    const tasks = (seed: number) =>
      effectsOf(new World(makeConfig({ seed } as never)).openFirstRound(), 'dispatch');
    expect(tasks(3)).toEqual(tasks(3));
    expect(tasks(3)).not.toEqual(tasks(4));
  });

  it('passes over a car that cannot finish and asks the next in the ranking', () => {
    const world = new World(makeConfig({ selection: { policy: 'nearest', perRound: 1 } }));
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
    world.tell(hello(carA), beacon(carA, { x: 500, y: 1, offsetMeters: 999 }));
    world.tell(hello(carB), beacon(carB, { x: 500, y: 2 }));
    const effects = world.tell({ kind: 'round-due', at: 0 });
    expect(logsOf(effects, 'vehicle-skipped').map((entry) => entry.vehicle)).toEqual([carA]);
    expect(logsOf(effects, 'vehicle-selected').map((entry) => entry.vehicle)).toEqual([carB]);
    expect(effectsOf(effects, 'dispatch')).toHaveLength(1);
    expect(world.state.open?.skipped).toBe(1);
  });

  it('logs a skipped car once however often a round without members is tried, under the number to come', () => {
    const world = new World();
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA));
    world.tell(beacon(carA, { offsetMeters: 999.9 }));
    const first = world.tell({ kind: 'round-due', at: 0 });
    expect(logsOf(first, 'vehicle-skipped').map((entry) => entry.round)).toEqual([1]);
    expect(logsOf(first, 'round-opened')).toEqual([]);
    expect(first.at(-1)).toEqual({ kind: 'timer', name: 'round-due', round: 1, delaySeconds: 1 });
    expect(world.tell({ kind: 'round-due', at: 1 })).toEqual([
      { kind: 'timer', name: 'round-due', round: 1, delaySeconds: 1 },
    ]);
    world.tell(hello(carB), beacon(carB), { kind: 'round-due', at: 2 });
    expect(world.state.open).toMatchObject({ round: 1, skipped: 1 });
  });

  it('falls back to split training where the car is too slow alone', () => {
    const slow = { ...device, trainingFlopsPerSecond: 1.2e9 / 50 };
    const world = new World();
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') }, hello(carA, { device: slow }), beacon(carA));
    const [task] = effectsOf(world.tell({ kind: 'round-due', at: 0 }), 'dispatch');
    expect(task).toMatchObject({ vehicle: carA, plan: 'split', cut: 1 });
  });

  it('hears nothing of a due round while one is open', () => {
    const world = new World();
    world.openFirstRound();
    expect(world.tell({ kind: 'round-due', at: 1 })).toEqual([]);
  });
});

describe('what the RSU knows of vehicles', () => {
  it('logs a device once, and again when it changes', () => {
    const world = new World();
    expect(logsOf(world.tell(hello(carA)), 'vehicle-known')).toHaveLength(1);
    expect(world.tell(hello(carA))).toEqual([]);
    expect(logsOf(world.tell(hello(carA, { samples: 50 })), 'vehicle-known')).toEqual([
      { kind: 'vehicle-known', vehicle: carA, device: 'nano', samples: 50 },
    ]);
  });

  it('logs entering, handover and leaving once each', () => {
    const world = new World();
    world.tell(beacon(carC, { serving: null }));
    expect(world.effects).toEqual([]);
    world.tell(
      beacon(carC),
      beacon(carC),
      beacon(carC, { serving: null }),
      beacon(carC, { serving: 'rsu-2' }),
    );
    world.tell(
      { kind: 'vehicle-left', at: 5, vehicle: carC },
      { kind: 'vehicle-left', at: 6, vehicle: carC },
    );
    expect(world.effects.map((effect) => (effect.kind === 'log' ? effect.body : effect))).toEqual([
      { kind: 'vehicle-entered', vehicle: carC, rsu: 'rsu-1' },
      { kind: 'handover', vehicle: carC, from: 'rsu-1', to: 'rsu-2' },
      { kind: 'vehicle-left', vehicle: carC },
    ]);
  });
});
