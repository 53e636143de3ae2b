// MAVFL: discounted upper confidence bounds over vehicles, rewarded by the utility of the round they took part in.
// Source: Tu, Chen, Li, Chen, Wu, "Mobility-Aware Federated Learning: Multi-Armed Bandit Based Selection in Vehicular
// Network", arXiv 2410.10451, Eqs. 8-10 and Algorithm 1. Symbols are the paper's:
//   M[k] = sum over rounds t <= r of lambda^(r-t) [k chosen in t]          discounted pulls
//   A[k] = sum over rounds t <= r of lambda^(r-t) [k chosen in t] Phi[t]   discounted reward
//   n    = sum of all M[k];  U[k] = A[k]/M[k] + xi sqrt(2 ln n / M[k])     (Eqs. 8, 9, 10)
// kept by their recurrences, which equal the sums. Ours, off by default: an arm may be a stretch of road (zone), and an
// arm may earn its own vehicle's outcome instead of the round's.
// Must not: skip learning in a round without success (that round is the one to learn from).

import { type ArmStatistics, addEarnings, earned, rankArms } from './arms.ts';
import type { ArmReward, ChoiceContext, Policy, RoundFeedback } from './policy.ts';

/** State of the bandit. `pulls` is n, the discounted pulls of all arms together. */
export interface MavflState {
  /** Discounted pulls M and discounted reward A of each arm. */
  readonly arms: ReadonlyMap<string, ArmStatistics>;
  readonly pulls: number;
}

/** Below this many discounted pulls nothing is left of what was learned, and the arm counts as unseen. */
const forgottenPulls = 1e-12;

/** The confidence term (Eq. 9), weighted by xi: wide for arms pulled rarely of late. */
export function confidence(state: MavflState, arm: ArmStatistics, exploration: number): number {
  // n below 1 would make the logarithm negative; it happens only when almost everything has been forgotten.
  return exploration * Math.sqrt((2 * Math.log(Math.max(state.pulls, 1))) / arm.pulls);
}

/** Unseen arms first (their U is infinite), then by U (Eq. 10). */
function choose(state: MavflState, context: ChoiceContext): ReturnType<Policy<MavflState>['choose']> {
  const ranking = rankArms(context, (arm) => {
    const known = state.arms.get(arm);
    if (!known) return undefined;
    return {
      meanReward: known.reward / known.pulls,
      confidence: confidence(state, known, context.settings.exploration),
    };
  });
  return { state, ranking };
}

/** M <- lambda M + pulls, A <- lambda A + reward, n <- lambda n + |S|. Arms that are forgotten leave the table. */
function learn(state: MavflState, feedback: RoundFeedback): { state: MavflState; rewarded: ArmReward[] } {
  const lambda = feedback.settings.discount;
  const faded = new Map<string, ArmStatistics>();
  for (const [arm, { pulls, reward }] of state.arms) {
    if (lambda * pulls >= forgottenPulls) faded.set(arm, { pulls: lambda * pulls, reward: lambda * reward });
  }
  const { arms, rewarded } = addEarnings(faded, earned(feedback));
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
