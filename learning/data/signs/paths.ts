// Paths: the small drawing language in which faces and glyphs of signs are written, flattened to line segments, with
// the inside test that the texture renderer asks. Must not: know about signs, colours or pixels.
//
// A path is text, numbers apart by blanks, x to the right and y down:
//   M x y            begin a new line at (x, y)
//   L x y            straight to (x, y)
//   Q cx cy x y      quadratic Bezier curve to (x, y) with control point (cx, cy)
//   A cx cy r a b    arc around (cx, cy), from angle a to b in degrees, 0 to the right, clockwise on the screen
//   Z                back to the beginning of this line

/** Segments as x0 y0 x1 y1, four numbers each, and the box around them. */
export interface FlatPath {
  readonly segments: Float64Array;
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;
}

/** Where a path is drawn: first scaled, then moved. */
export interface Placement {
  readonly x: number;
  readonly y: number;
  readonly scaleX: number;
  readonly scaleY: number;
}

/** A curve becomes this many segments: at 64 texels across, finer is not visible. */
const curveSegments = 8;
const degreesPerArcSegment = 15;

/** The pen while a path is read: where it is, where its line began, and what it drew. */
interface Pen {
  x: number;
  y: number;
  startX: number;
  startY: number;
  readonly drawn: number[];
}

function moveTo(pen: Pen, x: number, y: number): void {
  pen.x = x;
  pen.y = y;
  pen.startX = x;
  pen.startY = y;
}

function lineTo(pen: Pen, x: number, y: number): void {
  pen.drawn.push(pen.x, pen.y, x, y);
  pen.x = x;
  pen.y = y;
}

function curveTo(pen: Pen, controlX: number, controlY: number, x: number, y: number): void {
  const fromX = pen.x;
  const fromY = pen.y;
  for (let i = 1; i <= curveSegments; i++) {
    const t = i / curveSegments;
    const s = 1 - t;
    lineTo(
      pen,
      s * s * fromX + 2 * s * t * controlX + t * t * x,
      s * s * fromY + 2 * s * t * controlY + t * t * y,
    );
  }
}

function arc(pen: Pen, centre: readonly [number, number], radius: number, from: number, to: number): void {
  const steps = Math.max(1, Math.ceil(Math.abs(to - from) / degreesPerArcSegment));
  for (let i = 0; i <= steps; i++) {
    const angle = ((from + ((to - from) * i) / steps) * Math.PI) / 180;
    const x = centre[0] + radius * Math.cos(angle);
    const y = centre[1] + radius * Math.sin(angle);
    if (i === 0) moveTo(pen, x, y);
    else lineTo(pen, x, y);
  }
}

/** Numbers that follow each command. */
const arity: Readonly<Record<string, number>> = { M: 2, L: 2, Q: 4, A: 5, Z: 0 };

function obey(pen: Pen, command: string, n: readonly number[]): void {
  const [a = 0, b = 0, c = 0, d = 0, e = 0] = n;
  if (command === 'M') moveTo(pen, a, b);
  else if (command === 'L') lineTo(pen, a, b);
  else if (command === 'Q') curveTo(pen, a, b, c, d);
  else if (command === 'A') arc(pen, [a, b], c, d, e);
  else lineTo(pen, pen.startX, pen.startY);
}

/** Reads a path into segments, placed. Throws RangeError at a word that is neither a command nor its numbers. */
export function flatten(path: string, place: Placement = { x: 0, y: 0, scaleX: 1, scaleY: 1 }): FlatPath {
  const pen: Pen = { x: 0, y: 0, startX: 0, startY: 0, drawn: [] };
  const words = path.trim().split(/\s+/);
  for (let i = 0; i < words.length; ) {
    const command = words[i] ?? '';
    const count = arity[command];
    const numbers = words.slice(i + 1, i + 1 + (count ?? 0)).map(Number);
    if (count === undefined || numbers.length < count || numbers.some(Number.isNaN))
      throw new RangeError(`invalid path at "${words.slice(i, i + 6).join(' ')}" (expected M, L, Q, A or Z)`);
    obey(pen, command, numbers);
    i += 1 + count;
  }
  return boxed(Float64Array.from(pen.drawn, (value, i) => placed(value, i, place)));
}

function placed(value: number, index: number, place: Placement): number {
  return index % 2 === 0 ? value * place.scaleX + place.x : value * place.scaleY + place.y;
}

function boxed(segments: Float64Array): FlatPath {
  let [left, top, right, bottom] = [Infinity, Infinity, -Infinity, -Infinity];
  for (let i = 0; i < segments.length; i += 2) {
    left = Math.min(left, segments[i]!);
    right = Math.max(right, segments[i]!);
    top = Math.min(top, segments[i + 1]!);
    bottom = Math.max(bottom, segments[i + 1]!);
  }
  return { segments, left, top, right, bottom };
}

/** Whether (x, y) lies inside the filled path, by the even-odd rule. Open lines are not closed. */
export function insideFill(path: FlatPath, x: number, y: number): boolean {
  const { segments } = path;
  let inside = false;
  for (let i = 0; i < segments.length; i += 4) {
    const y0 = segments[i + 1]!;
    const y1 = segments[i + 3]!;
    if (y0 > y === y1 > y) continue;
    const x0 = segments[i]!;
    if (x < x0 + ((segments[i + 2]! - x0) * (y - y0)) / (y1 - y0)) inside = !inside;
  }
  return inside;
}

/** Whether (x, y) lies within `radius` of the path's lines: a stroke of twice that width with round ends. */
export function insideStroke(path: FlatPath, radius: number, x: number, y: number): boolean {
  const { segments } = path;
  for (let i = 0; i < segments.length; i += 4) {
    const x0 = segments[i]!;
    const y0 = segments[i + 1]!;
    const dx = segments[i + 2]! - x0;
    const dy = segments[i + 3]! - y0;
    const length2 = dx * dx + dy * dy;
    const along = length2 === 0 ? 0 : ((x - x0) * dx + (y - y0) * dy) / length2;
    const t = along < 0 ? 0 : along > 1 ? 1 : along;
    const ex = x - x0 - t * dx;
    const ey = y - y0 - t * dy;
    if (ex * ex + ey * ey <= radius * radius) return true;
  }
  return false;
}
