// One car, as an actor: inputs in, wishes out (protocol/actor.ts). The same code runs under the virtual conductor and in
// a real car. Order of work for each input: 1 act on it; 2 say the state where it changed; 3 set the timers anew.
//
// Coverage rules: on entering, hello and a beacon, then the outbox is offered again; while inside, a beacon every
// `beaconSeconds` and a hello every ten seconds, and a beacon at once where another RSU has taken over; on leaving, not a
// byte is sent, and the current task is dropped when the grace is over (at once where there is none): until then the next
// RSU may take it up, and the bitmaps say which chunks are still to go. An update that is complete waits in the outbox
// until the RSU answers it: committed, late or refused. Must not: throw on anything the RSU can send, read a clock, or
// know the world beyond its own position.

import { messageOf } from '../base/errors.ts';
import type { Outputs } from '../protocol/actor.ts';
import { Transfers } from '../protocol/blob/transfers.ts';
import {
  type Ack,
  blobKey,
  type DownMessage,
  type Task,
  type TransferMessage,
  type UpMessage,
  type VehicleState,
} from '../protocol/messages.ts';
import { shownState } from './state.ts';
import { TaskRunner } from './task-runner.ts';
import type { OutboxEntry, Position, VehicleConfig, VehicleInput } from './types.ts';
import { Wishes } from './wishes.ts';
import type { Car } from './workbench.ts';

/** An update or smashed data without an answer for this long is offered again: one message where it has arrived. */
const ackSeconds = 5;
/** The waits for an answer double up to this many times the first. */
const maximumAckBackoff = 8;
/** A hello may be lost, and a car without one is never chosen: it is said again this often. */
const helloSeconds = 10;
/** Positions come at whole steps of the mobility engine, in floating point. */
const toleranceSeconds = 1e-6;
/** How many refusals are kept with their reasons; all are counted. */
const rememberedRefusals = 32;

export class VehicleAgent {
  readonly #config: VehicleConfig;
  readonly #transfers = new Transfers();
  readonly #wishes = new Wishes();
  readonly #runner: TaskRunner;
  readonly #refused: string[] = [];
  #refusedCount = 0;
  #position: Position | null = null;
  #connected = true;
  #beaconAt = Number.NEGATIVE_INFINITY;
  #helloAt = Number.NEGATIVE_INFINITY;
  #round = 0;
  /** What the RSU was told last, on this visit to its coverage. */
  #toldState: VehicleState | null = null;
  #ackAt: number | null = null;
  #ackWaitSeconds = ackSeconds;
  /** Out of coverage with a task, until then. */
  #graceUntil: number | null = null;

  constructor(config: VehicleConfig) {
    this.#config = config;
    const refuse = (reason: string): void => this.#refuse(reason);
    const car: Car = { config, transfers: this.#transfers, wishes: this.#wishes, refuse };
    this.#runner = new TaskRunner(car);
  }

  /** Acts on one input at instant `now`, in seconds since the run began. */
  act(input: VehicleInput, now: number): Outputs<UpMessage> {
    if (input.kind === 'position') this.#onPosition(input.position, now);
    else if (input.kind === 'message') this.#onMessage(input.message, input.body, now);
    else if (input.kind === 'timer') this.#onTimer(input.name, now);
    else if (input.kind === 'computed') this.#runner.onComputed(input.ticket, input.outcome, now);
    else this.#onConnection(input.connected, now);
    this.#tellState();
    this.#setAlarms(now);
    return this.#wishes.handOut();
  }

  /** For the map: what the car does, in which round, and how far the transfer or the split steps are, 0..1. */
  state(): { state: VehicleState; round: number; progress: number } {
    const phase = this.#runner.work?.phase ?? 'free';
    const uploading = this.#config.outbox.entries().length > 0;
    const state = shownState({ phase, inCoverage: this.#inCoverage, uploading });
    return { state, round: this.#round, progress: this.#progress(state) };
  }

  /** Messages that were not acted on: how many, and the latest with their reasons. */
  refusals(): { count: number; latest: readonly string[] } {
    return { count: this.#refusedCount, latest: [...this.#refused] };
  }

  get #inCoverage(): boolean {
    return this.#position !== null && this.#position.serving !== null;
  }

  // --- where the car is, and whether it is heard ---

  #onPosition(position: Position | null, now: number): void {
    const was = this.#inCoverage;
    const handedOver = position?.serving !== this.#position?.serving;
    this.#position = position;
    this.#wishes.reachable = this.#inCoverage && this.#connected;
    if (!this.#inCoverage) {
      if (was) this.#lose(now);
    } else if (!was) {
      this.#return(now);
    } else if (position && handedOver) {
      this.#beacon(position);
    } else if (position && position.at - this.#beaconAt >= this.#config.beaconSeconds - toleranceSeconds) {
      if (position.at - this.#helloAt >= helloSeconds) this.#hello(true);
      this.#beacon(position);
    }
  }

  #greet(): void {
    this.#toldState = null;
    this.#ackWaitSeconds = ackSeconds;
    this.#hello(false);
    if (this.#position) this.#beacon(this.#position);
  }

  #hello(isRepeated: boolean): void {
    const { incarnation, device, shard } = this.#config;
    const hello = { kind: 'hello', incarnation, device, samples: shard.length } as const;
    this.#helloAt = this.#position?.at ?? Number.NEGATIVE_INFINITY;
    this.#wishes.say(isRepeated ? { ...hello, repeated: true } : hello);
  }

  /** Out of coverage. What was on its way pauses; the task goes on until the grace is over. */
  #lose(now: number): void {
    this.#beaconAt = Number.NEGATIVE_INFINITY;
    const { graceSeconds = 0 } = this.#config;
    if (graceSeconds === 0) return this.#leave();
    this.#graceUntil = now + graceSeconds;
  }

  /** In coverage again, or for the first time. */
  #return(now: number): void {
    const isResumed = this.#graceUntil !== null;
    this.#graceUntil = null;
    this.#greet();
    if (isResumed) this.#wishes.send(this.#transfers.reset(now));
    this.#offerUnanswered(now);
  }

  #leave(): void {
    this.#graceUntil = null;
    this.#runner.giveUp();
    this.#transfers.forgetAll();
  }

