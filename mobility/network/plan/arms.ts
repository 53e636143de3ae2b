// The arms of a crossing: streets that meet at a node, in the order of their directions, and how far each must end before the
// node so that its lanes clear those of its neighbours.
// Must not: know of lanes' connections.

import { lengthOf, poseAt } from './polyline.ts';
import type { PlanEdge, StreetPlan } from './street-plan.ts';

/** A street at a node: the edge that leads in, the edge that leads out, or both. */
export interface Arm {
  /** Rows of edges; -1: none. */
  readonly inEdge: number;
  readonly outEdge: number;
  /** Direction away from the node, radians counter-clockwise from east. */
  readonly angle: number;
}

/** Edges within this angle of each other are the two directions of one street, radians (5 degrees). */
const sameStreetRadians = (5 * Math.PI) / 180;
/** How wide a corner between two streets is rounded, metres (SUMO: 4). */
const cornerMeters = 4;
/** Streets that go straight on end so far before their node, metres: their path across must have a length. */
const straightMeters = 1;
/** No street is cut by more than so many metres for its neighbour: nearly parallel streets would vanish. */
const cutMost = 30;
/** A street keeps at least this share of its line between its two cuts. */
const keptShare = 0.3;
/** How far along an edge its direction at a node is taken, metres: OSM's first points may lie very close. */
const lookMeters = 5;

/** The arms of every node, counter-clockwise from east. */
export function armsOf(plan: StreetPlan): Arm[][] {
  const incoming: number[][] = plan.nodes.map(() => []);
  const outgoing: number[][] = plan.nodes.map(() => []);
  plan.edges.forEach((edge, row) => {
    incoming[edge.to]!.push(row);
    outgoing[edge.from]!.push(row);
  });
  return plan.nodes.map((_, node) => pairArms(plan, incoming[node]!, outgoing[node]!));
}

function pairArms(plan: StreetPlan, incoming: readonly number[], outgoing: readonly number[]): Arm[] {
  const free = new Set(outgoing);
  const arms: Arm[] = incoming.map((inEdge) => {
    const angle = outwardAngle(plan.edges[inEdge]!, 'to');
    let best = -1;
    let bestTurn = sameStreetRadians;
    for (const outEdge of free) {
      const turn = Math.abs(turnBetween(angle, outwardAngle(plan.edges[outEdge]!, 'from')));
      if (turn <= bestTurn && plan.edges[outEdge]!.spread === 'right') [best, bestTurn] = [outEdge, turn];
    }
    free.delete(best);
    return { inEdge, outEdge: best, angle };
  });
  for (const outEdge of free)
    arms.push({ inEdge: -1, outEdge, angle: outwardAngle(plan.edges[outEdge]!, 'from') });
  return arms.sort((a, b) => a.angle - b.angle || a.inEdge - b.inEdge);
}

/** Direction of an edge away from the node at one of its ends. */
function outwardAngle({ points }: PlanEdge, end: 'from' | 'to'): number {
  const look = Math.min(lookMeters, lengthOf(points) / 2);
  const at = end === 'from' ? 0 : points.length - 2;
  const near = poseAt(points, end === 'from' ? look : lengthOf(points) - look);
  const angle = Math.atan2(near.y - points[at + 1]!, near.x - points[at]!);
  return angle < -1e-9 ? angle + 2 * Math.PI : Math.max(0, angle);
}

/** The angle from `a` to `b`, in (-pi, pi]: positive counter-clockwise. */
export function turnBetween(a: number, b: number): number {
  let turn = (b - a) % (2 * Math.PI);
  if (turn > Math.PI) turn -= 2 * Math.PI;
  if (turn <= -Math.PI) turn += 2 * Math.PI;
  return turn;
}

/** How much of each edge is cut off, metres along its line. */
export interface Cuts {
  readonly atStart: Float64Array;
  readonly atEnd: Float64Array;
}

/** The cuts of all edges at both ends, shortened where an edge would not keep its share. */
export function cutsOf(plan: StreetPlan, arms: readonly (readonly Arm[])[]): Cuts {
  const atStart = new Float64Array(plan.edges.length);
  const atEnd = new Float64Array(plan.edges.length);
  for (const around of arms) {
    const cuts = cutsAround(plan, around);
    around.forEach(({ inEdge, outEdge }, i) => {
      if (inEdge >= 0) atEnd[inEdge] = cuts[i]!;
      if (outEdge >= 0) atStart[outEdge] = cuts[i]!;
    });
  }
  plan.edges.forEach((edge, row) => {
    const most = lengthOf(edge.points) * (1 - keptShare);
    const cut = atStart[row]! + atEnd[row]!;
    if (cut <= most) return;
    atStart[row]! *= most / cut;
    atEnd[row]! *= most / cut;
  });
  return { atStart, atEnd };
}

/** How far each arm of one node is cut: enough to clear the border of either neighbour and to round the corner. */
function cutsAround(plan: StreetPlan, arms: readonly Arm[]): number[] {
  if (arms.length < 2) return arms.map(() => deadEndCut(plan, arms));
  const cuts = arms.map((): number => straightMeters);
  arms.forEach((arm, i) => {
    const next = (i + 1) % arms.length;
    const turn = turnBetween(arm.angle, arms[next]!.angle);
    const angle = turn < 0 ? turn + 2 * Math.PI : turn;
    // Streets more than half a turn apart bound no corner; straight on there is none to round.
    if (angle >= Math.PI - 0.09) return;
    const wide = Math.max(angle, 0.2);
    const left = borderOf(plan, arm, 'left');
    const right = borderOf(plan, arms[next]!, 'right');
    const corner = cornerMeters * Math.tan((Math.PI - wide) / 2);
    const own = (right + left * Math.cos(wide)) / Math.sin(wide) + corner;
    const other = (left + right * Math.cos(wide)) / Math.sin(wide) + corner;
    // A bend of one street needs no more room than its own width.
    const most = arms.length === 2 ? left + right + cornerMeters : cutMost;
    cuts[i] = Math.max(cuts[i]!, Math.min(own, most));
    cuts[next] = Math.max(cuts[next]!, Math.min(other, most));
  });
  return cuts;
}

/** A dead end leaves room to turn around where there is a way back. */
function deadEndCut(plan: StreetPlan, [arm]: readonly Arm[]): number {
  if (arm === undefined || arm.inEdge < 0 || arm.outEdge < 0) return 0;
  return plan.edges[arm.inEdge]!.laneWidthMeters;
}

/** Metres from an arm's line to its border, left or right of the direction away from the node. */
export function borderOf(plan: StreetPlan, arm: Arm, side: 'left' | 'right'): number {
  // Away from the node, the lanes that lead out are on the right of the line and those that lead in on its left.
  const onSide = side === 'left' ? arm.inEdge : arm.outEdge;
  const onOther = side === 'left' ? arm.outEdge : arm.inEdge;
  const own = onSide < 0 ? 0 : widthBeside(plan.edges[onSide]!, true);
  const other = onOther < 0 ? 0 : widthBeside(plan.edges[onOther]!, false);
  return Math.max(own, other);
}

/** The width of an edge's lanes on its right side, or on its left. */
function widthBeside(edge: PlanEdge, isRight: boolean): number {
  const width = edge.lanes * edge.laneWidthMeters;
  if (edge.spread === 'center') return width / 2;
  return isRight ? width : 0;
}
