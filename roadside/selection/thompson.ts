// Thompson sampling with Gaussian beliefs: each arm's mean utility is drawn from what is believed of it, and the best
// draws are chosen. Source: Agrawal and Goyal, "Further Optimal Regret Bounds for Thompson Sampling", AISTATS 2013,
// Algorithm 2: after k pulls the belief is normal with mean (sum of rewards) / (k + 1) and variance 1 / (k + 1). Rewards of
// MAVFL's utility have width 1, as the theorem wants. Must not: treat an unseen arm as infinite; its belief is wide enough.

import { type ArmStatistics, addEarnings, armOf, earned } from './arms.ts';
import type { Choice, Policy } from './policy.ts';
import { figuresOf, ranked, shuffledOrder } from './ranking.ts';

type Beliefs = ReadonlyMap<string, ArmStatistics>;

export const thompson: Policy<Beliefs> = {
  name: 'thompson',
  source: 'Agrawal and Goyal, AISTATS 2013 (arXiv 1209.3353), Algorithm 2',
  describe: 'draws each mean utility from its belief',
  init: () => new Map(),
  choose: (state, context) => {
    const drawn = new Float64Array(context.candidates.length);
    const beliefOf = (arm: string): { mean: number; deviation: number } => {
      const { pulls, reward } = state.get(arm) ?? { pulls: 0, reward: 0 };
      return {
        mean: reward / (pulls + 1),
        deviation: context.settings.exploration / Math.sqrt(pulls + 1),
      };
    };
    const order = shuffledOrder(context);
    const scores = figuresOf(order, (at, position) => {
      const { mean, deviation } = beliefOf(armOf(context.candidates[at]!, context.settings));
      // Two members of one arm draw apart: each is a pull of its own.
      drawn[position] = deviation * context.rng.normal();
      return mean + drawn[position]!;
    });
    const choice = (at: number, position: number): Choice => {
      const { vehicle } = context.candidates[at]!;
      const arm = armOf(context.candidates[at]!, context.settings);
      const terms = { meanReward: beliefOf(arm).mean, luck: drawn[position]! };
      const isLucky = Math.abs(terms.luck) > Math.abs(terms.meanReward);
      const reason = isLucky ? 'drawn high, little known' : 'did well';
      return { vehicle, arm, score: terms.meanReward + terms.luck, terms, reason };
    };
    return { state, ranking: ranked(order, scores, choice) };
  },
  learn: (state, feedback) => {
    const { arms, rewarded } = addEarnings(state, earned(feedback));
    return { state: arms, rewarded };
  },
};
