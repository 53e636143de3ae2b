// What comes in from vehicles: messages become round events, blobs are taken chunk by chunk and checked when complete.
// Must not: decide about a round, or trust anything a frame says beyond what was checked.

import { present } from '../../base/assert.ts';
import { messageOf } from '../../base/errors.ts';
import { bytesOfFloats, floatsOfBytes, sha256 } from '../../base/hash.ts';
import type { VehicleId } from '../../base/ids.ts';
import { joinWeights } from '../../learning/cost/model-cost.ts';
import type { ComputeOutcome } from '../../protocol/actor.ts';
import { decodeFrame } from '../../protocol/codec.ts';
import type { Framed, Manifest, TransferMessage, UpMessage } from '../../protocol/messages.ts';
import { checkUpdate } from '../updates/check.ts';
import type { Desk } from './desk.ts';
import { gateManifest } from './gate.ts';
import { noteServing, onFound, onLeft } from './handover.ts';
import type { Assignment, Peer } from './peer.ts';
import { answerSmashed, type GradientReady } from './split-server.ts';

/** The whole model of a split round, put together when the lower half has arrived. */
interface JoinReady {
  readonly kind: 'joined';
  readonly manifest: Manifest;
  readonly full: Float32Array;
}

/** One frame of a vehicle. What cannot be decoded is counted, with the reason. */
export function onFrame(desk: Desk, vehicle: VehicleId, payload: Uint8Array, now: number): void {
  let framed: Framed<UpMessage>;
  try {
    framed = decodeFrame('up', payload);
  } catch (error) {
    desk.record(now, { kind: 'message-refused', vehicle, reason: messageOf(error) });
    return;
  }
  const peer = desk.peerOf(vehicle, now);
  if (!peer) return;
  peer.lastHeardAt = now;
  if (peer.lostAt !== null) onFound(desk, peer);
  desk.countIn(peer, framed.message, payload.length);
  onMessage(desk, peer, framed, now);
}

/** A frame that no vehicle of this run sent: the first of its faults is logged, and nothing changes. */
export function onStranger(desk: Desk, vehicle: VehicleId, payload: Uint8Array, now: number): void {
  desk.record(now, { kind: 'message-refused', vehicle, reason: faultOfStranger(desk, vehicle, payload) });
}

function faultOfStranger(desk: Desk, vehicle: VehicleId, payload: Uint8Array): string {
  let message: UpMessage;
  try {
    message = decodeFrame('up', payload).message;
  } catch (error) {
    return messageOf(error);
  }
  const peer = desk.peers.get(vehicle);
  const gate =
    peer && message.kind === 'manifest' ? gateManifest(desk.options.config, peer, message) : undefined;
  if (gate && !gate.accept) return gate.reason;
  return `a ${message.kind} that ${vehicle} did not send (made up, or recorded and sent again)`;
}

/** Frames of strangers that nobody could look at. */
export function onFlood(desk: Desk, dropped: number, now: number): void {
  const reason = `${dropped} more frames that no vehicle of this run sent`;
  desk.record(now, { kind: 'message-refused', vehicle: null, reason });
}

function onMessage(desk: Desk, peer: Peer, { message, body }: Framed<UpMessage>, now: number): void {
  const { vehicle } = peer;
  switch (message.kind) {
    case 'hello':
      desk.raise({
        kind: 'vehicle-hello',
        at: now,
        vehicle,
        device: message.device,
        samples: message.samples,
      });
      return message.repeated ? undefined : desk.send(peer, peer.transfers.reset(now), now);
    case 'beacon':
      peer.inContact = true;
      noteServing(desk, peer, message.serving, now);
      return desk.raise({ kind: 'vehicle-beacon', at: now, vehicle, beacon: message });
    case 'status':
      peer.state = message.state;
      return desk.record(now, { kind: 'vehicle-state', vehicle, state: message.state, round: message.round });
    case 'bye':
      return onLeft(desk, vehicle, now);
    case 'failed':
      return onFailed(desk, peer, message, now);
    default:
      return onTransfer(desk, peer, message, body, now);
  }
}

function onFailed(
  desk: Desk,
  peer: Peer,
  message: { round: number; nonce: string; reason: string },
  now: number,
): void {
  const { vehicle } = peer;
  const { round, nonce, reason } = message;
  if (peer.assignments.get(round)?.nonce === nonce)
    desk.raise({ kind: 'vehicle-failed', at: now, vehicle, round, reason });
  else
    desk.record(now, {
      kind: 'message-refused',
      vehicle,
      reason: `a failure report for round ${round} with a wrong nonce`,
    });
}

function onTransfer(desk: Desk, peer: Peer, message: TransferMessage, body: Uint8Array, now: number): void {
  if (message.kind === 'manifest' && !pass(desk, peer, message, now)) return;
  const result = peer.transfers.receive(message, body, now);
  if (result.refused)
    desk.record(now, { kind: 'message-refused', vehicle: peer.vehicle, reason: result.refused });
  logProgress(desk, peer, now);
  desk.send(peer, result.send, now);
  if (result.completed) onBlob(desk, peer, result.completed, now);
}

