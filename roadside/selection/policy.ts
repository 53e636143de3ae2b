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
}

/** All a policy may look at when it chooses. `rng` is this round's own stream. */
export interface ChoiceContext {
  readonly round: number;
  readonly candidates: readonly Candidate[];
  readonly perRound: number;
  readonly settings: Scenario['selection'];
  readonly rng: Rng;
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
  init(settings: Scenario['selection']): S;
  /** Ranks candidates, best first; the RSU walks the ranking until K0 vehicles have a task. */
  choose(state: S, context: ChoiceContext): { state: S; ranking: Choice[] };
  learn(state: S, feedback: RoundFeedback): { state: S; rewarded: ArmReward[] };
}
