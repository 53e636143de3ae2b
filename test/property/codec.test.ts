// The codec under any message and any damage: what was sent comes back; what was damaged is refused or is a valid
// message, and never a crash.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Direction, decodeFrame, encodeFrame, RefusedFrame } from '../../protocol/codec.ts';
import { type Message, messageSchemas, purposes, vehicleStates } from '../../protocol/messages.ts';

const seed = 20_260_102;
const hex = (length: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789abcdef'), minLength: length, maxLength: length });
const sha = hex(64);
const id = fc.stringMatching(/^[a-z0-9][a-z0-9._-]{0,20}$/);
const count = fc.nat({ max: 2 ** 31 - 1 });
const finite = fc.double({ noNaN: true, noDefaultInfinity: true }).map((value) => (value === 0 ? 0 : value));
const positive = fc.double({ min: 1e-9, max: 1e15, noNaN: true });
const text = fc.string({ unit: 'binary', maxLength: 100 });

const meta = fc.record(
  {
    round: count,
    nonce: sha,
    step: count,
    cut: fc.oneof(count, fc.string({ minLength: 1, maxLength: 100 })),
    base: sha,
    format: fc.constantFrom('float32' as const, 'float16' as const, 'int8' as const),
    samples: count,
    trainLoss: finite,
    computeSeconds: positive,
    joules: positive,
  },
  { requiredKeys: ['round'] },
);

const blobMessages = {
  manifest: fc.record({
    kind: fc.constant('manifest' as const),
    key: text,
    purpose: fc.constantFrom(...purposes),
    sha,
    size: fc.nat({ max: 64 * 1024 * 1024 }),
    chunkBytes: fc.integer({ min: 1, max: 65_536 }),
    chunks: fc.array(sha, { maxLength: 20 }),
    meta,
  }),
  need: fc.record({
    kind: fc.constant('need' as const),
    sha,
    have: fc.nat({ max: 20 }).chain((n) => hex(2 * n)),
  }),
  chunk: fc.record({ kind: fc.constant('chunk' as const), sha, index: fc.nat({ max: 1023 }) }),
};

const up: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant('hello' as const),
    incarnation: count,
    device: fc.record({
      name: fc.string({ maxLength: 32 }),
      trainingFlopsPerSecond: positive,
      memoryBytes: positive,
      computeWatts: positive,
      transmitWatts: positive,
    }),
    samples: count,
  }),
  fc.record({
    kind: fc.constant('beacon' as const),
    at: finite,
    x: finite,
    y: finite,
    headingRadians: finite,
    speedMps: positive,
    road: id,
    offsetMeters: finite,
    serving: fc.option(id),
    bitsPerSecondPerHertz: fc.double({ min: 0.001, max: 64, noNaN: true }),
  }),
  fc.record({ kind: fc.constant('status' as const), state: fc.constantFrom(...vehicleStates), round: count }),
  fc.constant({ kind: 'bye' as const }),
  fc.record({ kind: fc.constant('failed' as const), round: count, nonce: sha, reason: text }),
  ...Object.values(blobMessages),
);

const down: fc.Arbitrary<Message> = fc.oneof(
  fc.record({
    kind: fc.constant('task' as const),
    round: count,
    nonce: sha,
    plan: fc.constantFrom('full' as const, 'split' as const),
    cut: fc.oneof(count, fc.string({ minLength: 1, maxLength: 100 })),
    model: fc.record({
      name: fc.string({ maxLength: 32 }),
      inputShape: fc.tuple(count, count, count),
      classes: count,
    }),
    base: fc.record({ sha, size: count }),
    settings: fc.record({
      epochs: fc.integer({ min: 1, max: 100 }),
      batchSize: fc.integer({ min: 1, max: 1000 }),
      learningRate: positive,
      momentum: fc.double({ min: 0.001, max: 1, noNaN: true }),
      seed: fc.integer(),
    }),
    deadlineSeconds: positive,
    bandwidthHz: positive,
  }),
  fc.record({ kind: fc.constant('cancel' as const), round: count, reason: text }),
  fc.record({
    kind: fc.constant('ack' as const),
    key: text,
    result: fc.constantFrom('committed' as const, 'late' as const, 'refused' as const),
    reason: text,
  }),
  ...Object.values(blobMessages),
);

const framed = fc
  .oneof(
    fc.record({ direction: fc.constant('up' as Direction), message: up }),
    fc.record({ direction: fc.constant('down' as Direction), message: down }),
  )
  .chain(({ direction, message }) => {
    const body =
      message.kind === 'chunk' ? fc.uint8Array({ maxLength: 100 }) : fc.constant(new Uint8Array(0));
    return body.map((bytes) => ({ direction, message, body: bytes }));
  });

const decode = (direction: Direction, frame: Uint8Array) =>
  direction === 'up' ? decodeFrame('up', frame) : decodeFrame('down', frame);

/** Decodes; what it lets pass must be valid, what it does not must be a refusal with a reason. */
function survives(direction: Direction, frame: Uint8Array): void {
  try {
    const { message } = decode(direction, frame);
    expect(messageSchemas[direction].safeParse(message).success).toBe(true);
  } catch (error) {
    expect(error).toBeInstanceOf(RefusedFrame);
    expect((error as RefusedFrame).message.length).toBeGreaterThan(0);
  }
}

describe('the codec', () => {
  it('gives back what it was given, and encodes it to the same bytes again', () => {
    fc.assert(
      fc.property(framed, ({ direction, message, body }) => {
        const frame = encodeFrame(direction, message, body);
        const decoded = decode(direction, frame);
        expect(decoded.message).toEqual(message);
        expect(decoded.body).toEqual(body);
        expect(encodeFrame(direction, decoded.message, decoded.body)).toEqual(frame);
      }),
      { numRuns: 1000, seed },
    );
  });

  it('refuses every frame that was cut short within its header', () => {
    fc.assert(
      fc.property(framed, fc.double({ min: 0, max: 0.999, noNaN: true }), ({ direction, message }, share) => {
        const frame = encodeFrame(direction, message);
        const cut = frame.subarray(0, Math.floor(frame.length * share));
        expect(() => decode(direction, cut)).toThrow(RefusedFrame);
      }),
      { numRuns: 1000, seed },
    );
  });

  it('refuses a damaged frame or finds a valid message in it, and never crashes', () => {
    const damage = fc.array(fc.tuple(fc.nat(), fc.integer({ min: 0, max: 255 })), {
      minLength: 1,
      maxLength: 8,
    });
    fc.assert(
      fc.property(framed, damage, ({ direction, message, body }, changes) => {
        const frame = encodeFrame(direction, message, body);
        for (const [at, value] of changes) frame[at % frame.length] = value;
        survives(direction, frame);
      }),
      { numRuns: 1000, seed },
    );
  });

  it('survives bytes that were never a frame, and frames whose JSON is anything', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.json(), (bytes, json) => {
        survives('up', bytes);
        const header = new TextEncoder().encode(json);
        const frame = new Uint8Array(8 + header.length);
        frame.set([0x52, 0x42, 1, 1]);
        new DataView(frame.buffer).setUint32(4, header.length, true);
        frame.set(header, 8);
        survives('down', frame);
      }),
      { numRuns: 1000, seed },
    );
  });

  it('refuses a message that travels the wrong way', () => {
    fc.assert(
      fc.property(framed, ({ direction, message, body }) => {
        const frame = encodeFrame(direction, message, body);
        expect(() => decode(direction === 'up' ? 'down' : 'up', frame)).toThrow(RefusedFrame);
      }),
      { numRuns: 200, seed },
    );
  });
});
