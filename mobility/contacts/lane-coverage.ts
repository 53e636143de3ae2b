// Which stretches of which lanes lie in which disc, laid out for the tick loop: a lane's borders ascend, and between two
// of them (a cell) the same RSUs cover it. Geometry happens here, once; afterwards a contact begins or ends where a
// position passes a number. Must not: know of vehicles.
//
// Convention: a stretch holds from its first offset (inclusive) to its last (exclusive). Lane l has borders
// borderStart[l] .. borderStart[l + 1] - 1 and one cell more than borders: cell c of the lane is borderStart[l] + l + c.

import type { RsuSite } from '../types.ts';
import { coveredStretches, type Polylines } from './coverage.ts';

/** A covered stretch of a lane. */
export interface LaneStretch {
  readonly lane: number;
  readonly rsu: number;
  readonly fromMeters: number;
  readonly toMeters: number;
}

/** Every covered stretch, by lane, then by RSU in scenario order, then ascending. */
export function coverLanes(shapes: Polylines, rsus: readonly RsuSite[]): LaneStretch[] {
  const stretches: LaneStretch[] = [];
  const lanes = shapes.vertexStart.length - 1;
  for (let lane = 0; lane < lanes; lane++) {
    const box = boxOf(shapes, lane);
    rsus.forEach((site, rsu) => {
      const r = site.coverageRadiusMeters;
      const isFar =
        site.x + r < box.minX || site.x - r > box.maxX || site.y + r < box.minY || site.y - r > box.maxY;
      if (isFar) return;
      for (const { from, to } of coveredStretches(shapes, lane, site))
        stretches.push({ lane, rsu, fromMeters: from, toMeters: to });
    });
  }
  return stretches;
}

function boxOf(shapes: Polylines, lane: number): Record<'minX' | 'minY' | 'maxX' | 'maxY', number> {
  const box = { minX: Infinity, minY: Infinity, maxX: -Infinity, maxY: -Infinity };
  for (let v = shapes.vertexStart[lane]!; v < shapes.vertexStart[lane + 1]!; v++) {
    box.minX = Math.min(box.minX, shapes.x[v]!);
    box.maxX = Math.max(box.maxX, shapes.x[v]!);
    box.minY = Math.min(box.minY, shapes.y[v]!);
    box.maxY = Math.max(box.maxY, shapes.y[v]!);
  }
  return box;
}

interface Border {
  readonly offset: number;
  readonly rsu: number;
  readonly begins: boolean;
}

export class LaneCoverage {
  readonly borderStart: Int32Array;
  readonly borderOffset: Float64Array;
  readonly borderRsu: Int32Array;
  /** 1 where a disc begins, 0 where it ends. */
  readonly borderBegins: Uint8Array;
  /** RSUs of cell c: cellRsus[cellStart[c]] .. cellRsus[cellStart[c + 1] - 1], ascending. */
  readonly cellStart: Int32Array;
  readonly cellRsus: Int32Array;

  constructor(lengthMeters: ArrayLike<number>, stretches: readonly LaneStretch[]) {
    const lanes = lengthMeters.length;
    this.borderStart = new Int32Array(lanes + 1);
    const borders: Border[] = [];
    const cellStart = [0];
    const cellRsus: number[] = [];
    let next = 0;
    for (let lane = 0; lane < lanes; lane++) {
      const first = next;
      while (next < stretches.length && stretches[next]!.lane === lane) next++;
      const own = stretches.slice(first, next);
      const ownBorders = bordersOf(own, lengthMeters[lane]!);
      borders.push(...ownBorders);
      this.borderStart[lane + 1] = borders.length;
      for (const from of [0, ...ownBorders.map(({ offset }) => offset)]) {
        cellRsus.push(...rsusAt(own, from));
        cellStart.push(cellRsus.length);
      }
    }
    this.borderOffset = Float64Array.from(borders, ({ offset }) => offset);
    this.borderRsu = Int32Array.from(borders, ({ rsu }) => rsu);
    this.borderBegins = Uint8Array.from(borders, ({ begins }) => Number(begins));
    this.cellStart = Int32Array.from(cellStart);
    this.cellRsus = Int32Array.from(cellRsus);
  }

  /** The first border of `lane` beyond `offset`, an index into the border arrays. */
  firstBorderAfter(lane: number, offset: number): number {
    const end = this.borderStart[lane + 1]!;
    let border = this.borderStart[lane]!;
    // A lane is cut by a handful of discs: walking is faster than bisecting.
    while (border < end && this.borderOffset[border]! <= offset) border++;
    return border;
  }

  /** The cell of `lane` that lies before border `border` of it (an index into the border arrays). */
  cellBefore(lane: number, border: number): number {
    return border + lane;
  }

  /** True where `rsu` covers `cell`. */
  covers(cell: number, rsu: number): boolean {
    for (let i = this.cellStart[cell]!; i < this.cellStart[cell + 1]!; i++)
      if (this.cellRsus[i] === rsu) return true;
    return false;
  }
}

/** Borders strictly inside the lane, ascending; at one place ends before beginnings, then by RSU. */
function bordersOf(stretches: readonly LaneStretch[], lengthMeters: number): Border[] {
  const all = stretches.flatMap(({ rsu, fromMeters, toMeters }): Border[] => [
    { offset: fromMeters, rsu, begins: true },
    { offset: toMeters, rsu, begins: false },
  ]);
  const inside = all.filter(({ offset }) => offset > 0 && offset < lengthMeters);
  return inside.sort((a, b) => a.offset - b.offset || Number(a.begins) - Number(b.begins) || a.rsu - b.rsu);
}

function rsusAt(stretches: readonly LaneStretch[], offset: number): number[] {
  const here = stretches.filter(({ fromMeters, toMeters }) => fromMeters <= offset && offset < toMeters);
  return here.map(({ rsu }) => rsu).sort((a, b) => a - b);
}
