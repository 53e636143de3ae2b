// A whole update at the RSU: checked against the model it started from, kept, and reported to the round.
// Must not: decide about a round, or trust anything but what was checked.

import { present } from '../../base/assert.ts';
import { floatsOfBytes } from '../../base/hash.ts';
import type { Manifest } from '../../protocol/messages.ts';
import { checkUpdate } from '../updates/check.ts';
import type { Desk } from './desk.ts';
import type { Assignment, Peer } from './peer.ts';

/** The address of the bytes is the manifest's, and so is their size: a joined model has a manifest of its own. */
export interface WholeUpdate {
  readonly manifest: Manifest;
  readonly bytes: Uint8Array;
}

/** Why a whole model is not taken as an update of this task, or null. */
export function updateFault(desk: Desk, { modelSha }: Assignment, update: WholeUpdate): string | null {
  const { manifest, bytes } = update;
  const base = floatsOfBytes(present(desk.options.blobs.get(modelSha), 'the base model'));
  return checkUpdate({
    bytes,
    declaredSize: manifest.size,
    declaredSha: manifest.sha,
    expectedParameters: base.length,
    base,
  });
}

export function takeUpdate(
  desk: Desk,
  peer: Peer,
  assignment: Assignment,
  update: WholeUpdate,
  now: number,
): void {
  const { manifest, bytes } = update;
  const { round } = assignment;
  const { vehicle } = peer;
  const reason = updateFault(desk, assignment, update);
  if (reason !== null)
    return desk.raise({ kind: 'update-refused', at: now, vehicle, round, key: manifest.key, reason });
  const { samples, trainLoss, epochsDone, computeSeconds = 0, joules = 0 } = manifest.meta;
  desk.raise({
    kind: 'update-received',
    at: now,
    vehicle,
    round,
    key: manifest.key,
    updateSha: desk.options.blobs.put(bytes),
    samples: present(samples, 'samples (the gate saw them)'),
    trainLoss: present(trainLoss, 'trainLoss (the gate saw it)'),
    epochsDone,
    computeSeconds,
    joules,
  });
}
