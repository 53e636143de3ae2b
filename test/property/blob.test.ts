// Blob transfers under a seeded scheduler of virtual time that delays, loses, duplicates and reorders.
// Must not: use a real clock.

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EventHeap } from '../../base/heap.ts';
import { Rng } from '../../base/rng.ts';
import { Transfers, type TransfersOptions } from '../../protocol/blob/transfers.ts';
import { encodeFrame } from '../../protocol/codec.ts';
import type { Framed, TransferMessage } from '../../protocol/messages.ts';

interface Medium {
  readonly delaySeconds: number;
  readonly jitterSeconds: number;
  readonly loss: number;
  readonly duplication: number;
  /** Serialises frames of one direction; Infinity sends them at once. */
  readonly bytesPerSecond: number;
}

const perfect: Medium = {
  delaySeconds: 0.02,
  jitterSeconds: 0,
  loss: 0,
  duplication: 0,
  bytesPerSecond: Number.POSITIVE_INFINITY,
};

type Name = 'car' | 'rsu';
type Happening =
  | { kind: 'frame'; to: Name; frame: Framed<TransferMessage> }
  | { kind: 'wake'; at: Name }
  | { kind: 'call'; run: () => void };

/** Two relations, one medium, one heap of events. */
class World {
  readonly peers: Record<Name, Transfers>;
  readonly completed: { key: string; bytes: Uint8Array }[] = [];
  readonly delivered: string[] = [];
  readonly refusals: string[] = [];
  readonly chunkSends: number[] = [];
  now = 0;
  bytes = 0;
  cut = false;
  readonly #events = new EventHeap<Happening>();
  readonly #freeAt: Record<Name, number> = { car: 0, rsu: 0 };
  readonly #medium: Medium;
  readonly #rng: Rng;

  constructor(medium: Medium, seed: number, options: TransfersOptions = {}) {
    this.#medium = medium;
    this.#rng = Rng.root(seed).fork('medium');
    this.peers = { car: new Transfers(options), rsu: new Transfers(options) };
  }

  at(seconds: number, run: () => void): void {
    this.#events.push(seconds, { kind: 'call', run });
  }

  send(from: Name, frames: readonly Framed<TransferMessage>[]): void {
    for (const frame of frames) this.#sendOne(from, frame);
    this.#schedule(from);
  }

  #sendOne(from: Name, frame: Framed<TransferMessage>): void {
    const { delaySeconds, jitterSeconds, loss, duplication, bytesPerSecond } = this.#medium;
    const size = encodeFrame('up', frame.message, frame.body).length;
    this.bytes += size;
    if (frame.message.kind === 'chunk') this.chunkSends.push(frame.message.index);
    const sentAt = Math.max(this.now, this.#freeAt[from]) + size / bytesPerSecond;
    this.#freeAt[from] = sentAt;
    const copies = (this.#rng.uniform() < loss ? 0 : 1) + (this.#rng.uniform() < duplication ? 1 : 0);
    for (let i = 0; i < (this.cut ? 0 : copies); i++) {
      const at = sentAt + delaySeconds + jitterSeconds * this.#rng.uniform();
      this.#events.push(at, { kind: 'frame', to: from === 'car' ? 'rsu' : 'car', frame });
    }
  }

  #schedule(name: Name): void {
    const at = this.peers[name].nextWakeAt();
    if (at !== null) this.#events.push(Math.max(at, this.now), { kind: 'wake', at: name });
  }

  #act(happening: Happening): void {
    if (happening.kind === 'call') happening.run();
    else if (happening.kind === 'wake') this.#wake(happening.at);
    else this.#deliver(happening.to, happening.frame);
  }

  #wake(name: Name): void {
    const send = this.peers[name].wake(this.now);
    if (send.length > 0) this.send(name, send);
  }

  #deliver(to: Name, { message, body }: Framed<TransferMessage>): void {
    const received = this.peers[to].receive(message, body, this.now);
    if (received.completed)
      this.completed.push({ key: received.completed.manifest.key, bytes: received.completed.bytes });
    if (received.delivered) this.delivered.push(received.delivered.key);
    if (received.refused) this.refusals.push(received.refused);
    this.send(to, received.send);
  }

  /** Runs until nothing is left to happen, or the bound of virtual time is met. */
  run(untilSeconds = 600): void {
    while (this.#events.size > 0 && this.#events.nextAt <= untilSeconds) {
      const event = this.#events.pop()!;
      this.now = event.at;
      this.#act(event.value);
    }
  }
}

function randomBytes(length: number, rng: Rng): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = rng.next();
  return bytes;
}

