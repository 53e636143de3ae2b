// From finished runs to the report of `roadbed reproduce mavfl`: seconds to the target by speed and policy with their
// intervals, who was sooner at the same seeds, and what "28 %" can mean. Must not: run anything, or hide a censored run.

import type { CellResult } from '../../roadside/store/experiment.ts';
import type { Observation } from '../experiments/observations.ts';
import {
  type Interval,
  type MaybeCensored,
  meanInterval,
  meanOf,
  pairedRatio,
  restrict,
} from '../experiments/statistics.ts';
import { ours, published, publishedSeconds, settingLines, speedsKmh } from './mavfl-setting.ts';

/** Seconds of one policy at one speed. With censored runs the mean is that of the times cut at the first censoring. */
export interface MavflCell {
  readonly task: string;
  /** km/h */
  readonly speed: number;
  readonly policy: string;
  readonly seeds: number;
  readonly secondsToTarget: {
    readonly mean: number;
    readonly low: number | null;
    readonly high: number | null;
  };
  readonly censored: number;
  /** Tasks that were given out and never committed, as a share of all. */
  readonly lostShare: number;
  /** Work of the cars that was lost, as a share of their seconds. */
  readonly lostSecondsShare: number;
  readonly rounds: number;
}

/** Two policies at the same seeds: how many per cent sooner the first is than the second; negative: later. */
export interface Sooner {
  readonly speed: number;
  readonly policy: string;
  readonly than: string;
  readonly seeds: number;
  readonly percent: number;
  readonly low: number | null;
  readonly high: number | null;
}

/** One meaning that the paper's "about 28 %" may have; null where its cells are not all there. */
export interface Reading {
  readonly name: string;
  readonly meaning: string;
  readonly paperPercent: number;
  readonly herePercent: number | null;
}

export interface MavflReport {
  readonly paper: string;
  readonly claim: string;
  readonly setting: readonly string[];
  readonly cells: readonly MavflCell[];
  readonly comparisons: readonly Sooner[];
  readonly readings: readonly Reading[];
  readonly published: typeof publishedSeconds;
  readonly notes: readonly string[];
}

type BySeed = ReadonlyMap<number, CellResult>;

const timeOf = (result: CellResult): MaybeCensored => ({
  seconds: result.secondsToTarget ?? result.virtualSeconds,
  isCensored: result.secondsToTarget === null,
});

const tenth = (value: number): number => Math.round(value * 10) / 10;

function groupOf(observations: readonly Observation[], policy: string, speed: number): BySeed {
  const own = observations.filter(
    ({ settings }) =>
      settings['selection.policy'] === policy && settings['traffic.desiredSpeedKmh'] === speed,
  );
  return new Map(own.map(({ seed, result }) => [seed, result]));
}

function cellOf(task: string, speed: number, policy: string, group: BySeed): MavflCell | null {
  const results = [...group.values()];
  if (results.length === 0) return null;
  const times = results.map(timeOf);
  const { values } = restrict(times);
  const interval = meanInterval(values);
  const selected = results.reduce((sum, one) => sum + one.selected, 0);
  const committed = results.reduce((sum, one) => sum + one.committed, 0);
  return {
    task,
    speed,
    policy,
    seeds: results.length,
    secondsToTarget: {
      mean: tenth(meanOf(values)),
      low: interval && tenth(interval.low),
      high: interval && tenth(interval.high),
    },
    censored: times.filter((time) => time.isCensored).length,
    lostShare: 1 - committed / Math.max(1, selected),
    lostSecondsShare: meanOf(results.map((one) => one.lostShare ?? 0)),
    rounds: meanOf(results.map((one) => one.rounds)),
  };
}

/** Per cent saved, from the geometric mean of the paired ratios and its interval. */
function savedPercent(ratio: number, interval: Interval | null): Pick<Sooner, 'percent' | 'low' | 'high'> {
  const saved = (value: number): number => tenth(100 * (1 - value));
  return {
    percent: saved(ratio),
    low: interval && saved(interval.high),
    high: interval && saved(interval.low),
  };
}

