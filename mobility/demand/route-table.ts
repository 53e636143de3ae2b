// The routes of a demand, each kept once: ids of edges become rows, ways are checked for gaps, trips are routed.
// Must not: draw, or know of stops but as edges to pass.

import { nearestName } from '../../base/nearest-name.ts';
import type { Network } from '../network/network.ts';
import type { VehicleType } from './demand.ts';
import type { District, TripEnd, WayDraft } from './draft.ts';
import { faultAt, type Place } from './place.ts';
import { allowsClass } from './road-graph.ts';
import { Router } from './router.ts';

/** Who drives: for whom a way must be open, and whom an error names. */
export interface Asker {
  readonly place: Place;
  readonly id: string;
  readonly type: VehicleType;
  readonly speedFactor: number;
}

type NamelessWay = Exclude<WayDraft, { kind: 'named' }>;

/** Names compared for a suggestion: a city has too many edges to compare all. */
const comparedMost = 5000;

export class RouteTable {
  readonly routes: Int32Array[] = [];
  readonly #network: Network;
  readonly #districts: ReadonlyMap<string, District>;
  readonly #router: Router;
  readonly #edgeRows = new Map<string, number>();
  /** Rows by the text that made them. */
  readonly #rows = new Map<string, number>();
  /** `row class` of routes found open. */
  readonly #open = new Set<string>();

  constructor(network: Network, districts: ReadonlyMap<string, District>) {
    this.#network = network;
    this.#districts = districts;
    this.#router = new Router(network);
    network.edges.ids.forEach((id, row) => {
      if (network.edges.internal[row] !== 1) this.#edgeRows.set(id, row);
    });
  }

  /** The row of a way; `stopEdges` are passed by a trip. Throws RoadbedError('data') for ways that cannot be driven. */
  rowOf(way: NamelessWay, stopEdges: readonly number[], asker: Asker): number {
    if (way.kind === 'trip') return this.#tripRow(way, stopEdges, asker);
    const row = this.#rows.get(way.edges) ?? this.#keep(way.edges, this.#parse(way.edges, asker));
    const key = `${row} ${asker.type.permissionBit}`;
    if (this.#open.has(key)) return row;
    this.#check(this.routes[row]!, asker);
    this.#open.add(key);
    return row;
  }

  /** The row of a part of a route, from its edge `first` to its edge `last`. Throws RoadbedError('data') for no part. */
  partOf(row: number, first: number | undefined, last: number | undefined, { place }: Asker): number {
    const route = this.routes[row]!;
    const [from, to] = [first ?? 0, last ?? route.length - 1];
    if (from > to || to >= route.length) {
      const what = `departs on edge ${from} of its route and arrives on edge ${to}`;
      throw faultAt(place, what, `places in the route in this order, 0..${route.length - 1}`);
    }
    const key = `part ${row} ${from} ${to}`;
    return this.#rows.get(key) ?? this.#shared(key, route.slice(from, to + 1));
  }

  #keep(key: string, route: Int32Array): number {
    const row = this.routes.push(route) - 1;
    this.#rows.set(key, row);
    return row;
  }

