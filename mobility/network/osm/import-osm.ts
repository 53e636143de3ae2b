// A street network from OpenStreetMap: ways become edges, split where they share a node; traffic signals move to the crossing
// they guard; right of way follows the kinds of streets. Compared with SUMO's netconvert in docs and tests; crossings of dual
// carriageways stay several junctions, as there by default.
// Must not: read files.

import { RoadbedError } from '../../../base/errors.ts';
import type { Network } from '../network.ts';
import { type OmissionList, omit } from '../omissions.ts';
import { type LayoutOptions, networkOf } from '../plan/layout.ts';
import { withoutRepeats } from '../plan/polyline.ts';
import type { PlanEdge, PlanNode } from '../plan/street-plan.ts';
import { earthMap } from '../projection.ts';
import { type OsmMap, type OsmNode, type OsmWay, readOsm } from './osm-xml.ts';
import { withRestrictions } from './restrictions.ts';
import { type Direction, type Street, streetOf } from './tags.ts';

const laneWidthMeters = 3.2;
/** A signal so near to a crossing guards it, metres along the street. */
const guardMeters = 30;

/**
 * The network of an OSM XML document; `file` names it in errors. Signals run a static program unless `options` say otherwise.
 * Throws RoadbedError('data') as readOsm does, and where there is no street in it.
 */
export function networkFromOsm(
  document: string | Uint8Array,
  file: string,
  options: LayoutOptions = {},
): Network {
  const map = readOsm(document, file);
  const importer = new OsmImporter(map);
  importer.addStreets();
  importer.placeSignals();
  importer.dropIslands();
  importer.restrictTurns();
  if (importer.edges.length === 0) {
    throw new RoadbedError(
      'data',
      `${file}: no street for vehicles in it (expected ways with highway=residential and the like)`,
    );
  }
  const [offsetX, offsetY] = importer.offset;
  const plan = {
    name: file,
    nodes: importer.nodes,
    edges: importer.edges,
    projection: { offsetX, offsetY, proj4: importer.proj4 },
    omissions: importer.omissions,
  };
  return networkOf(plan, options);
}

/** A way that is driven, and where it is cut into edges. */
interface DrivenWay {
  readonly way: OsmWay;
  readonly street: Street;
  readonly nodes: readonly OsmNode[];
}

class OsmImporter {
  readonly omissions: OmissionList = [];
  nodes: PlanNode[] = [];
  edges: PlanEdge[] = [];
  readonly proj4: string;
  /** What is added to projected coordinates: the south-western corner is the origin. */
  readonly offset: readonly [number, number];
  readonly #map: OsmMap;
  readonly #ways: DrivenWay[] = [];
  readonly #places = new Map<string, readonly [number, number]>();
  /** How many ends and passages of streets meet at a node: 2 and more is a junction. */
  readonly #uses = new Map<string, number>();
  readonly #rows = new Map<string, number>();
  readonly #signals = new Set<string>();

  constructor(map: OsmMap) {
    this.#map = map;
    for (const way of map.ways) this.#takeWay(way);
    for (const way of map.railways) omit(this.omissions, 'railway (trains are not imported)', way);
    const used = this.#ways.flatMap(({ nodes }) => nodes);
    this.proj4 = utmOf(used);
    const plane = earthMap({ proj4: this.proj4, offsetX: 0, offsetY: 0, bounds: [0, 0, 0, 0] }, 'OSM');
    let [west, south] = [Number.POSITIVE_INFINITY, Number.POSITIVE_INFINITY];
    for (const { id, lon, lat } of used) {
      const place = plane.toPlane(lon, lat);
      this.#places.set(id, place);
      west = Math.min(west, place[0]);
      south = Math.min(south, place[1]);
    }
    this.offset = used.length > 0 ? [-Math.floor(west), -Math.floor(south)] : [0, 0];
  }

