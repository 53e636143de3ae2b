// The transfer relation message by message. Must not: use a medium; `test/property/blob.test.ts` does.

import { describe, expect, it } from 'vitest';
import { sha256 } from '../../base/hash.ts';
import { Bitmap } from '../../protocol/blob/bitmap.ts';
import { manifestFault, manifestOf } from '../../protocol/blob/manifest.ts';
import { type Received, Transfers } from '../../protocol/blob/transfers.ts';
import type { Framed, Manifest, TransferMessage } from '../../protocol/messages.ts';

type Frames = Framed<TransferMessage>[];

function blobOf(length: number, key = '1/car/update', fill = 1) {
  const bytes = Uint8Array.from({ length }, (_, i) => (i * 7 + fill) & 255);
  return { key, purpose: 'model' as const, bytes, meta: { round: 1 } };
}

/** Short names of frames: M, N:hex, C:index. */
const names = (frames: Frames): string[] =>
  frames.map(({ message }) => {
    if (message.kind === 'manifest') return 'M';
    return message.kind === 'need' ? `N:${message.have}` : `C:${message.index}`;
  });

function give(to: Transfers, frames: Frames, now = 0): Received[] {
  return frames.map(({ message, body }) => to.receive(message, body, now));
}

const sendsOf = (received: Received[]): Frames => received.flatMap(({ send }) => send);
const small = { chunkBytes: 4 };

describe('a bitmap', () => {
  it('sets bit i of byte i>>3 and survives its hex form', () => {
    const bitmap = new Bitmap(10);
    for (const index of [0, 3, 9]) bitmap.set(index);
    expect(bitmap.toHex()).toBe('0902');
    expect(Bitmap.fromHex('0902', 10)?.count).toBe(3);
  });

  it('refuses a wrong length and bits beyond the last chunk', () => {
    expect(Bitmap.fromHex('09', 10)).toBeUndefined();
    expect(Bitmap.fromHex('0904', 10)).toBeUndefined();
    expect(Bitmap.fromHex('ff03', 10)?.full).toBe(true);
  });
});

describe('a manifest', () => {
  it('must carry the facts of its purpose and a size that fits them', () => {
    const manifest = manifestOf(blobOf(8), 4);
    expect(manifestFault(manifest)).toBeUndefined();
    expect(manifestFault({ ...manifest, purpose: 'update' })).toBe('no nonce (required of purpose update)');
    expect(manifestFault({ ...manifest, size: 9 })).toBe('2 chunks (expected 3, at most 1024)');
    expect(manifestFault({ ...manifest, size: 7 })).toBe(
      'size 7 of model (expected a multiple of 4: float32)',
    );
    const meta = { round: 1, nonce: sha256(new Uint8Array(1)), step: 0, samples: 2 };
    expect(manifestFault({ ...manifest, purpose: 'smashed', meta })).toBe(
      'no cut (required of purpose smashed)',
    );
    const crossed = {
      ...meta,
      cut: 'a/conv1+b/conv1',
      base: sha256(new Uint8Array(2)),
      format: 'int8' as const,
    };
    expect(manifestFault({ ...manifest, purpose: 'smashed', size: 7, meta: crossed })).toBeUndefined();
  });
});

