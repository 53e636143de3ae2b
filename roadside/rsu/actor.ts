// The RSU as an actor: frames, timers and finished computations come in one at a time; what it wants done comes back.
// Must not: decide about a round (round/advance.ts does), read a clock, or know whether time is virtual.
//
// One input, in order: 1 decode or refuse, move blobs (inbound.ts); 2 round events through `advance`; 3 effects carried
// out (outbound.ts); 4 the log committed; 5 what is to be sent handed out.

import { bytesOfFloats } from '../../base/hash.ts';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import type { EvaluateResult, TrainResult } from '../../learning/learner.ts';
import type { ComputeOutcome } from '../../protocol/actor.ts';
import { advance } from '../round/advance.ts';
import { initialState, type RoundState } from '../round/state.ts';
import type { RoundEffect } from '../round/types.ts';
import { Desk } from './desk.ts';
import { onGraceOver, onLost } from './handover.ts';
import { onFlood, onFrame, onStranger } from './inbound.ts';
import { acknowledge, aggregateRound, dispatch, evaluateRound, trainsFirst } from './outbound.ts';
import type { Peer } from './peer.ts';
import { followLog, onSplitComputed } from './split-server.ts';
import type { RsuInput, RsuOptions, RsuOutputs } from './types.ts';

/** How often missing beacons are looked for, live. */
const beaconCheckSeconds = 1;

export class RsuActor {
  readonly #desk: Desk;
  #state: RoundState;
  #modelSha: BlobSha;
  #finished: string | null = null;

  constructor(options: RsuOptions) {
    this.#desk = new Desk(options);
    this.#state = initialState(options.config);
    const { learner, model, scenario } = options;
    this.#modelSha = this.#desk.keepModel(bytesOfFloats(learner.initialWeights(model, scenario.seed)));
  }

  /** Why the run ended, or null while it goes on. */
  get finished(): string | null {
    return this.#finished;
  }

  /** Address of the global model now. */
  get modelSha(): BlobSha {
    return this.#modelSha;
  }

  /** The vehicles it has heard of, for the map. */
  get peers(): ReadonlyMap<VehicleId, Peer> {
    return this.#desk.peers;
  }

  /** The first act: writes the head of the log and asks for the first round. */
  start(now: number): RsuOutputs {
    const { scenario, dataFingerprint, beaconTimeoutSeconds } = this.#desk.options;
    this.#desk.record(now, { kind: 'run-opened', scenario, modelSha: this.#modelSha, dataFingerprint });
    this.#desk.raise({ kind: 'started', at: now, modelSha: this.#modelSha });
    if (beaconTimeoutSeconds) this.#desk.timer('beacons', beaconCheckSeconds);
    return this.#settle(now);
  }

  /** Acts on one input. Once the run is closed its log is complete: what still arrives is not acted on. */
  act(input: RsuInput, now: number): RsuOutputs {
    if (this.#finished !== null) return this.#desk.handOut();
    if (input.kind === 'frame') onFrame(this.#desk, input.vehicle, input.payload, now);
    else if (input.kind === 'stranger') onStranger(this.#desk, input.vehicle, input.payload, now);
    else if (input.kind === 'flood') onFlood(this.#desk, input.dropped, now);
    else if (input.kind === 'left') onLost(this.#desk, input.vehicle, now);
    else if (input.kind === 'timer') this.#onTimer(input.name, now);
    else if (input.kind === 'computed') this.#onComputed(input.ticket, input.outcome, now);
    else this.#desk.raise({ kind: 'stop-requested', at: now, reason: input.reason });
    return this.#settle(now);
  }

  /** Commits log entries that were waiting. Call it once in a while, and before the end. */
  flush(): void {
    this.#desk.commit();
  }

  #onTimer(name: string, now: number): void {
    if (name === 'round-due') this.#desk.raise({ kind: 'round-due', at: now });
    else if (name.startsWith('deadline:'))
      this.#desk.raise({ kind: 'deadline', at: now, round: Number(name.slice('deadline:'.length)) });
    else if (name === 'beacons') this.#missingBeacons(now);
    else if (name.startsWith('grace:'))
      onGraceOver(this.#desk, name.slice('grace:'.length) as VehicleId, now);
    else if (name.startsWith('wake:')) {
      const peer = this.#desk.peers.get(name.slice('wake:'.length) as VehicleId);
      if (peer) this.#desk.send(peer, peer.transfers.wake(now), now);
    }
  }

  #missingBeacons(now: number): void {
    const limit = this.#desk.options.beaconTimeoutSeconds ?? Number.POSITIVE_INFINITY;
    for (const peer of this.#desk.peers.values()) {
      const isLost = peer.inContact && peer.lostAt === null && now - peer.lastHeardAt > limit;
      if (isLost) onLost(this.#desk, peer.vehicle, now);
    }
    this.#desk.timer('beacons', beaconCheckSeconds);
  }

  #onComputed(ticket: number, outcome: ComputeOutcome, now: number): void {
    const purpose = this.#desk.purposeOf(ticket);
    if (purpose.kind === 'split') return onSplitComputed(this.#desk, purpose, outcome, now);
    if (purpose.kind === 'root') {
      if (!outcome.ok) throw new Error(`the RSU's own training failed: ${outcome.error}`);
      return this.#aggregate(purpose.effect, now, (outcome.value as TrainResult).weights);
    }
    const { round, modelSha } = purpose;
    if (!outcome.ok) throw new Error(`evaluation of round ${round} failed: ${outcome.error}`);
    const { loss, accuracy, samples } = outcome.value as EvaluateResult;
    this.#desk.raise({
      kind: 'evaluated',
      at: now,
      round,
      modelSha: modelSha as BlobSha,
      loss,
      accuracy,
      samples,
    });
  }

  #aggregate(effect: Extract<RoundEffect, { kind: 'aggregate' }>, now: number, trusted?: Float32Array): void {
    const { round } = effect;
    this.#modelSha = aggregateRound(this.#desk, effect, now, trusted);
    this.#desk.raise({ kind: 'aggregated', at: now, round, modelSha: this.#modelSha });
  }

  #settle(now: number): RsuOutputs {
    for (const event of this.#desk.takeEvents(now)) {
      const { state, effects } = advance(this.#desk.options.config, this.#state, event);
      this.#state = state;
      if (state.asynchronous) this.#desk.loggedRound = state.round;
      for (const effect of effects) this.#carryOut(effect, now);
    }
    return this.#desk.handOut();
  }

  #carryOut(effect: RoundEffect, now: number): void {
    const desk = this.#desk;
    switch (effect.kind) {
      case 'log':
        desk.record(now, effect.body);
        return followLog(desk, effect.body, now);
      case 'dispatch':
        return dispatch(desk, effect, now);
      case 'cancel':
        return desk.sendTo(
          effect.vehicle,
          { kind: 'cancel', round: effect.round, reason: effect.reason },
          now,
        );
      case 'acknowledge':
        return acknowledge(desk, effect, now);
      case 'timer':
        return desk.timer(
          effect.name === 'deadline' ? `deadline:${effect.round}` : effect.name,
          effect.delaySeconds,
        );
      case 'grant':
        return desk.grant(effect.vehicle, effect.uplinkBandwidthHz, effect.downlinkBandwidthHz);
      case 'aggregate':
        return trainsFirst(desk, effect, now) ? undefined : this.#aggregate(effect, now);
      case 'evaluate':
        return evaluateRound(desk, effect);
      case 'finish':
        this.#finished = effect.reason;
    }
  }
}
