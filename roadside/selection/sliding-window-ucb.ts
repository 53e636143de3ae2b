// Sliding-window UCB: only the last rounds count, all of them the same. Source: Garivier and Moulines, "On Upper-Confidence
// Bound Policies for Switching Bandit Problems", ALT 2011, SW-UCB with xi = 2 as in MAVFL's confidence term.
// Must not: look beyond its window.

import { type Parameter, settingOf } from '../parameters.ts';
import { type ArmStatistics, earned, rankArms } from './arms.ts';
import type { ArmReward, Policy, RoundFeedback } from './policy.ts';

interface Window {
  /** What the arms earned in each round of the window, oldest first. */
  readonly rounds: readonly ReadonlyMap<string, ArmStatistics>[];
  /** Their sum, arm by arm. */
  readonly arms: ReadonlyMap<string, ArmStatistics>;
  readonly pulls: number;
}

const windowRounds: Parameter = {
  name: 'windowRounds',
  default: 50,
  minimum: 1,
  maximum: 100_000,
  describe: 'rounds that count [ours]',
};

/** One arm's sum over the window, added up anew: a difference would keep the rounding of rounds long gone. */
function sumOf(rounds: Window['rounds'], arm: string): ArmStatistics {
  let pulls = 0;
  let reward = 0;
  for (const gains of rounds) {
    const gain = gains.get(arm);
    if (!gain) continue;
    pulls += gain.pulls;
    reward += gain.reward;
  }
  return { pulls, reward };
}

function learn(state: Window, feedback: RoundFeedback): { state: Window; rewarded: ArmReward[] } {
  const gains = earned(feedback);
  const limit = Math.ceil(settingOf(windowRounds, feedback.settings));
  const all = [...state.rounds, gains];
  const rounds = all.slice(-limit);
  const changed = new Set(all.slice(0, -limit).flatMap((gone) => [...gone.keys()]));
  for (const arm of gains.keys()) changed.add(arm);
  const arms = new Map(state.arms);
  for (const arm of changed) {
    const sum = sumOf(rounds, arm);
    if (sum.pulls > 0) arms.set(arm, sum);
    else arms.delete(arm);
  }
  const rewarded = [...gains].map(([arm, gain]): ArmReward => {
    const { pulls, reward } = arms.get(arm) ?? gain;
    return { arm, reward: gain.reward / gain.pulls, pulls, meanReward: reward / pulls };
  });
  const pulls = [...arms.values()].reduce((sum, arm) => sum + arm.pulls, 0);
  return { state: { rounds, arms, pulls }, rewarded };
}

export const slidingWindowUcb: Policy<Window> = {
  name: 'sliding-window-ucb',
  source: 'Garivier and Moulines, ALT 2011 (arXiv 0805.3415)',
  describe: 'upper confidence bound of the mean utility of the last rounds',
  parameters: [windowRounds],
  init: () => ({ rounds: [], arms: new Map(), pulls: 0 }),
  choose: (state, context) => {
    const ranking = rankArms(context, (arm) => {
      const known = state.arms.get(arm);
      if (!known) return undefined;
      const width = Math.sqrt((2 * Math.log(state.pulls)) / known.pulls);
      return { meanReward: known.reward / known.pulls, confidence: context.settings.exploration * width };
    });
    return { state, ranking };
  },
  learn,
};
