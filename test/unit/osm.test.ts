// Importing OpenStreetMap: a small town in full, and what tags mean one by one.

import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import type { Network } from '../../mobility/network/network.ts';
import { networkFromOsm } from '../../mobility/network/osm/import-osm.ts';
import { type Street, streetOf } from '../../mobility/network/osm/tags.ts';
import { classesOf } from '../../mobility/network/permissions.ts';
import { earthMap } from '../../mobility/network/projection.ts';

const text = readFileSync(new URL('../support/town.osm', import.meta.url), 'utf8');
const town = networkFromOsm(text, 'town.osm');

const normalEdges = ({ edges }: Network): number[] =>
  Array.from(edges.ids.keys()).filter((edge) => edges.internal[edge] === 0);
const lanesOf = ({ edges }: Network, edge: number): number =>
  edges.firstLane[edge + 1]! - edges.firstLane[edge]!;

describe('a town of OpenStreetMap', () => {
  const { edges, lanes, junctions, links } = town;
  const row = (id: string): number => edges.ids.indexOf(id);
  const speedKmh = (id: string): number => lanes.speedLimitMps[edges.firstLane[row(id)]!]! * 3.6;

  it('has its streets split where they meet, in the directions they are driven', () => {
    const ids = normalEdges(town).map((edge) => `${edges.ids[edge]}:${lanesOf(town, edge)}`);
    expect(ids).toEqual([
      ...['100#0:2', '-100#0:1', '100#1:2', '-100#1:1'],
      ...['101#0:1', '-101#0:1', '101#1:1', '-101#1:1'],
      ...['102#0:1', '102#1:1', '102#2:1'],
      ...['-103:1', '104:1', '-104:1', '107:1', '-107:1'],
    ]);
    expect(junctions.ids[edges.from[row('-103')]!]).toBe('11');
    expect(edges.names[row('100#0')]).toBe('Main Street');
  });

  it('knows limits in words, miles and zones, and takes the kind’s where it cannot read them', () => {
    expect(speedKmh('100#0')).toBeCloseTo(50, 9);
    expect(speedKmh('101#0')).toBeCloseTo(48.28032, 9);
    expect(speedKmh('-103')).toBeCloseTo(30, 9);
    expect(speedKmh('104')).toBeCloseTo(50, 9);
  });

  it('puts a signal at the crossing that has one, once, and a program with a letter a link', () => {
    expect(town.signals.map(({ id }) => id)).toEqual(['3']);
    const letters = Array.from(links.signal).filter((signal) => signal === 0).length;
    expect(town.signals[0]!.phases.every(({ state }) => state.length === letters)).toBe(true);
    expect(letters).toBeGreaterThanOrEqual(12);
  });

  it('lets the roundabout go first', () => {
    const entering = Array.from(links.fromLane.keys()).filter(
      (link) => edges.ids[lanes.edge[links.fromLane[link]!]!] === '100#1',
    );
    expect(entering.length).toBeGreaterThan(0);
    for (const link of entering) {
      const foes = Array.from(
        { length: links.firstFoe[link + 1]! - links.firstFoe[link]! },
        (_, i) => links.firstFoe[link]! + i,
      );
      const ring = foes.filter(
        (foe) => edges.roundabout[lanes.edge[links.fromLane[links.foes[foe]!]!]!] === 1,
      );
      expect(ring.length).toBeGreaterThan(0);
      expect(ring.every((foe) => links.yields[foe] === 1)).toBe(true);
    }
  });

  it('counts and names what it leaves out', () => {
    expect(town.omissions.map(({ what, count, examples }) => [what, count, ...examples])).toEqual([
      ["maxspeed that cannot be read (fast): the street's kind decides", 2, '104', '104'],
      ['way of highway=footway (no street for vehicles)', 1, '105'],
      ['node of a street beyond the extract', 1, '999'],
      ['street closed to vehicles (access)', 1, '108'],
      ['traffic signal between crossings (pedestrians are not simulated)', 2, '17', '15'],
      ['street that no other street meets', 2, '106', '-106'],
    ]);
  });

  it('lies where the map says, to a centimetre', () => {
    const map = earthMap(town.projection, 'town');
    const at = junctions.ids.indexOf('3');
    const [lon, lat] = map.toEarth(junctions.x[at]!, junctions.y[at]!);
    expect(lon).toBeCloseTo(7.003, 7);
    expect(lat).toBeCloseTo(50, 7);
    expect(town.projection.proj4).toContain('+zone=32');
    expect(Math.min(...junctions.x)).toBeLessThan(1);
  });

  it('is refused where it is broken or empty of streets', () => {
    expect(() => networkFromOsm(text.slice(0, 900), 'cut.osm')).toThrow(/^cut\.osm, line \d+/);
    expect(() => networkFromOsm('<osm/>', 'empty.osm')).toThrow('empty.osm: no street for vehicles in it');
    expect(() => networkFromOsm('<net/>', 'net.xml')).toThrow('<net> is the root element (expected <osm>)');
    expect(() =>
      networkFromOsm(text.replace('lat="50.0000" lon="7.0028"', 'lat="95" lon="7.0028"'), 'town.osm'),
    ).toThrow('town.osm, line 6: <node id="2"> has lat="95" (expected degrees of latitude, -85..85)');
  });
});

