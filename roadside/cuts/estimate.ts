// What one vehicle's round would take, on the full path and on the split path, before anything is sent. Delay model:
// MAVFL (arXiv 2410.10451), computation plus upload; the download, the latencies and the split path are ours.
//
//   full:  model down + E samples (forward + backward) / device speed + model up + 2 latencies
//   split: the car's part down + each mini-batch [its part in the car, smashed data and labels up, wait for and work of
//          the RSU, gradient down, 2 latencies] one after the other + the car's part up + 2 latencies
//
// At one channel for the whole task, or at the channel of each stretch of road ahead (`fallback.channel`).
// Must not: know more than the RSU does (beacons, hello, its own scenario), or decide.

import { dbToRatio } from '../../base/units.ts';
import { crossingBytes } from '../../learning/compression/crossing.ts';
import type { Cut } from '../../learning/learner.ts';
import type { Estimate } from '../../protocol/events.ts';
import { modelsPerDownload } from '../aggregation/aggregators.ts';
import type { RoundConfig } from '../round/types.ts';
import type { Candidate } from '../selection/policy.ts';
import { bestCut } from './best-cut.ts';
import { type PathSeconds, withTotal } from './path.ts';
import type { ChannelPiece } from './radio-map.ts';
import { noLoad, type ServerLoad, type StepShare, waitSeconds } from './server-queue.ts';
import { flopsOf, type SplitCost, splitCost, trainingBytes } from './split-cost.ts';
import { Journey, type Rates, transferSeconds, type Work } from './travel.ts';

/** What an estimate starts from: all that is known of a candidate but the estimate itself. */
export type Sighting = Omit<Candidate, 'task'>;

/** What else bears on a vehicle's task. */
export interface Outlook {
  /** The channel on its way ahead; absent: that of this instant for the whole task. */
  readonly ahead?: readonly ChannelPiece[];
  /** Of the split tasks that this round already gave, or that are under way; absent: none. */
  readonly serverLoad?: ServerLoad;
  /** Seconds until its task begins, where cars take turns. */
  readonly startsInSeconds?: number;
}

/** A split task as it would be. */
export interface SplitProspect {
  readonly cut: Cut;
  readonly path: PathSeconds;
  /** What it asks of the RSU's processor. */
  readonly share: StepShare;
}

/** Both paths of one vehicle; a path that does not fit the vehicle's memory, or is switched off, is null. */
export interface Prospect {
  readonly estimate: Estimate;
  readonly full: PathSeconds;
  readonly fullFits: boolean;
  readonly split: SplitProspect | null;
  readonly startsInSeconds: number;
}

/** A vehicle with its shares of the bands, Hz. */
interface Linked {
  readonly config: RoundConfig;
  readonly candidate: Sighting;
  readonly shareHz: Rates;
  readonly outlook: Outlook;
}

/** Bits per second both ways. Down, the same channel carries the RSU's power instead of the car's. */
function ratesAt({ config, shareHz }: Linked, bitsPerSecondPerHertz: number): Rates {
  const { transmitPowerDbm, rsuTransmitPowerDbm } = config.scenario.radio;
  const snrDown = (2 ** bitsPerSecondPerHertz - 1) * dbToRatio(rsuTransmitPowerDbm - transmitPowerDbm);
  return { up: shareHz.up * bitsPerSecondPerHertz, down: shareHz.down * Math.log2(1 + snrDown) };
}

/** The channel for decisions that take one: its mean over the stay, or that of this instant. */
function meanEfficiency({ candidate, outlook }: Linked): number {
  const { ahead } = outlook;
  if (!ahead) return candidate.bitsPerSecondPerHertz;
  const known = ahead.filter(({ seconds }) => Number.isFinite(seconds));
  const seconds = known.reduce((sum, piece) => sum + piece.seconds, 0);
  if (seconds === 0) return ahead[0]?.bitsPerSecondPerHertz ?? candidate.bitsPerSecondPerHertz;
  return known.reduce((sum, piece) => sum + piece.seconds * piece.bitsPerSecondPerHertz, 0) / seconds;
}

/** The parts of a path one after the other: a first with bits down, the middle in turns, a last with bits up. */
interface Parts {
  readonly downBits: number;
  readonly middle: Work;
  readonly upBits: number;
}

/** Seconds up and down over all parts. Without a channel ahead each bit goes at the rate of this instant. */
function transfersOf(linked: Linked, parts: Parts): { up: number; down: number } {
  const { downBits, middle, upBits } = parts;
  const { ahead, startsInSeconds = 0 } = linked.outlook;
  if (!ahead) {
    const rates = ratesAt(linked, linked.candidate.bitsPerSecondPerHertz);
    return {
      up: transferSeconds(upBits, rates.up) + transferSeconds(middle.bitsUp, rates.up),
      down: transferSeconds(downBits, rates.down) + transferSeconds(middle.bitsDown, rates.down),
    };
  }
  const journey = new Journey(ahead, (efficiency) => ratesAt(linked, efficiency));
  journey.spend({ bitsUp: 0, bitsDown: 0, fixedSeconds: startsInSeconds });
  const first = journey.spend({ bitsUp: 0, bitsDown: downBits, fixedSeconds: 0 });
  const turns = journey.spend(middle);
  const last = journey.spend({ bitsUp: upBits, bitsDown: 0, fixedSeconds: 0 });
  return { up: last.upSeconds + turns.upSeconds, down: first.downSeconds + turns.downSeconds };
}

