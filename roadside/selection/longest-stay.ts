// Longest remaining time in coverage first: MAVFL's baseline RBS. Must not: look into the simulator's future; the time
// left is the RSU's own estimate from position, speed and its map of the coverage.

import type { Candidate, Choice, Policy } from './policy.ts';
import { rankByScore } from './ranking.ts';

const score = (candidate: Candidate): number => candidate.secondsLeft;

function choice(candidate: Candidate): Choice {
  return {
    vehicle: candidate.vehicle,
    arm: candidate.vehicle,
    score: score(candidate),
    terms: { secondsLeft: score(candidate) },
    reason: 'long time left in coverage',
  };
}

/** Ranks by estimated seconds left in coverage; equals come in seeded random order. */
export const longestStay: Policy<null> = {
  name: 'longest-stay',
  source: 'MAVFL (arXiv 2410.10451), baseline RBS',
  describe: 'longest time left in coverage first',
  init: () => null,
  choose: (state, context) => ({ state, ranking: rankByScore(context, { score, choice }) }),
  learn: (state) => ({ state, rewarded: [] }),
};
