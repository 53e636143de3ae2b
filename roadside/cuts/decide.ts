// The plan of one vehicle: train the whole model, train split at the scenario's cut, or be skipped. The rule is ours; in
// mode `full-only` it is MAVFL's, where every chosen vehicle trains the whole model whatever its time.
// Must not: compute estimates, or know other vehicles.

import type { RoundConfig } from '../round/types.ts';
import type { Candidate } from '../selection/policy.ts';
import type { PathSeconds, Prospect } from './estimate.ts';

/** What the vehicle is to do. `cut` is 0 unless split; `path` is the time it should take. */
export type Decision =
  | { readonly plan: 'full' | 'split'; readonly cut: number; readonly path: PathSeconds }
  | { readonly plan: 'skip'; readonly reason: string };

function skip(reason: string): Decision {
  return { plan: 'skip', reason };
}

/** The whole model for a single epoch: the least a car can contribute where partial work is accepted. */
function oneEpoch(path: PathSeconds, epochs: number): PathSeconds {
  const computeSeconds = path.computeSeconds / epochs;
  return { ...path, computeSeconds, totalSeconds: path.totalSeconds - path.computeSeconds + computeSeconds };
}

/**
 * Whichever path fits the time: the car's own training first, the split only where it cannot finish alone, then as many
 * epochs as it can do, where the scenario accepts them.
 */
function adaptive(config: RoundConfig, prospect: Prospect): Decision {
  const { aggregation, fallback, round, training } = config.scenario;
  const available = Math.min(prospect.estimate.secondsLeft, round.deadlineSeconds);
  const inTime = (path: PathSeconds): boolean => path.totalSeconds * fallback.safetyFactor <= available;
  if (prospect.fullFits && inTime(prospect.full)) return { plan: 'full', cut: 0, path: prospect.full };
  if (prospect.split && inTime(prospect.split))
    return { plan: 'split', cut: fallback.cut, path: prospect.split };
  const takesPart = aggregation.partialWork === true && prospect.fullFits;
  if (takesPart && inTime(oneEpoch(prospect.full, training.epochs)))
    return { plan: 'full', cut: 0, path: prospect.full };
  if (!prospect.fullFits && !prospect.split) return skip('not enough memory for either path');
  return skip('neither path ends in the time left');
}

/** Decides by the scenario's mode. Memory and data are needed in every mode, time only in `adaptive`. */
export function decide(config: RoundConfig, candidate: Candidate, prospect: Prospect): Decision {
  if (candidate.samples < 1) return skip('holds no samples');
  const { mode, cut } = config.scenario.fallback;
  if (mode === 'adaptive') return adaptive(config, prospect);
  if (mode === 'split-only')
    return prospect.split
      ? { plan: 'split', cut, path: prospect.split }
      : skip('not enough memory for the lower part');
  return prospect.fullFits
    ? { plan: 'full', cut: 0, path: prospect.full }
    : skip('not enough memory for the whole model');
}
