// Drives one actor (the RSU, or a vehicle agent) in wall time: a bounded inbox, one input at a time, timers and
// computations of the actor's own. The virtual conductor does the same with another clock; the actor cannot tell.
// Must not: know what the actor is, or act inside a socket's handler (a flood must not starve timers).

import { BoundedQueue } from '../../base/bounded-queue.ts';
import type { Clock } from '../../base/clock.ts';
import { messageOf } from '../../base/errors.ts';
import type { ComputeOutcome, ComputeRequest, Outgoing, Outputs } from '../../protocol/actor.ts';
import type { Message } from '../../protocol/messages.ts';
import { after, type Cancel, soon } from './timers.ts';

/** What a host itself tells its actor. */
export type HostInput =
  | { readonly kind: 'timer'; readonly name: string }
  | { readonly kind: 'computed'; readonly ticket: number; readonly outcome: ComputeOutcome };

export interface LiveHostOptions<Input, M extends Message> {
  readonly act: (input: Input | HostInput, now: number) => Outputs<M>;
  readonly clock: Clock;
  readonly send: (outgoing: Outgoing<M>) => void;
  /** Told of an error the actor threw: a fault of ours, after which it is not driven any more. */
  readonly failed: (error: unknown) => void;
  /** Called after a batch of inputs. */
  readonly acted?: () => void;
  /** Inputs that may wait; a window of chunks from each of a thousand cars is 8,000. */
  readonly capacity?: number;
}

/** Inputs acted on before sockets get their turn. */
const batch = 64;

/** One waiting wish of the actor; a newer one under the same name takes its place, even when this one has fired. */
interface Alarm {
  cancel: Cancel;
}

interface Own {
  readonly input: HostInput;
  readonly alarm?: Alarm;
}

export class LiveHost<Input, M extends Message> {
  readonly #options: LiveHostOptions<Input, M>;
  readonly #inbox: BoundedQueue<Input>;
  /** Timers and results: never dropped, and bounded by what the actor itself asked for. */
  #own: Own[] = [];
  readonly #alarms = new Map<string, Alarm>();
  #isScheduled = false;
  #isClosed = false;
  #dropped = 0;

  constructor(options: LiveHostOptions<Input, M>) {
    this.#options = options;
    this.#inbox = new BoundedQueue(options.capacity ?? 8192);
  }

  /** Inputs refused because the inbox was full. */
  get dropped(): number {
    return this.#dropped;
  }

  /** An input from outside; false when the inbox is full, and then it is lost (acknowledgements repair that). */
  give(input: Input): boolean {
    if (this.#isClosed) return false;
    const isTaken = this.#inbox.push(input);
    if (!isTaken) this.#dropped++;
    this.#schedule();
    return isTaken;
  }

  /** Carries out wishes that did not come from an input (an actor's start). */
  take(outputs: Outputs<M>): void {
    for (const outgoing of outputs.sends) this.#options.send(outgoing);
    for (const { name, delaySeconds } of outputs.timers) this.#setTimer(name, delaySeconds);
    for (const request of outputs.computes) void this.#compute(request);
  }

  /** The actor is driven no more. */
  close(): void {
    this.#isClosed = true;
    for (const alarm of this.#alarms.values()) alarm.cancel();
    this.#alarms.clear();
    this.#own = [];
  }

  #setTimer(name: string, delaySeconds: number | null): void {
    this.#alarms.get(name)?.cancel();
    this.#alarms.delete(name);
    if (delaySeconds === null) return;
    const alarm: Alarm = {
      cancel: after(delaySeconds, () => this.#giveOwn({ input: { kind: 'timer', name }, alarm })),
    };
    this.#alarms.set(name, alarm);
  }

  async #compute({ ticket, run }: ComputeRequest): Promise<void> {
    let outcome: ComputeOutcome;
    try {
      outcome = { ok: true, value: await run() };
    } catch (error) {
      outcome = { ok: false, error: messageOf(error) };
    }
    this.#giveOwn({ input: { kind: 'computed', ticket, outcome } });
  }

  #giveOwn(own: Own): void {
    if (this.#isClosed) return;
    this.#own.push(own);
    this.#schedule();
  }

  /** The next timer or result; a timer that was replaced or cancelled after it fired is no more. */
  #nextOwn(): HostInput | undefined {
    for (let own = this.#own.shift(); own; own = this.#own.shift()) {
      const { input, alarm } = own;
      if (input.kind !== 'timer') return input;
      if (this.#alarms.get(input.name) !== alarm) continue;
      this.#alarms.delete(input.name);
      return input;
    }
    return undefined;
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isClosed) return;
    this.#isScheduled = true;
    soon(() => this.#drain());
  }

  #drain(): void {
    this.#isScheduled = false;
    try {
      for (let i = 0; i < batch && !this.#isClosed; i++) {
        const input = this.#nextOwn() ?? this.#inbox.shift();
        if (input === undefined) break;
        this.take(this.#options.act(input, this.#options.clock.now()));
      }
      if (!this.#isClosed) this.#options.acted?.();
    } catch (error) {
      this.close();
      this.#options.failed(error);
    }
    if (this.#own.length > 0 || this.#inbox.size > 0) this.#schedule();
  }
}
