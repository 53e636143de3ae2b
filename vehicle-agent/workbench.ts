// What both paths of a task share: the task under way, its computations, and its end. A task that is dropped while it
// computes keeps what it has opened until the computation comes back; then all of it is disposed.
// Must not: know what a path does between its base and its update.

import { present } from '../base/assert.ts';
import { messageOf } from '../base/errors.ts';
import type { ComputeOutcome } from '../protocol/actor.ts';
import { manifestOf } from '../protocol/blob/manifest.ts';
import type { Transfers } from '../protocol/blob/transfers.ts';
import type { Task } from '../protocol/messages.ts';
import { type UpdateFacts, updateBlob } from './full-path.ts';
import { type Halves, type Happening, newWork, nextPhase, type Work } from './state.ts';
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

export class Workbench {
  readonly car: Car;
  /** Whose computation a ticket is; kept for given-up tasks too. */
  readonly #tickets = new Map<number, Work>();
  #work: Work | null = null;
  #issued = 0;

  constructor(car: Car) {
    this.car = car;
  }

  /** The task under way, if any. */
  get work(): Work | null {
    return this.#work;
  }

  /** Begins `task` in place of the current one. */
  begin(task: Task, now: number): Work {
    this.giveUp();
    this.#work = newWork(task, now);
    return this.#work;
  }

  /** Drops the current task: cancelled, out of coverage, too late. What is computed for it is dropped as it comes. */
  giveUp(): void {
    const work = this.#work;
    if (!work) return;
    this.move(work, 'given-up');
    this.#work = null;
    this.car.transfers.forget(work.task.base.sha);
    this.car.transfers.forgetRound(work.task.round);
    if (work.ticket === null) closeHalves(work);
  }

  /** Drops the current task and tells the RSU why. */
  fail(reason: string): void {
    const work = this.#work;
    if (!work) return;
    const { round, nonce } = work.task;
    this.giveUp();
    this.car.wishes.say({ kind: 'failed', round, nonce, reason: reason.slice(0, 512) });
  }

  /** A step that fails (a full disk, a learner's wrong shapes) fails the task, not the car. */
  guard(step: () => void): void {
    try {
      step();
    } catch (error) {
      this.fail(messageOf(error));
    }
  }

  move(work: Work, happening: Happening): void {
    work.phase = present(nextPhase(work.phase, happening), `the phase after ${work.phase} on ${happening}`);
  }

  /** Asks for a computation of `nominalSeconds` on this car at its full speed. */
  compute(work: Work, nominalSeconds: number, now: number, run: () => Promise<unknown>): void {
    const modelledSeconds = nominalSeconds * (this.car.config.slowdown?.(work.task.round) ?? 1);
    const ticket = ++this.#issued;
    work.ticket = ticket;
    work.startedAt = now;
    this.#tickets.set(ticket, work);
    const unlessGivenUp = async (): Promise<unknown> => {
      // The host may begin later than asked: a car that has left meanwhile costs no real work.
      if (work !== this.#work) throw new Error('the task was given up');
      return run();
    };
    this.car.wishes.compute({ ticket, modelledSeconds, run: unlessGivenUp });
  }

  /** A computation came back: its task and its value, where that task is still under way and it came to one. */
  returned(
    ticket: number,
    outcome: ComputeOutcome,
    now: number,
  ): { readonly work: Work; readonly value: unknown } | undefined {
    const work = this.#tickets.get(ticket);
    if (!work) {
      this.car.refuse(`result of unknown computation ${ticket}`);
      return undefined;
    }
    this.#tickets.delete(ticket);
    work.ticket = null;
    if (work !== this.#work) {
      closeLateHalves(work, outcome);
      return undefined;
    }
    work.computeSeconds += now - work.startedAt;
    if (outcome.ok) return { work, value: outcome.value };
    this.fail(outcome.error);
    return undefined;
  }

  /** Outbox first, then the wire: an update that was begun to be sent is never lost. */
  finish(
    work: Work,
    facts: Pick<UpdateFacts, 'bytes' | 'samples' | 'trainLoss' | 'epochsDone'>,
    now: number,
  ): void {
    const { config, transfers, wishes } = this.car;
    const { task, computeSeconds } = work;
    const { vehicle, device } = config;
    this.guard(() => {
      const blob = updateBlob({ ...facts, task, computeSeconds, vehicle, device });
      const manifest = manifestOf(blob);
      config.outbox.put({ key: blob.key, manifest, bytes: blob.bytes });
      this.giveUp();
      wishes.send(transfers.offer({ ...blob, manifest }, now));
    });
  }
}

function closeHalves(work: Work): void {
  work.split?.halves.dispose();
  work.split = null;
}

/** A given-up task's computation came back: what it opened or still held is disposed now. */
function closeLateHalves(work: Work, outcome: ComputeOutcome): void {
  const opened = outcome.ok ? (outcome.value as Partial<Halves> | undefined) : undefined;
  if (!work.split && typeof opened?.dispose === 'function') opened.dispose();
  closeHalves(work);
}
