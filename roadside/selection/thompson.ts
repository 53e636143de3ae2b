// Thompson sampling with Gaussian beliefs: each arm's mean utility is drawn from what is believed of it, and the best
// draws are chosen. Source: Agrawal and Goyal, "Further Optimal Regret Bounds for Thompson Sampling", AISTATS 2013,
// Algorithm 2: after k pulls the belief is normal with mean (sum of rewards) / (k + 1) and variance 1 / (k + 1). Rewards of
// MAVFL's utility have width 1, as the theorem wants. Must not: treat an unseen arm as infinite; its belief is wide enough.

import { type ArmStatistics, addEarnings, armOf, earned } from './arms.ts';
import type { Policy } from './policy.ts';
import { rankByScore } from './ranking.ts';

type Beliefs = ReadonlyMap<string, ArmStatistics>;

export const thompson: Policy<Beliefs> = {
  name: 'thompson',
  source: 'Agrawal and Goyal, AISTATS 2013 (arXiv 1209.3353), Algorithm 2',
  describe: 'draws each mean utility from its belief',
  init: () => new Map(),
  choose: (state, context) => ({
    state,
    ranking: rankByScore(context, (candidate) => {
      const arm = armOf(candidate, context.settings);
      const { pulls, reward } = state.get(arm) ?? { pulls: 0, reward: 0 };
      const meanReward = reward / (pulls + 1);
      // Two members of one arm draw apart: each is a pull of its own.
      const luck = (context.settings.exploration * context.rng.normal()) / Math.sqrt(pulls + 1);
      const reason = Math.abs(luck) > Math.abs(meanReward) ? 'drawn high, little known' : 'did well';
      return {
        vehicle: candidate.vehicle,
        arm,
        score: meanReward + luck,
        terms: { meanReward, luck },
        reason,
      };
    }),
  }),
  learn: (state, feedback) => {
    const { arms, rewarded } = addEarnings(state, earned(feedback));
    return { state: arms, rewarded };
  },
};
