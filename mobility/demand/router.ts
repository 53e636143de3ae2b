// Finds the fastest way between two edges on an empty network: A* with landmarks (ALT: Goldberg and Harrelson,
// "Computing the shortest path: A* search meets graph theory", SODA 2005). Costs are those of SUMO's router, so that trips
// take the routes they take there: length over speed of every edge but the last and of the junctions between, and a
// penalty on links that give way. Why landmarks: a lower bound on time needs no coordinates, and lanes may be shorter
// than their shapes. Must not: draw, or know of traffic.

import type { Network } from '../network/network.ts';
import { allPermissions } from '../network/permissions.ts';
import { allowsClass, type EdgeCosts, edgeCosts, type Successors, successorsFor } from './road-graph.ts';
import { SearchFront } from './search-front.ts';

/** Who asks. A driver who exceeds limits gains nothing here, as in SUMO, where edges are no faster than their limit. */
export interface RouteQuery {
  /** Edges to begin on and to end on: the fastest way of all is found. */
  readonly from: readonly number[];
  readonly to: readonly number[];
  readonly permissionBit: number;
  readonly maxSpeedMps: number;
  readonly speedFactor: number;
}

const landmarkCount = 8;
/** Keeps a bound a bound where its sum was rounded another way. */
const slack = 1 - 1e-9;

/** Seconds from and to every landmark at speed limits: row edge * landmarkCount + landmark. */
interface Landmarks {
  readonly from: Float64Array;
  readonly to: Float64Array;
  readonly count: number;
}

export class Router {
  readonly #network: Network;
  readonly #costs: EdgeCosts;
  readonly #byClass = new Map<number, Successors>();
  readonly #front: SearchFront;
  #landmarks: Landmarks | undefined;

  constructor(network: Network) {
    this.#network = network;
    this.#costs = edgeCosts(network);
    this.#front = new SearchFront(network.edges.count);
  }

  /** True where `to` follows `from` directly for the class. */
  joins(from: number, to: number, permissionBit: number): boolean {
    const successors = this.#successors(permissionBit);
    for (let i = successors.first[from]!; i < successors.first[from + 1]!; i++) {
      if (successors.to[i] === to) return true;
    }
    return false;
  }

  /**
   * Rows of edges from one of `from` to one of `to`, both included; undefined where there is no way. Equal ways: always the
   * same one. Of several ends the way counts with its last edge, as in SUMO; with one it makes no difference.
   */
  route(query: RouteQuery): Int32Array | undefined {
    const { permissionBit } = query;
    const isOpen = (edge: number): boolean => allowsClass(this.#network, edge, permissionBit);
    const [from, to] = [query.from.filter(isOpen), query.to.filter(isOpen)];
    if (from.length === 0 || to.length === 0) return undefined;
    return to.length === 1 ? this.#toOne(query, from, to[0]!) : this.#toMany(query, from, new Set(to));
  }

  #toOne(query: RouteQuery, from: readonly number[], to: number): Int32Array | undefined {
    this.#landmarks ??= this.#findLandmarks();
    const front = this.#front;
    front.begin();
    for (const edge of from) front.reach(edge, -1, 0, this.#bound(edge, to));
    for (let edge = front.next(); edge >= 0; edge = front.next()) {
      if (edge === to) return front.path(to);
      this.#expand(query, edge, to);
    }
    return undefined;
  }

  #toMany(query: RouteQuery, from: readonly number[], to: ReadonlySet<number>): Int32Array | undefined {
    const front = this.#front;
    const speedFactor = Math.min(1, query.speedFactor);
    let best = -1;
    let least = Number.POSITIVE_INFINITY;
    front.begin();
    for (const edge of from) front.reach(edge, -1, 0, 0);
    for (let edge = front.next(); edge >= 0 && front.cost(edge) < least; edge = front.next()) {
      if (to.has(edge)) {
        const seconds = front.cost(edge) + this.#seconds(edge, query.maxSpeedMps, speedFactor);
        if (seconds < least) [best, least] = [edge, seconds];
      }
      this.#expand(query, edge, -1);
    }
    return best < 0 ? undefined : front.path(best);
  }

  /** Reaches what follows a settled edge; `to` guides the search, -1: nothing does. */
  #expand({ permissionBit, maxSpeedMps, speedFactor }: RouteQuery, edge: number, to: number): void {
    const front = this.#front;
    const successors = this.#successors(permissionBit);
    const factor = Math.min(1, speedFactor);
    const behind = front.cost(edge) + this.#seconds(edge, maxSpeedMps, factor);
    for (let i = successors.first[edge]!; i < successors.first[edge + 1]!; i++) {
      const next = successors.to[i]!;
      if (front.isSettled(next)) continue;
      const seconds = behind + this.#crossing(successors.via[i]!, maxSpeedMps, factor);
      if (front.improves(next, seconds))
        front.reach(next, edge, seconds, to < 0 ? seconds : seconds + this.#bound(next, to));
    }
  }