describe('a transfer', () => {
  it('sends the manifest alone, then a window of 8, then one chunk for each that arrived', () => {
    const [car, rsu] = [new Transfers(small), new Transfers(small)];
    const offered = car.offer(blobOf(40), 0);
    expect(names(offered)).toEqual(['M']);
    const asked = sendsOf(give(rsu, offered));
    expect(names(asked)).toEqual(['N:0000']);
    const first = sendsOf(give(car, asked));
    expect(names(first)).toEqual(['C:0', 'C:1', 'C:2', 'C:3', 'C:4', 'C:5', 'C:6', 'C:7']);
    const got = give(rsu, first.slice(0, 1));
    expect(names(sendsOf(got))).toEqual(['N:0100']);
    expect(names(sendsOf(give(car, sendsOf(got))))).toEqual(['C:8']);
  });

  it('takes what still comes for a blob that was stopped, delivered or retracted for late, not for wrong', () => {
    const [car, rsu] = [new Transfers(small), new Transfers(small)];
    const blob = blobOf(12);
    const eager = car.offer({ ...blob, eager: true }, 0);
    const asked = sendsOf(give(rsu, eager.slice(0, 2)));
    rsu.forgetRound(1);
    expect(give(rsu, eager.slice(2))).toEqual([{ send: [] }, { send: [] }]);
    car.forgetRound(1);
    expect(give(car, asked)).toEqual([{ send: [] }, { send: [] }]);

    const sha = sha256(blob.bytes);
    const pulled = new Transfers(small);
    rsu.serve(sha, blob.bytes);
    const asking = pulled.pull(sha, 12, 0);
    rsu.retract(sha);
    expect(give(rsu, asking)).toEqual([{ send: [] }]);
    pulled.forgetAll();
    expect(give(pulled, eager.slice(1, 2))).toEqual([{ send: [] }]);
  });

  it('sends the first window at once when it is eager', () => {
    const frames = new Transfers(small).offer({ ...blobOf(12), eager: true }, 0);
    expect(names(frames)).toEqual(['M', 'C:0', 'C:1', 'C:2']);
  });

  it('reports a blob once, however often its last chunk comes', () => {
    const [car, rsu] = [new Transfers(small), new Transfers(small)];
    const frames = car.offer({ ...blobOf(8), eager: true }, 0);
    const received = give(rsu, [...frames, frames[2]!, frames[0]!]);
    expect(received.filter(({ completed }) => completed)).toHaveLength(1);
    expect(received[2]!.completed?.bytes).toEqual(blobOf(8).bytes);
    expect(names(sendsOf(received))).toEqual(['N:00', 'N:01', 'N:03', 'N:03', 'N:03']);
    const answers = give(car, sendsOf(received));
    expect(answers.filter(({ delivered }) => delivered)).toEqual([
      { send: [], delivered: { key: '1/car/update' } },
    ]);
    expect(car.nextWakeAt()).toBeNull();
  });

  it('costs one message where the blob is held already', () => {
    const [car, rsu] = [new Transfers(small), new Transfers(small)];
    const blob = blobOf(40);
    rsu.hold(sha256(blob.bytes), blob.bytes);
    const received = give(rsu, car.offer(blob, 0));
    expect(names(sendsOf(received))).toEqual(['N:ff03']);
    expect(received[0]!.completed?.bytes).toBe(blob.bytes);
    expect(give(car, sendsOf(received))[0]!.delivered).toEqual({ key: blob.key });
    expect(rsu.pull(sha256(blob.bytes), 40, 0)).toEqual([]);
  });

  it('is started by a pull, from what is served or from what a lookup finds', () => {
    const blob = blobOf(8, '1/model');
    const sha = sha256(blob.bytes);
    const looking = new Transfers({ ...small, lookup: (wanted) => (wanted === sha ? blob : undefined) });
    const serving = new Transfers(small);
    serving.serve(sha, blob.bytes);
    for (const rsu of [looking, serving]) {
      const car = new Transfers(small);
      const asked = car.pull(sha, 8, 0);
      expect(names(asked)).toEqual(['N:']);
      const sent = sendsOf(give(rsu, asked));
      expect(names(sent)).toEqual(['M', 'C:0', 'C:1']);
      expect(give(car, sent)[2]!.completed?.bytes).toEqual(blob.bytes);
      expect(car.nextWakeAt()).toBeNull();
    }
    const unknown = give(new Transfers(small), new Transfers(small).pull(sha, 8, 0));
    expect(unknown[0]!.refused).toBe(`need of unknown blob ${sha}`);
  });

  it('is resumed by the puller at a sender that restarted', () => {
    const blob = blobOf(12, '1/model');
    const lookup = () => blob;
    const car = new Transfers(small);
    const sent = sendsOf(give(new Transfers({ ...small, lookup }), car.pull(sha256(blob.bytes), 12, 0)));
    give(car, sent.slice(0, 3));
    const again = sendsOf(give(new Transfers({ ...small, lookup }), car.reset(5)));
    expect(names(again)).toEqual(['C:2']);
    expect(give(car, again)[0]!.completed?.bytes).toEqual(blob.bytes);
  });

  it('is pulled again after the bytes were let go', () => {
    const blob = blobOf(8, '1/model');
    const [car, rsu] = [new Transfers(small), new Transfers({ ...small, lookup: () => blob })];
    for (let i = 0; i < 2; i++) {
      const asked = car.pull(sha256(blob.bytes), 8, 0);
      expect(names(asked)).toEqual(['N:']);
      const received = give(car, sendsOf(give(rsu, asked)));
      expect(received.filter(({ completed }) => completed)).toHaveLength(1);
      give(rsu, sendsOf(received));
    }
  });

  it('moves blobs of the same content one after the other, and reports each', () => {
    const [car, rsu] = [new Transfers(small), new Transfers(small)];
    const first = car.offer({ ...blobOf(4, 'a'), eager: true }, 0);
    expect(car.offer({ ...blobOf(4, 'b'), eager: true }, 0)).toEqual([]);
    const received = give(rsu, first);
    const second = sendsOf(give(car, sendsOf(received)));
    expect(names(second)).toEqual(['M']);
    const chunk = sendsOf(give(car, sendsOf(give(rsu, second))));
    expect(give(rsu, chunk)[0]!.completed?.manifest.key).toBe('b');
  });
});

