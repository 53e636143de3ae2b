import { along, length, lineString } from '@turf/turf';
import { describe, expect, it } from 'vitest';
import type { RoadId } from '../../base/ids.ts';
import { localPlane, roadsFromGeojson } from '../../mobility/roads/geojson.ts';
import { RoadNetwork } from '../../mobility/roads/network.ts';
import { ringRoad } from '../../mobility/roads/ring.ts';
import { segmentRoad } from '../../mobility/roads/segment.ts';
import { geojsonOf } from './mobility-setup.ts';

const limit = { speedLimitMps: 13.89 };
/** A bent street of about 1.16 km in Bologna. */
const bend = [
  [11.34, 44.49],
  [11.345, 44.491],
  [11.35, 44.495],
  [11.352, 44.4951],
];

function pointAt(network: RoadNetwork, offset: number, road = 0): number[] {
  const out = new Float64Array(3);
  network.pointAt(road, offset, out);
  return [...out];
}

describe('a segment', () => {
  it('runs east along the x axis and leads nowhere', () => {
    const road = segmentRoad({ lengthMeters: 1000, ...limit });
    expect(pointAt(new RoadNetwork([road]), 250)).toEqual([250, 0, 0]);
    expect(road.successors).toEqual([]);
  });

  it('refuses a length of 0', () => {
    expect(() => segmentRoad({ lengthMeters: 0, ...limit })).toThrow(
      'invalid segment length: 0 m (expected > 0)',
    );
  });
});

describe('a ring', () => {
  it.each([0, 400])(
    'has exactly its circumference as polyline, closed, with straights of %i m',
    (straightMeters) => {
      const road = ringRoad({ lengthMeters: 2000, straightMeters, ...limit });
      const pieces = road.points
        .slice(1)
        .map((p, i) => Math.hypot(p.x - road.points[i]!.x, p.y - road.points[i]!.y));
      expect(pieces.reduce((sum, piece) => sum + piece, 0)).toBeCloseTo(2000, 8);
      expect(road.points.at(-1)).toEqual(road.points[0]);
      expect(road.successors).toEqual([road.id]);
    },
  );

  it('starts at the origin heading east and drives counter-clockwise around a stadium', () => {
    const network = new RoadNetwork([ringRoad({ lengthMeters: 2000, straightMeters: 400, ...limit })]);
    expect(pointAt(network, 0)).toEqual([0, 0, 0]);
    expect(pointAt(network, 399).slice(0, 2)).toEqual([expect.closeTo(399, 9), 0]);
    const [x, y, heading] = pointAt(network, 1001);
    expect([x, heading]).toEqual([expect.closeTo(399, 6), expect.closeTo(Math.PI, 6)]);
    expect(y).toBeCloseTo((2 * 600) / Math.PI, 0);
    expect(pointAt(network, 1400)[0]).toBeCloseTo(0, 6);
  });

  it('is a circle around (0, R) without straights', () => {
    const network = new RoadNetwork([ringRoad({ lengthMeters: 2000, straightMeters: 0, ...limit })]);
    const radius = 1000 / Math.PI;
    for (let offset = 0; offset < 2000; offset += 50) {
      const [x, y] = pointAt(network, offset) as [number, number];
      expect(Math.abs(Math.hypot(x, y - radius) - radius)).toBeLessThan(0.05);
    }
  });

  it('refuses straights that use up the circumference', () => {
    expect(() => ringRoad({ lengthMeters: 2000, straightMeters: 1000, ...limit })).toThrow(
      'invalid ring straight: 1000 m',
    );
  });
});

