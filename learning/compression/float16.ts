// Numbers of 16 bits (IEEE 754 binary16: 1 sign, 5 exponent and 10 mantissa bits), which JavaScript of Node 20 does not
// have. Must not: decide what is to be done with a number that does not fit.

/** The largest finite one. */
export const largestFloat16 = 65_504;

const single = new Float32Array(1);
const bits = new Uint32Array(single.buffer);

/** A mantissa with `drop` bits fewer, rounded to the nearest, of two to the even one. */
function rounded(mantissa: number, drop: number): number {
  const kept = mantissa >>> drop;
  const rest = mantissa & ((1 << drop) - 1);
  const half = 1 << (drop - 1);
  return rest > half || (rest === half && (kept & 1) === 1) ? kept + 1 : kept;
}

/** The bits of the nearest float16; those of an infinity where the value rounds beyond the largest. */
export function float16Bits(value: number): number {
  single[0] = value;
  const all = bits[0]!;
  const sign = (all >>> 16) & 0x8000;
  const exponent = ((all >>> 23) & 0xff) - 112;
  const mantissa = all & 0x7fffff;
  if (exponent >= 31) return sign | 0x7c00;
  // A mantissa that is rounded up to the next power of two carries into the exponent, which is what is wanted.
  if (exponent > 0) return sign | ((exponent << 10) + rounded(mantissa, 13));
  return exponent < -10 ? sign : sign | rounded(mantissa | 0x800000, 14 - exponent);
}

function float16Of(half: number): number {
  const sign = half & 0x8000 ? -1 : 1;
  const exponent = (half >>> 10) & 31;
  const mantissa = half & 1023;
  if (exponent === 31) return mantissa === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  if (exponent === 0) return sign * mantissa * 2 ** -24;
  return sign * (1 + mantissa / 1024) * 2 ** (exponent - 15);
}

/** Value of every float16. */
export const float16Values: Float32Array = Float32Array.from({ length: 65_536 }, (_, half) =>
  float16Of(half),
);
