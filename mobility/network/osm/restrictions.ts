// Turn restrictions of an OpenStreetMap extract become turns that edges of the plan may not take. Those that are for some
// vehicles or some hours only, lead over a way, or name what is not there are counted.
// Must not: know how connections are dealt out.

import { type OmissionList, omit } from '../omissions.ts';
import { turnBetween } from '../plan/arms.ts';
import type { PlanEdge, PlanNode } from '../plan/street-plan.ts';
import type { OsmRestriction } from './osm-xml.ts';

/** The plan's streets while restrictions are laid on them. */
export interface RestrictedPlan {
  readonly nodes: readonly PlanNode[];
  readonly edges: readonly PlanEdge[];
  /** The OSM way an edge is a piece of. */
  readonly wayOf: (edge: PlanEdge) => string;
}

type Row = PlanEdge & { readonly row: number; readonly way: string };

/** The edges, each with the rows of edges that may not be entered from it. */
export function withRestrictions(
  { nodes, edges, wayOf }: RestrictedPlan,
  restrictions: readonly OsmRestriction[],
  omissions: OmissionList,
): PlanEdge[] {
  const forbidden = new Map<number, Set<number>>();
  const nodeRows = new Map(nodes.map(({ id }, row) => [id, row]));
  const rows = edges.map((edge, row): Row => ({ ...edge, row, way: wayOf(edge) }));
  const forbid = (entering: Row, targets: readonly Row[]): void => {
    const known = forbidden.get(entering.row) ?? new Set();
    for (const { row } of targets) known.add(row);
    forbidden.set(entering.row, known);
  };
  for (const { id, kind, from, via, to } of restrictions) {
    const [, rule, turn] = /^(no|only)_(.+)$/.exec(kind) ?? [];
    if (rule === undefined || from === undefined || via === undefined || to === undefined) {
      omit(omissions, 'turn restriction for some vehicles or hours, or over a way', id);
      continue;
    }
    const node = nodeRows.get(via);
    const leaving = rows.filter((edge) => edge.from === node);
    let isUsed = false;
    for (const entering of rows.filter((edge) => edge.way === from && edge.to === node)) {
      const named = meant(
        entering,
        leaving.filter(({ way }) => way === to),
        turn!,
      );
      if (named.length === 0) continue;
      forbid(entering, rule === 'no' ? named : leaving.filter((edge) => !named.includes(edge)));
      isUsed = true;
    }
    if (!isUsed) omit(omissions, 'turn restriction between streets that do not meet there', id);
  }
  return edges.map((edge, row) => {
    const turns = forbidden.get(row);
    return turns === undefined ? edge : { ...edge, forbidden: [...turns] };
  });
}

/** Which pieces of the way behind are meant: where it passes the node, those that lie in the direction of the turn. */
function meant(entering: PlanEdge, named: readonly Row[], turn: string): readonly Row[] {
  if (named.length < 2) return named;
  return named.filter((edge) => {
    const change = turnBetween(angleAt(entering.points, entering.points.length - 4), angleAt(edge.points, 0));
    const isStraight = Math.abs(change) < straightRadians;
    if (turn.startsWith('left')) return !isStraight && change > 0;
    if (turn.startsWith('right')) return !isStraight && change < 0;
    return turn.startsWith('straight') ? isStraight : Math.abs(change) > Math.PI - straightRadians;
  });
}

/** A change of direction of less is straight on, radians (45 degrees). */
const straightRadians = Math.PI / 4;

function angleAt(points: readonly number[], at: number): number {
  return Math.atan2(points[at + 3]! - points[at + 1]!, points[at + 2]! - points[at]!);
}
