// The parts of live mode that need no network: the driver of actors, the agreement of pools, the announcement, the fixes.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { asId, type RunId, type VehicleId } from '../../base/ids.ts';
import { noOutputs, type Outputs } from '../../protocol/actor.ts';
import {
  type Announcement,
  decodeAnnouncement,
  encodeAnnouncement,
  maximumAnnouncementBytes,
} from '../../protocol/announcement.ts';
import { manifestOf } from '../../protocol/blob/manifest.ts';
import { MemoryBroker } from '../../protocol/link/memory.ts';
import type { UpMessage } from '../../protocol/messages.ts';
import { announceTopic } from '../../protocol/topics.ts';
import { decodeClaim, decodeFix, encodeJson } from '../../protocol/world.ts';
import { attend } from '../../testbed/live/attend.ts';
import { ClaimBook, leaseSeconds } from '../../testbed/live/claim-book.ts';
import { openKept } from '../../testbed/live/kept.ts';
import { type HostInput, LiveHost } from '../../testbed/live/live-host.ts';
import { aborted, atMost, pause } from '../../testbed/live/timers.ts';
import { loadScenario } from '../../testbed/scenario-file.ts';
import type { OutboxEntry } from '../../vehicle-agent/types.ts';
import { root } from '../support/compose.ts';
import { temporaryFolder } from '../support/processes.ts';

const car1 = asId<VehicleId>('car-1');
const car2 = asId<VehicleId>('car-2');
const { scenario } = loadScenario(`${root}test/support/tiny.yaml`);
const announcement: Announcement = { run: asId<RunId>('tiny-1'), scenario, dataFingerprint: 'd' };

