// The event log: everything that happened in a run, in order. Tables, the dashboard, reports and the run's hash are
// views of it. Live view and replay read the same events. Must not: carry wall-clock time, host names or run ids, which
// would make two equal runs differ.

import type { RsuId, VehicleId } from '../base/ids.ts';
import type { Purpose, VehicleState } from './messages.ts';

/** How a selected vehicle's task ended. Exactly one per task: in a synchronous run, per vehicle and round. */
export const outcomes = ['committed', 'left', 'late', 'refused', 'failed'] as const;
export type Outcome = (typeof outcomes)[number];
export type Plan = 'full' | 'split' | 'skip';

/** What the RSU expects of one vehicle when it decides, all from its own knowledge. */
export interface Estimate {
  /** Seconds until the vehicle leaves coverage: distance left on its road over its speed. */
  readonly secondsLeft: number;
  readonly uplinkBitsPerSecond: number;
  /** Download + training + upload of the whole model. */
  readonly fullSeconds: number;
  /** The same for the split path; null when splitting is off or does not fit. */
  readonly splitSeconds: number | null;
  /** Where it would be split, where that is chosen for each vehicle. */
  readonly splitCut?: number | string;
  /** The chance of each path to end in time, 0..1, where decisions go by chances; null for a path there is not. */
  readonly fullChance?: number | null;
  readonly splitChance?: number | null;
}

/** Seconds left as predicted at one instant, by both methods, and as they came out. */
export interface StayPrediction {
  readonly at: number;
  readonly actualSeconds: number;
  /** Distance left on its road over its speed. */
  readonly roadSeconds: number;
  /** With what past cars did there; what decides where the scenario says so. */
  readonly learnedSeconds: number;
}

/** Work and bytes of one vehicle in one round, as booked once at its outcome. */
export interface Booking {
  readonly seconds: number;
  readonly joules: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** Of a split task that counts only up to some mini-batch: the part of the work that came after. */
  readonly lost?: { readonly seconds: number; readonly joules: number };
}

/** The part of a vehicle's work that counts for nothing: all, none, or what came after the part that counts. */
export function wastedWork(ended: { readonly wasted: boolean; readonly booking: Booking }): {
  readonly seconds: number;
  readonly joules: number;
} {
  const { wasted, booking } = ended;
  return wasted ? booking : (booking.lost ?? { seconds: 0, joules: 0 });
}