describe('the watchdog of a transfer', () => {
  it('probes after 1.2 s, then after twice as long, up to 8 times', () => {
    const car = new Transfers(small);
    car.offer(blobOf(8), 0);
    const waits: number[] = [];
    let now = 0;
    for (let i = 0; i < 6; i++) {
      const at = car.nextWakeAt()!;
      waits.push(Math.round((at - now) * 10) / 10);
      expect(car.wake(at - 0.01)).toEqual([]);
      expect(names(car.wake(at))).toEqual(['M']);
      now = at;
    }
    expect(waits).toEqual([1.2, 2.4, 4.8, 9.6, 9.6, 9.6]);
  });

  it('sends a lost chunk again once the probe is answered, and only that one', () => {
    const [car, rsu] = [new Transfers(small), new Transfers(small)];
    const frames = car.offer({ ...blobOf(12), eager: true }, 0);
    give(car, sendsOf(give(rsu, [frames[0]!, frames[1]!, frames[3]!])), 0.1);
    const probe = car.wake(car.nextWakeAt()!);
    expect(names(sendsOf(give(car, sendsOf(give(rsu, probe)), 1.4)))).toEqual(['C:1']);
  });

  it('takes a chunk for lost when chunks sent three places later have arrived', () => {
    const [car, rsu] = [new Transfers(small), new Transfers(small)];
    const frames = car.offer({ ...blobOf(32), eager: true }, 0);
    const needs = sendsOf(
      give(
        rsu,
        [0, 1, 3, 4, 5].map((i) => frames[i]!),
      ),
    );
    expect(names(sendsOf(give(car, needs, 0.1)))).toEqual(['C:1']);
  });

  it('repeats a pull until its manifest comes', () => {
    const car = new Transfers(small);
    car.pull(sha256(blobOf(8).bytes), 8, 0);
    expect(names(car.wake(1.2))).toEqual(['N:']);
  });
});

