// Who departs: hands departures to the kernel when the clock reaches them, with the way each will drive.
// Must not: judge whether there is room on the road.

import type { Demand, Departure, Stop } from '../demand/demand.ts';
import { type Kernel, keepIntegers } from './kernel/instance.ts';
import type { Streets } from './streets.ts';

// As kernel/assembly/departures.ts numbers them.
const laneChoices = { first: -1, free: -2, allowed: -3, best: -4, random: -5 } as const;
const placeChoices = { base: 1, free: 2, last: 3, random: 4, random_free: 5 } as const;
const speedChoices = { speedLimit: 1, random: 2, desired: 3, max: 4, last: 5, avg: 5 } as const;
/** More vehicles than these at once are found room for as they come. */
const vehiclesMost = 65_536;
const spareVehicles = 256;
/** The number itself counts. */
const given = 0;

export class Departing {
  readonly #kernel: Kernel;
  readonly #streets: Streets;
  readonly #demand: Demand;
  /** Ways that several vehicles share, by route and type. */
  readonly #ways = new Map<number, number>();
  /** Lists of edges in the kernel, by route. */
  readonly #routes = new Map<number, number>();
  /** How many departures drive each way, by the same key. */
  readonly #users = new Map<number, number>();
  #next = 0;

  constructor(kernel: Kernel, parts: { streets: Streets; demand: Demand; beginSeconds: number }) {
    this.#kernel = kernel;
    this.#streets = parts.streets;
    this.#demand = parts.demand;
    const { departures } = parts.demand;
    // Departures before the run began are left out.
    while (this.#next < departures.length && departures[this.#next]!.atSeconds < parts.beginSeconds)
      this.#next += 1;
    for (const departure of departures) {
      const key = this.#keyOf(departure);
      this.#users.set(key, (this.#users.get(key) ?? 0) + 1);
    }
    kernel.exports.expectVehicles(Math.min(departures.length + spareVehicles, vehiclesMost));
  }

  #keyOf({ route, type }: Departure): number {
    return route * this.#demand.types.length + type;
  }

  /** Everybody who departs before `seconds` waits for room from now on. */
  departUntil(seconds: number): void {
    const { departures } = this.#demand;
    while (this.#next < departures.length && departures[this.#next]!.atSeconds < seconds) {
      this.#depart(departures[this.#next]!, this.#next);
      this.#next += 1;
    }
  }

  #depart(departure: Departure, row: number): void {
    const { lane, position, speed } = departure;
    this.#kernel.exports.depart(
      row,
      this.#wayOf(departure),
      departure.speedFactor,
      this.#arrivalOf(departure),
      typeof lane === 'number' ? lane : laneChoices[lane],
      typeof position === 'number' ? given : placeChoices[position],
      typeof position === 'number' ? position : 0,
      typeof speed === 'number' ? given : speedChoices[speed],
      typeof speed === 'number' ? speed : 0,
    );
  }

  /** Metres along the last edge at which the route ends. */
  #arrivalOf({ route, arrivalMeters }: Departure): number {
    const { laneLength, firstLane } = this.#streets;
    const length = laneLength[firstLane[this.#demand.routes[route]!.at(-1)!]!]!;
    const wanted = arrivalMeters ?? length;
    return Math.min(length, Math.max(0, wanted < 0 ? length + wanted : wanted));
  }

  #wayOf(departure: Departure): number {
    const { route, type, stops } = departure;
    if (stops.length > 0) {
      const own = this.#newWay(route, type, false);
      this.#placeStops(own, route, stops);
      return own;
    }
    const key = this.#keyOf(departure);
    if (this.#users.get(key) === 1) return this.#newWay(route, type, false);
    let way = this.#ways.get(key);
    if (way === undefined) {
      way = this.#newWay(route, type, true);
      this.#ways.set(key, way);
    }
    return way;
  }

  #newWay(route: number, type: number, shared: boolean): number {
    const edges = this.#demand.routes[route]!;
    let list = this.#routes.get(route);
    if (list === undefined) {
      list = keepIntegers(this.#kernel, edges);
      this.#kernel.exports.referEdges(list, edges.length);
      this.#routes.set(route, list);
    }
    return this.#kernel.exports.newWay(type, list, edges.length, Number(shared));
  }

  /** Puts each halt on its edge of the route, in order. */
  #placeStops(way: number, route: number, stops: readonly Stop[]): void {
    const edges = this.#demand.routes[route]!;
    const placed: { index: number; stop: Stop }[] = [];
    let from = 0;
    for (const stop of stops) {
      const index = edges.indexOf(this.#streets.laneEdge[stop.lane]!, from);
      if (index < 0) continue;
      placed.push({ index, stop });
      from = index;
    }
    this.#kernel.exports.makeHalts(way, placed.length);
    placed.forEach(({ index, stop }, i) => {
      const { lane, startMeters, endMeters, durationSeconds, untilSeconds } = stop;
      this.#kernel.exports.setHalt(
        way,
        i,
        index,
        lane,
        startMeters,
        endMeters,
        durationSeconds,
        untilSeconds ?? 0,
      );
    });
  }
}
