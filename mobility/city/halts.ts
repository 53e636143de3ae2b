// Halts: a vehicle that reaches its next stop stands there for its time, then goes on. SUMO 1.15's processNextStop for
// stops on the road; a parking vehicle stands on the road too.
// Must not: plan the way to a halt (planner.ts does).

import { haltingSpeed, numericEpsilon } from './constants.ts';
import type { World } from './world.ts';

export class Halts {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** Begins the next halt where the vehicle comes to stand at its place; `safe` is the speed it may drive. */
  begin(v: number, safe: number): void {
    const { vehicles, ways, now } = this.#world;
    if (vehicles.haltIndex[v] !== vehicles.routeIndex[v]) return;
    const stop = ways.nextStop(vehicles.path[v]!);
    if (stop === undefined || vehicles.lane[v] !== stop.lane) return;
    const { startMeters, endMeters, durationSeconds, untilSeconds } = stop;
    const at = vehicles.position[v]!;
    const inPlace = at >= startMeters - numericEpsilon && at <= endMeters + 1;
    if (safe > haltingSpeed || !inPlace) return;
    vehicles.halted[v] = 1;
    this.#world.haltedCount += 1;
    vehicles.stopLeft[v] = Math.max(durationSeconds, (untilSeconds ?? 0) - now, 0);
  }

  /** A vehicle stands at a halt: true while it goes on standing; when its time is over it is free to drive this step. */
  stays(v: number): boolean {
    const { vehicles, ways, stepSeconds } = this.#world;
    vehicles.stopLeft[v] = vehicles.stopLeft[v]! - stepSeconds;
    if (vehicles.stopLeft[v]! > 1e-9) return true;
    vehicles.halted[v] = 0;
    this.#world.haltedCount -= 1;
    vehicles.waiting[v] = 0;
    ways.dropStop(vehicles.path[v]!);
    vehicles.haltIndex[v] = ways.haltIndex(vehicles.path[v]!);
    vehicles.record[v] = -1;
    return false;
  }
}
