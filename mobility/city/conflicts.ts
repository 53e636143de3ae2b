// Where paths across a junction meet: for every internal lane the foe lanes it crosses or joins, and how far before its
// end. Geometry as SUMO 1.15 reads it (MSLink::setRequestInformation), worked out once a network.
// Must not: know of vehicles.
//
//      own lane ────────┐ crossing begins         behind = metres from where the crossing begins to the end of the lane
//      foe lane ──┼─────┘                         size   = how long the crossing is, along the own lane

import { apartFromEnd, distanceBetween, type Line, lastCrossing, lineLength, reversed } from './geometry.ts';
import type { Streets } from './streets.ts';

/** Lines whose middles are nearer than this, m, are the same road. */
const divergence = 2.5;

export interface Conflict {
  readonly foeLane: number;
  /** Metres before the end of the own lane and of the foe lane. */
  behind: number;
  foeBehind: number;
  size: number;
  foeSize: number;
  readonly sameTarget: boolean;
  readonly sameSource: boolean;
  /** The foe lane ends at a wait point inside the junction, and the own path has none. */
  readonly foeWaits: boolean;
}

/** Conflicts of internal lanes as columns: those of lane l are rows start[l] .. start[l + 1] - 1. */
export interface ConflictTable {
  readonly start: Int32Array;
  readonly foeLane: Int32Array;
  readonly behind: Float64Array;
  readonly foeBehind: Float64Array;
  readonly size: Float64Array;
  readonly foeSize: Float64Array;
  readonly sameTarget: Uint8Array;
  readonly sameSource: Uint8Array;
  readonly foeWaits: Uint8Array;
}

/** Works out all conflicts of a network. */
export function findConflicts(streets: Streets): ConflictTable {
  const finder = new ConflictFinder(streets);
  const start = new Int32Array(streets.lanes + 1);
  const columns = new Columns();
  for (let l = 0; l < streets.lanes; l++) {
    for (const conflict of finder.conflictsOf(l)) columns.add(conflict);
    start[l + 1] = columns.count;
  }
  return columns.table(start);
}

/** Columns that grow, and not objects: a large city has a million conflicts. */
class Columns {
  count = 0;
  #foeLane = new Int32Array(1024);
  /** Four numbers and three flags a row. */
  #numbers = new Float64Array(4 * 1024);
  #flags = new Uint8Array(3 * 1024);

  add(c: Conflict): void {
    if (this.count === this.#foeLane.length) this.#grow();
    this.#foeLane[this.count] = c.foeLane;
    this.#numbers.set([c.behind, c.foeBehind, c.size, c.foeSize], 4 * this.count);
    this.#flags.set([Number(c.sameTarget), Number(c.sameSource), Number(c.foeWaits)], 3 * this.count);
    this.count += 1;
  }

  table(start: Int32Array): ConflictTable {
    const number = (i: number): Float64Array =>
      Float64Array.from({ length: this.count }, (_, row) => this.#numbers[4 * row + i]!);
    const flag = (i: number): Uint8Array =>
      Uint8Array.from({ length: this.count }, (_, row) => this.#flags[3 * row + i]!);
    return {
      start,
      foeLane: this.#foeLane.subarray(0, this.count),
      behind: number(0),
      foeBehind: number(1),
      size: number(2),
      foeSize: number(3),
      sameTarget: flag(0),
      sameSource: flag(1),
      foeWaits: flag(2),
    };
  }

  #grow(): void {
    const size = this.#foeLane.length * 2;
    const [foeLane, numbers, flags] = [this.#foeLane, this.#numbers, this.#flags];
    this.#foeLane = new Int32Array(size);
    this.#numbers = new Float64Array(4 * size);
    this.#flags = new Uint8Array(3 * size);
    this.#foeLane.set(foeLane);
    this.#numbers.set(numbers);
    this.#flags.set(flags);
  }
}

interface Place {
  readonly behind: number;
  readonly size: number;
}

class ConflictFinder {
  readonly #streets: Streets;
  /** Places found in the present junction, by both lanes: each is asked about from both sides. */
  readonly #places = new Map<number, Place | undefined>();
  #junction = -1;

  constructor(streets: Streets) {
    this.#streets = streets;
  }

  conflictsOf(lane: number): Conflict[] {
    const { laneInternal, laneEntry, linkJunction } = this.#streets;
    if (!laneInternal[lane] || laneEntry[lane]! < 0) return [];
    const junction = linkJunction[laneEntry[lane]!]!;
    if (junction !== this.#junction) this.#places.clear();
    this.#junction = junction;
    const result: Conflict[] = [];
    for (const foeLane of this.#foeLanes(lane)) {
      const own = this.#placeOf(lane, foeLane);
      if (own === undefined) continue;
      const foe = this.#placeOf(foeLane, lane);
      result.push({
        foeLane,
        behind: own.behind,
        size: own.size,
        foeBehind: foe?.behind ?? -10_000,
        foeSize: foe?.size ?? 0,
        ...this.#relation(lane, foeLane),
      });
    }
    return result;
  }

  /** Lanes of the paths of all foes, and lanes that begin where this one does. */
  #foeLanes(lane: number): number[] {
    const { firstFoe, foes, laneEntry, linkNext, firstLink, laneBefore, laneInternal } = this.#streets;
    const entry = laneEntry[lane]!;
    const result = new Set<number>();
    const waiting = this.#waitingLink(entry);
    const decides = waiting >= 0 && firstFoe[waiting + 1]! > firstFoe[waiting]! ? waiting : entry;
    for (let i = firstFoe[decides]!; i < firstFoe[decides + 1]!; i++) {
      const path = this.#pathOf(foes[i]!);
      // Who waits inside the junction itself counts before its waiting point only where it goes first.
      const skipped =
        decides !== entry && path.length > 1 && !this.#streets.respondsTo(entry, foes[i]!) ? 1 : 0;
      for (const foe of path.slice(skipped)) result.add(foe);
    }
    const before = laneBefore[lane]!;
    if (!laneInternal[before]) {
      for (let k = firstLink[before]!; k < firstLink[before + 1]!; k++) {
        const sibling = linkNext[k]!;
        if (laneInternal[sibling] && sibling !== lane) result.add(sibling);
      }
    }
    result.delete(lane);
    return [...result].sort((a, b) => a - b);
  }

  /** The link at the waiting point of the path that begins with entry link `k`; -1: it has none. */
  #waitingLink(k: number): number {
    const { linkNext, laneInternal, firstLink, linkInternalJunction } = this.#streets;
    const lane = linkNext[k]!;
    if (!laneInternal[lane]) return -1;
    const out = firstLink[lane]!;
    return linkInternalJunction[out] ? out : -1;
  }

  /** Internal lanes of the path that begins with entry link `k`. */
  #pathOf(k: number): number[] {
    const { linkNext, laneInternal, firstLink } = this.#streets;
    const result: number[] = [];
    for (let lane = linkNext[k]!; laneInternal[lane]; lane = linkNext[firstLink[lane]!]!) result.push(lane);
    return result;
  }

  #relation(lane: number, foeLane: number): Pick<Conflict, 'sameTarget' | 'sameSource' | 'foeWaits'> {
    const { firstLink, linkNext, linkInternalJunction, laneBefore, laneInternal } = this.#streets;
    const out = firstLink[lane]!;
    const foeOut = firstLink[foeLane]!;
    const waits = linkInternalJunction[foeOut] === 1;
    const ownContinues = linkInternalJunction[out] === 1 || laneInternal[laneBefore[lane]!] === 1;
    return {
      sameTarget: linkNext[out] === linkNext[foeOut] && !waits && !linkInternalJunction[out],
      sameSource: laneBefore[lane] === laneBefore[foeLane],
      foeWaits: waits && !ownContinues,
    };
  }

