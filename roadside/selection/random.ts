// Uniform random selection: the baseline every selection paper compares with (MAVFL calls it Random).
// Must not: look at anything but the list of candidates.

import type { Candidate, Choice, Policy } from './policy.ts';
import { rankByScore } from './ranking.ts';

const score = (): number => 0;

function choiceOf(candidate: Candidate): Choice {
  return {
    vehicle: candidate.vehicle,
    arm: candidate.vehicle,
    score: 0,
    terms: {},
    reason: 'drawn at random',
  };
}

/** Every order of the candidates is equally likely: all score the same. */
export const random: Policy<null> = {
  name: 'random',
  source: 'baseline; McMahan et al., AISTATS 2017, Algorithm 1',
  describe: 'uniformly at random',
  init: () => null,
  choose: (state, context) => ({ state, ranking: rankByScore(context, { score, choice: choiceOf }) }),
  learn: (state) => ({ state, rewarded: [] }),
};