describe('turn restrictions of OpenStreetMap', () => {
  // A cross of two ways: 1 from west to east by node 2, 2 from south to north by it.
  const node = (id: number, lon: number, lat: number): string =>
    `<node id="${id}" lon="${7 + lon / 1000}" lat="${50 + lat / 1000}"/>`;
  const way = (id: number, ...nodes: number[]): string =>
    `<way id="${id}">${nodes.map((ref) => `<nd ref="${ref}"/>`).join('')}<tag k="highway" v="residential"/></way>`;
  const relation = (kind: string, from: number, to: number, more = ''): string =>
    `<relation id="9"><member type="way" role="from" ref="${from}"/><member type="node" role="via" ref="2"/>` +
    `<member type="way" role="to" ref="${to}"/><tag k="type" v="restriction${more}"/><tag k="restriction${more}" v="${kind}"/></relation>`;
  const cross = [node(1, -2, 0), node(2, 0, 0), node(3, 2, 0), node(4, 0, -2), node(5, 0, 2)].join('');
  const streets = [way(1, 1, 2, 3), way(2, 4, 2, 5), way(3, 6)].join('');
  const waysFrom = (from: string, relations: string): string[] => {
    const { edges, lanes, links } = networkFromOsm(`<osm>${cross}${streets}${relations}</osm>`, 'cross.osm');
    const first = edges.firstLane[edges.ids.indexOf(from)]!;
    const targets = Array.from(
      { length: lanes.firstLink[first + 1]! - lanes.firstLink[first]! },
      (_, i) => edges.ids[lanes.edge[links.toLane[lanes.firstLink[first]! + i]!]!]!,
    );
    return targets.sort();
  };

  it('close one turn, or all but one', () => {
    expect(waysFrom('1#0', '')).toEqual(['-2#0', '1#1', '2#1']);
    expect(waysFrom('1#0', relation('no_left_turn', 1, 2))).toEqual(['-2#0', '1#1']);
    expect(waysFrom('1#0', relation('only_right_turn', 1, 2))).toEqual(['-2#0']);
    expect(waysFrom('-1#1', relation('no_left_turn', 1, 2))).toEqual(['-1#0', '2#1']);
  });

  it('are counted where they are for some hours, or name streets that do not meet', () => {
    const omitted = (relations: string): string[] =>
      networkFromOsm(`<osm>${cross}${streets}${relations}</osm>`, 'cross.osm').omissions.map(
        ({ what }) => what,
      );
    expect(omitted(relation('no_left_turn @ (08:00-10:00)', 1, 2, ':conditional'))).toContain(
      'turn restriction for some vehicles or hours, or over a way',
    );
    expect(omitted(relation('no_left_turn', 1, 7))).toContain(
      'turn restriction between streets that do not meet there',
    );
  });
});

describe('tags of a way', () => {
  const read = (tags: Record<string, string>): Street => {
    const street = streetOf({ highway: 'residential', ...tags }, () => {});
    if (typeof street === 'string') throw new Error(street);
    return street;
  };

  it.each([
    [{ lanes: '4' }, [2, 2]],
    [{ lanes: '3' }, [2, 1]],
    [{ lanes: '1' }, [1, 1]],
    [{ lanes: '4', 'lanes:backward': '1' }, [3, 1]],
    [{ lanes: '2', oneway: 'yes' }, [2, undefined]],
    [{ lanes: '2', oneway: '-1' }, [undefined, 2]],
    [{ lanes: '2;3', oneway: 'yes' }, [2, undefined]],
    [{ lanes: 'many' }, [1, 1]],
    [{ highway: 'motorway' }, [2, undefined]],
    [{ junction: 'roundabout' }, [1, undefined]],
    [{ junction: 'roundabout', oneway: 'no' }, [1, 1]],
  ] as const)('%j give lanes %j', (tags, lanes) => {
    const { forward, backward } = read(tags);
    expect([forward?.lanes, backward?.lanes]).toEqual(lanes);
  });

  it.each([
    ['50', 50],
    ['50 km/h', 50],
    ['20 mph', 32.18688],
    ['walk', 5],
    ['none', 142],
    ['RU:urban', 50],
    ['DE:rural', 100],
    ['DE:zone30', 30],
    ['GB:nsl_single', 96.56064],
    ['80;60', 60],
    ['signals', 50],
    ['0', 50],
  ])('maxspeed=%s gives %d km/h', (maxspeed, kmh) => {
    expect(read({ maxspeed }).forward!.speedLimitMps * 3.6).toBeCloseTo(kmh, 9);
  });

  it('state limits of each direction', () => {
    const { forward, backward } = read({ maxspeed: '50', 'maxspeed:backward': '30' });
    expect([forward!.speedLimitMps * 3.6, backward!.speedLimitMps * 3.6].map(Math.round)).toEqual([50, 30]);
  });

  it('give turn lanes from the right', () => {
    expect(read({ oneway: 'yes', 'turn:lanes': 'left|through|through;right' }).forward!.turnLanes).toEqual([
      ['s', 'r'],
      ['s'],
      ['l'],
    ]);
    expect(read({ 'turn:lanes:backward': 'left|none' }).backward!.turnLanes).toEqual([['s'], ['l']]);
    expect(read({ 'turn:lanes': 'left|right' }).forward!.turnLanes).toBeUndefined();
  });

  it('say who may drive', () => {
    expect(classesOf(read({ highway: 'motorway' }).permissions)).not.toContain('bicycle');
    expect(classesOf(read({ highway: 'service' }).permissions)).toEqual([
      'pedestrian',
      'delivery',
      'bicycle',
    ]);
    expect(streetOf({ highway: 'residential', motor_vehicle: 'no' }, () => {})).toBe(
      'street closed to vehicles (access)',
    );
    expect(streetOf({ highway: 'steps' }, () => {})).toBe('way of highway=steps (no street for vehicles)');
  });
});
