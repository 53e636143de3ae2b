// Vehicles that go from one RSU to the next, as the RSU that owns the rounds sees it. Must not: decide about a round.
//
// How handover works, end to end. The first RSU of the scenario owns the rounds: this actor is at it, with model, store and
// all bookkeeping. The others are antennas with a backhaul: what they hear they pass on, what is for their vehicles they
// send. So the peer of a vehicle, with the bitmaps of its transfers, is the same under every antenna, and whatever was
// begun under one goes on under the next from the chunk it had reached.
//   1 the world        the serving RSU of a fix changes when another is stronger by the margin (contacts/serving-choice.ts),
//                      or when the disc of the present one ends
//   2 the air          nothing moves during the interruption; then the queues go on in order, the frame that was in the
//                      middle of the air anew: none is lost, none arrives twice (testbed/virtual/air.ts)
//   3 the car          says so at once with a beacon through the new RSU; tasks, computing and transfers go on
//   4 here             logs `handover` (round/vehicles.ts); for each blob that was on its way `transfer-handed-over`, and for a split
//                      task that has begun `split-handed-over`: both halves are where they were, and so is its next step
// Between two discs that do not touch the car is out of coverage: it is `lost`, and left only when the grace is over. Until
// then it computes on in silence; its hello at the next RSU brings the bitmaps of both sides, and only missing chunks move.
// A member has one outcome whatever happened on the way: committed under any RSU, or left, late, refused, failed.

import type { RsuId, VehicleId } from '../../base/ids.ts';
import type { Desk } from './desk.ts';
import type { Peer } from './peer.ts';

const graceTimer = (vehicle: VehicleId): string => `grace:${vehicle}`;

/** The vehicle is out of coverage. Where the scenario grants it a grace, its task waits for it that long. */
export function onLost(desk: Desk, vehicle: VehicleId, now: number): void {
  const peer = desk.peers.get(vehicle);
  const graceSeconds = desk.options.scenario.handover?.graceSeconds ?? 0;
  if (graceSeconds === 0 || !peer?.inContact) return onLeft(desk, vehicle, now);
  peer.lostAt = now;
  desk.timer(graceTimer(vehicle), graceSeconds);
}

/** It is heard again, by this RSU or the next: its task goes on where it was. */
export function onFound(desk: Desk, peer: Peer): void {
  peer.lostAt = null;
  desk.timer(graceTimer(peer.vehicle), null);
}

/** Nobody heard of it any more. */
export function onGraceOver(desk: Desk, vehicle: VehicleId, now: number): void {
  if (desk.peers.get(vehicle)?.lostAt != null) onLeft(desk, vehicle, now);
}

/** The vehicle is out of coverage and not waited for. */
export function onLeft(desk: Desk, vehicle: VehicleId, now: number): void {
  const peer = desk.peers.get(vehicle);
  if (!peer) return;
  const lostAt = peer.lostAt ?? now;
  peer.inContact = false;
  peer.lostAt = null;
  peer.serving = null;
  peer.state = 'idle';
  desk.raise({ kind: 'vehicle-left', at: now, lostAt, vehicle });
}

/** Another RSU serves the vehicle: what was moving goes on there, from the chunk it had reached. */
export function noteServing(desk: Desk, peer: Peer, to: string | null, now: number): void {
  const from = peer.serving;
  peer.serving = to ?? from;
  if (!desk.options.scenario.handover || to === null || from === null || from === to) return;
  for (const assignment of peer.assignments.values()) {
    const { split, round, closed } = assignment;
    if (!split || closed || split.step === 0) continue;
    const where = { from: from as RsuId, to: to as RsuId, step: split.step };
    desk.record(now, { kind: 'split-handed-over', vehicle: peer.vehicle, round, ...where });
  }
  for (const part of peer.transfers.progress()) {
    const { direction, have, total, round = 0, purpose } = part;
    if (have === 0 || purpose === undefined) continue;
    const body = { kind: 'transfer-handed-over', vehicle: peer.vehicle, round, purpose } as const;
    const way = direction === 'in' ? 'up' : 'down';
    desk.record(now, { ...body, from: from as RsuId, to: to as RsuId, direction: way, have, total });
  }
}
