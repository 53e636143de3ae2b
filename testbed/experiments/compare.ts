// Compares settings pair by pair at equal seeds: each value of one key with a baseline, all else equal.
// Pure. Must not: read files, or drop a censored run.
//
// Glossary. Factor: the key whose values are compared. Level: one of its values. Stratum: the values of all other keys.

import { RoadbedError } from '../../base/errors.ts';
import { canonicalJson } from '../../base/hash.ts';
import { Rng } from '../../base/rng.ts';
import { type Metric, secondsToTarget } from './metrics.ts';
import type { Observation } from './observations.ts';
import {
  bootstrapInterval,
  holm,
  type Interval,
  meanInterval,
  meanOf,
  type PairedTest,
  pairedRatio,
  pairedTest,
  restrict,
} from './statistics.ts';

export type IntervalMethod = 't' | 'bootstrap';

export interface CompareOptions {
  readonly metric: Metric;
  /** `key=value`, the key whole or its last part. Absent: the first value of the first key. */
  readonly baseline?: string | null;
  readonly method?: IntervalMethod;
}

/** One level: what it reached, and how it stands to the baseline at equal seeds. */
export interface ComparisonRow {
  readonly stratum: Readonly<Record<string, unknown>>;
  readonly level: unknown;
  readonly isBaseline: boolean;
  readonly runs: number;
  /** Runs that ended before their target. */
  readonly censored: number;
  /** Of the metric, restricted to the stratum's horizon where there is one. */
  readonly mean: number;
  readonly interval: Interval | null;
  /** Level less baseline; null for the baseline itself, and where no seed has both. */
  readonly difference: PairedTest | null;
  /** Level over baseline, geometric mean of pairs: 0.8 is 20 % less. */
  readonly ratio: { readonly ratio: number; readonly interval: Interval | null } | null;
  /** p of the difference, corrected by Holm over all rows. */
  readonly pHolm: number | null;
  /** Seeds that only one of the two has. */
  readonly unpairedSeeds: readonly number[];
}

export interface Comparison {
  readonly metric: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  readonly factor: string;
  readonly baseline: unknown;
  /** Instants at which times are cut off, one for each stratum with censored runs. */
  readonly horizons: readonly {
    readonly stratum: Readonly<Record<string, unknown>>;
    readonly seconds: number;
  }[];
  /** How the figures were computed, in sentences. */
  readonly method: readonly string[];
  readonly rows: readonly ComparisonRow[];
}

/** A value as people write it. */
export const valueText = (value: unknown): string =>
  typeof value === 'string' ? value : canonicalJson(value);

/** `policy=mavfl, arm=zone`; keys by their last part. */
export const settingsText = (settings: Readonly<Record<string, unknown>>): string =>
  Object.entries(settings)
    .map(([key, value]) => `${key.split('.').at(-1)}=${valueText(value)}`)
    .join(', ');

function findBaseline(observations: readonly Observation[], wanted: string | null | undefined) {
  const [first] = observations;
  const keys = Object.keys(first?.settings ?? {});
  if (first === undefined || keys.length === 0)
    throw new RoadbedError(
      'usage',
      'nothing to compare: the finished runs do not differ in any key (expected runs with different settings)',
    );
  if (!wanted) return { factor: keys[0]!, level: first.settings[keys[0]!] };
  const at = wanted.indexOf('=');
  const [name, text] = [wanted.slice(0, Math.max(at, 0)), wanted.slice(at + 1)];
  const factors = keys.filter((key) => key === name || key.endsWith(`.${name}`));
  const factor = factors[0];
  if (at < 1 || factor === undefined || factors.length > 1)
    throw new RoadbedError(
      'usage',
      `baseline ${wanted}: expected KEY=VALUE with a key of ${keys.join(', ')}`,
    );
  const levels = observations.map(({ settings }) => settings[factor]);
  const level = levels.find((one) => valueText(one) === text);
  if (level !== undefined) return { factor, level };
  const texts = [...new Set(levels.map(valueText))];
  throw new RoadbedError(
    'usage',
    `baseline ${wanted}: no finished run has it (expected one of ${texts.join(', ')})`,
  );
}

/** Values of one stratum by level and seed, restricted together. */
interface Stratum {
  readonly settings: Record<string, unknown>;
  readonly horizon: number | null;
  readonly levels: ReadonlyMap<string, { level: unknown; censored: number; bySeed: Map<number, number> }>;
}

function stratumOf(members: readonly Observation[], factor: string, metric: Metric): Stratum {
  const known = members.filter(({ result }) => metric.of(result) !== null);
  const times = known.map(({ result }) => ({
    seconds: metric.of(result)!,
    isCensored: metric === secondsToTarget && result.status === 'censored',
  }));
  const { values, horizon } = restrict(times);
  const levels = new Map<string, { level: unknown; censored: number; bySeed: Map<number, number> }>();
  for (const [index, { settings, seed }] of known.entries()) {
    const key = valueText(settings[factor]);
    const entry = levels.get(key) ?? { level: settings[factor], censored: 0, bySeed: new Map() };
    levels.set(key, entry);
    entry.bySeed.set(seed, values[index]!);
    if (times[index]!.isCensored) entry.censored += 1;
  }
  const { [factor]: _, ...settings } = members[0]!.settings;
  return { settings, horizon, levels };
}

