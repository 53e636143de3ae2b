// Reads and writes SUMO's lists of points ("x,y x,y" or "x,y,z"): the bulk of a net.xml, so numbers are read digit by digit
// instead of by splitting text.
// Must not: judge a shape.

const digit0 = 48;
const comma = 44;
const dot = 46;
const minus = 45;
const space = 32;

/** Powers of ten that a float64 holds exactly: dividing an exact integer by one rounds once, as Number(text) does. */
const powersOfTen = Array.from({ length: 16 }, (_, exponent) => 10 ** exponent);
/** Beyond so many digits an integer may not be exact. */
const digitsMost = 15;

/** Points as they stand in a text. */
export interface ShapeText {
  /** x, y, x, y. */
  readonly points: number[];
  /** True where a point has a height, which a flat network leaves out. */
  readonly hasHeight: boolean;
}

/** Reads a list of points; undefined where it is none. */
export function parseShape(text: string): ShapeText | undefined {
  const points: number[] = [];
  let hasHeight = false;
  let column = 0;
  let start = 0;
  for (let at = 0; at <= text.length; at++) {
    const code = at < text.length ? text.charCodeAt(at) : space;
    if (code !== comma && code !== space) continue;
    if (at === start && code === space) {
      start = at + 1;
      continue;
    }
    const value = numberIn(text, start, at);
    if (!Number.isFinite(value)) return undefined;
    if (column < 2) points.push(value);
    else hasHeight = true;
    start = at + 1;
    if (code === comma) column++;
    else if (column < 1 || column > 2) return undefined;
    else column = 0;
  }
  return column === 0 ? { points, hasHeight } : undefined;
}

/** The number written in text[start..end): plain decimals digit by digit, all else by Number. */
function numberIn(text: string, start: number, end: number): number {
  let at = start;
  const negative = text.charCodeAt(at) === minus;
  if (negative) at++;
  let mantissa = 0;
  let decimals = -1;
  if (end - at > digitsMost || end === at) return slowNumber(text.slice(start, end));
  for (; at < end; at++) {
    const code = text.charCodeAt(at);
    if (code === dot && decimals < 0) decimals = 0;
    else if (code >= digit0 && code <= digit0 + 9) {
      mantissa = 10 * mantissa + (code - digit0);
      if (decimals >= 0) decimals++;
    } else return slowNumber(text.slice(start, end));
  }
  const value = decimals > 0 ? mantissa / powersOfTen[decimals]! : mantissa;
  return negative ? -value : value;
}

function slowNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}
