// Which streets of a crossing go first: by their priority; where more than two of the highest are equal and not slow, the two
// that lead most straight into each other are the main street, as a mapper's eye would have it.
// Must not: compare paths.

import { type Arm, turnBetween } from './arms.ts';
import type { StreetPlan } from './street-plan.ts';

/** Below this speed equal streets yield to the right, m/s: netconvert takes 49 km/h, so 50 is fast. */
const slowMps = 49 / 3.6;
/** What being the main street adds: less than one step of priority. */
const mainBonus = 0.5;
/** Streets must be within this angle of opposite to be one, radians (60 degrees). */
const straightRadians = Math.PI / 3;

/** The rank of each arm's incoming edge; -Infinity where none comes in. Higher goes first. */
export function ranksOf(plan: StreetPlan, arms: readonly Arm[]): number[] {
  const ranks = arms.map(({ inEdge }) =>
    inEdge < 0 ? Number.NEGATIVE_INFINITY : plan.edges[inEdge]!.priority,
  );
  const isSlow = arms.every(({ inEdge }) => inEdge < 0 || plan.edges[inEdge]!.speedLimitMps < slowMps);
  const main = isSlow ? [] : mainStreet(plan, arms);
  return ranks.map((rank, arm) => (main.includes(arm) ? rank + mainBonus : rank));
}

/** Rows of the two arms of highest priority that lead into each other most straight; empty where nobody doubts it. */
function mainStreet(plan: StreetPlan, arms: readonly Arm[]): readonly number[] {
  const priorities = arms.map(({ inEdge, outEdge }) =>
    Math.max(
      plan.edges[inEdge]?.priority ?? Number.NEGATIVE_INFINITY,
      plan.edges[outEdge]?.priority ?? Number.NEGATIVE_INFINITY,
    ),
  );
  const highest = Math.max(...priorities, Number.NEGATIVE_INFINITY);
  const equal = priorities.flatMap((priority, arm) => (priority === highest ? [arm] : []));
  if (equal.length <= 2) return [];
  let best = straightRadians;
  let main: readonly number[] = [];
  for (const a of equal) {
    for (const b of equal) {
      if (a === b || arms[a]!.inEdge < 0 || arms[b]!.outEdge < 0) continue;
      const off = Math.PI - Math.abs(turnBetween(arms[a]!.angle, arms[b]!.angle));
      if (off < best) [best, main] = [off, [a, b]];
    }
  }
  return main;
}
