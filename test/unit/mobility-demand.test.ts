// Demand: SUMO's route and additional files on a small network, and the router. Must not: need SUMO.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import type { Demand } from '../../mobility/demand/demand.ts';
import { readDemand } from '../../mobility/demand/read-demand.ts';
import { drawSpeedFactor, parseSpeedFactor } from '../../mobility/demand/speed-factor.ts';
import { networkFromNetXml } from '../../mobility/network/net-xml.ts';
import { demandOf, namesOf, network } from '../support/small-demand.ts';
import { tinyNetXml } from '../support/tiny-net.ts';

describe('a vehicle type', () => {
  it('has the values of its class where it states nothing', () => {
    const { types } = demandOf(
      '<vType id="t" vClass="truck"/><vehicle id="v" type="t" depart="0"><route edges="in fast"/></vehicle>',
    );
    expect(types).toMatchObject([
      {
        id: 't',
        vehicleClass: 'truck',
        model: 'krauss',
        lengthMeters: 7.1,
        minGapMeters: 2.5,
        maxSpeedMps: 130 / 3.6,
        accelerationMps2: 1.3,
        decelerationMps2: 4,
        emergencyDecelerationMps2: 7,
        sigma: 0.5,
        tauSeconds: 1,
      },
    ]);
  });

  it('states IDM, lane-change factors and junction parameters', () => {
    const { types } = demandOf(
      '<vType id="t" carFollowModel="IDM" delta="3" tau="1.5" lcCooperative="0" lcStrategic="2" jmTimegapMinor="0.5"/>' +
        '<vehicle id="v" type="t" depart="0"><route edges="in fast"/></vehicle>',
    );
    expect(types[0]).toMatchObject({
      model: 'idm',
      delta: 3,
      tauSeconds: 1.5,
      laneChange: { cooperative: 0, strategic: 2, speedGain: 1, keepRight: 1 },
      junctionModel: { jmTimegapMinor: 0.5 },
    });
  });

  it('of another model is driven as the nearest one, counted and named', () => {
    const { types, omissions } = demandOf(
      '<vType id="t" carFollowModel="Wiedemann"/><vehicle id="v" type="t" depart="0"><route edges="in fast"/></vehicle>',
    );
    expect(types[0]!.model).toBe('krauss');
    expect(omissions).toEqual([
      { what: 'car-following model Wiedemann (driven as krauss)', count: 1, examples: ['t'] },
    ]);
  });

  it('raises emergency braking to the braking it states', () => {
    const { types } = demandOf(
      '<vType id="t" decel="10"/><vehicle id="v" type="t" depart="0"><route edges="in"/></vehicle>',
    );
    expect(types[0]!.emergencyDecelerationMps2).toBe(10);
  });

  it('reads parameters that old files nest', () => {
    const { types } = demandOf(
      '<vType id="t" accel="1"><carFollowing-IDM accel="2" tau="3"/></vType><vehicle id="v" type="t" depart="0"><route edges="in"/></vehicle>',
    );
    expect(types[0]).toMatchObject({
      model: 'idm',
      accelerationMps2: 2,
      tauSeconds: 3,
      decelerationMps2: 4.5,
    });
  });
});

describe('a speed factor', () => {
  const fallback = { mean: 1, deviation: 0.1, least: 0.2, most: 2 };

  it('is written as a number, norm or normc', () => {
    expect(parseSpeedFactor('1.2', fallback)).toEqual({ ...fallback, mean: 1.2 });
    expect(parseSpeedFactor('normc(1,0.2,0.5,1.5)', fallback)).toEqual({
      mean: 1,
      deviation: 0.2,
      least: 0.5,
      most: 1.5,
    });
    expect(parseSpeedFactor('norm(1.1,0.2)', fallback)).toMatchObject({ mean: 1.1, deviation: 0.2 });
    expect(parseSpeedFactor('normal(1,2)', fallback)).toBeUndefined();
    expect(parseSpeedFactor('-1', fallback)).toBeUndefined();
  });

  it('keeps mean and deviation over many drivers, inside its bounds', () => {
    const rng = Rng.root(7);
    const drawn = Array.from({ length: 20_000 }, () => drawSpeedFactor(fallback, rng));
    const mean = drawn.reduce((sum, factor) => sum + factor, 0) / drawn.length;
    const variance = drawn.reduce((sum, factor) => sum + (factor - mean) ** 2, 0) / drawn.length;
    expect(mean).toBeCloseTo(1, 2);
    expect(Math.sqrt(variance)).toBeCloseTo(0.1, 2);
    const narrow = { mean: 1, deviation: 1, least: 0.95, most: 1.05 };
    const cut = Array.from({ length: 1000 }, () => drawSpeedFactor(narrow, rng));
    expect(Math.min(...cut)).toBeGreaterThanOrEqual(0.95);
    expect(Math.max(...cut)).toBeLessThanOrEqual(1.05);
  });

  it('is the type’s constant where the deviation is 0', () => {
    const { departures } = demandOf(
      '<vType id="t" speedFactor="1.3" speedDev="0"/><vehicle id="v" type="t" depart="0"><route edges="in"/></vehicle>',
    );
    expect(departures[0]!.speedFactor).toBe(1.3);
  });
});

