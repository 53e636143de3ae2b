// A plan is made: its driver tells at the links what it plans, and within a junction whether it leaves it.
// Must not: change a plan, but for the tie of an all-way stop.

import { register } from './approaches';
import { allWayStopLetter } from './letters';
import { drawUniform, tiePurpose } from './random';
import { Item, rowOf, some, Vehicle } from './records';
import { seed, steps } from './world';

/** Who does not ask to pass stands in nobody's way, but where links of equal rank look for a circle. */
export function registerPlan(v: Vehicle): void {
  const count = v.planCount;
  v.asksToPass = count > 0 && some(v.plan.link) && v.plan.request;
  for (let i = 0; i < count; i++) {
    const item = rowOf<Item>(changetype<usize>(v.plan), i);
    const link = item.link;
    if (!some(link) || !link.watched || (!item.request && !link.equalWatched)) continue;
    if (link.state == allWayStopLetter && drawUniform(seed, v.departure, steps, tiePurpose) >= 0.5)
      item.arrivalTime += 0.001;
    register(item, v);
  }
}
