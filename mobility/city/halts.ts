// Halts: a vehicle that reaches its next stop stands there for its time, then goes on. SUMO 1.15's processNextStop for
// stops on the road; a parking vehicle stands on the road too.
// Must not: plan the way to a halt (planner.ts does).

import { haltingSpeed, never, numericEpsilon } from './constants.ts';
import type { World } from './world.ts';

export class Halts {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
  }

  /** The speed the next halt allows; begins it where the vehicle stands at its place. */
  approach(v: number, safe: number): number {
    const { vehicles, ways, now } = this.#world;
    const halt = ways.stopsOf(vehicles.path[v]!)[0];
    if (halt === undefined || halt.index !== vehicles.routeIndex[v] || vehicles.lane[v] !== halt.stop.lane) return never;
    const { startMeters, endMeters, durationSeconds, untilSeconds } = halt.stop;
    const at = vehicles.position[v]!;
    const inPlace = at >= startMeters - numericEpsilon && at <= endMeters + 1;
    if (safe > haltingSpeed || !inPlace) return never;
    vehicles.halted[v] = 1;
    vehicles.stopLeft[v] = Math.max(durationSeconds, (untilSeconds ?? 0) - now, 0);
    return never;
  }

  /** A vehicle stands at a halt: true while it goes on standing; when its time is over it is free to drive this step. */
  stays(v: number): boolean {
    const { vehicles, ways, stepSeconds } = this.#world;
    vehicles.stopLeft[v] = vehicles.stopLeft[v]! - stepSeconds;
    if (vehicles.stopLeft[v]! > 1e-9) return true;
    vehicles.halted[v] = 0;
    vehicles.waiting[v] = 0;
    ways.dropStop(vehicles.path[v]!);
    return false;
  }
}