describe('distributions', () => {
  const types =
    '<vTypeDistribution id="mix"><vType id="x" length="4" probability="0.2"/><vType id="y" length="6" probability="0.6"/></vTypeDistribution>';
  const flow = '<flow id="f" type="mix" begin="0" end="4000" number="4000"><route edges="in"/></flow>';

  it('choose in the ratio of their weights, whatever these sum up to', () => {
    const demand = demandOf(`${types}${flow}`);
    const y = demand.types.findIndex(({ id }) => id === 'y');
    const share = demand.departures.filter(({ type }) => type === y).length / 4000;
    expect(share).toBeCloseTo(0.75, 1);
  });

  it('draw by the id of the vehicle: the order of a file changes nothing', () => {
    const vehicle = (id: string, depart: number): string =>
      `<vehicle id="${id}" type="mix" depart="${depart}"><route edges="in"/></vehicle>`;
    const ids = Array.from({ length: 20 }, (_, i) => `v${i}`);
    const forward = demandOf(types + ids.map((id, i) => vehicle(id, i)).join(''));
    const backward = demandOf(
      types +
        ids
          .map((id, i) => vehicle(id, i))
          .toReversed()
          .join(''),
    );
    const shown = (demand: Demand) =>
      demand.departures.map(({ id, type, speedFactor }) => [id, demand.types[type]!.id, speedFactor]);
    expect(shown(backward)).toEqual(shown(forward));
    expect(new Set(shown(forward).map(([, type]) => type)).size).toBe(2);
    const other = demandOf(types + ids.map((id, i) => vehicle(id, i)).join(''), { seed: 2 });
    expect(shown(other)).not.toEqual(shown(forward));
  });

  it('may list types and take their own probabilities', () => {
    const listed = '<vType id="x" probability="0"/><vType id="y"/><vTypeDistribution id="mix" vTypes="x y"/>';
    const demand = demandOf(`${listed}${flow}`);
    expect(demand.types.map(({ id }) => id)).toEqual(['y']);
  });

  it('of routes choose one for each vehicle', () => {
    const demand = demandOf(
      '<routeDistribution id="ways"><route edges="in fast out" probability="1"/><route edges="in slow out" probability="3"/></routeDistribution>' +
        '<flow id="f" route="ways" begin="0" period="1" number="2000"/>',
    );
    const slow = demand.departures.filter((_, i) => namesOf(demand, i).includes('slow')).length;
    expect(demand.routes).toHaveLength(2);
    expect(slow / 2000).toBeCloseTo(0.75, 1);
  });
});

