// What the RSU remembers of one vehicle's conversation: its transfers and the tasks it was given. One Peer per vehicle.
// Must not: decide anything about a round.

import type { BlobSha, VehicleId } from '../../base/ids.ts';
import { Transfers } from '../../protocol/blob/transfers.ts';
import type { BlobMeta, Purpose, VehicleState } from '../../protocol/messages.ts';
import type { SplitTask } from './split-task.ts';

/** A task as it was given: what an answer is checked against. */
export interface Assignment {
  readonly round: number;
  readonly nonce: string;
  readonly plan: 'full' | 'split';
  /** The global model it started from. */
  readonly modelSha: BlobSha;
  /** Where it stands in a split plan. */
  readonly split?: SplitTask;
  /** The round gave this vehicle an outcome: nothing more is taken. */
  closed: boolean;
}

/** A blob the peer may pull by its hash. */
export interface Served {
  readonly key: string;
  readonly purpose: Purpose;
  readonly bytes: Uint8Array;
  readonly meta: BlobMeta;
}

/** Keep this many past assignments, so that a late answer is told so by name instead of being unknown. */
const rememberedRounds = 16;

export class Peer {
  readonly vehicle: VehicleId;
  readonly transfers: Transfers;
  readonly assignments = new Map<number, Assignment>();
  /** Keys already committed, with the hash that won. */
  readonly committed = new Map<string, string>();
  /** Keys that arrived whole, with the hash the vehicle sent; cleared with the next task. */
  readonly received = new Map<string, string>();
  readonly served = new Map<string, Served>();
  /** Training samples, by its hello. */
  samples = 0;
  state: VehicleState = 'idle';
  lastHeardAt = 0;
  inContact = false;
  /** Out of coverage since then, and waited for; null while it is heard. */
  lostAt: number | null = null;
  /** The RSU its last beacon came through. */
  serving: string | null = null;
  /** Payload bytes since they were last booked. */
  bytesUp = 0;
  bytesDown = 0;
  /** Last upload progress written to the log, in twentieths. */
  loggedProgress = -1;

  constructor(vehicle: VehicleId) {
    this.vehicle = vehicle;
    this.transfers = new Transfers({ lookup: (sha: string) => this.served.get(sha) });
  }

  /** Remembers a task and forgets the oldest ones. */
  assign(assignment: Assignment, served: Served, baseSha: string): void {
    this.assignments.set(assignment.round, assignment);
    this.served.clear();
    this.received.clear();
    this.served.set(baseSha, served);
    this.loggedProgress = -1;
    for (const round of this.assignments.keys()) {
      if (this.assignments.size <= rememberedRounds) break;
      this.assignments.delete(round);
    }
  }

  /** Ends the task of `round`: no more transfers, and the upper half is given back. */
  release(round: number): void {
    const assignment = this.assignments.get(round);
    if (!assignment || assignment.closed) return;
    assignment.closed = true;
    for (const sha of this.served.keys()) this.transfers.retract(sha);
    this.served.clear();
    this.transfers.forgetRound(round);
    assignment.split?.release();
  }
}