const modelBlob = (key: string, bytes: Uint8Array) => ({
  key,
  purpose: 'model' as const,
  bytes,
  meta: { round: 1 },
});

describe('blob transfers over a medium that loses, duplicates and reorders', () => {
  it('bring every blob across exactly once and intact', () => {
    const cases = fc.record({
      seed: fc.integer({ min: 0, max: 2 ** 31 }),
      loss: fc.double({ min: 0, max: 0.3, noNaN: true }),
      duplication: fc.double({ min: 0, max: 0.3, noNaN: true }),
      jitterSeconds: fc.constantFrom(0, 0.01, 0.5),
      bytesPerSecond: fc.constantFrom(2_000, 50_000, Number.POSITIVE_INFINITY),
      words: fc.array(fc.integer({ min: 1, max: 4000 }), { minLength: 1, maxLength: 6 }),
      pulled: fc.integer({ min: 1, max: 4000 }),
    });
    fc.assert(
      fc.property(cases, ({ seed, words, pulled, ...medium }) => {
        const world = new World({ ...medium, delaySeconds: 0.02 }, seed, { chunkBytes: 1024 });
        const rng = Rng.root(seed).fork('blobs');
        const blobs = words.map((count, i) => modelBlob(`1/car/${i}`, randomBytes(count * 4, rng)));
        const { car, rsu } = world.peers;
        blobs.forEach((blob, i) => {
          world.at(i * 0.1, () => world.send('car', car.offer({ ...blob, eager: i % 2 === 0 }, world.now)));
        });
        const served = randomBytes(pulled * 4, rng);
        const offer = car.offer(modelBlob('hashing', served), 0)[0]!.message;
        car.forget('hashing');
        if (offer.kind !== 'manifest') throw new Error('an offer begins with its manifest');
        rsu.serve(offer.sha, served);
        world.at(0, () => world.send('car', car.pull(offer.sha, served.length, world.now)));
        world.run();
        const expected = [...blobs, { key: `served/${offer.sha}`, bytes: served }];
        expect(world.completed.map(({ key }) => key).sort()).toEqual(expected.map(({ key }) => key).sort());
        for (const { key, bytes } of expected)
          expect(Buffer.compare(world.completed.find((blob) => blob.key === key)!.bytes, bytes)).toBe(0);
        for (const { key } of blobs) expect(world.delivered).toContain(key);
        expect(car.progress()).toEqual([]);
        expect(rsu.progress()).toEqual([]);
      }),
      { numRuns: 150, seed: 20_260_101 },
    );
  });

  it('cost at most 1.05 times the bytes of 5 MiB on an undisturbed link, headers included', () => {
    for (const bytesPerSecond of [Number.POSITIVE_INFINITY, 1_250_000, 100_000]) {
      const world = new World({ ...perfect, bytesPerSecond }, 1);
      const bytes = randomBytes(5 * 1024 * 1024, Rng.root(5));
      world.send('car', world.peers.car.offer(modelBlob('1/car/update', bytes), 0));
      world.run();
      expect(world.completed).toHaveLength(1);
      expect(world.chunkSends).toEqual(Array.from({ length: 80 }, (_, i) => i));
      expect(world.bytes / bytes.length).toBeLessThanOrEqual(1.05);
    }
  });

  it('send after a reset only the chunks that are missing', () => {
    const world = new World({ ...perfect, bytesPerSecond: 655_360 }, 1);
    const bytes = randomBytes(40 * 65_536, Rng.root(6));
    world.send('car', world.peers.car.offer(modelBlob('1/car/update', bytes), 0));
    world.at(2.05, () => {
      world.cut = true;
    });
    let had = 0;
    let sendsBefore = 0;
    world.at(3.0, () => {
      world.cut = false;
      had = world.peers.rsu.progress()[0]!.have;
      sendsBefore = world.chunkSends.length;
      world.send('car', world.peers.car.reset(world.now));
    });
    world.run();
    expect(world.completed).toHaveLength(1);
    expect(had).toBeGreaterThan(10);
    const again = world.chunkSends.slice(sendsBefore);
    expect(again).toEqual(Array.from({ length: 40 - had }, (_, i) => had + i));
  });

  it('start from nothing when the peer lost its memory, and still arrive', () => {
    const world = new World({ ...perfect, bytesPerSecond: 655_360 }, 1);
    const bytes = randomBytes(40 * 65_536, Rng.root(7));
    world.send('car', world.peers.car.offer(modelBlob('1/car/update', bytes), 0));
    world.at(2.05, () => {
      world.peers.rsu = new Transfers();
    });
    world.run();
    expect(world.completed).toHaveLength(1);
    expect(world.delivered).toEqual(['1/car/update']);
  });
});
