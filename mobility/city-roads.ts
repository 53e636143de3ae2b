// A street network as roads and coverage for those who know no lanes: one road an edge. Must not: know of vehicles.

import type { RoadId } from '../base/ids.ts';
import type { LaneStretch } from './contacts/lane-coverage.ts';
import type { Network } from './network/network.ts';
import type { CoverageInterval, Road, RsuSite } from './types.ts';

/** One road an edge, drawn and measured along its rightmost lane. */
export function roadsOf(network: Network, ids: readonly RoadId[]): Road[] {
  const { edges, lanes } = network;
  return ids.map((id, edge) => {
    const lane = edges.firstLane[edge]!;
    const points = [];
    for (let p = lanes.firstPoint[lane]!; p < lanes.firstPoint[lane + 1]!; p++)
      points.push({ x: lanes.shape[2 * p]!, y: lanes.shape[2 * p + 1]! });
    return {
      id,
      points,
      lengthMeters: lanes.lengthMeters[lane]!,
      speedLimitMps: lanes.speedLimitMps[lane]!,
      successors: successorsOf(network, edge).map((next) => ids[next]!),
    };
  });
}

function successorsOf({ edges, lanes, links }: Network, edge: number): number[] {
  const next = new Set<number>();
  for (let lane = edges.firstLane[edge]!; lane < edges.firstLane[edge + 1]!; lane++)
    for (let link = lanes.firstLink[lane]!; link < lanes.firstLink[lane + 1]!; link++) {
      const via = links.via[link]!;
      next.add(lanes.edge[via >= 0 ? via : links.toLane[link]!]!);
    }
  return [...next];
}

/** What an RSU's map says: the stretches of each edge, along its rightmost lane. */
export function intervalsOf(
  network: Network,
  stretches: readonly LaneStretch[],
  ids: readonly RoadId[],
  rsus: readonly RsuSite[],
): CoverageInterval[] {
  const { edges, lanes } = network;
  const isRightmost = ({ lane }: LaneStretch): boolean => edges.firstLane[lanes.edge[lane]!] === lane;
  return stretches.filter(isRightmost).map(({ lane, rsu, fromMeters, toMeters }) => ({
    rsu: rsus[rsu]!.id,
    road: ids[lanes.edge[lane]!]!,
    fromMeters,
    toMeters,
  }));
}
