// How a vehicle came from one lane to another within a step: the lanes in between, found by the shortest way over links
// and remembered. Why: columns say where a vehicle was and is; an instant of coverage needs the way between.
// Must not: know of vehicles' routes (within a step there is one sensible way).

import type { Network } from '../network/network.ts';

type Streets = Pick<Network, 'edges' | 'lanes' | 'links'>;

/** Lanes in between, at most: 2 s at 50 m/s over the shortest internal lanes are no more. */
const mostLanes = 12;

export class LanePaths {
  readonly #network: Streets;
  readonly #known = new Map<number, Int32Array | null>();
  /** Lanes that can be driven onto from lane l: followers[firstFollower[l]] .. followers[firstFollower[l + 1] - 1]. */
  readonly #firstFollower: Int32Array;
  readonly #followers: Int32Array;

  constructor(network: Streets) {
    this.#network = network;
    const { lanes, links } = network;
    this.#firstFollower = lanes.firstLink;
    this.#followers = Int32Array.from(links.via, (via, link) => (via >= 0 ? via : links.toLane[link]!));
  }

  /** True where `to` comes directly behind `from`. */
  follows(from: number, to: number): boolean {
    const end = this.#firstFollower[from + 1]!;
    for (let i = this.#firstFollower[from]!; i < end; i++) if (this.#followers[i] === to) return true;
    return false;
  }

  /** True where both are lanes of one edge: between them one changes lanes. */
  areBeside(from: number, to: number): boolean {
    const { edge } = this.#network.lanes;
    return edge[from] === edge[to];
  }

  /**
   * The lanes driven from `from` to `to`, both included, `from` possibly replaced by a lane beside it; null where there
   * is no short way (a vehicle was set elsewhere).
   */
  between(from: number, to: number): Int32Array | null {
    const key = from * this.#network.lanes.count + to;
    const known = this.#known.get(key);
    if (known !== undefined) return known;
    const found = this.#search(from, to);
    this.#known.set(key, found);
    return found;
  }

  /** Breadth first; starts on the lane itself, then on those beside it; ends on the edge of `to`. */
  #search(from: number, to: number): Int32Array | null {
    const { edges, lanes } = this.#network;
    const edge = lanes.edge[from]!;
    const beside: number[] = [from];
    for (let lane = edges.firstLane[edge]!; lane < edges.firstLane[edge + 1]!; lane++)
      if (lane !== from) beside.push(lane);
    return this.#reach(beside, (lane) => lane === to) ?? this.#reach(beside, this.#isBeside(to), to);
  }

  #isBeside(to: number): (lane: number) => boolean {
    const { edge } = this.#network.lanes;
    return (lane) => edge[lane] === edge[to];
  }

  #reach(starts: readonly number[], isGoal: (lane: number) => boolean, last?: number): Int32Array | null {
    const cameFrom = new Map<number, number>(starts.map((lane) => [lane, -1]));
    let front = [...starts];
    for (let depth = 0; depth < mostLanes && front.length > 0; depth++) {
      const next: number[] = [];
      for (const lane of front)
        for (let i = this.#firstFollower[lane]!; i < this.#firstFollower[lane + 1]!; i++) {
          const follower = this.#followers[i]!;
          if (cameFrom.has(follower)) continue;
          cameFrom.set(follower, lane);
          if (isGoal(follower)) return pathTo(follower, cameFrom, last);
          next.push(follower);
        }
      front = next;
    }
    return null;
  }
}

/** The way back from `goal`; its end is `last` where the vehicle also changed lanes. */
function pathTo(goal: number, cameFrom: ReadonlyMap<number, number>, last = goal): Int32Array {
  const path: number[] = [];
  for (let lane = goal; lane >= 0; lane = cameFrom.get(lane) ?? -1) path.unshift(lane);
  path[path.length - 1] = last;
  return Int32Array.from(path);
}