  #successors(permissionBit: number): Successors {
    const known = this.#byClass.get(permissionBit);
    if (known !== undefined) return known;
    const made = successorsFor(this.#network, permissionBit);
    this.#byClass.set(permissionBit, made);
    return made;
  }

  #seconds(edge: number, maxSpeedMps: number, speedFactor: number): number {
    const { lengthMeters, speedLimitMps, penaltySeconds } = this.#costs;
    const speed = Math.min(maxSpeedMps, speedLimitMps[edge]! * speedFactor);
    return lengthMeters[edge]! / speed + penaltySeconds[edge]!;
  }

  /** Seconds across a junction from its first internal lane on. */
  #crossing(via: number, maxSpeedMps: number, speedFactor: number): number {
    const { edges, lanes, links } = this.#network;
    let seconds = 0;
    for (let lane = via; lane >= 0 && edges.internal[lanes.edge[lane]!] === 1; ) {
      seconds += this.#seconds(lanes.edge[lane]!, maxSpeedMps, speedFactor);
      const link = lanes.firstLink[lane]!;
      lane = link < lanes.firstLink[lane + 1]! ? links.toLane[link]! : -1;
    }
    return seconds;
  }

  /** Seconds that the way from `edge` to `to` takes at least. */
  #bound(edge: number, to: number): number {
    const { from: after, to: before, count } = this.#landmarks!;
    let bound = 0;
    for (let i = 0; i < count; i++) {
      // A landmark that one of the two does not reach says nothing: Infinity - Infinity compares as false.
      const passed = after[to * landmarkCount + i]! - after[edge * landmarkCount + i]!;
      const ahead = before[edge * landmarkCount + i]! - before[to * landmarkCount + i]!;
      if (passed > bound && passed < Number.POSITIVE_INFINITY) bound = passed;
      if (ahead > bound && ahead < Number.POSITIVE_INFINITY) bound = ahead;
    }
    return bound * slack;
  }

  // ---- landmarks -----------------------------------------------------------------------------------------------

  /** Edges far from each other: each new one is the edge farthest from all before it (Goldberg and Harrelson, 6.1). */
  #findLandmarks(): Landmarks {
    const { edges } = this.#network;
    const forward = successorsFor(this.#network, allPermissions);
    const backward = reversed(forward, edges.count);
    const from = new Float64Array(edges.count * landmarkCount).fill(Number.POSITIVE_INFINITY);
    const to = from.slice();
    const nearest = new Float64Array(edges.count).fill(Number.POSITIVE_INFINITY);
    let landmark = firstNormal(this.#network);
    let count = 0;
    while (count < landmarkCount && landmark >= 0) {
      this.#distances(landmark, forward, false, { into: from, column: count });
      this.#distances(landmark, backward, true, { into: to, column: count });
      count += 1;
      landmark = -1;
      let farthest = 0;
      for (let edge = 0; edge < edges.count; edge++) {
        const away = from[edge * landmarkCount + count - 1]!;
        if (away < nearest[edge]! && away < Number.POSITIVE_INFINITY) nearest[edge] = away;
        if (nearest[edge]! > farthest && nearest[edge]! < Number.POSITIVE_INFINITY) {
          farthest = nearest[edge]!;
          landmark = edge;
        }
      }
    }
    return { from, to, count };
  }

  /** Dijkstra at speed limits from one edge, against the traffic where `isBackward`. */
  #distances(
    start: number,
    graph: Successors,
    isBackward: boolean,
    { into, column }: { readonly into: Float64Array; readonly column: number },
  ): void {
    const front = this.#front;
    front.begin();
    front.reach(start, -1, 0, 0);
    for (let edge = front.next(); edge >= 0; edge = front.next()) {
      into[edge * landmarkCount + column] = front.cost(edge);
      for (let i = graph.first[edge]!; i < graph.first[edge + 1]!; i++) {
        const next = graph.to[i]!;
        const driven = isBackward ? next : edge;
        const seconds =
          front.cost(edge) +
          this.#seconds(driven, Number.POSITIVE_INFINITY, 1) +
          this.#crossing(graph.via[i]!, Number.POSITIVE_INFINITY, 1);
        if (!front.isSettled(next) && front.improves(next, seconds))
          front.reach(next, edge, seconds, seconds);
      }
    }
  }
}

function firstNormal({ edges }: Network): number {
  return edges.internal.indexOf(0);
}

/** The same graph with every arrow turned. */
function reversed(graph: Successors, count: number): Successors {
  const first = new Int32Array(count + 1);
  for (const target of graph.to) first[target + 1]! += 1;
  for (let edge = 0; edge < count; edge++) first[edge + 1]! += first[edge]!;
  const filled = first.slice();
  const to = new Int32Array(graph.to.length);
  const via = new Int32Array(graph.to.length);
  for (let edge = 0; edge < count; edge++) {
    for (let i = graph.first[edge]!; i < graph.first[edge + 1]!; i++) {
      const row = filled[graph.to[i]!]!++;
      to[row] = edge;
      via[row] = graph.via[i]!;
    }
  }
  return { first, to, via };
}
