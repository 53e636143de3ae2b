// Finding a policy, a rule or an algorithm by the name a user wrote. Must not: know any of them.

import { type ExitReason, RoadbedError } from '../base/errors.ts';
import { nearestName } from '../base/nearest-name.ts';

/**
 * The item called `name`. Throws RoadbedError with `reason` that lists the legal names and the nearest one; `what` says
 * in words what was asked for, such as `selection.policy`.
 */
export function byName<T extends { readonly name: string }>(
  items: readonly T[],
  name: string,
  { what, reason }: { readonly what: string; readonly reason: ExitReason },
): T {
  const found = items.find((item) => item.name === name);
  if (found) return found;
  const names = items.map((item) => item.name);
  const meant = nearestName(name, names);
  const hint = meant === undefined ? '' : ` Did you mean ${JSON.stringify(meant)}?`;
  throw new RoadbedError(
    reason,
    `unknown ${what}: ${JSON.stringify(name)} (expected one of ${names.join(', ')}).${hint}`,
  );
}
