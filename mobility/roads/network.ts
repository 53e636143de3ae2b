// The road network as flat arrays: positions by prefix sums and bisection, successors and predecessors as index lists.
// Why: the tick loop asks for positions a million times a second and must not allocate or search by name.
// Must not: know of vehicles or antennas; import turf (lengths are measured when a file is loaded).

import { RoadbedError } from '../../base/errors.ts';
import type { RoadId } from '../../base/ids.ts';
import type { Road } from '../types.ts';

/** A list of index lists in one array: the list of `row` is `items[start[row]] .. items[start[row + 1] - 1]`. */
export interface IndexLists {
  readonly start: Int32Array;
  readonly items: Int32Array;
}

/** Packs `lists` into one array. */
export function packLists(lists: readonly (readonly number[])[]): IndexLists {
  const start = new Int32Array(lists.length + 1);
  lists.forEach((list, row) => {
    start[row + 1] = start[row]! + list.length;
  });
  return { start, items: Int32Array.from(lists.flat()) };
}

/** Roads by index (their place in `roads`), with everything the tick loop reads laid out flat. */
export class RoadNetwork {
  readonly roads: readonly Road[];
  /** Length of each road, metres. */
  readonly length: Float64Array;
  /** Legal limit of each road, m/s. */
  readonly speedLimit: Float64Array;
  /** Roads that may be entered at the end of each road. */
  readonly successors: IndexLists;
  /** Roads that lead into each road. */
  readonly predecessors: IndexLists;
  /** First vertex of each road; the last entry is the number of vertices. */
  readonly vertexStart: Int32Array;
  /** Vertex coordinates, metres. */
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Offset of each vertex on its road, metres; 0 at the first, exactly `length` at the last. */
  readonly vertexOffset: Float64Array;
  /** Direction of the piece that begins at each vertex, radians counter-clockwise from east. */
  readonly heading: Float64Array;

  /** Throws RoadbedError('scenario') for duplicate ids, unknown successors or roads without extent. */
  constructor(roads: readonly Road[]) {
    this.roads = roads;
    const index = indexRoads(roads);
    this.length = Float64Array.from(roads, (road) => road.lengthMeters);
    this.speedLimit = Float64Array.from(roads, (road) => road.speedLimitMps);
    const next = roads.map((road) => successorIndices(road, index));
    this.successors = packLists(next);
    this.predecessors = packLists(transpose(next));
    const count = roads.reduce((sum, road) => sum + road.points.length, 0);
    this.vertexStart = new Int32Array(roads.length + 1);
    this.x = new Float64Array(count);
    this.y = new Float64Array(count);
    this.vertexOffset = new Float64Array(count);
    this.heading = new Float64Array(count);
    roads.forEach((road, row) => {
      this.vertexStart[row + 1] = this.vertexStart[row]! + road.points.length;
      this.#layOut(road, this.vertexStart[row]!);
    });
  }

  /** Roads that nothing leads into: where vehicles enter an open network. */
  entries(): number[] {
    const { start } = this.predecessors;
    return this.roads.map((_, row) => row).filter((row) => start[row + 1] === start[row]);
  }

  /** True when `road` may be followed by itself: a ring. */
  isLoop(road: number): boolean {
    const { start, items } = this.successors;
    for (let i = start[road]!; i < start[road + 1]!; i++) if (items[i] === road) return true;
    return false;
  }

  /** Writes x, y (metres) and heading (radians) of the point at `offset` metres along `road` into `out[0..2]`. */
  pointAt(road: number, offset: number, out: Float64Array): void {
    const vertex = this.#pieceOf(road, offset);
    const from = this.vertexOffset[vertex]!;
    const share = (offset - from) / (this.vertexOffset[vertex + 1]! - from);
    out[0] = this.x[vertex]! + share * (this.x[vertex + 1]! - this.x[vertex]!);
    out[1] = this.y[vertex]! + share * (this.y[vertex + 1]! - this.y[vertex]!);
    out[2] = this.heading[vertex]!;
  }

  /** The vertex at which the piece of `road` holding `offset` begins, by bisection. */
  #pieceOf(road: number, offset: number): number {
    let low = this.vertexStart[road]!;
    let high = this.vertexStart[road + 1]! - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.vertexOffset[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }

  /**
   * Fills the vertex arrays of one road. Offsets are the polyline's arc length stretched to the road's stated length,
   * which may differ a little (a geodesic length on a plane map; importers whose lanes state a length of their own).
   */
  #layOut(road: Road, first: number): void {
    let along = 0;
    road.points.forEach((point, i) => {
      const at = first + i;
      this.x[at] = point.x;
      this.y[at] = point.y;
      if (i > 0) along += this.#closePiece(at - 1);
      this.vertexOffset[at] = along;
    });
    const last = first + road.points.length - 1;
    this.heading[last] = this.heading[last - 1]!;
    for (let at = first; at < last; at++) this.vertexOffset[at]! *= road.lengthMeters / along;
    this.vertexOffset[last] = road.lengthMeters;
  }

  /** Sets the heading of the piece from `vertex` to the next and returns its length. */
  #closePiece(vertex: number): number {
    const dx = this.x[vertex + 1]! - this.x[vertex]!;
    const dy = this.y[vertex + 1]! - this.y[vertex]!;
    this.heading[vertex] = Math.atan2(dy, dx);
    return Math.sqrt(dx * dx + dy * dy);
  }
}

function indexRoads(roads: readonly Road[]): Map<RoadId, number> {
  if (roads.length === 0) {
    throw new RoadbedError(
      'scenario',
      'the road network has no roads (expected at least one); add a road to it',
    );
  }
  const index = new Map<RoadId, number>();
  for (const road of roads) {
    checkRoad(road);
    if (index.has(road.id)) {
      throw new RoadbedError(
        'scenario',
        `duplicate road id: ${road.id} (expected unique ids); rename one of them`,
      );
    }
    index.set(road.id, index.size);
  }
  return index;
}

function checkRoad(road: Road): void {
  const [first] = road.points;
  const hasExtent = road.points.some((point) => point.x !== first!.x || point.y !== first!.y);
  if (!hasExtent || !(road.lengthMeters > 0)) {
    throw new RoadbedError(
      'scenario',
      `road ${road.id} has no extent: ${road.points.length} points, ${road.lengthMeters} m (expected two distinct points); remove it`,
    );
  }
  if (!(road.speedLimitMps > 0)) {
    throw new RoadbedError(
      'scenario',
      `road ${road.id} has speed limit ${road.speedLimitMps} m/s (expected > 0)`,
    );
  }
}

function successorIndices(road: Road, index: ReadonlyMap<RoadId, number>): number[] {
  return [...new Set(road.successors)].map((id) => {
    const found = index.get(id);
    if (found !== undefined) return found;
    throw new RoadbedError(
      'scenario',
      `road ${road.id} names an unknown successor: ${id} (expected the id of a road of this network); add that road or drop the name`,
    );
  });
}

function transpose(next: readonly (readonly number[])[]): number[][] {
  const previous: number[][] = next.map(() => []);
  next.forEach((list, row) => {
    for (const to of list) previous[to]!.push(row);
  });
  return previous;
}
