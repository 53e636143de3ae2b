// A net.xml of a few edges, written by hand from a table, for tests of demand, traces and commands. Junctions are points;
// there are no internal lanes unless a connection asks for one. Must not: hold expectations.

import { networkFromNetXml } from '../../mobility/network/net-xml.ts';
import type { Network } from '../../mobility/network/network.ts';

/** An edge along the x axis unless told where it lies. */
export interface TinyEdge {
  readonly id: string;
  readonly from: string;
  readonly to: string;
  readonly length: number;
  readonly speed: number;
  readonly lanes?: number;
  readonly allow?: string;
  /** x1,y1 x2,y2 */
  readonly shape?: string;
}

/** Junctions a, b, c, ... lie 100 m apart on the x axis. */
const placeOf = (junction: string): number => 100 * (junction.charCodeAt(0) - 'a'.charCodeAt(0));

/** The text of a net.xml; `connections` join all lanes of equal index. */
export function tinyNetXml(
  edges: readonly TinyEdge[],
  connections: readonly (readonly [string, string])[],
): string {
  const byId = new Map(edges.map((edge) => [edge.id, edge]));
  const junctions = [...new Set(edges.flatMap(({ from, to }) => [from, to]))].sort();
  const edgeText = edges.map((edge) => {
    const { id, from, to, length, speed, lanes = 1, allow, shape } = edge;
    const line = shape ?? `${placeOf(from)},0 ${placeOf(to)},0`;
    const permissions = allow === undefined ? '' : ` allow="${allow}"`;
    const rows = Array.from(
      { length: lanes },
      (_, i) =>
        `<lane id="${id}_${i}" index="${i}" speed="${speed}" length="${length}" shape="${line}"${permissions}/>`,
    );
    return `<edge id="${id}" from="${from}" to="${to}" priority="1">${rows.join('')}</edge>`;
  });
  const junctionText = junctions.map(
    (id) =>
      `<junction id="${id}" type="priority" x="${placeOf(id)}" y="0" incLanes="" intLanes="" shape=""/>`,
  );
  const connectionText = connections.flatMap(([from, to]) => {
    const count = Math.min(byId.get(from)!.lanes ?? 1, byId.get(to)!.lanes ?? 1);
    return Array.from(
      { length: count },
      (_, i) => `<connection from="${from}" to="${to}" fromLane="${i}" toLane="${i}" dir="s" state="M"/>`,
    );
  });
  const bounds = '0.00,0.00,1000.00,100.00';
  const location = `<location netOffset="0.00,0.00" convBoundary="${bounds}" origBoundary="${bounds}" projParameter="!"/>`;
  return `<net version="1.20">${location}\n${[...edgeText, ...junctionText, ...connectionText].join('\n')}\n</net>`;
}

/**
 * in (200 m at 10 m/s, two lanes) leads to `fast` (300 m at 20 m/s, 15 s) and `slow` (100 m at 5 m/s, 20 s), both to
 * `out` (100 m, two lanes); `buses` (50 m at 25 m/s, 2 s), also to `out`, is open to buses only; nothing leads to `island`.
 */
const forkEdges: readonly TinyEdge[] = [
  { id: 'in', from: 'a', to: 'b', length: 200, speed: 10, lanes: 2 },
  { id: 'slow', from: 'b', to: 'c', length: 100, speed: 5 },
  { id: 'fast', from: 'b', to: 'c', length: 300, speed: 20, lanes: 2 },
  { id: 'buses', from: 'b', to: 'c', length: 50, speed: 25, allow: 'bus' },
  { id: 'out', from: 'c', to: 'd', length: 100, speed: 10, lanes: 2 },
  { id: 'island', from: 'e', to: 'f', length: 100, speed: 10 },
];

const forkConnections = [
  ['in', 'slow'],
  ['in', 'fast'],
  ['in', 'buses'],
  ['slow', 'out'],
  ['fast', 'out'],
  ['buses', 'out'],
] as const;

/** The text of the fork described above. */
export const forkXml = (): string => tinyNetXml(forkEdges, forkConnections);

export const forkNetwork = (): Network => networkFromNetXml(forkXml(), 'fork.net.xml');