function strataOf(observations: readonly Observation[], factor: string, metric: Metric): Stratum[] {
  const groups = new Map<string, Observation[]>();
  for (const one of observations) {
    const { [factor]: _, ...rest } = one.settings;
    const key = canonicalJson(rest);
    groups.set(key, [...(groups.get(key) ?? []), one]);
  }
  return [...groups.values()].map((members) => stratumOf(members, factor, metric));
}

function rowOf(
  stratum: Stratum,
  key: string,
  baselineKey: string,
  interval: (values: readonly number[], name: string) => Interval | null,
): Omit<ComparisonRow, 'pHolm'> {
  const { level, censored, bySeed } = stratum.levels.get(key)!;
  const base = stratum.levels.get(baselineKey)?.bySeed ?? new Map<number, number>();
  const isBaseline = key === baselineKey;
  const seeds = [...bySeed.keys()].sort((a, b) => a - b);
  const shared = seeds.filter((seed) => base.has(seed));
  const unpairedSeeds = [...new Set([...seeds, ...base.keys()])].filter((seed) => !shared.includes(seed));
  const values = seeds.map((seed) => bySeed.get(seed)!);
  const [first, second] = [shared.map((seed) => base.get(seed)!), shared.map((seed) => bySeed.get(seed)!)];
  const name = canonicalJson([stratum.settings, key]);
  const hasPairs = !isBaseline && shared.length > 0;
  const differences = second.map((value, index) => value - first[index]!);
  return {
    stratum: stratum.settings,
    level,
    isBaseline,
    runs: values.length,
    censored,
    mean: meanOf(values),
    interval: interval(values, `${name} mean`),
    difference: hasPairs
      ? { ...pairedTest(first, second), interval: interval(differences, `${name} difference`) }
      : null,
    ratio: hasPairs ? pairedRatio(first, second) : null,
    unpairedSeeds: unpairedSeeds.sort((a, b) => a - b),
  };
}

function methodText(method: IntervalMethod, metric: Metric, isRestricted: boolean, tests: number): string[] {
  const lines = [
    'Levels are compared with the baseline at equal seeds: the difference of each pair, then their mean.',
    method === 't'
      ? "Intervals are 95 %, by Student's t on the values, or on the differences of pairs."
      : 'Intervals are 95 %, percentile bootstrap of the mean with 10,000 seeded resamples; for fewer than about ten pairs they are too narrow. Those of ratios are by t on logarithms.',
    `p is the two-sided paired t test, corrected by Holm over all ${tests} comparisons. Effect sizes: Cohen's d_z, and Hedges' g_z with its correction for few pairs.`,
  ];
  if (metric !== secondsToTarget) return lines;
  lines.push(
    isRestricted
      ? 'Some runs ended before their target (censored). None is dropped: in each stratum every time is cut off at the earliest end of such a run, which is known of all runs, so means are restricted means and differences are, if anything, too small.'
      : 'No run ended before its target: no time is censored.',
  );
  return lines;
}

/** Compares all levels of a factor with its baseline. Throws RoadbedError('usage') where there is nothing to compare. */
export function compare(observations: readonly Observation[], options: CompareOptions): Comparison {
  const { metric, method = 't' } = options;
  const usable = observations.filter(({ result }) => metric.of(result) !== null);
  if (usable.length === 0)
    throw new RoadbedError(
      'usage',
      `no finished run has ${metric.name}${metric === secondsToTarget ? ' (expected a scenario with stop.targetAccuracy; give another --metric)' : ''}`,
    );
  const { factor, level } = findBaseline(usable, options.baseline);
  const interval = (values: readonly number[], name: string): Interval | null =>
    method === 't' ? meanInterval(values) : bootstrapInterval(values, Rng.root(1).fork(name));
  const strata = strataOf(usable, factor, metric);
  const rows = strata.flatMap((stratum) =>
    [...stratum.levels.keys()].map((key) => rowOf(stratum, key, valueText(level), interval)),
  );
  const corrected = holm(rows.map(({ difference }) => difference?.p ?? null));
  const horizons = strata.flatMap(({ settings, horizon }) =>
    horizon === null ? [] : [{ stratum: settings, seconds: horizon }],
  );
  const tests = corrected.filter((p) => p !== null).length;
  return {
    metric: metric.name,
    unit: metric.unit,
    better: metric.better,
    factor,
    baseline: level,
    horizons,
    method: methodText(method, metric, horizons.length > 0, tests),
    rows: rows.map((row, index) => ({ ...row, pHolm: corrected[index]! })),
  };
}
