// Our own elementary functions against the engine's. Must not: assert the last bit of Math.*, which differs by engine.

import { describe, expect, it } from 'vitest';
import { cosTurns, exp, ln, log2, log10, power, power10, sinTurns } from '../../base/math.ts';

const between = (low: number, high: number, steps: number): number[] =>
  Array.from({ length: steps + 1 }, (_, i) => low + ((high - low) * i) / steps);

function worst(xs: readonly number[], ours: (x: number) => number, theirs: (x: number) => number): number {
  return Math.max(...xs.map((x) => Math.abs(ours(x) - theirs(x)) / Math.max(1, Math.abs(theirs(x)))));
}

describe('our elementary functions', () => {
  it('agree with the engine within 2e-15', () => {
    const decades = between(-300, 300, 4001).map((e) => 10 ** e * 1.37);
    expect(worst(between(-40, 2, 20_011), exp, Math.exp)).toBeLessThan(2e-15);
    expect(worst(decades, ln, Math.log)).toBeLessThan(2e-15);
    expect(worst(between(1e-6, 3, 20_011), ln, Math.log)).toBeLessThan(2e-15);
    expect(worst(decades, log10, Math.log10)).toBeLessThan(2e-15);
    expect(worst(decades, log2, Math.log2)).toBeLessThan(2e-15);
    const turns = between(-3, 3, 10_007);
    expect(worst(turns, sinTurns, (t) => Math.sin(2 * Math.PI * t))).toBeLessThan(1e-14);
    expect(worst(turns, cosTurns, (t) => Math.cos(2 * Math.PI * t))).toBeLessThan(1e-14);
  });

  it('keep their relative error over the decades of a link budget', () => {
    const relative = between(-15, 6, 5003).map((x) => Math.abs(power10(x) / 10 ** x - 1));
    expect(Math.max(...relative)).toBeLessThan(1e-14);
    expect(power(2, 0.5)).toBeCloseTo(Math.SQRT2, 14);
  });

  it('are exact at the places where the value is', () => {
    expect([exp(0), ln(1), sinTurns(0), cosTurns(0), sinTurns(0.5), sinTurns(-0.25)]).toEqual([
      1, 0, 0, 1, -0, -1,
    ]);
    expect([log2(8), log2(0.25)]).toEqual([3, -2]);
  });

  it('say the ends of their range', () => {
    expect([exp(-800), exp(800), ln(0), ln(-1), ln(Number.POSITIVE_INFINITY)]).toEqual([
      0,
      Number.POSITIVE_INFINITY,
      Number.NEGATIVE_INFINITY,
      Number.NaN,
      Number.POSITIVE_INFINITY,
    ]);
  });
});
