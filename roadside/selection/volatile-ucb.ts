// UCB for arms that come and go: an arm's confidence is measured by the time it has existed, not by the time of the whole
// run, so that a car that entered late is not taken for one nobody ever wanted. Source: Bnaya, Puzis, Stern and Felner,
// "Volatile Multi-Armed Bandits for Guaranteed Targeted Social Crawling", AAAI workshop 2013, VUCB1.
// Must not: keep an arm that was not seen for long.

import { type Parameter, settingOf } from '../parameters.ts';
import { type ArmStatistics, armOf, earned, rankArms } from './arms.ts';
import type { ArmReward, ChoiceContext, Policy, RoundFeedback } from './policy.ts';

interface VolatileArm extends ArmStatistics {
  /** Selections of the whole run when the arm appeared. */
  readonly appearedAt: number;
  /** Round in which it was last a candidate. */
  readonly lastSeen: number;
}

interface VolatileState {
  readonly arms: ReadonlyMap<string, VolatileArm>;
  /** Selections of the whole run. */
  readonly pulls: number;
}

const absentRounds: Parameter = {
  name: 'absentRounds',
  default: 100,
  minimum: 1,
  maximum: 100_000,
  describe: 'rounds of absence after which an arm is forgotten [ours]',
};

/** Every candidate's arm is there from now on; arms absent for too long are not. */
function meet(state: VolatileState, context: ChoiceContext): VolatileState {
  const limit = context.round - settingOf(absentRounds, context.settings);
  const arms = new Map(state.arms);
  for (const [name, arm] of state.arms) if (arm.lastSeen < limit) arms.delete(name);
  for (const candidate of context.candidates) {
    const name = armOf(candidate, context.settings);
    const { pulls, reward, appearedAt } = arms.get(name) ?? { pulls: 0, reward: 0, appearedAt: state.pulls };
    arms.set(name, { pulls, reward, appearedAt, lastSeen: context.round });
  }
  return { ...state, arms };
}

function learn(
  state: VolatileState,
  feedback: RoundFeedback,
): { state: VolatileState; rewarded: ArmReward[] } {
  const arms = new Map(state.arms);
  const rewarded: ArmReward[] = [];
  for (const [name, gain] of earned(feedback)) {
    const known = arms.get(name) ?? {
      pulls: 0,
      reward: 0,
      appearedAt: state.pulls,
      lastSeen: feedback.round,
    };
    const after = { ...known, pulls: known.pulls + gain.pulls, reward: known.reward + gain.reward };
    arms.set(name, after);
    const meanReward = after.reward / after.pulls;
    rewarded.push({ arm: name, reward: gain.reward / gain.pulls, pulls: after.pulls, meanReward });
  }
  return { state: { arms, pulls: state.pulls + feedback.members.length }, rewarded };
}

export const volatileUcb: Policy<VolatileState> = {
  name: 'volatile-ucb',
  source: 'Bnaya, Puzis, Stern and Felner 2013, VUCB1',
  describe: 'upper confidence bound where arms appear and vanish',
  parameters: [absentRounds],
  init: () => ({ arms: new Map(), pulls: 0 }),
  choose: (state, context) => {
    const met = meet(state, context);
    const ranking = rankArms(context, (name) => {
      const arm = met.arms.get(name);
      if (!arm || arm.pulls === 0) return undefined;
      const age = Math.max(1, met.pulls - arm.appearedAt);
      const width = Math.sqrt((2 * Math.log(age)) / arm.pulls);
      return { meanReward: arm.reward / arm.pulls, confidence: context.settings.exploration * width };
    });
    return { state: met, ranking };
  },
  learn,
};
