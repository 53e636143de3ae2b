// What the engine asks a network often, worked out once: the lane a link leads to next, the link that leads into an
// internal lane, which links a link must give way to, which lanes lie beside each other.
// Must not: know of vehicles, or change in a run.
//
// Words: an entry link leaves a normal lane; an exit link leaves an internal lane for a normal one; an internal-junction
// link leads from the first internal lane of a continuation to the second, and there its driver gives way.

import type { Network } from '../network/network.ts';

const noRows: readonly number[] = [];

/** Lists of rows, packed: list i is rows[start[i]] .. rows[start[i + 1] - 1]. */
export interface PackedLists {
  readonly start: Int32Array;
  readonly rows: Int32Array;
}

export function pack(lists: readonly (readonly number[])[]): PackedLists {
  const start = new Int32Array(lists.length + 1);
  for (let i = 0; i < lists.length; i++) start[i + 1] = start[i]! + lists[i]!.length;
  return { start, rows: Int32Array.from(lists.flat()) };
}

/** Bit of SUMO's direction letters that the engine asks for. */
const straightLetters = 's';
const equalLetter = '='.charCodeAt(0);

export class Streets {
  readonly network: Network;
  readonly lanes: number;
  readonly links: number;
  readonly laneLength: Float64Array;
  readonly laneLimit: Float64Array;
  readonly laneEdge: Int32Array;
  readonly laneIndex: Int32Array;
  readonly laneInternal: Uint8Array;
  readonly permissions: Uint32Array;
  readonly firstLane: Int32Array;
  readonly firstLink: Int32Array;
  /** Of an internal lane: the link that leads into it, the entry link of its path, the lane before, the normal lane before. */
  readonly #laneInLink: Int32Array;
  readonly laneEntry: Int32Array;
  readonly laneBefore: Int32Array;
  readonly laneNormalBefore: Int32Array;
  /** Links that lead into a lane (for a normal lane: exit links, or entry links without internal lanes). */
  readonly incoming: PackedLists;
  /** The lane a vehicle is on after the link: its first internal lane or the normal one. */
  readonly linkNext: Int32Array;
  readonly linkTo: Int32Array;
  readonly linkFrom: Int32Array;
  readonly linkJunction: Int32Array;
  /** Length of the path's first internal lane; 0: none. */
  readonly linkLength: Float64Array;
  /** Entry link of the path a link belongs to (itself for an entry link). */
  readonly linkEntry: Int32Array;
  readonly linkFromInternal: Uint8Array;
  readonly linkInternalJunction: Uint8Array;
  readonly linkExit: Uint8Array;
  readonly linkContinuation: Uint8Array;
  readonly linkStraight: Uint8Array;
  /** Letter codes of the state without signals. */
  readonly linkOffState: Uint8Array;
  readonly linkSignal: Int32Array;
  readonly linkSignalIndex: Int32Array;
  /** 1: nobody may be left standing on the path of the link. */
  readonly linkKeepClear: Uint8Array;
  readonly linkVisibility: Float64Array;
  readonly laneRoundabout: Uint8Array;
  /** Links that link k gives way to. */
  readonly yieldsTo: PackedLists;
  /** 1: some link gives way to this one, so who approaches it must be known. */
  readonly linkWatched: Uint8Array;
  /** 1: watched, and its junction has links of equal rank, so those too must be known who do not ask to pass. */
  readonly linkEqualWatched: Uint8Array;
  /** All foes of entry links, and beside whether the link gives way. */
  readonly firstFoe: Int32Array;
  readonly foes: Int32Array;
  readonly yields: Uint8Array;

