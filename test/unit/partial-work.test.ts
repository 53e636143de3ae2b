// Partial work: a car whose time runs out sends the epochs it has finished; the RSU takes, weighs and counts them.

import { describe, expect, it } from 'vitest';
import { floatsOfBytes } from '../../base/hash.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { EventBody } from '../../protocol/events.ts';
import type { Manifest, Task } from '../../protocol/messages.ts';
import { decide } from '../../roadside/cuts/decide.ts';
import { estimate } from '../../roadside/cuts/estimate.ts';
import type { Contribution, RoundEffect } from '../../roadside/round/types.ts';
import { gateManifest } from '../../roadside/rsu/gate.ts';
import { Peer } from '../../roadside/rsu/peer.ts';
import {
  beacon,
  candidateA,
  carA,
  carB,
  carC,
  cars,
  effectsOf,
  hello,
  makeConfig,
  sha,
  update,
  World,
} from '../support/round-world.ts';
import { nonce, Stage, taskOf } from './vehicle-agent-setup.ts';

const key = '1/v1/update';

/** Five epochs of 2 s each; an upload has to begin after `uploadBySeconds`. */
function taskByEpoch(uploadBySeconds: number, changes: Partial<Task> = {}): Task {
  const settings = { epochs: 5, batchSize: 2, learningRate: 0.1, momentum: 0, seed: 1 };
  return taskOf({ settings, partial: { uploadBySeconds }, ...changes });
}

async function stageAfter(epochs: number, task: Task, changes = {}): Promise<Stage> {
  const stage = new Stage(undefined, changes);
  stage.position(0);
  stage.tell(task);
  for (let epoch = 0; epoch < epochs; epoch++) await stage.compute();
  return stage;
}

describe('a car that may send part of its work', () => {
  it('trains epoch by epoch, and sends all five where there is time: nothing tells it from whole work', async () => {
    const stage = await stageAfter(4, taskByEpoch(30));
    expect(stage.computing).toEqual([2]);
    expect(stage.arrived).toEqual([]);
    expect(await stage.compute()).toEqual([`manifest ${key}`, 'status uploading', 'chunk 0']);
    const { manifest, bytes } = stage.arrived[0]!;
    expect([...floatsOfBytes(bytes)]).toEqual([6, 7, 8]);
    expect(manifest.meta).toEqual({
      round: 1,
      nonce,
      samples: 4,
      trainLoss: 0.5,
      computeSeconds: 10,
      joules: 100,
    });
  });

  it('stops after the epoch behind which another would end too late, and says how many it has done', async () => {
    const stage = await stageAfter(2, taskByEpoch(5.5));
    expect(stage.computing).toEqual([]);
    const { manifest, bytes } = stage.arrived[0]!;
    expect([...floatsOfBytes(bytes)]).toEqual([3, 4, 5]);
    expect(manifest.meta).toMatchObject({ epochsDone: 2, computeSeconds: 4, joules: 40 });
    expect(manifest.key).toBe(key);
    expect(stage.now).toBe(4);
  });

  it('knows how long an epoch takes from the one before: a slow car stops earlier', async () => {
    const stage = await stageAfter(1, taskByEpoch(5.5), { slowdown: () => 1.5 });
    expect(stage.arrived[0]!.manifest.meta).toMatchObject({ epochsDone: 1, computeSeconds: 3 });
  });

  it('finishes the first epoch however late it is: before it there is nothing to send', async () => {
    const stage = await stageAfter(0, taskByEpoch(0.5));
    expect(stage.timers.has('upload-by')).toBe(false);
    await stage.compute();
    expect(stage.arrived[0]!.manifest.meta).toMatchObject({ epochsDone: 1 });
  });

  it('drops an epoch that takes longer than those before, and sends these when their time has come', async () => {
    const stage = await stageAfter(1, taskByEpoch(5.5));
    expect(stage.timers.get('upload-by')).toBe(5.5);
    stage.ring('upload-by');
    expect(stage.arrived[0]!.manifest.meta).toMatchObject({ epochsDone: 1, computeSeconds: 5.5 });
    expect(await stage.compute()).toEqual([]);
    expect(stage.arrived).toHaveLength(1);
  });

  it('trains at one go where it was not told that part of the work is welcome', async () => {
    const stage = await stageAfter(0, { ...taskByEpoch(5), partial: undefined });
    expect(stage.computing).toEqual([10]);
  });
});

