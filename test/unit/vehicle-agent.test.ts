// One car through a round of full training: what it says, when, and when it is silent.

import { describe, expect, it } from 'vitest';
import { bytesOfFloats, floatsOfBytes, sha256 } from '../../base/hash.ts';
import { MemoryOutbox } from '../../vehicle-agent/outbox-memory.ts';
import { base, nonce, Stage, taskOf } from './vehicle-agent-setup.ts';

const key = '1/v1/update';
const ack = (result: 'committed' | 'late' | 'refused') => ({ kind: 'ack' as const, key, result, reason: '' });

/** A car in coverage that has trained and whose update the RSU holds whole, unanswered. */
async function uploaded(outbox = new MemoryOutbox()): Promise<Stage> {
  const stage = new Stage(outbox);
  stage.position(0);
  stage.tell(taskOf());
  await stage.compute();
  return stage;
}

describe('a vehicle agent in a round of full training', () => {
  it('says hello, pulls the model, trains, uploads, and is free after the ack', async () => {
    const stage = new Stage();
    expect(stage.position(0)).toEqual(['hello', 'beacon', 'status in-range']);
    expect(stage.tell(taskOf())).toEqual([
      'need ',
      'status downloading',
      'need 00',
      'need 01',
      'status training',
    ]);
    expect(stage.computing).toEqual([2]);
    expect(await stage.compute()).toEqual([`manifest ${key}`, 'status uploading', 'chunk 0']);
    const { manifest, bytes } = stage.arrived[0]!;
    expect([...floatsOfBytes(bytes)]).toEqual([2, 3, 4]);
    expect(manifest.meta).toEqual({
      round: 1,
      nonce,
      samples: 4,
      trainLoss: 0.5,
      computeSeconds: 2,
      joules: 20,
    });
    expect(stage.outbox.entries().map((entry) => entry.key)).toEqual([key]);
    expect(stage.tell(ack('committed'))).toEqual(['status in-range']);
    expect(stage.outbox.entries()).toEqual([]);
    expect([...stage.timers]).toEqual([]);
    expect(stage.agent.refusals().count).toBe(0);
  });

  it('does not pull a model it holds', async () => {
    const stage = await uploaded();
    stage.tell(ack('committed'));
    const next = taskOf({ round: 2, nonce: 'b'.repeat(64) });
    expect(stage.tell(next)).toEqual(['status training']);
  });

  it('shows how far a transfer is', () => {
    const stage = new Stage();
    expect(stage.agent.state()).toEqual({ state: 'idle', round: 0, progress: 0 });
    stage.position(0);
    stage.hears = false;
    stage.tell(taskOf());
    expect(stage.agent.state()).toEqual({ state: 'downloading', round: 1, progress: 0 });
  });

  it('takes a second ack as silence', async () => {
    const stage = await uploaded();
    stage.tell(ack('committed'));
    expect(stage.tell(ack('committed'))).toEqual([]);
  });

  it('ignores a task that comes twice, and answers a finished one from the outbox', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell(taskOf());
    expect(stage.tell(taskOf())).toEqual([]);
    await stage.compute();
    expect(stage.tell(taskOf())).toEqual([`manifest ${key}`]);
    expect(stage.learner.trained).toBe(1);
  });

  it('says hello again every ten seconds, in case the first was lost', () => {
    const stage = new Stage();
    stage.position(0);
    expect(stage.position(9)).toEqual(['beacon']);
    expect(stage.position(10)).toEqual(['hello', 'beacon']);
    expect(stage.position(15)).toEqual(['beacon']);
    expect(stage.position(20)).toEqual(['hello', 'beacon']);
  });

  it('beacons at most once in beaconSeconds', () => {
    const stage = new Stage();
    const said = [0, 0.5, 0.9, 1, 1.5, 2.1].map((at) =>
      stage.position(at).filter((name) => name === 'beacon'),
    );
    expect(said.map(({ length }) => length)).toEqual([1, 0, 0, 1, 0, 1]);
  });
});

