// A live SUMO as the world of a run: over a real socket, with SUMO itself where it is installed, and with a server that
// dies. Skipped with the reason where SUMO is missing. Must not: expect SUMO's own figures.

import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';
import { netXmlOf } from '../../mobility/network/net-xml-writer.ts';
import { TraciSession } from '../../mobility/traci/session.ts';
import { startSumo } from '../../mobility/traci/sumo-process.ts';
import { openWire } from '../../mobility/traci/wire.ts';
import { Ledger } from '../../roadside/store/ledger.ts';
import { openWorld } from '../../testbed/prepare.ts';
import { type RunOptions, runVirtual } from '../../testbed/run-virtual.ts';
import { loadScenario } from '../../testbed/scenario-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-traci-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const network = gridNetwork({ columns: 3, rows: 3, blockMeters: 150 });
const streets = network.edges.ids.filter((_, edge) => network.edges.internal[edge] === 0);
const trips = Array.from({ length: 60 }, (_, i) => {
  const from = streets[(5 * i) % streets.length];
  const to = streets[(5 * i + 7) % streets.length];
  return `<trip id="Car:${i}" depart="${i}" from="${from}" to="${to}"/>`;
});
writeFileSync(join(folder, 'grid.net.xml'), netXmlOf(network));
writeFileSync(join(folder, 'grid.rou.xml'), `<routes>${trips.join('\n')}</routes>`);
const file = join(folder, 'live.yaml');
writeFileSync(
  file,
  `
name: live
seed: 2
roads: { kind: traci, network: grid.net.xml, demand: [grid.rou.xml] }
traffic: { stepSeconds: 1 }
rsus:
  - { id: rsu-a, x: 100, y: 150, coverageRadiusMeters: 140 }
  - { id: rsu-b, x: 250, y: 150, coverageRadiusMeters: 140 }
handover: {}
radio: { uplinkBandwidthHz: 9.0e+4, downlinkBandwidthHz: 9.0e+4 }
devices: [{ name: fast, trainingFlopsPerSecond: 2.4e+9 }]
data: { kind: signs, trainSamples: 430, testSamples: 86, samplesPerVehicle: 48 }
training: { epochs: 1, batchSize: 16 }
selection: { policy: random, perRound: 2 }
fallback: { mode: full-only }
stop: { rounds: 4, virtualSeconds: 120 }
`,
);

const installed = spawnSync('sumo', ['--version']).status === 0;
const isRequired = process.env.ROADBED_REQUIRE_SYSTEM === '1';
const skipped = installed || isRequired ? undefined : 'sumo is not installed (Debian: apt-get install sumo)';
if (skipped) console.log(`tests with a live SUMO are skipped: ${skipped}`);

const run = (sets: readonly string[], options: Partial<RunOptions> = {}) =>
  runVirtual({
    loaded: loadScenario(file, { sets }),
    runsDirectory: join(folder, 'runs'),
    link: 'memory',
    workers: 1,
    engine: 'wasm',
    argv: [],
    note: () => undefined,
    ...options,
  });

describe.skipIf(skipped)('a run that a live SUMO drives', () => {
  it('learns from cars that pass between RSUs, the same each time', async () => {
    const first = await run([]);
    expect(first.rounds).toBe(4);
    expect(first.handovers).toBeGreaterThan(0);
    const again = await run([], { workers: 2 });
    expect(again.eventLogSha256).toBe(first.eventLogSha256);
  }, 60_000);

  it('sees the same contacts whether it watches every car or only those around the RSUs', async () => {
    const contactsOf = async (watch: string): Promise<string[]> => {
      const world = await openWorld(loadScenario(file, { sets: [`roads.watch=${watch}`] }));
      const contacts: string[] = [];
      for (let i = 0; i < 90; i++)
        for (const event of (await world.step()).events)
          if (event.kind === 'entered' || event.kind === 'left')
            contacts.push(`${event.kind} ${event.vehicle} ${event.rsu} ${event.at.toFixed(6)}`);
      await world.close?.();
      return contacts;
    };
    const all = await contactsOf('vehicles');
    expect(all.length).toBeGreaterThan(50);
    expect(await contactsOf('coverage')).toEqual(all);
  }, 60_000);

  it('shows what its signals show, and is not started where it is only looked at', async () => {
    const loaded = loadScenario(file);
    const world = await openWorld(loaded);
    const colours = new Set<string>();
    const lines = world.picture!.stopLines.length;
    for (let i = 0; i < 60; i++) {
      const { signals } = await world.step();
      expect(signals).toHaveLength(lines);
      for (const colour of signals!) colours.add(colour);
    }
    await world.close?.();
    expect(lines).toBeGreaterThan(0);
    expect([...colours].sort()).toEqual(['green', 'red', 'yellow']);
    const still = await openWorld(loaded, { isDriven: false });
    expect(still.coverage).toEqual(world.coverage);
    await expect(still.step()).rejects.toThrow('looked at, not driven on');
  }, 60_000);

  it('ends with what it had, and says so, when SUMO dies on the way', async () => {
    const sumo = await startSumo({
      networkFile: join(folder, 'grid.net.xml'),
      demandFiles: [join(folder, 'grid.rou.xml')],
      beginSeconds: 0,
      stepSeconds: 1,
      seed: 2,
    });
    const died = run([`roads.connect=127.0.0.1:${sumo.port}`, 'stop.rounds=50'], {
      runsDirectory: join(folder, 'died'),
      onEvents: (events) => {
        if (events.some(({ body }) => body.kind === 'round-closed')) sumo.stop();
      },
    });
    await expect(died).rejects.toMatchObject({ reason: 'simulator' });
    await expect(died).rejects.toThrow(/SUMO at .* ended before the run did: .* is kept in /);
    const [kept = ''] = readdirSync(join(folder, 'died'));
    const ledger = Ledger.open(join(folder, 'died', kept), { readOnly: true });
    const events = ledger.events();
    ledger.close();
    expect(events.at(-1)?.body.kind).toBe('run-closed');
    expect(events.some(({ body }) => body.kind === 'round-closed')).toBe(true);
  }, 60_000);
});