describe('LiveHost', () => {
  beforeEach(() => void vi.useFakeTimers());
  afterEach(() => void vi.useRealTimers());

  type Word = { readonly kind: 'word'; readonly text: string };

  /** A host whose actor notes what it is given, and answers as `answer` says. */
  function hosted(
    answer: (input: Word | HostInput) => Partial<Outputs<UpMessage>> = () => ({}),
    capacity = 8,
  ) {
    const given: string[] = [];
    const failures: unknown[] = [];
    const sent: string[] = [];
    const host = new LiveHost<Word, UpMessage>({
      act(input) {
        given.push(
          input.kind === 'word' ? input.text : input.kind === 'timer' ? input.name : `#${input.ticket}`,
        );
        return { ...noOutputs<UpMessage>(), ...answer(input) };
      },
      clock: { now: () => 0 },
      send: ({ message }) => sent.push(message.kind),
      failed: (error) => failures.push(error),
      capacity,
    });
    return { host, given, failures, sent };
  }

  const word = (text: string): Word => ({ kind: 'word', text });

  it('acts on inputs one by one, in order, outside the call that gave them', async () => {
    const { host, given, sent } = hosted(() => ({ sends: [{ message: { kind: 'bye' } }] }));
    host.give(word('a'));
    host.give(word('b'));
    expect(given).toEqual([]);
    await vi.advanceTimersByTimeAsync(0);
    expect(given).toEqual(['a', 'b']);
    expect(sent).toEqual(['bye', 'bye']);
  });

  it('refuses and counts what its inbox cannot hold', async () => {
    const { host, given } = hosted(undefined, 2);
    expect(['a', 'b', 'c'].map((text) => host.give(word(text)))).toEqual([true, true, false]);
    expect(host.dropped).toBe(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(given).toEqual(['a', 'b']);
  });

  it('wakes the actor once, by the latest request of a name', async () => {
    const timers = (delaySeconds: number | null) => ({ timers: [{ name: 'wake', delaySeconds }] });
    const { host, given } = hosted((input) => (input.kind === 'word' ? timers(Number(input.text)) : {}));
    host.give(word('1'));
    await vi.advanceTimersByTimeAsync(900);
    host.give(word('2'));
    await vi.advanceTimersByTimeAsync(1900);
    expect(given).toEqual(['1', '2']);
    await vi.advanceTimersByTimeAsync(200);
    expect(given).toEqual(['1', '2', 'wake']);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(given).toHaveLength(3);
  });

  it('forgets a timer that was cancelled after it had fired', async () => {
    const { host, given } = hosted((input) => {
      if (input.kind === 'timer') return {};
      return {
        timers: [{ name: 'wake', delaySeconds: input.kind === 'word' && input.text === 'set' ? 1 : null }],
      };
    });
    host.give(word('set'));
    await vi.advanceTimersByTimeAsync(0);
    // It fires and waits for its turn behind this; the actor then cancels it before that turn comes.
    vi.advanceTimersToNextTimer();
    host.take({ ...noOutputs<UpMessage>(), timers: [{ name: 'wake', delaySeconds: null }] });
    await vi.advanceTimersByTimeAsync(5000);
    expect(given).toEqual(['set']);
  });

  it('gives results of computations back, failures too', async () => {
    const outcomes: unknown[] = [];
    const computes = [
      { ticket: 1, modelledSeconds: 99, run: async () => 'done' },
      {
        ticket: 2,
        modelledSeconds: 99,
        run: async () => {
          throw new Error('no luck');
        },
      },
    ];
    const { host } = hosted((input) => {
      if (input.kind === 'computed') outcomes.push(input.outcome);
      return input.kind === 'word' ? { computes } : {};
    });
    host.give(word('compute'));
    await vi.advanceTimersByTimeAsync(10);
    expect(outcomes).toEqual([
      { ok: true, value: 'done' },
      { ok: false, error: 'no luck' },
    ]);
  });

  it('stops driving an actor that throws, and says so', async () => {
    const { host, given, failures } = hosted(() => {
      throw new Error('a fault of ours');
    });
    host.give(word('a'));
    host.give(word('b'));
    await vi.advanceTimersByTimeAsync(10);
    expect(given).toEqual(['a']);
    expect(failures).toEqual([new Error('a fault of ours')]);
    expect(host.give(word('c'))).toBe(false);
  });

  it('drives nothing once it is closed', async () => {
    const { host, given } = hosted(() => ({ timers: [{ name: 'wake', delaySeconds: 1 }] }));
    host.give(word('a'));
    await vi.advanceTimersByTimeAsync(0);
    host.close();
    await vi.advanceTimersByTimeAsync(5000);
    expect(given).toEqual(['a']);
  });

  it('waits no longer than it is told', async () => {
    let isOver = false;
    void atMost(3, new Promise(() => undefined)).then(() => {
      isOver = true;
    });
    await vi.advanceTimersByTimeAsync(2999);
    expect(isOver).toBe(false);
    await vi.advanceTimersByTimeAsync(1);
    expect(isOver).toBe(true);
    await atMost(3, Promise.reject(new Error('does not matter')));
    expect(vi.getTimerCount()).toBe(0);
    const stop = new AbortController();
    const paused = pause(60, stop.signal);
    stop.abort();
    await Promise.all([paused, pause(60, stop.signal), aborted(stop.signal)]);
    expect(vi.getTimerCount()).toBe(0);
  });
});

describe('ClaimBook', () => {
  const ask = { held: false };
  const hold = { held: true };
  const book = (pool: string, capacity = 10) => new ClaimBook({ pool, capacity });

  it('gives a vehicle to the pool whose claim was delivered first', () => {
    const [a, b] = [book('pool-a'), book('pool-b')];
    expect([a.seen(car1, 0), b.seen(car1, 0)]).toEqual([true, true]);
    // The broker delivers b's claim first, to both.
    expect([a, b].map((one) => one.heard(car1, { pool: 'pool-b', ...ask }, 0))).toEqual(['nothing', 'start']);
    expect([a, b].map((one) => one.heard(car1, { pool: 'pool-a', ...ask }, 0))).toEqual(['nothing', 'hold']);
    expect([[...a.ours], [...b.ours]]).toEqual([[], [car1]]);
  });

  it('asks once, and again only when its claim got lost', () => {
    const a = book('pool-a');
    expect([a.seen(car1, 0), a.seen(car1, 1), a.seen(car1, 2.5)]).toEqual([true, false, true]);
  });

  it('takes no more than its capacity, claims under way included', () => {
    const a = book('pool-a', 1);
    expect([a.seen(car1, 0), a.seen(car2, 0)]).toEqual([true, false]);
    a.heard(car1, { pool: 'pool-a', ...ask }, 0);
    expect(a.seen(car2, 0)).toBe(false);
    expect(a.released(car1)).toBe(true);
    expect(a.seen(car2, 0)).toBe(true);
  });

  it('leaves a vehicle to its holder until the lease runs out', () => {
    const a = book('pool-a');
    a.heard(car1, { pool: 'pool-b', ...hold }, 0);
    expect(a.seen(car1, leaseSeconds)).toBe(false);
    a.heard(car1, { pool: 'pool-b', ...hold }, leaseSeconds);
    expect(a.seen(car1, 2 * leaseSeconds)).toBe(false);
    expect(a.seen(car1, 2 * leaseSeconds + 0.1)).toBe(true);
  });

  it('takes a vehicle that its holder released at once', () => {
    const a = book('pool-a');
    a.heard(car1, { pool: 'pool-b', ...hold }, 0);
    expect(a.released(car1)).toBe(false);
    expect(a.seen(car1, 0)).toBe(true);
  });

  it('settles two holders by their ids: the smaller keeps', () => {
    const [a, b] = [book('pool-a'), book('pool-b')];
    for (const [one, pool] of [
      [a, 'pool-a'],
      [b, 'pool-b'],
    ] as const) {
      one.seen(car1, 0);
      one.heard(car1, { pool, ...ask }, 0);
    }
    expect(a.heard(car1, { pool: 'pool-b', ...hold }, 1)).toBe('hold');
    expect(b.heard(car1, { pool: 'pool-a', ...hold }, 1)).toBe('stop');
    expect([[...a.ours], [...b.ours]]).toEqual([[car1], []]);
  });
});

describe('the announcement', () => {
  it('arrives as it was sent', () => {
    const whole = { ...announcement, roadText: '{}' };
    expect(decodeAnnouncement(encodeAnnouncement(whole))).toEqual(whole);
  });

  it('leaves a map out that is too large', () => {
    const bytes = encodeAnnouncement({ ...announcement, roadText: 'x'.repeat(maximumAnnouncementBytes) });
    expect(decodeAnnouncement(bytes).roadText).toBeUndefined();
  });

  it.each([
    ['no JSON', 'nonsense', 'it is not JSON'],
    ['an unknown key', JSON.stringify({ ...announcement, extra: 1 }), 'extra'],
    ['a bad run id', JSON.stringify({ ...announcement, run: '../x' }), 'run'],
    [
      'a scenario that contradicts itself',
      JSON.stringify({
        ...announcement,
        scenario: { ...scenario, round: { ...scenario.round, minimumCandidates: 9 } },
      }),
      'no round would ever open',
    ],
    ['a megabyte', 'x'.repeat(maximumAnnouncementBytes + 1), 'expected at most'],
  ])('is refused with %s', (_what, text, reason) => {
    expect(() => decodeAnnouncement(new TextEncoder().encode(text))).toThrow(reason);
  });
});

describe('attend', () => {
  const announce = (run: string) => encodeAnnouncement({ ...announcement, run: asId<RunId>(run) });

  /** Notes the runs that are worked for, each until it is over. */
  function attending(stop = new AbortController()) {
    const broker = new MemoryBroker();
    const link = broker.connect();
    const begun: string[] = [];
    let tell: () => void = () => undefined;
    const ended = attend(link, stop.signal, async ({ run }, over) => {
      begun.push(run);
      tell();
      await aborted(over);
    });
    const runBegun = async (count: number): Promise<void> => {
      while (begun.length < count)
        await new Promise<void>((resolve) => {
          tell = resolve;
        });
    };
    const say = (payload: Uint8Array) => link.publish(announceTopic, payload, { retain: true });
    return { begun, ended, runBegun, say, stop };
  }

  it('works for the announced run until it is over, once however often it is announced', async () => {
    const { begun, ended, runBegun, say } = attending();
    await say(announce('one'));
    await runBegun(1);
    await say(announce('one'));
    await say(new Uint8Array(0));
    await ended;
    expect(begun).toEqual(['one']);
  });

  it('leaves a run for the one that replaces it', async () => {
    const { begun, ended, runBegun, say } = attending();
    await say(announce('one'));
    await runBegun(1);
    await say(announce('two'));
    await runBegun(2);
    await say(new Uint8Array(0));
    await ended;
    expect(begun).toEqual(['one', 'two']);
  });

  it('ends when it is told to, at work or waiting', async () => {
    const waiting = attending();
    waiting.stop.abort();
    await waiting.ended;
    const working = attending();
    await working.say(announce('one'));
    await working.runBegun(1);
    working.stop.abort();
    await working.ended;
    expect(working.begun).toEqual(['one']);
  });

  it('rejects at an announcement it cannot read', async () => {
    const { ended, say } = attending();
    await say(new TextEncoder().encode('from another version'));
    await expect(ended).rejects.toMatchObject({ reason: 'broker' });
  });
});

describe('what a car keeps', () => {
  const run = asId<RunId>('tiny-1');
  const note = (): void => undefined;
  const entry = (): OutboxEntry => {
    const bytes = new Uint8Array(8);
    const meta = { round: 1, nonce: 'a'.repeat(64), samples: 1, trainLoss: 1, computeSeconds: 1, joules: 1 };
    const manifest = manifestOf({ key: '1/car-1/update', purpose: 'update', bytes, meta });
    return { key: manifest.key, manifest, bytes };
  };

  it('outlives a restart: its starts are counted, its updates are there', () => {
    const directory = temporaryFolder();
    const first = openKept({ directory, run, vehicle: car1, note });
    first.outbox.put(entry());
    const again = openKept({ directory, run, vehicle: car1, note });
    expect([first.incarnation, again.incarnation]).toEqual([1, 2]);
    expect(again.outbox.entries()).toEqual([entry()]);
  });

  it('belongs to one vehicle and one run', () => {
    const directory = temporaryFolder();
    openKept({ directory, run, vehicle: car1, note }).outbox.put(entry());
    const other = openKept({ directory, run, vehicle: car2, note });
    const later = openKept({ directory, run: asId<RunId>('tiny-2'), vehicle: car1, note });
    expect([other, later].map(({ outbox, incarnation }) => [outbox.entries().length, incarnation])).toEqual([
      [0, 1],
      [0, 1],
    ]);
  });

  it('is nothing without a folder', () => {
    expect(openKept({ directory: undefined, run, vehicle: car1, note }).incarnation).toBe(1);
  });

  it('cannot be a file', () => {
    const file = `${root}package.json`;
    expect(() => openKept({ directory: file, run, vehicle: car1, note })).toThrow('--outbox');
  });
});

describe('fixes and claims', () => {
  const fix = {
    vehicle: car1,
    at: 1,
    x: 2,
    y: 3,
    headingRadians: 0,
    speedMps: 10,
    road: 'ring',
    offsetMeters: 5,
    serving: null,
    bitsPerSecondPerHertz: 0,
  };

  it('arrive as they were sent', () => {
    expect(decodeFix(encodeJson(fix))).toEqual(fix);
    expect(decodeClaim(encodeJson({ pool: 'pool-a', held: true }))).toEqual({ pool: 'pool-a', held: true });
  });

  it('are nothing when anything about them is wrong', () => {
    const bytes = (value: unknown) => new TextEncoder().encode(JSON.stringify(value));
    const wrong = [
      { ...fix, speedMps: -1 },
      { ...fix, extra: 1 },
      { ...fix, x: null },
      'a',
      { x: 'y'.repeat(4000) },
    ];
    for (const value of wrong) expect(decodeFix(bytes(value))).toBeUndefined();
    expect(decodeFix(new Uint8Array([255, 254]))).toBeUndefined();
    expect(decodeClaim(bytes({ pool: '../x', held: true }))).toBeUndefined();
  });
});