describe('a vehicle agent whose round fails', () => {
  it('reports training that did not work, and sends no update', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.learner.failure = 'the loss became NaN at step 3';
    stage.tell(taskOf());
    expect(await stage.compute()).toEqual(['failed the loss became NaN at step 3', 'status in-range']);
    expect(stage.outbox.entries()).toEqual([]);
  });

  it('reports a loss that is not a number, though the learner did not notice', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.learner.loss = Number.NaN;
    stage.tell(taskOf());
    expect(await stage.compute()).toEqual(['failed training gave the loss NaN', 'status in-range']);
  });

  it('refuses a task that does not fit its model, with the reason', () => {
    const stage = new Stage();
    stage.position(0);
    const wrong = taskOf({ base: { sha: 'c'.repeat(64), size: 16 } });
    expect(stage.tell(wrong)).toEqual(['failed base of 16 bytes for three (expected 12)']);
    expect(stage.tell(taskOf({ cut: 1 }))).toEqual(['failed cut 1 with plan full (expected 0)']);
  });

  it('reports an outbox that cannot keep the update', async () => {
    class FullDisk extends MemoryOutbox {
      override put(): void {
        throw new Error('no space left on device');
      }
    }
    const stage = await uploaded(new FullDisk());
    expect(stage.said.slice(-2)).toEqual(['failed no space left on device', 'status in-range']);
  });

  it('drops a cancelled task, and what training for it still brings', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell(taskOf());
    expect(stage.tell({ kind: 'cancel', round: 1, reason: 'enough updates' })).toEqual(['status in-range']);
    expect(await stage.compute()).toEqual([]);
    expect(stage.learner.trained).toBe(0);
    expect(stage.tell({ kind: 'cancel', round: 1, reason: 'again' })).toEqual([]);
  });

  it('stops an update on its way when its round is cancelled, and asks what becomes of it', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell(taskOf());
    stage.hears = false;
    await stage.compute();
    expect(stage.tell({ kind: 'cancel', round: 1, reason: 'deadline' })).toEqual([`manifest ${key}`]);
    expect(stage.tell(ack('late'))).toEqual(['status in-range']);
    expect(stage.outbox.entries()).toEqual([]);
    expect(stage.agent.refusals().count).toBe(0);
  });

  it('gives a task up at its deadline', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell(taskOf({ deadlineSeconds: 1.5 }));
    expect(stage.timers.get('deadline')).toBe(1.5);
    expect(stage.ring('deadline')).toEqual(['status in-range']);
    expect(await stage.compute()).toEqual([]);
  });

  it('replaces its task by a new one', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell(taskOf());
    stage.tell(taskOf({ round: 2, nonce: 'b'.repeat(64) }));
    expect(await stage.compute()).toEqual([]);
    await stage.compute();
    expect(stage.arrived.map(({ manifest }) => manifest.key)).toEqual(['2/v1/update']);
  });
});

describe('a vehicle agent that leaves coverage', () => {
  it('drops its task and is silent until it is back', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell(taskOf());
    expect(stage.position(1, null)).toEqual([]);
    expect([...stage.timers]).toEqual([]);
    expect(stage.agent.state().state).toBe('idle');
    expect(await stage.compute()).toEqual([]);
    expect(stage.position(4, null)).toEqual([]);
    expect(stage.tell(taskOf({ nonce: 'b'.repeat(64) }))).toEqual([]);
    expect(stage.give({ kind: 'timer', name: 'wake' })).toEqual([]);
    expect(stage.give({ kind: 'position', position: null })).toEqual([]);
    expect(stage.outbox.entries()).toEqual([]);
    expect(stage.position(9)).toEqual(['hello', 'beacon', 'status in-range']);
  });

  it('says nothing before its first position', () => {
    const stage = new Stage();
    expect(stage.tell(taskOf())).toEqual([]);
    expect(stage.agent.refusals()).toEqual({ count: 1, latest: ['a task out of coverage'] });
  });

  it('offers a complete update again when it returns, and retires it when told that it is late', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell(taskOf());
    stage.hears = false;
    expect(await stage.compute()).toEqual([`manifest ${key}`, 'status uploading']);
    expect(stage.position(4, null)).toEqual([]);
    stage.hears = true;
    expect(stage.position(60)).toEqual(['hello', 'beacon', `manifest ${key}`, 'status uploading', 'chunk 0']);
    expect(stage.arrived).toHaveLength(1);
    expect(stage.tell(ack('late'))).toEqual(['status in-range']);
    expect(stage.outbox.entries()).toEqual([]);
  });

  it('offers an update of its earlier life after a reboot', async () => {
    const outbox = new MemoryOutbox();
    await uploaded(outbox);
    const rebooted = new Stage(outbox, { incarnation: 2 });
    expect(rebooted.position(30)).toEqual([
      'hello',
      'beacon',
      `manifest ${key}`,
      'status uploading',
      'chunk 0',
    ]);
    expect([...floatsOfBytes(rebooted.arrived[0]!.bytes)]).toEqual([2, 3, 4]);
  });
});

