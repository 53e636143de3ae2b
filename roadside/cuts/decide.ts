// The plan of one vehicle: train the whole model, train split, or be skipped. The rule is ours; in mode `full-only` it is
// MAVFL's, where every chosen vehicle trains the whole model whatever its time.
//
//   1 the whole model, where it ends in time (or, with `prefer: fastest`, whichever path ends first of those in time)
//   2 split at the cut of the estimate, where that ends in time
//   3 as many epochs of the whole model as it can do, where the scenario accepts partial work
//   4 skip, with the reason
//
// In time: estimated seconds times the safety factor are within the seconds left and the deadline; with
// `fallback.confidence`, the chance of that is at least so much (chance.ts).
// Must not: compute estimates, or know other vehicles.

import type { Cut } from '../../learning/learner.ts';
import type { RoundConfig } from '../round/types.ts';
import type { Candidate } from '../selection/policy.ts';
import { chanceOfStay, type StayErrors } from './chance.ts';
import type { Prospect } from './estimate.ts';
import type { PathSeconds } from './path.ts';

/** What the vehicle is to do. `cut` is 0 unless split; `path` is the time it should take. */
export type Decision = (
  | { readonly plan: 'full' | 'split'; readonly cut: Cut; readonly path: PathSeconds }
  | { readonly plan: 'skip'; readonly reason: string }
) & {
  /** The chance of each path to end in time, where the scenario goes by chances; null for a path there is not. */
  readonly chances?: { readonly full: number | null; readonly split: number | null };
};

/** One path that a vehicle could be given. */
interface Option {
  readonly plan: 'full' | 'split';
  readonly cut: Cut;
  readonly path: PathSeconds;
}

function skip(reason: string): Decision {
  return { plan: 'skip', reason };
}

/** The whole model for a single epoch: the least a car can contribute where partial work is accepted. */
function oneEpoch(path: PathSeconds, epochs: number): PathSeconds {
  const computeSeconds = path.computeSeconds / epochs;
  return { ...path, computeSeconds, totalSeconds: path.totalSeconds - path.computeSeconds + computeSeconds };
}

/** The chance that a path ends in time, 0..1. Without a confidence to reach it is 0 or 1, by the predicted stay alone. */
function chanceOf(config: RoundConfig, prospect: Prospect, errors: StayErrors, path: PathSeconds): number {
  const { fallback, round } = config.scenario;
  const { estimate, startsInSeconds } = prospect;
  const needed = startsInSeconds + path.totalSeconds * fallback.safetyFactor;
  if (needed > round.deadlineSeconds) return 0;
  return chanceOfStay(fallback.confidence === undefined ? [] : errors, estimate.secondsLeft, needed);
}

/** The options in the order in which they are wanted. */
function optionsOf(config: RoundConfig, { full, fullFits, split }: Prospect): Option[] {
  const options: Option[] = [];
  if (fullFits) options.push({ plan: 'full', cut: 0, path: full });
  if (split) options.push({ plan: 'split', cut: split.cut, path: split.path });
  if (config.scenario.fallback.prefer === 'fastest')
    options.sort((a, b) => a.path.totalSeconds - b.path.totalSeconds);
  return options;
}

function chancesOf(config: RoundConfig, prospect: Prospect, errors: StayErrors): Pick<Decision, 'chances'> {
  if (config.scenario.fallback.confidence === undefined) return {};
  const { full, fullFits, split } = prospect;
  const chance = (path: PathSeconds): number => chanceOf(config, prospect, errors, path);
  return { chances: { full: fullFits ? chance(full) : null, split: split ? chance(split.path) : null } };
}

function adaptive(config: RoundConfig, prospect: Prospect, errors: StayErrors): Decision {
  const { aggregation, fallback, training } = config.scenario;
  const needed = fallback.confidence ?? 1;
  const inTime = (path: PathSeconds): boolean => chanceOf(config, prospect, errors, path) >= needed;
  const options = optionsOf(config, prospect);
  const taken = options.find(({ path }) => inTime(path));
  if (taken) return taken;
  const { full, fullFits } = prospect;
  const takesPart = aggregation.partialWork === true && fullFits;
  if (takesPart && inTime(oneEpoch(full, training.epochs))) return { plan: 'full', cut: 0, path: full };
  if (options.length === 0) return skip('not enough memory for either path');
  return skip('neither path ends in the time left');
}

function byMode(config: RoundConfig, prospect: Prospect, errors: StayErrors): Decision {
  const { mode } = config.scenario.fallback;
  const { full, fullFits, split } = prospect;
  if (mode === 'adaptive') return adaptive(config, prospect, errors);
  if (mode === 'split-only')
    return split
      ? { plan: 'split', cut: split.cut, path: split.path }
      : skip('not enough memory for the lower part');
  return fullFits ? { plan: 'full', cut: 0, path: full } : skip('not enough memory for the whole model');
}

/**
 * Decides by the scenario's mode. Memory and data are needed in every mode, time only in `adaptive`. `errors`: of past
 * predictions of stays, for chances.
 */
export function decide(
  config: RoundConfig,
  candidate: Candidate,
  prospect: Prospect,
  errors: StayErrors = [],
): Decision {
  if (candidate.samples < 1) return skip('holds no samples');
  return { ...byMode(config, prospect, errors), ...chancesOf(config, prospect, errors) };
}
