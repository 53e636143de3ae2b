// How mobility commands show a network and what was left out of it. Must not: read files.

import type { Network, Omission } from '../../mobility/network/network.ts';

/** A network in numbers. */
export function networkSummary({ name, edges, lanes, links, junctions, signals, projection }: Network) {
  let meters = 0;
  let normalEdges = 0;
  let normalLanes = 0;
  for (let edge = 0; edge < edges.count; edge++) {
    if (edges.internal[edge] === 1) continue;
    normalEdges += 1;
    for (let lane = edges.firstLane[edge]!; lane < edges.firstLane[edge + 1]!; lane++) {
      normalLanes += 1;
      meters += lanes.lengthMeters[lane]!;
    }
  }
  const [minX, minY, maxX, maxY] = projection.bounds;
  return {
    name,
    edges: normalEdges,
    lanes: normalLanes,
    internalLanes: lanes.count - normalLanes,
    laneKilometers: Math.round(meters) / 1000,
    links: links.count,
    junctions: junctions.count,
    signals: signals.length,
    actuatedSignals: signals.filter(({ kind }) => kind === 'actuated').length,
    widthMeters: maxX - minX,
    heightMeters: maxY - minY,
    projection: projection.proj4 ?? null,
  };
}

/** A line for each kind of thing left out. */
export function omissionLines(omissions: readonly Omission[]): string[] {
  return omissions.map(({ what, count, examples }) => {
    const more = count > examples.length ? ', ...' : '';
    return `left out: ${count} x ${what}: ${examples.join(', ')}${more}`;
  });
}