export type EventBody =
  | {
      readonly kind: 'run-opened';
      readonly scenario: unknown;
      readonly modelSha: string;
      readonly dataFingerprint: string;
    }
  | { readonly kind: 'vehicle-entered'; readonly vehicle: VehicleId; readonly rsu: RsuId }
  | { readonly kind: 'vehicle-left'; readonly vehicle: VehicleId }
  | { readonly kind: 'handover'; readonly vehicle: VehicleId; readonly from: RsuId; readonly to: RsuId }
  /** A blob was on its way when another RSU took the vehicle over; `have` of its `total` chunks had arrived. */
  | {
      readonly kind: 'transfer-handed-over';
      readonly vehicle: VehicleId;
      readonly round: number;
      readonly purpose: Purpose;
      readonly from: RsuId;
      readonly to: RsuId;
      readonly direction: 'up' | 'down';
      readonly have: number;
      readonly total: number;
    }
  /** A split task was under way then: it goes on at mini-batch `step`. */
  | {
      readonly kind: 'split-handed-over';
      readonly vehicle: VehicleId;
      readonly round: number;
      readonly from: RsuId;
      readonly to: RsuId;
      readonly step: number;
    }
  /** A vehicle's stay ended: what was predicted of it, each time it came onto a road, against what it was. */
  | {
      readonly kind: 'stay-ended';
      readonly vehicle: VehicleId;
      readonly seconds: number;
      readonly predictions: readonly StayPrediction[];
    }
  | {
      readonly kind: 'vehicle-known';
      readonly vehicle: VehicleId;
      readonly device: string;
      readonly samples: number;
    }
  | {
      readonly kind: 'vehicle-state';
      readonly vehicle: VehicleId;
      readonly state: VehicleState;
      readonly round: number;
    }
  | {
      readonly kind: 'round-opened';
      readonly round: number;
      readonly modelSha: string;
      readonly candidates: number;
    }
  | {
      readonly kind: 'vehicle-selected';
      readonly round: number;
      readonly vehicle: VehicleId;
      readonly arm: string;
      readonly score: number;
      /** Terms of the policy's score; they sum to `score`. An unseen bandit arm has score 0 and reason "unseen". */
      readonly terms: Readonly<Record<string, number>>;
      readonly reason: string;
      readonly plan: 'full' | 'split';
      readonly cut: number | string;
      /** Number of its task, in an asynchronous run: it belongs to the round in which it ends. */
      readonly task?: number;
      readonly estimate: Estimate;
    }
  | {
      readonly kind: 'vehicle-skipped';
      readonly round: number;
      readonly vehicle: VehicleId;
      readonly reason: string;
      readonly estimate: Estimate;
    }
  | {
      readonly kind: 'upload-progress';
      readonly round: number;
      readonly vehicle: VehicleId;
      readonly have: number;
      readonly total: number;
    }
  | {
      readonly kind: 'update-committed';
      readonly round: number;
      readonly vehicle: VehicleId;
      readonly plan: 'full' | 'split';
      readonly key: string;
      readonly updateSha: string;
      readonly samples: number;
      readonly trainLoss: number;
      /** Epochs behind it, where they are fewer than the task asked for. */
      readonly epochsDone?: number;
      /** In an asynchronous run: its task, and how many models were made between the one it began from and its own. */
      readonly task?: number;
      readonly staleness?: number;
      /** Mini-batches behind it, where a split task did not come to its end. */
      readonly stepsDone?: number;
    }
  /** What crossed the cut in one split task: mini-batches answered, and bytes of smashed data and of gradients. */
  | {
      readonly kind: 'split-ended';
      readonly round: number;
      readonly vehicle: VehicleId;
      readonly cut: number | string;
      readonly steps: number;
      readonly bytesUp: number;
      readonly bytesDown: number;
    }
  | {
      readonly kind: 'update-refused';
      readonly round: number;
      readonly vehicle: VehicleId;
      readonly key: string;
      readonly reason: string;
    }
  /** A committed update that the aggregation rule did not use. */
  | {
      readonly kind: 'update-left-out';
      readonly round: number;
      readonly vehicle: VehicleId;
      readonly reason: string;
    }
  | { readonly kind: 'message-refused'; readonly vehicle: VehicleId | null; readonly reason: string }
  | {
      readonly kind: 'vehicle-outcome';
      readonly round: number;
      readonly vehicle: VehicleId;
      readonly outcome: Outcome;
      readonly plan: 'full' | 'split';
      readonly reason: string;
      readonly booking: Booking;
      readonly wasted: boolean;
      readonly task?: number;
    }
  | {
      readonly kind: 'arm-rewarded';
      readonly round: number;
      readonly arm: string;
      readonly reward: number;
      readonly pulls: number;
      readonly meanReward: number;
    }
  | ({
      readonly kind: 'round-closed';
      readonly round: number;
      readonly modelSha: string;
      readonly durationSeconds: number;
      readonly participationRatio: number;
      readonly utility: number;
    } & RoundCounts)
  | {
      readonly kind: 'model-evaluated';
      readonly round: number;
      readonly modelSha: string;
      readonly loss: number;
      readonly accuracy: number;
      readonly samples: number;
    }
  | {
      readonly kind: 'run-closed';
      readonly reason: string;
      readonly rounds: number;
      readonly modelSha: string;
    };

/** The accounting identity of a round: selected = committed + left + late + refused + failed. */
export interface RoundCounts {
  readonly selected: number;
  readonly committed: number;
  readonly left: number;
  readonly late: number;
  readonly refused: number;
  readonly failed: number;
  /** How many of the selected were given a split plan. */
  readonly split: number;
  readonly skipped: number;
  /** How many of the committed were partial: fewer epochs or mini-batches than asked for. Absent where there were none. */
  readonly partial?: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly wastedSeconds: number;
  readonly wastedJoules: number;
}

/** The counts of no round at all. */
export const noCounts: RoundCounts = {
  selected: 0,
  committed: 0,
  left: 0,
  late: 0,
  refused: 0,
  failed: 0,
  split: 0,
  skipped: 0,
  bytesUp: 0,
  bytesDown: 0,
  wastedSeconds: 0,
  wastedJoules: 0,
};

/** Adds two sets of counts, field by field. */
export function addCounts(a: RoundCounts, b: RoundCounts): RoundCounts {
  const partial = (a.partial ?? 0) + (b.partial ?? 0);
  return {
    ...(partial > 0 ? { partial } : {}),
    selected: a.selected + b.selected,
    committed: a.committed + b.committed,
    left: a.left + b.left,
    late: a.late + b.late,
    refused: a.refused + b.refused,
    failed: a.failed + b.failed,
    split: a.split + b.split,
    skipped: a.skipped + b.skipped,
    bytesUp: a.bytesUp + b.bytesUp,
    bytesDown: a.bytesDown + b.bytesDown,
    wastedSeconds: a.wastedSeconds + b.wastedSeconds,
    wastedJoules: a.wastedJoules + b.wastedJoules,
  };
}

/** An event as logged: its place in the log and its instant in seconds since the run began. */
export interface LoggedEvent {
  readonly seq: number;
  readonly at: number;
  readonly body: EventBody;
}
