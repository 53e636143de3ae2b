// Bytes on the wire. A frame is: magic 'RB', version, direction, header length (u32 little-endian), JSON header, body.
// What this module decodes is valid; everything else is refused here with a reason, and nowhere else.
// Must not: read a clock, touch a link, or keep state.

import { messageOf } from '../base/errors.ts';
import { canonicalJson } from '../base/hash.ts';
import { chunkBytes, type Framed, type Message, maximumHeaderBytes, messageSchemas } from './messages.ts';

export type Direction = 'up' | 'down';

const magic0 = 0x52; // 'R'
const magic1 = 0x42; // 'B'
const version = 1;
const prefixBytes = 8;
const directionBytes = { up: 0, down: 1 } as const;
const empty = new Uint8Array(0);
const encoder = new TextEncoder();
const decoder = new TextDecoder('utf-8', { fatal: true });

/** Why a frame was refused. */
export class RefusedFrame extends Error {
  override name = 'RefusedFrame';
}

/** Encodes a message and its body. The same message gives the same bytes. */
export function encodeFrame(direction: Direction, message: Message, body: Uint8Array = empty): Uint8Array {
  const header = encoder.encode(canonicalJson(message));
  const frame = new Uint8Array(prefixBytes + header.length + body.length);
  frame[0] = magic0;
  frame[1] = magic1;
  frame[2] = version;
  frame[3] = directionBytes[direction];
  new DataView(frame.buffer).setUint32(4, header.length, true);
  frame.set(header, prefixBytes);
  frame.set(body, prefixBytes + header.length);
  return frame;
}

function parseHeader(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(decoder.decode(bytes));
  } catch (error) {
    throw new RefusedFrame(`the header is not JSON: ${messageOf(error)}`);
  }
}

/** Decodes and checks a frame. Throws RefusedFrame with what was wrong, the value and what was expected. */
export function decodeFrame(direction: 'up', frame: Uint8Array): Framed<import('./messages.ts').UpMessage>;
export function decodeFrame(
  direction: 'down',
  frame: Uint8Array,
): Framed<import('./messages.ts').DownMessage>;
export function decodeFrame(direction: Direction, frame: Uint8Array): Framed {
  if (frame.length < prefixBytes)
    throw new RefusedFrame(`short frame: ${frame.length} bytes (expected at least ${prefixBytes})`);
  if (frame[0] !== magic0 || frame[1] !== magic1)
    throw new RefusedFrame(`wrong magic: ${frame[0]},${frame[1]} (expected 82,66)`);
  if (frame[2] !== version) throw new RefusedFrame(`unknown version: ${frame[2]} (expected ${version})`);
  if (frame[3] !== directionBytes[direction])
    throw new RefusedFrame(`wrong direction: ${frame[3]} (expected ${directionBytes[direction]})`);
  const headerBytes = new DataView(frame.buffer, frame.byteOffset, frame.byteLength).getUint32(4, true);
  if (headerBytes > maximumHeaderBytes)
    throw new RefusedFrame(`header of ${headerBytes} bytes (expected at most ${maximumHeaderBytes})`);
  if (prefixBytes + headerBytes > frame.length)
    throw new RefusedFrame(`truncated header: ${frame.length - prefixBytes} of ${headerBytes} bytes`);
  const parsed = messageSchemas[direction].safeParse(
    parseHeader(frame.subarray(prefixBytes, prefixBytes + headerBytes)),
  );
  if (!parsed.success) {
    const issue = parsed.error.issues[0];
    throw new RefusedFrame(
      `invalid header at ${issue?.path.join('.') || '(root)'}: ${issue?.message ?? 'unknown fault'}`,
    );
  }
  const body = frame.subarray(prefixBytes + headerBytes);
  if (parsed.data.kind !== 'chunk' && body.length > 0)
    throw new RefusedFrame(`a ${parsed.data.kind} with a body of ${body.length} bytes (expected none)`);
  if (body.length > chunkBytes)
    throw new RefusedFrame(`a chunk of ${body.length} bytes (expected at most ${chunkBytes})`);
  return { message: parsed.data, body };
}
