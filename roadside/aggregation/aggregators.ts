// The registry of aggregation rules: the one place that names them all. Adding one is a file in this folder and a line
// here. Must not: aggregate anything.

import { RoadbedError } from '../../base/errors.ts';
import { nearestName } from '../../base/nearest-name.ts';
import type { Aggregator } from './aggregator.ts';
import { coordinateMedian } from './coordinate-median.ts';
import { fedadagrad } from './fedadagrad.ts';
import { fedadam } from './fedadam.ts';
import { fedavg } from './fedavg.ts';
import { fedavgm } from './fedavgm.ts';
import { fednova } from './fednova.ts';
import { fedyogi } from './fedyogi.ts';
import { geometricMedian } from './geometric-median.ts';
import { krum, multiKrum } from './krum.ts';
import { normClipping } from './norm-clipping.ts';
import { qffl } from './qffl.ts';
import { trimmedMean } from './trimmed-mean.ts';

// Each rule is given back only the state it made itself, so its type may be forgotten here.
export const aggregators: readonly Aggregator[] = [
  fedavg,
  fedavgm,
  fedadagrad,
  fedadam,
  fedyogi,
  fednova,
  qffl,
  coordinateMedian,
  trimmedMean,
  krum,
  multiKrum,
  geometricMedian,
  normClipping,
] as readonly Aggregator[];

/** The rule called `name`. Throws RoadbedError('scenario') that names the nearest legal one. */
export function aggregatorByName(name: string): Aggregator {
  const found = aggregators.find((rule) => rule.name === name);
  if (found) return found;
  const names = aggregators.map((rule) => rule.name);
  const meant = nearestName(name, names);
  const hint = meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`;
  throw new RoadbedError(
    'scenario',
    `unknown aggregation.rule: ${JSON.stringify(name)} (expected one of ${names.join(', ')}).${hint}`,
  );
}
