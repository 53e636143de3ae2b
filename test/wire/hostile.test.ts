// A hostile vehicle at a live RSU, over a real broker: it is chosen beside two honest ones and answers with everything it
// should not. Each attack is refused with a reason and counted; the honest vehicles' rounds commit. It waits for events,
// never for time.

import { afterEach, describe, expect, test } from 'vitest';
import { bytesOfFloats } from '../../base/hash.ts';
import { asId, type VehicleId } from '../../base/ids.ts';
import { createTfjsLearner } from '../../learning/training/tfjs-learner.ts';
import type { MobilitySource } from '../../mobility/types.ts';
import type { Announcement } from '../../protocol/announcement.ts';
import { manifestOf } from '../../protocol/blob/manifest.ts';
import { decodeFrame, encodeFrame } from '../../protocol/codec.ts';
import type { EventBody, LoggedEvent } from '../../protocol/events.ts';
import { startBroker } from '../../protocol/link/embedded-broker.ts';
import type { Link } from '../../protocol/link/link.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import { type BlobMeta, blobKey, type Manifest, type Task, type UpMessage } from '../../protocol/messages.ts';
import type { RunSummary } from '../../protocol/run-info.ts';
import { vehicleTopic } from '../../protocol/topics.ts';
import { encodeJson, type WorldFix } from '../../protocol/world.ts';
import { AgentHost } from '../../testbed/live/agent-host.ts';
import { type LiveParts, runRsu } from '../../testbed/live/run-rsu.ts';
import { loadScenario } from '../../testbed/scenario-file.ts';
import { systemClock } from '../../testbed/system.ts';
import { MemoryOutbox } from '../../vehicle-agent/outbox-memory.ts';
import { root } from '../support/compose.ts';
import { temporaryFolder } from '../support/processes.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

process.env.ROADBED_CACHE = temporaryFolder();

const [honest1, honest2, evil] = ['honest-1', 'honest-2', 'evil'].map((name) => asId<VehicleId>(name)) as [
  VehicleId,
  VehicleId,
  VehicleId,
];

const evilDevice = {
  name: 'fast',
  trainingFlopsPerSecond: 1e9,
  memoryBytes: 1e9,
  computeWatts: 1,
  transmitWatts: 1,
};

/** Everyone stands in the middle of coverage, for the whole run. */
function fixOf(vehicle: VehicleId, mobility: MobilitySource): WorldFix {
  const [here] = mobility.coverage;
  const { road, fromMeters, toMeters, rsu } = here!;
  const place = {
    x: 10,
    y: 0,
    headingRadians: 0,
    speedMps: 0.1,
    road,
    offsetMeters: (fromMeters + toMeters) / 2,
  };
  return { vehicle, at: 0, ...place, serving: rsu, bitsPerSecondPerHertz: 8 };
}

/** The hostile vehicle: speaks the protocol when it likes to. */
class Evil {
  readonly #link: Link;
  readonly #announcement: Announcement;
  readonly #tasks: Task[] = [];
  #wake: () => void = () => undefined;

  private constructor(link: Link, announcement: Announcement) {
    this.#link = link;
    this.#announcement = announcement;
  }

  static async open(url: string, announcement: Announcement): Promise<Evil> {
    const link = await connectMqtt({ url, clientId: 'evil' });
    closers.push(() => link.close());
    const one = new Evil(link, announcement);
    await link.subscribe(vehicleTopic(announcement.run, 'down', evil), (_topic, payload) => {
      const { message } = decodeFrame('down', payload);
      if (message.kind !== 'task') return;
      one.#tasks.push(message);
      one.#wake();
    });
    return one;
  }

  /** Its next task. */
  async task(): Promise<Task> {
    while (this.#tasks.length === 0)
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    return this.#tasks.shift()!;
  }

  bytes(payload: Uint8Array, as = evil): Promise<void> {
    return this.#link.publish(vehicleTopic(this.#announcement.run, 'up', as), payload);
  }

  say(message: UpMessage, body?: Uint8Array): Promise<void> {
    return this.bytes(encodeFrame('up', message, body));
  }

  /** A whole update, chunk by chunk, without waiting to be asked. */
  async upload(manifest: Manifest, bytes: Uint8Array): Promise<void> {
    await this.say(manifest);
    for (const index of manifest.chunks.keys())
      await this.say(
        { kind: 'chunk', sha: manifest.sha, index },
        bytes.subarray(index * manifest.chunkBytes, (index + 1) * manifest.chunkBytes),
      );
  }

  /** Overhears another vehicle. */
  overhear(vehicle: VehicleId, heard: (payload: Uint8Array) => void): Promise<void> {
    return this.#link.subscribe(vehicleTopic(this.#announcement.run, 'up', vehicle), (_topic, payload) =>
      heard(payload),
    );
  }
}

