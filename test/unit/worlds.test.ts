// Every kind of roads a scenario can name, opened and driven a few steps: recorded tracks, a paper's road, a grid, a recorded
// SUMO run. A city of files is in test/browser and test/sim, a live SUMO in test/wire. Must not: expect exact positions.

import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';
import { netXmlOf } from '../../mobility/network/net-xml-writer.ts';
import type { MobilityEvent, MobilitySource } from '../../mobility/types.ts';
import { openWorld } from '../../testbed/prepare.ts';
import { loadScenario } from '../../testbed/scenario-file.ts';

const folder = mkdtempSync(join(tmpdir(), 'roadbed-worlds-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function open(roads: string, more = '', note?: (text: string) => void): Promise<MobilitySource> {
  const file = join(folder, 'world.yaml');
  writeFileSync(
    file,
    `name: world
roads: ${roads}
rsus: [{ id: r, x: 100, y: 0, coverageRadiusMeters: 120, antennaHeightMeters: 10 }]
devices: [{ name: d, trainingFlopsPerSecond: 1.0e+9 }]
${more}`,
  );
  return openWorld(loadScenario(file), note === undefined ? {} : { note });
}

async function events(world: MobilitySource, steps: number): Promise<MobilityEvent[]> {
  const all: MobilityEvent[] = [];
  for (let i = 0; i < steps; i++) all.push(...(await world.step()).events);
  return all;
}

const contacts = (all: readonly MobilityEvent[]): string[] =>
  all.flatMap((event) =>
    event.kind === 'entered' || event.kind === 'left'
      ? [`${event.kind} ${event.vehicle} ${event.at.toFixed(3)}`]
      : [],
  );

describe('the world of a scenario', () => {
  it('is a recording of real cars, whose contacts are exact between fixes', async () => {
    const rows = Array.from({ length: 31 }, (_, t) => `${t},Car A,${-100 + 10 * t},0`);
    writeFileSync(join(folder, 't.csv'), `time,id,x,y\n${rows.join('\n')}\n`);
    const world = await open(
      '{ kind: gps, files: [t.csv], coordinates: meters }',
      'traffic: { stepSeconds: 2 }',
    );
    expect(contacts(await events(world, 20))).toEqual(['entered car_a 8.000', 'left car_a 30.000']);
  });

  it('is a paper’s road, where each car keeps its speed', async () => {
    const world = await open(
      '{ kind: constant-speed, preset: aflddpg }',
      'traffic: { source: { kind: poisson, perSecond: 0.1 } }',
    );
    const left = (await events(world, 200)).filter((event) => event.kind === 'left');
    expect(left.length).toBeGreaterThan(3);
  });

  it('is a signalised grid, the same each time, with a picture and signals', async () => {
    const roads = '{ kind: grid, rows: 3, columns: 3, blockMeters: 100 }';
    const traffic = 'traffic: { source: { kind: recirculating, vehicles: 30 }, stepSeconds: 1 }';
    const world = await open(roads, traffic);
    const first = contacts(await events(world, 120));
    expect(first.length).toBeGreaterThan(20);
    expect(contacts(await events(await open(roads, traffic), 120))).toEqual(first);
    const { signals } = await world.step();
    expect(signals?.length).toBe(world.picture?.stopLines.length);
    expect(contacts(await events(await open(roads, `${traffic}\nseed: 9`), 120))).not.toEqual(first);
  });

  it('is a recorded SUMO run on its network', async () => {
    const network = gridNetwork({ columns: 2, rows: 2, blockMeters: 200 });
    writeFileSync(join(folder, 'n.net.xml'), netXmlOf(network));
    const lane = network.lanes.ids[network.edges.firstLane[network.edges.internal.indexOf(0)]!]!;
    const steps = [0, 1, 2].map(
      (t) =>
        `<timestep time="${t}"><vehicle id="c" x="0" y="0" lane="${lane}" pos="${5 + 10 * t}" speed="10"/></timestep>`,
    );
    writeFileSync(join(folder, 'f.xml'), `<fcd-export>${steps.join('')}</fcd-export>`);
    const world = await open('{ kind: fcd, file: f.xml, network: n.net.xml }');
    const all = await events(world, 4);
    expect(all.map(({ kind }) => kind).filter((kind) => kind === 'spawned' || kind === 'arrived')).toEqual([
      'spawned',
      'arrived',
    ]);
  });

  it('has the channel that its keys ask for, the same each time', async () => {
    const ring = '{ kind: ring, lengthMeters: 800 }';
    const speeds = async (radio: string): Promise<number[]> => {
      const world = await open(ring, `radio: ${radio}`);
      const fixes = (await Promise.all([1, 2, 3, 4].map(() => world.step()))).flatMap((step) => step.fixes);
      return fixes.filter(({ serving }) => serving !== null).map((fix) => fix.bitsPerSecondPerHertz);
    };
    const plain = await speeds('{}');
    const faded = await speeds(
      '{ model: umi, shadowing: true, fading: { kind: rayleigh }, noiseFigureDb: 9 }',
    );
    expect(faded.length).toBe(plain.length);
    expect(faded).not.toEqual(plain);
    expect(
      await speeds('{ model: umi, shadowing: true, fading: { kind: rayleigh }, noiseFigureDb: 9 }'),
    ).toEqual(faded);
    const tabled = new Set(await speeds('{ model: two-ray, throughput: { kind: 802.11p } }'));
    for (const rate of tabled) expect([0, 0.3, 0.45, 0.6, 0.9, 1.2, 1.8, 2.4, 2.7]).toContain(rate);
  });

  it('says what its files hold and it leaves out, and which key is in vain', async () => {
    writeFileSync(join(folder, 'grid.net.xml'), netXmlOf(gridNetwork({ columns: 2, rows: 2 })));
    const routes = '<flow id="f" begin="0" period="9" from="A0B0" to="B1A1"/><person id="p" depart="0"/>';
    writeFileSync(join(folder, 'some.rou.xml'), `<routes>${routes}</routes>`);
    const notes: string[] = [];
    const roads = '{ kind: sumo-net, file: grid.net.xml, demand: [some.rou.xml] }';
    await open(roads, 'radio: { zoneMeters: 20 }', (note) => void notes.push(note));
    expect(notes).toEqual([
      'radio.zoneMeters is 20, but zones are cut along roads of kind segment, ring and geojson only: here the exact distance counts.',
      'left out: 1 x person (persons are not simulated): p',
    ]);
  });

  it('is refused with the file it lacks', async () => {
    await expect(open('{ kind: sumo-net, file: no.net.xml, demand: [no.rou.xml] }')).rejects.toThrow(
      /cannot read .*no\.net\.xml/,
    );
  });
});