/** A server that answers as told, then hangs up. */
function serve(answers: readonly string[]): Promise<{ server: Server; port: number }> {
  const left = [...answers];
  const server = createServer((socket: Socket) =>
    socket.on('data', () => {
      const answer = left.shift();
      if (answer === undefined) return socket.destroy();
      const bytes = Buffer.from(answer.replace(/\s/g, ''), 'hex');
      const length = Buffer.alloc(4);
      length.writeInt32BE(bytes.length + 4);
      // In two pieces: a socket keeps no borders of messages.
      socket.write(Buffer.concat([length, bytes.subarray(0, 3)]));
      return socket.write(bytes.subarray(3));
    }),
  );
  return new Promise((resolve) =>
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      resolve({ server, port: typeof address === 'object' && address ? address.port : 0 });
    }),
  );
}

const ok = (id: string): string => `07 ${id} 00 00000000`;
const everybody = { vehicles: 'all', signals: [] } as const;
const greeting = (api: string): string => `${ok('00')} 0b 00 ${api} 00000001 53`;
const life = `${ok('db')} 07 eb 00000000 00`;

describe('a TraCI server', () => {
  it('that hangs up in the middle of a run is an error that says so', async () => {
    const { server, port } = await serve([greeting('00000014'), ok('03'), life, `${ok('02')} 00000000`]);
    const wire = await openWire({ host: '127.0.0.1', port, patienceSeconds: 1 });
    const session = await TraciSession.open(wire, everybody);
    expect(await session.step()).toEqual({ vehicles: [], arrived: [] });
    await expect(session.step()).rejects.toThrow(`SUMO at 127.0.0.1:${port} ended before the run did`);
    await session.close();
    server.close();
  });

  it('tells what its signals show, from the subscription on and after each step', async () => {
    // Signal "S" shows "Gr", then "rG".
    const shows = (state: string): string => `11 e2 00000001 53 01 20 00 0c 00000002 ${state}`;
    const { server, port } = await serve([
      ...[greeting('00000014'), ok('03'), `${life} ${ok('d2')} ${shows('4772')}`],
      `${ok('02')} 00000001 ${shows('7247')}`,
    ]);
    const wire = await openWire({ host: '127.0.0.1', port, patienceSeconds: 1 });
    const session = await TraciSession.open(wire, { vehicles: 'all', signals: ['S'] });
    expect(session.signalState('S')).toBe('Gr');
    await session.step();
    expect([session.signalState('S'), session.signalState('T')]).toEqual(['rG', '']);
    await session.close();
    server.close();
  });

  it('that is too old is refused', async () => {
    const { server, port } = await serve([greeting('0000000a')]);
    const wire = await openWire({ host: '127.0.0.1', port, patienceSeconds: 1 });
    await expect(TraciSession.open(wire, everybody)).rejects.toThrow('TraCI version 10 of S');
    wire.close();
    server.close();
  });

  it('that is not there is an error that says how to have one', async () => {
    const { server, port } = await serve([]);
    await new Promise((resolve) => server.close(resolve));
    const reached = openWire({ host: '127.0.0.1', port, patienceSeconds: 0.2 });
    await expect(reached).rejects.toThrow('cannot reach SUMO: nobody listens');
  });

  it('that is not installed is named', async () => {
    const nothing = { networkFile: '', demandFiles: [], beginSeconds: 0, stepSeconds: 1, seed: 1 };
    await expect(startSumo(nothing, 'no-such-sumo')).rejects.toThrow('cannot start no-such-sumo');
  });
});
