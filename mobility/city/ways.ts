// Which lanes lead on along a route: for every lane of the edge a vehicle is on, how far it can go without changing
// lanes, how many lanes it should change, and the links it would follow. SUMO 1.15's best lanes
// (MSVehicle::updateBestLanes), kept by route and edge instead of by vehicle, so that vehicles of one route share them.
// Must not: know where vehicles are, or follow the signals of the moment.
//
// Word: a way is a route as driven by one type of vehicle (its class decides which lanes it may use); vehicles with
// halts have a way of their own, since a halt ahead makes its lane the best.

import type { Demand, Stop } from '../demand/demand.ts';
import { positionEpsilon } from './constants.ts';
import type { Streets } from './streets.ts';
import type { Types } from './types.ts';
import { noHalt } from './vehicles.ts';

/** Edges looked at: at most 4 beyond 3000 m, at most 8 beyond 200 m (or the braking distance). */
const motorway = { edges: 4, meters: 3000 } as const;
const urban = { edges: 8, meters: 200 } as const;
/** When all kept records together hold more numbers than this they are forgotten (and worked out again when asked). */
const poolMost = 4_000_000;
const recordHead = 1;
const recordWidth = 3;

/** Lanes of the edges ahead, while they are worked out: row = lane of one level. */
class Scratch {
  length = new Float64Array(64);
  current = new Float64Array(64);
  offset = new Int32Array(64);
  continues = new Uint8Array(64);
  link = new Int32Array(64);
  next = new Int32Array(64);
  lane = new Int32Array(64);

  makeRoom(rows: number): void {
    if (rows <= this.length.length) return;
    const grow = <T extends Float64Array | Int32Array | Uint8Array>(from: T, to: T): T => {
      to.set(from);
      return to;
    };
    const size = rows * 2;
    this.length = grow(this.length, new Float64Array(size));
    this.current = grow(this.current, new Float64Array(size));
    this.offset = grow(this.offset, new Int32Array(size));
    this.continues = grow(this.continues, new Uint8Array(size));
    this.link = grow(this.link, new Int32Array(size));
    this.next = grow(this.next, new Int32Array(size));
    this.lane = grow(this.lane, new Int32Array(size));
  }
}

interface Way {
  readonly edges: Int32Array;
  readonly type: number;
  readonly records: number;
  /** Of a way of one vehicle: its halts not yet served, by their edge's index in the route. */
  stops: readonly { readonly index: number; readonly stop: Stop }[];
}

export class Ways {
  readonly #streets: Streets;
  readonly #types: Types;
  readonly #demand: Demand;
  readonly #shared = new Map<number, number>();
  readonly #ways: Way[] = [];
  #records = new Int32Array(1024).fill(-1);
  #recordCount = 0;
  /** Records: [row in lengths], then for each lane [lanes to change, links, where the links begin]. */
  #pool = new Int32Array(4096);
  #poolEnd = 0;
  #lengths = new Float64Array(1024);
  #lengthsEnd = 0;
  readonly #scratch = new Scratch();
  readonly #levelStart: number[] = [];

  constructor(streets: Streets, types: Types, demand: Demand) {
    this.#streets = streets;
    this.#types = types;
    this.#demand = demand;
  }

  /** The way of a departure. */
  wayOf(departureRow: number): number {
    const departure = this.#demand.departures[departureRow]!;
    const edges = this.#demand.routes[departure.route]!;
    if (departure.stops.length > 0) {
      return this.#addWay({ edges, type: departure.type, stops: this.placeStops(edges, departure.stops) });
    }
    const key = departure.route * this.#types.count + departure.type;
    const known = this.#shared.get(key);
    if (known !== undefined) return known;
    const made = this.#addWay({ edges, type: departure.type, stops: [] });
    this.#shared.set(key, made);
    return made;
  }

  edgesOf(way: number): Int32Array {
    return this.#ways[way]!.edges;
  }

  /** The next halt; undefined: none is left. */
  nextStop(way: number): Stop | undefined {
    return this.#ways[way]!.stops[0]?.stop;
  }

  /** Index in the route of the edge of the next halt; `noHalt`: none is left. */
  haltIndex(way: number): number {
    return this.#ways[way]!.stops[0]?.index ?? noHalt;
  }

  /** The first halt of a way is served: the next one decides from now on. */
  dropStop(way: number): void {
    const own = this.#ways[way]!;
    own.stops = own.stops.slice(1);
    this.#records.fill(-1, own.records, own.records + own.edges.length);
  }

