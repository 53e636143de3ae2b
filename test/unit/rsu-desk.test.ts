// The RSU's desk: bytes booked once, blobs kept as long as somebody needs them, log entries committed in time.

import { describe, expect, it } from 'vitest';
import type { BlobSha, VehicleId } from '../../base/ids.ts';
import type { EventBody } from '../../protocol/events.ts';
import { Desk } from '../../roadside/rsu/desk.ts';
import type { RsuOptions } from '../../roadside/rsu/types.ts';
import { MemoryBlobs } from '../../roadside/store/blobs.ts';
import { makeConfig } from '../support/round-world.ts';

const car = 'v1' as VehicleId;

function open(): { desk: Desk; blobs: MemoryBlobs; committed: EventBody['kind'][] } {
  const blobs = new MemoryBlobs();
  const committed: EventBody['kind'][] = [];
  const ledger = {
    append(entries: readonly { at: number; body: EventBody }[]) {
      committed.push(...entries.map(({ body }) => body.kind));
      return entries.map((entry, i) => ({ seq: i + 1, ...entry }));
    },
  };
  return {
    desk: new Desk({ blobs, ledger, config: makeConfig() } as unknown as RsuOptions),
    blobs,
    committed,
  };
}

const refusal: EventBody = { kind: 'message-refused', vehicle: car, reason: 'odd' };

describe('the desk', () => {
  it('books the bytes of a car once, before the events they belong to, and no greetings', () => {
    const { desk } = open();
    const peer = desk.peerOf(car, 0)!;
    desk.countIn(peer, { kind: 'chunk', sha: 'a'.repeat(64), index: 0 }, 500);
    desk.countIn(peer, { kind: 'bye' }, 40);
    desk.raise({ kind: 'round-due', at: 1 });
    expect([...desk.takeEvents(1)]).toEqual([
      { kind: 'bytes-moved', at: 1, vehicle: car, up: 500, down: 0 },
      { kind: 'round-due', at: 1 },
    ]);
    desk.raise({ kind: 'round-due', at: 2 });
    expect([...desk.takeEvents(2)]).toEqual([{ kind: 'round-due', at: 2 }]);
  });

  it('drops the bytes of updates after their commit, but never a global model that came back as an update', () => {
    const { desk, blobs } = open();
    const model = desk.keepModel(Uint8Array.of(1));
    const update = blobs.put(Uint8Array.of(2)) as BlobSha;
    desk.dropAfterCommit([update, model]);
    expect(blobs.has(update)).toBe(true);
    desk.record(1, { kind: 'vehicle-left', vehicle: car });
    desk.handOut();
    expect([blobs.has(update), blobs.has(model)]).toEqual([false, true]);
  });

  it('lets refusals wait for the next commit, so that a flood of them does not hold the run up', () => {
    const { desk, committed } = open();
    desk.record(1, refusal);
    desk.handOut();
    expect(committed).toEqual([]);
    desk.record(2, { kind: 'vehicle-left', vehicle: car });
    desk.handOut();
    expect(committed).toEqual(['message-refused', 'vehicle-left']);
  });
});