function fullPath(linked: Linked): PathSeconds {
  const { config, candidate } = linked;
  const { aggregation, training, radio } = config.scenario;
  const flops = training.epochs * candidate.samples * flopsOf(config.cost.blocks);
  const computeSeconds = flops / candidate.device.trainingFlopsPerSecond;
  const { up, down } = transfersOf(linked, {
    downBits: config.fullBytes * modelsPerDownload(aggregation) * 8,
    middle: { bitsUp: 0, bitsDown: 0, fixedSeconds: computeSeconds },
    upBits: config.fullBytes * 8,
  });
  return withTotal({
    downloadSeconds: down,
    computeSeconds,
    serverSeconds: 0,
    uploadSeconds: up,
    latencySeconds: 2 * radio.latencySeconds,
  });
}

/** Bytes of the numbers that cross in one mini-batch. */
function crossingOf(config: RoundConfig, floats: readonly number[], samples: number): number {
  const { crossing = 'float32' } = config.scenario.fallback;
  return crossingBytes(
    crossing,
    floats.map((one) => one * samples),
  );
}

/** The same over all mini-batches of the task, the short last ones of the epochs as they are. */
function crossingOfTask(config: RoundConfig, floats: readonly number[], samples: number): number {
  const { epochs, batchSize } = config.scenario.training;
  const rest = samples % batchSize;
  const whole = (samples - rest) / batchSize;
  const last = rest > 0 ? crossingOf(config, floats, rest) : 0;
  return epochs * (whole * crossingOf(config, floats, batchSize) + last);
}

function splitPath(linked: Linked, cost: SplitCost): SplitProspect {
  const { config, candidate, outlook } = linked;
  const { training, radio, fallback } = config.scenario;
  const { samples, device } = candidate;
  const passes = training.epochs * samples;
  const steps = training.epochs * Math.ceil(samples / training.batchSize);
  const [smashed, answer] = [cost.smashedFloats, cost.answerFloats].map((floats) =>
    crossingOfTask(config, floats, samples),
  ) as [number, number];
  const computeSeconds = (passes * cost.deviceFlops) / device.trainingFlopsPerSecond;
  const workSeconds = (passes * cost.serverFlops) / fallback.serverFlopsPerSecond;
  const turnsASide = cost.answerFloats.length > 0 ? 4 : 2;
  const latencySeconds = (2 + turnsASide * steps) * radio.latencySeconds;
  const partBits = cost.deviceParameters * 4 * 8;
  const bitsUp = (smashed + answer + passes * cost.labelBytes) * 8;
  const bitsDown = (smashed + answer) * 8;
  const { up, down } = transfersOf(linked, {
    downBits: partBits,
    middle: { bitsUp, bitsDown, fixedSeconds: computeSeconds + workSeconds + latencySeconds },
    upBits: partBits,
  });
  const cycleSeconds = (up + down + computeSeconds + workSeconds + latencySeconds) / steps;
  const share = { serverSeconds: workSeconds / steps, cycleSeconds };
  const path = withTotal({
    downloadSeconds: down,
    computeSeconds,
    serverSeconds: workSeconds + steps * waitSeconds(share, outlook.serverLoad ?? noLoad),
    uploadSeconds: up,
    latencySeconds,
  });
  return { cut: cost.cut, path, share };
}

/** The split that this vehicle would be given, or null where none is wanted, none is possible, or none fits its memory. */
function splitOf(linked: Linked): SplitProspect | null {
  const { config, candidate } = linked;
  const { fallback } = config.scenario;
  if (fallback.mode === 'full-only' || config.cost.blocks.length < 2 || candidate.samples < 1) return null;
  const cut =
    fallback.cut === 'best'
      ? bestCut(config, candidate, ratesAt(linked, meanEfficiency(linked)))
      : fallback.cut;
  if (cut === null || (typeof cut === 'number' && cut >= config.cost.blocks.length)) return null;
  const cost = splitCost(config, cut);
  return cost.memoryBytes <= candidate.device.memoryBytes ? splitPath(linked, cost) : null;
}

/** What to expect of `candidate` with these shares of the bands, in Hz. All numbers are finite. */
export function estimate(
  config: RoundConfig,
  candidate: Sighting,
  uplinkShareHz: number,
  downlinkShareHz: number,
  outlook: Outlook = {},
): Prospect {
  const linked: Linked = {
    config,
    candidate,
    outlook,
    shareHz: { up: uplinkShareHz, down: downlinkShareHz },
  };
  const full = fullPath(linked);
  const split = splitOf(linked);
  return {
    estimate: {
      secondsLeft: candidate.secondsLeft,
      uplinkBitsPerSecond: ratesAt(linked, candidate.bitsPerSecondPerHertz).up,
      fullSeconds: full.totalSeconds,
      splitSeconds: split?.path.totalSeconds ?? null,
    },
    full,
    fullFits:
      trainingBytes(config.cost.blocks, config.scenario.training.batchSize) <= candidate.device.memoryBytes,
    split,
    startsInSeconds: outlook.startsInSeconds ?? 0,
  };
}
