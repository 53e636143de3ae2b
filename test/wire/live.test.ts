// Wall time in one process: RSU and world in this thread, agents in worker threads, a real broker between them. And an
// RSU that is killed. What is asserted never depends on how long anything took.

import { afterEach, describe, expect, test } from 'vitest';
import type { LoggedEvent } from '../../protocol/events.ts';
import { startBroker } from '../../protocol/link/embedded-broker.ts';
import { connectMqtt } from '../../protocol/link/mqtt.ts';
import { announceTopic } from '../../protocol/topics.ts';
import type { LiveRun } from '../../roadside/feed/live.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import { listRuns } from '../../roadside/store/run-directory.ts';
import { Telemetry } from '../../roadside/store/telemetry.ts';
import { RunFollower } from '../../testbed/live/follow.ts';
import { runLive } from '../../testbed/live/run-live.ts';
import type { RunOptions } from '../../testbed/run-virtual.ts';
import { loadScenario } from '../../testbed/scenario-file.ts';
import { root } from '../support/compose.ts';
import { roadbed, temporaryFolder } from '../support/processes.ts';

const closers: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closers.splice(0).reverse()) await close();
});

process.env.ROADBED_CACHE = temporaryFolder();

async function brokerUrl(): Promise<string> {
  const broker = await startBroker();
  closers.push(() => broker.close());
  return broker.url;
}

function options(broker: string, runsDirectory: string, sets: readonly string[] = []): RunOptions {
  return {
    loaded: loadScenario(`${root}test/support/tiny.yaml`, { sets }),
    runsDirectory,
    link: 'mqtt',
    broker,
    workers: 2,
    engine: 'auto',
    argv: [],
    note: () => undefined,
  };
}

/** What is retained on the announcement's topic; null when nothing is. */
async function announced(url: string): Promise<Uint8Array | null> {
  const link = await connectMqtt({ url, clientId: 'reader' });
  closers.push(() => link.close());
  return new Promise((resolve, reject) => {
    const mark = new TextEncoder().encode('end of what was retained');
    const read = (_topic: string, payload: Uint8Array): void =>
      resolve(Buffer.from(payload).equals(mark) ? null : payload);
    link.subscribe(announceTopic, read).then(() => link.publish(announceTopic, mark), reject);
  });
}

describe('a live run in one process', () => {
  test('trains over the broker and books what happened', async () => {
    const broker = await brokerUrl();
    const runs = temporaryFolder();
    const events: LoggedEvent[] = [];
    let live: LiveRun | undefined;
    const summary = await runLive({
      // By place: agents must be told where their cars first drove.
      ...options(broker, runs, ['data.partition={kind: by-place}']),
      onLive: async (run) => {
        live = run;
      },
      onEvents: (some) => events.push(...some),
    });
    const { selected, committed, left, late, refused, failed, rounds } = summary;
    expect(rounds).toBe(2);
    expect(committed + left + late + refused + failed).toBe(selected);
    expect(committed).toBeGreaterThan(0);
    expect(summary.virtualSeconds).toBe(events.at(-1)?.at);
    expect(live?.info()).toMatchObject({ runId: summary.runId, status: 'finished', link: 'mqtt, live' });
    expect(events.map((event) => event.seq)).toEqual(events.map((_, i) => i + 1));
    expect(await announced(broker)).toBeNull();
    checkFiles(runs, summary.eventLogSha256);
  });

  test('ends in order when it is asked to', async () => {
    const broker = await brokerUrl();
    const runs = temporaryFolder();
    let isOpen = false;
    const summary = await runLive({
      ...options(broker, runs, ['stop.rounds=1000', 'selection.policy=mavfl', 'fallback.mode=split-only']),
      onEvents: (events) => {
        isOpen ||= events.some(({ body }) => body.kind === 'round-closed');
      },
      stopRequested: () => (isOpen ? 'seen enough' : null),
    });
    const { selected, committed, left, late, refused, failed, split } = summary;
    expect(summary.rounds).toBeGreaterThanOrEqual(1);
    expect(committed + left + late + refused + failed).toBe(selected);
    expect(split).toBe(selected);
    const [run] = listRuns(runs);
    expect(run).toMatchObject({ status: 'finished', rounds: summary.rounds });
    const ledger = Ledger.open(run!.directory, { readOnly: true });
    closers.push(() => ledger.close());
    expect(ledger.events().at(-1)?.body).toMatchObject({ kind: 'run-closed', reason: 'seen enough' });
  });

  test('says so when there is no broker', async () => {
    await expect(runLive(options('mqtt://127.0.0.1:1', temporaryFolder()))).rejects.toMatchObject({
      reason: 'broker',
      message: expect.stringContaining('mqtt://127.0.0.1:1'),
    });
  });
});