  /** Where the record of edge `index` of `way` begins; pass it to the questions below. */
  record(way: number, index: number): number {
    const own = this.#ways[way]!;
    const found = this.#records[own.records + index]!;
    return found >= 0 ? found : this.#workOut(own, index);
  }

  /** Metres from the start of the edge that can be driven from its lane number `j` without changing lanes. */
  lengthOf(record: number, j: number): number {
    return this.#lengths[this.#pool[record]! + j]!;
  }

  /** How many lanes to the left (below 0: right) of lane number `j` the best lane is. */
  offsetOf(record: number, j: number): number {
    return this.#pool[record + recordHead + recordWidth * j]!;
  }

  /** How many links the way follows from lane number `j`. */
  linkCount(record: number, j: number): number {
    return this.#pool[record + recordHead + recordWidth * j + 1]!;
  }

  /** The link behind the `view`-th edge from here; -1: the lane leads no further along the route. */
  linkAt(record: number, j: number, view: number): number {
    const row = record + recordHead + recordWidth * j;
    return view < this.#pool[row + 1]! ? this.#pool[this.#pool[row + 2]! + view]! : -1;
  }

  /** Forgets all records when they have become too many. True: it did, and nobody may go on holding one. */
  trim(): boolean {
    if (this.#poolEnd < poolMost) return false;
    this.#records.fill(-1);
    this.#poolEnd = 0;
    this.#lengthsEnd = 0;
    return true;
  }

  /** Puts each halt on its edge of the route, in order. */
  placeStops(edges: Int32Array, stops: readonly Stop[]): Way['stops'] {
    const placed: { index: number; stop: Stop }[] = [];
    let from = 0;
    for (const stop of stops) {
      const index = edges.indexOf(this.#streets.laneEdge[stop.lane]!, from);
      if (index < 0) continue;
      placed.push({ index, stop });
      from = index;
    }
    return placed;
  }

  #addWay(way: Omit<Way, 'records'>): number {
    const records = this.#recordCount;
    this.#recordCount += way.edges.length;
    if (this.#recordCount > this.#records.length) {
      const grown = new Int32Array(Math.max(this.#recordCount, this.#records.length * 2)).fill(-1);
      grown.set(this.#records);
      this.#records = grown;
    }
    this.#ways.push({ ...way, records });
    return this.#ways.length - 1;
  }

  #workOut(way: Way, index: number): number {
    const levels = this.#lookAhead(way, index);
    this.#rateLast(way, levels - 1);
    for (let level = levels - 2; level >= 0; level--) this.#rateBefore(way, level);
    const record = this.#keep();
    this.#records[way.records + index] = record;
    return record;
  }

  /** Fills the scratch with the lanes of the edges ahead, level by level. Returns how many levels. */
  #lookAhead(way: Way, index: number): number {
    const { firstLane, laneLength, permissions } = this.#streets;
    const permission = this.#types.permission[way.type]!;
    const halt = way.stops[0];
    const braking = this.#brakingMeters(way.type) + laneLength[firstLane[way.edges[index]!]!]!;
    let rows = 0;
    let seenMeters = 0;
    let level = 0;
    for (let at = index; ; level++) {
      const edge = way.edges[at]!;
      const first = firstLane[edge]!;
      const lanes = firstLane[edge + 1]! - first;
      this.#levelStart[level] = rows;
      this.#scratch.makeRoom(rows + lanes);
      for (let j = 0; j < lanes; j++)
        this.#addLane(rows + j, first + j, way.edges[at + 1] ?? -1, permissions[first + j]! & permission);
      if (halt?.index === at) this.#preferHalt(rows, lanes, halt.stop);
      rows += lanes;
      seenMeters += laneLength[first]!;
      at += 1;
      const seen = level + 1;
      const more =
        (seen <= motorway.edges || seenMeters < Math.max(braking, motorway.meters)) &&
        (seen <= urban.edges || seenMeters < Math.max(braking, urban.meters));
      if (!more || at >= way.edges.length || halt?.index === at - 1) break;
    }
    this.#levelStart[level + 1] = rows;
    return level + 1;
  }

  #brakingMeters(t: number): number {
    const { maxSpeed, tau, deceleration, minGap } = this.#types;
    return (
      tau[t]! * maxSpeed[t]! + this.#types.brakeGap(maxSpeed[t]!, deceleration[t]!, tau[t]!) + minGap[t]!
    );
  }

  #addLane(row: number, lane: number, nextEdge: number, allowed: number): void {
    const s = this.#scratch;
    const length = allowed ? this.#streets.laneLength[lane]! : 0;
    s.lane[row] = lane;
    s.length[row] = length;
    s.current[row] = length;
    s.offset[row] = 0;
    s.link[row] = -1;
    s.next[row] = -1;
    s.continues[row] = nextEdge < 0 || (allowed && this.#leadsTo(lane, nextEdge)) ? 1 : 0;
  }

  #leadsTo(lane: number, edge: number): boolean {
    const { firstLink, linkTo, laneEdge } = this.#streets;
    for (let k = firstLink[lane]!; k < firstLink[lane + 1]!; k++)
      if (laneEdge[linkTo[k]!] === edge) return true;
    return false;
  }

