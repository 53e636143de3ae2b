// Where a car is between two fixes: a car that comes into coverage inside a step must not tell the RSU where it will be
// at the step's end. Must not: invent a way across a junction (then the later fix stands, with the right instant).

import type { Fix } from '../../mobility/types.ts';

/** The fix at `at`, between `before` and `after` of the same car. The channel is that of `after`, the first one measured. */
export function fixBetween(before: Fix | undefined, after: Fix, at: number): Fix {
  const onOneRoad = before?.road === after.road && before.offsetMeters <= after.offsetMeters;
  if (!before || !onOneRoad || after.at <= before.at) return { ...after, at };
  const share = (at - before.at) / (after.at - before.at);
  const blend = (from: number, to: number): number => from + share * (to - from);
  return {
    ...after,
    at,
    x: blend(before.x, after.x),
    y: blend(before.y, after.y),
    speedMps: blend(before.speedMps, after.speedMps),
    offsetMeters: blend(before.offsetMeters, after.offsetMeters),
  };
}
