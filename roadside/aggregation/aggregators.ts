// The registry of aggregation rules: the one place that names them all. Adding one is a file in this folder and a line
// here. Must not: aggregate anything.

import { RoadbedError } from '../../base/errors.ts';
import type { Scenario } from '../../protocol/scenario/schema.ts';
import { byName } from '../by-name.ts';
import type { AggregationInput, Aggregator, ClientPart } from './aggregator.ts';
import { coordinateMedian } from './coordinate-median.ts';
import { fedadagrad } from './fedadagrad.ts';
import { fedadam } from './fedadam.ts';
import { fedasync } from './fedasync.ts';
import { fedavg } from './fedavg.ts';
import { fedavgm } from './fedavgm.ts';
import { fedbuff } from './fedbuff.ts';
import { feddyn } from './feddyn.ts';
import { fednova } from './fednova.ts';
import { fedprox } from './fedprox.ts';
import { fedyogi } from './fedyogi.ts';
import { fltrust } from './fltrust.ts';
import { geometricMedian } from './geometric-median.ts';
import { krum, multiKrum } from './krum.ts';
import { normClipping } from './norm-clipping.ts';
import { qffl } from './qffl.ts';
import { scaffold } from './scaffold.ts';
import { trimmedMean } from './trimmed-mean.ts';

// Each rule is given back only the state it made itself, so its type may be forgotten here.
export const aggregators: readonly Aggregator[] = [
  fedavg,
  fedavgm,
  fedadagrad,
  fedadam,
  fedyogi,
  fednova,
  fedprox,
  feddyn,
  scaffold,
  qffl,
  coordinateMedian,
  trimmedMean,
  krum,
  multiKrum,
  geometricMedian,
  normClipping,
  fltrust,
  fedasync,
  fedbuff,
] as readonly Aggregator[];

/** The rule called `name`. Throws RoadbedError('scenario') that names the nearest legal one. */
export function aggregatorByName(name: string): Aggregator {
  return byName(aggregators, name, { what: 'aggregation.rule', reason: 'scenario' });
}

/** What the rule of these settings asks of the cars. */
export function clientPartOf(settings: AggregationInput['settings']): ClientPart {
  return aggregatorByName(settings.rule).client?.(settings) ?? {};
}

/** How many samples of the RSU's own the rule of these settings wants trained in each round; 0 for most. */
export function rootSamplesOf(settings: AggregationInput['settings']): number {
  return aggregatorByName(settings.rule).rootSamples?.(settings) ?? 0;
}

/** How many models' bytes one download is: two where the rule sends as many numbers again behind the model. */
export function modelsPerDownload({ rule }: Pick<AggregationInput['settings'], 'rule'>): number {
  return aggregatorByName(rule).companion ? 2 : 1;
}

/** How many updates make a model, where the rule of these settings is asynchronous; null where it takes whole rounds. */
export function bufferSizeOf(settings: AggregationInput['settings']): number | null {
  return aggregatorByName(settings.rule).bufferSize?.(settings) ?? null;
}

/** Why a scenario wants what its rule cannot be, or undefined. */
function modeFault({
  aggregation,
  fallback,
}: Pick<Scenario, 'aggregation' | 'fallback'>): string | undefined {
  const { mode, staleness } = aggregation;
  const isAsynchronous = bufferSizeOf(aggregation) !== null;
  const own = isAsynchronous ? 'asynchronous' : 'synchronous';
  if (mode !== undefined && mode !== own) {
    const others = aggregators.filter(({ bufferSize }) => (bufferSize !== undefined) !== isAsynchronous);
    return `${own}, but aggregation.mode is ${mode} (expected one of ${others.map(({ name }) => name).join(', ')})`;
  }
  if (staleness !== undefined && !isAsynchronous)
    return `${own}, where no update is stale, but aggregation.staleness is ${staleness} (expected it with fedasync or fedbuff)`;
  if (isAsynchronous && fallback.schedule === 'sequential')
    return `${own}, but fallback.schedule is sequential, one car of a round after the other (expected parallel)`;
  if (isAsynchronous && fallback.server === 'shared')
    return `${own}, but fallback.server is shared by the cars of a round (expected per-vehicle)`;
  return undefined;
}

/** Throws RoadbedError('scenario') where a scenario wants an asynchronous rule to wait for rounds, or the other way round. */
export function checkMode(scenario: Pick<Scenario, 'aggregation' | 'fallback'>): void {
  const fault = modeFault(scenario);
  if (fault !== undefined)
    throw new RoadbedError('scenario', `aggregation.rule ${scenario.aggregation.rule} is ${fault}`);
}

/** Throws RoadbedError('scenario') where a rule whose cars keep a vector meets training that it does not fit. */
export function checkClientPart({
  aggregation,
  fallback,
  training,
}: Pick<Scenario, 'aggregation' | 'fallback' | 'training'>): void {
  const { control } = clientPartOf(aggregation);
  if (control === undefined) return;
  const title = `aggregation.rule ${aggregation.rule} corrects the gradients of whole models`;
  if (fallback.mode !== 'full-only')
    throw new RoadbedError(
      'scenario',
      `${title}, but fallback.mode is ${fallback.mode} (expected full-only: add --set fallback.mode=full-only)`,
    );
  const { optimiser = 'sgd' } = training;
  if (control === 'scaffold' && optimiser !== 'sgd')
    throw new RoadbedError(
      'scenario',
      `${title} from steps of sgd, but training.optimiser is ${optimiser} (expected sgd)`,
    );
}