  /** A halt is ahead: other lanes than its own lead no further than its place. */
  #preferHalt(row: number, lanes: number, stop: Stop): void {
    const s = this.#scratch;
    const end = this.#streets.laneLength[stop.lane]! - 2 * positionEpsilon;
    const place = Math.max(positionEpsilon, Math.min(stop.startMeters, end));
    for (let i = row; i < row + lanes; i++) {
      if (s.lane[i] === stop.lane) continue;
      s.continues[i] = 0;
      s.length[i] = place;
      s.current[i] = place;
    }
  }

  #rateLast(way: Way, level: number): void {
    const s = this.#scratch;
    const from = this.#levelStart[level]!;
    const to = this.#levelStart[level + 1]!;
    let best = from;
    let bestLast = from;
    for (let i = from; i < to; i++) {
      if (s.length[i]! > s.length[best]!) {
        best = i;
        bestLast = i;
      } else if (s.length[i] === s.length[best]) bestLast = i;
    }
    const bestLength = s.length[best]!;
    let rightForbidden = false;
    let leftForbidden = from - 1;
    for (let i = from; i < to; i++) {
      if (s.length[i]! >= bestLength) continue;
      s.offset[i] = nearer(best, bestLast, i);
      if (s.offset[i]! < 0 && (rightForbidden || !this.#allows(way, i - 1))) {
        rightForbidden = true;
        s.length[i] = 0;
      } else if (s.offset[i]! > 0 && !this.#allows(way, i + 1)) leftForbidden = i;
    }
    for (let i = leftForbidden; i >= from; i--) s.length[i] = 0;
  }

  #allows(way: Way, row: number): boolean {
    return (this.#streets.permissions[this.#scratch.lane[row]!]! & this.#types.permission[way.type]!) !== 0;
  }

  #rateBefore(way: Way, level: number): void {
    const s = this.#scratch;
    const from = this.#levelStart[level]!;
    const to = this.#levelStart[level + 1]!;
    const nextTo = this.#levelStart[level + 2]!;
    let bestLength = -1;
    for (let m = to; m < nextTo; m++) bestLength = Math.max(bestLength, s.length[m]!);
    const bestConnected = this.#connectLanes(way, from, to, nextTo);
    let best = from;
    let bestLast = from;
    for (let i = from; i < to; i++) {
      const m = s.next[i]!;
      if (m >= 0) {
        const wide = s.length[m] === bestConnected && Math.abs(s.offset[m]!) < 2;
        s.length[i] = s.length[i]! + (wide ? bestLength : s.length[m]!);
        s.offset[i] = s.offset[m]!;
      }
      if (m < 0 || (!s.continues[m] && s.length[m]! <= 0)) {
        s.continues[i] = 0;
        s.next[i] = -1;
        s.link[i] = -1;
      }
      const order = this.#compare(i, best);
      if (order > 0) {
        best = i;
        bestLast = i;
      } else if (order === 0) bestLast = i;
    }
    this.#setOffsets(way, from, to, best, bestLast);
  }

  /** Chooses for every lane the best one it leads to. Returns the length of the best lane that is led to at all. */
  #connectLanes(way: Way, from: number, to: number, nextTo: number): number {
    const s = this.#scratch;
    const { firstLink, linkTo } = this.#streets;
    const firstNext = s.lane[to]!;
    const lastNext = s.lane[nextTo - 1]!;
    let bestConnected = -1;
    for (let i = from; i < to; i++) {
      const lane = s.lane[i]!;
      for (let k = firstLink[lane]!; k < firstLink[lane + 1]!; k++) {
        const target = linkTo[k]!;
        if (target < firstNext || target > lastNext) continue;
        const m = to + target - firstNext;
        bestConnected = Math.max(bestConnected, s.length[m]!);
        if (!s.continues[i] || !this.#allows(way, m)) continue;
        const known = s.next[i]!;
        const better =
          known < 0 ||
          s.length[known]! < s.length[m]! ||
          (s.length[known] === s.length[m] && Math.abs(s.offset[known]!) > Math.abs(s.offset[m]!));
        if (!better) continue;
        s.next[i] = m;
        s.link[i] = k;
      }
    }
    return bestConnected;
  }

  /** Above 0: lane row `a` is better than `b`; 0: as good. */
  #compare(a: number, b: number): number {
    const s = this.#scratch;
    if (s.length[a] !== s.length[b]) return s.length[a]! - s.length[b]!;
    const nearer = Math.abs(s.offset[b]!) - Math.abs(s.offset[a]!);
    return nearer !== 0 ? nearer : this.#priority(a) - this.#priority(b);
  }

  /** 1: leads on with priority, 0: without, -1: leads nowhere. */
  #priority(row: number): number {
    const link = this.#scratch.link[row]!;
    if (link < 0) return -1;
    const letter = this.#streets.linkOffState[link]!;
    return letter >= 65 && letter <= 90 ? 1 : 0;
  }

  #setOffsets(way: Way, from: number, to: number, best: number, bestLast: number): void {
    const s = this.#scratch;
    const bestLength = s.length[best]!;
    const bestOffset = Math.abs(s.offset[best]!);
    const bestPriority = this.#priority(best);
    let rightForbidden = false;
    let leftForbidden = from - 1;
    for (let i = from; i < to; i++) {
      const worse =
        s.length[i]! < bestLength ||
        (s.length[i] === bestLength && Math.abs(s.offset[i]!) > bestOffset) ||
        this.#priority(i) < bestPriority;
      if (!worse) {
        s.offset[i] = 0;
        continue;
      }
      s.offset[i] = nearer(best, bestLast, i);
      if (this.#priority(i) < bestPriority) s.length[i] = s.current[i]!;
      if (s.offset[i]! < 0 && (rightForbidden || !this.#allows(way, i - 1))) {
        rightForbidden = true;
        if (s.length[i] === s.current[i]) s.length[i] = 0;
      } else if (s.offset[i]! > 0 && !this.#allows(way, i + 1)) leftForbidden = i;
    }
    for (let i = leftForbidden; i >= from; i--) if (s.length[i] === s.current[i]) s.length[i] = 0;
  }

  /** Copies the first level into the pool. */
  #keep(): number {
    const s = this.#scratch;
    const lanes = this.#levelStart[1]!;
    const most = recordHead + lanes * (recordWidth + this.#levelStart.length);
    this.#makeRoom(most, lanes);
    const record = this.#poolEnd;
    this.#pool[record] = this.#lengthsEnd;
    let end = record + recordHead + recordWidth * lanes;
    for (let j = 0; j < lanes; j++) {
      this.#lengths[this.#lengthsEnd + j] = s.length[j]!;
      const row = record + recordHead + recordWidth * j;
      this.#pool[row] = s.offset[j]!;
      this.#pool[row + 2] = end;
      for (let at = j; at >= 0 && s.link[at]! >= 0; at = s.next[at]!) {
        this.#pool[end] = s.link[at]!;
        end += 1;
      }
      this.#pool[row + 1] = end - this.#pool[row + 2]!;
    }
    this.#lengthsEnd += lanes;
    this.#poolEnd = end;
    return record;
  }

  #makeRoom(ints: number, doubles: number): void {
    if (this.#poolEnd + ints > this.#pool.length) {
      const grown = new Int32Array(Math.max(this.#pool.length * 2, this.#poolEnd + ints));
      grown.set(this.#pool);
      this.#pool = grown;
    }
    if (this.#lengthsEnd + doubles > this.#lengths.length) {
      const grown = new Float64Array(Math.max(this.#lengths.length * 2, this.#lengthsEnd + doubles));
      grown.set(this.#lengths);
      this.#lengths = grown;
    }
  }
}

/** The offset from row `i` to the nearer end of the best rows. */
function nearer(best: number, bestLast: number, i: number): number {
  return Math.abs(best - i) < Math.abs(bestLast - i) ? best - i : bestLast - i;
}
