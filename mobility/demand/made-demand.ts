// What our own sources of traffic share: a driver and a type for each vehicle, routes kept once, departures in order.
// Must not: decide where anybody drives.

import type { Rng } from '../../base/rng.ts';
import type { Network } from '../network/network.ts';
import type { Demand, Departure } from './demand.ts';
import { Router } from './router.ts';
import { drawSpeedFactor } from './speed-factor.ts';
import { builtInTypes, type TypeDraft } from './vehicle-type.ts';

/** SUMO's passenger car, which our own sources send out. */
export function passengerCar(): TypeDraft {
  return builtInTypes().get('DEFAULT_VEHTYPE')!;
}

/** Where on the first edge somebody begins. */
export type Beginning = Pick<Departure, 'lane' | 'position' | 'speed'>;

/** At the start of the best lane, as fast as is safe: for whoever drives in from outside. */
export const drivingIn: Beginning = { lane: 'best', position: 'base', speed: 'max' };

/** Collects departures into a demand. Ids are v0, v1, ... in the order they are added. */
export class DemandMaker {
  readonly car = passengerCar();
  readonly router: Router;
  readonly #rng: Rng;
  readonly #routes: Int32Array[] = [];
  readonly #rows = new Map<string, number>();
  readonly #departures: Departure[] = [];

  /** `rng` is only forked, by the ids of the vehicles. */
  constructor(network: Network, rng: Rng) {
    this.#rng = rng;
    this.router = new Router(network);
  }

  add(atSeconds: number, route: Int32Array, beginning: Beginning): void {
    const id = `v${this.#departures.length}`;
    const speedFactor = drawSpeedFactor(this.car.law, this.#rng.fork(`vehicle:${id}`));
    this.#departures.push({
      id,
      type: 0,
      route: this.#rowOf(route),
      atSeconds,
      ...beginning,
      arrivalMeters: undefined,
      speedFactor,
      stops: [],
    });
  }

  /** The fastest way of a passenger car at speed limits; undefined: there is none. */
  way(from: number, to: number): Int32Array | undefined {
    const { permissionBit, maxSpeedMps } = this.car.type;
    return this.router.route({ from: [from], to: [to], permissionBit, maxSpeedMps, speedFactor: 1 });
  }

  finish(): Demand {
    const departures = this.#departures.sort((a, b) => a.atSeconds - b.atSeconds);
    return { types: [this.car.type], routes: this.#routes, departures, omissions: [] };
  }

  #rowOf(route: Int32Array): number {
    const key = route.join(' ');
    const known = this.#rows.get(key);
    if (known !== undefined) return known;
    this.#rows.set(key, this.#routes.length);
    return this.#routes.push(route) - 1;
  }
}

/** Edges a passenger car may use, not inside junctions. Metres beside each. */
export function openEdges(network: Network): {
  readonly edges: Int32Array;
  readonly laneMeters: Float64Array;
} {
  const { edges, lanes } = network;
  const { permissionBit } = passengerCar().type;
  const rows: number[] = [];
  const meters: number[] = [];
  for (let edge = 0; edge < edges.count; edge++) {
    if (edges.internal[edge] === 1) continue;
    let sum = 0;
    for (let lane = edges.firstLane[edge]!; lane < edges.firstLane[edge + 1]!; lane++)
      if ((lanes.permissions[lane]! & permissionBit) !== 0) sum += lanes.lengthMeters[lane]!;
    if (sum === 0) continue;
    rows.push(edge);
    meters.push(sum);
  }
  return { edges: Int32Array.from(rows), laneMeters: Float64Array.from(meters) };
}

/** Draws rows of `edges` in proportion to their metres. */
export function edgeDrawer({ edges, laneMeters }: ReturnType<typeof openEdges>): (rng: Rng) => number {
  const until = new Float64Array(laneMeters.length);
  let total = 0;
  laneMeters.forEach((meters, i) => {
    total += meters;
    until[i] = total;
  });
  return (rng) => {
    const at = rng.uniform() * total;
    let low = 0;
    let high = until.length - 1;
    while (low < high) {
      const middle = (low + high) >> 1;
      if (until[middle]! > at) high = middle;
      else low = middle + 1;
    }
    return edges[low]!;
  };
}
