// How a frame is recognised when it travels over a real broker in virtual time: a prefix with its place in its stream, and
// a mark that only this run's own processes can make (HMAC-SHA-256 under the run's secret, over stream, place and frame).
// Whatever else is published on the run's topics is a stranger's: made up, taken from another car, or moved to another
// place. Must not: be used outside virtual time, or be counted in bytes (the conductor counts frames).

import { createHmac } from 'node:crypto';

const prefixBytes = 16;
const markBytes = 8;
const magic = 0x32535652; // "RVS2"

/** Seals and opens the frames of one run. All its processes share `secret`; nobody else may know it. */
export class Sealer {
  readonly #secret: Uint8Array;

  constructor(secret: Uint8Array) {
    this.#secret = secret;
  }

  /** `frame` with its prefix. `stream` names direction and vehicle; `sequence` counts its frames from 1. */
  seal(stream: string, sequence: number, frame: Uint8Array): Uint8Array {
    const sealed = new Uint8Array(prefixBytes + frame.length);
    const view = new DataView(sealed.buffer);
    view.setUint32(0, magic, true);
    view.setUint32(4, sequence, true);
    sealed.set(this.#mark(stream, sequence, frame), markBytes);
    sealed.set(frame, prefixBytes);
    return sealed;
  }

  /** The place and the frame, or undefined for bytes that nobody of this run sent on `stream`. */
  open(stream: string, sealed: Uint8Array): { sequence: number; frame: Uint8Array } | undefined {
    if (sealed.length < prefixBytes) return undefined;
    const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength);
    if (view.getUint32(0, true) !== magic) return undefined;
    const sequence = view.getUint32(4, true);
    const frame = sealed.slice(prefixBytes);
    const mark = this.#mark(stream, sequence, frame);
    return mark.every((byte, i) => byte === sealed[markBytes + i]) ? { sequence, frame } : undefined;
  }

  #mark(stream: string, sequence: number, frame: Uint8Array): Uint8Array {
    const mark = createHmac('sha256', this.#secret).update(`${stream}/${sequence}/`).update(frame).digest();
    return mark.subarray(0, markBytes);
  }
}
