// What the round wants done: tasks handed out, updates averaged, models evaluated, acknowledgements sent.
// Must not: change the course of a round (advance does), or read a clock.

import { present } from '../../base/assert.ts';
import { bytesOfFloats, floatsOfBytes, sha256 } from '../../base/hash.ts';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import { Rng } from '../../base/rng.ts';
import { joinWeights, splitWeights } from '../../learning/cost/model-cost.ts';
import { blocksOfCut } from '../../learning/split/cuts.ts';
import { blobKey } from '../../protocol/messages.ts';
import { clientPartOf, rootSamplesOf } from '../aggregation/aggregators.ts';
import type { RoundEffect } from '../round/types.ts';
import type { Desk } from './desk.ts';
import type { Assignment } from './peer.ts';

type EffectOf<K extends RoundEffect['kind']> = Extract<RoundEffect, { kind: K }>;

const floatsOf = (desk: Desk, sha: BlobSha, what: string): Float32Array =>
  floatsOfBytes(present(desk.options.blobs.get(sha), what));

/** Gives a vehicle its task; its base weights wait to be pulled. */
export function dispatch(desk: Desk, effect: EffectOf<'dispatch'>, now: number): void {
  const { model, scenario, learner, blobs } = desk.options;
  const { vehicle, round, nonce, plan, modelSha } = effect;
  const cut = plan === 'split' ? blocksOfCut(model, effect.cut) : 0;
  const peer = present(desk.peers.get(vehicle), vehicle);
  const weights = floatsOf(desk, modelSha, 'the global model');
  const { proximal, control } = clientPartOf(scenario.aggregation);
  const settings = {
    ...scenario.training,
    ...(proximal === undefined ? {} : { proximal }),
    seed: effect.batchSeed,
  };
  const halves = plan === 'split' ? splitWeights(model, weights, cut) : undefined;
  const companion = halves ? undefined : desk.aggregation.companion(weights.length);
  const bytes = bytesOfFloats(halves?.lower ?? (companion ? joinWeights(weights, companion) : weights));
  const baseSha = halves ? blobs.put(bytes) : companion ? (sha256(bytes) as BlobSha) : modelSha;
  const upper = halves && learner.openUpper({ model, cut, upperWeights: halves.upper, settings });
  // A failure to open shows when the first smashed data is answered; unobserved until then, it must not end the process.
  upper?.catch(() => undefined);
  const assignment: Assignment = {
    round,
    nonce,
    plan,
    cut,
    modelSha,
    upper,
    nextStep: 0,
    busy: false,
    closed: false,
  };
  const { uploadBySeconds } = effect;
  const purpose = halves ? 'lower-model' : 'model';
  peer.assign(
    assignment,
    { key: blobKey(round, vehicle, purpose), purpose, bytes, meta: { round } },
    baseSha,
  );
  desk.grant(vehicle, effect.uplinkBandwidthHz, effect.downlinkBandwidthHz);
  desk.sendTo(
    vehicle,
    {
      kind: 'task',
      round,
      nonce,
      plan,
      cut,
      model: { ...model, inputShape: [...model.inputShape] },
      base: { sha: baseSha, size: bytes.length },
      settings,
      ...(control === undefined ? {} : { control }),
      deadlineSeconds: effect.deadlineSeconds,
      ...(uploadBySeconds === undefined ? {} : { partial: { uploadBySeconds } }),
      bandwidthHz: effect.uplinkBandwidthHz,
    },
    now,
  );
}

/** Whether the RSU trains on its own data before it aggregates; then it is asked to, as long as its speed takes. */
export function trainsFirst(desk: Desk, effect: EffectOf<'aggregate'>): boolean {
  const { learner, model, scenario, config, rootData } = desk.options;
  if (rootSamplesOf(scenario.aggregation) === 0) return false;
  const { data, shard } = present(rootData, "the RSU's own data");
  const seed = Rng.root(scenario.seed).fork('root').fork(`round-${effect.round}`).next();
  const settings = { ...scenario.training, seed };
  const { forwardFlops, backwardFlops } = config.cost;
  const flops = settings.epochs * shard.length * (forwardFlops + backwardFlops);
  const seconds = flops / scenario.fallback.serverFlopsPerSecond;
  const weights = floatsOf(desk, effect.base, 'the base model').slice();
  desk.compute(seconds, { kind: 'root', effect }, () =>
    learner.train({ model, weights, data, shard, settings }),
  );
  return true;
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
    weights: floatsOf(desk, updateSha, `the update of ${rest.vehicle}`),
  }));
  const { round } = effect;
  const { weights, rejected } = desk.aggregation.next(round, base, updates, {
    population: desk.peers.size,
    trusted,
  });
  for (const { vehicle, reason } of rejected)
    desk.record(now, { kind: 'update-left-out', round, vehicle, reason });
  const modelSha = desk.keepModel(bytesOfFloats(weights));
  if (!desk.options.keepUpdates) desk.dropAfterCommit(effect.contributions.map(({ updateSha }) => updateSha));
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