/** `policy` against `than` over the seeds both have. Censored times cut both alike (`restrict`). */
export function soonerBy(
  first: BySeed,
  second: BySeed,
  names: Pick<Sooner, 'speed' | 'policy' | 'than'>,
): Sooner | null {
  const seeds = [...first.keys()].filter((seed) => second.has(seed)).sort((a, b) => a - b);
  const times = [first, second].flatMap((group) => seeds.map((seed) => timeOf(group.get(seed)!)));
  const { values } = restrict(times);
  const compared = pairedRatio(values.slice(seeds.length), values.slice(0, seeds.length));
  if (!compared) return null;
  return { ...names, seeds: seeds.length, ...savedPercent(compared.ratio, compared.interval) };
}

function comparisonsAt(
  observations: readonly Observation[],
  policies: readonly string[],
  speed: number,
): Sooner[] {
  const groups = new Map(policies.map((policy) => [policy, groupOf(observations, policy, speed)]));
  const pair = (policy: string, than: string): Sooner[] => {
    const [first, second] = [groups.get(policy), groups.get(than)];
    const compared = first && second && soonerBy(first, second, { speed, policy, than });
    return compared ? [compared] : [];
  };
  const others = policies.filter((policy) => policy !== ours);
  return [
    ...others.flatMap((than) => pair(ours, than)),
    ...others.filter((than) => than !== published).flatMap((than) => pair(published, than)),
  ];
}

/** Mean seconds of a cell that all its runs reached; null else. */
function meanOfCell(cells: readonly MavflCell[], policy: string, speed: number): number | null {
  const found = cells.find((cell) => cell.policy === policy && cell.speed === speed);
  return found && found.censored === 0 ? found.secondsToTarget.mean : null;
}

/** The three readings of "about 28 %" that Table II allows; docs/mavfl.md. */
function readingsOf(cells: readonly MavflCell[]): Reading[] {
  const pairs = (policies: readonly string[]): { paper: number; other: number }[] =>
    speedsKmh.flatMap((speed) =>
      policies.flatMap((policy) => {
        const [paper, other] = [meanOfCell(cells, published, speed), meanOfCell(cells, policy, speed)];
        return paper === null || other === null ? [] : [{ paper, other }];
      }),
    );
  const percent = (values: readonly number[]): number | null =>
    values.length === 0 ? null : tenth(100 * meanOf(values));
  const slowest = [meanOfCell(cells, published, 60), meanOfCell(cells, 'random', 60)];
  const [paper60, random60] = slowest;
  return [
    {
      name: 'random at 60 km/h',
      meaning: 'how much longer random takes than MAVFL at 60 km/h (CIFAR-10 in the paper)',
      paperPercent: 27.9,
      herePercent: paper60 && random60 ? percent([random60 / paper60 - 1]) : null,
    },
    {
      name: 'mean reduction',
      meaning: 'mean over all cells of how much sooner MAVFL is than a baseline',
      paperPercent: 28.7,
      herePercent: percent(
        pairs(['random', 'nearest', 'longest-stay']).map(({ paper, other }) => 1 - paper / other),
      ),
    },
    {
      name: 'mean excess',
      meaning: 'mean over the cells of nearest and longest-stay of how much longer they take than MAVFL',
      paperPercent: 29,
      herePercent: percent(pairs(['nearest', 'longest-stay']).map(({ paper, other }) => other / paper - 1)),
    },
  ];
}

const notes: readonly string[] = [
  'Intervals are 95 % by Student; those of comparisons are of the ratio at equal seeds.',
  'Times with censored runs are cut at the first censoring (restricted mean), so they are lower bounds; a reading that needs such a cell is left out.',
  "The paper's numbers are cited for their magnitude. Nothing here is tuned to them, and its traffic, devices and E are not known.",
];

/** The report over what is finished; a plan half done gives a report over the seeds there are. */
export function mavflReport(
  task: string,
  policies: readonly string[],
  observations: readonly Observation[],
): MavflReport {
  const cells = speedsKmh.flatMap((speed) =>
    policies.flatMap((policy) => cellOf(task, speed, policy, groupOf(observations, policy, speed)) ?? []),
  );
  return {
    paper:
      'MAVFL: Tu, Chen, Li, Chen, Wu, "Mobility-Aware Federated Learning: Multi-Armed Bandit Based Selection in Vehicular Network" (arXiv 2410.10451)',
    claim: '[P] about 28 % faster convergence than the baselines',
    setting: settingLines,
    cells,
    comparisons: speedsKmh.flatMap((speed) => comparisonsAt(observations, policies, speed)),
    readings: readingsOf(cells),
    published: publishedSeconds,
    notes,
  };
}
