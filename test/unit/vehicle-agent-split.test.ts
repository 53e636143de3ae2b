// One car through a round of split learning: steps, energy, and gradients that are not what they should be.

import { describe, expect, it } from 'vitest';
import { bytesOfFloats, floatsOfBytes, sha256 } from '../../base/hash.ts';
import { batchOf, meanOfLast } from '../../vehicle-agent/split-path.ts';
import { nextPhase } from '../../vehicle-agent/state.ts';
import { lowerBase, nonce, Stage, taskOf } from './vehicle-agent-setup.ts';

const split = () => taskOf({ plan: 'split' });

const base = sha256(bytesOfFloats(lowerBase));

const gradientOf = (step: number, values: number[], trainLoss?: number, round = 1) => ({
  key: `${round}/v1/gradient/${step}`,
  purpose: 'gradient' as const,
  bytes: bytesOfFloats(Float32Array.from(values)),
  meta: { round, step, cut: 1, base, ...(trainLoss === undefined ? {} : { trainLoss }) },
  eager: true,
});

/** A car that has sent the smashed data of step 0. */
async function smashed(): Promise<Stage> {
  const stage = new Stage();
  stage.position(0);
  stage.tell(split());
  await stage.compute();
  await stage.compute();
  return stage;
}

describe('a vehicle agent in a round of split learning', () => {
  it('sends smashed data, takes the gradient, for each step, then the lower half', async () => {
    const stage = new Stage();
    stage.position(0);
    expect(stage.tell(split())).toEqual([
      'need ',
      'status downloading',
      'need 00',
      'need 01',
      'status splitting',
    ]);
    expect(stage.computing).toEqual([0]);
    expect(await stage.compute()).toEqual([]);
    expect(stage.computing).toEqual([0.25]);
    expect(await stage.compute()).toEqual(['manifest 1/v1/smashed/0', 'chunk 0']);
    expect(stage.offer(gradientOf(0, [10, 0, 0, 0, 0, 0], 0.75))).toEqual(['need 00', 'need 01']);
    expect(stage.computing).toEqual([0.5]);
    expect(await stage.compute()).toEqual([]);
    expect(stage.agent.state()).toEqual({ state: 'splitting', round: 1, progress: 0.5 });
    expect(await stage.compute()).toEqual(['manifest 1/v1/smashed/1', 'chunk 0']);
    stage.offer(gradientOf(1, [5, 0, 0, 0, 0, 0], 0.25));
    expect(await stage.compute()).toEqual(['manifest 1/v1/lower-update', 'status uploading', 'chunk 0']);

    const [first, second, update] = stage.arrived;
    expect([...floatsOfBytes(first!.bytes.slice(0, 24))]).toEqual([0, 1, 2, 3, 4, 5]);
    expect([...first!.bytes.slice(24)]).toEqual([7, 8]);
    expect(second!.manifest.meta).toEqual({ round: 1, nonce, step: 1, samples: 2, cut: 1, base });
    expect([...floatsOfBytes(update!.bytes)]).toEqual([16, 17]);
    expect(update!.manifest.meta).toEqual({
      round: 1,
      nonce,
      samples: 4,
      trainLoss: 0.5,
      computeSeconds: 1.5,
      joules: 15,
    });
    expect(stage.learner.disposed).toBe(1);
    stage.tell({ kind: 'ack', key: '1/v1/lower-update', result: 'committed', reason: '' });
    expect([...stage.timers]).toEqual([]);
  });

  it.each([
    ['of a wrong size', {}, [3, 4], 'of 8 bytes (expected 24)'],
    ['of another cut', { cut: 'lower/dense1' }, [1, 2, 3, 4, 5, 6], 'of cut lower/dense1 (expected 1)'],
    ['of another model', { base: nonce }, [1, 2, 3, 4, 5, 6], `of model ${nonce} (expected ${base})`],
    ['in another format', { format: 'int8' as const }, [1, 2, 3, 4, 5, 6], 'in int8 (expected float32)'],
  ])('refuses a gradient %s by name and goes on', async (_what, change, values, reason) => {
    const stage = await smashed();
    const hostile = gradientOf(0, values);
    expect(stage.offer({ ...hostile, meta: { ...hostile.meta, ...change } })).toEqual([]);
    expect(stage.agent.refusals()).toEqual({ count: 1, latest: [`gradient of round 1, step 0, ${reason}`] });
    stage.rsu = stage.newRsu();
    stage.offer(gradientOf(0, [10, 0, 0, 0, 0, 0], 0.75));
    expect(stage.computing).toEqual([0.5]);
  });

  it('fails on a gradient that is not finite', async () => {
    const stage = await smashed();
    const said = stage.offer(gradientOf(0, [1, 2, Number.POSITIVE_INFINITY, 4, 5, 6]));
    expect(said).toContain('failed gradient: float 2 is Infinity (expected a finite number)');
    expect(stage.learner.disposed).toBe(1);
  });

  it('ignores a gradient of another step or round', async () => {
    const stage = await smashed();
    stage.offer(gradientOf(1, [1, 2, 3, 4, 5, 6]));
    stage.offer(gradientOf(0, [6, 5, 4, 3, 2, 1], undefined, 2));
    expect(stage.computing).toEqual([]);
    expect(stage.agent.refusals().latest).toEqual([
      'gradient of round 1, step 1, which is not awaited',
      'gradient of round 2, in which no split task is under way',
    ]);
  });

  it('takes no outputs where it has no end of the model', async () => {
    const stage = await smashed();
    stage.offer({ ...gradientOf(0, [1, 2, 3, 4, 5, 6]), key: '1/v1/outputs/0', purpose: 'outputs' });
    expect(stage.agent.refusals().latest).toEqual(['outputs of round 1, step 0, which is not awaited']);
    expect(stage.computing).toEqual([]);
  });

  it('sends its part after every mini-batch where it is asked to, but not the last', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell({ ...split(), checkpointSteps: 1 });
    await stage.compute();
    await stage.compute();
    stage.offer(gradientOf(0, [10, 0, 0, 0, 0, 0], 0.75));
    expect(await stage.compute()).toEqual(['manifest 1/v1/lower-checkpoint/1', 'chunk 0']);
    const part = stage.arrived.at(-1)!;
    expect([...floatsOfBytes(part.bytes)]).toEqual([11, 12]);
    expect(part.manifest.meta).toEqual({
      round: 1,
      nonce,
      step: 1,
      samples: 4,
      trainLoss: 0.75,
      computeSeconds: 0.75,
      joules: 7.5,
    });
    await stage.compute();
    stage.offer(gradientOf(1, [5, 0, 0, 0, 0, 0], 0.25));
    expect(await stage.compute()).toContain('manifest 1/v1/lower-update');
    expect(stage.manifests.filter(({ purpose }) => purpose === 'lower-checkpoint')).toHaveLength(1);
  });

  it('disposes its half when it leaves while waiting, and while opening', async () => {
    const waiting = await smashed();
    waiting.position(1, null);
    expect(waiting.learner.disposed).toBe(1);

    const working = await smashed();
    working.offer(gradientOf(0, [1, 2, 3, 4, 5, 6]));
    working.position(1, null);
    expect(working.learner.disposed).toBe(0);
    expect(await working.compute()).toEqual([]);
    expect(working.learner.disposed).toBe(1);
  });

  it('disposes a half that opens after the car has left', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell(split());
    const half = await stage.learner.openLower({ lowerWeights: Float32Array.of(1, 2) });
    stage.position(1, null);
    stage.give({ kind: 'computed', ticket: 1, outcome: { ok: true, value: half } });
    expect(stage.learner.disposed).toBe(1);
  });

  it('gives up when its smashed data are late, and waits when they are merely refused', async () => {
    const refusedStage = await smashed();
    const ack = { kind: 'ack' as const, key: '1/v1/smashed/0', reason: '' };
    expect(refusedStage.tell({ ...ack, result: 'refused' })).toEqual([]);
    expect(refusedStage.agent.state().state).toBe('splitting');
    const late = await smashed();
    expect(late.tell({ ...ack, result: 'late' })).toEqual(['status in-range']);
  });

  it('refuses a cut outside the model', () => {
    const stage = new Stage();
    stage.position(0);
    expect(stage.tell(taskOf({ plan: 'split', cut: 2 }))).toEqual(['failed cut 2 of three (expected 1..1)']);
  });
});

describe('the sums of split learning', () => {
  it('make the last mini-batch of an epoch as small as the shard leaves it', () => {
    const task = taskOf({ settings: { epochs: 2, batchSize: 4, learningRate: 1, momentum: 0, seed: 0 } });
    expect([0, 1, 2, 3, 4, 5].map((step) => batchOf(step, 6, 10, task))).toEqual([4, 4, 2, 4, 4, 2]);
  });

  it('take the mean loss over the last epoch only', () => {
    expect(meanOfLast([9, 9, 1, 3], 2)).toBe(2);
    expect(meanOfLast([], 2)).toBe(0);
  });
});

describe('the table of phases', () => {
  it('knows no way from a phase by something that does not belong there', () => {
    expect(nextPhase('free', 'gradient')).toBeUndefined();
    expect(nextPhase('awaiting', 'computed')).toBeUndefined();
    expect(nextPhase('backward', 'given-up')).toBe('free');
  });
});
