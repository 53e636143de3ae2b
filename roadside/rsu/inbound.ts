// What comes in from vehicles: messages become round events, blobs are taken chunk by chunk and checked when complete.
// Must not: decide about a round, or trust anything a frame says beyond what was checked.

import { messageOf } from '../../base/errors.ts';
import type { VehicleId } from '../../base/ids.ts';
import { decodeFrame } from '../../protocol/codec.ts';
import type { Framed, Manifest, TransferMessage, UpMessage } from '../../protocol/messages.ts';
import type { Desk } from './desk.ts';
import { gateManifest } from './gate.ts';
import { noteServing, onFound, onLeft } from './handover.ts';
import type { Peer } from './peer.ts';
import { onSplitBlob } from './split-server.ts';
import { takeUpdate } from './take-update.ts';

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
      peer.samples = message.samples;
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
  const { manifest } = blob;
  const assignment = peer.assignments.get(manifest.meta.round);
  if (!assignment || assignment.closed) return;
  peer.received.set(manifest.key, manifest.sha);
  if (manifest.purpose === 'update') takeUpdate(desk, peer, assignment, blob, now);
  else onSplitBlob(desk, peer, assignment, blob, now);
}
