// UCB1: optimism over all that ever happened. Source: Auer, Cesa-Bianchi and Fischer, "Finite-time Analysis of the
// Multiarmed Bandit Problem", Machine Learning 47, 2002; several arms a round as in Chen, Wang and Yuan (ICML 2013).
// It is MAVFL's bandit without forgetting (lambda 1). Must not: forget.

import { type ArmStatistics, addEarnings, earned, rankArms } from './arms.ts';
import type { Policy } from './policy.ts';

interface Ucb1State {
  readonly arms: ReadonlyMap<string, ArmStatistics>;
  readonly pulls: number;
}

export const ucb1: Policy<Ucb1State> = {
  name: 'ucb1',
  source: 'Auer, Cesa-Bianchi and Fischer, Machine Learning 2002',
  describe: 'upper confidence bound of the mean utility, nothing forgotten',
  init: () => ({ arms: new Map(), pulls: 0 }),
  choose: (state, context) => ({
    state,
    ranking: rankArms(context, (arm) => {
      const known = state.arms.get(arm);
      if (!known) return undefined;
      const width = Math.sqrt((2 * Math.log(state.pulls)) / known.pulls);
      return { meanReward: known.reward / known.pulls, confidence: context.settings.exploration * width };
    }),
  }),
  learn: (state, feedback) => {
    const { arms, rewarded } = addEarnings(state.arms, earned(feedback));
    return { state: { arms, pulls: state.pulls + feedback.members.length }, rewarded };
  },
};
