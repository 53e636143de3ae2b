// What the agent wants done after one input, and the one place where silence is kept: out of coverage nothing leaves the
// car, whoever asked for it. Must not: decide what is sent.

import { type ComputeRequest, noOutputs, type Outputs } from '../protocol/actor.ts';
import type { Framed, UpMessage } from '../protocol/messages.ts';

/** Alarm times that differ by less are the same alarm. */
const toleranceSeconds = 1e-9;

export type AlarmName = 'wake' | 'deadline' | 'ack' | 'grace' | 'upload-by';

/** Collects one input's outputs; remembers which timers the host runs for us. */
export class Wishes {
  readonly #running = new Map<AlarmName, number>();
  #outputs: Outputs<UpMessage> = noOutputs();
  /** Whether the RSU can hear the car. */
  reachable = false;

  say(message: UpMessage): void {
    if (this.reachable) this.#outputs.sends.push({ message });
  }

  send(frames: readonly Framed<UpMessage>[]): void {
    if (this.reachable) this.#outputs.sends.push(...frames);
  }

  compute(request: ComputeRequest): void {
    this.#outputs.computes.push(request);
  }

  /** A timer of ours went off: the host runs it no longer. */
  fired(name: AlarmName): void {
    this.#running.delete(name);
  }

  /** Sets, moves or cancels (null) a timer; says nothing where the host's is right already. */
  alarm(name: AlarmName, at: number | null, now: number): void {
    const running = this.#running.get(name);
    if (at === null ? running === undefined : Math.abs(at - (running ?? Infinity)) < toleranceSeconds) return;
    if (at === null) this.#running.delete(name);
    else this.#running.set(name, at);
    this.#outputs.timers.push({ name, delaySeconds: at === null ? null : Math.max(0, at - now) });
  }

  handOut(): Outputs<UpMessage> {
    const outputs = this.#outputs;
    this.#outputs = noOutputs();
    return outputs;
  }
}
