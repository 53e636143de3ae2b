// Nearest to the antenna first: MAVFL's baseline CBS, channel-based selection (the best channel is the nearest one
// when there is no fading). Must not: use what an RSU cannot know; the position is the vehicle's own beacon's.

import type { Candidate, Choice, Policy } from './policy.ts';
import { rankByScore } from './ranking.ts';

/** A distance that is not known counts as this: behind every known one, and still a number that a log can hold. */
const unknownMeters = 1e9;

const score = (candidate: Candidate): number => 0 - Math.min(candidate.distanceMeters, unknownMeters);

function choice(candidate: Candidate): Choice {
  return {
    vehicle: candidate.vehicle,
    arm: candidate.vehicle,
    score: score(candidate),
    terms: { distanceMeters: score(candidate) },
    reason: 'near the antenna',
  };
}

/** Ranks by straight-line distance to the serving antenna; equals come in seeded random order. */
export const nearest: Policy<null> = {
  name: 'nearest',
  source: 'MAVFL (arXiv 2410.10451), baseline CBS',
  describe: 'nearest to the serving antenna first',
  init: () => null,
  choose: (state, context) => ({ state, ranking: rankByScore(context, { score, choice }) }),
  learn: (state) => ({ state, rewarded: [] }),
};
