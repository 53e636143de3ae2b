// Plane geometry of lines given as x, y, x, y: lengths, parts, parallels, crossings, curves.
// Must not: know of streets.

/** Metres along a line. */
export function lengthOf(line: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 2; i < line.length; i += 2) sum += segmentLength(line, i);
  return sum;
}

/** The length of the segment that ends at the point stored at `i`. */
function segmentLength(line: ArrayLike<number>, i: number): number {
  const dx = line[i]! - line[i - 2]!;
  const dy = line[i + 1]! - line[i - 1]!;
  return Math.sqrt(dx * dx + dy * dy);
}

export interface Pose {
  readonly x: number;
  readonly y: number;
  /** Unit vector along the line. */
  readonly dx: number;
  readonly dy: number;
}

/** Where one is `meters` along a line, and the way one looks; beyond its ends at the ends. */
export function poseAt(line: ArrayLike<number>, meters: number): Pose {
  let left = meters;
  for (let i = 2; ; i += 2) {
    const length = segmentLength(line, i);
    const isLast = i + 2 >= line.length;
    if (left > length && !isLast) {
      left -= length;
      continue;
    }
    const dx = length > 0 ? (line[i]! - line[i - 2]!) / length : 1;
    const dy = length > 0 ? (line[i + 1]! - line[i - 1]!) / length : 0;
    const along = Math.max(0, Math.min(left, length));
    return { x: line[i - 2]! + along * dx, y: line[i - 1]! + along * dy, dx, dy };
  }
}

/** The part of a line between two distances from its start; at least two points. */
export function partOf(line: ArrayLike<number>, fromMeters: number, toMeters: number): number[] {
  const start = poseAt(line, fromMeters);
  const end = poseAt(line, toMeters);
  const part = [start.x, start.y];
  let along = 0;
  for (let i = 2; i < line.length - 2; i += 2) {
    along += segmentLength(line, i);
    if (along > fromMeters + shortestMeters && along < toMeters - shortestMeters)
      part.push(line[i]!, line[i + 1]!);
  }
  part.push(end.x, end.y);
  return part;
}

/** Points closer than this are one. */
const shortestMeters = 0.01;

/** The line without points that repeat the one before. */
export function withoutRepeats(line: readonly number[]): number[] {
  const kept = line.slice(0, 2);
  for (let i = 2; i < line.length; i += 2) {
    const near = Math.abs(line[i]! - kept.at(-2)!) + Math.abs(line[i + 1]! - kept.at(-1)!) < shortestMeters;
    if (!near) kept.push(line[i]!, line[i + 1]!);
  }
  return kept;
}

/** A mitre longer than this many offsets would stick out of the street. */
const mitreMost = 2;

/** The parallel of a line `meters` to its right (negative: left), with mitred corners. */
export function parallelOf(line: readonly number[], meters: number): number[] {
  if (meters === 0) return [...line];
  const moved: number[] = [];
  const last = line.length - 2;
  for (let i = 0; i <= last; i += 2) {
    const [ax, ay] = directionInto(line, i === 0 ? 2 : i);
    const [bx, by] = directionInto(line, i === last ? last : i + 2);
    // Right of (dx, dy) is (dy, -dx); the corner moves along the mean of both normals by meters / cos(half the bend).
    const nx = (ay + by) / 2;
    const ny = -(ax + bx) / 2;
    const square = nx * nx + ny * ny;
    const scale =
      square > 1 / (mitreMost * mitreMost) ? 1 / square : mitreMost / Math.sqrt(Math.max(square, 1e-12));
    moved.push(line[i]! + meters * nx * scale, line[i + 1]! + meters * ny * scale);
  }
  return moved;
}

/** Unit vector of the segment that ends at the point stored at `i`. */
function directionInto(line: readonly number[], i: number): [number, number] {
  const length = segmentLength(line, i);
  if (length === 0) return [1, 0];
  return [(line[i]! - line[i - 2]!) / length, (line[i + 1]! - line[i - 1]!) / length];
}

/** How many pieces a curve is drawn in, as SUMO's internal lanes. */
const curvePieces = 4;

/** A cubic curve from one pose to another that leaves and arrives along their directions. */
export function curveBetween(from: Pose, to: Pose): number[] {
  const distance = Math.hypot(to.x - from.x, to.y - from.y);
  const cross = Math.abs(from.dx * to.dy - from.dy * to.dx);
  const dot = from.dx * to.dx + from.dy * to.dy;
  // Straight on: no curve to draw.
  const sideways = Math.abs((to.x - from.x) * from.dy - (to.y - from.y) * from.dx);
  if (dot > 0 && cross < 0.02 && sideways < 0.02) return [from.x, from.y, to.x, to.y];
  // A quarter circle is a cubic with handles of 0.39 of its chord; a turnaround needs longer ones.
  const handle = distance * (dot < -0.9 ? 0.7 : 0.39);
  const [x1, y1] = [from.x + handle * from.dx, from.y + handle * from.dy];
  const [x2, y2] = [to.x - handle * to.dx, to.y - handle * to.dy];
  const curve: number[] = [];
  for (let piece = 0; piece <= curvePieces; piece++) {
    const t = piece / curvePieces;
    const u = 1 - t;
    const [a, b, c, d] = [u * u * u, 3 * u * u * t, 3 * u * t * t, t * t * t];
    curve.push(a * from.x + b * x1 + c * x2 + d * to.x, a * from.y + b * y1 + c * y2 + d * to.y);
  }
  return curve;
}

/** Metres along `line` at which it first meets `other`; undefined: they do not meet. */
export function firstCrossing(line: readonly number[], other: readonly number[]): number | undefined {
  let along = 0;
  for (let i = 2; i < line.length; i += 2) {
    let share = Number.POSITIVE_INFINITY;
    for (let j = 2; j < other.length; j += 2) share = Math.min(share, crossingShare(line, i, other, j));
    const length = segmentLength(line, i);
    if (share <= 1) return along + share * length;
    along += length;
  }
  return undefined;
}

/** Where segment `i` of `a` crosses segment `j` of `b`, as a share of the former; Infinity: nowhere. */
function crossingShare(a: readonly number[], i: number, b: readonly number[], j: number): number {
  const ax = a[i]! - a[i - 2]!;
  const ay = a[i + 1]! - a[i - 1]!;
  const bx = b[j]! - b[j - 2]!;
  const by = b[j + 1]! - b[j - 1]!;
  const cross = ax * by - ay * bx;
  if (Math.abs(cross) < 1e-9) return Number.POSITIVE_INFINITY;
  const ox = b[j - 2]! - a[i - 2]!;
  const oy = b[j - 1]! - a[i - 1]!;
  const s = (ox * by - oy * bx) / cross;
  const t = (ox * ay - oy * ax) / cross;
  return s >= 0 && s <= 1 && t >= 0 && t <= 1 ? s : Number.POSITIVE_INFINITY;
}
