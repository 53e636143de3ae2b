// The edges of a network as a graph for routing: who leads to whom for a class of vehicles, and what driving an edge and
// the junction behind it costs on an empty road. Must not: search, or hold anything of one query.

import type { Network } from '../network/network.ts';

/** Successors of edge e: rows first[e] .. first[e + 1] - 1 of `to` and `via` (first internal lane, -1: none). */
export interface Successors {
  readonly first: Int32Array;
  readonly to: Int32Array;
  readonly via: Int32Array;
}

/** SUMO's `weights.minor-penalty`: seconds lost on average where a link without signal must give way. */
const minorPenaltySeconds = 1.5;

/** The stretch of one edge as its first lane states it; seconds are lost there whatever the speed. */
export interface EdgeCosts {
  readonly lengthMeters: Float64Array;
  readonly speedLimitMps: Float64Array;
  readonly penaltySeconds: Float64Array;
}

/** What SUMO's router takes of an edge: length and limit of its rightmost lane, a penalty on links that give way. */
export function edgeCosts({ edges, lanes, links }: Network): EdgeCosts {
  const lengthMeters = new Float64Array(edges.count);
  const speedLimitMps = new Float64Array(edges.count);
  const penaltySeconds = new Float64Array(edges.count);
  for (let edge = 0; edge < edges.count; edge++) {
    const lane = edges.firstLane[edge]!;
    lengthMeters[edge] = lanes.lengthMeters[lane]!;
    speedLimitMps[edge] = Math.max(1e-3, lanes.speedLimitMps[lane]!);
  }
  const isSeen = new Uint8Array(lanes.count);
  for (let link = 0; link < links.count; link++) {
    const isInside = edges.internal[lanes.edge[links.fromLane[link]!]!] === 1;
    const entered = isInside ? links.toLane[link]! : links.via[link]!;
    if (entered < 0 || isSeen[entered] === 1) continue;
    isSeen[entered] = 1;
    const edge = lanes.edge[entered]!;
    if (edges.internal[edge] !== 1 || edges.firstLane[edge] !== entered) continue;
    const hasPriority = /[A-Z]/.test(links.state[link]!);
    if (links.signal[link]! < 0 && !hasPriority) penaltySeconds[edge] = minorPenaltySeconds;
  }
  return { lengthMeters, speedLimitMps, penaltySeconds };
}

/** Who leads to whom for a class: joined by a link whose lanes all allow it. The first link of a pair is its path. */
export function successorsFor({ edges, lanes, links }: Network, permissionBit: number): Successors {
  const allows = (lane: number): boolean => (lanes.permissions[lane]! & permissionBit) !== 0;
  const first = new Int32Array(edges.count + 1);
  const to: number[] = [];
  const via: number[] = [];
  const lastSeenFrom = new Int32Array(edges.count).fill(-1);
  for (let edge = 0; edge < edges.count; edge++) {
    const begin = edges.firstLane[edge]!;
    const end = edges.internal[edge] === 1 ? begin : edges.firstLane[edge + 1]!;
    for (let link = lanes.firstLink[begin]!; link < lanes.firstLink[end]!; link++) {
      const target = lanes.edge[links.toLane[link]!]!;
      const inside = links.via[link]!;
      if (lastSeenFrom[target] === edge || !allows(links.fromLane[link]!) || !allows(links.toLane[link]!))
        continue;
      if (inside >= 0 && !allows(inside)) continue;
      lastSeenFrom[target] = edge;
      to.push(target);
      via.push(inside);
    }
    first[edge + 1] = to.length;
  }
  return { first, to: Int32Array.from(to), via: Int32Array.from(via) };
}

/** True where some lane of the edge allows the class. */
export function allowsClass({ edges, lanes }: Network, edge: number, permissionBit: number): boolean {
  for (let lane = edges.firstLane[edge]!; lane < edges.firstLane[edge + 1]!; lane++) {
    if ((lanes.permissions[lane]! & permissionBit) !== 0) return true;
  }
  return false;
}
