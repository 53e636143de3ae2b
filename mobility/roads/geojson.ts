// Reads a GeoJSON FeatureCollection of LineStrings (RFC 7946) into roads on a local plane in metres.
// Why turf here and only here: its geodesic length is the measure users check against; it runs when a map is loaded,
// never in the tick loop. Must not: read files (the text is passed in), or guess geometry it was not given.
//
// Properties of a feature: `id` (or the feature's own id), `speed_limit_kmh` or `maxspeed` (km/h, or "30 mph"),
// `oneway` (default true; false or "no" adds a second road `<id>-back`), `successors` (ids; default: every road that
// starts within 1 m of this road's end, except its own way back).

import { length } from '@turf/turf';
import type { Feature, LineString } from 'geojson';
import { RoadbedError } from '../../base/errors.ts';
import { asId, idPattern, type RoadId } from '../../base/ids.ts';
import { kmhToMps } from '../../base/units.ts';
import type { Point, Road } from '../types.ts';

/** How to read a map. */
export interface GeojsonOptions {
  /** Limit of roads that state none, m/s. */
  readonly speedLimitMps: number;
}

/** Earth's mean radius as turf uses it, metres: the plane and the geodesic lengths then agree to parts in 10^4. */
const earthRadiusMeters = 6371008.8;
/** Two road ends closer than this are the same place. */
const joinMeters = 1;
/** One mile in kilometres, for `maxspeed` values written in mph. */
const kilometersPerMile = 1.609344;

/** A plane map around one point of the earth. */
export interface LocalPlane {
  /** Metres east and north of the origin. */
  toPlane(lon: number, lat: number): Point;
  /** Degrees of longitude and latitude. */
  toEarth(point: Point): { readonly lon: number; readonly lat: number };
}

/** The equirectangular map around (lon0, lat0): x = R dlon cos(lat0), y = R dlat. True to 0.1 % within some 50 km. */
export function localPlane(lon0: number, lat0: number): LocalPlane {
  const metersPerDegree = (earthRadiusMeters * Math.PI) / 180;
  const shrink = Math.cos((lat0 * Math.PI) / 180);
  return {
    toPlane: (lon, lat) => ({
      x: (lon - lon0) * metersPerDegree * shrink,
      y: (lat - lat0) * metersPerDegree,
    }),
    toEarth: (point) => ({
      lon: lon0 + point.x / (metersPerDegree * shrink),
      lat: lat0 + point.y / metersPerDegree,
    }),
  };
}

/** A road before its successors are known. */
interface Draft {
  readonly road: Omit<Road, 'successors'>;
  readonly stated: readonly RoadId[] | null;
  /** The id of the same street in the other direction, if it is a road too. */
  readonly back: RoadId | null;
}

/**
 * The roads of a GeoJSON text. The plane's origin (0, 0) is the first coordinate of the first feature; RSU positions of
 * a scenario are metres from there. `lengthMeters` is turf's geodesic length.
 * Throws RoadbedError('data') for text that is no such map, and RoadbedError('scenario') for unknown successors (later,
 * in RoadNetwork).
 */
export function roadsFromGeojson(text: string, options: GeojsonOptions): Road[] {
  const features = readFeatures(text);
  const [lon0, lat0] = features[0]!.geometry.coordinates[0]!;
  const plane = localPlane(lon0!, lat0!);
  const seen = new Set<RoadId>();
  const drafts = features.flatMap((feature, i) => {
    const made = draftsOf(feature, { plane, index: i, speedLimitMps: options.speedLimitMps });
    for (const { road } of made) {
      if (seen.has(road.id)) throw fault(`feature ${i}`, `duplicate road id ${road.id}`, 'make ids unique');
      seen.add(road.id);
    }
    return made;
  });
  const inferred = inferSuccessors(drafts);
  return drafts.map((draft, i) => ({ ...draft.road, successors: draft.stated ?? inferred[i]! }));
}

