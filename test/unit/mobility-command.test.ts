// `roadbed mobility run | import | validate` on a small network. Must not: need SUMO, or assert timing.

import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { exitCodes } from '../../base/errors.ts';
import { main } from '../../testbed/cli.ts';
import type { CommandIo } from '../../testbed/io.ts';
import { forkXml } from '../support/tiny-net.ts';
import { geojsonOf } from './mobility-setup.ts';

let folder: string;
let net: string;
let demand: string;
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'roadbed-mobility-'));
  net = join(folder, 'fork.net.xml');
  demand = join(folder, 'fork.rou.xml');
  writeFileSync(net, forkXml());
  const flow =
    '<flow id="f" begin="0" end="100" number="10" departLane="best"><route edges="in fast out"/></flow>';
  writeFileSync(demand, `<routes>${flow}<person id="p" depart="0"/></routes>`);
});
afterEach(() => rmSync(folder, { recursive: true }));

async function roadbed(...args: string[]): Promise<{ code: number; out: string; err: string }> {
  const out: string[] = [];
  const err: string[] = [];
  const io: CommandIo = {
    out: (line) => void out.push(line),
    err: (line) => void err.push(line),
    isTerminal: false,
    colour: false,
  };
  return { code: await main(args, io), out: out.join('\n'), err: err.join('\n') };
}

describe('roadbed mobility run', () => {
  it('drives everybody to the end, says so, and writes floating-car data', async () => {
    const trace = join(folder, 'out.xml.gz');
    const { code, out } = await roadbed('mobility', 'run', net, '--demand', demand, '--fcd', trace, '--json');
    expect(code).toBe(exitCodes.ok);
    const report = JSON.parse(out);
    expect(report).toMatchObject({
      network: { edges: 6, lanes: 9, signals: 0, laneKilometers: 1.45 },
      demand: { vehicles: 10, types: 1, routes: 1 },
      counts: { inserted: 10, arrived: 10, running: 0, waiting: 0, teleports: 0 },
      seed: 42,
      stepSeconds: 1,
      omissions: [{ what: 'person (persons are not simulated)', count: 1, examples: ['p'] }],
    });
    const text = gunzipSync(readFileSync(trace)).toString();
    expect(text.match(/<timestep/g)).toHaveLength(report.steps);
    expect(text.match(/<vehicle/g)).toHaveLength(report.updates);
    expect(text).toMatch(/<vehicle id="f\.0" x="[\d.]+" y="0\.00" angle="90\.00" type="DEFAULT_VEHTYPE"/);
  });

  it('repeats a run digit by digit and changes with the seed', async () => {
    const digest = async (seed: string): Promise<string> => {
      const { out } = await roadbed('mobility', 'run', net, '--demand', demand, '--seed', seed, '--json');
      return JSON.parse(out).digest;
    };
    expect(await digest('7')).toBe(await digest('7'));
    expect(await digest('8')).not.toBe(await digest('7'));
  });

  it('stops before its end and drops departures outside of begin and end', async () => {
    const { out } = await roadbed(
      ...['mobility', 'run', net, '--demand', demand, '--begin', '20', '--end', '40', '--json'],
    );
    expect(JSON.parse(out)).toMatchObject({
      steps: 20,
      beginSeconds: 20,
      endSeconds: 39,
      demand: { vehicles: 2 },
    });
  });

  it('prints lines for people', async () => {
    const { out } = await roadbed('mobility', 'run', net, '--demand', demand);
    expect(out).toContain('inserted 10, arrived 10, driving 0, waiting 0, teleports 0');
    expect(out).toContain('left out: 1 x person (persons are not simulated): p');
  });

  it('drives made-up traffic on a generated grid', async () => {
    for (const [traffic, vehicles] of [
      ['trips:20', 20],
      ['recirculating:30', 30],
    ] as const) {
      const { out } = await roadbed(
        'mobility',
        'run',
        'grid:3x3',
        '--traffic',
        traffic,
        '--end',
        '60',
        '--json',
      );
      expect(JSON.parse(out)).toMatchObject({ steps: 60, demand: { vehicles }, network: { junctions: 9 } });
    }
  });

  it.each([
    [['mobility', 'run', 'NET', '--traffic', 'trips:1'], exitCodes.usage, '--traffic: expected an --end'],
    [
      ['mobility', 'run', 'NET', '--traffic', 'cars:1'],
      exitCodes.usage,
      '--traffic cars:1: expected one of trips:<n>',
    ],
    [
      ['mobility', 'run', 'NET', '--demand', 'DEMAND', '--traffic', 'trips:1'],
      exitCodes.usage,
      'expected one of them',
    ],
    [['mobility', 'run', 'NET'], exitCodes.usage, '--demand: expected at least one route file'],
    [
      ['mobility', 'run', 'NET', '--demand', 'DEMAND', '--end', 'late'],
      exitCodes.usage,
      '--end late: expected seconds',
    ],
    [
      ['mobility', 'run', 'NET', '--demand', 'DEMAND', '--begin', '5', '--end', '5'],
      exitCodes.usage,
      '--end 5: expected seconds after --begin 5',
    ],
    [['mobility', 'run', 'no.net.xml', '--demand', 'DEMAND'], exitCodes.data, 'cannot read no.net.xml'],
    [
      ['mobility', 'run', 'DEMAND', '--demand', 'DEMAND'],
      exitCodes.data,
      'fork.rou.xml, line 1: <routes> is the root element',
    ],
    [
      ['mobility', 'run', 'NET', '--demand', 'NET'],
      exitCodes.data,
      'fork.net.xml, line 1: <net> is the root element',
    ],
  ])('refuses %j', async (args, exit, sentence) => {
    const named = args.map((arg) => (arg === 'NET' ? net : arg === 'DEMAND' ? demand : arg));
    const { code, err } = await roadbed(...named);
    expect(code).toBe(exit);
    expect(err).toContain(sentence);
  });
});

