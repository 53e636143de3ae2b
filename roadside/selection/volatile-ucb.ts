// UCB for arms that come and go: an arm's confidence is measured by the time it has existed, not by the time of the whole
// run, so that a car that entered late is not taken for one nobody ever wanted. Source: Bnaya, Puzis, Stern and Felner,
// "Volatile Multi-Armed Bandits for Guaranteed Targeted Social Crawling", AAAI workshop 2013, VUCB1.
// Must not: keep an arm that was not seen for long.

import { type Parameter, settingOf } from '../parameters.ts';
import { type ArmStatistics, addEarnings, armOf, earned, rankArms } from './arms.ts';
import type { ChoiceContext, Policy } from './policy.ts';

/** Of each arm, the selections of the whole run when it appeared. */
type Appearances = ReadonlyMap<string, number>;

/**
 * Arms in two generations: those seen since the last change of generation, and those seen only in the one before. An arm
 * is forgotten with its generation, so nothing is written for an arm that merely stays.
 */
interface VolatileState {
  readonly seen: Appearances;
  readonly before: Appearances;
  /** Round in which the generation began. */
  readonly since: number;
  readonly arms: ReadonlyMap<string, ArmStatistics>;
  /** Selections of the whole run. */
  readonly pulls: number;
}

const absentRounds: Parameter = {
  name: 'absentRounds',
  default: 100,
  minimum: 1,
  maximum: 100_000,
  describe: 'rounds of absence after which an arm is forgotten, at the latest after twice as many [ours]',
};

/** The state at the change of a generation: what was not seen in the last one is forgotten. */
function nextGeneration(state: VolatileState, round: number): VolatileState {
  const arms = new Map([...state.arms].filter(([name]) => state.seen.has(name)));
  return { ...state, arms, seen: new Map(), before: state.seen, since: round };
}

/** Every candidate's arm is there from now on; arms absent for too long are not. */
function meet(known: VolatileState, context: ChoiceContext): VolatileState {
  const isOver = context.round - known.since >= settingOf(absentRounds, context.settings);
  const state = isOver ? nextGeneration(known, context.round) : known;
  const met = new Map<string, number>();
  for (const candidate of context.candidates) {
    const name = armOf(candidate, context.settings);
    if (!state.seen.has(name)) met.set(name, state.before.get(name) ?? state.pulls);
  }
  if (met.size === 0) return state;
  const seen = new Map(state.seen);
  for (const [name, appearedAt] of met) seen.set(name, appearedAt);
  return { ...state, seen };
}

export const volatileUcb: Policy<VolatileState> = {
  name: 'volatile-ucb',
  source: 'Bnaya, Puzis, Stern and Felner 2013, VUCB1',
  describe: 'upper confidence bound where arms appear and vanish',
  parameters: [absentRounds],
  init: () => ({ seen: new Map(), before: new Map(), since: 0, arms: new Map(), pulls: 0 }),
  choose: (state, context) => {
    const met = meet(state, context);
    const ranking = rankArms(context, (name) => {
      const arm = met.arms.get(name);
      if (!arm) return undefined;
      const age = Math.max(1, met.pulls - (met.seen.get(name) ?? met.pulls));
      const width = Math.sqrt((2 * Math.log(age)) / arm.pulls);
      return { meanReward: arm.reward / arm.pulls, confidence: context.settings.exploration * width };
    });
    return { state: met, ranking };
  },
  learn: (state, feedback) => {
    const { arms, rewarded } = addEarnings(state.arms, earned(feedback));
    return { state: { ...state, arms, pulls: state.pulls + feedback.members.length }, rewarded };
  },
};
