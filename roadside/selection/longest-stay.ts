// Longest remaining time in coverage first: MAVFL's baseline RBS. Must not: look into the simulator's future; the time
// left is the RSU's own estimate from position, speed and its map of the coverage.

import type { Candidate, Choice, Policy } from './policy.ts';

function choiceOf(candidate: Candidate): Choice {
  return {
    vehicle: candidate.vehicle,
    arm: candidate.vehicle,
    score: candidate.secondsLeft,
    terms: { secondsLeft: candidate.secondsLeft },
    reason: 'long time left in coverage',
  };
}

/** Ranks by estimated seconds left in coverage; equals come in seeded random order. */
export const longestStay: Policy<null> = {
  name: 'longest-stay',
  source: 'MAVFL (arXiv 2410.10451), baseline RBS',
  describe: 'longest time left in coverage first',
  init: () => null,
  choose: (state, context) => ({
    state,
    // The sort is stable, so the shuffle before it decides among equals.
    ranking: context.rng
      .shuffle([...context.candidates])
      .map(choiceOf)
      .sort((a, b) => b.score - a.score),
  }),
  learn: (state) => ({ state, rewarded: [] }),
};
