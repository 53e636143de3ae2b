// Who gives way to whom at a crossing, as the request matrix of its paths, and which paths wait inside it.
// Rules, first match decides: a turnaround yields; a roundabout goes first; the street of lower priority yields; a left turn
// yields to what comes towards it; a turn yields to straight on where both merge; else who comes from the right goes first.
// Must not: know signals' phases.

import { type Arm, turnBetween } from './arms.ts';
import { meetingOf, metersToMeeting, type Path } from './paths.ts';
import { ranksOf } from './ranks.ts';
import type { PlanNode, StreetPlan } from './street-plan.ts';

export interface RightOfWay {
  /** For each path the rows of the paths it meets, ascending. */
  readonly foes: readonly (readonly number[])[];
  /** Beside: true where it must give way. */
  readonly yields: readonly (readonly boolean[])[];
  /** Metres into the path at which it waits; undefined: it waits before the crossing. */
  readonly waitsAt: readonly (number | undefined)[];
}

interface Place {
  readonly plan: StreetPlan;
  readonly node: PlanNode;
  readonly arms: readonly Arm[];
  /** By arm. */
  readonly ranks: readonly number[];
}

/** Streets within this angle of opposite come towards each other, radians (45 degrees). */
const oppositeRadians = Math.PI / 4;
/** A waiting car keeps so far from the path it waits for, metres: half its width and half of the other's, and room. */
const waitingGapMeters = 2.5;
/** A place to wait nearer to the stop line than this is none, metres. */
const waitingLeastMeters = 1.5;

/** The right of way among the paths of one node. */
export function rightOfWay(
  plan: StreetPlan,
  node: PlanNode,
  arms: readonly Arm[],
  paths: readonly Path[],
): RightOfWay {
  const place: Place = { plan, node, arms, ranks: ranksOf(plan, arms) };
  const foes: number[][] = paths.map(() => []);
  const yields: boolean[][] = paths.map(() => []);
  for (let a = 0; a < paths.length; a++) {
    for (let b = a + 1; b < paths.length; b++) {
      if (meetingOf(paths[a]!, paths[b]!) === 'none') continue;
      const isFirstToYield = yieldsTo(place, paths[a]!, paths[b]!);
      foes[a]!.push(b);
      yields[a]!.push(isFirstToYield);
      foes[b]!.push(a);
      yields[b]!.push(!isFirstToYield);
    }
  }
  sortTogether(foes, yields);
  const waitsAt = paths.map((path, row) => waitingPlace(place, paths, path, foes[row]!, yields[row]!));
  return { foes, yields, waitsAt };
}

/** Foes were found in two runs, the later ones first: puts each list in order. */
function sortTogether(foes: number[][], yields: boolean[][]): void {
  foes.forEach((list, row) => {
    const order = list.map((_, i) => i).sort((i, j) => list[i]! - list[j]!);
    const flags = yields[row]!;
    foes[row] = order.map((i) => list[i]!);
    yields[row] = order.map((i) => flags[i]!);
  });
}

/** True where `a` must give way to `b`; else `b` must to `a`. */
function yieldsTo({ plan, arms, ranks }: Place, a: Path, b: Path): boolean {
  const byRule = [
    Number(b.turn === 't') - Number(a.turn === 't'),
    Number(plan.edges[a.fromEdge]!.roundabout) - Number(plan.edges[b.fromEdge]!.roundabout),
    ranks[a.fromArm]! - ranks[b.fromArm]!,
    isOpposite(arms, a, b) ? sideRank(a) - sideRank(b) : 0,
    a.toEdge === b.toEdge ? straightRank(a) - straightRank(b) : 0,
  ].find((difference) => difference !== 0);
  if (byRule !== undefined) return byRule < 0;
  if (a.fromEdge === b.fromEdge) return a.fromLane > b.fromLane;
  return comesFromRight(arms, b, a);
}

function isOpposite(arms: readonly Arm[], a: Path, b: Path): boolean {
  const turn = turnBetween(arms[a.fromArm]!.angle, arms[b.fromArm]!.angle);
  return Math.PI - Math.abs(turn) < oppositeRadians;
}

/** Of two that come towards each other, who turns left waits. */
function sideRank({ turn }: Path): number {
  return turn === 'l' ? 0 : turn === 'r' ? 1 : 2;
}

function straightRank({ turn }: Path): number {
  return turn === 's' ? 1 : 0;
}

/** True where `other` comes from the right of `path`: its arm is the next one counter-clockwise, within half a turn. */
function comesFromRight(arms: readonly Arm[], other: Path, path: Path): boolean {
  const turn = turnBetween(arms[path.fromArm]!.angle, arms[other.fromArm]!.angle);
  return turn > 0 || (turn === 0 && other.fromArm < path.fromArm);
}

/** Left turns of the street that goes first wait inside for what comes towards them. */
function waitingPlace(
  { node, arms, ranks }: Place,
  paths: readonly Path[],
  path: Path,
  foes: readonly number[],
  yields: readonly boolean[],
): number | undefined {
  if (path.turn !== 'l') return undefined;
  if (node.control !== 'signal' && !goesFirst(ranks, path.fromArm)) return undefined;
  let meters = Number.POSITIVE_INFINITY;
  foes.forEach((foe, i) => {
    if (!yields[i] || !isOpposite(arms, path, paths[foe]!)) return;
    meters = Math.min(meters, metersToMeeting(path, paths[foe]!));
  });
  const place = meters - waitingGapMeters;
  return Number.isFinite(place) && place >= waitingLeastMeters ? place : undefined;
}

/** True where no street of a node ranks above an arm's, and some street below it. */
function goesFirst(ranks: readonly number[], arm: number): boolean {
  const others = ranks.filter((rank) => rank > Number.NEGATIVE_INFINITY);
  return others.every((rank) => rank <= ranks[arm]!) && others.some((rank) => rank < ranks[arm]!);
}
