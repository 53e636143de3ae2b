// Sources of our own for any network, made before the run like a file of trips:
//   evenly spaced trips between random edges (what SUMO's randomTrips.py makes),
//   a Poisson process of cars through the fringe of the map (an open system, as the papers describe),
//   cars that are there from the start and never arrive (a closed system: the same cars meet an RSU again and again).
// Must not: read files, or know how anybody drives.

import { RoadbedError } from '../../base/errors.ts';
import type { Rng } from '../../base/rng.ts';
import type { Network } from '../network/network.ts';
import type { Demand } from './demand.ts';
import { DemandMaker, drivingIn, edgeDrawer, openEdges } from './made-demand.ts';
import { successorsFor } from './road-graph.ts';

export interface TripsOptions {
  readonly vehicles: number;
  readonly beginSeconds: number;
  readonly endSeconds: number;
}

/** Pairs of edges tried for one trip before the network is held to have no ways. */
const triesMost = 1000;

/**
 * `vehicles` trips, evenly spaced from the begin to before the end, between edges drawn in proportion to their metres of
 * lane. Throws RoadbedError('data') for a network on which hardly any edge leads to another.
 */
export function randomTrips(network: Network, options: TripsOptions, rng: Rng): Demand {
  const { vehicles, beginSeconds, endSeconds } = options;
  const maker = new DemandMaker(network, rng);
  const draw = drawerOf(network);
  const stream = rng.fork('trips');
  for (let i = 0; i < vehicles; i++) {
    const at = beginSeconds + (i * (endSeconds - beginSeconds)) / vehicles;
    maker.add(
      at,
      randomWay(network, maker, () => [draw(stream), draw(stream)]),
      drivingIn,
    );
  }
  return maker.finish();
}

export interface PoissonOptions {
  readonly perHour: number;
  readonly beginSeconds: number;
  readonly endSeconds: number;
}

/**
 * Arrivals of a Poisson process. Each comes in over an edge that nothing leads into and leaves over one that leads
 * nowhere, all equally likely; where the map has none, trips begin or end on random edges.
 */
export function poissonTrips(network: Network, options: PoissonOptions, rng: Rng): Demand {
  const { perHour, beginSeconds, endSeconds } = options;
  const maker = new DemandMaker(network, rng);
  const draw = drawerOf(network);
  const { entries, exits } = fringeOf(network, maker.car.type.permissionBit);
  const stream = rng.fork('arrivals');
  const oneOf = (rows: readonly number[]): number =>
    rows.length === 0 ? draw(stream) : rows[stream.integer(rows.length)]!;
  if (perHour > 0) {
    let at = beginSeconds + stream.exponential(perHour / 3600);
    for (; at < endSeconds; at += stream.exponential(perHour / 3600))
      maker.add(
        at,
        randomWay(network, maker, () => [oneOf(entries), oneOf(exits)]),
        drivingIn,
      );
  }
  return maker.finish();
}

export interface RecirculatingOptions {
  readonly vehicles: number;
  readonly beginSeconds: number;
  /** How long a way everybody gets: more than it can drive until the run ends. */
  readonly wayMeters: number;
}

/**
 * Cars that stand anywhere at the begin and drive on at random, turning back only where there is no other way.
 * Throws RoadbedError('data') where a car comes to an edge that leads nowhere.
 */
export function recirculatingCars(network: Network, options: RecirculatingOptions, rng: Rng): Demand {
  const { vehicles, beginSeconds, wayMeters } = options;
  const maker = new DemandMaker(network, rng);
  const walk = new RandomWalk(network, maker.car.type.permissionBit);
  const draw = drawerOf(network);
  const stream = rng.fork('ways');
  for (let i = 0; i < vehicles; i++) {
    const route = walk.from(draw(stream), wayMeters, stream);
    maker.add(beginSeconds, route, { lane: 'best', position: 'random_free', speed: 0 });
  }
  return maker.finish();
}

function drawerOf(network: Network): (rng: Rng) => number {
  const open = openEdges(network);
  if (open.edges.length > 0) return edgeDrawer(open);
  throw new RoadbedError('data', `${network.name} has no edge for passenger cars (expected at least one)`);
}

function randomWay(network: Network, maker: DemandMaker, ends: () => readonly [number, number]): Int32Array {
  for (let i = 0; i < triesMost; i++) {
    const [from, to] = ends();
    const route = from === to ? undefined : maker.way(from, to);
    if (route !== undefined) return route;
  }
  const sentence = `${network.name}: no way between ${triesMost} random pairs of edges (expected a network whose edges lead to each other)`;
  throw new RoadbedError('data', sentence);
}

/** Edges at which the map begins and ends for a class. */
function fringeOf(network: Network, permissionBit: number): { entries: number[]; exits: number[] } {
  const { first, to } = successorsFor(network, permissionBit);
  const isLedInto = new Uint8Array(network.edges.count);
  for (const edge of to) isLedInto[edge] = 1;
  const { edges } = openEdges(network);
  return {
    entries: [...edges].filter((edge) => isLedInto[edge] === 0),
    exits: [...edges].filter((edge) => first[edge] === first[edge + 1]),
  };
}

class RandomWalk {
  readonly #network: Network;
  readonly #successors: ReturnType<typeof successorsFor>;

  constructor(network: Network, permissionBit: number) {
    this.#network = network;
    this.#successors = successorsFor(network, permissionBit);
  }

  from(start: number, meters: number, rng: Rng): Int32Array {
    const { edges, lanes } = this.#network;
    const route = [start];
    let left = meters;
    for (let edge = start; left > 0; ) {
      left -= lanes.lengthMeters[edges.firstLane[edge]!]!;
      edge = this.#next(edge, rng);
      route.push(edge);
    }
    return Int32Array.from(route);
  }

  #next(edge: number, rng: Rng): number {
    const { first, to } = this.#successors;
    const { edges, name } = this.#network;
    const next = to.subarray(first[edge]!, first[edge + 1]!);
    const onward = next.filter((row) => edges.to[row] !== edges.from[edge]);
    const choices = onward.length > 0 ? onward : next;
    if (choices.length > 0) return choices[rng.integer(choices.length)]!;
    const sentence = `recirculating cars need edges that all lead on, but nothing follows edge "${edges.ids[edge]}" of ${name} (expected a closed map such as a ring or a grid)`;
    throw new RoadbedError('data', sentence);
  }
}
