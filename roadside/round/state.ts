// What the RSU holds between two events: plain, read-only data. A change makes a new value and shares the rest.
// Must not: hold a clock, a blob's bytes, or anything that could not be rebuilt from the events heard so far.

import { RoadbedError } from '../../base/errors.ts';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import { asSha } from '../../base/ids.ts';
import type { Cut } from '../../learning/learner.ts';
import type { Booking, Estimate, Outcome } from '../../protocol/events.ts';
import type { DeviceProfile } from '../../protocol/messages.ts';
import { bufferSizeOf } from '../aggregation/aggregators.ts';
import type { StayErrors } from '../cuts/chance.ts';
import type { PathSeconds } from '../cuts/path.ts';
import type { RadioMap } from '../cuts/radio-map.ts';
import { splitCost } from '../cuts/split-cost.ts';
import type { StayHistory } from '../cuts/stay-history.ts';
import { policyByName } from '../selection/policies.ts';
import type { Candidate } from '../selection/policy.ts';
import type { KeptWork, RoundConfig, RoundEffect } from './types.ts';
import { emptyTable, type VehicleTable } from './vehicle-table.ts';

/** How a member's round ended: decided once, never changed. */
export interface Ending {
  readonly outcome: Outcome;
  readonly at: number;
  readonly booking: Booking;
  /** The committed update; null for every other outcome. */
  readonly updateSha: BlobSha | null;
  /** The loss it reported; null where no update came. */
  readonly trainLoss: number | null;
  /** Epochs behind its update, where fewer than asked for. */
  readonly epochsDone?: number;
  /** Mini-batches behind it, where it is what was kept of a split task. */
  readonly stepsDone?: number;
  /** Of a committed flight: models made between the one it began from and the one it goes into. */
  readonly staleness?: number;
}

/** A member's task in an asynchronous run: a vehicle may have several in one round, begun from several models. */
export interface Flight {
  /** Its number on the wire, from 1, where a synchronous task has its round. */
  readonly task: number;
  readonly modelSha: BlobSha;
  /** How many models had been made when it began. */
  readonly version: number;
}

/** A member's place among those that train one after the other (`turns.ts`). */
export interface Turn {
  /** 0 begins. */
  readonly order: number;
  /** When its task was sent; null while it waits. */
  readonly beganAt: number | null;
}

/** A vehicle with a task in the open round. */
export interface Member {
  readonly vehicle: VehicleId;
  readonly arm: string;
  /** What was known of it when it was chosen. */
  readonly candidate: Candidate;
  readonly plan: 'full' | 'split';
  readonly cut: Cut;
  readonly estimate: Estimate;
  /** The planned path, which prices a car that never reports. */
  readonly path: PathSeconds;
  readonly device: DeviceProfile;
  /** Samples by its hello: its weight, which its update cannot inflate. */
  readonly samples: number;
  readonly dispatchedAt: number;
  readonly bytesUp: number;
  readonly bytesDown: number;
  /** What counts of a split task if it ends early; none where the scenario keeps nothing. */
  readonly kept?: KeptWork;
  readonly ending: Ending | null;
  /** Absent in a synchronous run. */
  readonly flight?: Flight;
  /** Where cars take turns: absent where all begin at once. */
  readonly turn?: Turn;
}

/**
 * The round in progress. Members are sorted by vehicle id; in an asynchronous run they are the flights in the air and
 * those that ended since the last model was asked for, in order of take-off.
 */
export interface OpenRound {
  readonly round: number;
  readonly openedAt: number;
  readonly members: readonly Member[];
  readonly skipped: number;
  /** `collecting` until every member has an ending, then `aggregating` until the new model is there. */
  readonly phase: 'collecting' | 'aggregating';
}

/** An update that was committed: what the same key must carry when it comes again. */
export interface Commit {
  readonly round: number;
  readonly key: string;
  readonly updateSha: BlobSha;
}

/** What an asynchronous run (`asynchronous.ts`) holds besides. */
export interface Asynchronous {
  /** Tasks sent so far. */
  readonly tasks: number;
  /** Models made so far. */
  readonly version: number;
  /** The round whose model is being made: all its members have ended. */
  readonly closing: OpenRound | null;
  /** Among how many flights the bands are divided now. */
  readonly sharers: number;
}

export interface RoundState {
  readonly phase: 'idle' | 'running' | 'finished';
  readonly modelSha: BlobSha;
  /** Number of the round opened last; 0 before the first. */
  readonly round: number;
  readonly open: OpenRound | null;
  /** Null in a synchronous run. */
  readonly asynchronous: Asynchronous | null;
  readonly vehicles: VehicleTable;
  /** What stays have taught about the roads; empty where the scenario asks for no prediction. */
  readonly history: StayHistory;
  /** How far past predictions of stays were off; none where the scenario asks for no prediction. */
  readonly stayErrors: StayErrors;
  /** What beacons have taught about the channel along the roads; empty where the scenario does not go by it. */
  readonly radioMap: RadioMap;
  /** What the selection policy remembers. */
  readonly policy: unknown;
  /** Commits of the last rounds by `round/vehicle`; see `rememberedRounds`. */
  readonly commits: ReadonlyMap<string, Commit>;
  /** Vehicles already logged as skipped for the round that comes next (it may be tried for many seconds). */
  readonly skippedNext: ReadonlySet<VehicleId>;
  /** Rounds whose evaluation is still out. */
  readonly evaluating: readonly number[];
  /** Why no further round will open; the run ends with the last evaluation. Null while it goes on. */
  readonly stopping: string | null;
}

/** A new state and what the world is to do about it, in order. */
export interface Step {
  readonly state: RoundState;
  readonly effects: readonly RoundEffect[];
}

/**
 * Commits are remembered for this many rounds. A car repeats an update until it is acknowledged, seconds after; one that
 * repeats it 64 rounds later is told `late`, which empties its outbox just as well and counts nothing twice.
 */
export const rememberedRounds = 64;

/** A step that wants nothing done. */
export function quiet(state: RoundState): Step {
  return { state, effects: [] };
}

/** Goes on from `step` with `next`, keeping the effects of both in order. (A module that exports `then` is a promise.) */
export function andThen(step: Step, next: (state: RoundState) => Step): Step {
  const after = next(step.state);
  return { state: after.state, effects: [...step.effects, ...after.effects] };
}

function checkCut(config: RoundConfig): void {
  const { mode, cut } = config.scenario.fallback;
  const last = config.cost.blocks.length - 1;
  if (mode === 'full-only' || (cut === 'best' && last >= 1)) return;
  if (typeof cut === 'string') splitCost(config, cut);
  else if (cut < 1 || cut > last) {
    throw new RoadbedError(
      'scenario',
      `invalid fallback.cut: ${cut} (${config.cost.model} can be cut behind block 1..${last}). Choose one of these, or set fallback.mode: full-only.`,
    );
  }
}

/** The state before the run starts. Throws RoadbedError('scenario') for an unknown policy or an impossible cut. */
export function initialState(config: RoundConfig): RoundState {
  checkCut(config);
  return {
    phase: 'idle',
    modelSha: asSha('0'.repeat(64)),
    round: 0,
    open: null,
    asynchronous:
      bufferSizeOf(config.scenario.aggregation) === null
        ? null
        : { tasks: 0, version: 0, closing: null, sharers: 0 },
    vehicles: emptyTable(),
    history: new Map(),
    stayErrors: [],
    radioMap: new Map(),
    policy: policyByName(config.scenario.selection.policy).init(config.scenario.selection),
    commits: new Map(),
    skippedNext: new Set(),
    evaluating: [],
    stopping: null,
  };
}