describe('a hostile or odd peer', () => {
  const manifest = new Transfers(small).offer(blobOf(8), 0)[0]!.message as Manifest;
  const body = (text: number[]) => Uint8Array.from(text);

  it('is refused a chunk that is unknown, out of range, of a wrong size, or not what its hash says', () => {
    const rsu = new Transfers(small);
    const chunk = (index: number, bytes: number[], sha = manifest.sha) =>
      rsu.receive({ kind: 'chunk', sha, index }, body(bytes), 0).refused;
    expect(chunk(0, [1, 8, 15, 22])).toBe(`chunk of unknown blob ${manifest.sha}`);
    rsu.receive(manifest, body([]), 0);
    expect(chunk(2, [1, 8, 15, 22])).toBe('chunk 2 (expected 0..1)');
    expect(chunk(0, [1, 8, 15])).toBe('chunk 0 of 3 bytes (expected 4)');
    expect(chunk(0, [1, 8, 15, 23])).toBe('chunk 0 does not match its hash');
    expect(chunk(0, [1, 8, 15, 22])).toBeUndefined();
  });

  it('is refused another content under the same key: the first wins', () => {
    const rsu = new Transfers(small);
    rsu.receive(manifest, body([]), 0);
    const other = new Transfers(small).offer(blobOf(8, manifest.key, 9), 0)[0]!.message as Manifest;
    expect(rsu.receive(other, body([]), 0).refused).toBe(
      `key 1/car/update with blob ${other.sha} (expected ${manifest.sha}: the first wins)`,
    );
  });

  it('is refused a ninth unfinished blob', () => {
    const rsu = new Transfers(small);
    const refusals = Array.from({ length: 9 }, (_, i) => {
      const offer = new Transfers(small).offer(blobOf(8, `k${i}`, i), 0)[0]!;
      return rsu.receive(offer.message, offer.body, 0).refused;
    });
    expect(refusals.slice(0, 8)).toEqual(Array(8).fill(undefined));
    expect(refusals[8]).toBe('more than 8 unfinished blobs at a time');
    rsu.forgetRound(1);
    expect(rsu.receive(manifest, body([]), 0).refused).toBeUndefined();
  });

  it('is refused a blob whose chunks match but whose address does not, then and later', () => {
    const rsu = new Transfers(small);
    const lying = { ...manifest, sha: 'f'.repeat(64) };
    const chunks = [body([1, 8, 15, 22]), body([29, 36, 43, 50])];
    rsu.receive(lying, body([]), 0);
    const last = chunks.map((bytes, index) =>
      rsu.receive({ kind: 'chunk', sha: lying.sha, index }, bytes, 0),
    )[1]!;
    expect(last.refused).toBe(`blob 1/car/update does not match its address ${lying.sha}`);
    expect(last.completed).toBeUndefined();
    expect(rsu.receive(lying, body([]), 0).refused).toBe(`blob ${lying.sha} was refused before`);
  });

  it('is refused a pulled blob of another size than asked for', () => {
    const car = new Transfers(small);
    car.pull(manifest.sha, 12, 0);
    expect(car.receive(manifest, body([]), 0).refused).toBe('size 8 of 1/car/update (expected 12)');
  });

  it('is refused a bitmap of a wrong length', () => {
    const car = new Transfers(small);
    car.offer(blobOf(8), 0);
    const need = { kind: 'need' as const, sha: manifest.sha, have: '0000' };
    expect(car.receive(need, body([]), 0).refused).toBe('bitmap of 4 hex digits for 1/car/update');
  });
});

describe('silence', () => {
  it('follows when everything is forgotten', () => {
    const car = new Transfers(small);
    car.offer(blobOf(8, 'a'), 0);
    car.offer(blobOf(8, 'b', 2), 0);
    car.pull('e'.repeat(64), 8, 0);
    expect(car.progress()).toHaveLength(3);
    car.forget('a');
    car.forget('e'.repeat(64));
    car.forgetRound(1);
    expect(car.progress()).toEqual([]);
    expect(car.nextWakeAt()).toBeNull();
    expect(car.wake(100)).toEqual([]);
    expect(car.reset(100)).toEqual([]);
  });
});
