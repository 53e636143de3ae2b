// Where frames wait that have physically arrived but are not yet due in virtual time. `take` waits for a frame that is
// due but still on its way: that is how the virtual clock waits for the physical world.
// Must not: hand a frame out twice, or keep one that was lost on the simulated air.

import { RoadbedError } from '../../base/errors.ts';
import { unseal } from './envelope.ts';

/** A physical delivery slower than this means a dead broker, not a slow one. */
const patienceMilliseconds = 30_000;

export class Inbox {
  readonly #arrived = new Map<string, Uint8Array>();
  readonly #awaited = new Map<string, (frame: Uint8Array) => void>();
  readonly #discarded = new Set<string>();
  readonly #onStranger: (stream: string, payload: Uint8Array) => void;

  /** `onStranger` gets what nobody in this run sent. */
  constructor(onStranger: (stream: string, payload: Uint8Array) => void) {
    this.#onStranger = onStranger;
  }

  /** Bytes arrived from the link. `stream` names vehicle and direction. */
  arrived(stream: string, payload: Uint8Array): void {
    const opened = unseal(payload);
    if (!opened) return this.#onStranger(stream, payload);
    const key = `${stream}/${opened.sequence}`;
    if (this.#discarded.delete(key)) return;
    const waiting = this.#awaited.get(key);
    if (waiting) waiting(opened.frame);
    else this.#arrived.set(key, opened.frame);
  }

  /** The frame, now or as soon as it arrives. It stays unless this is its `final` delivery (the air may duplicate). */
  async take(stream: string, sequence: number, final: boolean): Promise<Uint8Array> {
    const key = `${stream}/${sequence}`;
    const frame = this.#arrived.get(key) ?? (await this.#wait(key));
    if (final) this.#arrived.delete(key);
    return frame;
  }

  #wait(key: string): Promise<Uint8Array> {
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#awaited.delete(key);
        reject(
          new RoadbedError(
            'broker',
            `frame ${key} was published but did not arrive within ${patienceMilliseconds / 1000} s: is the MQTT broker alive? (start it again and run again, or leave --broker out)`,
          ),
        );
      }, patienceMilliseconds);
      this.#awaited.set(key, (frame) => {
        clearTimeout(timer);
        this.#awaited.delete(key);
        this.#arrived.set(key, frame);
        resolve(frame);
      });
    });
  }

  /** The frame is no longer wanted. */
  discard(stream: string, sequence: number): void {
    const key = `${stream}/${sequence}`;
    if (!this.#arrived.delete(key)) this.#discarded.add(key);
  }
}
