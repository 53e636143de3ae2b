// Sliding-window UCB: only the last rounds count, all of them the same. Source: Garivier and Moulines, "On Upper-Confidence
// Bound Policies for Switching Bandit Problems", ALT 2011, SW-UCB with xi = 2 as in MAVFL's confidence term.
// Must not: look beyond its window.

import { type Parameter, settingOf } from '../parameters.ts';
import { type ArmStatistics, addEarnings, earned, rankArms } from './arms.ts';
import type { Policy } from './policy.ts';

/** What the arms earned in each round of the window, oldest first. */
type Window = readonly ReadonlyMap<string, ArmStatistics>[];

const windowRounds: Parameter = {
  name: 'windowRounds',
  default: 50,
  minimum: 1,
  maximum: 100_000,
  describe: 'rounds that count [ours]',
};

function statisticsOf(window: Window): Map<string, ArmStatistics> {
  return window.reduce<Map<string, ArmStatistics>>((sum, gains) => addEarnings(sum, gains).arms, new Map());
}

export const slidingWindowUcb: Policy<Window> = {
  name: 'sliding-window-ucb',
  source: 'Garivier and Moulines, ALT 2011 (arXiv 0805.3415)',
  describe: 'upper confidence bound of the mean utility of the last rounds',
  parameters: [windowRounds],
  init: () => [],
  choose: (state, context) => {
    const arms = statisticsOf(state);
    const pulls = [...arms.values()].reduce((sum, arm) => sum + arm.pulls, 0);
    const ranking = rankArms(context, (arm) => {
      const known = arms.get(arm);
      if (!known) return undefined;
      const width = Math.sqrt((2 * Math.log(pulls)) / known.pulls);
      return { meanReward: known.reward / known.pulls, confidence: context.settings.exploration * width };
    });
    return { state, ranking };
  },
  learn: (state, feedback) => {
    const gains = earned(feedback);
    const window = [...state, gains].slice(-Math.ceil(settingOf(windowRounds, feedback.settings)));
    const { rewarded } = addEarnings(statisticsOf(window.slice(0, -1)), gains);
    return { state: window, rewarded };
  },
};