  addStreets(): void {
    for (const driven of this.#ways) {
      let start = 0;
      const pieces: [number, number][] = [];
      for (let at = 1; at < driven.nodes.length; at++) {
        if (at < driven.nodes.length - 1 && (this.#uses.get(driven.nodes[at]!.id) ?? 0) < 2) continue;
        pieces.push([start, at]);
        start = at;
      }
      for (const [piece, ends] of pieces.entries()) this.#addPiece(driven, ends, piece, pieces.length);
    }
  }

  /** Gives each signal of the map to the crossing it stands at or guards. */
  placeSignals(): void {
    const degree = this.#degrees();
    const isCrossing = (id: string): boolean => (degree.get(id) ?? 0) > 2;
    for (const { nodes } of this.#ways) {
      nodes.forEach(({ id, tags }, at) => {
        if (tags.highway !== 'traffic_signals') return;
        const guarded = isCrossing(id) ? id : this.#guardedBy(nodes, at, isCrossing);
        if (guarded !== undefined) this.#signals.add(guarded);
        else omit(this.omissions, 'traffic signal between crossings (pedestrians are not simulated)', id);
      });
    }
    this.nodes = this.nodes.map((node) =>
      this.#signals.has(node.id) ? { ...node, control: 'signal' } : node,
    );
  }

  /** Leaves out streets that no other street leads to or from. */
  dropIslands(): void {
    const ways = new Map<number, Set<string>>();
    for (const edge of this.edges) {
      for (const node of [edge.from, edge.to]) {
        const around = ways.get(node) ?? new Set();
        ways.set(node, around.add(wayIdOf(edge)));
      }
    }
    const isJoined = (edge: PlanEdge): boolean =>
      [edge.from, edge.to].some((node) => ways.get(node)!.size > 1);
    const joined = new Set(this.edges.filter(isJoined).map(wayIdOf));
    if (joined.size === 0) return;
    for (const edge of this.edges) {
      if (!joined.has(wayIdOf(edge))) omit(this.omissions, 'street that no other street meets', edge.id);
    }
    this.edges = this.edges.filter((edge) => joined.has(wayIdOf(edge)));
    this.#dropUnusedNodes();
  }

  /** Lays turn restrictions on the streets, whose rows are final. */
  restrictTurns(): void {
    const { nodes, edges } = this;
    this.edges = withRestrictions({ nodes, edges, wayOf: wayIdOf }, this.#map.restrictions, this.omissions);
  }

  #takeWay(way: OsmWay): void {
    const street = streetOf(way.tags, (what) =>
      omit(this.omissions, `${what}: the street's kind decides`, way.id),
    );
    if (typeof street === 'string') return omit(this.omissions, street, way.id);
    const nodes: OsmNode[] = [];
    for (const id of way.nodes) {
      const node = this.#map.nodes.get(id);
      // Extracts cut ways at their border: nodes beyond it are not in the file.
      if (node === undefined) omit(this.omissions, 'node of a street beyond the extract', id);
      else if (nodes.at(-1) !== node) nodes.push(node);
    }
    if (nodes.length < 2) return omit(this.omissions, 'street of fewer than two nodes', way.id);
    this.#ways.push({ way, street, nodes });
    nodes.forEach(({ id }, at) => {
      const isEnd = at === 0 || at === nodes.length - 1;
      this.#uses.set(id, (this.#uses.get(id) ?? 0) + (isEnd ? 2 : 1));
    });
  }

  #addPiece(
    { way, street, nodes }: DrivenWay,
    [first, last]: readonly [number, number],
    piece: number,
    pieces: number,
  ): void {
    const part = nodes.slice(first, last + 1);
    const points = withoutRepeats(part.flatMap(({ id }) => this.#placeOf(id)));
    const name = way.tags.name ?? way.tags.ref ?? '';
    if (points.length < 4) return omit(this.omissions, 'street of no length', way.id);
    const suffix = pieces > 1 ? `#${piece}` : '';
    const [from, to] = [this.#rowOf(part[0]!), this.#rowOf(part.at(-1)!)];
    const twoWay = street.forward !== undefined && street.backward !== undefined;
    const add = (direction: Direction, isBack: boolean): void => {
      const { priority, permissions, roundabout } = street;
      const { lanes, speedLimitMps, turnLanes } = direction;
      // Marks on the road are for the crossing at the end of the way.
      const isLast = piece === (isBack ? 0 : pieces - 1);
      this.edges.push({
        id: `${isBack ? '-' : ''}${way.id}${suffix}`,
        name,
        from: isBack ? to : from,
        to: isBack ? from : to,
        points: isBack ? reversed(points) : points,
        spread: twoWay ? 'right' : 'center',
        lanes,
        laneWidthMeters,
        speedLimitMps,
        priority,
        permissions,
        roundabout,
        turnLanes: isLast ? turnLanes : undefined,
      });
    };
    if (street.forward !== undefined) add(street.forward, false);
    if (street.backward !== undefined) add(street.backward, true);
  }

  #placeOf(id: string): [number, number] {
    const [x, y] = this.#places.get(id)!;
    return [x + this.offset[0], y + this.offset[1]];
  }

  #rowOf({ id }: OsmNode): number {
    const known = this.#rows.get(id);
    if (known !== undefined) return known;
    const [x, y] = this.#placeOf(id);
    const row = this.nodes.push({ id, x, y, control: 'plain' }) - 1;
    this.#rows.set(id, row);
    return row;
  }

  /** How many streets, not directions of them, end at each junction. */
  #degrees(): Map<string, number> {
    const degrees = new Map<string, number>();
    const seen = new Set<string>();
    for (const edge of this.edges) {
      const street = edge.id.replace(/^-/, '');
      if (seen.has(street)) continue;
      seen.add(street);
      for (const node of [edge.from, edge.to]) {
        const { id } = this.nodes[node]!;
        degrees.set(id, (degrees.get(id) ?? 0) + 1);
      }
    }
    return degrees;
  }

  /** The crossing nearest to the node at `start` along its way; undefined: none is near. */
  #guardedBy(
    nodes: readonly OsmNode[],
    start: number,
    isCrossing: (id: string) => boolean,
  ): string | undefined {
    let found: string | undefined;
    let nearest = guardMeters;
    for (const step of [1, -1]) {
      let meters = 0;
      for (let at = start + step; at >= 0 && at < nodes.length; at += step) {
        const [x, y] = this.#placeOf(nodes[at]!.id);
        const [px, py] = this.#placeOf(nodes[at - step]!.id);
        meters += Math.hypot(x - px, y - py);
        if (meters > nearest) break;
        if (!isCrossing(nodes[at]!.id)) continue;
        [found, nearest] = [nodes[at]!.id, meters];
        break;
      }
    }
    return found;
  }

