// How a frame is recognised when it travels over a real broker in virtual time: a prefix with its place in the stream of
// its vehicle and direction, and the head of its hash. Frames of strangers have no valid prefix and are told apart.
// Must not: be used outside virtual time, or be counted in bytes (the conductor counts frames).

import { sha256 } from '../../base/hash.ts';

const prefixBytes = 16;
const magic = 0x31535652; // "RVS1"

/** `frame` with its prefix. */
export function seal(sequence: number, frame: Uint8Array): Uint8Array {
  const sealed = new Uint8Array(prefixBytes + frame.length);
  const view = new DataView(sealed.buffer);
  view.setUint32(0, magic, true);
  view.setUint32(4, sequence, true);
  sealed.set(Buffer.from(sha256(frame).slice(0, 16), 'hex'), 8);
  sealed.set(frame, prefixBytes);
  return sealed;
}

/** The sequence number and the frame, or undefined for a stranger's bytes. */
export function unseal(sealed: Uint8Array): { sequence: number; frame: Uint8Array } | undefined {
  if (sealed.length < prefixBytes) return undefined;
  const view = new DataView(sealed.buffer, sealed.byteOffset, sealed.byteLength);
  if (view.getUint32(0, true) !== magic) return undefined;
  const frame = sealed.slice(prefixBytes);
  const mark = Buffer.from(sealed.subarray(8, prefixBytes)).toString('hex');
  return mark === sha256(frame).slice(0, 16) ? { sequence: view.getUint32(4, true), frame } : undefined;
}
