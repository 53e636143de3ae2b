// The routes of a demand, each kept once: ids of edges become rows, ways are checked for gaps, trips are routed.
// Must not: draw, or know of stops but as edges to pass.

import { nearestName } from '../../base/nearest-name.ts';
import type { Network } from '../network/network.ts';
import type { VehicleType } from './demand.ts';
import type { WayDraft } from './draft.ts';
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
  readonly #router: Router;
  readonly #edgeRows = new Map<string, number>();
  /** Rows by the text that made them. */
  readonly #rows = new Map<string, number>();
  /** `row class` of routes found open. */
  readonly #open = new Set<string>();

  constructor(network: Network) {
    this.#network = network;
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
    const corners = [this.#edge(way.from, asker), ...via, this.#edge(way.to, asker)];
    const { permissionBit, maxSpeedMps } = asker.type;
    // Whoever drives faster than limits is routed like one who drives at limits.
    const speedFactor = Math.min(1, asker.speedFactor);
    const key = `trip ${corners.join(' ')} ${permissionBit} ${maxSpeedMps} ${speedFactor}`;
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    const edges = [corners[0]!];
    for (const [i, to] of corners.slice(1).entries()) {
      const from = corners[i]!;
      const found = this.#router.route({ from, to, permissionBit, maxSpeedMps, speedFactor });
      if (found === undefined) throw this.#noWay(from, to, asker);
      edges.push(...found.subarray(1));
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

  #noWay(from: number, to: number, { place, type }: Asker): Error {
    const { ids } = this.#network.edges;
    const gap = `wants from edge "${ids[from]}" to edge "${ids[to]}"`;
    return faultAt(place, gap, `edges with a way between them for the class ${type.vehicleClass}`);
  }
}
