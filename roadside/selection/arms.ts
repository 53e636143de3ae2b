// What bandits over vehicles or stretches of road share: which arm a candidate stands for, what each arm earned in a
// round, and a ranking that tries unseen arms first. Must not: know any policy's index.

import type { ArmReward, Candidate, Choice, ChoiceContext, RoundFeedback } from './policy.ts';
import { rankByScore } from './ranking.ts';
import { utility } from './utility.ts';

type Settings = ChoiceContext['settings'];

/** Pulls of an arm and the sum of what it earned; discounted or windowed as its policy likes. */
export interface ArmStatistics {
  readonly pulls: number;
  readonly reward: number;
}

/** The arm a candidate stands for: itself [paper], or the zone of the road it is in when chosen [ours]. */
export function armOf(candidate: Candidate, settings: Settings): string {
  if (settings.arm === 'vehicle') return candidate.vehicle;
  return `${candidate.road}:${Math.floor(candidate.offsetMeters / settings.armZoneMeters)}`;
}

/**
 * What the arms of a round earned: MAVFL's utility, of the round [paper] or of each vehicle by itself [ours]. Several
 * members may share a zone: each is a pull of its own.
 */
export function earned(feedback: RoundFeedback): Map<string, ArmStatistics> {
  const { participationWeight, credit } = feedback.settings;
  const bounds = feedback.delayBounds;
  const ofRound = utility(participationWeight, feedback.participationRatio, {
    seconds: feedback.durationSeconds,
    bounds,
  });
  const byArm = new Map<string, ArmStatistics>();
  for (const { arm, outcome, seconds } of feedback.members) {
    const success = outcome === 'committed' ? 1 : 0;
    const reward = credit === 'round' ? ofRound : utility(participationWeight, success, { seconds, bounds });
    const before = byArm.get(arm) ?? { pulls: 0, reward: 0 };
    byArm.set(arm, { pulls: before.pulls + 1, reward: before.reward + reward });
  }
  return byArm;
}

/** `table` with one round's earnings added, and the lines of the log about them. */
export function addEarnings(
  table: ReadonlyMap<string, ArmStatistics>,
  gains: ReadonlyMap<string, ArmStatistics>,
): { arms: Map<string, ArmStatistics>; rewarded: ArmReward[] } {
  const arms = new Map(table);
  const rewarded: ArmReward[] = [];
  for (const [arm, gain] of gains) {
    const before = arms.get(arm) ?? { pulls: 0, reward: 0 };
    const after = { pulls: before.pulls + gain.pulls, reward: before.reward + gain.reward };
    arms.set(arm, after);
    const { pulls } = after;
    rewarded.push({ arm, reward: gain.reward / gain.pulls, pulls, meanReward: after.reward / pulls });
  }
  return { arms, rewarded };
}

/** The two parts of an upper confidence bound, which is their sum. */
export interface UpperBound {
  readonly meanReward: number;
  readonly confidence: number;
}

/**
 * Ranks by `indexOf` (undefined: an arm not seen yet, which comes first, as its index is infinite). Equals come in
 * seeded random order, so that a round of unseen arms is a uniform draw.
 */
export function rankArms(
  context: ChoiceContext,
  indexOf: (arm: string) => UpperBound | undefined,
): Iterable<Choice> {
  const { settings } = context;
  const score = (candidate: Candidate): number => {
    const index = indexOf(armOf(candidate, settings));
    return index ? index.meanReward + index.confidence : Number.POSITIVE_INFINITY;
  };
  const choice = (candidate: Candidate): Choice => {
    const arm = armOf(candidate, settings);
    const { vehicle } = candidate;
    const index = indexOf(arm);
    if (!index) return { vehicle, arm, score: 0, terms: {}, reason: 'unseen' };
    const { meanReward, confidence } = index;
    const reason = confidence > Math.abs(meanReward) ? 'rarely tried of late' : 'did well of late';
    return { vehicle, arm, score: meanReward + confidence, terms: { meanReward, confidence }, reason };
  };
  return rankByScore(context, { score, choice });
}