describe('a vehicle agent whose link fails', () => {
  it('offers an update that arrived but was not acknowledged again after 5, then 10 seconds', async () => {
    const stage = await uploaded();
    expect(stage.timers.get('ack')).toBe(7);
    expect(stage.ring('ack')).toEqual([`manifest ${key}`]);
    expect(stage.timers.get('ack')).toBe(17);
    expect(stage.arrived).toHaveLength(1);
  });

  it('probes a transfer that stands still', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.hears = false;
    stage.tell(taskOf());
    expect(stage.timers.get('wake')).toBe(1.2);
    expect(stage.ring('wake')).toEqual(['need ']);
  });

  it('trains on through a lost connection, and sends when it is back', async () => {
    const stage = new Stage();
    stage.position(0);
    stage.tell(taskOf());
    expect(stage.give({ kind: 'connection', connected: false })).toEqual([]);
    expect(await stage.compute()).toEqual([]);
    expect(stage.give({ kind: 'connection', connected: true }, 5)).toEqual([
      'hello',
      'beacon',
      `manifest ${key}`,
      'status uploading',
      'chunk 0',
    ]);
    expect(stage.arrived).toHaveLength(1);
  });
});

describe('a vehicle agent and an odd RSU', () => {
  it('takes no blob it did not ask for', () => {
    const stage = new Stage();
    stage.position(0);
    const bytesOf = (value: number) => bytesOfFloats(Float32Array.of(value));
    const meta = { round: 1 };
    expect(stage.offer({ key: '1/v1/model', purpose: 'model', bytes: bytesOf(9), meta })).toEqual([]);
    const gradient = {
      key: '1/v1/gradient/0',
      purpose: 'gradient' as const,
      bytes: bytesOf(8),
      meta: { round: 1, step: 0, cut: 1, base: nonce },
    };
    expect(stage.offer(gradient)).toEqual([]);
    const update = {
      key,
      purpose: 'update' as const,
      bytes: bytesOf(7),
      meta: { round: 1, nonce, samples: 1, trainLoss: 0, computeSeconds: 0, joules: 0 },
    };
    expect(stage.offer(update)).toEqual([]);
    expect(stage.agent.refusals().latest).toEqual([
      '1/v1/model was not asked for',
      'gradient of round 1, in which no split task is under way',
      'a vehicle takes no update',
    ]);
  });

  it('says why it ignored chunks, needs, timers and results it knows nothing of', () => {
    const stage = new Stage();
    stage.position(0);
    const sha = sha256(bytesOfFloats(base));
    stage.tell({ kind: 'chunk', sha, index: 0 });
    stage.tell({ kind: 'need', sha, have: '' });
    stage.give({ kind: 'timer', name: 'lunch' });
    stage.give({ kind: 'computed', ticket: 99, outcome: { ok: true, value: undefined } });
    expect(stage.agent.refusals().latest).toEqual([
      `chunk of unknown blob ${sha}`,
      `need of unknown blob ${sha}`,
      'unknown timer lunch',
      'result of unknown computation 99',
    ]);
  });
});