  constructor(network: Network) {
    const { lanes, links, edges } = network;
    this.network = network;
    this.lanes = lanes.count;
    this.links = links.count;
    this.laneLength = lanes.lengthMeters;
    this.laneLimit = lanes.speedLimitMps;
    this.laneEdge = lanes.edge;
    this.permissions = lanes.permissions;
    this.firstLane = edges.firstLane;
    this.firstLink = lanes.firstLink;
    this.laneIndex = Int32Array.from({ length: lanes.count }, (_, l) => l - edges.firstLane[lanes.edge[l]!]!);
    this.laneInternal = Uint8Array.from({ length: lanes.count }, (_, l) => edges.internal[lanes.edge[l]!]!);
    this.linkFrom = links.fromLane;
    this.linkTo = links.toLane;
    this.linkJunction = links.junction;
    this.linkNext = Int32Array.from({ length: links.count }, (_, k) =>
      links.via[k]! >= 0 ? links.via[k]! : links.toLane[k]!,
    );
    this.linkFromInternal = Uint8Array.from(
      { length: links.count },
      (_, k) => this.laneInternal[links.fromLane[k]!]!,
    );
    this.linkInternalJunction = Uint8Array.from({ length: links.count }, (_, k) =>
      this.linkFromInternal[k] && this.laneInternal[this.linkNext[k]!] ? 1 : 0,
    );
    this.linkExit = Uint8Array.from({ length: links.count }, (_, k) =>
      this.linkFromInternal[k] && !this.laneInternal[this.linkNext[k]!] ? 1 : 0,
    );
    this.linkLength = Float64Array.from({ length: links.count }, (_, k) =>
      this.laneInternal[this.linkNext[k]!] ? lanes.lengthMeters[this.linkNext[k]!]! : 0,
    );
    this.linkContinuation = links.continuation;
    this.linkStraight = Uint8Array.from(links.direction, (letter) => (letter === straightLetters ? 1 : 0));
    this.linkOffState = Uint8Array.from(links.state, (letter) => letter.charCodeAt(0));
    this.linkSignal = links.signal;
    this.linkSignalIndex = links.signalIndex;
    this.firstFoe = links.firstFoe;
    this.foes = links.foes;
    this.yields = links.yields;
    this.#laneInLink = new Int32Array(lanes.count).fill(-1);
    this.laneEntry = new Int32Array(lanes.count).fill(-1);
    this.laneBefore = new Int32Array(lanes.count).fill(-1);
    this.laneNormalBefore = Int32Array.from({ length: lanes.count }, (_, l) => l);
    this.linkEntry = Int32Array.from({ length: links.count }, (_, k) => k);
    this.#tracePaths();
    this.incoming = this.#incomingLinks();
    this.linkKeepClear = this.#mustStayClear();
    this.linkVisibility = links.visibilityMeters;
    this.laneRoundabout = Uint8Array.from(
      { length: lanes.count },
      (_, l) => edges.roundabout[lanes.edge[l]!]!,
    );
    this.yieldsTo = this.#yieldsTo();
    this.linkWatched = this.#watched();
    this.linkEqualWatched = this.#equalWatched();
  }

  /** True where `link` must give way to the entry link `foe`. */
  respondsTo(link: number, foe: number): boolean {
    for (let i = this.firstFoe[link]!; i < this.firstFoe[link + 1]!; i++) {
      if (this.foes[i] === foe) return this.yields[i] === 1;
    }
    return false;
  }

  #tracePaths(): void {
    const walk = (k: number, entry: number): void => {
      const next = this.linkNext[k]!;
      if (!this.laneInternal[next] || this.#laneInLink[next] !== -1) return;
      this.#laneInLink[next] = k;
      this.laneEntry[next] = entry;
      this.laneBefore[next] = this.linkFrom[k]!;
      this.laneNormalBefore[next] = this.linkFrom[entry]!;
      for (let out = this.firstLink[next]!; out < this.firstLink[next + 1]!; out++) {
        this.linkEntry[out] = entry;
        walk(out, entry);
      }
    };
    for (let k = 0; k < this.links; k++) if (!this.linkFromInternal[k]) walk(k, k);
  }

  #incomingLinks(): PackedLists {
    const lists: number[][] = Array.from({ length: this.lanes }, () => []);
    for (let k = 0; k < this.links; k++) lists[this.linkNext[k]!]!.push(k);
    return pack(lists);
  }

  #mustStayClear(): Uint8Array {
    const { keepClear } = this.network.links;
    return Uint8Array.from({ length: this.links }, (_, k) => {
      const entry = this.linkEntry[k]!;
      return keepClear[entry] && this.firstFoe[entry + 1]! > this.firstFoe[entry]! ? 1 : 0;
    });
  }

  /** An entry link gives way as the matrix says; an internal-junction link gives way to what its entry link does. */
  #yieldsTo(): PackedLists {
    const listOf = (k: number): readonly number[] => {
      if (this.linkExit[k]) return noRows;
      const own = this.#yieldedBy(k);
      return own.length === 0 && this.linkInternalJunction[k] ? this.#yieldedBy(this.linkEntry[k]!) : own;
    };
    return pack(Array.from({ length: this.links }, (_, k) => listOf(k)));
  }

  #yieldedBy(k: number): number[] {
    const result: number[] = [];
    for (let i = this.firstFoe[k]!; i < this.firstFoe[k + 1]!; i++)
      if (this.yields[i]) result.push(this.foes[i]!);
    return result;
  }

  #equalWatched(): Uint8Array {
    const junctionOf = (k: number): number => this.linkJunction[this.linkEntry[k]!]!;
    const equal = new Set<number>();
    for (let k = 0; k < this.links; k++) if (this.linkOffState[k] === equalLetter) equal.add(junctionOf(k));
    return this.linkWatched.map((watched, k) => (watched && equal.has(junctionOf(k)) ? 1 : 0));
  }

  #watched(): Uint8Array {
    const result = new Uint8Array(this.links);
    for (const k of this.yieldsTo.rows) result[k] = 1;
    return result;
  }
}
