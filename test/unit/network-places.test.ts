// Places in networks: the nearest lane to a point, longitude and latitude, and networks from GeoJSON.

import { describe, expect, it } from 'vitest';
import { Rng } from '../../base/rng.ts';
import { gridNetwork } from '../../mobility/network/generators/grid.ts';
import { segmentNetwork } from '../../mobility/network/generators/simple.ts';
import { networkFromGeojson } from '../../mobility/network/geojson.ts';
import { LaneIndex } from '../../mobility/network/lane-index.ts';
import { permissionsOf } from '../../mobility/network/permissions.ts';
import { earthMap } from '../../mobility/network/projection.ts';

describe('LaneIndex', () => {
  const grid = gridNetwork({ columns: 3, rows: 3, lanes: 2 });
  const index = new LaneIndex(grid);
  const name = (x: number, y: number, withinMeters = 20) => {
    const place = index.nearest(x, y, { withinMeters });
    return place === undefined ? undefined : [grid.lanes.ids[place.lane], place.distanceMeters];
  };

  it('finds the lane under a place, and none where none is near', () => {
    expect(name(100, -4.8)).toEqual(['A0B0_0', 0]);
    expect(name(100, -1.6)).toEqual(['A0B0_1', 0]);
    expect(name(100, 2)).toEqual(['B0A0_1', expect.closeTo(0.4, 9)]);
    expect(name(100, 100)).toBeUndefined();
    expect(name(100, 100, 96)).toEqual(['A0B0_0'.replace('A0B0', 'A1B1'), expect.closeTo(95.2, 9)]);
  });

  it('gives the position in the metres that vehicles drive', () => {
    const street = segmentNetwork({ lengthMeters: 100 });
    const longer = { ...street, lanes: { ...street.lanes, lengthMeters: Float64Array.of(200) } };
    expect(new LaneIndex(longer).nearest(25, 3, { withinMeters: 10 })).toEqual({
      lane: 0,
      positionMeters: 50,
      distanceMeters: 3,
    });
  });

  it('looks only at lanes the class may use, and at junctions only when asked', () => {
    const bus = permissionsOf('bus');
    const closed = {
      ...grid,
      lanes: {
        ...grid.lanes,
        permissions: grid.lanes.permissions.map((all, lane) => (lane % 2 === 0 ? all & ~bus : all)),
      },
    };
    const found = new LaneIndex(closed).nearest(100, -4.8, { withinMeters: 20, permissions: bus });
    expect(grid.lanes.ids[found!.lane]).toBe('A0B0_1');
    const inside = index.nearest(200, 200, { withinMeters: 20, internal: true });
    expect(grid.lanes.ids[inside!.lane]).toMatch(/^:B1_/);
    expect(grid.lanes.ids[index.nearest(200, 200, { withinMeters: 20 })!.lane]).not.toMatch(/^:/);
  });

  it('agrees with looking at every lane', () => {
    const rng = Rng.root(5);
    const { lanes, edges } = grid;
    for (let i = 0; i < 200; i++) {
      const [x, y] = [rng.between(-50, 450), rng.between(-50, 450)];
      let nearest = 150;
      for (let lane = 0; lane < lanes.count; lane++) {
        if (edges.internal[lanes.edge[lane]!] === 1) continue;
        const [ax, ay, bx, by] = lanes.shape.subarray(2 * lanes.firstPoint[lane]!) as unknown as [
          number,
          number,
          number,
          number,
        ];
        const [dx, dy] = [bx - ax, by - ay];
        const share = Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (dx * dx + dy * dy)));
        nearest = Math.min(nearest, Math.hypot(x - ax - share * dx, y - ay - share * dy));
      }
      expect(index.nearest(x, y, { withinMeters: 150 })!.distanceMeters).toBeCloseTo(nearest, 9);
    }
  });
});

describe('a network from GeoJSON', () => {
  const line = (id: string, coordinates: number[][], properties = {}) => ({
    type: 'Feature',
    properties: { id, ...properties },
    geometry: { type: 'LineString', coordinates },
  });
  const map = (...features: object[]) => JSON.stringify({ type: 'FeatureCollection', features });
  const west = line(
    'west',
    [
      [7, 50],
      [7.003, 50],
    ],
    { oneway: false, lanes: 2, speed_limit_kmh: 36, name: 'Main Street' },
  );
  const east = line(
    'east',
    [
      [7.003, 50],
      [7.006, 50],
    ],
    { oneway: false, lanes: 2 },
  );
  const north = line(
    'north',
    [
      [7.003, 50.002],
      [7.003, 50],
    ],
    { priority: 0 },
  );
  const options = { speedLimitMps: 13 };
  const network = networkFromGeojson(map(west, east, north), 'map', options);
  const { edges, lanes, links } = network;
  const normal = Array.from(edges.ids.keys()).filter((edge) => edges.internal[edge] === 0);

  it('has the roads with their lanes, joined where they meet', () => {
    expect(
      normal.map((edge) => [edges.ids[edge], edges.firstLane[edge + 1]! - edges.firstLane[edge]!]),
    ).toEqual([
      ['west', 2],
      ['west-back', 2],
      ['east', 2],
      ['east-back', 2],
      ['north', 1],
    ]);
    expect(network.junctions.count).toBe(4);
    expect([edges.names[0], lanes.speedLimitMps[0], lanes.speedLimitMps[edges.firstLane[2]!]]).toEqual([
      'Main Street',
      10,
      13,
    ]);
  });

  it('lets the street of higher priority go first', () => {
    const north = Array.from(links.fromLane.keys()).filter(
      (link) => lanes.ids[links.fromLane[link]!] === 'north_0',
    );
    expect(north.length).toBe(2);
    for (const link of north) {
      const yields = links.yields.subarray(links.firstFoe[link], links.firstFoe[link + 1]);
      expect(yields.length).toBeGreaterThan(0);
      expect([...yields].every((one) => one === 1)).toBe(true);
    }
  });

  it('lies where the file says', () => {
    const [lon, lat] = earthMap(network.projection, 'map').toEarth(
      network.junctions.x[1]!,
      network.junctions.y[1]!,
    );
    expect([lon, lat]).toEqual([expect.closeTo(7.003, 7), expect.closeTo(50, 7)]);
  });

  it('is refused where the file is broken', () => {
    expect(() => networkFromGeojson('{', 'map', options)).toThrow('the GeoJSON map is not JSON');
    expect(() =>
      networkFromGeojson(
        map(
          line(
            'a',
            [
              [7, 50],
              [7.1, 50],
            ],
            { lanes: 0 },
          ),
        ),
        'map',
        options,
      ),
    ).toThrow('feature 0 of the GeoJSON map: invalid lanes or priority: 0, 1');
    expect(() => earthMap(gridNetwork({ columns: 2, rows: 2 }).projection, 'grid')).toThrow(
      'grid has no projection',
    );
  });
});
