// What the round wants done: tasks handed out, updates averaged, models evaluated, acknowledgements sent.
// Must not: change the course of a round (advance does), or read a clock.

import { present } from '../../base/assert.ts';
import { bytesOfFloats, floatsOfBytes, sha256 } from '../../base/hash.ts';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { joinWeights } from '../../learning/cost/model-cost.ts';
import type { TrainingSettings } from '../../learning/learner.ts';
import { blobKey, type Purpose, type Task } from '../../protocol/messages.ts';
import { clientPartOf, rootSamplesOf } from '../aggregation/aggregators.ts';
import type { RoundEffect } from '../round/types.ts';
import type { Desk } from './desk.ts';
import type { Peer } from './peer.ts';
import { openSplit, withSharedUpper } from './split-open.ts';
import type { SplitTask } from './split-task.ts';

type EffectOf<K extends RoundEffect['kind']> = Extract<RoundEffect, { kind: K }>;

const floatsOf = (desk: Desk, sha: BlobSha, what: string): Float32Array =>
  floatsOfBytes(present(desk.options.blobs.get(sha), what));

/** What a task starts from, and where it stands at the RSU. */
interface Opened {
  readonly purpose: Purpose;
  readonly bytes: Uint8Array;
  readonly baseSha: BlobSha;
  /** What only a split task says. */
  readonly terms: Pick<Task, 'cut' | 'head' | 'crossing' | 'checkpointSteps'>;
  readonly split?: SplitTask;
}

/** The whole model, and behind it what the aggregation rule sends along. */
function openFull(desk: Desk, effect: EffectOf<'dispatch'>, weights: Float32Array): Opened {
  const companion = desk.aggregation.companion(weights.length);
  const bytes = bytesOfFloats(companion ? joinWeights(weights, companion) : weights);
  const baseSha = companion ? (sha256(bytes) as BlobSha) : effect.modelSha;
  return { purpose: 'model', bytes, baseSha, terms: { cut: 0 } };
}

/** The car's part of the model; the RSU's is opened. */
function openParts(
  desk: Desk,
  peer: Peer,
  effect: EffectOf<'dispatch'>,
  model: { weights: Float32Array; settings: TrainingSettings },
): Opened {
  const { head, crossing, checkpointSteps = 0 } = desk.options.scenario.fallback;
  const { split, bytes } = openSplit(desk, peer, { round: effect.round, cut: effect.cut, ...model });
  const terms = {
    cut: split.terms.facts.cut,
    ...(head === undefined ? {} : { head }),
    ...(crossing === undefined ? {} : { crossing }),
    ...(checkpointSteps === 0 ? {} : { checkpointSteps }),
  };
  return { purpose: 'lower-model', bytes, baseSha: split.terms.base, terms, split };
}

/** Gives a vehicle its task; its base weights wait to be pulled. */
export function dispatch(desk: Desk, effect: EffectOf<'dispatch'>, now: number): void {
  const { model, scenario } = desk.options;
  const { vehicle, round, nonce, plan, modelSha, uploadBySeconds } = effect;
  const peer = present(desk.peers.get(vehicle), vehicle);
  const weights = floatsOf(desk, modelSha, 'the global model');
  const { proximal, control } = clientPartOf(scenario.aggregation);
  const settings = {
    ...scenario.training,
    ...(proximal === undefined ? {} : { proximal }),
    seed: effect.batchSeed,
  };
  const { purpose, bytes, baseSha, terms, split } =
    plan === 'full' ? openFull(desk, effect, weights) : openParts(desk, peer, effect, { weights, settings });
  peer.assign(
    { round, nonce, plan, modelSha, split, closed: false },
    { key: blobKey(round, vehicle, purpose), purpose, bytes, meta: { round } },
    baseSha,
  );
  desk.grant(vehicle, effect.uplinkBandwidthHz, effect.downlinkBandwidthHz);
  const task: Task = {
    kind: 'task',
    round,
    nonce,
    plan,
    ...terms,
    model: { ...model, inputShape: [...model.inputShape] },
    base: { sha: baseSha, size: bytes.length },
    settings,
    ...(control === undefined ? {} : { control }),
    deadlineSeconds: effect.deadlineSeconds,
    ...(uploadBySeconds === undefined ? {} : { partial: { uploadBySeconds } }),
    bandwidthHz: effect.uplinkBandwidthHz,
  };
  desk.sendTo(vehicle, task, now);
}

