// Which of the RSUs that cover a vehicle serves it: the strongest without fading, and only then another one when it is
// stronger by a margin (3GPP TS 36.331's event A3 without its time to trigger: steps are half a second and longer), so
// that a vehicle between two RSUs is not handed to and fro. Must not: know how a handover is carried out.

import type { LinkPlace, Reception, Uplink } from '../radio/reception.ts';
import type { RsuSite } from '../types.ts';

/** A vehicle at one instant. */
export interface Standing {
  readonly vehicle: string;
  readonly x: number;
  readonly y: number;
  readonly headingRadians: number;
}

/** Who serves it (-1: nobody) and how well. */
export interface Served {
  rsu: number;
  bitsPerSecondPerHertz: number;
}

export class ServingChoice {
  readonly #rsus: readonly RsuSite[];
  readonly #uplink: Uplink;
  readonly #marginDb: number;
  readonly #servedBy = new Map<string, number>();
  readonly #heard: Reception = { bitsPerSecondPerHertz: 0, averageSnrDb: 0 };

  constructor(rsus: readonly RsuSite[], uplink: Uplink, marginDb: number) {
    this.#rsus = rsus;
    this.#uplink = uplink;
    this.#marginDb = marginDb;
  }

  /** Listens to the vehicle at every RSU of `covering` and writes who serves it into `out`. Once an instant. */
  serve(standing: Standing, covering: Iterable<number>, out: Served): void {
    const current = this.#servedBy.get(standing.vehicle) ?? -1;
    let best = Number.NEGATIVE_INFINITY;
    out.rsu = -1;
    out.bitsPerSecondPerHertz = 0;
    for (const rsu of covering) {
      this.#uplink.receive(standing.vehicle, rsu, placeOf(standing, this.#rsus[rsu]!), this.#heard);
      const standingIn = this.#heard.averageSnrDb + (rsu === current ? this.#marginDb : 0);
      if (standingIn <= best) continue;
      best = standingIn;
      out.rsu = rsu;
      out.bitsPerSecondPerHertz = this.#heard.bitsPerSecondPerHertz;
    }
    if (out.rsu !== current) this.#servedBy.set(standing.vehicle, out.rsu);
  }

  /** The vehicle is gone for good. */
  forget(vehicle: string): void {
    this.#servedBy.delete(vehicle);
    this.#uplink.forget(vehicle);
  }
}

function placeOf({ x, y, headingRadians }: Standing, site: RsuSite): LinkPlace {
  const dx = site.x - x;
  const dy = site.y - y;
  return {
    x,
    y,
    groundMeters: Math.sqrt(dx * dx + dy * dy),
    baseHeightMeters: site.antennaHeightMeters,
    lateralMeters: Math.abs(Math.cos(headingRadians) * dy - Math.sin(headingRadians) * dx),
  };
}
