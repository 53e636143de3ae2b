// What goes wrong around a run in virtual time: workers that cannot start or are gone, strangers at its broker. A run that
// cannot go on says why and ends; a run that can is not moved by what strangers send.

import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import type { RunId, VehicleId } from '../../base/ids.ts';
import { encodeFrame } from '../../protocol/codec.ts';
import type { LoggedEvent } from '../../protocol/events.ts';
import { startBroker } from '../../protocol/link/embedded-broker.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import type { UpMessage } from '../../protocol/messages.ts';
import type { RunSummary } from '../../protocol/run-info.ts';
import { scenarioSchema } from '../../protocol/scenario/schema.ts';
import { vehicleTopic } from '../../protocol/topics.ts';
import { Closing } from '../../testbed/closing.ts';
import { type RunOptions, runVirtual } from '../../testbed/run-virtual.ts';
import { bundledDirectory, loadScenario } from '../../testbed/scenario-file.ts';
import { WorkerPool } from '../../testbed/virtual/pool.ts';
import type { WorkerSetup } from '../../testbed/virtual/worker-protocol.ts';

const device = { name: 'car', trainingFlopsPerSecond: 1e9, memoryMegabytes: 64 };
const scenario = scenarioSchema.parse({
  name: 'trouble',
  rsus: [{ id: 'rsu-1', x: 0, y: 0 }],
  devices: [device],
  data: { samplesPerVehicle: 1 },
});
const data = {
  inputShape: [1, 1, 1] as const,
  classes: 2,
  images: new Float32Array(2),
  labels: new Uint8Array(2),
};
const setup = {
  run: 'trouble',
  scenario,
  engine: 'cpu',
  secret: new Uint8Array(32),
  train: data,
  evaluation: data,
} as unknown as WorkerSetup;
const profile = { ...device, memoryBytes: 1, computeWatts: 1, transmitWatts: 1 };

describe('workers of a virtual run', () => {
  it('say by their reason why they cannot start, and leave none behind', async () => {
    const unknown = { ...setup, engine: 'abacus' } as unknown as WorkerSetup;
    await expect(WorkerPool.open(2, unknown)).rejects.toMatchObject({ reason: 'engine' });
  });

  it('answer with an error once they are gone, and can be closed again', async () => {
    const { pool } = await WorkerPool.open(1, setup);
    await pool.close();
    await expect(
      pool.spawn({ vehicle: 'v1' as VehicleId, device: profile, place: undefined }),
    ).rejects.toThrow('an agent worker ended');
    await expect(pool.evaluate(new Float32Array(1))).rejects.toThrow('an agent worker ended');
    await pool.close();
  });
});

describe('what is given back at the end of a run', () => {
  it('is given back in the reverse order, all of it, and the first fault is told', async () => {
    const closed: string[] = [];
    const closing = new Closing();
    for (const name of ['broker', 'link', 'store'])
      closing.add(name, (one) => {
        closed.push(one);
        if (one !== 'broker') throw new Error(`${one} is stuck`);
      });
    await expect(closing.close()).rejects.toThrow('store is stuck');
    expect(closed).toEqual(['store', 'link', 'broker']);
  });
});