/** The log as it grows. */
class Log {
  readonly events: LoggedEvent[] = [];
  #wake: (() => void)[] = [];

  hear(events: readonly LoggedEvent[]): void {
    this.events.push(...events);
    for (const wake of this.#wake.splice(0)) wake();
  }

  bodies<K extends EventBody['kind']>(kind: K): Extract<EventBody, { kind: K }>[] {
    return this.events.flatMap(({ body }) =>
      body.kind === kind ? [body as Extract<EventBody, { kind: K }>] : [],
    );
  }

  async until(isThere: (body: EventBody) => boolean): Promise<void> {
    while (!this.events.some(({ body }) => isThere(body)))
      await new Promise<void>((resolve) => this.#wake.push(resolve));
  }
}

const metaOf = (task: Task): BlobMeta => ({
  round: task.round,
  nonce: task.nonce,
  samples: 48,
  trainLoss: 1,
  computeSeconds: 1,
  joules: 1,
});

/** An update of weights that are all `value`, for `task`. */
function updateOf(task: Task, value: number): { manifest: Manifest; bytes: Uint8Array } {
  const bytes = bytesOfFloats(new Float32Array(task.base.size / 4).fill(value));
  const key = blobKey(task.round, evil, 'update');
  return { manifest: manifestOf({ key, purpose: 'update', bytes, meta: metaOf(task) }), bytes };
}

/** Round 1: everything that is refused at the door or when it is whole. */
async function attackDoor(car: Evil, task: Task): Promise<void> {
  const { manifest } = updateOf(task, 0.5);
  const short = bytesOfFloats(new Float32Array(task.base.size / 4 - 1));
  const meta = metaOf(task);
  await car.bytes(Uint8Array.from({ length: 100 }, (_, i) => (i * 37) % 251));
  const oversized = encodeFrame('up', { kind: 'bye' });
  new DataView(oversized.buffer).setUint32(4, 200_000, true);
  await car.bytes(oversized);
  await car.bytes(encodeFrame('down', { kind: 'cancel', round: 1, reason: 'not yours to say' }));
  await car.say(manifestOf({ key: manifest.key, purpose: 'update', bytes: short, meta }));
  await car.say({ ...manifest, meta: { ...meta, round: 99 } });
  await car.say({ ...manifest, key: blobKey(task.round, honest1, 'update') });
  await car.say({ ...manifest, meta: { ...meta, nonce: 'f'.repeat(64) } });
  await car.say({ ...manifest, purpose: 'lower-update' });
  await car.say({ kind: 'chunk', sha: 'e'.repeat(64), index: 0 }, new Uint8Array(10));
  await car.say({ kind: 'failed', round: task.round, nonce: 'f'.repeat(64), reason: 'let me out' });
  const broken = updateOf(task, Number.NaN);
  await car.upload(broken.manifest, broken.bytes);
}

/** Round 2: what was recorded in round 1, chunks that do not match, and an update that would blow the model up. */
async function attackMemory(car: Evil, task: Task, first: Task, overheard: Uint8Array[]): Promise<void> {
  const { manifest, bytes } = updateOf(task, 0.5);
  await car.say({ ...manifest, meta: { ...manifest.meta, nonce: first.nonce } });
  for (const payload of overheard) await car.bytes(payload, honest1);
  const tampered = bytes.slice();
  tampered[0] = 255;
  const huge = updateOf(task, 1e9);
  await car.say(huge.manifest);
  await car.say({ kind: 'chunk', sha: huge.manifest.sha, index: 0 }, tampered.subarray(0, 65_536));
  await car.upload(huge.manifest, huge.bytes);
}

/** What an honest vehicle sent of its update: the manifest and the chunks. */
function isUpload(payload: Uint8Array): boolean {
  const { kind } = decodeFrame('up', payload).message;
  return kind === 'manifest' || kind === 'chunk';
}

/** Starts an honest agent in this process. */
async function honestAgent(
  url: string,
  announcement: Announcement,
  vehicle: VehicleId,
  rest: Pick<Parameters<typeof AgentHost.open>[0], 'learner' | 'train' | 'failed'>,
): Promise<AgentHost> {
  const link = await connectMqtt({ url, clientId: vehicle });
  const parts = { place: undefined, outbox: new MemoryOutbox(), incarnation: 1, clock: systemClock() };
  return AgentHost.open({ announcement, vehicle, link, ...parts, ...rest });
}

/** The two honest agents and the hostile car at one RSU; `script` is what the hostile one does. */
class Siege {
  readonly log = new Log();
  readonly #url: string;
  script: Promise<void> = Promise.resolve();

  constructor(url: string) {
    this.#url = url;
  }

  /** Brings all three in; returns what ends it. */
  async begin(
    { announcement, mobility, data }: LiveParts,
    fail: (error: unknown) => void,
  ): Promise<() => Promise<void>> {
    const rest = { learner: await createTfjsLearner(), train: data.train, failed: fail };
    const agents = await Promise.all(
      [honest1, honest2].map((vehicle) => honestAgent(this.#url, announcement, vehicle, rest)),
    );
    const car = await Evil.open(this.#url, announcement);
    const { vehicle: _vehicle, ...place } = fixOf(evil, mobility);
    const standing = setInterval(() => {
      void car.say({ kind: 'beacon', ...place });
      agents[0]!.world(encodeJson(fixOf(honest1, mobility)));
      agents[1]!.world(encodeJson(fixOf(honest2, mobility)));
    }, 200);
    this.script = this.#attack(car);
    this.script.catch(fail);
    return async () => {
      clearInterval(standing);
      await Promise.all(agents.map((agent) => agent.close()));
    };
  }

  async #attack(car: Evil): Promise<void> {
    const overheard: Uint8Array[] = [];
    await car.overhear(honest1, (payload) => overheard.push(payload.slice()));
    await this.log.until(({ kind }) => kind === 'run-opened');
    await car.say({ kind: 'hello', incarnation: 1, device: evilDevice, samples: 48 });
    const first = await car.task();
    await attackDoor(car, first);
    await attackMemory(car, await car.task(), first, overheard.filter(isUpload));
  }
}

async function besieged(): Promise<{ summary: RunSummary; log: Log }> {
  const broker = await startBroker();
  closers.push(() => broker.close());
  const siege = new Siege(broker.url);
  const sets = ['selection.perRound=3', 'round.minimumCandidates=3', 'round.deadlineSeconds=90'];
  const summary = await runRsu({
    loaded: loadScenario(`${root}test/support/tiny.yaml`, { sets }),
    runsDirectory: temporaryFolder(),
    brokerUrl: broker.url,
    engine: 'auto',
    argv: [],
    note: () => undefined,
    onEvents: (events) => siege.log.hear(events),
    beside: (parts, fail) => siege.begin(parts, fail),
  });
  await siege.script;
  return { summary, log: siege.log };
}

describe('a hostile vehicle', () => {
  test('is refused with a reason each time, and the honest vehicles commit both rounds', async () => {
    const { summary, log } = await besieged();

    // The honest vehicles committed in both rounds, the hostile one was refused in both.
    const outcomes = log
      .bodies('vehicle-outcome')
      .map(({ round, vehicle, outcome }) => `${round} ${vehicle} ${outcome}`);
    expect(outcomes.sort()).toEqual([
      `1 ${evil} refused`,
      `1 ${honest1} committed`,
      `1 ${honest2} committed`,
      `2 ${evil} refused`,
      `2 ${honest1} committed`,
      `2 ${honest2} committed`,
    ]);
    expect(summary).toMatchObject({
      rounds: 2,
      selected: 6,
      committed: 4,
      refused: 2,
      left: 0,
      late: 0,
      failed: 0,
    });
    expect(log.bodies('update-committed')).toHaveLength(4);
    expect(Number.isFinite(summary.testLoss)).toBe(true);

    // Each attack was counted, with its reason.
    const refusedUpdates = log.bodies('update-refused').filter(({ vehicle }) => vehicle === evil);
    const reasons = refusedUpdates.map(({ round, reason }) => `${round}: ${reason}`);
    expect(reasons).toEqual([
      '1: size of update is 259240 bytes (expected 259244)',
      '99: unknown round 99 for evil (it was given no task in it)',
      '1: key 1/honest-1/update (expected 1/evil/update)',
      '1: wrong nonce for round 1 (expected the one of the task)',
      '1: purpose lower-update for a full plan',
      '1: parameter 0 is NaN (expected a finite number)',
      '2: wrong nonce for round 2 (expected the one of the task)',
      expect.stringMatching(/^2: update norm is [\d.e+]+ \(expected at most [\d.e+]+\)$/),
    ]);
    const messages = log.bodies('message-refused').filter(({ vehicle }) => vehicle === evil);
    expect(messages.map(({ reason }) => reason)).toEqual([
      'wrong magic: 0,37 (expected 82,66)',
      'header of 200000 bytes (expected at most 131072)',
      'wrong direction: 1 (expected 0)',
      `chunk of unknown blob ${'e'.repeat(64)}`,
      'a failure report for round 1 with a wrong nonce',
      expect.stringContaining('chunk 0'),
    ]);
  });
});
