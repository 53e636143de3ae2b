// One task from its base weights to its update, along the full or the split path:
//   full:  downloading -> training -> update into the outbox -> offered
//          (epoch by epoch where the RSU takes part of the work: after each, whether another still ends in time)
//   split: downloading -> opening -> (forward -> awaiting the gradient -> backward) x steps -> lower update, offered
// Must not: know positions, coverage or acks; the agent tells it when a task is over.

import { present } from '../base/assert.ts';
import { messageOf } from '../base/errors.ts';
import { bytesOfFloats, floatsOfBytes } from '../base/hash.ts';
import type { LowerHalf, TrainResult } from '../learning/learner.ts';
import type { ComputeOutcome } from '../protocol/actor.ts';
import { manifestOf, type NamedBlob } from '../protocol/blob/manifest.ts';
import type { Transfers } from '../protocol/blob/transfers.ts';
import { type AckResult, blobKey, type Manifest, type Task } from '../protocol/messages.ts';
import { ControlBook } from './control.ts';
import {
  isByEpoch,
  modelFloats,
  resultFault,
  taskFault,
  trainingSeconds,
  type UpdateFacts,
  updateBlob,
} from './full-path.ts';
import { batchOf, gradientOf, halfSeconds, meanLossOfLastEpoch, smashedBlob } from './split-path.ts';
import { type Finished, type Happening, newWork, nextPhase, type Start, type Work } from './state.ts';
import type { VehicleConfig } from './types.ts';
import type { Wishes } from './wishes.ts';

/** What the parts of one agent share. */
export interface Car {
  readonly config: VehicleConfig;
  readonly transfers: Transfers;
  readonly wishes: Wishes;
  /** Notes something the peer sent that was not acted on. */
  readonly refuse: (reason: string) => void;
}

export class TaskRunner {
  readonly #car: Car;
  /** Whose computation a ticket is; kept for given-up tasks too, whose half is disposed when it comes back. */
  readonly #tickets = new Map<number, Work>();
  readonly #controls = new ControlBook();
  #work: Work | null = null;
  #issued = 0;

  constructor(car: Car) {
    this.#car = car;
  }

  /** The task under way, if any. */
  get work(): Work | null {
    return this.#work;
  }

  /** Starts `task` in place of the current one. A task this car cannot do is answered with `failed`. */
  begin(task: Task, now: number): void {
    this.giveUp();
    this.#work = newWork(task, now);
    const fault = this.#faultOf(task);
    if (fault) return this.fail(fault);
    const base = this.#car.transfers.held(task.base.sha);
    if (base) this.#start(this.#work, base, now);
    else this.#car.wishes.send(this.#car.transfers.pull(task.base.sha, task.base.size, now));
  }

  /** Drops the current task: cancelled, out of coverage, too late. What is computed for it is dropped as it comes. */
  giveUp(): void {
    const work = this.#work;
    if (!work) return;
    this.#move(work, 'given-up');
    this.#work = null;
    this.#car.transfers.forget(work.task.base.sha);
    this.#car.transfers.forgetRound(work.task.round);
    if (work.ticket === null) closeHalf(work);
  }

  /** Drops the current task and tells the RSU why. */
  fail(reason: string): void {
    const work = this.#work;
    if (!work) return;
    const { round, nonce } = work.task;
    this.giveUp();
    this.#car.wishes.say({ kind: 'failed', round, nonce, reason: reason.slice(0, 512) });
  }

  /** Why a blob offered by the RSU is not taken, or undefined. Decided from its manifest, before any chunk. */
  unwanted(manifest: Manifest): string | undefined {
    const { purpose, sha, meta } = manifest;
    const work = this.#work;
    if (purpose === 'model' || purpose === 'lower-model') {
      const isAsked = work?.phase === 'downloading' && work.task.base.sha === sha;
      return isAsked || this.#car.transfers.held(sha) ? undefined : `${manifest.key} was not asked for`;
    }
    if (purpose !== 'gradient') return `a vehicle takes no ${purpose}`;
    const isOurs = work?.task.plan === 'split' && work.task.round === meta.round;
    return isOurs ? undefined : `gradient of round ${meta.round}, in which no split task is under way`;
  }

