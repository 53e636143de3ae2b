// The door for incoming blobs: what is refused from the manifest alone, and in which words.

import { describe, expect, it } from 'vitest';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import { cutFacts } from '../../learning/split/cuts.ts';
import { headFacts } from '../../learning/split/head.ts';
import type { Manifest } from '../../protocol/messages.ts';
import { scenarioSchema } from '../../protocol/scenario/schema.ts';
import type { RoundConfig } from '../../roadside/round/types.ts';
import { gateManifest } from '../../roadside/rsu/gate.ts';
import { type Assignment, Peer } from '../../roadside/rsu/peer.ts';
import { OwnUpper } from '../../roadside/rsu/server-halves.ts';
import { SplitTask, type SplitTerms } from '../../roadside/rsu/split-task.ts';

const model = { name: 'lenet5', inputShape: [32, 32, 3], classes: 43 } as const;
const cost = modelCost(model);
const scenario = scenarioSchema.parse({
  name: 'gate',
  rsus: [{ id: 'r', x: 0, y: 0 }],
  devices: [{ name: 'd', trainingFlopsPerSecond: 1e9 }],
});
const config: RoundConfig = {
  scenario,
  coverage: [],
  sites: [],
  cost,
  fullBytes: 4 * 64_811,
  delayBounds: { minSeconds: 1, maxSeconds: 2 },
};
const nonce = 'a'.repeat(64);
const sha = 'b'.repeat(64);

function peerWith(plan: 'full' | 'split', change: Partial<Assignment> = {}): Peer {
  const peer = new Peer('v1' as VehicleId);
  const modelSha = 'c'.repeat(64) as BlobSha;
  peer.assignments.set(3, { round: 3, nonce, plan, modelSha, closed: false, ...change });
  return peer;
}

/** A car with 70 samples in mini-batches of 32, two epochs: 32, 32, 6, 32, 32, 6. */
function splitTask(change: Partial<SplitTerms> = {}): SplitTask {
  return new SplitTask({
    facts: cutFacts(model, 1),
    head: undefined,
    format: 'float32',
    base: 'f'.repeat(64) as BlobSha,
    labelsPerSample: 1,
    samples: 70,
    epochs: 2,
    batchSize: 32,
    checkpointSteps: 0,
    server: new OwnUpper(Promise.reject(new Error('nothing is computed here'))),
    ...change,
  });
}

const answerTo = (split: SplitTask, manifest: Manifest): unknown =>
  answer(peerWith('split', { split }), manifest);

const update: Manifest = {
  kind: 'manifest',
  key: '3/v1/update',
  purpose: 'update',
  sha,
  size: 4 * 64_811,
  chunkBytes: 65_536,
  chunks: Array(4).fill(sha),
  meta: { round: 3, nonce, samples: 600, trainLoss: 1.5 },
};

const answer = (peer: Peer, manifest: Manifest): unknown => {
  const gate = gateManifest(config, peer, manifest);
  return gate.accept ? 'accepted' : [gate.result, gate.reason, gate.hostile];
};

describe('the gate', () => {
  it('lets in what was asked for', () => {
    expect(answer(peerWith('full'), update)).toBe('accepted');
  });

  it('refuses a round in which the vehicle has no task', () => {
    const other = { ...update, meta: { ...update.meta, round: 9 } };
    expect(answer(peerWith('full'), other)).toEqual([
      'refused',
      'unknown round 9 for v1 (it was given no task in it)',
      true,
    ]);
  });

  it('refuses the nonce of another task, as a replay has', () => {
    const replayed = { ...update, meta: { ...update.meta, nonce: 'd'.repeat(64) } };
    expect(answer(peerWith('full'), replayed)).toEqual([
      'refused',
      'wrong nonce for round 3 (expected the one of the task)',
      true,
    ]);
  });

  it('refuses the key of another vehicle', () => {
    expect(answer(peerWith('full'), { ...update, key: '3/v2/update' })).toEqual([
      'refused',
      'key 3/v2/update (expected 3/v1/update)',
      true,
    ]);
  });

  it('refuses a purpose that does not fit the plan', () => {
    expect(answer(peerWith('split', { split: splitTask() }), update)).toEqual([
      'refused',
      'purpose update for a split plan',
      true,
    ]);
  });

  it('refuses a size that is not the model’s, before a chunk is taken', () => {
    expect(answer(peerWith('full'), { ...update, size: 4 })).toEqual([
      'refused',
      'size of update is 4 bytes (expected 259244)',
      true,
    ]);
  });

  it('answers a repetition of a committed update with committed, and another payload with refused', () => {
    const peer = peerWith('full', { closed: true });
    peer.committed.set(update.key, sha);
    expect(answer(peer, update)).toEqual(['committed', 'already committed', false]);
    const forged = { ...update, sha: 'e'.repeat(64) };
    expect(answer(peer, forged)).toEqual([
      'refused',
      'another update was committed under this key; the first wins',
      true,
    ]);
  });

  it('answers an update after its round with late, which is no hostility', () => {
    expect(answer(peerWith('full', { closed: true }), update)).toEqual([
      'late',
      'round 3 is over for v1',
      false,
    ]);
  });
});

