// Reading SUMO's net.xml: a small crossing in full, and what the reader says of broken ones.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { networkFromNetXml } from '../../mobility/network/net-xml.ts';
import type { Network } from '../../mobility/network/network.ts';
import { classesOf } from '../../mobility/network/permissions.ts';
import { parseShape } from '../../mobility/network/shape-text.ts';
import { withSignalPrograms } from '../../mobility/network/signals.ts';

const text = readFileSync(new URL('../support/crossing.net.xml', import.meta.url), 'utf8');
const read = (document = text): Network => networkFromNetXml(document, 'crossing.net.xml');

/** `from>to` of a link. */
function nameOf({ lanes, links }: Network, link: number): string {
  return `${lanes.ids[links.fromLane[link]!]}>${lanes.ids[links.toLane[link]!]}`;
}

function linkNamed(network: Network, name: string): number {
  return Array.from(network.links.fromLane, (_, link) => nameOf(network, link)).indexOf(name);
}

/** Foes of a link as `name` (must give way) or `(name)`. */
function foesOf(network: Network, name: string): string[] {
  const { firstFoe, foes, yields } = network.links;
  const link = linkNamed(network, name);
  return Array.from(foes.subarray(firstFoe[link], firstFoe[link + 1]), (foe, i) =>
    yields[firstFoe[link]! + i] === 1 ? nameOf(network, foe) : `(${nameOf(network, foe)})`,
  );
}