function checkFiles(runs: string, eventLogSha256: string): void {
  const [run] = listRuns(runs);
  const ledger = Ledger.open(run!.directory, { readOnly: true });
  closers.push(() => ledger.close());
  expect(ledger.eventLogSha256()).toBe(eventLogSha256);
  const telemetry = Telemetry.open(run!.directory, { readOnly: true });
  closers.push(() => telemetry.close());
  expect(telemetry.frames(0, 1e9).frames.length).toBeGreaterThan(0);
  // How many of the four cars were heard depends on how long the run took on the wall.
  const names = telemetry.vehicles();
  expect(names.length).toBeGreaterThanOrEqual(1);
  expect(names.length).toBeLessThanOrEqual(4);
}

describe('an RSU that is killed', () => {
  test('leaves a ledger that can be read, and a run that is not taken for a running one', async () => {
    const broker = await brokerUrl();
    const runs = temporaryFolder();
    const args = ['rsu', 'test/support/tiny.yaml', '--broker', broker, '--runs', runs];
    const rsu = roadbed(args);
    closers.push(() => rsu.kill('SIGKILL'));
    await rsu.said('is announced at');
    const follower = new RunFollower(runs);
    closers.push(() => follower.close());
    await shown(follower);
    expect(follower.current?.info()).toMatchObject({ status: 'running', scenario: 'tiny' });
    expect(follower.current?.eventsAfter(0, 1)[0]?.body.kind).toBe('run-opened');

    rsu.kill('SIGKILL');
    expect(await rsu.ended).toBe(-1);
    follower.poll();
    expect(follower.current?.info().status).toBe('finished');
    const [run] = listRuns(runs);
    expect(run).toMatchObject({ status: 'broken', rounds: null });
    const ledger = Ledger.open(run!.directory, { readOnly: true });
    closers.push(() => ledger.close());
    expect(ledger.events()[0]?.body).toMatchObject({ kind: 'run-opened' });
    // Nobody cleared the announcement: who starts an RSU anew replaces it.
    expect(await announced(broker)).not.toBeNull();
  });
});

/** Waits until the follower shows the first event of a run. */
async function shown(follower: RunFollower): Promise<void> {
  while ((follower.current?.eventsAfter(0, 1).length ?? 0) === 0) {
    await new Promise((resolve) => setTimeout(resolve, 50));
    follower.poll();
  }
}

describe('the commands of a deployment', () => {
  test.each([
    ['rsu', 'test/support/tiny.yaml'],
    ['mobility', 'serve'],
    ['agent', '--vehicle', 'car-1'],
    ['agents', '--capacity', '2'],
  ])('%s ends with exit code 6 and a sentence when the broker is not there', async (...words) => {
    const process = roadbed(
      [...words, '--broker', 'mqtt://127.0.0.1:1', '--runs', temporaryFolder()].slice(
        0,
        words[0] === 'rsu' ? undefined : -2,
      ),
    );
    expect(await process.ended).toBe(6);
    expect(process.err).toContain('cannot reach the MQTT broker at mqtt://127.0.0.1:1: ECONNREFUSED');
  });

  test.each(['rsu', 'mobility serve', 'agent', 'agents', 'dashboard'])(
    '%s shows examples of itself',
    async (words) => {
      const process = roadbed([...words.split(' '), '--help']);
      expect(await process.ended).toBe(0);
      expect(process.out).toMatch(new RegExp(`Examples:\\n {2}.*roadbed ${words}`));
    },
  );
});
