// The places at which dwell times are compared: discs of 300 m around five busy junctions. They are chosen by the demand,
// before anything drives, so that all traffics compared are looked at in the same places.
// Must not: depend on a simulation.

import type { Demand } from '../demand/demand.ts';
import type { Network } from '../network/network.ts';

/** A disc of coverage, metres in network coordinates. */
export interface Disc {
  readonly junction: string;
  readonly x: number;
  readonly y: number;
  readonly radiusMeters: number;
}

export const discRadiusMeters = 300;
const discCount = 5;

/**
 * The busiest junctions by vehicles of the demand whose routes cross them, ties by row, no two discs overlapping. Where a
 * small network has too few such places the distance between them is halved, and halved again.
 */
export function busiestDiscs(network: Network, demand: Demand): Disc[] {
  const crossings = crossingsByJunction(network, demand);
  const order = [...crossings.keys()].filter((row) => crossings[row]! > 0);
  order.sort((a, b) => crossings[b]! - crossings[a]! || a - b);
  const { x, y, ids } = network.junctions;
  const chosen: number[] = [];
  for (let apart = 2 * discRadiusMeters; chosen.length < discCount && apart > 1; apart /= 2) {
    for (const row of order) {
      if (chosen.length === discCount) break;
      const isFar = chosen.every((other) => Math.hypot(x[row]! - x[other]!, y[row]! - y[other]!) >= apart);
      if (isFar && !chosen.includes(row)) chosen.push(row);
    }
  }
  return chosen.map((row) => ({
    junction: ids[row]!,
    x: x[row]!,
    y: y[row]!,
    radiusMeters: discRadiusMeters,
  }));
}

function crossingsByJunction({ edges, junctions }: Network, { routes, departures }: Demand): Int32Array {
  const vehicles = new Int32Array(routes.length);
  for (const { route } of departures) vehicles[route]! += 1;
  const crossings = new Int32Array(junctions.count);
  routes.forEach((route, row) => {
    // The last edge's junction is not crossed: the vehicle arrives before it.
    for (const edge of route.subarray(0, -1)) crossings[edges.to[edge]!]! += vehicles[row]!;
  });
  return crossings;
}
