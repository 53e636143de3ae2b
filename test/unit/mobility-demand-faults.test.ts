// What a demand file holds that is refused, or left out and counted. Must not: need SUMO.

import { describe, expect, it } from 'vitest';
import { readDemand } from '../../mobility/demand/read-demand.ts';
import { demandOf, network, read } from '../support/small-demand.ts';

describe('what is wrong or left out', () => {
  const vehicle = (edges: string): string => `<vehicle id="v" depart="0"><route edges="${edges}"/></vehicle>`;

  it.each([
    [
      'an edge that is not there',
      vehicle('in fst'),
      'drives over edge "fst" (expected an edge of fork.net.xml, perhaps fast)',
    ],
    [
      'a gap',
      vehicle('in out'),
      'drives from edge "in" to edge "out" (expected edges joined by a connection for the class passenger)',
    ],
    [
      'an edge closed to the class',
      vehicle('in buses'),
      'drives over edge "buses" (expected an edge open to the class passenger)',
    ],
    [
      'an unknown type',
      '<vehicle id="v" type="cra" depart="0"><route edges="in"/></vehicle>',
      'has type "cra" (expected the id of a vType',
    ],
    [
      'an unknown route',
      '<vehicle id="v" route="r" depart="0"/>',
      'has route "r" (expected the id of a route)',
    ],
    [
      'no route',
      '<vehicle id="v" depart="0"/>',
      'has no route (expected a route, or from and to as the ids of edges)',
    ],
    [
      'an unknown class',
      '<vType id="t" vClass="passanger"/>',
      'has vClass="passanger" (expected one of SUMO\'s classes, perhaps passenger)',
    ],
    [
      'two vehicles of one id',
      `${vehicle('in')}${vehicle('in')}`,
      'makes vehicle v a second time (expected ids that differ)',
    ],
    [
      'an endless flow',
      '<flow id="f" period="1"><route edges="in"/></flow>',
      'never ends (expected an end or a number',
    ],
    [
      'a lane that is not there',
      '<vehicle id="v" depart="0" departLane="2"><route edges="in"/></vehicle>',
      'has departLane="2" (expected an index below 2, the lanes of edge in)',
    ],
    [
      'a departure that is no time',
      '<vehicle id="v" depart="soon"><route edges="in"/></vehicle>',
      'has depart="soon" (expected seconds, or h:m:s)',
    ],
    ['a negative length', '<vType id="t" length="-1"/>', 'has length="-1" (expected a number above 0)'],
  ])('refuses %s', (_, routes, sentence) => {
    expect(() => demandOf(routes)).toThrow(sentence);
  });

  it('refuses another kind of document and one that is cut off', () => {
    const options = { seed: 1, beginSeconds: 0, endSeconds: 1, ignoreRouteErrors: false, additional: [] };
    const parse = (content: string) =>
      readDemand(network, { ...options, routes: [{ file: 'x.xml', content }] });
    expect(() => parse('<net/>')).toThrow(
      'x.xml, line 1: <net> is the root element (expected <routes> or <additional>)',
    );
    expect(() => parse('<routes><vehicle id="v" depart="0">')).toThrow(/x\.xml, line 1 inside <vehicle>/);
  });

  it('counts detectors, persons and trips between points, with all that is in them', () => {
    const { omissions, departures } = demandOf(
      '<person id="p" depart="0"><vehicle id="no"/></person><trip id="t" depart="0" fromXY="1,2" toXY="3,4"/>',
      { additional: '<e1Detector id="d1" lane="in_0"/><e1Detector id="d2" lane="in_0"/><poly id="house"/>' },
    );
    expect(departures).toEqual([]);
    expect(omissions).toEqual([
      { what: 'e1Detector (measures, changes nothing)', count: 2, examples: ['d1', 'd2'] },
      { what: 'poly (a picture)', count: 1, examples: ['house'] },
      { what: 'person (persons are not simulated)', count: 1, examples: ['p'] },
      {
        what: 'trip from or to a point (only edges, districts and junctions are routed)',
        count: 1,
        examples: ['t'],
      },
    ]);
  });

  it('counts by name what a file states and nobody simulates', () => {
    const { omissions, departures } = demandOf(
      '<vType id="t" color="red" jmDriveAfterRedTime="5" laneChangeModel="SL2015"/>' +
        '<vehicle id="v" type="t" depart="0" reroute="true" departPos="900"><param key="has.rerouting.device" value="1"/>' +
        '<param key="colour" value="red"/><route edges="in fast"/>' +
        '<stop lane="in_0" speed="3" duration="1"/></vehicle>',
    );
    expect(omissions.map(({ what }) => what)).toEqual([
      'attribute jmDriveAfterRedTime of vType (not simulated)',
      'lane-change model SL2015 (driven as LC2013)',
      'attribute reroute of vehicle (not simulated)',
      'param has.rerouting.device (devices are not simulated)',
      'stop that is passed at a speed (a waypoint: passed as if it were not there)',
      'departPos beyond the edge (its end or beginning instead)',
    ]);
    expect(departures[0]!.stops).toEqual([]);
  });

  it('refuses to depart faster than a type drives, and to stop behind the end of a lane', () => {
    expect(() =>
      demandOf('<vehicle id="v" depart="0" departSpeed="99"><route edges="in"/></vehicle>'),
    ).toThrow(/some\.rou\.xml, line 2: <vehicle id="v"> has departSpeed="99"/);
    const stopping = (more: string): string =>
      `<vehicle id="v" depart="0"><route edges="in"/><stop lane="in_0" endPos="201" duration="1"${more}/></vehicle>`;
    expect(() => demandOf(stopping(''))).toThrow(/ends at 201 m of a lane of 200 m/);
    expect(demandOf(stopping(' friendlyPos="1"')).departures[0]!.stops[0]!.endMeters).toBe(200);
  });

  it('hands over the signal programs of additional files', () => {
    const { signals } = read('', {
      additional:
        '<tlLogic id="j" type="static" programID="x" offset="3"><phase duration="5" state="Gr"/></tlLogic>',
    });
    expect(signals).toMatchObject([
      { id: 'j', programId: 'x', offsetSeconds: 3, phases: [{ durationSeconds: 5 }] },
    ]);
  });
});
