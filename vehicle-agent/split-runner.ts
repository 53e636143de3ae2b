// A task with plan `split`, from its base weights to its lower update:
//   opening -> (forward -> awaiting the gradient -> backward) x steps
// and where the car has the model's end too (and keeps its labels):
//   opening -> (forward -> awaiting outputs -> ending -> awaiting the gradient -> backward) x steps
// After every `checkpointSteps` mini-batches its weights go to the RSU, which keeps them for a car that does not come to
// its end. Must not: know positions, coverage or acks.

import { present } from '../base/assert.ts';
import { bytesOfFloats } from '../base/hash.ts';
import { joinWeights } from '../learning/cost/model-cost.ts';
import type { LowerHalf, UpperHalf } from '../learning/learner.ts';
import { type BlobMeta, blobKey, type Manifest, type Task } from '../protocol/messages.ts';
import { resultFault } from './full-path.ts';
import {
  answerFault,
  answerFloats,
  batchOf,
  carFloats,
  crossedBlob,
  meanOfLast,
  type Part,
  partSeconds,
  type Sent,
  type SplitPlan,
  splitFault,
} from './split-path.ts';
import type { Halves, SplitWork, Work } from './state.ts';
import type { Workbench } from './workbench.ts';

type Forward = ReturnType<LowerHalf['forward']>;
type Ended = ReturnType<UpperHalf['step']>;

const noLabels = new Uint8Array(0);

export class SplitRunner {
  readonly #bench: Workbench;

  constructor(bench: Workbench) {
    this.#bench = bench;
  }

  /** Why this car cannot do `task`, or undefined. Throws a sentence where its cut or its end is none. */
  faultOf(task: Task): string | undefined {
    return splitFault(this.#planOf(task));
  }

  /** Opens the car's parts of the model with the weights in `base`. */
  start(work: Work, base: Float32Array, now: number): void {
    this.#bench.move(work, 'base-split');
    this.#bench.compute(work, 0, now, () => this.#open(work.task, base));
  }

  /** A computation of a split task came back. */
  onComputed(work: Work, value: unknown, now: number): void {
    if (work.phase === 'opening') return this.#onOpened(work, value as Halves, now);
    const split = present(work.split, 'the halves whose computation came back');
    if (work.phase === 'forward') return this.#onForward(work, split, value as Forward, now);
    if (work.phase === 'ending') return this.#onEnded(work, split, value as Ended, now);
    return this.#onBackward(work, split, now);
  }

  /** Why an answer of the RSU is not taken, from its manifest alone; undefined where it is, or has been before. */
  unwanted(manifest: Manifest): string | undefined {
    const { work } = this.#bench;
    const { key, purpose, meta } = manifest;
    const { round, step = -1 } = meta;
    if (work?.task.plan !== 'split' || work.task.round !== round)
      return `${purpose} of round ${round}, in which no split task is under way`;
    const wanted = blobKey(round, this.#bench.car.config.vehicle, purpose as 'gradient', step);
    if (key !== wanted) return `key ${key} (expected ${wanted})`;
    // What came before may be offered again, where our word of it was lost: the ledger of transfers answers that.
    if (!work.split || !hasCome(work, work.split, manifest))
      return `${purpose} of round ${round}, step ${step}, which is not awaited`;
    return answerFault(this.#planOf(work.task), manifest, this.#samplesOf(work.task, work.split, step));
  }

  /** The RSU's part of a mini-batch arrived: outputs of the middle, or the gradient of the smashed data. */
  onAnswer(manifest: Manifest, bytes: Uint8Array, now: number): void {
    const { work } = this.#bench;
    const { purpose, meta } = manifest;
    const awaited = purpose === 'outputs' ? 'awaiting-outputs' : 'awaiting';
    const split = work?.split;
    if (!split || work.phase !== awaited || work.task.round !== meta.round || split.step !== meta.step)
      return this.#bench.car.refuse(
        `${purpose} of round ${meta.round}, step ${meta.step}, which is not awaited`,
      );
    this.#bench.guard(() => {
      const samples = this.#samplesOf(work.task, split);
      const floats = answerFloats(this.#planOf(work.task), manifest, bytes, samples);
      this.#bench.car.transfers.forget(present(split.sent, 'what was answered').key);
      split.sent = null;
      if (purpose === 'outputs') this.#end(work, split, floats, now);
      else this.#backward(work, split, { gradient: floats, trainLoss: meta.trainLoss }, now);
    });
  }

  // --- the steps ---

  async #open(task: Task, base: Float32Array): Promise<Halves> {
    const { learner, data, shard, cutFactsOf } = this.#bench.car.config;
    const { model, settings, cut, head } = task;
    const border = cutFactsOf(model, cut).lowerParameters;
    const [lowerWeights, upperWeights] = [base.subarray(0, border), base.subarray(border)];
    const lower = await learner.openLower({ model, cut, lowerWeights, data, shard, settings });
    if (head === undefined) return { lower, head: null, dispose: () => lower.dispose() };
    try {
      const end = await learner.openUpper({ model, cut: head, upperWeights, settings });
      const dispose = (): void => {
        lower.dispose();
        end.dispose();
      };
      return { lower, head: end, dispose };
    } catch (error) {
      lower.dispose();
      throw error;
    }
  }

