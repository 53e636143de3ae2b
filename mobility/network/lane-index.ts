// Finds the lane nearest to a place: a static index of squares over the segments of all lanes. For places that come from
// outside, such as recorded traces, stops and antennas by coordinates.
// Must not: be rebuilt in a loop; a network does not change.

import type { Network, PermissionBits } from './network.ts';
import { allPermissions } from './permissions.ts';

/** A place on a lane. */
export interface LanePlace {
  readonly lane: number;
  /** Along the lane, in the metres that vehicles drive. */
  readonly positionMeters: number;
  /** From the place asked for to the lane's middle line. */
  readonly distanceMeters: number;
}

/** Side of a square, metres: a block of a town holds a handful. */
const squareMeters = 50;

/** What to look for. */
export interface NearestOptions {
  /** Farther lanes are not found, metres. */
  readonly withinMeters: number;
  /** Only lanes that one of these classes may use; all by default. */
  readonly permissions?: PermissionBits;
  /** Whether paths across junctions count; false by default. */
  readonly internal?: boolean;
}

export class LaneIndex {
  readonly #network: Network;
  /** Segments, as rows of points in `lanes.shape`, by square. */
  readonly #squares = new Map<string, number[]>();
  /** The lane of each point. */
  readonly #laneOfPoint: Int32Array;

  constructor(network: Network) {
    this.#network = network;
    const { firstPoint, count } = network.lanes;
    this.#laneOfPoint = new Int32Array(firstPoint[count]!);
    for (let lane = 0; lane < count; lane++) {
      this.#laneOfPoint.fill(lane, firstPoint[lane]!, firstPoint[lane + 1]!);
      for (let point = firstPoint[lane]!; point < firstPoint[lane + 1]! - 1; point++) this.#addSegment(point);
    }
  }

  /** The nearest lane, the first of the network where several are equally near; undefined: none is near enough. */
  nearest(x: number, y: number, options: NearestOptions): LanePlace | undefined {
    const reach = options.withinMeters;
    let best = -1;
    let bestSquare = reach * reach;
    for (let column = Math.floor((x - reach) / squareMeters); column * squareMeters <= x + reach; column++) {
      for (let row = Math.floor((y - reach) / squareMeters); row * squareMeters <= y + reach; row++) {
        for (const point of this.#squares.get(`${column},${row}`) ?? []) {
          if (!this.#fits(this.#laneOfPoint[point]!, options)) continue;
          const square = this.#project(point, x, y).square;
          if (square > bestSquare || (square === bestSquare && best >= 0 && best <= point)) continue;
          [best, bestSquare] = [point, square];
        }
      }
    }
    return best < 0 ? undefined : this.#placeAt(best, x, y);
  }

  /** Enters a segment into every square that its box touches. */
  #addSegment(point: number): void {
    const { shape } = this.#network.lanes;
    const [ax, ay, bx, by] = [
      shape[2 * point]!,
      shape[2 * point + 1]!,
      shape[2 * point + 2]!,
      shape[2 * point + 3]!,
    ];
    const lastColumn = Math.floor(Math.max(ax, bx) / squareMeters);
    const lastRow = Math.floor(Math.max(ay, by) / squareMeters);
    for (let column = Math.floor(Math.min(ax, bx) / squareMeters); column <= lastColumn; column++) {
      for (let row = Math.floor(Math.min(ay, by) / squareMeters); row <= lastRow; row++) {
        const key = `${column},${row}`;
        const square = this.#squares.get(key);
        if (square === undefined) this.#squares.set(key, [point]);
        else square.push(point);
      }
    }
  }

  #fits(lane: number, { permissions = allPermissions, internal = false }: NearestOptions): boolean {
    const { lanes, edges } = this.#network;
    if (!internal && edges.internal[lanes.edge[lane]!] === 1) return false;
    return (lanes.permissions[lane]! & permissions) !== 0;
  }

  /** The place on a segment nearest to (x, y): metres along it, and the square of the distance. */
  #project(point: number, x: number, y: number): { readonly along: number; readonly square: number } {
    const { shape } = this.#network.lanes;
    const [ax, ay] = [shape[2 * point]!, shape[2 * point + 1]!];
    const [dx, dy] = [shape[2 * point + 2]! - ax, shape[2 * point + 3]! - ay];
    const length = Math.sqrt(dx * dx + dy * dy);
    const share =
      length > 0 ? Math.max(0, Math.min(1, ((x - ax) * dx + (y - ay) * dy) / (length * length))) : 0;
    const [ox, oy] = [x - ax - share * dx, y - ay - share * dy];
    return { along: share * length, square: ox * ox + oy * oy };
  }

  #placeAt(point: number, x: number, y: number): LanePlace {
    const { lanes } = this.#network;
    const lane = this.#laneOfPoint[point]!;
    let before = 0;
    let drawn = 0;
    for (let at = lanes.firstPoint[lane]!; at < lanes.firstPoint[lane + 1]! - 1; at++) {
      if (at === point) before = drawn;
      drawn += Math.hypot(
        lanes.shape[2 * at + 2]! - lanes.shape[2 * at]!,
        lanes.shape[2 * at + 3]! - lanes.shape[2 * at + 1]!,
      );
    }
    const { along, square } = this.#project(point, x, y);
    // Shapes may be longer or shorter than what vehicles drive.
    const stretch = drawn > 0 ? lanes.lengthMeters[lane]! / drawn : 0;
    return { lane, positionMeters: (before + along) * stretch, distanceMeters: Math.sqrt(square) };
  }
}