/** Whether the RSU trains on its own data before it aggregates; then it is asked to, as long as its speed takes. */
export function trainsFirst(desk: Desk, effect: EffectOf<'aggregate'>, now: number): boolean {
  const { learner, model, scenario, config, rootData } = desk.options;
  if (rootSamplesOf(scenario.aggregation) === 0) return false;
  const { data, shard } = present(rootData, "the RSU's own data");
  const seed = Rng.root(scenario.seed).fork('root').fork(`round-${effect.round}`).next();
  const settings = { ...scenario.training, seed };
  const { forwardFlops, backwardFlops } = config.cost;
  const flops = settings.epochs * shard.length * (forwardFlops + backwardFlops);
  const seconds = flops / scenario.fallback.serverFlopsPerSecond;
  const weights = floatsOf(desk, effect.base, 'the base model').slice();
  desk.compute(desk.processor.give(seconds, now), { kind: 'root', effect }, () =>
    learner.train({ model, weights, data, shard, settings }),
  );
  return true;
}

/** A committed update as it is averaged: where split cars train one upper half, with what it is at the end of the round. */
function updateOf(desk: Desk, round: number, vehicle: VehicleId, updateSha: BlobSha): Float32Array {
  const weights = floatsOf(desk, updateSha, `the update of ${vehicle}`);
  const split = desk.peers.get(vehicle)?.assignments.get(round)?.split;
  return split ? withSharedUpper(desk.options.model, split, weights) : weights;
}

/**
 * Makes the contributions the new global model by the scenario's rule; returns its address. `trusted`: what the RSU
 * trained itself, where the rule wants that.
 */
export function aggregateRound(
  desk: Desk,
  effect: EffectOf<'aggregate'>,
  now: number,
  trusted?: Float32Array,
): BlobSha {
  const base = floatsOf(desk, effect.base, 'the base model');
  const updates = effect.contributions.map(({ updateSha, flight, ...rest }) => ({
    ...rest,
    ...(flight && {
      flight: { ...flight, start: floatsOf(desk, flight.startSha, `what ${rest.vehicle} began from`) },
    }),
    weights: updateOf(desk, effect.round, rest.vehicle, updateSha),
  }));
  const { round } = effect;
  const { weights, rejected } = desk.aggregation.next(round, base, updates, {
    population: desk.peers.size,
    trusted,
  });
  for (const { vehicle, reason } of rejected)
    desk.record(now, { kind: 'update-left-out', round, vehicle, reason });
  const modelSha = desk.keepModel(bytesOfFloats(weights));
  const { contributions, superseded = [] } = effect;
  if (!desk.options.keepUpdates)
    desk.dropAfterCommit([...contributions.map(({ updateSha }) => updateSha), ...superseded]);
  return modelSha;
}

/** Asks for an evaluation of the global model on the held-out set. */
export function evaluateRound(desk: Desk, effect: EffectOf<'evaluate'>): void {
  const { learner, model, evaluationData } = desk.options;
  const weights = floatsOf(desk, effect.modelSha, 'the global model');
  desk.compute(0, effect, () => learner.evaluate({ model, weights, data: evaluationData }));
}

/** Answers a vehicle's update, and remembers under which hash a key was committed: repetitions are compared with it. */
export function acknowledge(desk: Desk, effect: EffectOf<'acknowledge'>, now: number): void {
  const { vehicle, key, result, reason } = effect;
  if (result === 'committed') rememberCommitted(desk, vehicle, key);
  desk.sendTo(vehicle, { kind: 'ack', key, result, reason }, now);
}

function rememberCommitted(desk: Desk, vehicle: VehicleId, key: string): void {
  const peer = present(desk.peers.get(vehicle), vehicle);
  peer.committed.set(key, present(peer.received.get(key), `the hash received under ${key}`));
}