describe('the gate', () => {
  const model = { name: 'lenet5', inputShape: [32, 32, 3], classes: 43 } as const;
  const manifest = (epochsDone: number | undefined): Manifest => ({
    kind: 'manifest',
    key,
    purpose: 'update',
    sha: sha('b'),
    size: 16_000,
    chunkBytes: 65_536,
    chunks: [sha('b')],
    meta: { round: 1, nonce, samples: 100, trainLoss: 1, epochsDone },
  });
  const answer = (partialWork: boolean, epochsDone: number | undefined): string => {
    const config = {
      ...makeConfig({ aggregation: { partialWork }, training: { epochs: 5 } }),
      cost: modelCost(model),
    };
    const peer = new Peer('v1' as never);
    peer.assignments.set(1, { round: 1, nonce, plan: 'full', modelSha: sha('c'), closed: false });
    const gate = gateManifest(config, peer, manifest(epochsDone));
    return gate.accept ? 'accepted' : gate.reason;
  };

  it.each([
    [true, 2, 'accepted'],
    [true, undefined, 'accepted'],
    [true, 5, 'an update after 5 epochs (expected fewer than 5, or nothing said)'],
    [false, 2, 'update after 2 epochs (expected whole work)'],
    [false, undefined, 'accepted'],
  ])('partial work %s, epochs done %s: %s', (partialWork, epochsDone, expected) => {
    expect(answer(partialWork, epochsDone)).toBe(expected);
  });
});

describe('the plan of a car', () => {
  const planOf = (partialWork: boolean, secondsLeft: number): string => {
    const config = makeConfig({ aggregation: { partialWork }, fallback: { safetyFactor: 1, cut: 1 } });
    const one = { ...candidateA, secondsLeft };
    // No split: its 200 latencies alone take longer.
    const prospect = { ...estimate(config, one, 1e6, 1e6), split: null };
    return decide(config, one, prospect).plan;
  };

  it('is full where one epoch fits, if part of the work is taken: 1 s of computing and 0.0356 s of transfers', () => {
    expect(planOf(false, 2.04)).toBe('full');
    expect(planOf(false, 2)).toBe('skip');
    expect(planOf(true, 1.04)).toBe('full');
    expect(planOf(true, 1.03)).toBe('skip');
  });
});

