// Everyone who is there: no selection at all. The bands are shared by all of them, which is what selection is to avoid.
// Must not: obey K0.

import type { Policy } from './policy.ts';

/** A task for every candidate, in order of their ids. */
export const allInRange: Policy<null> = {
  name: 'all-in-range',
  source: 'baseline; full participation of McMahan et al., AISTATS 2017',
  describe: 'every vehicle in coverage, whatever K0 says',
  init: () => null,
  choose: (state, context) => ({
    state,
    tasks: context.candidates.length,
    ranking: context.candidates.map(({ vehicle }) => ({
      vehicle,
      arm: vehicle,
      score: 0,
      terms: {},
      reason: 'in coverage',
    })),
  }),
  learn: (state) => ({ state, rewarded: [] }),
};
