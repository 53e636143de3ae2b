// The round's vocabulary: what can happen to it, what it can want. `advance(state, event) -> { state, effects }` in
// `advance.ts` is the heart of roadbed; the RSU actor around it carries effects out and turns the world into events.
// Must not: do I/O, read a clock, or know blobs' bytes (a blob is a hash here).
//
// `round` in events and effects about a vehicle's task is what the vehicle knows the task by: its round, or in an
// asynchronous run the task's own number (state.ts, Flight). In the log `round` is always a round.
//
// Glossary. Candidate: a vehicle in coverage that has said hello. Member: a vehicle given a task this round. Outcome: how
// a member's round ended, exactly one of committed, left, late, refused, failed. K0: vehicles chosen a round (perRound).

import type { BlobSha, RoadId, RsuId, VehicleId } from '../../base/ids.ts';
import type { ModelCost } from '../../learning/cost/types.ts';
import type { Cut, ModelSpec } from '../../learning/learner.ts';
import type { EventBody } from '../../protocol/events.ts';
import type { AckResult, Beacon, DeviceProfile } from '../../protocol/messages.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';

/** Where the RSU can hear: the stretch of each road inside its coverage. Its own map knowledge, given at start. */
export interface Coverage {
  readonly rsu: RsuId;
  readonly road: RoadId;
  readonly fromMeters: number;
  readonly toMeters: number;
}

/** Where an antenna stands, metres east and north of the scenario's origin. */
export interface Site {
  readonly id: RsuId;
  readonly x: number;
  readonly y: number;
}

/** Everything constant in a run that a round's decisions depend on. */
export interface RoundConfig {
  readonly scenario: Pick<
    Scenario,
    'selection' | 'round' | 'fallback' | 'aggregation' | 'stop' | 'training' | 'radio' | 'seed'
  > &
    Partial<Pick<Scenario, 'handover' | 'prediction'>>;
  readonly coverage: readonly Coverage[];
  /** Lengths of roads on the RSU's map, metres; absent where it has none. */
  readonly roadMeters?: ReadonlyMap<string, number>;
  /** Antennas of the scenario; a candidate's distance is measured to the one that serves it. */
  readonly sites: readonly Site[];
  readonly cost: ModelCost;
  /** The model these costs are of; absent only where it is cut behind blocks and nowhere else. */
  readonly model?: ModelSpec;
  /** Bytes of the whole model (float32 weights). */
  readonly fullBytes: number;
  /** Bounds of a round's delay for the utility: fixed constants from geometry, never running extremes (docs/mavfl.md). */
  readonly delayBounds: { readonly minSeconds: number; readonly maxSeconds: number };
}

/** The work of a split task so far, as it would be committed. */
export interface KeptWork {
  readonly key: string;
  readonly updateSha: BlobSha;
  readonly samples: number;
  readonly trainLoss: number;
  /** Mini-batches behind it. */
  readonly stepsDone: number;
  /** What the car had spent on them. */
  readonly computeSeconds: number;
  readonly joules: number;
}

