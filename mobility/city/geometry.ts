// Lines of points: lengths, crossings, distances. For working out, once a network, where paths across a junction meet.
// Must not: be used in the loop of a step.

/** A line as x, y, x, y. */
export type Line = Float64Array;

export const pointsOf = (line: Line): number => line.length / 2;

export function distanceBetween(ax: number, ay: number, bx: number, by: number): number {
  return Math.sqrt((ax - bx) * (ax - bx) + (ay - by) * (ay - by));
}

export function lineLength(line: Line): number {
  let sum = 0;
  for (let i = 2; i < line.length; i += 2)
    sum += distanceBetween(line[i - 2]!, line[i - 1]!, line[i]!, line[i + 1]!);
  return sum;
}

/** The line from its end to its start. */
export function reversed(line: Line): Line {
  const result = new Float64Array(line.length);
  for (let i = 0; i < line.length; i += 2) {
    result[line.length - 2 - i] = line[i]!;
    result[line.length - 1 - i] = line[i + 1]!;
  }
  return result;
}

/** Where two lines cross: metres along `line` and the sine of the angle there, of the crossing farthest along. */
export interface Crossing {
  readonly along: number;
  readonly sine: number;
}

/** The crossing of `line` with `other` that is farthest along `line`; undefined: they do not cross. */
export function lastCrossing(line: Line, other: Line): Crossing | undefined {
  let before = 0;
  let result: Crossing | undefined;
  for (let i = 2; i < line.length; i += 2) {
    const length = distanceBetween(line[i - 2]!, line[i - 1]!, line[i]!, line[i + 1]!);
    for (let j = 2; j < other.length; j += 2) {
      const found = crossingOf(line, i, other, j);
      if (found === undefined) continue;
      const along = before + found.along * length;
      if (result === undefined || along > result.along) result = { along, sine: found.sine };
    }
    before += length;
  }
  return result;
}

/** Crossing of the segments that end at points `i` and `j`: the share of the first, the sine of the angle. */
function crossingOf(a: Line, i: number, b: Line, j: number): Crossing | undefined {
  const ax = a[i]! - a[i - 2]!;
  const ay = a[i + 1]! - a[i - 1]!;
  const bx = b[j]! - b[j - 2]!;
  const by = b[j + 1]! - b[j - 1]!;
  const cross = ax * by - ay * bx;
  const lengths = Math.sqrt((ax * ax + ay * ay) * (bx * bx + by * by));
  if (lengths === 0 || Math.abs(cross) < 1e-9 * lengths) return undefined;
  const dx = b[j - 2]! - a[i - 2]!;
  const dy = b[j - 1]! - a[i - 1]!;
  const alongA = (dx * by - dy * bx) / cross;
  const alongB = (dx * ay - dy * ax) / cross;
  if (alongA < 0 || alongA > 1 || alongB < 0 || alongB > 1) return undefined;
  return { along: alongA, sine: Math.abs(cross) / lengths };
}

/** Metres from a point to a line. */
export function distanceTo(x: number, y: number, line: Line): number {
  let best = Number.POSITIVE_INFINITY;
  for (let i = 2; i < line.length; i += 2) {
    const dx = line[i]! - line[i - 2]!;
    const dy = line[i + 1]! - line[i - 1]!;
    const square = dx * dx + dy * dy;
    const raw = square === 0 ? 0 : ((x - line[i - 2]!) * dx + (y - line[i - 1]!) * dy) / square;
    const share = Math.min(1, Math.max(0, raw));
    best = Math.min(best, distanceBetween(x, y, line[i - 2]! + share * dx, line[i - 1]! + share * dy));
  }
  return best;
}

/** How far from the last point backwards the line keeps more than `distance` away from `other`, m. */
export function apartFromEnd(line: Line, other: Line, distance: number): number {
  let sum = 0;
  for (let i = line.length - 4; i >= 0; i -= 2) {
    const segment = distanceBetween(line[i]!, line[i + 1]!, line[i + 2]!, line[i + 3]!);
    const here = distanceTo(line[i]!, line[i + 1]!, other);
    if (here > distance) {
      sum += segment;
      continue;
    }
    const there = distanceTo(line[i + 2]!, line[i + 3]!, other);
    return sum + segment - ((distance - here) * segment) / (there - here);
  }
  return sum;
}