  /** A blob arrived whole. */
  onBlob(manifest: Manifest, bytes: Uint8Array, now: number): void {
    if (manifest.purpose === 'gradient') return this.#onGradient(manifest, bytes, now);
    this.#car.transfers.hold(manifest.sha, bytes);
    const work = this.#work;
    if (work?.phase === 'downloading' && work.task.base.sha === manifest.sha) this.#start(work, bytes, now);
  }

  /** A computation came back. */
  onComputed(ticket: number, outcome: ComputeOutcome, now: number): void {
    const work = this.#tickets.get(ticket);
    if (!work) return this.#car.refuse(`result of unknown computation ${ticket}`);
    this.#tickets.delete(ticket);
    work.ticket = null;
    if (work !== this.#work) return closeLateHalf(work, outcome);
    work.computeSeconds += now - work.startedAt;
    if (!outcome.ok) return this.fail(outcome.error);
    if (work.phase === 'training') this.#onTrained(work, outcome.value as TrainResult, now);
    else if (work.phase === 'opening') this.#onOpened(work, outcome.value as LowerHalf, now);
    else if (work.phase === 'forward')
      this.#onForward(work, outcome.value as ReturnType<LowerHalf['forward']>, now);
    else this.#onBackward(work, now);
  }

  // --- the steps ---

  #start(work: Work, base: Uint8Array, now: number): void {
    const { task } = work;
    if (base.length !== task.base.size)
      return this.fail(`base of ${base.length} bytes (expected ${task.base.size})`);
    const { learner, data, shard, device, costOf } = this.#car.config;
    const { model, settings, cut } = task;
    // A copy: the learner may work in place, the held base is used again.
    const floats = floatsOfBytes(base.slice());
    const weights = floats.subarray(0, modelFloats(task));
    work.start = { base: weights, ...this.#correctionOf(task, floats) };
    const { correction } = work.start;
    if (isByEpoch(task)) {
      this.#move(work, 'base-full');
      this.#trainEpoch(work, work.start, now);
    } else if (task.plan === 'full') {
      this.#move(work, 'base-full');
      const seconds = trainingSeconds(task, shard.length, costOf(model), device);
      this.#compute(work, seconds, now, () =>
        learner.train({ model, weights, data, shard, settings, correction }),
      );
    } else {
      this.#move(work, 'base-split');
      const request = { model, cut, lowerWeights: weights, data, shard, settings };
      this.#compute(work, 0, now, () => learner.openLower(request));
    }
  }

  /** What the rule adds to this car's gradients, and what came behind the model for it. */
  #correctionOf({ control }: Task, floats: Float32Array): Pick<Start, 'correction' | 'companion'> {
    if (control === undefined) return {};
    const isDoubled = control === 'scaffold';
    const parameters = floats.length / (isDoubled ? 2 : 1);
    const companion = isDoubled ? floats.subarray(parameters) : undefined;
    return { correction: this.#controls.correction(control, parameters, companion), companion };
  }

  /** The RSU's answer to an update. */
  settle(key: string, result: AckResult): void {
    this.#controls.settle(key, result);
  }

