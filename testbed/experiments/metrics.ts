// What can be compared of finished cells: each figure's name, unit and which direction is better. Must not: compute statistics.

import { RoadbedError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import type { CellResult } from '../../roadside/store/experiment.ts';

export interface Metric {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly better: 'lower' | 'higher';
  /** null where the cell has no such figure. */
  readonly of: (result: CellResult) => number | null;
}

/** Time to the target accuracy. A censored cell counts with the instant it ended at; who compares restricts it. */
export const secondsToTarget: Metric = {
  name: 'secondsToTarget',
  title: 'time to the target accuracy',
  unit: 'simulated s',
  better: 'lower',
  of: (result) => result.secondsToTarget ?? result.censoredAtSeconds,
};

export const metrics: readonly Metric[] = [
  secondsToTarget,
  {
    name: 'finalAccuracy',
    title: 'test accuracy at the end',
    unit: '0..1',
    better: 'higher',
    of: (r) => r.finalAccuracy,
  },
  {
    name: 'participationRatio',
    title: 'participation ratio',
    unit: '0..1',
    better: 'higher',
    of: (r) => r.participationRatio,
  },
  {
    name: 'lostShare',
    title: 'lost share of the work',
    unit: '0..1',
    better: 'lower',
    of: (r) => r.lostShare,
  },
  { name: 'rounds', title: 'rounds', unit: 'rounds', better: 'lower', of: (r) => r.rounds },
  {
    name: 'bytes',
    title: 'bytes up and down',
    unit: 'bytes',
    better: 'lower',
    of: (r) => r.bytesUp + r.bytesDown,
  },
  { name: 'joules', title: 'energy of the vehicles', unit: 'J', better: 'lower', of: (r) => r.joules },
  {
    name: 'virtualSeconds',
    title: 'length of the run',
    unit: 'simulated s',
    better: 'lower',
    of: (r) => r.virtualSeconds,
  },
];

/** The metric called `name`. Throws RoadbedError('usage') naming those there are. */
export function metricByName(name: string): Metric {
  const found = metrics.find((metric) => metric.name === name);
  if (found) return found;
  const names = metrics.map((metric) => metric.name);
  const near = nearestName(name, names);
  const meant = near === undefined ? '' : `; did you mean ${near}?`;
  throw new RoadbedError('usage', `--metric ${name}: expected one of ${names.join(', ')}${meant}`);
}