describe('roadbed mobility validate', () => {
  it('finds no difference between a run and its own trace, and one to another seed', async () => {
    const trace = (seed: string): string => join(folder, `${seed}.xml`);
    for (const seed of ['1', '2'])
      await roadbed(
        'mobility',
        'run',
        net,
        '--demand',
        demand,
        '--end',
        '150',
        '--seed',
        seed,
        '--fcd',
        trace(seed),
      );
    const { code, out } = await roadbed(
      ...['mobility', 'validate', net, '--demand', demand, '--end', '150', '--seed', '1'],
      ...['--against', trace('1'), '--against', trace('2'), '--json'],
    );
    expect(code).toBe(exitCodes.ok);
    const found = JSON.parse(out);
    expect(found).toMatchObject({ geh: { shareBelow5: 1 }, travelTimeError: 0, runningRmse: 0, arrived: 10 });
    expect(found.dwellKs).toBeLessThan(0.2);
    expect(Object.keys(found.successError)).toEqual(['5', '20', '60']);
    for (const points of Object.values(found.successError)) expect(points).toBeLessThan(0.01);
    expect(found.noiseFloor.geh.shareBelow5).toBe(1);
    expect(found.noiseFloor.travelTimeError).toBeGreaterThan(0);
  });

  it('refuses the trace of another network', async () => {
    const trace = join(folder, 'other.csv');
    writeFileSync(trace, 'time,id,x,y,lane\n0,v,1,1,elsewhere_0\n');
    const { code, err } = await roadbed('mobility', 'validate', net, '--demand', demand, '--against', trace);
    expect(code).toBe(exitCodes.data);
    expect(err).toContain('other.csv: vehicle v is on lane "elsewhere_0" (expected a lane of');
  });
});

describe('roadbed mobility import', () => {
  it('says what is in a map', async () => {
    const { code, out } = await roadbed('mobility', 'import', net);
    expect(code).toBe(exitCodes.ok);
    expect(out).toMatch(/^edges +6$/m);
    expect(out).toMatch(/^projection +none$/m);
    const { out: json } = await roadbed('mobility', 'import', net, '--json');
    expect(JSON.parse(json)).toMatchObject({ edges: 6, junctions: 6, omissions: [] });
  });

  it('writes a net.xml that reads as the same network', async () => {
    const copy = join(folder, 'copy.net.xml.gz');
    const { out } = await roadbed('mobility', 'import', 'grid:3x2', '--out', copy, '--json');
    const again = await roadbed('mobility', 'import', copy, '--json');
    expect({ ...JSON.parse(again.out), name: '' }).toEqual({ ...JSON.parse(out), name: '' });
  });

  it('refuses a map without edges, and words that generate none', async () => {
    writeFileSync(net, '<net version="1.9"/>');
    const empty = await roadbed('mobility', 'import', net);
    expect([empty.code, empty.err]).toEqual([
      exitCodes.data,
      `${net}: a network without edges (expected at least one <edge>)`,
    ]);
    for (const words of ['grid:abc', 'grid:3', 'grid:3x3:on@5', 'highway:900:up@3', 'ring:3'])
      expect((await roadbed('mobility', 'import', words)).code).toBe(exitCodes.usage);
  });

  it('reads GeoJSON', async () => {
    const map = join(folder, 'map.geojson');
    const line = [
      [9, 45],
      [9.001, 45],
    ];
    writeFileSync(map, geojsonOf(['street', line]));
    const { out } = await roadbed('mobility', 'import', map, '--json');
    expect(JSON.parse(out)).toMatchObject({ edges: 1, junctions: 2 });
  });

  it('reads OpenStreetMap', async () => {
    const map = join(folder, 'map.osm');
    const nodes = '<node id="1" lat="45" lon="9"/><node id="2" lat="45.001" lon="9"/>';
    const way = '<way id="7"><nd ref="1"/><nd ref="2"/><tag k="highway" v="residential"/></way>';
    writeFileSync(map, `<?xml version="1.0"?><osm version="0.6">${nodes}${way}</osm>`);
    const { out } = await roadbed('mobility', 'import', map, '--json');
    expect(JSON.parse(out)).toMatchObject({ edges: 2, junctions: 2 });
  });

  it('stands beside the other commands of mobility', async () => {
    const { out } = await roadbed('mobility', '--help');
    for (const name of ['run', 'import', 'validate', 'contacts', 'serve'])
      expect(out).toMatch(new RegExp(`^  ${name}\\b`, 'm'));
  });
});

