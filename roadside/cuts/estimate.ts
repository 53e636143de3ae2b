// What one vehicle's round would take, on the full path and on the split path, before anything is sent. Delay model:
// MAVFL (arXiv 2410.10451), computation plus upload; the download, the latencies and the split path are ours.
//
//   full:  model down + E samples (forward + backward) / device speed + model up + 2 latencies
//   split: lower part down + each mini-batch [lower part in the car, smashed data and labels up, upper part at the RSU,
//          gradient down, 2 latencies] one after the other + lower part up + 2 latencies
//
// Must not: know more than the RSU does (beacon, hello, its own scenario), or decide.

import { dbToRatio } from '../../base/units.ts';
import type { BlockCost, ModelCost } from '../../learning/cost/types.ts';
import type { Estimate } from '../../protocol/events.ts';
import { modelsPerDownload } from '../aggregation/aggregators.ts';
import type { RoundConfig } from '../round/types.ts';
import type { Candidate, TaskSeconds } from '../selection/policy.ts';

/** Stands for "never": what takes longer is logged as this, since a log cannot hold infinity (1e9 s is 31 years). */
export const neverSeconds = 1e9;

/** Where the time of one path goes, in seconds. `computeSeconds` is the car's own work, the server's is apart. */
export interface PathSeconds extends TaskSeconds {
  readonly serverSeconds: number;
  readonly latencySeconds: number;
}

/** What an estimate starts from: all that is known of a candidate but the estimate itself. */
export type Sighting = Omit<Candidate, 'task'>;

/** Both paths of one vehicle; a path that does not fit the vehicle's memory, or is switched off, is null. */
export interface Prospect {
  readonly estimate: Estimate;
  readonly full: PathSeconds;
  readonly fullFits: boolean;
  readonly split: PathSeconds | null;
}

interface Rates {
  readonly up: number;
  readonly down: number;
}

/** Bits per second both ways. Down, the same channel carries the RSU's power instead of the car's. */
function ratesOf(config: RoundConfig, candidate: Sighting, shareHz: Rates): Rates {
  const { transmitPowerDbm, rsuTransmitPowerDbm } = config.scenario.radio;
  const up = candidate.bitsPerSecondPerHertz;
  const snrDown = (2 ** up - 1) * dbToRatio(rsuTransmitPowerDbm - transmitPowerDbm);
  return { up: shareHz.up * up, down: shareHz.down * Math.log2(1 + snrDown) };
}

/** Bytes needed to train these blocks: weights, gradients and momentum, and one mini-batch of activations (float32). */
export function trainingBytes(blocks: readonly BlockCost[], batchSize: number): number {
  const parameters = blocks.reduce((sum, block) => sum + block.parameters, 0);
  const activations = blocks.reduce((sum, block) => sum + block.outputFloats, 0);
  return parameters * 4 * 3 + activations * batchSize * 4;
}

/** Floating-point operations of one training step on one sample. */
function flopsOf(blocks: readonly BlockCost[]): number {
  return blocks.reduce((sum, block) => sum + block.forwardFlops + block.backwardFlops, 0);
}

function transferSeconds(bytes: number, bitsPerSecond: number): number {
  return bytes === 0 ? 0 : Math.min((bytes * 8) / bitsPerSecond, neverSeconds);
}

function withTotal(path: Omit<PathSeconds, 'totalSeconds'>): PathSeconds {
  const sum =
    path.downloadSeconds +
    path.computeSeconds +
    path.serverSeconds +
    path.uploadSeconds +
    path.latencySeconds;
  return { ...path, totalSeconds: Math.min(sum, neverSeconds) };
}

function fullPath(config: RoundConfig, candidate: Sighting, rates: Rates): PathSeconds {
  const { aggregation, training, radio } = config.scenario;
  const flops = training.epochs * candidate.samples * flopsOf(config.cost.blocks);
  return withTotal({
    downloadSeconds: transferSeconds(config.fullBytes * modelsPerDownload(aggregation), rates.down),
    computeSeconds: flops / candidate.device.trainingFlopsPerSecond,
    serverSeconds: 0,
    uploadSeconds: transferSeconds(config.fullBytes, rates.up),
    latencySeconds: 2 * radio.latencySeconds,
  });
}

/** Everything but the latencies is linear in samples, so the short last mini-batch of an epoch is counted exactly. */
function splitPath(config: RoundConfig, candidate: Sighting, rates: Rates): PathSeconds {
  const { training, radio, fallback } = config.scenario;
  const lower = config.cost.blocks.slice(0, fallback.cut);
  const upper = config.cost.blocks.slice(fallback.cut);
  const passes = training.epochs * candidate.samples;
  const steps = training.epochs * Math.ceil(candidate.samples / training.batchSize);
  const crossingBytes = passes * cutFloats(config.cost, fallback.cut) * 4;
  const labelBytes = passes * config.cost.labelsPerSample;
  return withTotal({
    downloadSeconds:
      transferSeconds(config.lowerBytes, rates.down) + transferSeconds(crossingBytes, rates.down),
    computeSeconds: (passes * flopsOf(lower)) / candidate.device.trainingFlopsPerSecond,
    serverSeconds: (passes * flopsOf(upper)) / fallback.serverFlopsPerSecond,
    uploadSeconds:
      transferSeconds(config.lowerBytes, rates.up) + transferSeconds(crossingBytes + labelBytes, rates.up),
    latencySeconds: (2 + 2 * steps) * radio.latencySeconds,
  });
}

/** Floats of one sample that cross a cut behind block `cut - 1`. */
function cutFloats(cost: ModelCost, cut: number): number {
  return cost.blocks[cut - 1]?.outputFloats ?? 0;
}

/** Whether the scenario's cut is one of this model's, and the vehicle can hold its lower part. */
function splitFits(config: RoundConfig, candidate: Sighting): boolean {
  const { fallback, training } = config.scenario;
  if (fallback.mode === 'full-only' || fallback.cut >= config.cost.blocks.length) return false;
  const lower = config.cost.blocks.slice(0, fallback.cut);
  return trainingBytes(lower, training.batchSize) <= candidate.device.memoryBytes;
}

/** The full path of `candidate` with one share in `sharers` of the bands, memory aside. */
export function taskSeconds(config: RoundConfig, candidate: Sighting, sharers: number): TaskSeconds {
  const { uplinkBandwidthHz, downlinkBandwidthHz } = config.scenario.radio;
  const shares = { up: uplinkBandwidthHz / sharers, down: downlinkBandwidthHz / sharers };
  return fullPath(config, candidate, ratesOf(config, candidate, shares));
}

/** What to expect of `candidate` with these shares of the bands, in Hz. All numbers are finite. */
export function estimate(
  config: RoundConfig,
  candidate: Sighting,
  uplinkShareHz: number,
  downlinkShareHz: number,
): Prospect {
  const rates = ratesOf(config, candidate, { up: uplinkShareHz, down: downlinkShareHz });
  const full = fullPath(config, candidate, rates);
  const split = splitFits(config, candidate) ? splitPath(config, candidate, rates) : null;
  const batch = config.scenario.training.batchSize;
  return {
    estimate: {
      secondsLeft: candidate.secondsLeft,
      uplinkBitsPerSecond: rates.up,
      fullSeconds: full.totalSeconds,
      splitSeconds: split?.totalSeconds ?? null,
    },
    full,
    fullFits: trainingBytes(config.cost.blocks, batch) <= candidate.device.memoryBytes,
    split,
  };
}