describe('a GeoJSON map', () => {
  it('has the lengths turf measures', () => {
    const [road] = roadsFromGeojson(geojsonOf(['bend', bend]), limit);
    expect(road!.lengthMeters).toBeCloseTo(length(lineString(bend), { units: 'meters' }), 9);
  });

  it('puts offsets where turf puts them, to 0.1 m in 1.16 km', () => {
    const network = new RoadNetwork(roadsFromGeojson(geojsonOf(['bend', bend]), limit));
    const plane = localPlane(bend[0]![0]!, bend[0]![1]!);
    for (const offset of [0, 100, 420, 777, 1150]) {
      const [lon, lat] = along(lineString(bend), offset, { units: 'meters' }).geometry.coordinates;
      const expected = plane.toPlane(lon!, lat!);
      const [x, y] = pointAt(network, offset) as [number, number];
      expect(Math.hypot(x - expected.x, y - expected.y)).toBeLessThan(0.1);
    }
  });

  it('maps to the plane and back', () => {
    const plane = localPlane(11.34, 44.49);
    const { lon, lat } = plane.toEarth(plane.toPlane(11.352, 44.4951));
    expect([lon, lat]).toEqual([expect.closeTo(11.352, 12), expect.closeTo(44.4951, 12)]);
  });

  it('joins roads whose ends are within 1 m, and none further away', () => {
    // 1e-5 degrees of latitude are 1.11 m, 0.5e-5 are 0.56 m.
    const roads = roadsFromGeojson(
      geojsonOf(
        [
          'a',
          [
            [0, 0],
            [0.01, 0],
          ],
        ],
        [
          'near',
          [
            [0.01, 0.000005],
            [0.02, 0],
          ],
        ],
        [
          'far',
          [
            [0.01, 0.00001],
            [0.02, 0.01],
          ],
        ],
      ),
      limit,
    );
    expect(roads.map((road) => road.successors)).toEqual([['near'], [], []]);
  });

  it('adds the way back of a two-way street, and no U-turn', () => {
    const roads = roadsFromGeojson(
      geojsonOf(
        [
          'a',
          [
            [0, 0],
            [0.01, 0],
          ],
          { oneway: false },
        ],
        [
          'b',
          [
            [0.01, 0],
            [0.02, 0],
          ],
        ],
      ),
      limit,
    );
    expect(roads.map((road) => [road.id, road.successors])).toEqual([
      ['a', ['b']],
      ['a-back', []],
      ['b', []],
    ]);
    expect(roads[1]!.points).toEqual(roads[0]!.points.toReversed());
  });

  it('reads stated successors and limits in km/h and mph', () => {
    const line = [
      [0, 0],
      [0.01, 0],
    ];
    const roads = roadsFromGeojson(
      geojsonOf(
        ['a', line, { speed_limit_kmh: 36, successors: ['b'] }],
        ['b', line, { maxspeed: '30 mph' }],
        ['c', line],
      ),
      limit,
    );
    expect(roads[0]!.successors).toEqual(['b']);
    expect(roads.map((road) => road.speedLimitMps)).toEqual([10, expect.closeTo(13.4112, 9), 13.89]);
  });

  it.each([
    ['no JSON', '{', 'is not JSON'],
    ['no collection', '{"type":"Feature"}', 'no FeatureCollection'],
    ['no features', '{"type":"FeatureCollection","features":[]}', 'no features'],
    [
      'a point',
      JSON.stringify({
        type: 'FeatureCollection',
        features: [{ geometry: { type: 'Point', coordinates: [0, 0] } }],
      }),
      'feature 0 of the GeoJSON map: invalid geometry: Point (expected LineString)',
    ],
    ['one coordinate', geojsonOf(['a', [[0, 0]]]), 'invalid coordinates'],
    [
      'a latitude of 91',
      geojsonOf([
        'a',
        [
          [0, 0],
          [0, 91],
        ],
      ]),
      'invalid coordinates',
    ],
    [
      'no extent',
      geojsonOf([
        'a',
        [
          [0, 0],
          [0, 0],
        ],
      ]),
      'all points coincide',
    ],
    [
      'a bad id',
      geojsonOf([
        'A B',
        [
          [0, 0],
          [0, 1],
        ],
      ]),
      'invalid id: "A B"',
    ],
    [
      'a bad limit',
      geojsonOf([
        'a',
        [
          [0, 0],
          [0, 1],
        ],
        { maxspeed: 'none' },
      ]),
      'invalid speed limit: "none"',
    ],
    [
      'duplicate ids',
      geojsonOf(
        [
          'a',
          [
            [0, 0],
            [0, 1],
          ],
        ],
        [
          'a',
          [
            [0, 0],
            [1, 0],
          ],
        ],
      ),
      'feature 1 of the GeoJSON map: duplicate road id a',
    ],
  ])('refuses %s as bad data', (_, text, message) => {
    expect(() => roadsFromGeojson(text, limit)).toThrow(
      expect.objectContaining({ reason: 'data', message: expect.stringContaining(message) }),
    );
  });
});

describe('the network', () => {
  it('refuses successors it does not know', () => {
    const road = { ...segmentRoad({ lengthMeters: 10, ...limit }), successors: ['nowhere' as RoadId] };
    expect(() => new RoadNetwork([road])).toThrow('road segment names an unknown successor: nowhere');
  });

  it('refuses two roads of one name', () => {
    const road = segmentRoad({ lengthMeters: 10, ...limit });
    expect(() => new RoadNetwork([road, road])).toThrow('duplicate road id: segment');
  });

  it('finds the entries: roads that nothing leads into', () => {
    const a = {
      ...segmentRoad({ lengthMeters: 10, ...limit }),
      id: 'a' as RoadId,
      successors: ['b' as RoadId],
    };
    const b = { ...a, id: 'b' as RoadId, successors: [] };
    expect(new RoadNetwork([a, b]).entries()).toEqual([0]);
  });

  it('stretches offsets of a polyline to the stated length', () => {
    const road = { ...segmentRoad({ lengthMeters: 100, ...limit }), lengthMeters: 110 };
    expect(pointAt(new RoadNetwork([road]), 55)).toEqual([50, 0, 0]);
  });
});