describe('roadbed mobility generate', () => {
  it('writes a grid, a segment, a ring and a highway with ramps', async () => {
    const edges: number[] = [];
    for (const what of ['grid:3x2', 'segment:800x2', 'ring:400', 'highway:4000x3:on@1000,off@3000']) {
      const { code, out } = await roadbed('mobility', 'generate', what, '--out', net, '--json');
      expect(code).toBe(exitCodes.ok);
      const again = JSON.parse((await roadbed('mobility', 'import', net, '--json')).out);
      const own = JSON.parse(out);
      expect({ ...again, name: '', omissions: [] }).toEqual({ ...own, name: '', omissions: [] });
      edges.push(again.edges);
    }
    expect(edges).toEqual([14, 1, 4, 7]);
    expect((await roadbed('mobility', 'generate', 'town.osm', '--out', net)).code).toBe(exitCodes.usage);
  });
});

describe('roadbed mobility contacts', () => {
  it('says how long the cars of a paper stay, as its formula has it', async () => {
    const { code, out } = await roadbed(
      ...['mobility', 'contacts', 'paper:aflddpg', '--rsu', '500,0,100', '--per-hour', '360', '--json'],
    );
    expect(code).toBe(exitCodes.ok);
    const [rsu] = JSON.parse(out).rsus;
    // 200 m at 20 m/s: 10 s, of which a round of 5 s may begin in the first 5.
    expect(rsu.meanSeconds).toBeCloseTo(10, 9);
    expect(rsu.success).toEqual({ 5: expect.closeTo(0.5, 9), 20: 0, 60: 0 });
  });

  it('follows recorded cars, by their positions or on the lanes of their network', async () => {
    const trace = join(folder, 'cars.csv');
    const rows = Array.from({ length: 31 }, (_, at) => `${at},v,${(5 * at) / 2},0,in_0,${5 * at},5`);
    writeFileSync(trace, `time,id,x,y,lane,pos,speed\n${rows.join('\n')}\n`);
    for (const more of [[], ['--net', net]]) {
      const { out } = await roadbed('mobility', 'contacts', trace, '--rsu', '50,0,10', ...more, '--json');
      const report = JSON.parse(out);
      // From x = 40 to x = 60 at 2.5 m/s.
      expect(report).toMatchObject({ vehicles: 1, rsus: [{ rsu: 'rsu-1', stays: 1 }] });
      expect(report.rsus[0].meanSeconds).toBeCloseTo(8, 9);
    }
  });

  it('reads GPX', async () => {
    const trace = join(folder, 'drive.gpx');
    const point = (lat: number, seconds: string): string =>
      `<trkpt lat="${lat}" lon="9"><time>2024-05-01T08:00:${seconds}Z</time></trkpt>`;
    writeFileSync(trace, `<gpx><trk><trkseg>${point(45, '00')}${point(45.001, '20')}</trkseg></trk></gpx>`);
    const { out } = await roadbed('mobility', 'contacts', trace, '--rsu', '0,50,20');
    expect(out).toMatch(/^rsu-1 +1 +7\.19/m);
  });

  it.each([
    [['paper:afmc', '--rsu', '0,0,1'], 'paper:afmc: expected one of paper:afmc-urban'],
    [['paper:aflddpg'], '--rsu: expected at least one x,y,radius'],
    [['paper:aflddpg', '--rsu', '1,2'], '--rsu 1,2: expected x,y,radius in metres'],
  ])('refuses %j', async (args, sentence) => {
    const { code, err } = await roadbed('mobility', 'contacts', ...args);
    expect(code).toBe(exitCodes.usage);
    expect(err).toContain(sentence);
  });
});
