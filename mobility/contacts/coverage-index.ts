// The coverage intervals laid out for the tick loop: per road the offsets at which some RSU begins or ends, and for each
// cell between two of them the intervals that hold there. Must not: know of vehicles, or compute geometry.
//
// Convention, used everywhere: an interval holds from its first offset (inclusive) to its last (exclusive). A vehicle
// whose offset goes from o to o' passes a border b exactly when o < b <= o'.

import { present } from '../../base/assert.ts';
import { type IndexLists, packLists, type RoadNetwork } from '../roads/network.ts';
import type { CoverageInterval, RsuSite } from '../types.ts';

/** A place where a disc begins or ends. */
interface Border {
  readonly offset: number;
  readonly rsu: number;
  readonly begins: boolean;
}

export class CoverageIndex {
  readonly rsus: readonly RsuSite[];
  readonly intervals: readonly CoverageInterval[];
  /** RSU index of each interval. */
  readonly rsuOf: Int32Array;
  /** First border of each road; borders ascend. The last entry is the number of borders. */
  readonly borderStart: Int32Array;
  readonly borderOffset: Float64Array;
  readonly borderRsu: Int32Array;
  /** 1 where the disc begins, 0 where it ends. */
  readonly borderBegins: Uint8Array;
  /** Intervals that hold in each cell, by RSU in scenario order. Road r has borders + 1 cells, from borderStart[r] + r on. */
  readonly cells: IndexLists;

  constructor(network: RoadNetwork, rsus: readonly RsuSite[], intervals: readonly CoverageInterval[]) {
    this.rsus = rsus;
    this.intervals = intervals;
    const rsuIndex = new Map(rsus.map((rsu, i) => [rsu.id, i]));
    this.rsuOf = Int32Array.from(intervals, (interval) =>
      present(rsuIndex.get(interval.rsu), 'RSU of an interval'),
    );
    const perRoad = this.#intervalsByRoad(network);
    const borders = perRoad.map((list, road) => this.#bordersOf(list, network.length[road]!));
    this.borderStart = packLists(borders.map((list) => list.map(() => 0))).start;
    const flat = borders.flat();
    this.borderOffset = Float64Array.from(flat, (border) => border.offset);
    this.borderRsu = Int32Array.from(flat, (border) => border.rsu);
    this.borderBegins = Uint8Array.from(flat, (border) => (border.begins ? 1 : 0));
    this.cells = packLists(perRoad.flatMap((list, road) => this.#cellsOf(list, borders[road]!)));
  }

  /** The first border of `road` beyond `offset` (an index into the border arrays), by bisection. */
  firstBorderAfter(road: number, offset: number): number {
    let low = this.borderStart[road]!;
    let high = this.borderStart[road + 1]!;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (this.borderOffset[middle]! <= offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** The cell of `road` that holds `offset`. */
  cellAt(road: number, offset: number): number {
    return this.firstBorderAfter(road, offset) + road;
  }

  /** The cell at the start of `road`. */
  firstCell(road: number): number {
    return this.borderStart[road]! + road;
  }

  /** The cell at the end of `road`. */
  lastCell(road: number): number {
    return this.borderStart[road + 1]! + road;
  }

  /** True when `rsu` covers `cell`. */
  covers(cell: number, rsu: number): boolean {
    for (let i = this.cells.start[cell]!; i < this.cells.start[cell + 1]!; i++) {
      if (this.rsuOf[this.cells.items[i]!] === rsu) return true;
    }
    return false;
  }

  /** RSUs that cover `cell`, ascending. */
  coveringAt(cell: number): number[] {
    const { start, items } = this.cells;
    const rsus = Array.from(
      items.subarray(start[cell], start[cell + 1]),
      (interval) => this.rsuOf[interval]!,
    );
    return [...new Set(rsus)].sort((a, b) => a - b);
  }

  #intervalsByRoad(network: RoadNetwork): number[][] {
    const roadIndex = new Map(network.roads.map((road, i) => [road.id, i]));
    const perRoad: number[][] = network.roads.map(() => []);
    this.intervals.forEach((interval, i) => {
      perRoad[present(roadIndex.get(interval.road), 'road of an interval')]!.push(i);
    });
    return perRoad;
  }

  /** The borders strictly inside a road, ascending; at the same place ends before beginnings, then scenario order. */
  #bordersOf(intervals: readonly number[], length: number): Border[] {
    const all = intervals.flatMap((i): Border[] => {
      const { fromMeters, toMeters } = this.intervals[i]!;
      const rsu = this.rsuOf[i]!;
      return [
        { offset: fromMeters, rsu, begins: true },
        { offset: toMeters, rsu, begins: false },
      ];
    });
    const inside = all.filter(({ offset }) => offset > 0 && offset < length);
    return inside.sort((a, b) => a.offset - b.offset || Number(a.begins) - Number(b.begins) || a.rsu - b.rsu);
  }

  /** For each cell of a road, from border to border, the intervals that hold there. */
  #cellsOf(intervals: readonly number[], borders: readonly Border[]): number[][] {
    const starts = [0, ...borders.map((border) => border.offset)];
    return starts.map((start) =>
      intervals
        .filter((i) => this.intervals[i]!.fromMeters <= start && start < this.intervals[i]!.toMeters)
        .sort((a, b) => this.rsuOf[a]! - this.rsuOf[b]!),
    );
  }
}