function fault(where: string, what: string, remedy: string): RoadbedError {
  return new RoadbedError('data', `${where} of the GeoJSON map: ${what}; ${remedy}`);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function readFeatures(text: string): Feature<LineString>[] {
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch (cause) {
    throw new RoadbedError('data', 'the GeoJSON map is not JSON; check the file', { cause });
  }
  if (!isRecord(parsed) || parsed.type !== 'FeatureCollection' || !Array.isArray(parsed.features)) {
    throw fault(
      'the top level',
      'no FeatureCollection',
      'wrap the roads in {"type":"FeatureCollection","features":[...]}',
    );
  }
  if (parsed.features.length === 0)
    throw fault('the top level', 'no features', 'add at least one LineString');
  return parsed.features.map(checkFeature);
}

function checkFeature(feature: unknown, index: number): Feature<LineString> {
  const where = `feature ${index}`;
  const geometry = isRecord(feature) ? feature.geometry : undefined;
  if (!isRecord(geometry) || geometry.type !== 'LineString') {
    const type = isRecord(geometry) ? String(geometry.type) : 'none';
    throw fault(
      where,
      `invalid geometry: ${type} (expected LineString)`,
      'keep only LineStrings, one per direction of travel',
    );
  }
  const coordinates: unknown = geometry.coordinates;
  if (!Array.isArray(coordinates) || coordinates.length < 2 || !coordinates.every(isPosition)) {
    throw fault(
      where,
      'invalid coordinates (expected two or more [longitude, latitude] in degrees)',
      'mend the line',
    );
  }
  return feature as Feature<LineString>;
}

function isPosition(value: unknown): boolean {
  if (!Array.isArray(value) || value.length < 2) return false;
  const [lon, lat] = value as unknown[];
  if (typeof lon !== 'number' || typeof lat !== 'number') return false;
  return Math.abs(lon) <= 180 && Math.abs(lat) < 90;
}

interface DraftOptions {
  readonly plane: LocalPlane;
  readonly index: number;
  readonly speedLimitMps: number;
}

function draftsOf(feature: Feature<LineString>, options: DraftOptions): Draft[] {
  const where = `feature ${options.index}`;
  const properties = feature.properties ?? {};
  const id = idOf(properties.id ?? feature.id, where);
  const points = planePoints(feature.geometry.coordinates, options.plane);
  if (points.length < 2) throw fault(where, 'all points coincide', 'remove the feature');
  const lengthMeters = length(feature, { units: 'meters' });
  const speedLimitMps = speedLimitOf(properties, options.speedLimitMps, where);
  const stated = statedSuccessors(properties.successors, where);
  const twoWay = properties.oneway === false || properties.oneway === 'no';
  const back = twoWay ? idOf(`${id}-back`, where) : null;
  const forward: Draft = { road: { id, points, lengthMeters, speedLimitMps }, stated, back };
  if (back === null) return [forward];
  const reverse = { id: back, points: points.toReversed(), lengthMeters, speedLimitMps };
  return [forward, { road: reverse, stated: null, back: id }];
}

/** Projected points, without repetitions of the same place (a piece of length 0 has no direction). */
function planePoints(coordinates: readonly (readonly number[])[], plane: LocalPlane): Point[] {
  const points = coordinates.map(([lon, lat]) => plane.toPlane(lon!, lat!));
  return points.filter((point, i) => i === 0 || point.x !== points[i - 1]!.x || point.y !== points[i - 1]!.y);
}

function idOf(value: unknown, where: string): RoadId {
  const text = typeof value === 'number' ? String(value) : value;
  if (typeof text !== 'string' || !idPattern.test(text)) {
    throw fault(
      where,
      `invalid id: ${JSON.stringify(value)} (expected ${idPattern.source})`,
      'set properties.id',
    );
  }
  return asId<RoadId>(text);
}

/** m/s from `speed_limit_kmh` or an OpenStreetMap-like `maxspeed`; `fallback` where neither is stated. */
function speedLimitOf(properties: Record<string, unknown>, fallback: number, where: string): number {
  const value = properties.speed_limit_kmh ?? properties.maxspeed;
  if (value === undefined || value === null) return fallback;
  const match = /^(\d+(?:\.\d+)?)\s*(mph|km\/h|kmh)?$/.exec(String(value).trim());
  const kmh = match === null ? Number.NaN : Number(match[1]) * (match[2] === 'mph' ? kilometersPerMile : 1);
  if (!(kmh > 0)) {
    throw fault(
      where,
      `invalid speed limit: ${JSON.stringify(value)} (expected km/h > 0)`,
      'mend or drop it',
    );
  }
  return kmhToMps(kmh);
}

function statedSuccessors(value: unknown, where: string): RoadId[] | null {
  if (value === undefined || value === null) return null;
  if (!Array.isArray(value)) {
    throw fault(
      where,
      `invalid successors: ${JSON.stringify(value)} (expected a list of ids)`,
      'write ["id", ...]',
    );
  }
  return value.map((id: unknown) => idOf(id, `successors of ${where}`));
}

/** For each draft the roads that start within `joinMeters` of its end, in the order of the file. */
function inferSuccessors(drafts: readonly Draft[]): RoadId[][] {
  const starts = new Map<string, Draft[]>();
  for (const draft of drafts) {
    const key = cellKey(draft.road.points[0]!, 0, 0);
    starts.set(key, [...(starts.get(key) ?? []), draft]);
  }
  const order = new Map(drafts.map((draft, i) => [draft.road.id, i]));
  return drafts.map((draft) => {
    const end = draft.road.points.at(-1)!;
    const found = neighbours(starts, end).filter(
      ({ road }) => road.id !== draft.back && distance(road.points[0]!, end) <= joinMeters,
    );
    return found.map(({ road }) => road.id).sort((a, b) => order.get(a)! - order.get(b)!);
  });
}

/** The key of the square of side `joinMeters` that holds `point`, moved by whole squares. */
function cellKey(point: Point, right: number, up: number): string {
  return `${Math.floor(point.x / joinMeters) + right},${Math.floor(point.y / joinMeters) + up}`;
}

function neighbours(starts: ReadonlyMap<string, readonly Draft[]>, point: Point): Draft[] {
  const steps = [-1, 0, 1];
  return steps.flatMap((right) => steps.flatMap((up) => starts.get(cellKey(point, right, up)) ?? []));
}

function distance(a: Point, b: Point): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}
