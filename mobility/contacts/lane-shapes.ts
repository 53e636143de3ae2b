// Where things are on the lanes of a street network: each lane's polyline with the offset of every vertex, stretched to
// the length that vehicles drive (which may differ from the shape's). Must not: know of vehicles or antennas.

import type { Network } from '../network/network.ts';

export class LaneShapes {
  /** First vertex of each lane; the last entry is the number of vertices. */
  readonly vertexStart: Int32Array;
  readonly x: Float64Array;
  readonly y: Float64Array;
  /** Offset of each vertex in driven metres; 0 at the first, exactly the lane's length at the last. */
  readonly vertexOffset: Float64Array;

  constructor({ lanes }: Pick<Network, 'lanes'>) {
    const vertices = lanes.firstPoint[lanes.count]!;
    this.vertexStart = lanes.firstPoint;
    this.x = Float64Array.from({ length: vertices }, (_, i) => lanes.shape[2 * i]!);
    this.y = Float64Array.from({ length: vertices }, (_, i) => lanes.shape[2 * i + 1]!);
    this.vertexOffset = new Float64Array(vertices);
    for (let lane = 0; lane < lanes.count; lane++) this.#layOut(lane, lanes.lengthMeters[lane]!);
  }

  #layOut(lane: number, lengthMeters: number): void {
    const first = this.vertexStart[lane]!;
    const end = this.vertexStart[lane + 1]!;
    let along = 0;
    for (let v = first + 1; v < end; v++) {
      along += Math.sqrt((this.x[v]! - this.x[v - 1]!) ** 2 + (this.y[v]! - this.y[v - 1]!) ** 2);
      this.vertexOffset[v] = along;
    }
    const stretch = along > 0 ? lengthMeters / along : 0;
    for (let v = first + 1; v < end - 1; v++) this.vertexOffset[v]! *= stretch;
    if (end > first + 1) this.vertexOffset[end - 1] = lengthMeters;
  }

  /** Writes x, y (metres) and heading (radians counter-clockwise from east) at `offset` along `lane` into `out[0..2]`. */
  pointAt(lane: number, offset: number, out: Float64Array): void {
    const v = this.#pieceOf(lane, offset);
    const from = this.vertexOffset[v]!;
    const length = this.vertexOffset[v + 1]! - from;
    const share = length > 0 ? Math.min(1, Math.max(0, (offset - from) / length)) : 0;
    const dx = this.x[v + 1]! - this.x[v]!;
    const dy = this.y[v + 1]! - this.y[v]!;
    out[0] = this.x[v]! + share * dx;
    out[1] = this.y[v]! + share * dy;
    out[2] = Math.atan2(dy, dx);
  }

  /** The vertex at which the piece of `lane` holding `offset` begins, by bisection. */
  #pieceOf(lane: number, offset: number): number {
    let low = this.vertexStart[lane]!;
    let high = this.vertexStart[lane + 1]! - 2;
    while (low < high) {
      const middle = (low + high + 1) >> 1;
      if (this.vertexOffset[middle]! <= offset) low = middle;
      else high = middle - 1;
    }
    return low;
  }
}
