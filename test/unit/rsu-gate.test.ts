// The door for incoming blobs: what is refused from the manifest alone, and in which words.

import { describe, expect, it } from 'vitest';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import { modelCost } from '../../learning/cost/model-cost.ts';
import type { Manifest } from '../../protocol/messages.ts';
import { scenarioSchema } from '../../protocol/scenario/schema.ts';
import type { RoundConfig } from '../../roadside/round/types.ts';
import { gateManifest, smashedBytes } from '../../roadside/rsu/gate.ts';
import { type Assignment, Peer } from '../../roadside/rsu/peer.ts';

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
  lowerBytes: 4 * 456,
  delayBounds: { minSeconds: 1, maxSeconds: 2 },
};
const nonce = 'a'.repeat(64);
const sha = 'b'.repeat(64);

function peerWith(plan: 'full' | 'split', change: Partial<Assignment> = {}): Peer {
  const peer = new Peer('v1' as VehicleId);
  const modelSha = 'c'.repeat(64) as BlobSha;
  const cut = plan === 'split' ? 1 : 0;
  peer.assignments.set(3, {
    round: 3,
    nonce,
    plan,
    cut,
    modelSha,
    upper: undefined,
    nextStep: 0,
    busy: false,
    closed: false,
    ...change,
  });
  return peer;
}

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
    expect(answer(peerWith('split'), update)).toEqual(['refused', 'purpose update for a split plan', true]);
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

  it('takes smashed data only of the step that is next, in the exact size of its mini-batch', () => {
    const smashed: Manifest = {
      ...update,
      key: '3/v1/smashed/0',
      purpose: 'smashed',
      size: smashedBytes(config, 1, 32),
      meta: { round: 3, nonce, step: 0, samples: 32 },
    };
    // 14 x 14 x 6 activations of 4 bytes and one label byte a sample.
    expect(smashed.size).toBe(32 * (14 * 14 * 6 * 4 + 1));
    expect(answer(peerWith('split'), smashed)).toBe('accepted');
    expect(answer(peerWith('split', { nextStep: 1 }), smashed)).toEqual([
      'refused',
      'smashed data of step 0 (expected 1)',
      false,
    ]);
    const crowded = { ...smashed, size: smashedBytes(config, 1, 64), meta: { ...smashed.meta, samples: 64 } };
    expect(answer(peerWith('split'), crowded)).toEqual([
      'refused',
      'a mini-batch of 64 (expected at most 32)',
      true,
    ]);
  });
});