  #placeOf(lane: number, foeLane: number): Place | undefined {
    const key = lane * this.#streets.lanes + foeLane;
    if (!this.#places.has(key)) this.#places.set(key, this.#findPlace(lane, foeLane));
    return this.#places.get(key);
  }

  #findPlace(lane: number, foeLane: number): Place | undefined {
    const { sameTarget, sameSource } = this.#relation(lane, foeLane);
    if (sameSource) return this.#divergence(lane, foeLane);
    if (sameTarget) return this.#merge(lane, foeLane);
    const crossing = lastCrossing(this.#shape(lane), this.#shape(foeLane));
    if (crossing === undefined) return undefined;
    const width = this.#width(foeLane);
    const factor = (1 / Math.max(crossing.sine, 0.2)) * 2 - 1;
    const size = Math.min(width * factor, this.#length(lane));
    const begins = this.#alongLane(lane, Math.max(0, crossing.along - size / 2));
    return { behind: this.#length(lane) - begins, size };
  }

  /** Both join one lane: behind the place from which they are one road. */
  #merge(lane: number, foeLane: number): Place {
    const own = this.#shape(lane);
    const foe = this.#shape(foeLane);
    const near = Math.min(divergence, 0.5 * (this.#width(lane) + this.#width(foeLane)));
    if (endsApart(own, foe) >= near) return { behind: 0, size: this.#width(foeLane) };
    const distance = this.#distanceToDivergence(reversed(own), reversed(foe), lane, foeLane, near);
    return { behind: this.#alongLane(lane, distance), size: this.#width(foeLane) };
  }

  /** Both leave one lane: until the place where they part, a vehicle on either is ahead of the other. */
  #divergence(lane: number, foeLane: number): Place | undefined {
    const own = this.#shape(lane);
    const foe = this.#shape(foeLane);
    const near = Math.min(divergence, 0.5 * (this.#width(lane) + this.#width(foeLane)));
    if (distanceBetween(own[0]!, own[1]!, foe[0]!, foe[1]!) >= near) return undefined;
    const distance = this.#distanceToDivergence(own, foe, lane, foeLane, near);
    return {
      behind: Math.max(0, this.#length(lane) - this.#alongLane(lane, distance)),
      size: this.#width(foeLane),
    };
  }

  #distanceToDivergence(own: Line, foe: Line, lane: number, foeLane: number, near: number): number {
    let ownApart = 0;
    let foeApart = 0;
    if (endsApart(own, foe) > near) {
      ownApart = apartFromEnd(own, foe, near);
      foeApart = apartFromEnd(foe, own, near);
    }
    const farthest = Math.max(this.#length(foeLane) - foeApart, this.#length(lane) - ownApart);
    return Math.min(farthest, lineLength(own), lineLength(foe));
  }

  #alongLane(lane: number, alongShape: number): number {
    const length = lineLength(this.#shape(lane));
    return length === 0 ? 0 : (alongShape * this.#length(lane)) / length;
  }

  #length(lane: number): number {
    return this.#streets.laneLength[lane]!;
  }

  #width(lane: number): number {
    return this.#streets.network.lanes.widthMeters[lane]!;
  }

  #shape(lane: number): Line {
    const { firstPoint, shape } = this.#streets.network.lanes;
    return shape.subarray(2 * firstPoint[lane]!, 2 * firstPoint[lane + 1]!);
  }
}

function endsApart(a: Line, b: Line): number {
  return distanceBetween(a[a.length - 2]!, a[a.length - 1]!, b[b.length - 2]!, b[b.length - 1]!);
}
