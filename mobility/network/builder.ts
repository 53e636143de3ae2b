// Collects a network row by row, in any order of links and junctions, and packs it into the flat tables of network.ts.
// Every importer and generator ends here, so that all networks mean the same. What is checked here is what no maker may
// get wrong (AssertionError); what a file may get wrong its importer checks, with the line.
// Must not: know file formats.

import { assert } from '../../base/assert.ts';
import { foesOf, type JunctionMatrix, type WaitingPoint } from './foes.ts';
import type {
  EdgeTable,
  JunctionTable,
  LaneTable,
  LinkTable,
  Network,
  Omission,
  PermissionBits,
  Projection,
  SignalProgram,
} from './network.ts';

/** SUMO's default of a connection's `visibility`, metres. */
export const defaultVisibilityMeters = 4.5;

export interface EdgeRow {
  readonly id: string;
  readonly priority: number;
  readonly internal: boolean;
  readonly name?: string;
}

export interface LaneRow {
  readonly id: string;
  readonly lengthMeters: number;
  readonly speedLimitMps: number;
  readonly widthMeters: number;
  readonly permissions: PermissionBits;
  /** x, y, x, y. */
  readonly shape: ArrayLike<number>;
}

export interface LinkRow {
  readonly fromLane: number;
  readonly toLane: number;
  /** -1: none. */
  readonly via: number;
  readonly direction: string;
  readonly state: string;
  /** -1: not signalised. */
  readonly signal: number;
  readonly signalIndex: number;
  readonly visibilityMeters: number;
  readonly keepClear: boolean;
}

export interface JunctionRow {
  readonly id: string;
  readonly type: string;
  readonly x: number;
  readonly y: number;
  readonly outline: Float64Array;
}

/** What is known when all rows are in. */
export interface NetworkFrame {
  readonly name: string;
  readonly signals: readonly SignalProgram[];
  readonly projection: Projection;
  readonly omissions: readonly Omission[];
}

export class NetworkBuilder {
  readonly #edges: EdgeRow[] = [];
  readonly #firstLane: number[] = [];
  readonly #from: number[] = [];
  readonly #to: number[] = [];
  readonly #roundabout = new Set<number>();
  readonly #lanes: Omit<LaneRow, 'shape'>[] = [];
  /** Coordinates of all lanes so far, in an array that doubles: a shape kept on its own costs more than its numbers. */
  #shape = new Float64Array(1024);
  readonly #firstPoint: number[] = [0];
  readonly #laneEdge: number[] = [];
  readonly #links: LinkRow[] = [];
  #linkCounts: Int32Array | undefined;
  readonly #junctions: JunctionRow[] = [];
  readonly #matrices: JunctionMatrix[] = [];
  readonly #waitingPoints: WaitingPoint[] = [];

  get edgeCount(): number {
    return this.#edges.length;
  }

  /** Begins an edge and returns its row; the lanes added next, from right to left, are its. */
  addEdge(edge: EdgeRow): number {
    this.#firstLane.push(this.#lanes.length);
    this.#from.push(-1);
    this.#to.push(-1);
    return this.#edges.push(edge) - 1;
  }

  /** Adds a lane to the edge begun last and returns its row. */
  addLane(lane: LaneRow): number {
    assert(lane.shape.length >= 4, `lane ${lane.id} has a shape of fewer than two points`);
    this.#laneEdge.push(this.#edges.length - 1);
    this.#appendShape(lane.shape);
    const { id, lengthMeters, speedLimitMps, widthMeters, permissions } = lane;
    return this.#lanes.push({ id, lengthMeters, speedLimitMps, widthMeters, permissions }) - 1;
  }