  #parse(text: string, asker: Asker): Int32Array {
    // Nearly all files have single blanks: cutting at them is twice as fast as at any white space.
    const blanks = /^\S+(?: \S+)*$/.test(text);
    const ids = blanks ? text.split(' ') : text.split(/\s+/).filter((id) => id !== '');
    if (ids.length === 0)
      throw faultAt(asker.place, 'has a route without edges', 'ids of edges, separated by spaces');
    const route = new Int32Array(ids.length);
    for (let i = 0; i < ids.length; i++) route[i] = this.#edge(ids[i]!, asker);
    return route;
  }

  #edge(id: string, asker: Asker): number {
    const row = this.#edgeRows.get(id);
    if (row !== undefined) return row;
    const names = [...this.#edgeRows.keys()].slice(0, comparedMost);
    const near = nearestName(id, names);
    const hint = near === undefined ? '' : `, perhaps ${near}`;
    throw faultAt(asker.place, `drives over edge "${id}"`, `an edge of ${this.#network.name}${hint}`);
  }

  #check(route: Int32Array, asker: Asker): void {
    const { ids } = this.#network.edges;
    const { permissionBit, vehicleClass } = asker.type;
    for (const edge of route) {
      if (!allowsClass(this.#network, edge, permissionBit))
        throw faultAt(
          asker.place,
          `drives over edge "${ids[edge]}"`,
          `an edge open to the class ${vehicleClass}`,
        );
    }
    for (let i = 1; i < route.length; i++) {
      if (this.#router.joins(route[i - 1]!, route[i]!, permissionBit)) continue;
      const gap = `drives from edge "${ids[route[i - 1]!]}" to edge "${ids[route[i]!]}"`;
      throw faultAt(asker.place, gap, `edges joined by a connection for the class ${vehicleClass}`);
    }
  }

  // ---- trips ---------------------------------------------------------------------------------------------------

  #tripRow(way: Extract<WayDraft, { kind: 'trip' }>, stopEdges: readonly number[], asker: Asker): number {
    const via = way.via.length > 0 ? way.via.map((id) => this.#edge(id, asker)) : stopEdges;
    const corners = [this.#ends(way.from, 'from', asker), ...via.map((edge) => [edge])];
    corners.push(this.#ends(way.to, 'to', asker));
    const { permissionBit, maxSpeedMps } = asker.type;
    // Whoever drives faster than limits is routed like one who drives at limits.
    const speedFactor = Math.min(1, asker.speedFactor);
    const key = `trip ${corners.join(' ')} ${permissionBit} ${maxSpeedMps} ${speedFactor}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const edges: number[] = [];
    for (const [i, to] of corners.slice(1).entries()) {
      const from = i === 0 ? corners[0]! : [edges.pop()!];
      const found = this.#router.route({ from, to, permissionBit, maxSpeedMps, speedFactor });
      if (found === undefined) throw this.#noWay(from, to, asker);
      for (const edge of found) edges.push(edge);
    }
    return this.#shared(key, Int32Array.from(edges));
  }

  /** Many trips take one route: it is kept once. */
  #shared(key: string, route: Int32Array): number {
    const text = `rows ${route.join(' ')}`;
    const row = this.#rows.get(text) ?? this.#keep(text, route);
    this.#rows.set(key, row);
    return row;
  }

  /** The edges a trip may begin on, or end on. */
  #ends({ kind, id }: TripEnd, end: 'from' | 'to', asker: Asker): readonly number[] {
    if (kind === 'edge') return [this.#edge(id, asker)];
    return kind === 'district' ? this.#edgesOfDistrict(id, end, asker) : this.#edgesAt(id, end, asker);
  }

  #edgesOfDistrict(id: string, end: 'from' | 'to', asker: Asker): number[] {
    const district = this.#districts.get(id);
    const edges = end === 'from' ? district?.sources : district?.sinks;
    if (district !== undefined && edges !== undefined && edges.length > 0)
      return edges.map((edge) => this.#edge(edge, { ...asker, place: district.place }));
    const near = nearestName(id, [...this.#districts.keys()]);
    const hint = near === undefined || near === id ? '' : `, perhaps "${near}"`;
    throw faultAt(
      asker.place,
      `goes ${end} district "${id}"`,
      `a <taz> of the files given, with edges${hint}`,
    );
  }

  #edgesAt(id: string, end: 'from' | 'to', { place }: Asker): number[] {
    const { junctions, edges, name } = this.#network;
    const row = junctions.ids.indexOf(id);
    const at = end === 'from' ? edges.from : edges.to;
    const found = [...this.#edgeRows.values()].filter((edge) => at[edge] === row);
    if (row >= 0 && found.length > 0) return found;
    throw faultAt(place, `goes ${end} junction "${id}"`, `a junction of ${name} with edges`);
  }

  #noWay(from: readonly number[], to: readonly number[], { place, type }: Asker): Error {
    const { ids } = this.#network.edges;
    const named = (edges: readonly number[]): string =>
      edges.length === 1 ? `edge "${ids[edges[0]!]}"` : `one of ${edges.length} edges`;
    const gap = `wants from ${named(from)} to ${named(to)}`;
    return faultAt(place, gap, `edges with a way between them for the class ${type.vehicleClass}`);
  }
}