describe('the gate of a split task', () => {
  // 14 x 14 x 6 activations of 4 bytes and one label byte a sample.
  const bytesASample = 14 * 14 * 6 * 4 + 1;
  const smashed: Manifest = {
    ...update,
    key: '3/v1/smashed/0',
    purpose: 'smashed',
    size: 32 * bytesASample,
    meta: { round: 3, nonce, step: 0, samples: 32, cut: 1, base: 'f'.repeat(64) },
  };
  const changed = (meta: Partial<Manifest['meta']>, size = smashed.size): Manifest => {
    const all = { ...smashed.meta, ...meta };
    return { ...smashed, key: `3/v1/smashed/${all.step}`, size, meta: all };
  };

  it('lets in the mini-batch that is next, in its exact size', () => {
    expect(answerTo(splitTask(), smashed)).toBe('accepted');
    const last = splitTask();
    last.step = 2;
    expect(answerTo(last, changed({ step: 2, samples: 6 }, 6 * bytesASample))).toBe('accepted');
    expect(last.steps).toBe(6);
  });

  it.each([
    ['of another cut', changed({ cut: 2 }), 'of cut 2 (expected 1)'],
    ['of another cut by name', changed({ cut: 'a/b+c/d' }), 'of cut a/b+c/d (expected 1)'],
    ['of another model', changed({ base: sha }), `of model ${sha} (expected ${'f'.repeat(64)})`],
    ['in another format', changed({ format: 'int8' }), 'in int8 (expected float32)'],
    ['of a mini-batch there is not', changed({ step: 6 }), '(expected 0..5)'],
    ['with more samples', changed({ samples: 64 }), 'with 64 samples (expected 32)'],
  ])('refuses smashed data %s by name', (_what, manifest, reason) => {
    const { step } = manifest.meta;
    expect(answerTo(splitTask(), manifest)).toEqual(['refused', `smashed of step ${step} ${reason}`, true]);
  });

  it('refuses a wrong count of floats', () => {
    expect(answerTo(splitTask(), changed({}, smashed.size - 4))).toEqual([
      'refused',
      `size of smashed is ${smashed.size - 4} bytes (expected ${smashed.size})`,
      true,
    ]);
  });

  it('refuses a step that is not outstanding; one that was answered may be said again without hostility', () => {
    const second = splitTask();
    second.step = 1;
    expect(answerTo(second, smashed)).toEqual(['refused', 'smashed of step 0 (expected 1)', false]);
    expect(answerTo(splitTask(), changed({ step: 1 }))).toEqual([
      'refused',
      'smashed of step 1 (expected 0)',
      true,
    ]);
  });

  it('refuses an update before the last mini-batch', () => {
    const early: Manifest = {
      ...update,
      key: '3/v1/lower-update',
      purpose: 'lower-update',
      size: 4 * 456,
    };
    expect(answerTo(splitTask(), early)).toEqual([
      'refused',
      'a lower-update after 0 mini-batches (expected all 6)',
      true,
    ]);
  });

  it('takes the car’s part on the way only where it is asked for, and only when due', () => {
    const part = (step: number): Manifest => ({
      ...update,
      key: `3/v1/lower-checkpoint/${step}`,
      purpose: 'lower-checkpoint',
      size: 4 * 456,
      meta: { ...update.meta, step },
    });
    const refusal = (step: number): unknown[] => [
      'refused',
      `a lower-checkpoint after ${step} mini-batches, which is not asked for`,
      true,
    ];
    const asked = splitTask({ checkpointSteps: 2 });
    asked.step = 3;
    expect(answerTo(asked, part(2))).toBe('accepted');
    expect(answerTo(asked, part(3))).toEqual(refusal(3));
    expect(answerTo(asked, part(4))).toEqual(refusal(4));
    const other = splitTask();
    other.step = 3;
    expect(answerTo(other, part(2))).toEqual(refusal(2));
  });

  it('refuses a gradient of outputs that were not given, and any where the RSU has the end of the model', () => {
    const gradient: Manifest = {
      ...smashed,
      key: '3/v1/output-gradient/0',
      purpose: 'output-gradient',
      size: 32 * 84 * 4,
    };
    const reason = 'output-gradient of step 0';
    expect(answerTo(splitTask(), gradient)).toEqual([
      'refused',
      `${reason}, though the RSU has the end of the model`,
      true,
    ]);
    const ushaped = splitTask({ head: headFacts(cost, 4) });
    expect(answerTo(ushaped, gradient)).toEqual(['refused', `${reason} (expected 0)`, true]);
    ushaped.awaits = 'output-gradient';
    expect(answerTo(ushaped, gradient)).toBe('accepted');
    expect(ushaped.crossingBytes('smashed', 32)).toBe(32 * (bytesASample - 1));
  });
});
