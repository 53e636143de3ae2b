// Which lane leads to which lane across a crossing: the turn each street means by its angle, and lanes dealt out so that no two
// connections of one street cross.
// Must not: draw paths, or decide right of way.

import { type Arm, turnBetween } from './arms.ts';
import type { PlanEdge, StreetPlan, Turn } from './street-plan.ts';

/** A connection at a node. Rows of edges; lanes counted from the right. */
export interface Crossing {
  readonly fromEdge: number;
  readonly fromLane: number;
  readonly toEdge: number;
  readonly toLane: number;
  readonly turn: Turn;
  /** Rows of the node's arms. */
  readonly fromArm: number;
  readonly toArm: number;
}

/** A change of direction of less is straight on, radians (45 degrees). */
const straightRadians = Math.PI / 4;
/** A greater change of direction is turning around, on another street too, radians (170 degrees). */
const aroundRadians = (170 * Math.PI) / 180;
/** So many lanes and more spare their leftmost for turning left. */
const lanesForLeftLane = 3;

/** A street that can be left to. */
interface Target {
  readonly arm: number;
  readonly edge: number;
  readonly turn: Turn;
  /** Change of direction, radians: positive to the left. */
  readonly change: number;
}

/** All connections of a node, by incoming arm and then from the right: the order of SUMO's requests. */
export function crossingsOf(plan: StreetPlan, arms: readonly Arm[]): Crossing[] {
  return arms.flatMap((arm, fromArm) => {
    if (arm.inEdge < 0) return [];
    const edge = plan.edges[arm.inEdge]!;
    const targets = targetsOf(arms, fromArm, edge.forbidden ?? []);
    const found = edge.connections === undefined ? dealLanes(plan, edge, targets) : stated(edge, targets);
    return found
      .map((pair) => crossingOf(arm.inEdge, fromArm, targets, pair))
      .sort(
        (a, b) => a.fromLane - b.fromLane || place(targets, a) - place(targets, b) || a.toLane - b.toLane,
      );
  });
}

interface Pair {
  readonly fromLane: number;
  /** Row of the target. */
  readonly target: number;
  readonly toLane: number;
}

function crossingOf(fromEdge: number, fromArm: number, targets: readonly Target[], pair: Pair): Crossing {
  const { edge: toEdge, turn, arm: toArm } = targets[pair.target]!;
  return { fromEdge, fromLane: pair.fromLane, toEdge, toLane: pair.toLane, turn, fromArm, toArm };
}

function place(targets: readonly Target[], crossing: Crossing): number {
  return targets.findIndex((target) => target.edge === crossing.toEdge);
}

/** Where an incoming arm may lead, from right to left. Turning around is for dead ends. */
function targetsOf(arms: readonly Arm[], fromArm: number, forbidden: readonly number[]): Target[] {
  const from = arms[fromArm]!;
  const ways = arms.flatMap((arm, i): Target[] => {
    if (arm.outEdge < 0 || forbidden.includes(arm.outEdge)) return [];
    // Driving in, one looks opposite to the arm's own direction.
    const change = i === fromArm ? Math.PI : turnBetween(from.angle + Math.PI, arm.angle);
    const isBack = Math.abs(change) > aroundRadians;
    const turn = isBack ? 't' : Math.abs(change) < straightRadians ? 's' : change > 0 ? 'l' : 'r';
    return [{ arm: i, edge: arm.outEdge, turn, change: isBack ? Math.PI : change }];
  });
  const onward = ways.filter(({ turn }) => turn !== 't');
  const targets = onward.length > 0 ? onward : ways;
  return targets.sort((a, b) => a.change - b.change || a.edge - b.edge);
}

function stated(edge: PlanEdge, targets: readonly Target[]): Pair[] {
  return edge.connections!.flatMap(({ fromLane, toEdge, toLane }) => {
    const target = targets.findIndex((one) => one.edge === toEdge);
    return target < 0 ? [] : [{ fromLane, target, toLane }];
  });
}

/** Deals the lanes of an edge out to its targets. */
function dealLanes(plan: StreetPlan, edge: PlanEdge, targets: readonly Target[]): Pair[] {
  if (targets.length === 0) return [];
  const ranges = rangesByMarking(edge, targets) ?? rangesByShape(edge.lanes, targets);
  return targets.flatMap((target, row) => {
    const { low, high } = ranges[row]!;
    const lanes = plan.edges[target.edge]!.lanes;
    const isOnly = targets.length === 1;
    return pairsOf({ low, high, lanes, row, turn: target.turn, isOnly });
  });
}

interface Range {
  readonly low: number;
  readonly high: number;
}

/** What OSM's turn:lanes says, where it leaves no target without a lane. */
function rangesByMarking({ turnLanes, lanes }: PlanEdge, targets: readonly Target[]): Range[] | undefined {
  if (turnLanes === undefined || turnLanes.length !== lanes) return undefined;
  const ranges = targets.map(({ turn }) => {
    const marked = turnLanes.flatMap((turns, lane) => (turns.includes(turn) ? [lane] : []));
    return { low: marked[0] ?? -1, high: marked.at(-1) ?? -1 };
  });
  return ranges.some(({ low }) => low < 0) ? undefined : ranges;
}

/** Right turns from the rightmost lane, left turns from the leftmost, straight on from the others. */
function rangesByShape(lanes: number, targets: readonly Target[]): Range[] {
  const straight = targets.filter(({ turn }) => turn === 's').length;
  if (straight === 0) return spreadOver(0, lanes - 1, targets.length);
  const hasLeft = targets.some(({ turn }) => turn === 'l');
  const high = hasLeft && lanes >= lanesForLeftLane ? lanes - 2 : lanes - 1;
  const middle = spreadOver(0, high, straight);
  let next = 0;
  return targets.map(({ turn }) => {
    if (turn === 's') return middle[next++]!;
    const lane = turn === 'r' ? 0 : lanes - 1;
    return { low: lane, high: lane };
  });
}

/** `parts` ranges of the lanes low..high from the right; neighbours share a lane where lanes are too few. */
function spreadOver(low: number, high: number, parts: number): Range[] {
  const count = high - low + 1;
  return Array.from({ length: parts }, (_, part) => {
    const first = low + Math.floor((part * count) / parts);
    const end = low + Math.ceil(((part + 1) * count) / parts);
    return { low: first, high: Math.max(first, end - 1) };
  });
}

interface Dealing extends Range {
  /** Lanes of the target. */
  readonly lanes: number;
  /** Row of the target. */
  readonly row: number;
  readonly turn: Turn;
  readonly isOnly: boolean;
}

/** Lane by lane: kept to the left after left turns, else to the right; a street that widens opens its new lanes at its left. */
function pairsOf({ low, high, lanes, row, turn, isOnly }: Dealing): Pair[] {
  const count = high - low + 1;
  const shift = turn === 'l' || turn === 't' ? lanes - count : 0;
  const pairs: Pair[] = [];
  for (let i = 0; i < count; i++) {
    const toLane = Math.min(lanes - 1, Math.max(0, i + shift));
    pairs.push({ fromLane: low + i, target: row, toLane });
  }
  for (let extra = count; isOnly && turn !== 't' && extra < lanes && shift === 0; extra++) {
    pairs.push({ fromLane: high, target: row, toLane: extra });
  }
  return pairs;
}