  #appendShape(points: ArrayLike<number>): void {
    const start = 2 * this.#firstPoint.at(-1)!;
    const end = start + points.length;
    if (end > this.#shape.length) {
      const wider = new Float64Array(2 * Math.max(end, this.#shape.length));
      wider.set(this.#shape);
      this.#shape = wider;
    }
    for (let i = 0; i < points.length; i++) this.#shape[start + i] = points[i]!;
    this.#firstPoint.push(end / 2);
  }

  /** How many lanes an edge has, and the row of its rightmost. */
  lanesOf(edge: number): { readonly first: number; readonly count: number } {
    const first = this.#firstLane[edge]!;
    return { first, count: (this.#firstLane[edge + 1] ?? this.#lanes.length) - first };
  }

  edgeId(edge: number): string {
    return this.#edges[edge]!.id;
  }

  /** How many requests the links of these lanes make at their junction; -1 - n counts n. All links must be in. */
  requestCount(lanes: readonly number[]): number {
    this.#linkCounts ??= countLinks(this.#links, this.#lanes.length);
    let count = 0;
    for (const lane of lanes) count += lane < 0 ? -1 - lane : this.#linkCounts[lane]!;
    return count;
  }

  /** Says between which junctions an edge lies. */
  connectEdge(edge: number, from: number, to: number): void {
    this.#from[edge] = from;
    this.#to[edge] = to;
  }

  markRoundabout(edge: number): void {
    this.#roundabout.add(edge);
  }

  /** Adds a link. Links of one lane keep the order in which they were added. */
  addLink(link: LinkRow): void {
    this.#links.push(link);
  }

  addJunction(junction: JunctionRow): number {
    return this.#junctions.push(junction) - 1;
  }

  addMatrix(matrix: JunctionMatrix): void {
    this.#matrices.push(matrix);
  }

  addWaitingPoint(point: WaitingPoint): void {
    this.#waitingPoints.push(point);
  }

  finish(frame: NetworkFrame): Network {
    const edges = this.#packEdges();
    const order = this.#linkOrder();
    const lanes = this.#packLanes(order.first);
    const links = this.#packLinks(
      order.rows.map((row) => this.#links[row]!),
      lanes,
      edges,
    );
    return { name: frame.name, edges, lanes, links, junctions: this.#packJunctions(), ...withoutName(frame) };
  }

  #packEdges(): EdgeTable {
    const count = this.#edges.length;
    const missing = this.#from.findIndex((from, edge) => from < 0 || this.#to[edge]! < 0);
    assert(missing < 0, `edge ${this.#edges[missing]?.id} lies between no junctions`);
    const roundabout = new Uint8Array(count);
    for (const edge of this.#roundabout) roundabout[edge] = 1;
    return {
      count,
      ids: this.#edges.map((edge) => edge.id),
      from: Int32Array.from(this.#from),
      to: Int32Array.from(this.#to),
      priority: column(new Int32Array(this.#edges.length), this.#edges, (edge) => edge.priority),
      internal: column(new Uint8Array(this.#edges.length), this.#edges, (edge) => (edge.internal ? 1 : 0)),
      firstLane: Int32Array.from([...this.#firstLane, this.#lanes.length]),
      roundabout,
      names: this.#edges.map((edge) => edge.name ?? ''),
    };
  }

  #packLanes(firstLink: Int32Array): LaneTable {
    const lanes = this.#lanes;
    const firstPoint = Int32Array.from(this.#firstPoint);
    const shape = this.#shape.slice(0, 2 * firstPoint[lanes.length]!);
    return {
      count: lanes.length,
      ids: lanes.map((lane) => lane.id),
      edge: Int32Array.from(this.#laneEdge),
      lengthMeters: column(new Float64Array(lanes.length), lanes, (lane) => lane.lengthMeters),
      speedLimitMps: column(new Float64Array(lanes.length), lanes, (lane) => lane.speedLimitMps),
      widthMeters: column(new Float64Array(lanes.length), lanes, (lane) => lane.widthMeters),
      permissions: column(new Uint32Array(lanes.length), lanes, (lane) => lane.permissions),
      firstPoint,
      shape,
      firstLink,
    };
  }

  /** Rows of `#links` sorted by lane, stable, by counting; and where the links of each lane begin. */
  #linkOrder(): { readonly rows: readonly number[]; readonly first: Int32Array } {
    const first = new Int32Array(this.#lanes.length + 1);
    for (const link of this.#links) first[link.fromLane + 1]!++;
    for (let lane = 0; lane < this.#lanes.length; lane++) first[lane + 1]! += first[lane]!;
    const next = first.slice();
    const rows = new Array<number>(this.#links.length).fill(0);
    this.#links.forEach((link, row) => {
      rows[next[link.fromLane]!++] = row;
    });
    return { rows, first };
  }

  #packLinks(links: readonly LinkRow[], lanes: LaneTable, edges: EdgeTable): LinkTable {
    const fromLane = column(new Int32Array(links.length), links, (link) => link.fromLane);
    const via = column(new Int32Array(links.length), links, (link) => link.via);
    const { firstFoe, foes, yields, request, continuation } = foesOf(
      { fromLane, via, firstLink: lanes.firstLink },
      this.#matrices,
      this.#waitingPoints,
    );
    return {
      count: links.length,
      fromLane,
      toLane: column(new Int32Array(links.length), links, (link) => link.toLane),
      via,
      direction: links.map((link) => link.direction),
      state: links.map((link) => link.state),
      junction: fromLane.map((lane) => edges.to[lanes.edge[lane]!]!),
      request,
      signal: column(new Int32Array(links.length), links, (link) => link.signal),
      signalIndex: column(new Int32Array(links.length), links, (link) => link.signalIndex),
      continuation,
      visibilityMeters: column(new Float64Array(links.length), links, (link) => link.visibilityMeters),
      keepClear: column(new Uint8Array(links.length), links, (link) => (link.keepClear ? 1 : 0)),
      firstFoe,
      foes,
      yields,
    };
  }

  #packJunctions(): JunctionTable {
    const junctions = this.#junctions;
    return {
      count: junctions.length,
      ids: junctions.map((junction) => junction.id),
      types: junctions.map((junction) => junction.type),
      x: column(new Float64Array(junctions.length), junctions, (junction) => junction.x),
      y: column(new Float64Array(junctions.length), junctions, (junction) => junction.y),
      outlines: junctions.map((junction) => junction.outline),
    };
  }
}

function withoutName({ signals, projection, omissions }: NetworkFrame): Omit<NetworkFrame, 'name'> {
  return { signals, projection, omissions };
}

function countLinks(links: readonly LinkRow[], lanes: number): Int32Array {
  const counts = new Int32Array(lanes);
  for (const link of links) counts[link.fromLane]!++;
  return counts;
}

/** Fills a column from rows; a loop, because `from` of typed arrays walks an iterator and takes several times as long. */
function column<T, Column extends { [row: number]: number }>(
  into: Column,
  rows: readonly T[],
  pick: (row: T) => number,
): Column {
  for (let row = 0; row < rows.length; row++) into[row] = pick(rows[row]!);
  return into;
}
