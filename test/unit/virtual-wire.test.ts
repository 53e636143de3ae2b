// Sealed frames and the inbox where they wait until they are due.

import { describe, expect, it } from 'vitest';
import { Sealer } from '../../testbed/virtual/envelope.ts';
import { Inbox } from '../../testbed/virtual/inbox.ts';

const frame = Uint8Array.of(1, 2, 3);
const sealer = new Sealer(Uint8Array.of(1));

describe('a sealed frame', () => {
  it('opens to the same bytes and its place in the stream', () => {
    expect(sealer.open('up/v1', sealer.seal('up/v1', 7, frame))).toEqual({ sequence: 7, frame });
  });

  it('is not opened when any byte of it was changed, cut or never sealed', () => {
    for (let i = 0; i < 16 + frame.length; i++) {
      const sealed = sealer.seal('up/v1', 7, frame);
      sealed[i]! ^= 1;
      expect(sealer.open('up/v1', sealed)).toBeUndefined();
    }
    expect(sealer.open('up/v1', sealer.seal('up/v1', 7, frame).subarray(0, 10))).toBeUndefined();
    expect(sealer.open('up/v1', frame)).toBeUndefined();
  });

  it('is not opened in the stream of another car, in the other direction, or in another run', () => {
    const sealed = sealer.seal('up/v1', 7, frame);
    expect(sealer.open('up/v2', sealed)).toBeUndefined();
    expect(sealer.open('down/v1', sealed)).toBeUndefined();
    expect(new Sealer(Uint8Array.of(2)).open('up/v1', sealed)).toBeUndefined();
  });
});

/** An inbox and what it takes for strangers'. */
function open(): { inbox: Inbox; strangers: [string, Uint8Array][]; arrive: (place: number) => void } {
  const strangers: [string, Uint8Array][] = [];
  const inbox = new Inbox(sealer, (stream, payload) => strangers.push([stream, payload]));
  const arrive = (place: number): void => inbox.arrived('v1', sealer.seal('v1', place, frame));
  return { inbox, strangers, arrive };
}

describe('the inbox', () => {
  it('hands out a frame that came early', async () => {
    const { inbox, arrive } = open();
    arrive(1);
    expect(await inbox.take('v1', 1, true)).toEqual(frame);
  });

  it('waits for a frame that is due but still on its way', async () => {
    const { inbox, arrive } = open();
    const taken = inbox.take('v1', 2, true);
    inbox.arrived('v2', sealer.seal('v2', 2, Uint8Array.of(9)));
    arrive(2);
    expect(await taken).toEqual(frame);
  });

  it('keeps a frame that will be delivered once more', async () => {
    const { inbox, arrive } = open();
    arrive(1);
    await inbox.take('v1', 1, false);
    expect(await inbox.take('v1', 1, true)).toEqual(frame);
  });

  it('drops a discarded frame, whether it came before or after', () => {
    const { inbox, arrive, strangers } = open();
    arrive(1);
    inbox.discard('v1', 1);
    inbox.discard('v1', 2);
    arrive(2);
    expect(strangers).toEqual([]);
  });

  it('tells strangers apart', () => {
    const { inbox, strangers } = open();
    inbox.arrived('v1', frame);
    expect(strangers).toEqual([['v1', frame]]);
  });

  it('takes a frame that comes again for a replay: while it waits, when it was taken and when it was dropped', async () => {
    const { inbox, arrive, strangers } = open();
    arrive(1);
    arrive(1);
    expect(await inbox.take('v1', 1, true)).toEqual(frame);
    arrive(1);
    inbox.discard('v1', 2);
    arrive(2);
    arrive(2);
    expect(strangers).toEqual([
      ['v1', frame],
      ['v1', frame],
      ['v1', frame],
    ]);
  });

  it('is not pre-empted: a stranger cannot put other bytes in the place of a frame to come', async () => {
    const { inbox, arrive, strangers } = open();
    inbox.arrived('v1', new Sealer(Uint8Array.of(2)).seal('v1', 1, Uint8Array.of(6)));
    arrive(1);
    expect(await inbox.take('v1', 1, true)).toEqual(frame);
    expect(strangers.length).toBe(1);
  });
});
