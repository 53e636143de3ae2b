// Where frames wait that have physically arrived but are not yet due in virtual time. `take` waits for a frame that is
// due but still on its way: that is how the virtual clock waits for the physical world.
// Must not: hand a frame out twice, keep one that was lost on the simulated air, or let a stranger's bytes in.

import { RoadbedError } from '../../base/errors.ts';
import type { Sealer } from './envelope.ts';

/** A physical delivery slower than this means a dead broker, not a slow one. */
const patienceMilliseconds = 30_000;

/** One stream: the frames of one vehicle in one direction, by their places. */
class Stream {
  readonly arrived = new Map<number, Uint8Array>();
  readonly awaited = new Map<number, (frame: Uint8Array) => void>();
  /** Places that are over before their frame came. */
  readonly discarded = new Set<number>();
  /** All places up to this one are over, and those of `#overBeyond`: memory does not grow with the run. */
  #overUpTo = 0;
  readonly #overBeyond = new Set<number>();

  isOver(sequence: number): boolean {
    return sequence <= this.#overUpTo || this.#overBeyond.has(sequence);
  }

  end(sequence: number): void {
    this.arrived.delete(sequence);
    this.#overBeyond.add(sequence);
    while (this.#overBeyond.delete(this.#overUpTo + 1)) this.#overUpTo++;
  }
}

export class Inbox {
  readonly #sealer: Sealer;
  readonly #streams = new Map<string, Stream>();
  readonly #onStranger: (stream: string, payload: Uint8Array) => void;

  /** `onStranger` gets what nobody in this run sent, and what somebody sent once more. */
  constructor(sealer: Sealer, onStranger: (stream: string, payload: Uint8Array) => void) {
    this.#sealer = sealer;
    this.#onStranger = onStranger;
  }

  /** Bytes arrived from the link. `stream` names direction and vehicle. */
  arrived(stream: string, payload: Uint8Array): void {
    const opened = this.#sealer.open(stream, payload);
    if (!opened) return this.#onStranger(stream, payload);
    const { sequence, frame } = opened;
    const own = this.#streamOf(stream);
    if (own.discarded.delete(sequence)) return;
    // Our own clients publish a frame once: what comes again was recorded and is replayed.
    if (own.arrived.has(sequence) || own.isOver(sequence)) return this.#onStranger(stream, frame);
    own.arrived.set(sequence, frame);
    own.awaited.get(sequence)?.(frame);
  }

  /** The frame, now or as soon as it arrives. It stays unless this is its `final` delivery (the air may duplicate). */
  async take(stream: string, sequence: number, final: boolean): Promise<Uint8Array> {
    const own = this.#streamOf(stream);
    const frame = own.arrived.get(sequence) ?? (await this.#wait(own, `${stream}/${sequence}`, sequence));
    if (final) own.end(sequence);
    return frame;
  }

  #wait(own: Stream, name: string, sequence: number): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        own.awaited.delete(sequence);
        reject(
          new RoadbedError(
            'broker',
            `frame ${name} was published but did not arrive within ${patienceMilliseconds / 1000} s: is the MQTT broker alive? (start it again and run again, or leave --broker out)`,
          ),
        );
      }, patienceMilliseconds);
      own.awaited.set(sequence, (frame) => {
        clearTimeout(timer);
        own.awaited.delete(sequence);
        resolve(frame);
      });
    });
  }

  /** The frame is no longer wanted. */
  discard(stream: string, sequence: number): void {
    const own = this.#streamOf(stream);
    if (own.isOver(sequence)) return;
    if (!own.arrived.has(sequence)) own.discarded.add(sequence);
    own.end(sequence);
  }

  /** The vehicle is gone for good: nothing of its stream is kept. */
  forget(stream: string): void {
    this.#streams.delete(stream);
  }

  #streamOf(stream: string): Stream {
    const known = this.#streams.get(stream);
    if (known) return known;
    const made = new Stream();
    this.#streams.set(stream, made);
    return made;
  }
}