describe('departures', () => {
  it('are sorted by time, equal instants in the order of the file', () => {
    const { departures } = demandOf(
      ['b 5', 'c 1', 'a 5']
        .map((text) => text.split(' '))
        .map(([id, at]) => `<vehicle id="${id}" depart="${at}"><route edges="in"/></vehicle>`)
        .join(''),
    );
    expect(departures.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
  });

  it('before the begin and from the end on are dropped, counted and named', () => {
    const demand = demandOf('<flow id="f" begin="0" end="10" period="2"><route edges="in"/></flow>', {
      begin: 2,
      end: 6,
    });
    expect(demand.departures.map(({ atSeconds }) => atSeconds)).toEqual([2, 4]);
    expect(demand.omissions).toEqual([
      { what: 'departure before 2 s (the begin)', count: 1, examples: ['f.0'] },
      { what: 'departure at or after 6 s (the end)', count: 2, examples: ['f.3', 'f.4'] },
    ]);
  });

  it('take SUMO’s words and numbers, below 0 from the end of the edge', () => {
    const [departure] = demandOf(
      '<vehicle id="v" depart="0:01:30" departLane="best" departPos="-50" departSpeed="max" arrivalPos="-1"><route edges="in out2"/></vehicle>'.replace(
        'out2',
        'fast',
      ),
    ).departures;
    expect(departure).toMatchObject({
      atSeconds: 90,
      lane: 'best',
      position: 150,
      speed: 'max',
      arrivalMeters: 299,
    });
  });

  it('begin and end on the edges of the route that are named, in the middle of the last or anywhere on it', () => {
    const vehicle = (attributes: string): Demand =>
      demandOf(`<vehicle id="v" depart="0" ${attributes}><route edges="in fast out"/></vehicle>`);
    expect(namesOf(vehicle('departEdge="1"'))).toEqual(['fast', 'out']);
    expect(namesOf(vehicle('arrivalEdge="1"'))).toEqual(['in', 'fast']);
    expect(vehicle('arrivalEdge="1" arrivalPos="center"').departures[0]!.arrivalMeters).toBe(150);
    const drawn = vehicle('arrivalPos="random"').departures[0]!.arrivalMeters as number;
    expect(drawn > 0 && drawn < 100).toBe(true);
    expect(() => vehicle('departEdge="2" arrivalEdge="1"')).toThrow(/places in the route in this order/);
    expect(() => vehicle('departEdge="3"')).toThrow(/places in the route in this order/);
  });

  it('drive a route as often as it says, its stops once', () => {
    const ring = networkFromNetXml(
      tinyNetXml(
        [
          { id: 'there', from: 'a', to: 'b', length: 100, speed: 10 },
          { id: 'back', from: 'b', to: 'a', length: 100, speed: 10 },
        ],
        [
          ['there', 'back'],
          ['back', 'there'],
        ],
      ),
      'ring',
    );
    const content =
      '<routes><route id="r" edges="there back" repeat="2"><stop lane="back_0" duration="30"/></route>' +
      '<vehicle id="v" route="r" depart="0"/></routes>';
    const options = { seed: 1, beginSeconds: 0, endSeconds: 900, ignoreRouteErrors: false, additional: [] };
    const { demand } = readDemand(ring, { ...options, routes: [{ file: 'r.rou.xml', content }] });
    expect([...demand.routes[0]!]).toEqual([0, 1, 0, 1, 0, 1]);
    expect(demand.departures[0]!.stops).toHaveLength(1);
    expect(demand.omissions.map(({ what }) => what)).toEqual([
      'stop of a repeated route (made the first time only)',
    ]);
  });

  it('of flows follow rate, number, Poisson process or chance', () => {
    const times = (attributes: string): number[] =>
      demandOf(`<flow id="f" ${attributes}><route edges="in"/></flow>`).departures.map(
        ({ atSeconds }) => atSeconds,
      );
    expect(times('begin="10" end="20" vehsPerHour="1200"')).toEqual([10, 13, 16, 19]);
    expect(times('begin="10" end="20" number="4"')).toEqual([10, 12.5, 15, 17.5]);
    expect(times('begin="10" end="100" period="4" number="3"')).toEqual([10, 14, 18]);
    expect(times('begin="0" end="10000" probability="0.3"').length / 10_000).toBeCloseTo(0.3, 1);
    const poisson = times('begin="0" end="10000" period="exp(0.5)"');
    expect(poisson.length / 10_000).toBeCloseTo(0.5, 1);
    expect(poisson.some((at) => !Number.isInteger(at))).toBe(true);
  });

  it('of an interval take its begin and end', () => {
    const { departures } = demandOf(
      '<interval begin="100" end="110"><flow id="f" period="5"><route edges="in"/></flow></interval>',
    );
    expect(departures.map(({ atSeconds }) => atSeconds)).toEqual([100, 105]);
  });
});

describe('stops', () => {
  const additional = '<busStop id="s" lane="fast_1" startPos="-60" endPos="-20"/>';

  it('stand at a bus stop of an additional file', () => {
    const demand = demandOf(
      '<vType id="b" vClass="bus"/><vehicle id="v" type="b" depart="0"><route edges="in fast out"/><stop busStop="s" duration="20" until="100"/></vehicle>',
      { additional },
    );
    expect(demand.departures[0]!.stops).toEqual([
      {
        lane: network.lanes.ids.indexOf('fast_1'),
        startMeters: 240,
        endMeters: 280,
        durationSeconds: 20,
        untilSeconds: 100,
        parking: false,
        place: 's',
      },
    ]);
  });

  it('of a route come before those of its vehicle', () => {
    const { departures } = demandOf(
      '<route id="r" edges="in fast out"><stop lane="in_0" endPos="100" duration="1"/></route>' +
        '<vehicle id="v" depart="0" route="r"><stop edge="out" duration="2"/></vehicle>',
    );
    expect(departures[0]!.stops.map(({ startMeters, endMeters }) => [startMeters, endMeters])).toEqual([
      [99.8, 100],
      [99.8, 100],
    ]);
  });

  it('off the route are refused with file, line and element', () => {
    expect(() =>
      demandOf(
        '<vehicle id="v" depart="0"><route edges="in fast"/>\n<stop lane="slow_0" duration="1"/></vehicle>',
      ),
    ).toThrow(
      'some.rou.xml, line 3: <stop> is on edge "slow" (expected an edge of the route, behind the stops before it)',
    );
  });
});

describe('trips', () => {
  it('take the fastest way their class may use', () => {
    const trip = (type: string): string[] =>
      namesOf(
        demandOf(`<vType id="bus" vClass="bus"/><trip id="t" type="${type}" depart="0" from="in" to="out"/>`),
      );
    expect(trip('DEFAULT_VEHTYPE')).toEqual(['in', 'fast', 'out']);
    expect(trip('bus')).toEqual(['in', 'buses', 'out']);
  });

  it('go by way of the edges they name, and by their stops', () => {
    expect(namesOf(demandOf('<trip id="t" depart="0" from="in" via="slow" to="out"/>'))).toEqual([
      'in',
      'slow',
      'out',
    ]);
    const stopping = '<trip id="t" depart="0" from="in" to="out"><stop lane="slow_0" duration="5"/></trip>';
    expect(namesOf(demandOf(stopping))).toEqual(['in', 'slow', 'out']);
  });

  it('begin and end anywhere in a district, and at any edge of a junction', () => {
    const districts =
      '<taz id="west" edges="in"/><taz id="east"><tazSink id="slow" weight="1"/><tazSink id="out"/></taz>';
    const between = `${districts}<trip id="t" depart="0" fromTaz="west" toTaz="east"/>`;
    // The slow edge is reached soonest, and driven to its end.
    expect(namesOf(demandOf(between))).toEqual(['in', 'slow']);
    const back = `${districts}<trip id="t" depart="0" fromTaz="east" toTaz="west"/>`;
    expect(() => demandOf(back)).toThrow(/goes from district "east" \(expected a <taz>/);
    const { departures, routes } = demandOf('<trip id="t" depart="0" fromJunction="a" toJunction="z"/>', {
      ignoreRouteErrors: true,
    });
    expect([departures, routes]).toEqual([[], []]);
  });

  it('of a slow vehicle take the way that is fast for it', () => {
    // At 4 m/s the fast edge takes 75 s and the slow one 25 s.
    const slow = '<vType id="s" maxSpeed="4"/><trip id="t" type="s" depart="0" from="in" to="out"/>';
    expect(namesOf(demandOf(slow))).toEqual(['in', 'slow', 'out']);
  });

  it('without a way are refused, or left out and counted where that is asked for', () => {
    const trip = '<trip id="t" depart="0" from="out" to="in"/>';
    expect(() => demandOf(trip)).toThrow(
      'some.rou.xml, line 2: <trip id="t"> wants from edge "out" to edge "in" (expected edges with a way between them for the class passenger)',
    );
    const lenient = demandOf(trip, { ignoreRouteErrors: true });
    expect(lenient.departures).toEqual([]);
    expect(lenient.omissions).toMatchObject([{ count: 1, examples: ['t'] }]);
  });
});