describe('a round that takes part of the work', () => {
  const aggregation = { partialWork: true, weighting: 'samples' };
  const start = (changes: object = aggregation): { world: World; opened: RoundEffect[] } => {
    const world = new World(
      makeConfig({ aggregation: changes, training: { epochs: 5 }, stop: { rounds: 2 } }),
    );
    world.tell({ kind: 'started', at: 0, modelSha: sha('0') });
    for (const car of cars) world.tell(hello(car), beacon(car));
    return { world, opened: world.tell({ kind: 'round-due', at: 0 }) };
  };
  const contributions = (effects: readonly RoundEffect[]): readonly Contribution[] =>
    effects.flatMap((effect) => (effect.kind === 'aggregate' ? effect.contributions : []));

  it('tells each car when its upload has to begin: the time left less 1.2 times the upload', () => {
    const { opened } = start();
    const told = opened.flatMap((effect) => (effect.kind === 'dispatch' ? [effect.uploadBySeconds] : []));
    expect(told).toHaveLength(3);
    for (const seconds of told) expect(seconds).toBeCloseTo(50 - 1.2 * (0.0128 + 0.01), 9);
    const silent = start({}).opened.filter((effect) => effect.kind === 'dispatch');
    for (const effect of silent) expect('uploadBySeconds' in effect).toBe(false);
  });

  it('weighs an update by samples times its share of the epochs, and counts its steps', () => {
    const { world } = start();
    world.tell(update(carA, 3, { epochsDone: 2 }), update(carB, 4));
    const effects = world.tell(update(carC, 5, { epochsDone: 1 }));
    const found = contributions(effects).map(({ weight, steps }) => [weight, steps]);
    expect(found).toEqual([
      [40, 2 * 4],
      [100, 5 * 4],
      [20, 4],
    ]);
  });

  it('books it as committed and says how many were partial, in the log and in the accounts', () => {
    const { world } = start();
    world.tell(update(carA, 3, { epochsDone: 2 }), update(carB, 4), update(carC, 5));
    const effects = world.tell({ kind: 'aggregated', at: 5, round: 1, modelSha: sha('1') });
    const bodies = effects.flatMap((effect): EventBody[] => (effect.kind === 'log' ? [effect.body] : []));
    expect(bodies.find((body) => body.kind === 'round-closed')).toMatchObject({ committed: 3, partial: 1 });
    const committed = world
      .logged('update-committed')
      .map(({ vehicle, epochsDone }) => [vehicle, epochsDone]);
    expect(committed).toEqual([
      [carA, 2],
      [carB, undefined],
      [carC, undefined],
    ]);
    expect('epochsDone' in world.logged('update-committed')[1]!).toBe(false);
  });

  it('says nothing of partial work in the accounts where there was none: their bytes stay what they were', () => {
    const { world } = start();
    world.tell(update(carA, 3), update(carB, 4), update(carC, 5));
    world.tell({ kind: 'aggregated', at: 5, round: 1, modelSha: sha('1') });
    expect('partial' in world.logged('round-closed')[0]!).toBe(false);
  });
});

describe('the work of a split car that ends early', () => {
  const work = (stepsDone: number) => ({
    key: `1/car-a/lower-checkpoint/${stepsDone}`,
    updateSha: sha('d'),
    samples: 100,
    trainLoss: 0.25,
    stepsDone,
    computeSeconds: 1,
    joules: 10,
  });
  const opened = (): World => {
    const scenario = {
      fallback: { mode: 'split-only', cut: 1, checkpointSteps: 5 },
      aggregation: { weighting: 'samples' },
      training: { epochs: 2, batchSize: 10 },
      stop: { rounds: 1 },
    };
    const world = new World(makeConfig(scenario));
    world.openFirstRound();
    return world;
  };

  it('weighs the share of its mini-batches, of the latest part that came', () => {
    const world = opened();
    for (const stepsDone of [5, 15, 10])
      world.tell({ kind: 'work-kept', at: stepsDone / 10, vehicle: carA, round: 1, work: work(stepsDone) });
    world.tell({ kind: 'vehicle-left', at: 2, vehicle: carA });
    world.tell(update(carB, 3), update(carC, 3));
    const [aggregate] = effectsOf(world.effects, 'aggregate');
    // 15 of 2 epochs x 10 mini-batches of 100 samples.
    expect(aggregate!.contributions[0]).toMatchObject({
      vehicle: carA,
      weight: 75,
      steps: 15,
      trainLoss: 0.25,
    });
    expect(aggregate!.contributions[1]).toMatchObject({ vehicle: carB, weight: 100, steps: 20 });
    expect(world.logged('update-committed')[0]).toMatchObject({ vehicle: carA, stepsDone: 15 });
  });

  it('counts for nothing after a refusal, after its own end, or in another round', () => {
    const world = opened();
    world.tell({ kind: 'work-kept', at: 1, vehicle: carA, round: 1, work: work(5) });
    world.tell({ kind: 'update-refused', at: 2, vehicle: carA, round: 1, key: 'k', reason: 'not finite' });
    world.tell({ kind: 'work-kept', at: 2, vehicle: carB, round: 2, work: work(5) });
    world.tell({ kind: 'vehicle-left', at: 3, vehicle: carB });
    world.tell({ kind: 'work-kept', at: 4, vehicle: carB, round: 1, work: work(5) });
    const outcomes = world.logged('vehicle-outcome').map(({ outcome }) => outcome);
    expect(outcomes).toEqual(['refused', 'left']);
    expect(world.logged('update-committed')).toEqual([]);
  });
});
