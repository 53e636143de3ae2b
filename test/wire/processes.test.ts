// The deployment of docker-compose.yml without Docker: the same commands as processes of their own, over mosquitto with
// the same configuration, through a run of two rounds.

import { readFileSync } from 'node:fs';
import { afterAll, describe, expect, test } from 'vitest';
import type { RunSummary } from '../../protocol/run-info.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import { findRun, readRunInfo } from '../../roadside/store/run-directory.ts';
import { readCompose } from '../support/compose.ts';
import {
  freePort,
  mosquittoMissing,
  type Running,
  roadbed,
  startMosquitto,
  temporaryFolder,
} from '../support/processes.ts';

const missing = mosquittoMissing();
if (missing) console.warn(missing);

const running: Running[] = [];
afterAll(async () => {
  for (const one of running) one.kill('SIGKILL');
  await Promise.all(running.map((one) => one.ended));
});

const token = 'a-token-of-letters-and-digits-1';
const compose = readCompose({ ROADBED_TOKEN: token, ROADBED_SCENARIO: 'test/support/tiny.yaml' });
const folder = temporaryFolder();
const runs = `${folder}/runs`;

/** Starts a service's command here: the names of the network and of the volume are those of this machine. */
function start(service: string, places: Readonly<Record<string, string>>): Running {
  const command = compose.services[service]?.command ?? [];
  const here = command.map((word) => places[word] ?? word);
  const process = roadbed(here, { ROADBED_TOKEN: token, ROADBED_CACHE: `${folder}/cache` });
  running.push(process);
  return process;
}

describe.skipIf(missing !== undefined)('the processes of docker-compose.yml', () => {
  test('carry a run out over mosquitto, agents spread over two processes', async () => {
    const broker = await startMosquitto(folder);
    running.push(broker.process);
    const port = await freePort();
    const places = {
      'mqtt://mosquitto:1883': broker.url,
      '/data/runs': runs,
      '8080': String(port),
      '0.0.0.0': '127.0.0.1',
      // One vehicle each: a round needs three, so no process can be left out.
      '24': '1',
    };
    const dashboard = start('dashboard', places);
    const mobility = start('mobility', places);
    const agents = [start('agents', places), start('agents', places)];
    // One car of its own, as a real one: it needs no Compose.
    const car = roadbed(
      ['agent', '--broker', broker.url, '--vehicle', 'v0001', '--outbox', `${folder}/car`],
      {
        ROADBED_CACHE: `${folder}/cache`,
      },
    );
    running.push(car);
    const rsu = start('rsu', places);

    await dashboard.said('Dashboard:');
    const ask = (path: string) =>
      fetch(`http://127.0.0.1:${port}${path}`, { headers: { authorization: `Bearer ${token}` } });
    expect(await (await ask('/api/health')).json()).toEqual({ ok: true });
    expect((await fetch(`http://127.0.0.1:${port}/api/health`)).status).toBe(403);

    expect(await rsu.ended, rsu.err).toBe(0);
    const summary = JSON.parse(rsu.out) as RunSummary;
    expect(summary.rounds).toBe(2);
    const { selected, committed, left, late, refused, failed } = summary;
    expect(committed + left + late + refused + failed).toBe(selected);
    expect(committed).toBeGreaterThan(0);
    expect(refused).toBe(0);

    // The run is over for all who took part in it, each pool having driven some of the vehicles.
    for (const one of [mobility, car, ...agents]) expect(await one.ended, one.err).toBe(0);
    for (const one of agents) expect(one.err).toContain('drives');
    expect(car.err).toContain(`v0001 takes part in run ${summary.runId}`);
    expect(readFileSync(`${folder}/car/${summary.runId}/v0001/starts`, 'utf8')).toBe('1');
    expect(mobility.err).toContain(`Moving the vehicles of run ${summary.runId}.`);

    const listed = (await (await ask('/api/runs')).json()) as { runId: string; status: string }[];
    expect(listed).toMatchObject([{ runId: summary.runId, status: 'finished' }]);
    dashboard.kill('SIGTERM');
    expect(await dashboard.ended, dashboard.err).toBe(0);
    checkLedger(summary);
  });
});

function checkLedger(summary: RunSummary): void {
  const { directory } = findRun(runs, summary.runId);
  expect(readRunInfo(directory)).toMatchObject({ status: 'finished', scenario: 'tiny', seed: 3 });
  const ledger = Ledger.open(directory, { readOnly: true });
  try {
    const events = ledger.events();
    const kinds = (kind: string) => events.filter(({ body }) => body.kind === kind);
    expect(ledger.eventLogSha256()).toBe(summary.eventLogSha256);
    expect(kinds('round-closed')).toHaveLength(2);
    expect(kinds('vehicle-outcome')).toHaveLength(summary.selected);
    expect(kinds('update-committed')).toHaveLength(summary.committed);
    expect(events.at(-1)?.body).toMatchObject({
      kind: 'run-closed',
      rounds: 2,
      modelSha: summary.modelSha256,
    });
  } finally {
    ledger.close();
  }
}
