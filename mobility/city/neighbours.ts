// Who is ahead and who is behind, beyond the ends of a lane: for changing lanes and for coming onto the road.
// Must not: judge whether a gap is enough.

import type { Approaches, Passage } from './approaches.ts';
import { passage } from './approaches.ts';
import { never, numericEpsilon } from './constants.ts';
import { isRed } from './signals.ts';
import type { World } from './world.ts';

/** A neighbour and the gap to it, m (minGap of the one behind taken off); vehicle -1: none. */
export interface Neighbour {
  vehicle: number;
  gap: number;
}

export const nobody = (): Neighbour => ({ vehicle: -1, gap: never });

/** So far back followers are looked for, m, and over so many lanes. */
const searchMost = 1000;
const lanesMost = 24;

export class Neighbours {
  readonly #world: World;
  readonly #approaches: Approaches;
  readonly #passage: Passage = passage();
  readonly #searchLane = new Int32Array(64);
  readonly #searchDistance = new Float64Array(64);

  constructor(world: World, approaches: Approaches) {
    this.#world = world;
    this.#approaches = approaches;
  }

  /** The leader of `ego` if it were on `lane` at its place, where nobody is ahead on that lane itself. */
  leaderBeyond(ego: number, lane: number, into: Neighbour): void {
    const { vehicles, types, streets } = this.#world;
    const t = vehicles.type[ego]!;
    const position = vehicles.position[ego]!;
    const speed = vehicles.speed[ego]!;
    into.vehicle = -1;
    into.gap = never;
    const body = this.#world.bodyOn(lane, ego);
    if (body >= 0) {
      into.vehicle = body;
      into.gap = this.#world.backOn(body, lane) - position - types.minGap[t]!;
      return;
    }
    const lookAhead = types.brakeGap(speed, types.deceleration[t]!, types.tau[t]!) + types.minGap[t]!;
    let seen = streets.laneLength[lane]! - position;
    if (seen > lookAhead && !streets.laneInternal[lane]) return;
    const record = this.#recordAt(ego, lane);
    const index = streets.laneIndex[lane]!;
    let view = 0;
    let time = this.#world.now + seen / Math.max(speed, numericEpsilon);
    for (let at = lane; ; ) {
      const link = streets.laneInternal[at]
        ? streets.firstLink[at]!
        : record < 0
          ? -1
          : this.#world.ways.linkAt(record, index, view);
      if (link < 0 || !this.#isOpen(ego, link, time)) return;
      at = streets.linkNext[link]!;
      if (!streets.laneInternal[at]) view += 1;
      const last = this.#world.lastOn(at, ego);
      if (last >= 0) {
        into.vehicle = last;
        into.gap = seen + this.#world.backOn(last, at) - types.minGap[t]!;
        return;
      }
      seen += streets.laneLength[at]!;
      time += streets.laneLength[at]! / Math.max(speed, numericEpsilon);
      if (seen > lookAhead && !streets.laneInternal[at]) return;
    }
  }

  #recordAt(ego: number, lane: number): number {
    const { streets } = this.#world;
    return streets.laneInternal[lane] ? -1 : this.#world.recordOf(ego);
  }

  #isOpen(ego: number, link: number, time: number): boolean {
    const { vehicles, types, signals } = this.#world;
    if (isRed(signals.state[link]!)) return false;
    const t = vehicles.type[ego]!;
    const speed = vehicles.speed[ego]!;
    const asker = this.#passage;
    asker.vehicle = ego;
    asker.arrivalTime = time;
    asker.arrivalSpeed = speed;
    asker.leaveSpeed = speed;
    asker.length = types.length[t]!;
    asker.impatience = this.#world.impatience(ego);
    asker.deceleration = types.deceleration[t]!;
    asker.waiting = 0;
    asker.timeGap = types.timeGapMinor[t]!;
    return this.#approaches.isOpen(link, asker);
  }

  /**
   * The follower on the lanes before `lane` that comes closest to being too near to a vehicle whose back is `back`
   * metres along it (below 0: on a lane before) and drives `speed`. `ego`: the vehicle itself, -1 if not on the road.
   */
  followerBefore(
    ego: number,
    lane: number,
    front: { back: number; speed: number; deceleration: number },
    into: Neighbour,
  ): void {
    const { streets, lists, vehicles, types } = this.#world;
    into.vehicle = -1;
    into.gap = never;
    let worst = Number.NEGATIVE_INFINITY;
    let count = 1;
    this.#searchLane[0] = lane;
    this.#searchDistance[0] = front.back;
    for (let at = 0; at < count; at++) {
      const here = this.#searchLane[at]!;
      const { start, rows } = streets.incoming;
      for (let i = start[here]!; i < start[here + 1]!; i++) {
        const link = rows[i]!;
        const before = streets.linkFrom[link]!;
        const distance = this.#searchDistance[at]! + streets.laneLength[before]!;
        const v = this.#firstBound(before, link, ego);
        if (v >= 0) {
          const t = vehicles.type[v]!;
          const gap = distance - vehicles.position[v]! - types.minGap[t]!;
          const missing = types.secureGap(t, vehicles.speed[v]!, front.speed, front.deceleration) - gap;
          if (missing > worst) {
            worst = missing;
            into.vehicle = v;
            into.gap = gap;
          }
          continue;
        }
        if (lists.count(before) > 0 || count >= lanesMost || distance > this.#searchMeters(before)) continue;
        this.#searchLane[count] = before;
        this.#searchDistance[count] = distance;
        count += 1;
      }
    }
  }

  #searchMeters(lane: number): number {
    const limit = this.#world.streets.laneLimit[lane]! * 1.5;
    return Math.min(searchMost, (limit * limit) / 9);
  }

  /** The front vehicle of `lane` if it goes on over `link`; -1: none does. */
  #firstBound(lane: number, link: number, ego: number): number {
    const { lists } = this.#world;
    const v = lists.front(lane);
    if (v < 0 || v === ego) return -1;
    return this.#world.nextLink(v) === link ? v : -1;
  }
}
