// Sealed frames and the inbox where they wait until they are due.

import { describe, expect, it } from 'vitest';
import { seal, unseal } from '../../testbed/virtual/envelope.ts';
import { Inbox } from '../../testbed/virtual/inbox.ts';

const frame = Uint8Array.of(1, 2, 3);

describe('a sealed frame', () => {
  it('opens to the same bytes and its place in the stream', () => {
    expect(unseal(seal(7, frame))).toEqual({ sequence: 7, frame });
  });

  it('is not opened when a byte was changed, cut or never sealed', () => {
    const sealed = seal(7, frame);
    sealed[sealed.length - 1]! ^= 1;
    expect(unseal(sealed)).toBeUndefined();
    expect(unseal(seal(7, frame).subarray(0, 10))).toBeUndefined();
    expect(unseal(frame)).toBeUndefined();
  });
});

describe('the inbox', () => {
  it('hands out a frame that came early', async () => {
    const inbox = new Inbox(() => undefined);
    inbox.arrived('v1', seal(1, frame));
    expect(await inbox.take('v1', 1, true)).toEqual(frame);
  });

  it('waits for a frame that is due but still on its way', async () => {
    const inbox = new Inbox(() => undefined);
    const taken = inbox.take('v1', 2, true);
    inbox.arrived('v2', seal(2, Uint8Array.of(9)));
    inbox.arrived('v1', seal(2, frame));
    expect(await taken).toEqual(frame);
  });

  it('keeps a frame that will be delivered once more', async () => {
    const inbox = new Inbox(() => undefined);
    inbox.arrived('v1', seal(1, frame));
    await inbox.take('v1', 1, false);
    expect(await inbox.take('v1', 1, true)).toEqual(frame);
  });

  it('drops a discarded frame, whether it came before or after', async () => {
    const inbox = new Inbox(() => undefined);
    inbox.arrived('v1', seal(1, frame));
    inbox.discard('v1', 1);
    inbox.discard('v1', 2);
    inbox.arrived('v1', seal(2, frame));
    inbox.arrived('v1', seal(1, Uint8Array.of(4)));
    expect(await inbox.take('v1', 1, true)).toEqual(Uint8Array.of(4));
  });

  it('tells strangers apart', () => {
    const strangers: string[] = [];
    const inbox = new Inbox((stream) => strangers.push(stream));
    inbox.arrived('v1', frame);
    expect(strangers).toEqual(['v1']);
  });
});