  #onOpened(work: Work, halves: Halves, now: number): void {
    work.split = { halves, step: 0, labels: noLabels, sent: null, losses: [] };
    this.#bench.move(work, 'computed');
    this.#forward(work, work.split, now);
  }

  #forward(work: Work, split: SplitWork, now: number): void {
    const { halves, step } = split;
    this.#compute('forward', work, split, now, async () => halves.lower.forward(step));
  }

  #onForward(work: Work, split: SplitWork, { smashed, samples, labels }: Forward, now: number): void {
    const keepsLabels = split.halves.head !== null;
    if (keepsLabels) split.labels = labels;
    this.#bench.guard(() => {
      const crossing = { floats: smashed, samples, labels: keepsLabels ? noLabels : labels };
      this.#send(work, split, { purpose: 'smashed', ...crossing }, now);
      this.#bench.move(work, keepsLabels ? 'sent-for-outputs' : 'computed');
    });
  }

  /** The end of the model, here in the car. */
  #end(work: Work, split: SplitWork, outputs: Float32Array, now: number): void {
    const head = present(split.halves.head, 'the end of the model');
    this.#bench.move(work, 'outputs');
    this.#compute('ending', work, split, now, async () => head.step(outputs, split.labels));
  }

  #onEnded(work: Work, split: SplitWork, { loss, gradient }: Ended, now: number): void {
    split.losses.push(loss);
    this.#bench.guard(() => {
      const samples = this.#samplesOf(work.task, split);
      this.#send(work, split, { purpose: 'output-gradient', floats: gradient, samples }, now);
      this.#bench.move(work, 'computed');
    });
  }

  #send(work: Work, split: SplitWork, sent: Omit<Sent, 'vehicle' | 'step' | 'rng'>, now: number): void {
    const { config, transfers, wishes } = this.#bench.car;
    const { vehicle } = config;
    const { step } = split;
    const rng = config.rng.fork('crossing').fork(`${work.task.round}/${step}/${sent.purpose}`);
    const blob = crossedBlob(this.#planOf(work.task), { ...sent, vehicle, step, rng });
    wishes.send(transfers.offer({ ...blob, eager: true }, now));
    split.sent = blob;
  }

  #backward(
    work: Work,
    split: SplitWork,
    { gradient, trainLoss }: { gradient: Float32Array; trainLoss: number | undefined },
    now: number,
  ): void {
    const { halves, step } = split;
    if (trainLoss !== undefined && !halves.head) split.losses.push(trainLoss);
    this.#bench.move(work, 'gradient');
    this.#compute('backward', work, split, now, async () => halves.lower.backward(step, gradient));
  }

  #onBackward(work: Work, split: SplitWork, now: number): void {
    split.step++;
    if (split.step === split.halves.lower.steps) return this.#finish(work, split, now);
    this.#bench.guard(() => this.#checkpoint(work, split, now));
    if (work !== this.#bench.work) return;
    this.#bench.move(work, 'computed');
    this.#forward(work, split, now);
  }

  #finish(work: Work, split: SplitWork, now: number): void {
    this.#bench.guard(() => {
      const state = this.#stateOf(work, split);
      if (typeof state === 'string') return this.#bench.fail(state);
      this.#bench.move(work, 'computed-last');
      this.#bench.finish(work, state, now);
    });
  }

  /** Sends the weights so far, unless the last ones are still on their way: newer ones must not hold them up. */
  #checkpoint(work: Work, split: SplitWork, now: number): void {
    const { transfers, wishes, config } = this.#bench.car;
    const { checkpointSteps, round, nonce } = work.task;
    if (checkpointSteps === undefined || split.step % checkpointSteps !== 0) return;
    if (transfers.progress().some(({ purpose }) => purpose === 'lower-checkpoint')) return;
    const state = this.#stateOf(work, split);
    if (typeof state === 'string') return this.#bench.fail(state);
    const { bytes, ...facts } = state;
    const { computeSeconds } = work;
    const joules = computeSeconds * config.device.computeWatts;
    const meta: BlobMeta = { round, nonce, step: split.step, ...facts, computeSeconds, joules };
    const purpose = 'lower-checkpoint';
    const key = blobKey(round, config.vehicle, purpose, split.step);
    wishes.send(transfers.offer({ key, purpose, bytes, meta }, now));
  }

  /** The car's weights and loss now, or why they are of no use. */
  #stateOf(
    { task }: Work,
    { halves, losses }: SplitWork,
  ): { bytes: Uint8Array; samples: number; trainLoss: number } | string {
    const { lower, head } = halves;
    const weights = joinWeights(lower.weights(), head?.weights() ?? new Float32Array(0));
    const trainLoss = meanOfLast(losses, Math.ceil(lower.steps / task.settings.epochs));
    const fault = resultFault({ weights, trainLoss }, carFloats(this.#planOf(task)));
    if (fault) return fault;
    return { bytes: bytesOfFloats(weights), samples: this.#bench.car.config.shard.length, trainLoss };
  }

  // --- helpers ---

  #planOf(task: Task): SplitPlan {
    const { cutFactsOf, costOf } = this.#bench.car.config;
    return { task, facts: cutFactsOf(task.model, task.cut), cost: costOf(task.model) };
  }

  #samplesOf(task: Task, { halves, step: now }: SplitWork, step = now): number {
    return batchOf(step, halves.lower.steps, this.#bench.car.config.shard.length, task);
  }

  #compute(part: Part, work: Work, split: SplitWork, now: number, run: () => Promise<unknown>): void {
    const batch = this.#samplesOf(work.task, split);
    const seconds = partSeconds(part, this.#planOf(work.task), batch, this.#bench.car.config.device);
    this.#bench.compute(work, seconds, now, run);
  }
}

/** Whether the answer in `manifest` is the one that is awaited, or one from before it. */
function hasCome({ task, phase }: Work, { step: now }: SplitWork, { purpose, meta }: Manifest): boolean {
  const step = meta.step ?? -1;
  const isOutputs = purpose === 'outputs';
  if (isOutputs && task.head === undefined) return false;
  if (step !== now) return step < now;
  if (phase === 'awaiting-outputs') return isOutputs;
  if (phase === 'ending') return isOutputs;
  return phase === 'awaiting' || phase === 'backward';
}