  #beacon(position: Position): void {
    this.#beaconAt = position.at;
    this.#wishes.say({ kind: 'beacon', ...position });
  }

  /** Live only. A task survives a lost connection: only its transfers pause, and go on by bitmap. */
  #onConnection(connected: boolean, now: number): void {
    if (connected === this.#connected) return;
    this.#connected = connected;
    this.#wishes.reachable = this.#inCoverage && connected;
    if (!this.#wishes.reachable) return;
    this.#greet();
    this.#wishes.send(this.#transfers.reset(now));
    this.#offerUnanswered(now);
  }

  // --- what the RSU says ---

  #onMessage(message: DownMessage, body: Uint8Array, now: number): void {
    if (message.kind === 'ack') this.#onAck(message);
    else if (!this.#inCoverage) this.#refuse(`a ${message.kind} out of coverage`);
    else if (message.kind === 'task') this.#onTask(message, now);
    else if (message.kind === 'cancel') this.#onCancel(message.round, now);
    else this.#onTransfer(message, body, now);
  }

  #onTask(task: Task, now: number): void {
    if (this.#runner.work?.task.nonce === task.nonce) return this.#refuse(`task ${task.round} came again`);
    this.#round = task.round;
    const purpose = task.plan === 'full' ? 'update' : 'lower-update';
    const done = this.#config.outbox.get(blobKey(task.round, this.#config.vehicle, purpose));
    if (done?.manifest.meta.nonce === task.nonce) this.#offer(done, now);
    else this.#runner.begin(task, now);
  }

  /** An update on its way stops moving; it is offered once more, by its manifest, so that the RSU answers for it. */
  #onCancel(round: number, now: number): void {
    const waiting = this.#config.outbox.entries().filter(({ manifest }) => manifest.meta.round === round);
    for (const entry of waiting) {
      this.#transfers.forget(entry.key);
      this.#offer(entry, now);
    }
    if (this.#runner.work?.task.round === round) this.#runner.giveUp();
    else if (waiting.length === 0) this.#refuse(`cancel of round ${round}, in which nothing is under way`);
  }

  /** Any answer retires the update: committed, late and refused are all final. Acks of other blobs just stop them. */
  #onAck({ key, result }: Ack): void {
    this.#config.outbox.retire(key);
    this.#runner.settle(key, result);
    this.#transfers.forget(key);
    this.#ackAt = null;
    this.#ackWaitSeconds = ackSeconds;
    const work = this.#runner.work;
    if (result === 'late' && work?.split?.sent?.key === key) this.#runner.giveUp();
  }

  #onTransfer(message: TransferMessage, body: Uint8Array, now: number): void {
    const unwanted = message.kind === 'manifest' ? this.#runner.unwanted(message) : undefined;
    if (unwanted) {
      this.#transfers.decline(message.sha);
      return this.#refuse(unwanted);
    }
    const { send, completed, refused } = this.#transfers.receive(message, body, now);
    if (refused) this.#refuse(refused);
    this.#wishes.send(send);
    if (completed) this.#runner.onBlob(completed.manifest, completed.bytes, now);
  }

  // --- time ---

  #onTimer(name: string, now: number): void {
    if (name === 'wake') this.#onWake(now);
    else if (name === 'deadline') this.#onDeadline(now);
    else if (name === 'ack') this.#onUnanswered(now);
    else if (name === 'grace') this.#onGraceOver(now);
    else if (name === 'upload-by') this.#onUploadBy(now);
    else this.#refuse(`unknown timer ${name}`);
  }

  #onWake(now: number): void {
    this.#wishes.fired('wake');
    if (this.#wishes.reachable) this.#wishes.send(this.#transfers.wake(now));
  }

  #onDeadline(now: number): void {
    this.#wishes.fired('deadline');
    const work = this.#runner.work;
    if (work && now >= work.deadlineAt - toleranceSeconds) this.#runner.giveUp();
  }

  #onUploadBy(now: number): void {
    this.#wishes.fired('upload-by');
    const at = this.#runner.uploadByAt;
    if (at !== null && now >= at - toleranceSeconds) this.#runner.uploadFinished(now);
  }

  #onGraceOver(now: number): void {
    this.#wishes.fired('grace');
    if (this.#graceUntil !== null && now >= this.#graceUntil - toleranceSeconds) this.#leave();
  }

  #onUnanswered(now: number): void {
    this.#wishes.fired('ack');
    this.#ackAt = null;
    this.#ackWaitSeconds = Math.min(this.#ackWaitSeconds * 2, ackSeconds * maximumAckBackoff);
    if (this.#wishes.reachable) this.#offerUnanswered(now);
  }

  /** Offers what waits for an answer and is not on its way: the peer says what it still lacks. */
  #offerUnanswered(now: number): void {
    const moving = new Set(this.#transfers.progress().map(({ key }) => key));
    for (const entry of this.#config.outbox.entries()) if (!moving.has(entry.key)) this.#offer(entry, now);
    const sent = this.#runner.work?.split?.sent;
    if (sent && !moving.has(sent.key)) this.#wishes.send(this.#transfers.offer(sent, now));
  }

  #offer({ key, manifest, bytes }: OutboxEntry, now: number): void {
    const { purpose, meta } = manifest;
    this.#round = Math.max(this.#round, meta.round);
    try {
      this.#wishes.send(this.#transfers.offer({ key, purpose, bytes, meta, manifest }, now));
    } catch (error) {
      this.#refuse(messageOf(error));
    }
  }

  #setAlarms(now: number): void {
    const { reachable } = this.#wishes;
    const work = this.#runner.work;
    const awaitsAnswer = this.#config.outbox.entries().length > 0 || work?.split?.sent != null;
    if (!reachable || !awaitsAnswer) this.#ackAt = null;
    else this.#ackAt ??= now + this.#ackWaitSeconds;
    this.#wishes.alarm('wake', reachable ? this.#transfers.nextWakeAt() : null, now);
    this.#wishes.alarm('deadline', work?.deadlineAt ?? null, now);
    this.#wishes.alarm('ack', this.#ackAt, now);
    this.#wishes.alarm('grace', this.#graceUntil, now);
    this.#wishes.alarm('upload-by', this.#runner.uploadByAt, now);
  }

  // --- what is told ---

  #tellState(): void {
    const { state, round } = this.state();
    if (!this.#wishes.reachable || state === this.#toldState) return;
    this.#toldState = state;
    this.#wishes.say({ kind: 'status', state, round });
  }

  #progress(state: VehicleState): number {
    const split = this.#runner.work?.split;
    if (state === 'splitting') return split ? split.step / split.halves.lower.steps : 0;
    const direction = state === 'downloading' ? 'in' : 'out';
    const moving = this.#transfers.progress().find((transfer) => transfer.direction === direction);
    return moving && moving.total > 0 ? moving.have / moving.total : 0;
  }

  #refuse(reason: string): void {
    this.#refusedCount++;
    this.#refused.push(reason);
    if (this.#refused.length > rememberedRefusals) this.#refused.shift();
  }
}