  #dropUnusedNodes(): void {
    const used = new Set(this.edges.flatMap(({ from, to }) => [from, to]));
    const rows = new Map<number, number>();
    this.nodes = this.nodes.filter((_, row) => {
      if (used.has(row)) rows.set(row, rows.size);
      return used.has(row);
    });
    this.edges = this.edges.map((edge) => ({ ...edge, from: rows.get(edge.from)!, to: rows.get(edge.to)! }));
  }
}

/** The OSM way an edge is a piece of. */
function wayIdOf({ id }: PlanEdge): string {
  return id.replace(/^-/, '').replace(/#\d+$/, '');
}

function reversed(points: readonly number[]): number[] {
  const back: number[] = [];
  for (let i = points.length - 2; i >= 0; i -= 2) back.push(points[i]!, points[i + 1]!);
  return back;
}

/** The UTM zone of the middle of the streets. */
function utmOf(nodes: readonly OsmNode[]): string {
  const lons = nodes.reduce((sum, { lon }) => sum + lon, 0) / Math.max(1, nodes.length);
  const lats = nodes.reduce((sum, { lat }) => sum + lat, 0) / Math.max(1, nodes.length);
  const zone = Math.min(60, Math.floor((lons + 180) / 6) + 1);
  return `+proj=utm +zone=${zone}${lats < 0 ? ' +south' : ''} +ellps=WGS84 +datum=WGS84 +units=m +no_defs`;
}
