// One task from its base weights to its update, along the full path (full-runner.ts) or the split path (split-runner.ts):
//   downloading -> the path's own phases -> update into the outbox -> offered
// Must not: know positions, coverage or acks; the agent tells it when a task is over.

import { messageOf } from '../base/errors.ts';
import { floatsOfBytes } from '../base/hash.ts';
import type { TrainResult } from '../learning/learner.ts';
import type { ComputeOutcome } from '../protocol/actor.ts';
import type { AckResult, Manifest, Task } from '../protocol/messages.ts';
import { fullFault } from './full-path.ts';
import { FullRunner } from './full-runner.ts';
import { SplitRunner } from './split-runner.ts';
import type { Work } from './state.ts';
import { type Car, Workbench } from './workbench.ts';

export class TaskRunner {
  readonly #bench: Workbench;
  readonly #full: FullRunner;
  readonly #split: SplitRunner;

  constructor(car: Car) {
    this.#bench = new Workbench(car);
    this.#full = new FullRunner(this.#bench);
    this.#split = new SplitRunner(this.#bench);
  }

  /** The task under way, if any. */
  get work(): Work | null {
    return this.#bench.work;
  }

  /** Starts `task` in place of the current one. A task this car cannot do is answered with `failed`. */
  begin(task: Task, now: number): void {
    const { transfers, wishes } = this.#bench.car;
    const work = this.#bench.begin(task, now);
    const fault = this.#faultOf(task);
    if (fault) return this.#bench.fail(fault);
    const base = transfers.held(task.base.sha);
    if (base) this.#start(work, base, now);
    else wishes.send(transfers.pull(task.base.sha, task.base.size, now));
  }

  /** Drops the current task: cancelled, out of coverage, too late. What is computed for it is dropped as it comes. */
  giveUp(): void {
    this.#bench.giveUp();
  }

  /** Why a blob offered by the RSU is not taken, or undefined. Decided from its manifest, before any chunk. */
  unwanted(manifest: Manifest): string | undefined {
    const { purpose, sha } = manifest;
    if (purpose === 'gradient' || purpose === 'outputs') return this.#split.unwanted(manifest);
    if (purpose !== 'model' && purpose !== 'lower-model') return `a vehicle takes no ${purpose}`;
    const { work } = this;
    const isAsked = work?.phase === 'downloading' && work.task.base.sha === sha;
    return isAsked || this.#bench.car.transfers.held(sha) ? undefined : `${manifest.key} was not asked for`;
  }

  /** A blob arrived whole. */
  onBlob(manifest: Manifest, bytes: Uint8Array, now: number): void {
    const { purpose, sha } = manifest;
    if (purpose === 'gradient' || purpose === 'outputs') return this.#split.onAnswer(manifest, bytes, now);
    this.#bench.car.transfers.hold(sha, bytes);
    const { work } = this;
    if (work?.phase === 'downloading' && work.task.base.sha === sha) this.#start(work, bytes, now);
  }

  /** A computation came back. */
  onComputed(ticket: number, outcome: ComputeOutcome, now: number): void {
    const returned = this.#bench.returned(ticket, outcome, now);
    if (!returned) return;
    const { work, value } = returned;
    if (work.phase === 'training') this.#full.onTrained(work, value as TrainResult, now);
    else this.#split.onComputed(work, value, now);
  }

  /** The RSU's answer to an update. */
  settle(key: string, result: AckResult): void {
    this.#full.settle(key, result);
  }

  /** The instant at which an upload of what is finished has to begin; null where nothing is, or all is awaited. */
  get uploadByAt(): number | null {
    const { work } = this;
    return work?.phase === 'training' && work.finished ? work.uploadByAt : null;
  }

  /** That instant has come. */
  uploadFinished(now: number): void {
    if (this.work) this.#full.uploadFinished(this.work, now);
  }

  #start(work: Work, base: Uint8Array, now: number): void {
    const { plan, base: wanted } = work.task;
    if (base.length !== wanted.size)
      return this.#bench.fail(`base of ${base.length} bytes (expected ${wanted.size})`);
    // A copy: the learner may work in place, the held base is used again.
    const floats = floatsOfBytes(base.slice());
    if (plan === 'full') this.#full.start(work, floats, now);
    else this.#split.start(work, floats, now);
  }

  #faultOf(task: Task): string | undefined {
    try {
      if (task.plan === 'split') return this.#split.faultOf(task);
      return fullFault(task, this.#bench.car.config.costOf(task.model));
    } catch (error) {
      return messageOf(error);
    }
  }
}
