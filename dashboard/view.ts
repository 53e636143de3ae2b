// The view model: what the page knows of a run at one instant, as plain records. Live view and replay show the same
// records, made by the same reducer (`model.ts`) from the same events.
//
// Glossary. Participant: a vehicle selected in a round. Under way: selected and without an outcome yet. Point: the model's
// quality after a round, with what it had cost by then. Must not: hold anything of the DOM, or know the time of day.

import {
  addCounts,
  type Booking,
  type Estimate,
  noCounts,
  type Outcome,
  type RoundCounts,
} from '../protocol/events.ts';
import type { Frame } from '../protocol/frame.ts';
import type { VehicleState } from '../protocol/messages.ts';

/** One selected vehicle in one round: why it was chosen, what was expected, how it ended. */
export interface Participant {
  readonly vehicle: string;
  readonly arm: string;
  readonly score: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly reason: string;
  readonly plan: 'full' | 'split';
  readonly cut: number | string;
  readonly estimate: Estimate;
  /** Chunks of its upload that arrived; null before the first. */
  readonly progress: { readonly have: number; readonly total: number } | null;
  readonly trainLoss: number | null;
  /** Models made between the one its update began from and its own; null in a synchronous run, or before it committed. */
  readonly staleness: number | null;
  /** Null while under way. */
  readonly outcome: Outcome | null;
  readonly outcomeReason: string;
  readonly endedAt: number | null;
  readonly booking: Booking | null;
  readonly wasted: boolean;
}

/** A vehicle the RSU looked at and did not choose a plan for. */
export interface Skipped {
  readonly vehicle: string;
  readonly reason: string;
  readonly estimate: Estimate;
}

/** One row of the rounds table. */
export interface RoundRow {
  readonly round: number;
  readonly openedAt: number;
  readonly closedAt: number | null;
  readonly candidates: number;
  readonly participants: readonly Participant[];
  readonly skipped: readonly Skipped[];
  /** Counted from outcomes while the round is open; the log's own figures once it is closed. */
  readonly counts: RoundCounts;
  readonly participationRatio: number | null;
  readonly utility: number | null;
  readonly durationSeconds: number | null;
  readonly accuracy: number | null;
  readonly loss: number | null;
}

/** What is known of one vehicle. Seconds, joules and bytes are sums of its bookings. */
export interface VehicleRecord {
  readonly vehicle: string;
  /** The RSU in whose coverage it is; null outside. */
  readonly rsu: string | null;
  readonly device: string | null;
  readonly samples: number | null;
  readonly state: VehicleState;
  readonly selected: number;
  readonly committed: number;
  readonly lastRound: number | null;
  readonly lastPlan: 'full' | 'split' | null;
  readonly lastOutcome: Outcome | null;
  readonly lastReason: string;
  readonly lastEndedAt: number | null;
  readonly seconds: number;
  readonly joules: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  readonly wastedSeconds: number;
}

/** Model quality after `round`, on three axes: rounds, seconds, and bytes booked so far in both directions. */
export interface LearningPoint {
  readonly round: number;
  readonly seconds: number;
  readonly bytes: number;
  readonly accuracy: number;
  readonly loss: number;
}

export interface ArmRecord {
  readonly arm: string;
  readonly pulls: number;
  readonly meanReward: number;
  readonly lastReward: number;
}

/** Sums over the rounds so far; selected = committed + left + late + refused + failed + underWay. */
export interface Totals extends RoundCounts {
  readonly underWay: number;
  readonly messagesRefused: number;
}

export interface View {
  /** Seconds since the run began, of the newest thing seen; -1 before anything. */
  readonly at: number;
  /** `seq` of the newest event seen; 0 before any (the log counts from 1). */
  readonly seq: number;
  /** How many events were folded. */
  readonly seen: number;
  readonly modelSha: string | null;
  /** In order of opening. */
  readonly rounds: readonly RoundRow[];
  readonly vehicles: ReadonlyMap<string, VehicleRecord>;
  readonly points: readonly LearningPoint[];
  readonly arms: ReadonlyMap<string, ArmRecord>;
  readonly messagesRefused: number;
  readonly closed: { readonly reason: string; readonly rounds: number } | null;
  /** The newest map frame at or before `at`; null before the first. */
  readonly frame: Frame | null;
}

export const emptyView: View = {
  at: -1,
  seq: 0,
  seen: 0,
  modelSha: null,
  rounds: [],
  vehicles: new Map(),
  points: [],
  arms: new Map(),
  messagesRefused: 0,
  closed: null,
  frame: null,
};

/** Selected vehicles of `counts` whose outcome is not known yet. */
export function underWay(counts: RoundCounts): number {
  return counts.selected - counts.committed - counts.left - counts.late - counts.refused - counts.failed;
}

/** The headline sums of a view. */
export function totalsOf(view: View): Totals {
  const sum = view.rounds.reduce((total, row) => addCounts(total, row.counts), noCounts);
  return { ...sum, underWay: underWay(sum), messagesRefused: view.messagesRefused };
}

/** What a vehicle is before anything is known of it. */
export function unknownVehicle(vehicle: string): VehicleRecord {
  return {
    vehicle,
    rsu: null,
    device: null,
    samples: null,
    state: 'idle',
    selected: 0,
    committed: 0,
    lastRound: null,
    lastPlan: null,
    lastOutcome: null,
    lastReason: '',
    lastEndedAt: null,
    seconds: 0,
    joules: 0,
    bytesUp: 0,
    bytesDown: 0,
    wastedSeconds: 0,
  };
}
