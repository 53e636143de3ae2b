// The selection policy port. A policy is `init`, `choose`, `learn`: state in, new state out; randomness passed in.
// Adding one: write a file in this folder that exports a Policy, and add it to `policies.ts`. Must not: do I/O, or see
// anything an RSU could not know (no simulator's future).
//
// A complete toy policy:
//
//   export const alphabetical: Policy<null> = {
//     name: 'alphabetical', source: 'toy', describe: 'by vehicle id',
//     init: () => null,
//     choose: (state, context) => ({ state, ranking: [...context.candidates]
//       .sort((a, b) => (a.vehicle < b.vehicle ? -1 : 1))
//       .map((c) => ({ vehicle: c.vehicle, arm: c.vehicle, score: 0, terms: {}, reason: 'next in the alphabet' })) }),
//     learn: (state) => ({ state, rewarded: [] }),
//   };

import type { VehicleId } from '../../base/ids.ts';
import type { Rng } from '../../base/rng.ts';
import type { Outcome } from '../../protocol/events.ts';
import type { DeviceProfile } from '../../protocol/messages.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';
import type { Parameter } from '../parameters.ts';

/** What the whole task should take: model down, local training, model up, in seconds. An RSU's estimate, never the truth. */
export interface TaskSeconds {
  readonly downloadSeconds: number;
  readonly computeSeconds: number;
  readonly uploadSeconds: number;
  /** With latencies; 1e9 where a path never ends. */
  readonly totalSeconds: number;
}

/** What the RSU knows of one candidate at the instant of selection. */
export interface Candidate {
  readonly vehicle: VehicleId;
  readonly road: string;
  readonly offsetMeters: number;
  readonly speedMps: number;
  /** Straight-line distance to the antenna that serves it, metres; Infinity when unknown. */
  readonly distanceMeters: number;
  readonly secondsLeft: number;
  readonly bitsPerSecondPerHertz: number;
  readonly device: DeviceProfile;
  readonly samples: number;
  /** Of the full path, with the share of the bands it would have if K0 vehicles were chosen. */
  readonly task: TaskSeconds;
}

/** All a policy may look at when it chooses. `rng` is this round's own stream. */
export interface ChoiceContext {
  readonly round: number;
  readonly candidates: readonly Candidate[];
  readonly perRound: number;
  readonly settings: Scenario['selection'];
  readonly rng: Rng;
  /** When a round is closed over those still at work, seconds after its opening. */
  readonly deadlineSeconds: number;
}

/** One line of a ranking: best first. `terms` sum to `score`. */
export interface Choice {
  readonly vehicle: VehicleId;
  readonly arm: string;
  readonly score: number;
  readonly terms: Readonly<Record<string, number>>;
  readonly reason: string;
}

/** What became of a selected vehicle, and its round. */
export interface Feedback {
  readonly vehicle: VehicleId;
  readonly arm: string;
  readonly outcome: Outcome;
  /** Seconds from dispatch to this vehicle's outcome. */
  readonly seconds: number;
  /** What was known of it when it was chosen. */
  readonly candidate: Candidate;
  /** Mean cross-entropy of its last local epoch, as it reported; null where no update came. */
  readonly trainLoss: number | null;
}

/** A finished round as a policy learns from it. */
export interface RoundFeedback {
  readonly round: number;
  readonly members: readonly Feedback[];
  /** Participation ratio p = committed / selected (MAVFL Eq. 5). */
  readonly participationRatio: number;
  readonly durationSeconds: number;
  readonly delayBounds: { readonly minSeconds: number; readonly maxSeconds: number };
  readonly settings: Scenario['selection'];
}

export interface ArmReward {
  readonly arm: string;
  readonly reward: number;
  readonly pulls: number;
  readonly meanReward: number;
}

/** A selection policy with state S: plain data, part of the round's state, decided by the events heard so far. */
export interface Policy<S = unknown> {
  readonly name: string;
  /** Where it comes from: paper, section; or `ours`. */
  readonly source: string;
  readonly describe: string;
  /** What a scenario may set under `selection.parameters`. */
  readonly parameters?: readonly Parameter[];
  init(settings: Scenario['selection']): S;
  /**
   * Ranks candidates, best first; the RSU walks the ranking until K0 vehicles have a task, or `tasks` where the policy
   * wants more or fewer in this round. A ranking may be worked out as it is read; read twice, it says the same.
   */
  choose(state: S, context: ChoiceContext): { state: S; ranking: Iterable<Choice>; tasks?: number };
  learn(state: S, feedback: RoundFeedback): { state: S; rewarded: ArmReward[] };
}
