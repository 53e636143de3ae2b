// A task with plan `full`, from its base weights to its update: training at once, or epoch by epoch where the RSU takes part
// of the work: after each, whether another still ends in time.
// Must not: know positions, coverage or acks.

import { present } from '../base/assert.ts';
import { bytesOfFloats } from '../base/hash.ts';
import type { TrainResult } from '../learning/learner.ts';
import { type AckResult, blobKey, type Task } from '../protocol/messages.ts';
import { ControlBook } from './control.ts';
import { isByEpoch, modelFloats, resultFault, trainingSeconds } from './full-path.ts';
import type { Finished, Start, Work } from './state.ts';
import type { Workbench } from './workbench.ts';

export class FullRunner {
  readonly #bench: Workbench;
  readonly #controls = new ControlBook();

  constructor(bench: Workbench) {
    this.#bench = bench;
  }

  /** The RSU's answer to an update. */
  settle(key: string, result: AckResult): void {
    this.#controls.settle(key, result);
  }

  /** Trains from `base`, which may be worked on in place. */
  start(work: Work, base: Float32Array, now: number): void {
    const { task } = work;
    const { learner, data, shard, device, costOf } = this.#bench.car.config;
    const { model, settings } = task;
    const weights = base.subarray(0, modelFloats(task));
    work.start = { base: weights, ...this.#correctionOf(task, base) };
    const { correction } = work.start;
    this.#bench.move(work, 'base-full');
    if (isByEpoch(task)) return this.#trainEpoch(work, work.start, now);
    const seconds = trainingSeconds(task, shard.length, costOf(model), device);
    this.#bench.compute(work, seconds, now, () =>
      learner.train({ model, weights, data, shard, settings, correction }),
    );
  }

  /** Training, or an epoch of it, came back. */
  onTrained(work: Work, result: TrainResult, now: number): void {
    const fault = resultFault(result, modelFloats(work.task));
    if (fault) return this.#bench.fail(fault);
    if (isByEpoch(work.task)) return this.#onEpoch(work, result, now);
    this.#sendTrained(work, result, undefined, now);
  }

  /** The time to upload has come: the epoch under way is dropped, those before it go out. */
  uploadFinished(work: Work, now: number): void {
    if (work.phase !== 'training' || !work.finished) return;
    work.computeSeconds += now - work.startedAt;
    this.#sendFinished(work, work.finished, now);
  }

  /** What the rule adds to this car's gradients, and what came behind the model for it. */
  #correctionOf({ control }: Task, floats: Float32Array): Pick<Start, 'correction' | 'companion'> {
    if (control === undefined) return {};
    const isDoubled = control === 'scaffold';
    const parameters = floats.length / (isDoubled ? 2 : 1);
    const companion = isDoubled ? floats.subarray(parameters) : undefined;
    return { correction: this.#controls.correction(control, parameters, companion), companion };
  }

  /** The next epoch of a task that may end after any. */
  #trainEpoch(work: Work, start: Start, now: number): void {
    const { learner, data, shard, device, costOf } = this.#bench.car.config;
    const { task, finished } = work;
    const { model, settings } = task;
    const from = finished?.epochs ?? 0;
    const span = { from, to: from + 1, carried: finished?.result.carried };
    const { base: anchor, correction } = start;
    const weights = finished?.result.weights ?? anchor;
    const seconds = trainingSeconds(task, shard.length, costOf(model), device) / settings.epochs;
    this.#bench.compute(work, seconds, now, () =>
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
    this.#bench.move(work, 'computed-epoch');
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
    this.#bench.move(work, 'computed');
    this.#bench.finish(work, { bytes: bytesOfFloats(weights), samples, trainLoss, epochsDone }, now);
  }

  #propose({ task, start }: Work, { weights, steps }: TrainResult): void {
    const { control, settings, round } = task;
    if (control === undefined || !start) return;
    const { base, companion } = start;
    const key = blobKey(round, this.#bench.car.config.vehicle, 'update');
    this.#controls.propose(key, control, { base, weights, companion, steps, settings });
  }
}