  /** The next epoch of a task that may end after any. */
  #trainEpoch(work: Work, start: Start, now: number): void {
    const { learner, data, shard, device, costOf } = this.#car.config;
    const { task, finished } = work;
    const { model, settings } = task;
    const from = finished?.epochs ?? 0;
    const span = { from, to: from + 1, carried: finished?.result.carried };
    const { base: anchor, correction } = start;
    const weights = finished?.result.weights ?? anchor;
    const seconds = trainingSeconds(task, shard.length, costOf(model), device) / settings.epochs;
    this.#compute(work, seconds, now, () =>
      learner.train({ model, weights, data, shard, settings, span, anchor, correction }),
    );
  }

  /** Another epoch, where one as long as this still ends in time; otherwise what there is goes out. */
  #onEpoch(work: Work, result: TrainResult, now: number): void {
    const epochs = (work.finished?.epochs ?? 0) + 1;
    work.finished = { epochs, steps: (work.finished?.steps ?? 0) + result.steps, result };
    const isInTime = now + (now - work.startedAt) <= present(work.uploadByAt, 'the time to upload by');
    if (epochs === work.task.settings.epochs || !isInTime)
      return this.#sendFinished(work, work.finished, now);
    this.#move(work, 'computed-epoch');
    this.#trainEpoch(work, present(work.start, 'what the first epoch began with'), now);
  }

  #sendFinished(work: Work, { epochs, steps, result }: Finished, now: number): void {
    const isWhole = epochs === work.task.settings.epochs;
    this.#sendTrained(work, { ...result, steps }, isWhole ? undefined : epochs, now);
  }

  /** `epochsDone`: where they are fewer than asked for. */
  #sendTrained(work: Work, result: TrainResult, epochsDone: number | undefined, now: number): void {
    const { samples, trainLoss, weights } = result;
    this.#propose(work, result);
    this.#move(work, 'computed');
    this.#finish(work, { bytes: bytesOfFloats(weights), samples, trainLoss, epochsDone }, now);
  }

  #propose({ task, start }: Work, { weights, steps }: TrainResult): void {
    const { control, settings, round } = task;
    if (control === undefined || !start) return;
    const { base, companion } = start;
    const key = blobKey(round, this.#car.config.vehicle, 'update');
    this.#controls.propose(key, control, { base, weights, companion, steps, settings });
  }

  /** The instant at which an upload of what is finished has to begin; null where nothing is, or all is awaited. */
  get uploadByAt(): number | null {
    const work = this.#work;
    return work?.phase === 'training' && work.finished ? work.uploadByAt : null;
  }

  /** That instant has come: the epoch under way is dropped, those before it go out. */
  uploadFinished(now: number): void {
    const work = this.#work;
    if (work?.phase !== 'training' || !work.finished) return;
    work.computeSeconds += now - work.startedAt;
    this.#sendFinished(work, work.finished, now);
  }

  #onTrained(work: Work, result: TrainResult, now: number): void {
    const fault = resultFault(result, work.task);
    if (fault) return this.fail(fault);
    if (isByEpoch(work.task)) return this.#onEpoch(work, result, now);
    this.#sendTrained(work, result, undefined, now);
  }

  #onOpened(work: Work, half: LowerHalf, now: number): void {
    work.half = half;
    this.#move(work, 'computed');
    this.#forward(work, half, now);
  }

  #forward(work: Work, half: LowerHalf, now: number): void {
    this.#compute(work, this.#halfSeconds('forward', work, half), now, async () => half.forward(work.step));
  }

  #onForward(work: Work, forward: ReturnType<LowerHalf['forward']>, now: number): void {
    const { transfers, wishes, config } = this.#car;
    const { task, step } = work;
    this.#guard(() => {
      const blob = smashedBlob({ task, vehicle: config.vehicle, step }, forward);
      wishes.send(transfers.offer({ ...blob, eager: true }, now));
      work.smashed = blob;
      this.#move(work, 'computed');
    });
  }

  #onGradient(manifest: Manifest, bytes: Uint8Array, now: number): void {
    const work = this.#work;
    const { round, step, trainLoss } = manifest.meta;
    const { half, smashed } = work ?? {};
    if (
      !work ||
      !half ||
      !smashed ||
      work.phase !== 'awaiting' ||
      work.task.round !== round ||
      work.step !== step
    )
      return this.#car.refuse(`gradient of round ${round}, step ${step}, which is not awaited`);
    const gradient = gradientOf(bytes, floatsIn(smashed));
    if (typeof gradient === 'string') return this.fail(gradient);
    this.#car.transfers.forget(smashed.key);
    work.smashed = null;
    if (trainLoss !== undefined) work.losses.push(trainLoss);
    this.#move(work, 'gradient');
    const seconds = this.#halfSeconds('backward', work, half);
    this.#compute(work, seconds, now, async () => half.backward(work.step, gradient));
  }

  #onBackward(work: Work, now: number): void {
    const half = present(work.half, 'the half whose step came back');
    work.step++;
    if (work.step < half.steps) {
      this.#move(work, 'computed');
      return this.#forward(work, half, now);
    }
    this.#guard(() => {
      const { task, losses } = work;
      const weights = half.weights();
      const trainLoss = meanLossOfLastEpoch(losses, task.settings.epochs);
      const samples = this.#car.config.shard.length;
      const fault = resultFault({ weights, samples, steps: half.steps, trainLoss }, task);
      if (fault) return this.fail(fault);
      this.#move(work, 'computed-last');
      this.#finish(work, { bytes: bytesOfFloats(weights), samples, trainLoss }, now);
    });
  }

  /** Outbox first, then the wire: an update that was begun to be sent is never lost. */
  #finish(
    work: Work,
    facts: Pick<UpdateFacts, 'bytes' | 'samples' | 'trainLoss' | 'epochsDone'>,
    now: number,
  ): void {
    const { config, transfers, wishes } = this.#car;
    const { task, computeSeconds } = work;
    this.#guard(() => {
      const blob = updateBlob({
        ...facts,
        task,
        computeSeconds,
        vehicle: config.vehicle,
        device: config.device,
      });
      const manifest = manifestOf(blob);
      config.outbox.put({ key: blob.key, manifest, bytes: blob.bytes });
      this.giveUp();
      wishes.send(transfers.offer({ ...blob, manifest }, now));
    });
  }

  // --- helpers ---

  #compute(work: Work, nominalSeconds: number, now: number, run: () => Promise<unknown>): void {
    const modelledSeconds = nominalSeconds * (this.#car.config.slowdown?.(work.task.round) ?? 1);
    const ticket = ++this.#issued;
    work.ticket = ticket;
    work.startedAt = now;
    this.#tickets.set(ticket, work);
    const unlessGivenUp = async (): Promise<unknown> => {
      // The host may begin later than asked: a car that has left meanwhile costs no real work.
      if (work !== this.#work) throw new Error('the task was given up');
      return run();
    };
    this.#car.wishes.compute({ ticket, modelledSeconds, run: unlessGivenUp });
  }

  #halfSeconds(direction: 'forward' | 'backward', work: Work, half: LowerHalf): number {
    const { task, step } = work;
    const { costOf, device, shard } = this.#car.config;
    const batch = batchOf(step, half.steps, shard.length, task);
    return halfSeconds(direction, { task, cost: costOf(task.model), device, batch });
  }

  #faultOf(task: Task): string | undefined {
    try {
      return taskFault(task, this.#car.config.costOf(task.model));
    } catch (error) {
      return messageOf(error);
    }
  }

  /** A step that fails (a full disk, a learner's wrong shapes) fails the task, not the car. */
  #guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.fail(messageOf(error));
    }
  }

  #move(work: Work, happening: Happening): void {
    work.phase = present(nextPhase(work.phase, happening), `the phase after ${work.phase} on ${happening}`);
  }
}

/** Activations in smashed data: all its bytes but those of the labels. */
function floatsIn(smashed: NamedBlob): number {
  return (smashed.bytes.length - (smashed.meta.labels ?? smashed.meta.samples ?? 0)) / 4;
}

function closeHalf(work: Work): void {
  work.half?.dispose();
  work.half = null;
}

/** A given-up task's computation came back: what it opened or still held is disposed now. */
function closeLateHalf(work: Work, outcome: ComputeOutcome): void {
  const opened = outcome.ok ? (outcome.value as Partial<LowerHalf> | undefined) : undefined;
  if (!work.half && typeof opened?.dispose === 'function') opened.dispose();
  closeHalf(work);
}
