// A static signal program for a crossing whose source has none: streets that face each other share a green, left turns with a
// lane of their own get a green of their own after it. Times as SUMO's generators: a cycle of 90 s, 3 s of yellow.
// Must not: know lanes' shapes.

import type { SignalPhase, SignalProgram } from '../network.ts';
import { type Arm, turnBetween } from './arms.ts';
import type { Path } from './paths.ts';
import type { RightOfWay } from './right-of-way.ts';

const cycleSeconds = 90;
const yellowSeconds = 3;
const leftSeconds = 6;
/** No green is shorter, however many streets share the cycle. */
const greenLeastSeconds = 5;
/** Actuated programs may stretch a green so far (SUMO's tls.max-dur). */
const greenMostSeconds = 50;
/** Streets within this angle of opposite share a green, radians (45 degrees). */
const facingRadians = Math.PI / 4;

export interface SignalOptions {
  readonly kind: SignalProgram['kind'];
  readonly offsetSeconds: number;
}

/** The program of a node's paths, in their order. */
export function signalProgramOf(
  id: string,
  arms: readonly Arm[],
  paths: readonly Path[],
  way: RightOfWay,
  { kind, offsetSeconds }: SignalOptions,
): SignalProgram {
  const groups = groupsOf(arms, paths);
  const lefts = groups.map((group) => ownLeftTurns(group, paths, way));
  const leftPhases = lefts.filter((rows) => rows.length > 0).length;
  const free = cycleSeconds - groups.length * yellowSeconds - leftPhases * (leftSeconds + yellowSeconds);
  const green = Math.max(greenLeastSeconds, Math.floor(free / groups.length));
  const phases = groups.flatMap((group, i) => phasesOf(group, lefts[i]!, paths, way, green));
  const limited = phases.map((phase) => withLimits(phase, kind));
  return { id, programId: '0', kind, offsetSeconds, phases: limited, parameters: {} };
}

/** Rows of the paths that share a green: those of one street, or of two that face each other. */
function groupsOf(arms: readonly Arm[], paths: readonly Path[]): number[][] {
  const free = new Set(paths.map((path) => path.fromArm));
  const groups: number[][] = [];
  for (const arm of [...free]) {
    if (!free.delete(arm)) continue;
    let facing = -1;
    let best = facingRadians;
    for (const other of free) {
      const off = Math.PI - Math.abs(turnBetween(arms[arm]!.angle, arms[other]!.angle));
      if (off < best) [facing, best] = [other, off];
    }
    free.delete(facing);
    groups.push(rowsWhere(paths, (path) => path.fromArm === arm || path.fromArm === facing));
  }
  return groups;
}

function rowsWhere(paths: readonly Path[], holds: (path: Path, row: number) => boolean): number[] {
  return paths.flatMap((path, row) => (holds(path, row) ? [row] : []));
}

/** Left turns of a group that yield within it and share their lane with no other turn. */
function ownLeftTurns(group: readonly number[], paths: readonly Path[], way: RightOfWay): number[] {
  return group.filter((row) => {
    const path = paths[row]!;
    const sharesLane = group.some((other) => {
      const { fromEdge, fromLane, turn } = paths[other]!;
      return fromEdge === path.fromEdge && fromLane === path.fromLane && turn !== path.turn;
    });
    return path.turn === 'l' && !sharesLane && yieldsWithin(row, group, way);
  });
}

function yieldsWithin(row: number, group: readonly number[], way: RightOfWay): boolean {
  return way.foes[row]!.some((foe, i) => way.yields[row]![i] && group.includes(foe));
}

type Letters = (row: number) => string;

function phasesOf(
  group: readonly number[],
  lefts: readonly number[],
  paths: readonly Path[],
  way: RightOfWay,
  greenSeconds: number,
): Pick<SignalPhase, 'durationSeconds' | 'state'>[] {
  const state = (letters: Letters): string =>
    paths.map((_, row) => (group.includes(row) ? letters(row) : 'r')).join('');
  const green: Letters = (row) => (yieldsWithin(row, group, way) ? 'g' : 'G');
  const main = [
    { durationSeconds: greenSeconds, state: state(green) },
    // Left turns with a green of their own keep their weak green through the yellow of the others.
    { durationSeconds: yellowSeconds, state: state((row) => (lefts.includes(row) ? 'g' : 'y')) },
  ];
  if (lefts.length === 0) return main;
  return [
    ...main,
    { durationSeconds: leftSeconds, state: state((row) => (lefts.includes(row) ? 'G' : 'r')) },
    { durationSeconds: yellowSeconds, state: state((row) => (lefts.includes(row) ? 'y' : 'r')) },
  ];
}

function withLimits(
  phase: Pick<SignalPhase, 'durationSeconds' | 'state'>,
  kind: SignalProgram['kind'],
): SignalPhase {
  const { durationSeconds, state } = phase;
  const isStretched = kind === 'actuated' && !state.includes('y');
  return {
    ...phase,
    minimumSeconds: isStretched ? Math.min(greenLeastSeconds, durationSeconds) : durationSeconds,
    maximumSeconds: isStretched ? Math.max(greenMostSeconds, durationSeconds) : durationSeconds,
    next: [],
  };
}
