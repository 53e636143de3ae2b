// Induction loops before actuated signals: how long ago the last vehicle left each of them.
// Must not: decide about a phase.

import type { Detectors } from './signals.ts';
import type { World } from './world.ts';

export class LaneDetectors implements Detectors {
  readonly #world: World;
  readonly #lanes: readonly { lane: number; distance: number }[];
  readonly #lastSeen = new Map<number, number>();

  constructor(world: World, lanes: readonly { lane: number; distance: number }[]) {
    this.#world = world;
    this.#lanes = lanes;
  }

  gapSeconds(lane: number, now: number): number {
    return now - (this.#lastSeen.get(lane) ?? Number.NEGATIVE_INFINITY);
  }

  /** Notes who has been over a loop in this step. */
  watch(): void {
    const { lists, vehicles, types, streets, now } = this.#world;
    for (const { lane, distance } of this.#lanes) {
      const loop = streets.laneLength[lane]! - distance;
      for (let place = 0; place < lists.count(lane); place++) {
        const v = lists.at(lane, place);
        const back = vehicles.position[v]! - types.length[vehicles.type[v]!]! - vehicles.lastMove[v]!;
        if (back <= loop && vehicles.position[v]! >= loop) this.#lastSeen.set(lane, now);
      }
    }
  }
}