/** What the world tells the round. `at` is the instant, in seconds since the run began. */
export type RoundEvent =
  | { readonly kind: 'started'; readonly at: number; readonly modelSha: BlobSha }
  | {
      readonly kind: 'vehicle-hello';
      readonly at: number;
      readonly vehicle: VehicleId;
      readonly device: DeviceProfile;
      readonly samples: number;
    }
  | {
      readonly kind: 'vehicle-beacon';
      readonly at: number;
      readonly vehicle: VehicleId;
      readonly beacon: Beacon;
    }
  /** The vehicle is out of coverage: the link layer said so, or its beacons stopped. */
  | {
      readonly kind: 'vehicle-left';
      readonly at: number;
      readonly vehicle: VehicleId;
      /** When it was lost, where it was waited for; default `at`. */
      readonly lostAt?: number;
    }
  | { readonly kind: 'round-due'; readonly at: number }
  | { readonly kind: 'deadline'; readonly at: number; readonly round: number }
  /** An update arrived whole and passed every check (`roadside/updates`); for a split plan, lower and upper are joined. */
  | {
      readonly kind: 'update-received';
      readonly at: number;
      readonly vehicle: VehicleId;
      readonly round: number;
      readonly key: string;
      readonly updateSha: BlobSha;
      readonly samples: number;
      readonly trainLoss: number;
      /** Fewer epochs than asked for; all where absent. */
      readonly epochsDone?: number;
      readonly computeSeconds: number;
      readonly joules: number;
    }
  /** A split car's part arrived on the way, was checked and joined: it counts if the car does not come to its end. */
  | {
      readonly kind: 'work-kept';
      readonly at: number;
      readonly vehicle: VehicleId;
      readonly round: number;
      readonly work: KeptWork;
    }
  | {
      readonly kind: 'update-refused';
      readonly at: number;
      readonly vehicle: VehicleId;
      readonly round: number;
      readonly key: string;
      readonly reason: string;
    }
  | {
      readonly kind: 'vehicle-failed';
      readonly at: number;
      readonly vehicle: VehicleId;
      readonly round: number;
      readonly reason: string;
    }
  /** Payload bytes that travelled for a member of this round (booked at its outcome). */
  | {
      readonly kind: 'bytes-moved';
      readonly at: number;
      readonly vehicle: VehicleId;
      readonly up: number;
      readonly down: number;
    }
  | { readonly kind: 'aggregated'; readonly at: number; readonly round: number; readonly modelSha: BlobSha }
  | {
      readonly kind: 'evaluated';
      readonly at: number;
      readonly round: number;
      readonly modelSha: BlobSha;
      readonly loss: number;
      readonly accuracy: number;
      readonly samples: number;
    }
  | { readonly kind: 'stop-requested'; readonly at: number; readonly reason: string };

/** One committed update as aggregation wants it: sorted by vehicle id, weight already decided. */
export interface Contribution {
  readonly vehicle: VehicleId;
  readonly updateSha: BlobSha;
  readonly weight: number;
  /** Local steps it should have taken: mini-batches times epochs it has done. */
  readonly steps: number;
  /** The loss it reported. */
  readonly trainLoss: number;
  /** Of an asynchronous run: which task it was, how stale it is, and the model it began from. */
  readonly flight?: { readonly task: number; readonly staleness: number; readonly startSha: BlobSha };
}

/** What the round wants done, in this order. Log entries are committed before any acknowledgement leaves. */
export type RoundEffect =
  | { readonly kind: 'log'; readonly body: EventBody }
  | {
      readonly kind: 'dispatch';
      readonly vehicle: VehicleId;
      readonly round: number;
      readonly nonce: string;
      readonly plan: 'full' | 'split';
      readonly cut: Cut;
      readonly modelSha: BlobSha;
      readonly batchSeed: number;
      readonly deadlineSeconds: number;
      /** Set where finished epochs are welcome: when their upload has to begin, after the sending of the task. */
      readonly uploadBySeconds?: number;
      readonly uplinkBandwidthHz: number;
      readonly downlinkBandwidthHz: number;
    }
  /** The bands are divided anew: this is a vehicle's share from now on. */
  | {
      readonly kind: 'grant';
      readonly vehicle: VehicleId;
      readonly uplinkBandwidthHz: number;
      readonly downlinkBandwidthHz: number;
    }
  | { readonly kind: 'cancel'; readonly vehicle: VehicleId; readonly round: number; readonly reason: string }
  | {
      readonly kind: 'acknowledge';
      readonly vehicle: VehicleId;
      readonly key: string;
      readonly result: AckResult;
      readonly reason: string;
    }
  | {
      readonly kind: 'timer';
      readonly name: 'round-due' | 'deadline';
      readonly round: number;
      readonly delaySeconds: number | null;
    }
  | {
      readonly kind: 'aggregate';
      readonly round: number;
      readonly base: BlobSha;
      readonly contributions: readonly Contribution[];
      /** Committed models of the round that another one stands for. */
      readonly superseded?: readonly BlobSha[];
    }
  | { readonly kind: 'evaluate'; readonly round: number; readonly modelSha: BlobSha }
  | { readonly kind: 'finish'; readonly reason: string };