const folder = mkdtempSync(join(tmpdir(), 'roadbed-trouble-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** A small variant of the default scenario. */
const small = [
  'seed=7',
  'data.trainSamples=860',
  'data.testSamples=215',
  'data.evaluationSamples=0',
  'data.samplesPerVehicle=60',
  'selection.perRound=3',
  'stop.rounds=2',
];

async function run(options: Partial<RunOptions>): Promise<{ summary: RunSummary; events: LoggedEvent[] }> {
  const events: LoggedEvent[] = [];
  const summary = await runVirtual({
    loaded: loadScenario(join(bundledDirectory, 'highway-signs.yaml'), { sets: small }),
    runsDirectory: folder,
    link: 'memory',
    workers: 1,
    engine: 'wasm',
    argv: [],
    note: () => undefined,
    ...options,
    onEvents: (news) => {
      events.push(...news);
      options.onEvents?.(news);
    },
  });
  return { summary, events };
}

/** What a stranger says in the name of `vehicle`: well formed, and harmful if it were believed. */
function lies(round: number, vehicle: string): UpMessage[] {
  const device = {
    name: 'fake',
    trainingFlopsPerSecond: 1,
    memoryBytes: 1,
    computeWatts: 0,
    transmitWatts: 0,
  };
  const sha = 'ab'.repeat(32);
  const meta = { round, nonce: sha, samples: 60, trainLoss: 0, computeSeconds: 1, joules: 1 };
  const key = `${round}/${vehicle}/update`;
  return [
    { kind: 'bye' },
    { kind: 'hello', incarnation: 9, device, samples: 1 },
    { kind: 'need', sha, have: '' },
    { kind: 'manifest', key, purpose: 'update', sha, size: 4, chunkBytes: 4, chunks: [sha], meta },
  ];
}

describe('strangers at the broker of a virtual run', () => {
  it('are refused with a reason and counted, and the run is the one it would have been without them', async () => {
    const honest = await run({});
    const broker = await startBroker();
    const stranger = await connectMqtt({ url: broker.url, clientId: 'stranger' });
    const recorded: [string, Uint8Array][] = [];
    const answered: Promise<void>[] = [];
    await stranger.subscribe('roadbed/v1/+/up/+', (topic, payload) => {
      if (recorded.length < 20) recorded.push([topic, payload.slice()]);
    });
    let runId = '' as RunId;
    const troubled = await run({
      link: 'mqtt',
      broker: broker.url,
      onLive: async (live) => {
        runId = live.info().runId as RunId;
      },
      onEvents: (news) => {
        for (const { body } of news) {
          if (body.kind !== 'vehicle-selected') continue;
          const topic = vehicleTopic(runId, 'up', body.vehicle);
          for (const lie of lies(body.round, body.vehicle))
            answered.push(stranger.publish(topic, encodeFrame('up', lie)));
          answered.push(stranger.publish(topic, Uint8Array.of(1, 2, 3)));
          for (const [where, what] of recorded.slice(0, 5)) answered.push(stranger.publish(where, what));
          answered.push(stranger.publish(topic, recorded[0]![1]));
        }
      },
    });
    await Promise.all(answered);
    await stranger.close();
    await broker.close();

    const withoutStrangers = troubled.events.filter(({ body }) => body.kind !== 'message-refused');
    expect(withoutStrangers.map(({ at, body }) => ({ at, body }))).toEqual(
      honest.events.map(({ at, body }) => ({ at, body })),
    );
    expect(troubled.summary.modelSha256).toBe(honest.summary.modelSha256);
    const reasons = troubled.events.flatMap(({ body }) =>
      body.kind === 'message-refused' ? [body.reason] : [],
    );
    const one = (pattern: RegExp): number => reasons.filter((reason) => pattern.test(reason)).length;
    expect(one(/^a bye that v\d+ did not send/)).toBeGreaterThan(0);
    expect(one(/^a hello that v\d+ did not send/)).toBeGreaterThan(0);
    expect(one(/^a need that v\d+ did not send/)).toBeGreaterThan(0);
    expect(one(/^wrong nonce for round 1/)).toBeGreaterThan(0);
    expect(one(/^short frame: 3 bytes/)).toBeGreaterThan(0);
    expect(one(/recorded and sent again/)).toBeGreaterThan(0);
  });
});

describe('a virtual run that ends before its last round', () => {
  it('says why', async () => {
    const said: string[] = [];
    const nobodyFits = [0, 1, 2].map((device) => `devices.${device}.memoryMegabytes=0.001`);
    const sets = [...small, ...nobodyFits, 'stop.virtualSeconds=20'];
    const loaded = loadScenario(join(bundledDirectory, 'highway-signs.yaml'), { sets });
    const { summary } = await run({ loaded, note: (text) => said.push(text) });
    expect(summary.rounds).toBe(0);
    expect(said.at(-1)).toBe('The run ended after 0 of 2 rounds: time limit of 20 s reached.');
  });
});
