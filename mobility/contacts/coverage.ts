// Which stretches of which road lie inside which RSU's disc: exact intersections of a circle with a polyline.
// Why at load time: afterwards a contact begins or ends where an offset passes a number, which the tick loop can find
// without geometry. Must not: know of vehicles.

import type { RoadNetwork } from '../roads/network.ts';
import type { CoverageInterval, RsuSite } from '../types.ts';

/** Pieces that end and begin within this of each other are one stretch, metres; shorter stretches are touches, dropped. */
const joinMeters = 1e-9;

/** A stretch before it gets names: offsets in metres on its road. */
interface Stretch {
  from: number;
  to: number;
}

/** Every covered stretch, by road, then by RSU in scenario order, then ascending. */
export function coverRoads(network: RoadNetwork, rsus: readonly RsuSite[]): CoverageInterval[] {
  return network.roads.flatMap((road, row) =>
    rsus.flatMap((rsu) =>
      coveredStretches(network, row, rsu).map(({ from, to }) => ({
        rsu: rsu.id,
        road: road.id,
        fromMeters: from,
        toMeters: to,
      })),
    ),
  );
}

/** Polylines laid out flat, with the offset of each vertex along its line: roads, or the lanes of a city. */
export type Polylines = Pick<RoadNetwork, 'vertexStart' | 'x' | 'y' | 'vertexOffset'>;

/** The stretches of line `road` inside the disc of `rsu`, ascending; offsets in metres. */
export function coveredStretches(
  network: Polylines,
  road: number,
  rsu: Pick<RsuSite, 'x' | 'y' | 'coverageRadiusMeters'>,
): Stretch[] {
  const found: Stretch[] = [];
  for (let vertex = network.vertexStart[road]!; vertex < network.vertexStart[road + 1]! - 1; vertex++) {
    const piece = coveredPiece(network, vertex, rsu);
    if (piece === null) continue;
    const last = found.at(-1);
    if (last !== undefined && piece.from - last.to <= joinMeters) last.to = piece.to;
    else found.push(piece);
  }
  return found.filter(({ from, to }) => to - from > joinMeters);
}

/**
 * The part of one straight piece inside the disc: |p + s d - c|^2 = r^2 solved for s, cut to [0, 1]. Ends that lie inside
 * get exactly the vertex's offset, so that neighbouring pieces join without a gap.
 */
function coveredPiece(
  network: Polylines,
  vertex: number,
  rsu: Pick<RsuSite, 'x' | 'y' | 'coverageRadiusMeters'>,
): Stretch | null {
  const dx = network.x[vertex + 1]! - network.x[vertex]!;
  const dy = network.y[vertex + 1]! - network.y[vertex]!;
  const px = network.x[vertex]! - rsu.x;
  const py = network.y[vertex]! - rsu.y;
  const squareLength = dx * dx + dy * dy;
  if (squareLength === 0) return null;
  const foot = -(px * dx + py * dy) / squareLength;
  const nearestX = px + foot * dx;
  const nearestY = py + foot * dy;
  const room = rsu.coverageRadiusMeters ** 2 - (nearestX * nearestX + nearestY * nearestY);
  if (room <= 0) return null;
  const half = Math.sqrt(room / squareLength);
  if (foot + half <= 0 || foot - half >= 1) return null;
  const start = network.vertexOffset[vertex]!;
  const end = network.vertexOffset[vertex + 1]!;
  return {
    from: foot - half <= 0 ? start : start + (foot - half) * (end - start),
    to: foot + half >= 1 ? end : start + (foot + half) * (end - start),
  };
}

/** The point of a stretch of road nearest to an RSU. */
export interface Foot {
  /** Offset on the road, metres. */
  readonly offsetMeters: number;
  /** Ground distance from there to the RSU, metres. */
  readonly lateralMeters: number;
}

/** The point of `interval` on `road` nearest to `rsu`: where its zones are counted from. */
export function footOf(network: RoadNetwork, road: number, rsu: RsuSite, interval: CoverageInterval): Foot {
  let best: Foot = { offsetMeters: interval.fromMeters, lateralMeters: Number.POSITIVE_INFINITY };
  for (let vertex = network.vertexStart[road]!; vertex < network.vertexStart[road + 1]! - 1; vertex++) {
    const from = Math.max(interval.fromMeters, network.vertexOffset[vertex]!);
    const to = Math.min(interval.toMeters, network.vertexOffset[vertex + 1]!);
    if (from >= to) continue;
    const foot = footOnPiece(network, vertex, { rsu, from, to });
    if (foot.lateralMeters < best.lateralMeters) best = foot;
  }
  return best;
}

function footOnPiece(
  network: RoadNetwork,
  vertex: number,
  within: { readonly rsu: RsuSite; readonly from: number; readonly to: number },
): Foot {
  const dx = network.x[vertex + 1]! - network.x[vertex]!;
  const dy = network.y[vertex + 1]! - network.y[vertex]!;
  const px = within.rsu.x - network.x[vertex]!;
  const py = within.rsu.y - network.y[vertex]!;
  const start = network.vertexOffset[vertex]!;
  const stretch = network.vertexOffset[vertex + 1]! - start;
  const ideal = start + ((px * dx + py * dy) / (dx * dx + dy * dy)) * stretch;
  const offsetMeters = Math.min(within.to, Math.max(within.from, ideal));
  const share = (offsetMeters - start) / stretch;
  return { offsetMeters, lateralMeters: Math.hypot(share * dx - px, share * dy - py) };
}