describe('a network of net.xml', () => {
  const network = read();

  it('has its edges, lanes and junctions, without pavements', () => {
    const { edges, lanes, junctions } = network;
    expect([edges.count, lanes.count, network.links.count, junctions.count]).toEqual([13, 13, 13, 4]);
    const ec = edges.ids.indexOf('ec');
    expect([edges.names[ec], edges.priority[ec], edges.internal[ec]]).toEqual(['High Street', 9, 0]);
    expect([junctions.ids[edges.from[ec]!], junctions.ids[edges.to[ec]!]]).toEqual(['e', 'c']);
    const inner = edges.ids.indexOf(':c_6');
    expect([
      edges.internal[inner],
      junctions.ids[edges.from[inner]!],
      junctions.ids[edges.to[inner]!],
    ]).toEqual([1, 'c', 'c']);
    expect(
      [...edges.roundabout].map((is, edge) => (is === 1 ? edges.ids[edge] : '')).filter(Boolean),
    ).toEqual(['cw']);
  });

  it('keeps length, speed, width, shape and permissions of lanes', () => {
    const { lanes } = network;
    const sc = lanes.ids.indexOf('sc_0');
    expect([lanes.lengthMeters[sc], lanes.speedLimitMps[sc], lanes.widthMeters[sc]]).toEqual([95, 8.33, 3]);
    expect([...lanes.shape.subarray(2 * lanes.firstPoint[sc]!, 2 * lanes.firstPoint[sc + 1]!)]).toEqual([
      101.6, 0, 101.6, 95,
    ]);
    expect(classesOf(lanes.permissions[sc]!)).toEqual(['passenger', 'bus']);
    const wc = classesOf(lanes.permissions[lanes.ids.indexOf('wc_0')]!);
    expect([wc.length, wc.includes('pedestrian'), wc.includes('tram'), wc.includes('truck')]).toEqual([
      29,
      false,
      false,
      true,
    ]);
  });

  it('reads request bits from the right, and requests beyond the pavements', () => {
    expect(foesOf(network, 'ec_0>cw_0')).toEqual(['(sc_0>cw_0)']);
    expect(foesOf(network, 'ec_0>cs_0')).toEqual(['(sc_0>cw_0)', 'wc_0>cs_0', 'wc_0>ce_0']);
    expect(foesOf(network, 'sc_0>cw_0')).toEqual(['ec_0>cw_0', 'ec_0>cs_0', 'wc_0>ce_0']);
    const requests = ['ec_0>cw_0', 'wc_0>ce_0', ':c_0_0>cw_0'].map(
      (name) => network.links.request[linkNamed(network, name)],
    );
    expect(requests).toEqual([0, 5, -1]);
  });

  it('gives a continuation two internal lanes and the waiting point its own foes', () => {
    const { links, lanes } = network;
    const left = linkNamed(network, 'ec_0>cs_0');
    expect([links.continuation[left], lanes.ids[links.via[left]!]]).toEqual([1, ':c_1_0']);
    const waiting = lanes.firstLink[links.via[left]!]!;
    expect(nameOf(network, waiting)).toBe(':c_1_0>:c_6_0');
    expect(foesOf(network, ':c_1_0>:c_6_0')).toEqual(['(sc_0>cw_0)', 'wc_0>cs_0', 'wc_0>ce_0']);
    expect(nameOf(network, lanes.firstLink[links.toLane[waiting]!]!)).toBe(':c_6_0>cs_0');
  });

  it('keeps what connections say', () => {
    const { links } = network;
    const right = linkNamed(network, 'sc_0>ce_0');
    expect([
      links.direction[right],
      links.state[right],
      links.signal[right],
      links.signalIndex[right],
    ]).toEqual(['r', 'o', 0, 2]);
    expect([links.visibilityMeters[right], links.keepClear[right]]).toEqual([9, 0]);
    const straight = linkNamed(network, 'ec_0>cw_0');
    expect([links.visibilityMeters[straight], links.keepClear[straight]]).toEqual([4.5, 1]);
    const inner = linkNamed(network, ':c_0_0>cw_0');
    expect([links.via[inner], links.signal[inner], links.signalIndex[inner]]).toEqual([-1, -1, -1]);
  });

  it('reads signal programs with SUMO’s defaults of actuated phases', () => {
    const [program] = network.signals;
    expect(program).toMatchObject({
      id: 'c',
      kind: 'actuated',
      offsetSeconds: 4,
      parameters: { 'max-gap': '3.0' },
    });
    expect(program!.phases.map((phase) => [phase.minimumSeconds, phase.maximumSeconds, phase.next])).toEqual([
      [5, 2147483.647, []],
      [3, 3, []],
      [4, 25, [0]],
    ]);
  });

  it('knows where it lies', () => {
    expect(network.projection).toMatchObject({ offsetX: -500, offsetY: -1000, bounds: [0, 0, 200, 100] });
    expect(read(text.replace(/projParameter="[^"]*"/, 'projParameter="!"')).projection.proj4).toBeUndefined();
  });

  it('counts and names what it leaves out', () => {
    expect(network.omissions).toEqual([
      { what: 'pedestrian crossing (pedestrians are not simulated)', count: 1, examples: [':c_c0'] },
      { what: 'walking area (pedestrians are not simulated)', count: 1, examples: [':c_w0'] },
    ]);
    const odd = read(
      text
        .replace('allow="passenger bus"', 'allow="passenger hovercraft" changeLeft="bus"')
        .replace('0.00,98.40 95', '0.00,98.40,7.1 95'),
    );
    expect(odd.omissions.slice(2).map(({ what, examples }) => [what, ...examples])).toEqual([
      ['forbidden lane change (changeLeft, changeRight)', 'sc_0'],
      ['vehicle class hovercraft (not known)', 'sc_0'],
      ['heights of a shape (the network is flat)', 'wc_0'],
    ]);
  });
});

describe('signal programs of additional files', () => {
  const network = read();
  const phase = { durationSeconds: 9, minimumSeconds: 9, maximumSeconds: 9, next: [] };
  const program = { id: 'c', programId: 'night', kind: 'static', offsetSeconds: 0, parameters: {} } as const;

  it('take the place of the network’s own', () => {
    const night = { ...program, phases: [{ ...phase, state: 'oooooo' }] };
    expect(withSignalPrograms(network, [night]).signals).toEqual([night]);
    expect(network.signals[0]!.programId).toBe('0');
  });

  it('takes a signal without a program as one that is off, until an additional file brings one', () => {
    const odd = read(text.replace('tl="c" linkIndex="0"', 'tl="d" linkIndex="1"'));
    const row = odd.signals.findIndex((program) => program.id === 'd');
    expect(odd.signals[row]).toMatchObject({
      programId: 'off',
      phases: [{ state: expect.stringMatching(/^O[oO]$/) }],
    });
    expect(odd.omissions.find(({ examples }) => examples.includes('d'))?.what).toBe(
      'signal without a program (it is off)',
    );
    const brought = { ...odd.signals[row]!, programId: 'new', phases: odd.signals[row]!.phases };
    expect(withSignalPrograms(odd, [brought]).signals[row]?.programId).toBe('new');
  });

  it('are counted where the network has no such signal', () => {
    const elsewhere = { ...program, id: 'x', phases: [] };
    expect(withSignalPrograms(network, [elsewhere]).omissions.at(-1)).toEqual({
      what: 'signal program of a signal that the network does not have',
      count: 1,
      examples: ['x'],
    });
  });

  it('must have a letter for each link', () => {
    const short = { ...program, phases: [{ ...phase, state: 'GG' }] };
    expect(() => withSignalPrograms(network, [short])).toThrow(
      'the phases of signal c, program night, have 2 letters (expected at least 6: one for each link)',
    );
  });
});

describe('a broken net.xml', () => {
  const edit = (from: string, to: string) => () => read(text.replace(from, to));

  it.each([
    [
      'an edge from a junction that is not there',
      'from="e" to="c"',
      'from="x" to="c"',
      '<edge id="ec"> names junction "x", which is not there (expected the id of a <junction> of this network)',
    ],
    [
      'a connection to an edge that is not there',
      'to="cw" fromLane',
      'to="zz" fromLane',
      '<connection> has to="zz" (expected the id of an edge of this network)',
    ],
    [
      'a connection to a lane that is not there',
      'toLane="0" via=":c_0_0"',
      'toLane="3" via=":c_0_0"',
      '<connection> has toLane="3" (expected a lane of edge cw: 0..0)',
    ],
    [
      'a path that is not there',
      'via=":c_0_0"',
      'via=":c_9_0"',
      '<connection> has via=":c_9_0" (expected the id of a lane of this network)',
    ],
    [
      'a lane without length',
      ' length="95.00"',
      '',
      '<lane id="ec_0"> has no attribute "length" (expected metres > 0)',
    ],
    [
      'a speed that is no number',
      'speed="10.00"',
      'speed="fast"',
      '<lane id=":c_0_0"> has speed="fast" (expected metres per second >= 0)',
    ],
    [
      'a shape that is none',
      'shape="105.00,101.60 95.00,101.60"',
      'shape="105.00 95.00"',
      '<lane id=":c_0_0"> has shape="105.00 95.00" (expected points as x,y x,y in metres)',
    ],
    [
      'an edge without lanes',
      '<lane id="ce_0" index="0" speed="13.89" length="95.00" shape="105.00,98.40 200.00,98.40"/>',
      '',
      '<edge id="ce"> has no lanes (expected at least one <lane>)',
    ],
    [
      'a lane that stands there twice',
      'id="cs_0"',
      'id="ce_0"',
      '<lane id="ce_0"> stands here again (expected ids of lanes to be unique)',
    ],
    [
      'a junction of lanes that are not there',
      'incLanes="ec_0',
      'incLanes="qq_0',
      '<junction id="c"> names lane "qq_0" in incLanes, which is not there (expected ids of lanes of this network)',
    ],
    [
      'bits that are none',
      'foes="0001000"',
      'foes="0002000"',
      '<request> has foes="0002000" (expected a text of 0 and 1)',
    ],
    [
      'a program with too few letters',
      'yyrryy',
      'yyrry',
      '<phase> has state="yyrry" (expected 6 of the letters GgyYruoOs, in the program of signal c)',
    ],
    [
      'a phase of no length',
      'duration="3"',
      'duration="0"',
      '<phase> has duration="0" (expected seconds > 0)',
    ],
    [
      'a program of an unknown type',
      'type="actuated"',
      'type="clever"',
      '<tlLogic id="c"> has type="clever" (expected static, actuated, delay_based, NEMA, off)',
    ],
    ['an unknown projection', '+proj=utm', '+proj=flat', '<location> has projParameter="+proj=flat +zone=32'],
    [
      'an offset that is none',
      '-500.00,-1000.00',
      '-500.00',
      '<location> has netOffset="-500.00" (expected 2 numbers in metres)',
    ],
    [
      'an edge of unknown function',
      'function="crossing"',
      'function="river"',
      '<edge id=":c_c0"> has function="river" (expected normal, connector, internal, crossing, walkingarea)',
    ],
  ])('is refused for %s', (_, from, to, message) => {
    expect(text).toContain(from);
    const line = text.slice(0, text.indexOf(from)).split('\n').length;
    expect(edit(from, to)).toThrow(`crossing.net.xml, line ${line}: ${message}`);
  });

  it('is refused for a path across a junction that leads nowhere', () => {
    expect(edit('<connection from=":c_6" to="cs" fromLane="0" toLane="0" dir="l" state="M"/>', '')).toThrow(
      'crossing.net.xml, line 12: <lane id=":c_6_0"> of a path across a junction has 0 connections (expected one: the way on)',
    );
  });

  it('is read where a lane has no connection, and the lane is named', () => {
    const loose = text.replace(/<edge id="sc" .*<\/edge>/, (edge) =>
      edge.replace('</edge>', '<lane id="sc_1" index="1" speed="9" length="95" shape="99,0 99,95"/></edge>'),
    );
    expect(read(loose).omissions.at(-1)).toEqual({
      what: 'lane without a connection (vehicles must leave it before its end)',
      count: 1,
      examples: ['sc_1'],
    });
  });

  it('is refused for a matrix that is too small', () => {
    expect(edit('<request index="6" response="0000000" foes="0100000" cont="0"/>', '')).toThrow(
      '<junction id="c"> has 6 requests (expected 7: one for each connection of its incoming lanes)',
    );
  });

  it('is refused at every length it may be cut to', () => {
    for (let length = 0; length < text.trimEnd().length; length += 97) {
      expect(() => read(text.slice(0, length))).toThrow(/^crossing\.net\.xml, line \d+/);
    }
  });
});

describe('parseShape', () => {
  it('reads numbers as Number does', () => {
    const numbers = [
      '0',
      '-0.50',
      '13.89',
      '123456.78',
      '-9007199254740.99',
      '1e3',
      '0.1234567890123456789',
      '+5',
      '.5',
      '5.',
    ];
    const text = numbers.map((number) => `${number},${number}`).join(' ');
    expect(parseShape(text)?.points).toEqual(numbers.flatMap((number) => [Number(number), Number(number)]));
  });

  it('sees heights and refuses what is no list of points', () => {
    expect(parseShape(' 1,2,3  4,5,6 ')).toEqual({ points: [1, 2, 4, 5], hasHeight: true });
    for (const text of ['1', '1,', '1,2,', ',1', '1,2 3', '1,2,3,4', 'a,b', '1,,2', '1-2,3'])
      expect(parseShape(text)).toBeUndefined();
  });
});
