// A street network from GeoJSON LineStrings: what roads/geojson.ts accepts, with lanes and priorities, laid out as crossings
// with right of way. Direction is explicit; roads whose ends lie within a metre meet.
// Must not: read files, or check what roads/geojson.ts checks.

import { RoadbedError } from '../../base/errors.ts';
import { type GeojsonOptions, roadsFromGeojson } from '../roads/geojson.ts';
import type { Network } from './network.ts';
import { allPermissions } from './permissions.ts';
import { networkOf } from './plan/layout.ts';
import type { PlanEdge, PlanNode } from './plan/street-plan.ts';

const laneWidthMeters = 3.2;
/** Two ends closer than this are one place, metres: as in roads/geojson.ts. */
const joinMeters = 1;
/** Earth's mean radius as turf uses it, metres: the plane of roads/geojson.ts. */
const earthRadiusMeters = 6371008.8;

/** Properties read here; all others are read by roads/geojson.ts. */
interface LaneProperties {
  readonly lanes: number;
  readonly priority: number;
  readonly name: string;
}

/**
 * The network of a GeoJSON text, called `name`. Properties beside those of roads/geojson.ts: `lanes` (1 by default),
 * `priority` (1), `name` of the street.
 * Throws RoadbedError('data') for text that is no such map.
 */
export function networkFromGeojson(text: string, name: string, options: GeojsonOptions): Network {
  const roads = roadsFromGeojson(text, options);
  const properties = propertiesById(text);
  const [lon, lat] = firstPosition(text);
  const nodes = new NodeTable();
  const twoWay = new Set(
    roads.filter(({ id }) => id.endsWith('-back')).map(({ id }) => id.slice(0, -'-back'.length)),
  );
  const edges = roads.map((road): PlanEdge => {
    const base = road.id.replace(/-back$/, '');
    const { lanes, priority, name: street } = properties.get(road.id) ?? properties.get(base) ?? defaults;
    return {
      id: road.id,
      name: street,
      from: nodes.at(road.points[0]!),
      to: nodes.at(road.points.at(-1)!),
      points: road.points.flatMap(({ x, y }) => [x, y]),
      spread: twoWay.has(base) ? 'right' : 'center',
      lengthMeters: road.lengthMeters,
      lanes,
      laneWidthMeters,
      speedLimitMps: road.speedLimitMps,
      priority,
      permissions: allPermissions,
      roundabout: false,
    };
  });
  // The plane of roads/geojson.ts: equirectangular on a sphere around the first coordinate.
  const proj4 = `+proj=eqc +lat_ts=${lat} +lat_0=${lat} +lon_0=${lon} +R=${earthRadiusMeters} +units=m +no_defs`;
  const projection = { offsetX: 0, offsetY: 0, proj4 };
  return networkOf({ name, nodes: nodes.list, edges, projection, omissions: [] });
}

const defaults: LaneProperties = { lanes: 1, priority: 1, name: '' };

/** Nodes by place: ends within a metre of one found before are that node. */
class NodeTable {
  readonly list: PlanNode[] = [];

  at({ x, y }: { readonly x: number; readonly y: number }): number {
    const found = this.list.findIndex((node) => Math.hypot(node.x - x, node.y - y) <= joinMeters);
    if (found >= 0) return found;
    return this.list.push({ id: `node${this.list.length}`, x, y, control: 'plain' }) - 1;
  }
}

interface Feature {
  readonly id?: unknown;
  readonly properties?: Readonly<Record<string, unknown>> | null;
  readonly geometry: { readonly coordinates: readonly (readonly number[])[] };
}

/** The features of a text that roads/geojson.ts has checked. */
function featuresOf(text: string): readonly Feature[] {
  return (JSON.parse(text) as { features: readonly Feature[] }).features;
}

function firstPosition(text: string): readonly [number, number] {
  const [lon, lat] = featuresOf(text)[0]!.geometry.coordinates[0]!;
  return [lon!, lat!];
}

function propertiesById(text: string): Map<string, LaneProperties> {
  return new Map(
    featuresOf(text).map(({ id, properties }, row) => {
      const own = properties ?? {};
      const lanes = own.lanes ?? 1;
      const priority = own.priority ?? 1;
      if (!Number.isInteger(lanes) || (lanes as number) < 1 || !Number.isFinite(priority)) {
        throw new RoadbedError(
          'data',
          `feature ${row} of the GeoJSON map: invalid lanes or priority: ${JSON.stringify(lanes)}, ${JSON.stringify(priority)} ` +
            '(expected whole lanes >= 1 and a number); mend the properties',
        );
      }
      const name = typeof own.name === 'string' ? own.name : '';
      return [String(own.id ?? id), { lanes: lanes as number, priority: priority as number, name }];
    }),
  );
}
