// What the RSU actor is given and what drives it. Must not: hold behaviour.

import type { VehicleId } from '../../base/ids.ts';
import type { Dataset, Learner, ModelSpec, Shard } from '../../learning/learner.ts';
import type { ComputeOutcome, Outputs } from '../../protocol/actor.ts';
import type { EventBody, LoggedEvent } from '../../protocol/events.ts';
import type { DownMessage } from '../../protocol/messages.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';
import type { RoundConfig } from '../round/types.ts';

/** One input of the RSU. Frames arrive as bytes: what is hostile is found out here, not by the sender. */
export type RsuInput =
  | { readonly kind: 'frame'; readonly vehicle: VehicleId; readonly payload: Uint8Array }
  /** Bytes on a vehicle's topic that the host knows not to be the vehicle's: refused and counted, never acted on. */
  | { readonly kind: 'stranger'; readonly vehicle: VehicleId; readonly payload: Uint8Array }
  /** So many more of them came than the host could keep. */
  | { readonly kind: 'flood'; readonly dropped: number }
  /** The link layer saw the vehicle go (virtual time); live, missing beacons tell. */
  | { readonly kind: 'left'; readonly vehicle: VehicleId }
  | { readonly kind: 'timer'; readonly name: string }
  | { readonly kind: 'computed'; readonly ticket: number; readonly outcome: ComputeOutcome }
  | { readonly kind: 'stop'; readonly reason: string };

/** A share of the air given to a vehicle for a round. */
export interface Grant {
  readonly vehicle: VehicleId;
  readonly uplinkHz: number;
  readonly downlinkHz: number;
}

export interface RsuOutputs extends Outputs<DownMessage> {
  readonly grants: Grant[];
}

/** Where events are committed; the real one is `store/ledger.ts`. */
export interface EventSink {
  /** Commits all entries in one transaction, or none; returns them with their place in the log. */
  append(entries: readonly { readonly at: number; readonly body: EventBody }[]): LoggedEvent[];
}

/** Content-addressed bytes; the real one is `store/blobs.ts`. */
export interface BlobSink {
  put(bytes: Uint8Array): import('../../base/ids.ts').BlobSha;
  get(sha: import('../../base/ids.ts').BlobSha): Uint8Array | undefined;
  drop(sha: import('../../base/ids.ts').BlobSha): void;
}

export interface RsuOptions {
  readonly scenario: Scenario;
  readonly config: RoundConfig;
  readonly ledger: EventSink;
  readonly blobs: BlobSink;
  readonly learner: Learner;
  readonly model: ModelSpec;
  readonly evaluationData: Dataset;
  readonly dataFingerprint: string;
  /** Training samples of the RSU's own, where the aggregation rule wants some. */
  readonly rootData?: { readonly data: Dataset; readonly shard: Shard };
  /** Told of every event after it is committed. */
  readonly onEvents?: (events: readonly LoggedEvent[]) => void;
  /** Keep every update's bytes instead of dropping them when their round's average is committed. Default false. */
  readonly keepUpdates?: boolean;
  /** Live only: a vehicle unheard for this long has left. */
  readonly beaconTimeoutSeconds?: number;
}