/** True when the blob may come; otherwise it was answered. */
function pass(desk: Desk, peer: Peer, manifest: Manifest, now: number): boolean {
  const gate = gateManifest(desk.options.config, peer, manifest);
  if (gate.accept) return true;
  const { key, meta } = manifest;
  const { result, reason } = gate;
  if (gate.hostile)
    desk.record(now, { kind: 'update-refused', round: meta.round, vehicle: peer.vehicle, key, reason });
  else peer.transfers.decline(manifest.sha);
  desk.sendTo(peer.vehicle, { kind: 'ack', key, result, reason }, now);
  return false;
}

/** Progress of an upload for the map, at most twenty entries a blob. */
function logProgress(desk: Desk, peer: Peer, now: number): void {
  for (const part of peer.transfers.progress()) {
    if (part.direction !== 'in' || (part.purpose !== 'update' && part.purpose !== 'lower-update')) continue;
    const { have, total, round = 0 } = part;
    const twentieth = Math.floor((20 * have) / Math.max(1, total));
    if (twentieth === peer.loggedProgress) continue;
    peer.loggedProgress = twentieth;
    desk.record(now, { kind: 'upload-progress', round, vehicle: peer.vehicle, have, total });
  }
}

function onBlob(desk: Desk, peer: Peer, blob: { manifest: Manifest; bytes: Uint8Array }, now: number): void {
  const { manifest, bytes } = blob;
  const assignment = peer.assignments.get(manifest.meta.round);
  if (!assignment || assignment.closed) return;
  peer.received.set(manifest.key, manifest.sha);
  if (manifest.purpose === 'smashed') onSmashed(desk, peer, assignment, blob, now);
  else if (manifest.purpose === 'update') onUpdate(desk, peer, assignment, blob, now);
  else onLowerUpdate(desk, peer, assignment, manifest, bytes);
}

function onUpdate(
  desk: Desk,
  peer: Peer,
  assignment: Assignment,
  blob: { manifest: Manifest; bytes: Uint8Array },
  now: number,
): void {
  const { blobs } = desk.options;
  const { manifest, bytes } = blob;
  const { round } = assignment;
  const { vehicle } = peer;
  const base = floatsOfBytes(present(blobs.get(assignment.modelSha), 'the base model'));
  const reason = checkUpdate({
    bytes,
    declaredSize: manifest.size,
    declaredSha: manifest.sha,
    expectedParameters: base.length,
    base,
  });
  if (reason !== null) {
    return desk.raise({ kind: 'update-refused', at: now, vehicle, round, key: manifest.key, reason });
  }
  const { samples, trainLoss, epochsDone, computeSeconds = 0, joules = 0 } = manifest.meta;
  desk.raise({
    kind: 'update-received',
    at: now,
    vehicle,
    round,
    key: manifest.key,
    updateSha: blobs.put(bytes),
    samples: present(samples, 'samples (the gate saw them)'),
    trainLoss: present(trainLoss, 'trainLoss (the gate saw it)'),
    epochsDone,
    computeSeconds,
    joules,
  });
}

/** The upper half may still be at work: joining waits for it. */
function onLowerUpdate(
  desk: Desk,
  peer: Peer,
  assignment: Assignment,
  manifest: Manifest,
  bytes: Uint8Array,
): void {
  const purpose = { kind: 'split', vehicle: peer.vehicle, round: assignment.round } as const;
  desk.compute(0, purpose, async (): Promise<JoinReady> => {
    const upper = await present(assignment.upper, 'the upper half');
    return { kind: 'joined', manifest, full: joinWeights(floatsOfBytes(bytes), upper.weights()) };
  });
}

function onSmashed(
  desk: Desk,
  peer: Peer,
  assignment: Assignment,
  blob: { manifest: Manifest; bytes: Uint8Array },
  now: number,
): void {
  const { config, model } = desk.options;
  const answer = answerSmashed({ config, model, assignment, ...blob });
  const { vehicle } = peer;
  const { round } = assignment;
  if (typeof answer === 'string') {
    return desk.raise({
      kind: 'update-refused',
      at: now,
      vehicle,
      round,
      key: blob.manifest.key,
      reason: answer,
    });
  }
  desk.compute(answer.modelledSeconds, { kind: 'split', vehicle, round }, answer.run);
}

/** A split computation ended: a gradient goes down, or a joined model is checked as any update is. */
export function onSplitComputed(
  desk: Desk,
  task: { vehicle: VehicleId; round: number },
  outcome: ComputeOutcome,
  now: number,
): void {
  const peer = present(desk.peers.get(task.vehicle), task.vehicle);
  const assignment = peer.assignments.get(task.round);
  if (!assignment || assignment.closed) return;
  if (!outcome.ok) return desk.raise({ kind: 'vehicle-failed', at: now, ...task, reason: outcome.error });
  const ready = outcome.value as GradientReady | JoinReady;
  if (ready.kind === 'gradient') {
    assignment.nextStep = ready.step + 1;
    assignment.busy = false;
    return desk.send(peer, peer.transfers.offer(ready.blob, now), now);
  }
  const bytes = bytesOfFloats(ready.full);
  const manifest = { ...ready.manifest, size: bytes.length, sha: sha256(bytes) };
  onUpdate(desk, peer, assignment, { manifest, bytes }, now);
}
