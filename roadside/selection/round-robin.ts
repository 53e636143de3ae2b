// Everyone in turn: those whose last turn is longest ago come first. Must not: look at place, speed or device.

import type { VehicleId } from '../../base/ids.ts';
import type { Candidate, Choice, Policy } from './policy.ts';
import { rankByScore } from './ranking.ts';

/** The round of each vehicle's last turn. */
type Turns = ReadonlyMap<VehicleId, number>;

/** A turn so many rounds ago counts as none: a car that never returns is not remembered for ever. */
const rememberedRounds = 1000;

/** Fair in turns, blind to success. Vehicles without a turn come first; equals in seeded random order. */
export const roundRobin: Policy<Turns> = {
  name: 'round-robin',
  source: 'baseline',
  describe: 'whose last turn is longest ago',
  init: () => new Map(),
  choose: (state, context) => {
    const score = ({ vehicle }: Candidate): number =>
      context.round - (state.get(vehicle) ?? context.round - rememberedRounds);
    const choice = (candidate: Candidate): Choice => {
      const { vehicle } = candidate;
      const last = state.get(vehicle);
      const roundsAgo = score(candidate);
      const reason = last === undefined ? 'no turn yet' : `last turn in round ${last}`;
      return { vehicle, arm: vehicle, score: roundsAgo, terms: { roundsAgo }, reason };
    };
    return { state, ranking: rankByScore(context, { score, choice }) };
  },
  learn: (state, { round, members }) => {
    const kept = [...state].filter(([, last]) => round - last < rememberedRounds);
    return {
      state: new Map([...kept, ...members.map((one) => [one.vehicle, round] as const)]),
      rewarded: [],
    };
  },
};
