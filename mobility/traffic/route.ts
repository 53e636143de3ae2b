// Which way a vehicle turns. A turn is a pure function of the vehicle's route seed and the number of roads it has left
// behind, so that anyone can look any number of turns ahead without storing a route. Must not: hold state.

import type { RoadNetwork } from '../roads/network.ts';

/** Mixes seed and hop into 32 bits (the finaliser of MurmurHash3, public domain). Integers only: equal on every machine. */
function turnHash(routeSeed: number, hop: number): number {
  let h = (routeSeed ^ Math.imul(hop + 1, 0x9e3779b9)) >>> 0;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}

/** The road index after `road` for a vehicle with `routeSeed` on its `hop`-th road, each successor equally likely; -1 at a dead end. */
export function nextRoad(network: RoadNetwork, routeSeed: number, hop: number, road: number): number {
  const { start, items } = network.successors;
  const first = start[road]!;
  const count = start[road + 1]! - first;
  if (count === 0) return -1;
  if (count === 1) return items[first]!;
  return items[first + Math.floor((turnHash(routeSeed, hop) / 4294967296) * count)]!;
}
