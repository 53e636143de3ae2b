// Frames, byte by byte: what goes on the wire, and each reason for which a frame is refused.

import { describe, expect, it } from 'vitest';
import { decodeFrame, encodeFrame, RefusedFrame } from '../../protocol/codec.ts';

const need = { kind: 'need' as const, sha: 'a'.repeat(64), have: '03' };
const chunk = { kind: 'chunk' as const, sha: 'a'.repeat(64), index: 1 };

/** A frame with any header text and body. */
function frameOf(header: string, body: number[] = [], changes: Record<number, number> = {}): Uint8Array {
  const text = new TextEncoder().encode(header);
  const frame = new Uint8Array(8 + text.length + body.length);
  frame.set([0x52, 0x42, 1, 0]);
  new DataView(frame.buffer).setUint32(4, text.length, true);
  frame.set(text, 8);
  frame.set(body, 8 + text.length);
  for (const [at, value] of Object.entries(changes)) frame[Number(at)] = value;
  return frame;
}

function refusalOf(frame: Uint8Array): string {
  try {
    decodeFrame('up', frame);
  } catch (error) {
    if (error instanceof RefusedFrame) return error.message;
    throw error;
  }
  return 'accepted';
}

describe('a frame', () => {
  it('is magic, version, direction, header length, sorted JSON, body', () => {
    const frame = encodeFrame('down', chunk, Uint8Array.of(9, 8));
    const header = `{"index":1,"kind":"chunk","sha":"${'a'.repeat(64)}"}`;
    expect([...frame.subarray(0, 8)]).toEqual([0x52, 0x42, 1, 1, header.length, 0, 0, 0]);
    expect(new TextDecoder().decode(frame.subarray(8, 8 + header.length))).toBe(header);
    expect([...frame.subarray(8 + header.length)]).toEqual([9, 8]);
  });

  it('is the same whatever order the fields were written in', () => {
    const { sha, have } = need;
    expect(encodeFrame('up', { have, kind: 'need', sha })).toEqual(encodeFrame('up', need));
  });

  it('comes back from a buffer that begins elsewhere', () => {
    const frame = encodeFrame('up', chunk, Uint8Array.of(5));
    const larger = new Uint8Array(frame.length + 7);
    larger.set(frame, 3);
    expect(decodeFrame('up', larger.subarray(3, 3 + frame.length))).toEqual({
      message: chunk,
      body: Uint8Array.of(5),
    });
  });
});

describe('a frame that is not valid', () => {
  const header = JSON.stringify(need);

  it('is refused with what was wrong and what was expected', () => {
    expect(refusalOf(frameOf(header))).toBe('accepted');
    expect(refusalOf(new Uint8Array(7))).toBe('short frame: 7 bytes (expected at least 8)');
    expect(refusalOf(frameOf(header, [], { 0: 1 }))).toBe('wrong magic: 1,66 (expected 82,66)');
    expect(refusalOf(frameOf(header, [], { 2: 2 }))).toBe('unknown version: 2 (expected 1)');
    expect(refusalOf(frameOf(header, [], { 3: 1 }))).toBe('wrong direction: 1 (expected 0)');
    expect(refusalOf(frameOf(header, [], { 6: 3 }))).toMatch(
      /^header of \d+ bytes \(expected at most 131072\)$/,
    );
    expect(refusalOf(frameOf(header).subarray(0, 50))).toBe(`truncated header: 42 of ${header.length} bytes`);
    expect(refusalOf(frameOf('{'))).toMatch(/^the header is not JSON: /);
    expect(refusalOf(frameOf(header, [1]))).toBe('a need with a body of 1 bytes (expected none)');
    expect(refusalOf(frameOf(JSON.stringify(chunk), Array(65_537).fill(0)))).toBe(
      'a chunk of 65537 bytes (expected at most 65536)',
    );
  });

  it('is refused for unknown kinds, unknown keys and values out of bounds, naming the place', () => {
    const refusal = (value: unknown) => refusalOf(frameOf(JSON.stringify(value)));
    expect(refusal({ kind: 'gossip' })).toMatch(/^invalid header at kind: /);
    expect(refusal({ ...need, extra: 1 })).toMatch(/^invalid header at \(root\): .*extra/);
    expect(refusal({ ...need, have: '0' })).toMatch(/^invalid header at have: /);
    expect(refusal({ ...chunk, index: 1024 })).toMatch(/^invalid header at index: /);
    expect(refusal({ kind: 'task' })).toMatch(/^invalid header at kind: /);
    expect(refusal(null)).toMatch(/^invalid header at \(root\): /);
  });

  it('does not reach a prototype through its keys', () => {
    expect(refusalOf(frameOf(`{"__proto__":{"kind":"bye"},"kind":"bye"}`))).not.toContain('undefined');
    expect(({} as { kind?: string }).kind).toBeUndefined();
  });
});
