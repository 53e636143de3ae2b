// MAVFL: discounted upper confidence bounds over vehicles, rewarded by the utility of the round they took part in.
// Source: Tu, Chen, Li, Chen, Wu, "Mobility-Aware Federated Learning: Multi-Armed Bandit Based Selection in Vehicular
// Network", arXiv 2410.10451, Eqs. 8-10 and Algorithm 1. Symbols are the paper's:
//   M[k] = sum over rounds t <= r of lambda^(r-t) [k chosen in t]          discounted pulls
//   A[k] = sum over rounds t <= r of lambda^(r-t) [k chosen in t] Phi[t]   discounted reward
//   n    = sum of all M[k];  U[k] = A[k]/M[k] + xi sqrt(2 ln n / M[k])     (Eqs. 8, 9, 10)
// kept by their recurrences, which equal the sums. Ours, off by default: an arm may be a stretch of road (zone), and an
// arm may earn its own vehicle's outcome instead of the round's.
// Must not: skip learning in a round without success (that round is the one to learn from).

import type { ArmReward, Candidate, Choice, ChoiceContext, Policy, RoundFeedback } from './policy.ts';
import { utility } from './utility.ts';

/** What is known of one arm: discounted pulls M and discounted reward A. */
export interface ArmStatistics {
  readonly pulls: number;
  readonly reward: number;
}

/** State of the bandit. `pulls` is n, the discounted pulls of all arms together. */
export interface MavflState {
  readonly arms: ReadonlyMap<string, ArmStatistics>;
  readonly pulls: number;
}

type Settings = ChoiceContext['settings'];

/** Below this many discounted pulls nothing is left of what was learned, and the arm counts as unseen. */
const forgottenPulls = 1e-12;

/** The arm a candidate stands for: itself [paper], or the zone of the road it is in when chosen [ours]. */
export function armOf(candidate: Candidate, settings: Settings): string {
  if (settings.arm === 'vehicle') return candidate.vehicle;
  return `${candidate.road}:${Math.floor(candidate.offsetMeters / settings.armZoneMeters)}`;
}

/** The confidence term (Eq. 9), weighted by xi: wide for arms pulled rarely of late. */
export function confidence(state: MavflState, arm: ArmStatistics, exploration: number): number {
  // n below 1 would make the logarithm negative; it happens only when almost everything has been forgotten.
  return exploration * Math.sqrt((2 * Math.log(Math.max(state.pulls, 1))) / arm.pulls);
}

function choiceOf(state: MavflState, candidate: Candidate, settings: Settings): Choice {
  const arm = armOf(candidate, settings);
  const known = state.arms.get(arm);
  if (!known) return { vehicle: candidate.vehicle, arm, score: 0, terms: {}, reason: 'unseen' };
  const meanReward = known.reward / known.pulls;
  const bonus = confidence(state, known, settings.exploration);
  return {
    vehicle: candidate.vehicle,
    arm,
    score: meanReward + bonus,
    terms: { meanReward, confidence: bonus },
    reason: bonus > Math.abs(meanReward) ? 'rarely tried of late' : 'did well of late',
  };
}

/** Unseen arms first (their U is infinite), then by U. Ties keep the seeded random order they come in. */
function choose(state: MavflState, context: ChoiceContext): { state: MavflState; ranking: Choice[] } {
  const ranking = context.rng
    .shuffle([...context.candidates])
    .map((candidate) => choiceOf(state, candidate, context.settings));
  const seen = (choice: Choice): number => (state.arms.has(choice.arm) ? 1 : 0);
  ranking.sort((a, b) => seen(a) - seen(b) || b.score - a.score);
  return { state, ranking };
}

/** Rewards of this round by arm. Several members may share a zone: each is a pull of its own. */
function earned(feedback: RoundFeedback): Map<string, ArmStatistics> {
  const { participationWeight, credit } = feedback.settings;
  const bounds = feedback.delayBounds;
  const ofRound = utility(participationWeight, feedback.participationRatio, {
    seconds: feedback.durationSeconds,
    bounds,
  });
  const byArm = new Map<string, ArmStatistics>();
  for (const { arm, outcome, seconds } of feedback.members) {
    const success = outcome === 'committed' ? 1 : 0;
    const reward = credit === 'round' ? ofRound : utility(participationWeight, success, { seconds, bounds });
    const before = byArm.get(arm) ?? { pulls: 0, reward: 0 };
    byArm.set(arm, { pulls: before.pulls + 1, reward: before.reward + reward });
  }
  return byArm;
}

/** M <- lambda M + pulls, A <- lambda A + reward, n <- lambda n + |S|. Arms that are forgotten leave the table. */
function learn(state: MavflState, feedback: RoundFeedback): { state: MavflState; rewarded: ArmReward[] } {
  const lambda = feedback.settings.discount;
  const arms = new Map<string, ArmStatistics>();
  for (const [arm, { pulls, reward }] of state.arms) {
    if (lambda * pulls >= forgottenPulls) arms.set(arm, { pulls: lambda * pulls, reward: lambda * reward });
  }
  const rewarded: ArmReward[] = [];
  for (const [arm, gain] of earned(feedback)) {
    const before = arms.get(arm) ?? { pulls: 0, reward: 0 };
    const after = { pulls: before.pulls + gain.pulls, reward: before.reward + gain.reward };
    arms.set(arm, after);
    rewarded.push({
      arm,
      reward: gain.reward / gain.pulls,
      pulls: after.pulls,
      meanReward: after.reward / after.pulls,
    });
  }
  return { state: { arms, pulls: lambda * state.pulls + feedback.members.length }, rewarded };
}

/** Discounted UCB. In the first round all arms are unseen, which makes it a uniform draw, as Algorithm 1 wants. */
export const mavfl: Policy<MavflState> = {
  name: 'mavfl',
  source: 'MAVFL (arXiv 2410.10451), Eqs. 8-10 and Algorithm 1',
  describe: 'discounted upper confidence bound of the round utility',
  init: () => ({ arms: new Map(), pulls: 0 }),
  choose,
  learn,
};
